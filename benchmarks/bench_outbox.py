"""The outbox of a station with two meters: a year without a link, the delivery after it, and the SD card."""

import math
import random
import shutil
import struct
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from statistics import median

from figures import show

from edge_agent.meter import Poll
from edge_agent.outbox import Outbox
from telemetry.batch import MAX_PLAIN_BYTES, compress, encode_batch, ranges

BEGUN_MS = 1_763_740_800_000
MINUTE_MS = 60_000
MINUTES_A_DAY, DAYS = 1_440, 365
SENT_EVERY_MINUTES = 5
BATCH, FITTING, OUTSTANDING = 400, 300, 4
"""So many readings are asked for, so many of them fit into 64 kB, so many batches are on their way."""
ROUNDS = 2_000
ACCEPTED = 2 * (MINUTES_A_DAY * DAYS + ROUNDS)
"""A year, and what is accepted on top of it."""
SMALL_MB = 64


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        year = Path(name) / "year.db"
        rounds = year_of_rounds()
        fill(year, rounds)
        show_opening(year)
        show_accepts(year, rounds)
        small = Path(name) / "small.db"
        shutil.copy(year, small)
        show_thinning(small, rounds)
        show_drain(year)
        show_dating(Path(name) / "undated.db")
        for waits, what in ((False, f"sent every {SENT_EVERY_MINUTES} min"), (True, "no link")):
            path = Path(name) / f"card-{waits}.db"
            megabytes = day_mb(path, waits=waits)
            show(f"outbox: written to the SD card a day, {what}", f"{megabytes:.1f} MB", "<= 13 MB")


def year_of_rounds() -> Iterator[list[Poll]]:
    """Rounds of a power meter with a display's decimals and a flow meter with float32 noise, without end."""
    chance = random.Random(20261122)
    energy_kwh, volume_m3 = 20_411.25, 12_345.5
    at_ms = BEGUN_MS
    while True:
        at_ms += MINUTE_MS
        load = 0.5 + 0.5 * math.sin(at_ms / 1e7) + chance.random() / 10
        volts = [round(chance.gauss(230, 2), 1) for _ in range(3)]
        amperes = [round(max(3 * load + chance.gauss(0, 0.05), 0), 3) for _ in range(3)]
        factor = round(chance.uniform(0.8, 0.99), 3)
        kilowatts = round(sum(v * a for v, a in zip(volts, amperes, strict=True)) * factor / 1000, 3)
        energy_kwh += kilowatts / 60
        flow_m3h = float32(max(12 * load + chance.gauss(0, 0.3), 0))
        volume_m3 += flow_m3h / 60
        power = {
            "active_power_kw": kilowatts,
            **{f"voltage_l{phase}_v": value for phase, value in enumerate(volts, 1)},
            **{f"current_l{phase}_a": value for phase, value in enumerate(amperes, 1)},
            "power_factor": factor,
            "frequency_hz": round(chance.gauss(50, 0.02), 2),
            "energy_kwh": round(energy_kwh, 2),
        }
        flow = {"flow_m3h": flow_m3h, "volume_m3": int(volume_m3) + float32(volume_m3 % 1)}
        came_ms = at_ms + chance.randrange(300)
        yield [
            Poll("power-1", "power", came_ms, "good", None, power),
            Poll("flow-1", "flow", came_ms + 180, "good", None, flow),
        ]


def float32(value: float) -> float:
    """The value as a meter's float register gives it."""
    return float(struct.unpack("<f", struct.pack("<f", value))[0])


def fill(path: Path, rounds: Iterator[list[Poll]]) -> None:
    """Accept a year, a day in a commit."""
    with closing(Outbox(path, boot="boot", max_mb=256)) as outbox:
        for _ in range(DAYS):
            outbox.accept([poll for _ in range(MINUTES_A_DAY) for poll in next(rounds)], 0)
        assert outbox.backlog() == 2 * MINUTES_A_DAY * DAYS
        assert outbox.thinned_count() == 0
        size = f"{outbox.size_mb():.0f} MB"
        show("outbox: a year of two meters at 60 s", size, "<= 130 MB")
        show("  the same, of what it may take", size, "<= 256 MB", row="outbox-size")


