"""Findings as rows: what goes on is one, what ends and comes again another; and how they are listed."""

from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from fresh_registry import fresh_registry
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from alerting.finding_book import note_findings, recent_findings
from alerting.finding_past import Found
from registry.database import Registry, open_registry
from registry.tables import County, Finding, Station

A, B, C = "410882-0001", "410822-0002", "410822-0003"


@pytest.fixture(params=["sqlite", "postgresql"])
def registry(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Registry]:
    """With two counties and three stations, in both kinds of database."""
    url = f"sqlite:///{tmp_path}/registry.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").new_registry()
    with closing(fresh_registry(url)) as opened:
        _seed(opened)
        yield opened


def _seed(registry):
    with registry.writing() as session:
        session.add_all([County(code="410882", name="沁阳市"), County(code="410822", name="博爱县")])
        session.flush()
        session.add(Station(id=A, name="甲村站", county_code="410882"))
        session.add(Station(id=B, name="乙村站", county_code="410822"))
        session.add(Station(id=C, name="丙村站"))


def day(number):
    return date(2026, 10, 1) + timedelta(days=number)


def note(registry, number, *found, station=A):
    """Note what was found at the end of a day: codes, with the day since when."""
    each = [Found(code, day(since), {"figure": float(number)}) for code, since in found]
    with registry.writing() as session:
        note_findings(session, station, day(number), each, 1_000 * number)


def rows(registry, station=A):
    with registry.reading() as session:
        kept = session.scalars(
            select(Finding).where(Finding.station_id == station).order_by(Finding.first_day)
        )
        return [
            (row.code, (row.first_day - day(0)).days, (row.last_day - day(0)).days, row.evidence["figure"])
            for row in kept
        ]


def test_what_goes_on_is_one_row(registry):
    note(registry, 5, ("heater_like_load", 4))
    note(registry, 6, ("heater_like_load", 4), ("constant_volume", 2))
    note(registry, 7, ("heater_like_load", 4))
    note(registry, 7, ("constant_volume", 7), station=B)
    assert rows(registry) == [("constant_volume", 2, 6, 6.0), ("heater_like_load", 4, 7, 7.0)]
    assert rows(registry, B) == [("constant_volume", 7, 7, 7.0)]
    with registry.reading() as session:
        assert list(session.scalars(select(Finding.noted_ms).order_by(Finding.noted_ms))) == [
            6_000,
            7_000,
            7_000,
        ]


@pytest.mark.parametrize(("again", "since", "many"), [(9, 9, 1), (10, 10, 2), (12, 9, 1), (12, 10, 2)])
def test_after_a_gap_of_more_than_three_days_it_is_a_new_row(registry, again, since, many):
    note(registry, 5, ("under_powered", 4))
    note(registry, again, ("under_powered", since))
    whole, parts = [("under_powered", 4, again)], [("under_powered", 4, 5), ("under_powered", since, again)]
    assert [row[:3] for row in rows(registry)] == (whole if many == 1 else parts)


def test_a_day_judged_anew_changes_nothing_if_it_finds_the_same(registry):
    for number in (5, 6, 6, 5, 6):
        note(registry, number, ("heater_like_load", 4))
    assert rows(registry) == [("heater_like_load", 4, 6, 6.0)]


def test_what_is_no_longer_found_is_taken_back(registry):
    note(registry, 5, ("unannounced_exchange", 5))
    note(registry, 5)
    assert rows(registry) == []
    note(registry, 5, ("heater_like_load", 4))
    note(registry, 5)
    assert rows(registry) == []
    note(registry, 5, ("heater_like_load", 4))
    note(registry, 6, ("heater_like_load", 4))
    note(registry, 6)
    assert [row[:3] for row in rows(registry)] == [("heater_like_load", 4, 5)]
    note(registry, 7)
    assert [row[:3] for row in rows(registry)] == [("heater_like_load", 4, 5)]


def test_a_late_finding_joins_what_lies_on_both_sides(registry):
    note(registry, 3, ("under_powered", 2))
    note(registry, 11, ("under_powered", 10))
    note(registry, 7, ("under_powered", 6))
    assert rows(registry) == [("under_powered", 2, 11, 11.0)]


@pytest.mark.parametrize(("number", "joins"), [(5, False), (6, True), (12, True)])
def test_a_late_finding_before_another_extends_it(registry, number, joins):
    note(registry, 10, ("under_powered", 10))
    note(registry, number, ("under_powered", number))
    assert (len(rows(registry)) == 1) is joins
    assert rows(registry)[-1][3] == max(10.0, number * (1.0 if joins else 0.0))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 40), st.one_of(st.none(), st.integers(0, 9))), min_size=1, max_size=12)
)
def test_in_any_order_rows_of_a_code_never_touch(tmp_path_factory, steps):
    url = f"sqlite:///{tmp_path_factory.getbasetemp()}/findings.db"
    with closing(open_registry(url)) as registry:
        with registry.writing() as session:
            session.execute(delete(Finding))
            known = session.scalar(select(Station.id).limit(1)) is not None
        if not known:
            _seed(registry)
        for number, back in steps:
            note(registry, number, *([] if back is None else [("constant_volume", number - back)]))
        spans = [(first, last) for _, first, last, _ in rows(registry)]
    assert all(first <= last for first, last in spans)
    assert all(later[0] - earlier[1] > 4 for earlier, later in pairwise(spans))
    last_said = dict(steps)
    for number, back in last_said.items():
        inside = any(first <= number <= last for first, last in spans)
        assert inside or back is None


def test_the_list_has_stations_with_several_first_then_the_newest(registry):
    note(registry, 20, ("constant_volume", 10), station=C)
    note(registry, 12, ("heater_like_load", 11), ("under_powered", 11), station=B)
    note(registry, 18, ("repeated_sequence", 18), station=A)
    note(registry, 5, ("repeated_sequence", 5), station=A)
    with registry.reading() as session:
        listed = recent_findings(session, day(5))
        assert [(each.station, each.code, each.last_day) for each in listed] == [
            (B, "heater_like_load", day(12)),
            (B, "under_powered", day(12)),
            (C, "constant_volume", day(20)),
            (A, "repeated_sequence", day(18)),
            (A, "repeated_sequence", day(5)),
        ]
        assert (listed[0].name, listed[0].county_code, listed[0].county) == ("乙村站", "410822", "博爱县")
        assert (listed[2].name, listed[2].county_code, listed[2].county) == ("丙村站", None, None)
        assert listed[0].evidence == {"figure": 12.0}
        assert [each.last_day for each in recent_findings(session, day(6), "410882")] == [day(18)]
        assert recent_findings(session, day(21)) == []
