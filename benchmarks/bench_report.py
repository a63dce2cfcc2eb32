"""The month's report at 2,000 stations: workbook, document to be signed and data, in a process of its own.

All names are invented.
"""

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from figures import show
from sqlalchemy.orm import Session

from registry.config import CentreSettings, RegistrySettings, ReportingSettings
from registry.database import Registry, open_registry, upsert
from registry.exclusions import enter_exclusion
from registry.tables import Company, County, DayVerdict, Inspection, Report, Station, Town
from reporting.drawing import draw
from reporting.edition import Edition, cover_of, data_of, document_of, workbook_of
from service.civil import Month, days_between
from service.mqtt import Mqtt

STATIONS, COUNTIES, TOWNS, COMPANIES = 2_000, 11, 8, 6
MONTH = Month(2026, 10)
FIRST = MONTH.after(-1).first
NOW_MS = int(datetime(2026, 11, 12, 2, tzinfo=UTC).timestamp() * 1000)
EARLY_MS = NOW_MS - 60 * 86_400_000
PROCESSES = ("A2O", "AO", "contact_oxidation", "wetland")
MOST_S, MOST_MB = 20, 600
Made = TypeVar("Made")


def main() -> None:
    """Fill a registry, let a child make the report of it, and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (
            closing(open_registry(_settings(folder).registry.url)) as registry,
            registry.writing() as session,
        ):
            _fill(session)
        command = [sys.executable, __file__, str(folder)]
        began = time.monotonic()
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        took_s = time.monotonic() - began
        told = json.loads(done.stdout)
        for what, (step_s, peak_mb) in told["steps"].items():
            show(f"month report, 2,000 stations, {what}", f"{step_s:.1f} s, {peak_mb:.0f} MB", "-")
        made_s = sum(step_s for step_s, _ in told["steps"].values())
        show("month report, 2,000 stations, all of it", f"{made_s:.1f} s", f"<= {MOST_S} s")
        whole = "the process that makes it, from start to end"
        show(whole, f"{took_s:.1f} s", f"<= {MOST_S} s", row="report")
        peak_mb = max(peak_mb for _, peak_mb in told["steps"].values())
        show("its greatest memory", f"{peak_mb:.0f} MB", f"<= {MOST_MB} MB")
        for kind, size in told["sizes"].items():
            show(f"size of the {kind}", f"{size / 1000:.0f} kB", "-")


def make(folder: Path) -> None:
    """Make all files of the month, and print what it took, as JSON; the child's part."""
    settings = _settings(folder)
    steps: dict[str, tuple[float, float]] = {}

    def timed(what: str, step: Callable[[], Made]) -> Made:
        began = time.monotonic()
        made = step()
        steps[what] = (time.monotonic() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        return made

    with closing(Registry(settings.registry.url)) as registry:
        drawn = timed("figures", lambda: draw(registry, settings, MONTH, NOW_MS))
    edition = Edition(drawn.revision, made_ms=NOW_MS, author="bench")
    cover = cover_of(settings, edition)
    files = {
        "xlsx": timed("xlsx", lambda: workbook_of(drawn.figures, cover)),
        "pdf": timed("pdf", lambda: document_of(drawn.figures, cover, drawn.trend)),
        "data": timed("data", lambda: data_of(drawn.figures, settings, edition)),
    }
    for kind, content in files.items():
        (folder / f"report.{kind}").write_bytes(content)
    sizes = {kind: len(content) for kind, content in files.items()}
    print(json.dumps({"steps": steps, "sizes": sizes}))


def _settings(folder: Path) -> CentreSettings:
    return CentreSettings(
        mqtt=Mqtt(host="127.0.0.1", tls=False),
        registry=RegistrySettings(url=f"sqlite:///{folder / 'registry.db'}"),
        reporting=ReportingSettings(path=str(folder / "reports")),
    )


def _fill(session: Session) -> None:
    """A month before and the month itself: one station in ten stops now and then, one in fifty lacks data."""
    chance = random.Random(1)
    counties = [str(410_801 + n) for n in range(COUNTIES)]
    session.add_all(County(code=code, name=f"第{n}县") for n, code in enumerate(counties))
    session.add_all(Company(id=n + 1, name=f"第{n}运维公司") for n in range(COMPANIES))
    session.flush()
    session.add_all(
        Town(id=TOWNS * n + m + 1, county_code=code, name=f"第{m}镇")
        for n, code in enumerate(counties)
        for m in range(TOWNS)
    )
    session.flush()
    ids = [f"{counties[n % COUNTIES]}-{n:04}" for n in range(STATIONS)]
    session.add_all(_station(n, each) for n, each in enumerate(ids))
    session.flush()
    for n, each in enumerate(ids):
        odds = {"stopped": 0.3 * (chance.random() < 0.1), "unknown": 0.3 * (n % 50 == 0)}
        days = [_day(each, day, _verdict(chance, odds)) for day in days_between(FIRST, MONTH.last)]
        upsert(session, DayVerdict, days)
        if n % 100 == 0:
            enter_exclusion(
                session, each, MONTH.first, MONTH.first + timedelta(days=4), reason="maintenance",
                applicant="张", approver="李", entered_ms=EARLY_MS,
            )  # fmt: skip
            session.add(Inspection(station_id=each, day=MONTH.last, occasion="unannounced", result="abnormal",
                                   entered_ms=EARLY_MS))  # fmt: skip
    session.add_all(
        Report(month=str(MONTH.after(-n)), revision=1, status="draft", made_ms=EARLY_MS, rule_version="1",
               data_cutoff_ms=EARLY_MS, author="bench", summary={"by_number_strict": f"0.{86 + n % 9}0000"})
        for n in range(1, 12)
    )  # fmt: skip


def _station(n: int, station: str) -> Station:
    return Station(
        id=station, name=f"第{n}村污水处理站", county_code=station[:6], village=f"第{n}村",
        town_id=TOWNS * (n % COUNTIES) + n // COUNTIES % TOWNS + 1, company_id=n % COMPANIES + 1,
        process=PROCESSES[n % len(PROCESSES)], design_m3_per_day=20.0 + n % 5 * 10,
        connected_from=date(2026, 1, 1),
    )  # fmt: skip


def _verdict(chance: random.Random, odds: dict[str, float]) -> str:
    drawn = chance.random()
    for verdict, share in odds.items():
        if drawn < share:
            return verdict
        drawn -= share
    return "running"


def _day(station: str, day: date, verdict: str) -> dict[str, object]:
    reasons = {"running": "energy_as_expected", "stopped": "no_energy_no_effluent", "unknown": "no_data"}
    kwh, m3, hours = {
        "running": (9.5, 12.0, 24.0),
        "stopped": (0.2, 0.0, 24.0),
        "unknown": (None, None, 7.0),
    }[verdict]
    return {
        "station_id": station, "day": day, "verdict": verdict, "energy_kwh": kwh, "volume_m3": m3,
        "valid_hours": hours, "reason": reasons[verdict], "evidence": {}, "rule_version": "1",
        "computed_ms": EARLY_MS,
    }  # fmt: skip


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    else:
        make(Path(sys.argv[1]))
