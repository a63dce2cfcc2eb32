"""A month's figures out of a real registry."""

from contextlib import closing
from datetime import date
from fractions import Fraction

import pytest
from reporting_centre import IN_NOVEMBER, OCTOBER, ZONE, ReportedCentre, at, populate

from registry.database import open_registry
from registry.tables import County, Station
from reporting.rate import rate, rates_by
from reporting.records import first_month, has_verdicts, station_months
from service.civil import Month

SEPTEMBER, NOVEMBER = Month(2026, 9), Month(2026, 11)


def city_rate(session, *of_month):
    return rate(station_months(session, *of_month))


def county_rates(session, *of_month):
    return rates_by(lambda each: each.facility.county, station_months(session, *of_month))


def judgements(figures):
    return {line.id: line.month.judgement for line in figures.stations}


def test_every_kind_of_station_is_told_apart(city):
    assert judgements(city.figures()) == {
        "410823-0001": "normal",
        "410823-0002": "normal",  # its stop is excluded
        "410823-0003": "not_normal",  # an inspection found so
        "410823-0004": "normal",  # retired in mid-month
        "410823-0005": "not_counted",
        "410882-0001": "normal",
        "410882-0002": "not_normal",
        "410882-0003": "not_assessable",
        "410882-0004": "not_assessable",
    }  # and the pending one is none of them


def test_the_city_and_its_groups(city):
    figures = city.figures()
    assert figures.city[:4] == (8, 4, 2, 2)
    assert (figures.city.by_number_strict, figures.city.by_number_lenient) == (Fraction(1, 2), Fraction(2, 3))
    assert [(group.code, group.name, group.rank, group.rate.due) for group in figures.counties] == [
        ("410823", "武陟县", 1, 4),
        ("410882", "沁阳市", 2, 4),
    ]
    assert [(group.code, group.rank, group.rate.due) for group in figures.companies] == [
        ("碧水环境", 1, 4),
        ("清源水务", 2, 3),
        ("", None, 1),
    ]
    assert (figures.connected, figures.due_for_connection) == (7, 8)
    assert [group.registered for group in figures.counties] == [4, 4]
    assert (figures.month, figures.until, figures.cutoff_ms) == (OCTOBER, date(2026, 10, 31), IN_NOVEMBER)


def test_the_rates_alone_are_those_of_the_whole_figures(city):
    figures = city.figures()
    assert city.ask(city_rate, OCTOBER, ZONE, IN_NOVEMBER) == figures.city
    alone = city.ask(county_rates, OCTOBER, ZONE, IN_NOVEMBER)
    assert alone == {group.code: group.rate for group in figures.counties}
    months = city.ask(station_months, OCTOBER, ZONE, IN_NOVEMBER)
    by_id = {line.id: line.month for line in figures.stations}
    assert {each.facility.id: each for each in months} == by_id
    assert rate(months) == figures.city


def test_the_month_before_is_compared_where_something_is_known_of_it(city):
    figures = city.figures()
    before = city.ask(city_rate, SEPTEMBER, ZONE, IN_NOVEMBER)
    assert figures.whole.strict_before == before.by_number_strict == Fraction(3, 8)
    assert city.figures(SEPTEMBER).whole.strict_before is None
    assert [group.strict_before for group in city.figures(SEPTEMBER).counties] == [None, None]


def test_amounts_leave_out_what_is_not_known(city):
    lines = {line.id: line.amounts for line in city.figures().stations}
    assert (lines["410882-0001"].energy_kwh, lines["410882-0001"].volume_m3) == (310.0, 620.0)
    assert lines["410882-0001"].load == 0.5
    assert lines["410882-0001"].kwh_per_m3 == 0.5
    silent = lines["410882-0004"]
    assert (silent.energy_kwh, silent.volume_m3, silent.load, silent.kwh_per_m3) == (None,) * 4
    assert lines["410882-0003"].energy_kwh == 110.0
    excluded = lines["410823-0002"]  # load is of countable days, the sums are of all
    assert (excluded.volume_m3, excluded.load) == (420.0, 0.5)


def test_amounts_of_groups_are_sums(city):
    figures = city.figures()
    for group in [*figures.counties, *figures.companies, figures.whole]:
        own = [
            line
            for line in figures.stations
            if group is figures.whole
            or group.code in (line.month.facility.county, line.month.facility.company)
        ]
        known = [line.amounts.energy_kwh for line in own if line.amounts.energy_kwh is not None]
        assert group.amounts.energy_kwh == (sum(known) if known else None)
        assert group.stops == sum(line.stops for line in own)


def test_stops_say_from_when_to_when_and_why(city):
    city.verdicts("410882-0002", "SS", date(2026, 11, 1))
    (stop,) = city.figures().stops
    assert (stop.station.id, stop.first, stop.last) == ("410882-0002", date(2026, 10, 26), date(2026, 11, 2))
    assert (stop.days, stop.is_ongoing, stop.reasons) == (8, False, ("no_energy",))
    assert (stop.energy_kwh, stop.volume_m3) == (0.0, 0.0)
    assert stop.station.stop_reasons == ("no_energy",)
    (running,) = city.figures(now_ms=at(2026, 11, 3)).stops
    assert running.is_ongoing


def test_a_long_stop_is_followed_to_its_first_day(centre):
    centre.station("410882-0001", "S" * 150, date(2026, 6, 3))
    figures = centre.figures()
    (stop,) = figures.stops
    assert (stop.first, stop.last, stop.days) == (date(2026, 6, 3), date(2026, 10, 30), 150)
    assert figures.stations[0].month.longest_stop_days == 150
    assert figures.city == centre.ask(city_rate, OCTOBER, ZONE, IN_NOVEMBER)


