"""A registry with counties, stations and verdicts, written as letters: R running, S stopped, U unknown."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from registry.config import CentreSettings, ReportingSettings
from registry.exclusions import enter_exclusion
from registry.tables import Company, County, DayVerdict, Inspection, Station, StationClass, Town
from reporting.figures import month_figures
from service.civil import Month
from service.mqtt import Mqtt

ZONE = ZoneInfo("Asia/Shanghai")
OCTOBER = Month(2026, 10)
VERDICTS = {"R": "running", "S": "stopped", "U": "unknown", "X": "excluded"}
REASONS = {"R": "energy_as_expected", "S": "no_energy", "U": "no_data", "X": "no_data"}


def at(year, month, day, hour=0, minute=0):
    """An instant by the centre's clock, ms."""
    return int(datetime(year, month, day, hour, minute, tzinfo=ZONE).timestamp() * 1000)


IN_NOVEMBER = at(2026, 11, 8, 7)
EARLY = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp() * 1000)


def letters(text, first):
    """Verdicts by day from letters; a dot is a day without one."""
    return {first + timedelta(days=n): VERDICTS[each] for n, each in enumerate(text) if each != "."}


class ReportedCentre:
    def __init__(self, registry, folder):
        self.registry = registry
        self.settings = CentreSettings(
            mqtt=Mqtt(host="127.0.0.1", tls=False), reporting=ReportingSettings(path=str(folder / "reports"))
        )
        self.folder = folder / "reports"

    def found(self):
        """Write down counties, towns and companies."""
        with self.registry.writing() as session:
            session.add_all([County(code="410882", name="沁阳市"), County(code="410823", name="武陟县")])
            session.add_all([Company(id=1, name="清源水务"), Company(id=2, name="碧水环境")])
            session.flush()
            session.add_all(
                [
                    Town(id=1, county_code="410882", name="崇义镇"),
                    Town(id=2, county_code="410823", name="阳庙镇"),
                ]
            )

    def add(self, *rows):
        with self.registry.writing() as session:
            for row in rows:
                session.add(row)

    def station(self, station, days="", first=OCTOBER.first, *, kwh=10.0, m3=20.0, **columns):
        """A station with verdicts from a day on; running days have energy and effluent."""
        county = station.partition("-")[0]
        usual = {
            "name": f"{station}站", "county_code": county, "town_id": 1 if county == "410882" else 2,
            "village": "北寨村", "company_id": 1, "process": "A2O", "design_m3_per_day": 40.0,
            "connected_from": date(2026, 1, 1),
        }  # fmt: skip
        self.add(Station(id=station, **{**usual, **columns}))
        self.verdicts(station, days, first, kwh=kwh, m3=m3)

    def verdicts(self, station, days, first=OCTOBER.first, *, kwh=10.0, m3=20.0, reason=None):
        rows = []
        for n, letter in enumerate(days):
            if letter != ".":
                amounts = {"R": (kwh, m3), "S": (0.0, 0.0)}.get(letter, (None, None))
                rows.append(
                    DayVerdict(
                        station_id=station, day=first + timedelta(days=n), verdict=VERDICTS[letter],
                        energy_kwh=amounts[0], volume_m3=amounts[1], valid_hours=24.0, rule_version="1",
                        reason=reason or REASONS[letter], computed_ms=EARLY,
                    )
                )  # fmt: skip
        self.add(*rows)

    def exclude(self, station, start, end, *, entered_ms=EARLY, reason="maintenance"):
        with self.registry.writing() as session:
            return enter_exclusion(
                session,
                station,
                start,
                end,
                reason=reason,
                applicant="张",
                approver="李",
                entered_ms=entered_ms,
            )

    def classed(self, station, name, since):
        self.add(StationClass(station_id=station, class_=name, since=since, entered_ms=EARLY))

    def inspected(self, station, day, result="abnormal"):
        self.add(
            Inspection(station_id=station, day=day, occasion="unannounced", result=result, entered_ms=EARLY)
        )

    def figures(self, month=OCTOBER, now_ms=IN_NOVEMBER):
        with self.registry.reading() as session:
            return month_figures(session, month, ZONE, now_ms)

    def ask(self, function, *arguments):
        with self.registry.reading() as session:
            return function(session, *arguments)


def populate(centre):
    """A small city in October 2026 in which everything that the report tells apart occurs."""
    centre.station("410882-0001", "R" * 31)
    centre.station("410882-0002", "R" * 25 + "S" * 6, kwh=5.0)
    centre.station("410882-0003", "U" * 20 + "R" * 11, connected_from=date(2026, 10, 20))
    centre.station("410882-0004", connected_from=None, company_id=None, design_m3_per_day=None)
    centre.station("410823-0001", "R" * 31, company_id=2, process="wetland", name='=HYPERLINK("http://x")')
    centre.station("410823-0002", "S" * 10 + "R" * 21, company_id=2, process="new_kind")
    centre.exclude("410823-0002", date(2026, 10, 1), date(2026, 10, 10), reason="grid_outage")
    centre.station("410823-0003", "R" * 31, company_id=2)
    centre.inspected("410823-0003", date(2026, 10, 14))
    centre.station("410823-0004", "R" * 14, company_id=2)
    centre.classed("410823-0004", "retired", date(2026, 10, 15))
    centre.station("410823-0005", company_id=2)
    centre.classed("410823-0005", "to_sewer", date(2025, 3, 1))
    centre.station("410823-0006", "R" * 31, review="pending")
    for station in ("410882-0001", "410882-0002", "410823-0001"):
        centre.verdicts(station, "R" * 30, date(2026, 9, 1))
