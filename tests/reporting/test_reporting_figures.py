"""A month's figures out of a real registry."""

from contextlib import closing
from datetime import date
from fractions import Fraction

import pytest
from fresh_registry import fresh_registry
from reporting_centre import IN_NOVEMBER, OCTOBER, ZONE, ReportedCentre, at, populate

from registry.tables import County, DayVerdict, Finding, Station
from reporting.figures import month_figures
from reporting.month_lines import Change, PlanLine
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
    with closing(fresh_registry(postgres.new_registry())) as registry:
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


def of_county(centre, code, **given):
    with centre.registry.reading() as session:
        return month_figures(session, OCTOBER, ZONE, IN_NOVEMBER, code, **given)


def test_a_county_alone_is_that_county_of_all(city):
    every = city.figures()
    for whole in every.counties:
        alone = of_county(city, whole.code)
        assert alone.whole._replace(code=whole.code, name=whole.name, rank=whole.rank) == whole
        assert alone.counties == [whole._replace(rank=1)]
        assert alone.stations == [line for line in every.stations if line.month.facility.county == whole.code]
        assert alone.stops == [stop for stop in every.stops if stop.station in alone.stations]
        assert alone.quality == [line for line in every.quality if line.station in alone.stations]
        assert alone.place == whole.name
    assert every.place == ""


def test_operators_are_ranked_among_those_of_the_county(city):
    city.station("410882-0010", "R" * 31, company_id=2)
    assert [(group.code, group.rank) for group in city.figures().companies] == [
        ("碧水环境", 1), ("清源水务", 2), ("", None)
    ]  # fmt: skip
    alone = of_county(city, "410882")
    assert [(group.code, group.rank, group.rate.due) for group in alone.companies] == [
        ("碧水环境", 1, 1), ("清源水务", 2, 3), ("", None, 1)
    ]  # fmt: skip


def test_a_county_that_nobody_knows_has_nothing(city):
    alone = of_county(city, "999999")
    assert (alone.place, alone.stations, alone.city.due) == ("999999", [], 0)


def test_plan_and_changes_are_what_was_given(city):
    plan = [PlanLine("410882", "沁阳市", 10, 5, None), PlanLine("410823", "武陟县", 10, 5, None)]
    changes = [Change("city", "", "rate_strict", "", "0.5")]
    assert of_county(city, None, plan=plan, changes=changes)[-3:-1] == (tuple(plan), tuple(changes))
    assert of_county(city, "410823", plan=plan).plan == (plan[1],)


def test_the_same_month_a_year_before_is_compared(city):
    assert city.figures().whole.strict_year_before is None
    city.verdicts("410882-0001", "R" * 31, date(2025, 10, 1))
    figures = city.figures()
    year_before = city.ask(city_rate, Month(2025, 10), ZONE, IN_NOVEMBER).by_number_strict
    assert figures.whole.strict_year_before == year_before == Fraction(1, 8)
    assert {group.code: group.strict_year_before for group in figures.counties} == {
        "410823": None,
        "410882": Fraction(1, 4),
    }


def test_the_quality_of_the_data_is_that_of_the_countable_days(centre):
    centre.station("410882-0001", "RRUUSU" + "R" * 19 + "." * 6)
    centre.exclude("410882-0001", date(2026, 10, 1), date(2026, 10, 3))
    centre.station("410882-0002")
    centre.station("410882-0003", "R" * 31, commissioned=date(2026, 11, 1))
    with centre.registry.writing() as session:
        for day, by in ((3, "张"), (5, "张"), (7, None)):
            row = session.get_one(DayVerdict, ("410882-0001", date(2026, 10, day)))
            row.valid_hours, row.corrected_by = 20.5, by
    first, silent = centre.figures().quality
    assert (first.station.id, first.due_hours, first.valid_hours) == ("410882-0001", 28 * 24, 20 * 24 + 41)
    assert (first.unknown_days, first.longest_unknown_days, first.corrected_days) == (8, 6, 1)
    assert silent[1:] == (None, 31 * 24, 31, 31, 0)


def test_findings_are_those_that_stood_in_the_month(city):
    for station, code, first, last in (
        ("410882-0001", "constant_volume", date(2026, 9, 1), date(2026, 9, 30)),
        ("410882-0001", "under_powered", date(2026, 9, 1), date(2026, 10, 1)),
        ("410882-0001", "heater_like_load", date(2026, 10, 31), date(2026, 11, 6)),
        ("410823-0001", "heater_like_load", date(2026, 10, 9), date(2026, 10, 9)),
        ("410823-0006", "heater_like_load", date(2026, 10, 9), date(2026, 10, 9)),
        ("410882-0002", "constant_volume", date(2026, 11, 1), date(2026, 11, 6)),
    ):
        evidence = {"days": 10, "first_noted": "2026-10-09"}
        city.add(
            Finding(
                station_id=station, code=code, first_day=first, last_day=last, evidence=evidence, noted_ms=1
            )
        )
    found = [(each.station.id, each.code, each.first, each.last) for each in city.figures().findings]
    assert found == [
        ("410823-0001", "heater_like_load", date(2026, 10, 9), date(2026, 10, 9)),
        ("410882-0001", "under_powered", date(2026, 9, 1), date(2026, 10, 1)),
        ("410882-0001", "heater_like_load", date(2026, 10, 31), date(2026, 10, 31)),
    ]
    assert city.figures().findings[0].evidence == {"days": 10}
    assert [line.station.id for line in of_county(city, "410823").findings] == ["410823-0001"]


def test_the_main_reason_of_a_stop_is_that_of_most_of_its_days(centre):
    centre.station("410882-0001", "R" * 25)
    centre.verdicts("410882-0001", "S", date(2026, 10, 26), reason="idling")
    centre.verdicts("410882-0001", "SS", date(2026, 10, 27), reason="no_energy")
    centre.verdicts("410882-0001", "R", date(2026, 10, 29))
    centre.verdicts("410882-0001", "S", date(2026, 10, 30), reason="idling")
    centre.verdicts("410882-0001", "S", date(2026, 10, 31), reason="no_energy")
    assert [stop.main_reason for stop in centre.figures().stops] == ["no_energy", "idling"]