def test_reasons_stand_in_order_of_the_days(centre):
    centre.station("410882-0001", "R" * 27)
    centre.verdicts("410882-0001", "S", date(2026, 10, 28), reason="too_little_energy")
    centre.verdicts("410882-0001", "SS", date(2026, 10, 29), reason="no_energy")
    (stop,) = centre.figures().stops
    assert stop.reasons == ("too_little_energy", "no_energy")


def test_a_stop_over_the_edge_counts_in_the_quick_rate_too(centre):
    centre.station("410882-0001", "SSS" + "S" + "R" * 30, date(2026, 9, 28))
    centre.station("410882-0002", "R" * 30 + "S" + "SSS")
    centre.station("410882-0003", "SSSS" + "R" * 31, date(2026, 9, 27))
    found = centre.ask(city_rate, OCTOBER, ZONE, IN_NOVEMBER)
    assert found[:4] == (3, 1, 2, 0)
    assert centre.figures().city == found


def test_an_exclusion_that_was_withdrawn_or_late_takes_nothing(centre):
    centre.station("410882-0001", "S" * 10 + "R" * 21)
    centre.exclude("410882-0001", date(2026, 10, 1), date(2026, 10, 10), entered_ms=at(2026, 11, 11, 0, 0))
    withdrawn = centre.exclude("410882-0001", date(2026, 10, 1), date(2026, 10, 10))
    with centre.registry.writing() as session:
        session.merge(withdrawn).withdrawn_ms = 1
    (line,) = centre.figures().stations
    assert (line.month.excluded_days, line.exclusion_reasons) == (0, ())
    centre.exclude(
        "410882-0001",
        date(2026, 9, 1),
        date(2026, 10, 10),
        entered_ms=at(2026, 11, 10, 23, 59),
        reason="season",
    )
    (line,) = centre.figures().stations
    assert (line.month.excluded_days, line.exclusion_reasons) == (10, ("season",))


def test_a_verdict_of_excluded_is_unknown_unless_an_exclusion_covers_it(centre):
    centre.station("410882-0001", "X" * 10 + "R" * 21)
    (line,) = centre.figures().stations
    assert (line.month.unknown, line.month.judgement) == (10, "not_assessable")
    centre.exclude("410882-0001", date(2026, 10, 1), date(2026, 10, 10))
    (line,) = centre.figures().stations
    assert (line.month.unknown, line.month.excluded_days, line.month.judgement) == (0, 10, "normal")


def test_a_running_month_counts_up_to_yesterday(centre):
    centre.station("410882-0001", "R" * 10 + "S" * 21)
    figures = centre.figures(now_ms=at(2026, 10, 11, 0, 1))
    assert figures.until == date(2026, 10, 10)
    assert (figures.stations[0].month.countable_days, figures.stops) == (10, [])
    assert figures.whole.amounts.energy_kwh == 100.0
    one_minute_before = centre.figures(now_ms=at(2026, 10, 10, 23, 59))
    assert one_minute_before.until == date(2026, 10, 9)


def test_a_month_that_has_not_begun_counts_nobody(city):
    figures = city.figures(Month(2027, 1))
    assert figures.city == (0, 0, 0, 0, None, None, None, None, None)
    assert (figures.counties, figures.companies, figures.stops) == ([], [], [])


def test_the_class_of_a_station_is_that_of_the_last_day(city):
    classes = {line.id: line.class_ for line in city.figures().stations}
    assert classes["410823-0004"] == "retired"
    assert classes["410823-0005"] == "to_sewer"
    assert classes["410882-0001"] == "in_use"
    city.station("410882-0009", commissioned=date(2026, 11, 1))
    assert {line.id: line.class_ for line in city.figures().stations}["410882-0009"] == "not_commissioned"


def test_equal_groups_share_a_rank(centre):
    for n, name in enumerate(["410801", "410802", "410803"]):
        centre.add(County(code=name, name=name))
        centre.station(f"{name}-0001", "R" * 31 if n else "S" * 31, town_id=None)
    assert [(group.code, group.rank) for group in centre.figures().counties] == [
        ("410802", 1),
        ("410803", 1),
        ("410801", 3),
    ]


def test_a_station_without_a_county_stands_in_a_group_of_its_own(centre):
    centre.add(Station(id="x", name=""))
    (group,) = centre.figures().counties
    assert (group.code, group.name, group.rank, group.rate.not_assessable) == ("", "", None, 1)


def test_the_first_month_is_that_of_the_first_verdict(city):
    assert city.ask(first_month) == SEPTEMBER
    assert city.ask(has_verdicts, SEPTEMBER)
    assert not city.ask(has_verdicts, NOVEMBER)


def test_an_empty_registry_has_no_first_month(centre):
    assert centre.ask(first_month) is None
    assert centre.figures().city.due == 0


def test_on_postgresql_it_is_the_same(postgres, city, tmp_path):
    with closing(open_registry(postgres.new_database())) as registry:
        other = ReportedCentre(registry, tmp_path)
        other.found()
        populate(other)
        assert other.figures() == city.figures()
        assert other.ask(city_rate, OCTOBER, ZONE, IN_NOVEMBER) == city.ask(
            city_rate, OCTOBER, ZONE, IN_NOVEMBER
        )
        assert other.ask(first_month) == SEPTEMBER
        assert other.ask(has_verdicts, SEPTEMBER)


@pytest.mark.parametrize("month", [Month(2028, 2), Month(2026, 12), Month(2027, 1)])
def test_months_of_any_length_and_over_the_year(centre, month):
    days = (month.last - month.first).days + 1
    centre.station("410882-0001", "R" * days, month.first)
    (line,) = centre.figures(month, now_ms=at(2030, 1, 1)).stations
    assert (line.month.running, line.month.countable_days) == (days, days)
