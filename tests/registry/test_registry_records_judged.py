"""What people enter late is judged by the alerting worker itself, over a real store, and by the rate."""

from contextlib import closing

from record_entry_seed import BY, DAY, NOW, ZONE, A, marks, ms, seed
from sqlalchemy import select

from alerting.judging import Rules
from alerting.worker import Worker
from history.embedded import EmbeddedHistory
from history.port import StationReading
from registry.config import AlertingSettings
from registry.exclusions import NewExclusion, enter_approved_stop, withdraw_exclusion
from registry.tables import DayVerdict
from reporting.records import station_months
from service.civil import Month, day_of
from telemetry.reading import Reading

LAST_WEEK = NOW - 7 * DAY
STOP_DAY = day_of(ms(2026, 11, 18), ZONE)
STOP = NewExclusion(A, STOP_DAY, STOP_DAY, "maintenance", "甲", "乙")


def test_the_days_of_a_stop_that_is_entered_or_withdrawn_are_judged_anew(sqlite_registry, tmp_path):
    seed(sqlite_registry)

    def judged_at(at_ms):
        worker.tick(at_ms)
        assert marks(sqlite_registry) == []
        with sqlite_registry.reading() as session:
            rows = session.scalars(select(DayVerdict).where(DayVerdict.computed_ms == at_ms))
            month, *_ = station_months(session, Month(2026, 11), ZONE, NOW)
            return STOP_DAY in {row.day for row in rows}, month.excluded_days

    def power(at_ms):
        counted = {"energy_kwh": (at_ms - LAST_WEEK) / 1e6}
        return StationReading(A, Reading(t=at_ms, d="power-1", k="power", x=counted))

    with closing(EmbeddedHistory(tmp_path / "history.db")) as history:
        history.write([power(at_ms) for at_ms in range(LAST_WEEK, NOW, 900_000)])
        worker = Worker(Rules(AlertingSettings(), ZONE), sqlite_registry, history, lambda: NOW, "one")
        worker.tick(NOW)
        assert judged_at(NOW + 10_000) == (False, 0)
        with sqlite_registry.writing() as session:
            number = enter_approved_stop(session, STOP, BY).id
        assert judged_at(NOW + 20_000) == (True, 1)
        with sqlite_registry.writing() as session:
            withdraw_exclusion(session, number, "申请撤回", BY)
        assert judged_at(NOW + 30_000) == (True, 0)
