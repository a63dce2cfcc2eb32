"""A year of one station at 60 s that arrives at once, until its quarter hours and days are right."""

import tempfile
import time
from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo

from figures import show

from alerting.judging import Rules
from alerting.worker import Worker
from collector.ingest import late_quarter_hours
from history.embedded import EmbeddedHistory
from history.port import StationReading
from history.quarter_hours import floor_to_quarter
from registry.config import AlertingSettings
from registry.database import open_registry
from registry.dirty import dirty, mark_dirty
from registry.tables import Device, Station
from telemetry.reading import Reading

STATION, DAYS, DAY_MS = "410882-B0001", 365, 86_400_000


def main() -> None:
    """Run and print."""
    now_ms = floor_to_quarter(time.time_ns() // 1_000_000)
    first_ms = now_ms - DAYS * DAY_MS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (
            closing(open_registry(f"sqlite:///{folder / 'registry.db'}")) as registry,
            closing(EmbeddedHistory(folder / "history.db")) as history,
        ):
            with registry.writing() as session:
                session.add(Station(id=STATION, design_m3_per_day=30.0))
                session.flush()
                for kind in ("power", "flow"):
                    seen = {"kind": kind, "first_seen_ms": first_ms}
                    session.add(Device(station_id=STATION, device=f"{kind}-1", **seen))
            began = time.monotonic()
            for day_ms in range(first_ms, now_ms, DAY_MS):
                readings = [each for t in range(day_ms, day_ms + DAY_MS, 60_000) for each in _poll(t)]
                history.write(readings)
                with registry.writing() as session:
                    mark_dirty(session, late_quarter_hours(readings, now_ms))
            written_s = time.monotonic() - began
            worker = Worker(
                Rules(AlertingSettings(), ZoneInfo("Asia/Shanghai")),
                registry,
                history,
                lambda: now_ms,
                "bench",
            )
            began = time.monotonic()
            while worker.tick(now_ms):
                pass
            took_s = time.monotonic() - began
            with registry.reading() as session:
                left = len(dirty(session))
            rows = history.quarter_hours(first_ms, now_ms, [STATION])
        energy_kwh = sum(row.energy_kwh or 0.0 for row in rows)
    show("a year of one station at 60 s, written and marked", f"{written_s:.1f} s", "-")
    show(
        f"  its quarter hours and days ({left} marks left)",
        f"{took_s:.1f} s",
        "<= 60 s",
        within=took_s <= 60 and not left,
    )
    true_kwh = 0.9 * (DAYS * 24 - 1 / 60)
    show(
        "  its energy, counted and summed",
        f"{energy_kwh:,.1f} kWh",
        f"{true_kwh:,.1f} kWh",
        within=abs(energy_kwh - true_kwh) < 0.05,
    )


def _poll(t: int) -> tuple[StationReading, StationReading]:
    hours = t / 3_600_000
    power = {"active_power_kw": 0.9, "energy_kwh": 0.9 * hours}
    flow = {"flow_m3h": 1.1, "volume_m3": 1.1 * hours}
    return (
        StationReading(STATION, Reading(t=t, d="power-1", k="power", x=power)),
        StationReading(STATION, Reading(t=t + 300, d="flow-1", k="flow", x=flow)),
    )


if __name__ == "__main__":
    main()
