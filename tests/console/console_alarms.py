"""An alarm of each kind in the console's small centre, and area events with stations beneath."""

from console_centre import DAY_MS, HOUR_MS, MINUTE_MS, NOW_MS

from registry.tables import Alarm, Company, County, Station

MEDIUM_NEW, HIGH_OLD, MEDIUM_OLD, RETURNED = 101, 102, 103, 104
NOTICED = 111
OVERDUE, DUE, UNDUE = 121, 122, 123
SHELVED, OUT, STOP = 131, 132, 133
COUNTY_EVENT, TOWN_EVENT = 141, 142


def an_alarm(number: int, station: int, type_: str = "stopped", **given) -> Alarm:
    """An open one that rang an hour ago, of a station of 410882."""
    name = f"410882-{station:04d}"
    values = {
        "subject": name, "station_id": name, "severity": "medium", "start_ms": NOW_MS - 2 * HOUR_MS,
        "raised_ms": NOW_MS - HOUR_MS, "rang_ms": NOW_MS - HOUR_MS, "reason": "no_energy", "evidence": {},
    }  # fmt: skip
    return Alarm(id=number, type=type_, **(values | given))


def an_event(number: int, subject: str, **given) -> Alarm:
    """An area event that began 50 minutes ago."""
    values = {
        "station_id": None, "start_ms": NOW_MS - 50 * MINUTE_MS, "reason": "area_silent",
        "evidence": {"stations": 32, "of": 100, "power_cut": 20, "last_ms": NOW_MS - 45 * MINUTE_MS},
    }  # fmt: skip
    return an_alarm(number, 1, "area_event", subject=subject, **(values | given))


def alarms_of_each_kind() -> list[Alarm]:
    """Without area events; what is there already has to be taken away before."""
    return [
        an_alarm(MEDIUM_NEW, 1, start_ms=NOW_MS - 90 * MINUTE_MS),
        an_alarm(HIGH_OLD, 2, severity="high", start_ms=NOW_MS - 30 * HOUR_MS,
                 escalated="unacknowledged long", acknowledged_ms=NOW_MS - 10 * MINUTE_MS,
                 acknowledged_by="赵工"),
        an_alarm(MEDIUM_OLD, 3, start_ms=NOW_MS - 3 * HOUR_MS, raised_ms=NOW_MS - 2 * HOUR_MS),
        an_alarm(RETURNED, 4, severity="high", cleared_ms=NOW_MS - 5 * MINUTE_MS),
        an_alarm(NOTICED, 5, "low_load", severity="low", reason="low_energy"),
        an_alarm(OVERDUE, 6, follow_up_ms=NOW_MS - 4 * DAY_MS, due_ms=NOW_MS, assigned_company_id=2,
                 cause="blower", escalated="long overdue"),
        an_alarm(DUE, 7, "meter_fault", follow_up_ms=NOW_MS - DAY_MS, due_ms=NOW_MS + 1,
                 shelved_until_ms=NOW_MS + DAY_MS, shelve_reason="waiting_for_parts"),
        an_alarm(UNDUE, 8, follow_up_ms=NOW_MS - DAY_MS, start_ms=NOW_MS - 9 * DAY_MS),
        an_alarm(SHELVED, 9, shelved_until_ms=NOW_MS + 3 * HOUR_MS, shelve_reason="repair_ordered"),
        an_alarm(OUT, 10, out_of_service=True),
        an_alarm(STOP, 1, "idling", severity="low", suppressed_by="exclusion"),
    ]  # fmt: skip


def beneath_events(first: int = 1, last: int = 10) -> list[Alarm]:
    """A county's event with stations beneath it, and a town's with none."""
    return [
        an_event(COUNTY_EVENT, "410882"),
        an_event(TOWN_EVENT, "410882/崇义镇", reason="area_power"),
        *(
            an_alarm(1000 + number, number, "offline", severity="low", suppressed_by="area_event",
                     parent_id=COUNTY_EVENT, rang_ms=None, reason="nothing_heard")
            for number in range(first, last + 1)
        ),
    ]  # fmt: skip


def put_alarms(registry, *alarms: Alarm) -> None:
    """Put these in place of those that are there."""
    with registry.writing() as session:
        session.query(Alarm).delete()
        if session.get(County, "410882") is None:
            session.add(County(code="410882", name="沁阳市"))
        if session.get(Company, 2) is None:
            session.add(Company(id=2, name="碧水环保有限公司"))
        session.flush()
        for alarm in alarms:
            if alarm.station_id and session.get(Station, alarm.station_id) is None:
                session.add(Station(id=alarm.station_id, name=f"{alarm.station_id}站", county_code="410882"))
                session.flush()
            session.add(alarm)
            session.flush()
