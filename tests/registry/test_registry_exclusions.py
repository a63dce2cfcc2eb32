"""Approved stops need their fields."""

import threading
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from record_entry_seed import BY, DAY, NOW, ZONE, A, B, Q, audited, marks, ms, seed
from sqlalchemy import delete, select

from registry.exclusions import (
    NewExclusion,
    OtherStop,
    enter_approved_stop,
    enter_exclusion,
    faults_of_exclusion,
    months_too_late,
    withdraw_exclusion,
)
from registry.record_entry import RecordError
from registry.tables import DirtyQuarterHour, Exclusion, Station
from reporting.days import Span
from reporting.due import Excluded, excluded_days
from service.civil import Month, start_of

GOOD = {"reason": "maintenance", "applicant": "甲", "approver": "乙", "entered_ms": 1}
FIRST, LAST = date(2026, 10, 30), date(2026, 11, 2)


def test_an_approved_stop_is_kept(registry):
    with registry.writing() as session:
        session.add(Station(id="a"))
        session.flush()
        enter_exclusion(session, "a", FIRST, LAST, **GOOD)
    with registry.reading() as session:
        kept = session.scalars(select(Exclusion)).one()
    assert (kept.station_id, kept.start, kept.end, kept.reason) == ("a", FIRST, LAST, "maintenance")
    assert (kept.applicant, kept.approver, kept.entered_ms, kept.withdrawn_ms) == ("甲", "乙", 1, None)


@pytest.mark.parametrize(
    ("start", "end", "other", "said"),
    [
        (LAST, FIRST, {}, "end: must not lie before the start 2026-11-02"),
        (FIRST, LAST, {"reason": "holiday"}, "reason: must be one of maintenance, "),
        (FIRST, LAST, {"applicant": " "}, "applicant, approver: both are required"),
        (FIRST, LAST, {"approver": ""}, "applicant, approver: both are required"),
    ],
)
def test_what_lacks_something_is_refused(registry, start, end, other, said):
    with registry.writing() as session, pytest.raises(ValueError, match=said):
        enter_exclusion(session, "a", start, end, **(GOOD | other))


NEW = NewExclusion(A, FIRST, LAST, "maintenance", "甲", "乙")


def said(new, others=()):
    return [fault.line("x") for fault in faults_of_exclusion(new, others, BY)]


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            {"start": LAST, "end": FIRST},
            'x: end: must not lie before the start 2026-11-02 (got "2026-10-30")',
        ),
        ({"start": date(1999, 1, 1), "end": date(1999, 1, 2)}, "x: start: must not lie before 2000-01-01"),
        (
            {"start": date(9999, 12, 1), "end": date(9999, 12, 2)},
            "x: end: must lie between 2000-01-01 and 2100-12-31",
        ),
        ({"end": date(2062, 11, 2)}, 'x: end: a stop lasts at most 1098 days (got "2062-11-02")'),
        ({"reason": "holiday"}, "x: reason: must be one of maintenance, rebuilding, grid_outage"),
        ({"applicant": " "}, "x: applicant: is required"),
        ({"approver": " 甲 "}, "x: approver: nobody approves an application of their own"),
        ({"attachment": "x" * 256}, "x: attachment: must have at most 255 letters"),
        ({"entered_ms": NOW + DAY}, "x: entered: must not lie in the future"),
    ],
)
def test_an_approved_stop_that_cannot_be(change, line):
    [found] = said(NEW._replace(**change))
    assert found.startswith(line)


def test_an_overlap_is_refused_with_the_others_dates():
    others = [OtherStop(7, LAST, date(2026, 11, 9)), OtherStop(8, date(2026, 10, 1), date(2026, 10, 29))]
    [found] = said(NEW, others)
    assert found == (
        "x: start: overlaps the approved stop no. 7 of 2026-11-02 to 2026-11-09 "
        '(got "2026-10-30 to 2026-11-02"). Shorten this one, or withdraw the other.'
    )


days = st.dates(date(2025, 1, 1), date(2027, 12, 31))


@given(days, st.integers(0, 90), days)
def test_too_late_is_what_the_rate_leaves_out(start, length, entered):
    """The same question asked of the operating rate itself."""
    end = start + timedelta(days=length)
    at_ms = start_of(entered, ZONE) + 12 * 3_600_000
    late = months_too_late(NewExclusion(A, start, end, "season", "a", "b", entered_ms=at_ms), BY)
    span = Span(start, end)
    kept = excluded_days([Excluded(start, end, entered)], span)
    taken = {Month.of(span.day(number)) for number in range(length + 1) if not kept >> number & 1}
    assert set(late) == taken


def test_a_stop_is_entered_and_withdrawn_and_its_past_days_are_judged_anew(registry):
    seed(registry)
    lasting = NEW._replace(end=date(2026, 12, 31), attachment="files/2026-31.pdf", manager="丙")
    with registry.writing() as session:
        done = enter_approved_stop(session, lasting, BY)
        with pytest.raises(RecordError, match=r"overlaps the approved stop no\. 1"):
            enter_approved_stop(session, NEW, BY)
        with pytest.raises(RecordError, match="station: is not on the register"):
            enter_approved_stop(session, NEW._replace(station="nobody"), BY)
        withdrawn = enter_approved_stop(session, NEW._replace(station=B), BY)
    assert done.warnings == withdrawn.warnings == ("too late to count for 2026-10",)
    assert marks(registry) == list(range(ms(2026, 10, 30), NOW, Q))
    assert marks(registry, B) == list(range(ms(2026, 10, 30), ms(2026, 11, 3), Q))
    with registry.writing() as session:
        session.execute(delete(DirtyQuarterHour))
        withdraw_exclusion(session, withdrawn.id, "申请撤回", BY)
        with pytest.raises(RecordError, match="is withdrawn already"):
            withdraw_exclusion(session, withdrawn.id, "申请撤回", BY)
        with pytest.raises(RecordError, match="there is no such record"):
            withdraw_exclusion(session, 4711, "申请撤回", BY)
    assert marks(registry, B) == list(range(ms(2026, 10, 30), ms(2026, 11, 3), Q))
    assert marks(registry) == []
    with registry.writing() as session:  # what was withdrawn is in nobody's way
        again = enter_approved_stop(session, NEW._replace(station=B, entered_ms=NOW - 15 * DAY), BY)
        kept = session.get_one(Exclusion, again.id)
        assert (again.warnings, kept.entered_ms) == ((), NOW - 15 * DAY)
    assert [(action, subject) for action, subject, *_ in audited(registry)] == [
        ("exclusion.enter", A), ("exclusion.enter", B), ("exclusion.withdraw", B), ("exclusion.enter", B),
    ]  # fmt: skip
    *_, before, after = audited(registry)[2]
    assert (before["withdrawn_ms"], after) == (None, {"withdrawn_ms": NOW, "removed_because": "申请撤回"})


def test_of_two_that_are_entered_at_once_one_is_refused(registry):
    seed(registry)
    both = threading.Barrier(2)
    came = []

    def enter():
        both.wait(timeout=30)
        try:
            with registry.writing() as session:
                came.append(enter_approved_stop(session, NEW, BY).id)
        except RecordError as error:
            came.append(error.faults[0].path)

    people = [threading.Thread(target=enter) for _ in range(2)]
    for each in people:
        each.start()
    for each in people:
        each.join()
    assert sorted(map(str, came)) == ["1", "start"]
