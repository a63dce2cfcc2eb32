"""Two months of day verdicts over four counties, small enough to work every rate out by hand.

A letter is a civil day: R running, S stopped, U unknown, a dot no verdict at all.
"""

import hashlib
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

from console_centre import DAY_MS, NOW_MS
from sqlalchemy import delete, text

from registry.exclusions import enter_exclusion
from registry.tables import County, DayVerdict, Device, Report, StatePeriod, Station

OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
COUNTIES = {"410802": "解放区", "410822": "博爱县", "410883": "孟州市"}
REASONS = {"R": ("running", "energy_as_expected"), "S": ("stopped", "no_energy_no_effluent"),
           "U": ("unknown", "too_little_data")}  # fmt: skip


class Months(NamedTuple):
    """A station's October and its November up to the 20th."""

    october: str
    november: str


WELL = Months("R" * 31, "R" * 20)
STATIONS = {
    "410802-0001": WELL,
    "410802-0002": WELL,
    "410802-0003": WELL,
    "410822-0001": WELL,
    # 27 of 31 is below 90 %, 18 of 20 is 90 % exactly
    "410822-0002": Months("RRRRRRSRRRRRRSRRRRRRSRRRRRRSRRR", "RRRRSRRRRRRRRRSRRRRR"),
    # four days in a row are too many whatever the share
    "410822-0003": Months("R" * 31, "R" * 16 + "SSSS"),
    # 8 of 31 unknown is more than a quarter, 5 of 20 is not
    "410822-0004": Months("U" * 8 + "R" * 23, "U" * 5 + "R" * 15),
    "410883-0001": WELL,
    # stopped for five days that are approved
    "410883-0002": Months("R" * 31, "SSSSS" + "R" * 15),
    # no box yet
    "410883-0003": Months("", ""),
}
UNCONNECTED = "410883-0003"
EXCLUDED = "410883-0002"
"""With the ten stations of 410882, which run, twenty are due: 17 normal in October, 18 in November."""
REPORTS = (
    ("2026-08", 1, "frozen", "0.789474", "0.882353"),
    ("2026-09", 1, "frozen", "0.900000", "0.947368"),
    ("2026-09", 2, "frozen", "0.850000", "0.894737"),
    ("2026-10", 1, "frozen", "0.850000", "0.944444"),
)


def seed_months(registry, reports_folder: Path) -> None:
    with registry.writing() as session:
        session.add_all(County(code=code, name=name) for code, name in COUNTIES.items())
        session.flush()
        session.get(Station, "hostile").commissioned = date(2027, 1, 1)
        for number, (station, months) in enumerate(STATIONS.items()):
            is_connected = station != UNCONNECTED
            session.add(
                Station(
                    id=station, name=f"{number + 1}号污水处理站", county_code=station[:6],
                    process="A2O", design_m3_per_day=20.0, commissioned=date(2025, 5, 1),
                    connected_from=date(2026, 7, 1) if is_connected else None,
                )
            )  # fmt: skip
            session.flush()
            add_verdicts(session, station, OCTOBER, months.october)
            add_verdicts(session, station, NOVEMBER, months.november)
            if is_connected:
                session.add(Device(station_id=station, device="power-1", kind="power"))
                state = "stopped" if months.november.endswith("S") else "running"
                session.add(
                    StatePeriod(station_id=station, state=state, start_ms=NOW_MS - DAY_MS, decided_ms=NOW_MS,
                                reason="as_expected", evidence={})
                )  # fmt: skip
        for number in range(1, 11):
            add_verdicts(session, f"410882-{number:04d}", OCTOBER, WELL.october)
            add_verdicts(session, f"410882-{number:04d}", NOVEMBER, WELL.november)
        enter_exclusion(
            session, EXCLUDED, date(2026, 11, 1), date(2026, 11, 5), reason="maintenance", applicant="王工",
            approver="李科", entered_ms=NOW_MS - 20 * DAY_MS,
        )  # fmt: skip
        for month, revision, status, strict, lenient in REPORTS:
            session.add(made_report(reports_folder, month, revision, status, strict, lenient))


def add_verdicts(session, station: str, first: date, letters: str, computed_ms: int = NOW_MS) -> None:
    for number, letter in enumerate(letters):
        if letter == ".":
            continue
        verdict, reason = REASONS[letter]
        session.add(
            DayVerdict(
                station_id=station, day=first + timedelta(days=number), verdict=verdict, reason=reason,
                energy_kwh={"R": 12.5 + number % 7, "S": 0.04, "U": None}[letter],
                volume_m3={"R": 18.25, "S": 0.0, "U": None}[letter],
                valid_hours={"R": 24.0, "S": 24.0, "U": 7.5}[letter], evidence={}, rule_version="1",
                computed_ms=computed_ms,
            )
        )  # fmt: skip


def without_report(session, month=None):
    """Take reports away, which the tables let nobody do to a frozen one."""
    session.execute(text("DROP TRIGGER IF EXISTS reports_frozen_delete"))
    session.execute(delete(Report).where(Report.month == month) if month else delete(Report))


def made_report(folder: Path, month, revision, status, strict, lenient) -> Report:
    name = f"qingliu-{month}-r{revision}.xlsx"
    content = f"workbook of {month}, revision {revision}".encode() * 300
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    described = {"name": name, "sha256": hashlib.sha256(content).hexdigest(), "size_bytes": len(content)}
    return Report(
        month=month, revision=revision, status=status, made_ms=NOW_MS - (12 - revision) * DAY_MS,
        frozen_ms=None, data_cutoff_ms=NOW_MS - 12 * DAY_MS, rule_version="1", author="reporting",
        files={"xlsx": described}, summary={"by_number_strict": strict, "by_number_lenient": lenient},
    )  # fmt: skip
