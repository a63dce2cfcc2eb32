"""What a revision says otherwise than the one before, and the data file by which they are compared."""

import json
from datetime import date
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from reporting_centre import IN_NOVEMBER, OCTOBER

from registry.tables import DayVerdict
from reporting.changes import changes, figures_sha256
from reporting.data_file import data_file, plain_figures
from reporting.month_lines import Change, PlanLine

DAYS = ("running", "stopped", "unknown", "excluded_days", "countable_days")
WHATS = {"verdict", "running", "stopped", "unknown", "excluded", "countable", "rate_strict", "rate_lenient",
         "added", "removed"}  # fmt: skip
shares = st.sampled_from([None, "0/1", "1/3", "333333/1000000", "1/2", "9/10", "1/1"])
rates = st.fixed_dictionaries({"by_number_strict": shares, "by_number_lenient": shares})
months = st.fixed_dictionaries(
    {name: st.integers(0, 2) for name in DAYS}
    | {"judgement": st.sampled_from(["normal", "not_normal", "not_assessable", "not_counted"])}
)


def stations_of(by_id):
    return [
        {"address": {"name": f"{key}站"}, "month": month | {"facility": {"id": key}}}
        for key, month in by_id.items()
    ]


figures = st.builds(
    lambda whole, counties, stations: {
        "whole": {"rate": whole},
        "counties": [{"code": code, "name": f"{code}县", "rate": rate} for code, rate in counties.items()],
        "stations": stations_of(stations),
    },
    rates,
    st.dictionaries(st.sampled_from(["", "410823", "410882"]), rates),
    st.dictionaries(st.sampled_from("abc"), months),
)


@given(figures, figures)
def test_there_are_changes_just_where_the_marks_of_the_figures_differ(before, after):
    found = changes(before, after)
    assert (found == []) == (figures_sha256(before) == figures_sha256(after))
    assert {each.what for each in found} <= WHATS
    assert len({(each.subject, each.what) for each in found}) == len(found)
    assert changes(before, before) == []


@given(figures, figures)
def test_the_way_back_is_the_way_there_turned_round(before, after):
    turned = {"added": "removed", "removed": "added"}
    there = {
        (each.subject, turned.get(each.what, each.what), each.after, each.before)
        for each in changes(before, after)
    }
    assert there == {(each.subject, each.what, each.before, each.after) for each in changes(after, before)}


def plain(centre):
    return plain_figures(centre.figures(OCTOBER, IN_NOVEMBER))


def test_a_station_that_came_and_one_that_went(city):
    before = plain(city)
    city.station("410882-0009", "R" * 31, name="新站")
    found = changes(before, plain(city))
    assert Change("410882-0009", "新站", "added", "", "normal") in found
    assert Change("410882-0009", "新站", "removed", "normal", "") in changes(plain(city), before)
    assert Change("city", "", "rate_strict", "0.500000", "0.555556") in found


def test_what_is_only_said_in_other_words_is_no_change(city):
    before = plain(city)
    with city.registry.writing() as session:
        row = session.get_one(DayVerdict, ("410882-0001", date(2026, 10, 3)))
        row.energy_kwh, row.computed_ms = 99.0, IN_NOVEMBER
    after = plain(city)
    assert before != after
    assert figures_sha256(before) == figures_sha256(after)


def test_the_data_file_says_everything_exactly(city):
    given_figures = city.figures()
    given_figures = given_figures._replace(
        plan=(PlanLine("410882", "沁阳市", 3, 1, Fraction(45, 100)),),
        changes=(Change("city", "", "rate_strict", "0.500000", "0.600000"),),
    )
    said = json.loads(data_file(given_figures, {"revision": 2}))
    assert (said["format"], said["report"]) == (1, {"revision": 2})
    whole = said["figures"]
    assert (whole["month"], whole["until"], whole["cutoff_ms"]) == ("2026-10", "2026-10-31", IN_NOVEMBER)
    assert Fraction(whole["whole"]["rate"]["by_days"]) == given_figures.city.by_days
    assert len(whole["stations"]) == len(given_figures.stations)
    for line, given_line in zip(whole["stations"], given_figures.stations, strict=True):
        assert line["month"]["facility"]["id"] == given_line.id
        assert line["month"]["judgement"] == given_line.month.judgement
        assert line["amounts"]["volume_m3"] == given_line.amounts.volume_m3
    assert [stop["station"] for stop in whole["stops"]] == [stop.station.id for stop in given_figures.stops]
    assert whole["stops"][0]["first"] == str(given_figures.stops[0].first)
    assert whole["plan"] == [
        {"county": "410882", "name": "沁阳市", "villages": 3, "treated": 1, "target": "9/20"}
    ]
    assert whole["changes"][0]["after"] == "0.600000"


def test_equal_figures_make_an_equal_data_file(city):
    assert data_file(city.figures(), {"a": 1}) == data_file(city.figures(), {"a": 1})
