"""One box of the month: the agent's real outbox, clock and uplink; only its meters are played.

Every reading is written into a journal before the outbox is asked to take it, so that after a kill -9 the
journal and the number that the outbox itself gives out say together what was accepted.
"""

import itertools
import json
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from importlib.metadata import version
from pathlib import Path

from month_polls import Asked

from edge_agent import uplink as uplink_room
from edge_agent.clock import Clock
from edge_agent.config import AgentSettings, OutboxSettings, SamplingSettings, StationSettings
from edge_agent.outbox import open_outbox
from edge_agent.uplink import Uplink
from service import broker_words
from service.broker import Connection
from service.conditions import Conditions
from service.mqtt import Mqtt
from simulator.trial_station import TrialStation
from telemetry.batch import encode_batch
from telemetry.status import Status

BOOTED_MS = 1_000_000_000_000
"""The monotonic clock of every box began so long after the epoch."""
WOKEN_IN_MS = 86_400_000
"""A box without a clock of its own wakes on the 2nd of January 1970."""
OPEN: dict[str, "GatedConnection"] = {}
GATES: dict[str, str] = {}
"""Why a station has no link just now."""
DATED: dict[str, "Journal"] = {}


class GatedConnection(Connection):
    """A connection that ends without a word when its mast or its box is down."""

    def __init__(self, mqtt: Mqtt, client_id: str, **others) -> None:
        self._name = client_id
        if client_id in GATES:
            raise broker_words.unreached(OSError(113, GATES[client_id]), mqtt.host, 1.0)
        if isinstance(others.get("clock"), int):  # the certificates are of the machine's time
            others["clock"] = "system"
        super().__init__(mqtt, client_id, **others)
        OPEN[client_id] = self

    def step(self, timeout_s: float) -> None:
        if self._name in GATES:
            raise broker_words.broken(self.place, GATES[self._name])
        super().step(timeout_s)

    def close(self) -> None:
        OPEN.pop(self._name, None)
        if self._name in GATES:
            self._client.free()  # no goodbye: the broker finds out by itself
        else:
            super().close()


def noted_batch(outbox: str, sent: int, readings: list) -> bytes:
    """What the uplink sends, with a note of the dates that were given to readings made without a clock."""
    if outbox in DATED:
        DATED[outbox].note_dates(readings)
    return encode_batch(outbox, sent, readings)


class Stop(threading.Event):
    """A stop whose waits last as long on the simulated clock."""

    def __init__(self, mono_ms: Callable[[], int]) -> None:
        super().__init__()
        self._mono_ms = mono_ms

    def wait(self, timeout: float | None = None) -> bool:
        until_ms = self._mono_ms() + 1000 * (timeout or 0)
        while not self.is_set() and self._mono_ms() < until_ms:
            super().wait(0.05)
        return self.is_set()


class Journal:
    """The script's own list of a station's readings: one JSON line each."""

    def __init__(self, path: Path, accepted: int) -> None:
        """Go on with a journal, without what a killed box wrote down and did not accept any more."""
        lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
        kept = [line for line in lines if line.endswith(b"\n") and json.loads(line)[0] <= accepted]
        if len(kept) != len(lines):
            path.write_bytes(b"".join(kept))
        self._file = path.open("ab", buffering=0)
        self._seq = accepted
        self._undated = {row[0] for row in map(json.loads, kept) if row[1] is None}
        self._undated -= {row[0] for row in map(json.loads, kept) if len(row) == 2}

    def intend(self, asked: Asked, offset_ms: int | None) -> None:
        """Write down what the outbox is about to be given: seq, t, true t, device, quality, why, values."""
        lines = []
        for poll in asked.polls:
            self._seq += 1
            t = None if offset_ms is None else poll.at_ms - BOOTED_MS + offset_ms
            if t is None:
                self._undated.add(self._seq)
            row = [self._seq, t, poll.at_ms, poll.device, poll.quality, poll.why, poll.values]
            lines.append(json.dumps(row) + "\n")
        self._file.write("".join(lines).encode())

    def note_dates(self, readings: list) -> None:
        """Note the date of each reading that had none when it was accepted: seq and t."""
        if self._undated:
            for raw in readings:
                row = json.loads(bytes(raw))
                if row["seq"] in self._undated:
                    self._undated.discard(row["seq"])
                    self._file.write(f"[{row['seq']}, {row['t']}]\n".encode())

    def close(self) -> None:
        self._file.close()


