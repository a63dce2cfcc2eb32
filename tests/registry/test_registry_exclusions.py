"""Approved stops need their fields."""

from datetime import date

import pytest
from sqlalchemy import select

from registry.exclusions import enter_exclusion
from registry.tables import Exclusion, Station

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
