"""An alarm that nobody answers, or that lasts: who is told, what it weighs, where it stands."""

import pytest

from alerting.alarm_book import AlarmBook
from alerting.alarm_life import Quiet, acknowledge, rise, settle
from alerting.escalation import Weight, due_steps, escalate
from registry.alarm_settings import AlarmSettings
from registry.tables import Alarm

HOUR_MS = 3_600_000
SETTINGS = AlarmSettings()
UNKNOWN = Weight()


class Shelf:
    """Rows in memory."""

    def __init__(self):
        self.rows = []

    def add(self, instance):
        self.rows.append(instance)

    def flush(self):
        for number, row in enumerate(self.rows, 1):
            row.id = number


def raised(type_="stopped", severity="medium"):
    alarm = Alarm(
        type=type_, subject="s", station_id="s", severity=severity, start_ms=0, reason="r", evidence={}
    )
    rise(AlarmBook(Shelf(), 0), alarm)
    return alarm


def at(hours, alarm, weight=UNKNOWN, settings=SETTINGS):
    """The worker looks after so many hours; returns (step, level) of what is told."""
    book = AlarmBook(Shelf(), int(hours * HOUR_MS))
    escalate(book, alarm, settings, weight)
    return [(step.event.details["step"], step.level) for step in book.write()]


def test_two_hours_without_an_acknowledgement_tell_the_next_level_once():
    alarm = raised()
    assert at(1.99, alarm) == []
    assert at(2, alarm) == [("unacknowledged", 2)]
    assert at(2, alarm) == at(20, alarm) == []
    assert alarm.severity == "medium"


def test_what_was_acknowledged_in_time_is_not_told_for_that():
    alarm = raised()
    acknowledge(AlarmBook(Shelf(), HOUR_MS), alarm, "李四")
    assert at(20, alarm) == []


def test_a_notice_waits_for_nobody_but_after_a_day_it_is_an_alarm():
    notice = raised("offline", "low")
    assert at(23, notice) == []
    assert at(24, notice) == [("long", 2)]
    assert (notice.severity, notice.escalated) == ("medium", "long")


def test_after_a_day_it_is_work_with_a_company_and_a_due_time():
    alarm = raised()
    at(2, alarm)
    assert at(24, alarm, Weight(company_id=7)) == [("long", 2)]
    assert (alarm.follow_up_ms, alarm.assigned_company_id) == (24 * HOUR_MS, 7)
    assert alarm.due_ms == (24 + 72) * HOUR_MS
    assert alarm.severity == "medium"
    assert at(72, alarm) == [("very_long", 3)]
    assert alarm.severity == "high"
    assert at(96, alarm) == [("overdue", 2)]
    assert at(1_000, alarm) == []


def test_a_large_or_protected_station_weighs_most_after_a_day():
    alarm = raised()
    at(24, alarm, Weight(is_weighty=True))
    assert alarm.severity == "high"
    fault = raised("meter_fault", "low")
    at(24, fault, Weight(is_weighty=True))
    assert fault.severity == "medium"


def test_a_late_look_takes_all_steps_and_tells_the_highest():
    alarm = raised()
    assert at(500, alarm) == [("very_long", 3)]
    assert alarm.escalated.split() == ["unacknowledged", "long", "very_long"]
    assert alarm.follow_up_ms == 500 * HOUR_MS


@pytest.mark.parametrize(
    "quiet",
    [{"suppressed_by": "exclusion"}, {"shelved_until_ms": 9}, {"out_of_service": True}, {"cleared_ms": 5}],
)
def test_what_is_quiet_or_over_is_not_escalated(quiet):
    alarm = raised()
    for name, value in quiet.items():
        setattr(alarm, name, value)
    assert due_steps(alarm, SETTINGS, 500 * HOUR_MS) == []


def test_after_it_rang_again_the_time_to_acknowledge_begins_anew():
    alarm = raised()
    assert at(2, alarm) == [("unacknowledged", 2)]
    settle(AlarmBook(Shelf(), 3 * HOUR_MS), alarm, Quiet(shelved_until_ms=1, shelve_reason="testing"))
    assert at(9, alarm) == []
    settle(AlarmBook(Shelf(), 10 * HOUR_MS), alarm, Quiet())
    assert at(11, alarm) == []
    assert at(12, alarm) == [("unacknowledged", 2)]