class MonthBox:
    """A station's box, which lives, dies and boots as the script has it."""

    def __init__(
        self,
        station: TrialStation,
        mqtt: Mqtt,
        folder: Path,
        asked: Iterator[Asked],
        now_ms: Callable[[], int],
        *,
        has_clock: bool,
        boots: int,
    ) -> None:
        self.station = station
        self._now_ms = now_ms
        self._has_clock = has_clock
        self._folder = folder / station.id
        self._folder.mkdir(parents=True, exist_ok=True)
        self._asked = asked
        self._next: Asked | None = None
        self._links = [(each.start_s, each.end_s) for each in station.of("link")]
        cuts = [] if station.box.battery else station.of("cut")
        self._cuts = [(each.start_s, each.end_s) for each in cuts]
        self._boots = itertools.count(boots)
        self._is_dead = False
        self.conditions = Conditions(logging.getLogger(station.id))
        self._settings = AgentSettings(
            station=StationSettings(id=station.id),
            mqtt=mqtt,
            sampling=SamplingSettings(interval_s=station.box.sampling_s, send_every_s=300),
            outbox=OutboxSettings(path=str(self._folder / "outbox.db")),
        )
        self._gate(now_ms() / 1000)
        self.boot()

    def mono_ms(self) -> int:
        """The box's monotonic clock."""
        return self._now_ms() - BOOTED_MS

    def boot(self) -> None:
        """Start the agent over the outbox that is there."""
        self._boot = f"boot-{self.station.id}-{next(self._boots)}"
        self._booted_ms = self.mono_ms()
        path = Path(self._settings.outbox.path)
        accepted = _accepted(path)
        self.outbox, damage = open_outbox(path, boot=self._boot, max_mb=64, now_ms=self._now_ms())
        if damage:
            logging.getLogger(self.station.id).error("unexpected failure: %s", damage)
        self._journal = Journal(self._folder / "made.jsonl", accepted)
        if not self._has_clock:
            DATED[self.outbox.id] = self._journal
        self._clock = Clock(
            monotonic_ms=self.mono_ms,
            wall_ms=self._now_ms if self._has_clock else self._woken_ms,
            synchronised=lambda: self._has_clock,
        )
        self._fatal: list[str] = []
        self._uplink = Uplink(
            self._settings, self.outbox, self._clock, self.conditions, self._status, fatal=self._fatal.append
        )
        self._uplink._renewal._look_ms = 2**62  # certificates are not renewed: it costs a process each
        self._stop = Stop(self.mono_ms)
        self._thread = threading.Thread(target=self._uplink.run, args=(self._stop,), daemon=True)
        self._thread.start()

    def take(self, after_ms: int, until_ms: int) -> int:
        """Accept what was read in a span of time; returns how many readings those are."""
        made = 0
        for asked in self._due(until_ms):
            if asked.time_s * 1000 <= after_ms or _holds(self._cuts, asked.time_s):
                continue
            polls = [each._replace(at_ms=each.at_ms - BOOTED_MS) for each in asked.polls]
            offset_ms = self._clock.offset_ms()
            self._journal.intend(asked, offset_ms)
            self.outbox.accept(polls, offset_ms)
            made += len(polls)
        return made

    def live(self, now_ms: int) -> None:
        """Lose or regain power and link, and send at once."""
        was_dead = self._is_dead
        self._gate(now_ms / 1000)
        if was_dead and not self._is_dead:
            self.stop()
            self.boot()
        self._uplink.hurry()
        self.wake()

    def wake(self) -> None:
        connection = OPEN.get(self.station.id)
        if connection is not None:
            with suppress(OSError):
                connection.wake()

    @property
    def waits(self) -> bool:
        """Whether something is still to be delivered that can be."""
        if self.station.id in GATES or self._uplink.delivery.hold_reason is not None:
            return False
        return self.outbox.backlog() > 0 or self._uplink.link.connected_ms is None

    def state(self) -> dict:
        """What the conductor wants to know at the end."""
        return {
            "backlog": self.outbox.backlog(), "refused": self.outbox.refused_count(),
            "thinned": self.outbox.thinned_count(), "fatal": self._fatal,
            "hold": self._uplink.delivery.hold_reason,
        }  # fmt: skip

    def stop(self) -> None:
        """End the agent as its service would."""
        self._stop.set()
        self.wake()
        self._thread.join(15)
        self.outbox.close()
        self._journal.close()
        DATED.pop(self.outbox.id, None)

    def _gate(self, now_s: float) -> None:
        """Open or close the way to the broker."""
        self._is_dead = _holds(self._cuts, now_s)
        if self._is_dead or _holds(self._links, now_s):
            GATES[self.station.id] = "the box has no power" if self._is_dead else "the mast is down"
        else:
            GATES.pop(self.station.id, None)

    def _due(self, until_ms: int) -> Iterator[Asked]:
        while True:
            if self._next is None:
                self._next = next(self._asked, None)
            if self._next is None or self._next.time_s * 1000 > until_ms:
                return
            asked, self._next = self._next, None
            yield asked

    def _woken_ms(self) -> int:
        return WOKEN_IN_MS + self.mono_ms() - self._booted_ms

    def _status(self) -> Status:
        return Status(
            online=True,
            version=version("qingliu"),
            boot=self._boot,
            clock="untrusted" if self._clock.offset_ms() is None else "trusted",
            uptime_s=(self.mono_ms() - self._booted_ms) // 1000,
            backlog=self.outbox.backlog(),
            oldest_unsent=self.outbox.oldest_t(),
            thinned=self.outbox.thinned_count(),
            refused=self.outbox.refused_count(),
            disk_free_mb=self.outbox.disk_free_mb(),
        )


def played(now_ms: Callable[[], int]) -> None:
    """Have the uplink of this process live by the simulated clock, over connections that masts can cut."""
    uplink_room.boot_ms = lambda: now_ms() - BOOTED_MS
    uplink_room.Connection = GatedConnection
    uplink_room.encode_batch = noted_batch


def _accepted(path: Path) -> int:
    """The highest number that an outbox ever gave out."""
    if not path.exists():
        return 0
    with closing(sqlite3.connect(path)) as db:
        return db.execute("SELECT seq FROM accepted").fetchone()[0] or 0


def _holds(spans: list[tuple[float, float]], time_s: float) -> bool:
    return any(start_s <= time_s < end_s for start_s, end_s in spans)
