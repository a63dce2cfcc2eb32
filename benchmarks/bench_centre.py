"""The centre's pages at 2,000 stations, on the embedded stores."""

import random
import statistics
import tempfile
import time
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from fastapi.testclient import TestClient
from figures import show
from sqlalchemy.orm import Session

from console.app import create_app
from history.embedded import EmbeddedHistory
from registry.config import CentreSettings, RegistrySettings, ReportingSettings
from registry.database import open_registry, upsert
from registry.tables import County, DayVerdict, Report, StatePeriod, Station
from service.civil import Month, days_between
from service.mqtt import Mqtt

STATIONS, COUNTIES, ROUNDS = 2_000, 11, 15
FIRST, LAST = date(2025, 10, 1), date(2026, 11, 21)
ZONE = ZoneInfo("Asia/Shanghai")
NOW_MS = int(datetime(2026, 11, 22, 2, tzinfo=UTC).timestamp() * 1000)


def main() -> None:
    """Run and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = CentreSettings(
            mqtt=Mqtt(host="127.0.0.1", tls=False),
            registry=RegistrySettings(url=f"sqlite:///{folder / 'registry.db'}"),
            reporting=ReportingSettings(path=str(folder / "reports")),
        )
        with (
            closing(open_registry(settings.registry.url)) as registry,
            closing(EmbeddedHistory(folder / "history.db")) as history,
        ):
            with registry.writing() as session:
                _fill(session)
            clock = {"now": NOW_MS}
            app = create_app(
                settings, registry, history, lambda: clock["now"], folder / "vega-none.js", open_demo=True
            )
            with TestClient(app, base_url="http://127.0.0.1") as client:
                for path in ("/", "/stations", "/reports"):
                    _page(client, path, clock)


def _page(client: TestClient, path: str, clock: dict[str, int]) -> None:
    """Time a page, every other time with figures that are too old to be kept."""
    times_ms: dict[str, list[float]] = {"kept figures": [], "fresh figures": []}
    client.get(path)
    for number in range(2 * ROUNDS):
        kind = "fresh figures" if number % 2 else "kept figures"
        clock["now"] += 31_000 if kind == "fresh figures" else 0
        began = time.perf_counter()
        size = len(client.get(path).content)
        times_ms[kind].append(1000 * (time.perf_counter() - began))
    for kind, times in times_ms.items():
        show(f"page {path}, 2,000 stations, {kind}", f"{statistics.median(times):.0f} ms", "<= 200 ms")
    show(f"page {path}, size", f"{size / 1000:.0f} kB", "<= 300 kB")


def _fill(session: Session) -> None:
    chance = random.Random(1)
    session.add_all(County(code=str(410_801 + n), name=f"County {n}") for n in range(COUNTIES))
    session.flush()
    ids = [f"{410_801 + n % COUNTIES}-{n:04}" for n in range(STATIONS)]
    session.add_all(Station(id=each, county_code=each[:6], design_m3_per_day=20.0) for each in ids)
    session.flush()
    session.add_all(
        Report(month=str(Month(2026, 10).after(-n)), revision=1, status="draft", made_ms=NOW_MS,
               author="bench", data_cutoff_ms=NOW_MS, rule_version="1",
               summary={"by_number_strict": "0.900000"})
        for n in range(12)
    )  # fmt: skip
    for each in ids:
        is_bad = chance.random() < 0.1
        period = {"station_id": each, "start_ms": NOW_MS - 10**7, "decided_ms": NOW_MS - 10**7}
        session.add(StatePeriod(**period, state="stopped" if is_bad else "running", reason="as_expected"))
        upsert(
            session, DayVerdict, [_day(each, day, chance, is_bad=is_bad) for day in days_between(FIRST, LAST)]
        )


def _day(station: str, day: date, chance: random.Random, *, is_bad: bool) -> dict[str, object]:
    stopped = is_bad and chance.random() < 0.3
    return {
        "station_id": station, "day": day, "verdict": "stopped" if stopped else "running",
        "energy_kwh": 0.2 if stopped else 9.0 + chance.random(), "volume_m3": 0.0 if stopped else 12.0,
        "valid_hours": 24.0, "reason": "no_energy_no_effluent" if stopped else "energy_as_expected",
        "evidence": {}, "rule_version": "1", "computed_ms": NOW_MS,
    }  # fmt: skip


if __name__ == "__main__":
    main()
