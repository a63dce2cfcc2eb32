"""Visits and their water samples: what is required, what is warned of, what is kept."""

from datetime import date

import pytest
from record_entry_seed import BY, A, audited, marks, seed
from sqlalchemy import select

from registry.inspections import (
    NewInspection,
    NewSample,
    enter_inspection,
    faults_of_inspection,
    remove_inspection,
    samples_of,
)
from registry.record_entry import RecordError
from registry.tables import Inspection, WaterSample

TODAY = date(2026, 11, 21)
COD, AMMONIA = NewSample("COD", 75.0, "mg/L", 60.0), NewSample("NH3-N", 3.2, "mg/L")
GOOD = NewInspection(A, date(2026, 11, 3), "abnormal", "unannounced", "风机停转", "李", (COD, AMMONIA))


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"day": date(2026, 11, 22)}, 'day: must not lie in the future (got "2026-11-22")'),
        ({"day": date(1999, 11, 22)}, "day: must not lie before 2000-01-01"),
        ({"result": "bad"}, "result: must be one of normal, abnormal"),
        ({"occasion": "visit"}, "occasion: must be one of unannounced, patrol"),
        ({"findings": " "}, "findings: are required when the result is abnormal. Say what was found."),
        ({"inspector": ""}, "inspector: is required"),
        ({"inspector": "李" * 65}, "inspector: must have at most 64 letters"),
        ({"inspector": "李\x00"}, "inspector: must have no control characters"),
        ({"samples": (COD, COD)}, 'samples: a parameter stands twice (got "COD")'),
        ({"samples": (COD._replace(parameter="gold"),)}, "samples: a parameter must be one of COD, BOD5"),
        ({"samples": (COD._replace(value=-1.0),)}, "samples: COD must be a number from 0 to 1e+09"),
        ({"samples": (NewSample("pH", 14.5, ""),)}, "samples: pH must be a number from 0 to 14"),
        ({"samples": (COD._replace(limit=0.0),)}, "samples: the limit of COD must be above 0"),
    ],
)
def test_a_visit_that_cannot_be(change, line):
    [found] = [fault.line("x") for fault in faults_of_inspection(GOOD._replace(**change), TODAY)]
    assert line in found


def test_a_line_of_a_brief_list_needs_no_more_than_its_three_columns():
    brief = GOOD._replace(findings="", inspector="", samples=(), is_brief=True)
    assert list(faults_of_inspection(brief, TODAY)) == []
    assert len(list(faults_of_inspection(brief._replace(is_brief=False), TODAY))) == 2


def test_a_visit_is_kept_with_its_samples_and_removed_with_them(registry):
    seed(registry)
    with registry.writing() as session:
        done = enter_inspection(session, GOOD, BY)
        assert done.warnings == ()
        with pytest.raises(RecordError, match=f"the same visit is on record already, no. {done.id}"):
            enter_inspection(session, GOOD._replace(samples=()), BY)
        with pytest.raises(RecordError, match="station: is not on the register"):
            enter_inspection(session, GOOD._replace(station="nobody"), BY)
    with registry.reading() as session:
        assert samples_of(session, [done.id]) == {done.id: [COD, AMMONIA]}
        kept = session.scalars(select(Inspection)).one()
    assert (kept.day, kept.occasion, kept.result, kept.inspector) == (
        GOOD.day,
        "unannounced",
        "abnormal",
        "李",
    )
    with registry.writing() as session:
        remove_inspection(session, done.id, "误录", BY)
        with pytest.raises(RecordError, match="there is no such record"):
            remove_inspection(session, done.id, "误录", BY)
    with registry.reading() as session:
        assert session.scalars(select(WaterSample)).all() == []
    (enter, _, _, _, after), (remove, subject, _, before, gone) = audited(registry)
    assert (enter, remove, subject) == ("inspection.enter", "inspection.remove", A)
    assert before == after
    assert after["samples"][0] == {"parameter": "COD", "value": 75.0, "unit": "mg/L", "limit": 60.0}
    assert gone == {"removed_because": "误录"}
    assert marks(registry) == []  # a visit changes no quarter hour


def test_a_sample_above_its_limit_in_a_normal_visit_is_worth_a_word(sqlite_registry):
    seed(sqlite_registry)
    with sqlite_registry.writing() as session:
        done = enter_inspection(session, GOOD._replace(result="normal", findings=""), BY)
    assert done.warnings == ("COD 75 mg/L lies above its limit 60, though the result is normal",)