def show_opening(path: Path) -> None:
    """The start of an agent that has a year to deliver."""
    began_s = time.perf_counter()
    with closing(Outbox(path, boot="boot", max_mb=256)):
        show("outbox: opening and checking a year", f"{time.perf_counter() - began_s:.2f} s", "-")


def show_accepts(path: Path, rounds: Iterator[list[Poll]]) -> None:
    """Rounds on top of a year."""
    with closing(Outbox(path, boot="boot", max_mb=256)) as outbox:
        took_ms = timed(ROUNDS, lambda: outbox.accept(next(rounds), 0))
        show("outbox: accept of a round on top of a year", figures(took_ms), "-")


def show_thinning(path: Path, rounds: Iterator[list[Poll]]) -> None:
    """Rounds into a full outbox, whose bound is below what waits."""
    with closing(Outbox(path, boot="boot", max_mb=SMALL_MB)) as outbox:
        took_ms = timed(ROUNDS, lambda: outbox.accept(next(rounds), 0))
        assert outbox.thinned_count() > ROUNDS
        show("outbox: accept of a round into a full outbox", figures(took_ms), "<= 200 ms at most")


def show_drain(path: Path) -> None:
    """Newest first, four batches on their way, encoded and compressed; the centre answers at once."""
    with closing(Outbox(path, boot="boot", max_mb=256)) as outbox:
        on_their_way: list[list[int]] = []
        delivered: set[int] = set()
        began_s = time.perf_counter()
        while outbox.backlog():
            without = {seq for batch in on_their_way for seq in batch}
            chosen = outbox.waiting(limit=BATCH, newest_first=True, without=without)[:FITTING]
            payload = encode_batch(outbox.id, BEGUN_MS, [each.json for each in sorted(chosen)])
            assert len(payload) <= MAX_PLAIN_BYTES
            compress(payload)
            on_their_way.append([each.seq for each in chosen])
            delivered.update(on_their_way[-1])
            outbox.oldest_t()
            if len(on_their_way) == OUTSTANDING or not chosen:
                outbox.drop(ranges(on_their_way.pop(0)))
        rate = ACCEPTED / (time.perf_counter() - began_s)
        lost = ACCEPTED - len(delivered)
        show("outbox: of all that was accepted, lost", f"{lost} of {ACCEPTED:,}", "0", row="outbox-lost")
        show(
            "outbox: drained, encoded, compressed, all of it",
            f"{rate:,.0f} readings/s",
            ">= 5,000",
            row="outbox-drain",
        )


def show_dating(path: Path) -> None:
    """Half a year was read before the clock was known."""
    rounds = year_of_rounds()
    with closing(Outbox(path, boot="boot", max_mb=256)) as outbox:
        for _ in range(DAYS // 2):
            outbox.accept([poll for _ in range(MINUTES_A_DAY) for poll in next(rounds)], None)
        count = outbox.backlog()
        began_s = time.perf_counter()
        outbox.date(0)
        rate = count / (time.perf_counter() - began_s)
        show("outbox: dated once the clock is known", f"{rate:,.0f} readings/s", "-")


def day_mb(path: Path, *, waits: bool) -> float:
    """Megabytes that the kernel is given to write in one day, after another that filled the WAL."""
    rounds = year_of_rounds()
    with closing(Outbox(path, boot="boot", max_mb=256)) as outbox:
        before = 0
        for minute in range(2 * MINUTES_A_DAY):
            if minute == MINUTES_A_DAY:
                before = written_bytes()
            outbox.accept(next(rounds), 0)
            if not waits and minute % SENT_EVERY_MINUTES == 0:
                seqs = [each.seq for each in outbox.waiting(limit=BATCH, newest_first=False)]
                outbox.drop(ranges(seqs))
        return (written_bytes() - before) / 1e6


def written_bytes() -> int:
    """What this process made the kernel write to its disks; nothing on a file system in memory."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("write_bytes")).split()[1])


def timed(times: int, act: Callable[[], None]) -> list[float]:
    """Milliseconds of each of so many calls."""
    took_ms = []
    for _ in range(times):
        began_s = time.perf_counter()
        act()
        took_ms.append((time.perf_counter() - began_s) * 1000)
    return took_ms


def figures(took_ms: list[float]) -> str:
    """The usual and the worst."""
    return f"{median(took_ms):.2f}, max {max(took_ms):.0f} ms"


if __name__ == "__main__":
    sys.exit(main())
