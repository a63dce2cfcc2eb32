"""An explanation says what the report says, and why: days, conditions, stops, corrections."""

import json
import shutil
from contextlib import closing
from datetime import date, timedelta
from fractions import Fraction
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reporting_centre import EARLY, IN_NOVEMBER, OCTOBER, ZONE, ReportedCentre, at

from registry.database import Registry
from registry.exclusions import REASONS
from registry.tables import DayVerdict, Exclusion, Inspection, Station, StationClass, VerdictRevision
from reporting import explain_words
from reporting.explain import ExplainedDay, conditions, weeks
from reporting.explain_command import register
from reporting.explain_data import plain
from reporting.explain_records import explain
from reporting.explain_text import page
from reporting.rate import Facility, StationMonth
from reporting.records import station_months
from reporting.station_lines import station_lines
from reporting.words import Words
from service.civil import Month

A = "410882-0001"
MONTHS = [Month(2026, number) for number in range(1, 13)]


def explained(centre, station=A, month=OCTOBER, now_ms=IN_NOVEMBER):
    return centre.ask(explain, station, month, ZONE, now_ms)


def lines(found, language="zh-CN", *, coloured=False):
    return "\n".join(page(found, Words(language), ZONE, coloured=coloured))


def seed_randomly(centre, dice, month):
    """Stations as they are: mostly running, with stops over the edges, gaps, exclusions, changes of class."""
    rows = []
    for number in range(12):
        station = f"410882-{number:04}"
        since = month.first + timedelta(days=dice.randint(-20, 25)) if dice.random() < 0.2 else None
        rows.append(Station(id=station, county_code="410882", design_m3_per_day=20.0, commissioned=since))
        first = month.first - timedelta(days=dice.choice([0, 8, 30]))
        days = ["running"] * (31 + 40)
        for _ in range(dice.randint(0, 5)):
            begin = dice.randrange(len(days))
            days[begin : begin + dice.randint(1, 9)] = [dice.choice(["stopped", "unknown", "excluded"])]
        rows += [
            DayVerdict(
                station_id=station, day=first + timedelta(days=n), verdict=verdict, energy_kwh=1.0,
                volume_m3=None, valid_hours=20.0, rule_version="1", reason="no_energy", computed_ms=EARLY,
            )
            for n, verdict in enumerate(days) if dice.random() < 0.97
        ]  # fmt: skip
        for _ in range(dice.randint(0, 3)):
            start = month.first + timedelta(days=dice.randint(-12, 30))
            late = at(*month.after(1).first.replace(day=dice.choice([9, 10, 11, 12])).timetuple()[:3])
            rows.append(
                Exclusion(
                    station_id=station, start=start, end=start + timedelta(days=dice.randint(0, 12)),
                    reason=dice.choice(REASONS), applicant="甲", approver="乙",
                    entered_ms=dice.choice([EARLY, EARLY, late]),
                    manager_ms=dice.choice([None, EARLY, late]),
                    withdrawn_ms=dice.choice([None, None, EARLY]),
                )
            )  # fmt: skip
        if dice.random() < 0.3:
            rows.append(
                StationClass(station_id=station, class_=dice.choice(["rebuilding", "retired", "in_use"]),
                             since=month.first + timedelta(days=dice.randint(-5, 30)), entered_ms=EARLY)
            )  # fmt: skip
        if dice.random() < 0.2:
            rows.append(
                Inspection(station_id=station, day=month.first + timedelta(days=dice.randint(-3, 33)),
                           occasion="patrol", result=dice.choice(["abnormal", "normal"]), entered_ms=EARLY)
            )  # fmt: skip
    stations = [row for row in rows if isinstance(row, Station)]
    centre.add(*stations)
    centre.add(*(row for row in rows if not isinstance(row, Station)))
    return [station.id for station in stations]


@given(st.integers(0, 2**32), st.sampled_from(MONTHS), st.integers(-3, 45))
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_its_figures_are_the_report_s(empty_file, tmp_path, seed, month, day):
    shutil.copy(empty_file, tmp_path / "registry.db")
    with closing(Registry(f"sqlite:///{tmp_path}/registry.db")) as registry:
        centre = ReportedCentre(registry, tmp_path)
        stations = seed_randomly(centre, Random(seed), month)
        today = month.first + timedelta(days=day)
        now_ms = at(today.year, today.month, today.day, 9)
        reported, _ = centre.ask(station_lines, month, ZONE, now_ms)
        rated = centre.ask(station_months, month, ZONE, now_ms)
        for line, quick in zip(reported, rated, strict=True):
            found = explained(centre, line.id, month, now_ms)
            assert found.judged == line.month
            assert (*found.judged[:7], found.judged.judgement) == (*quick[:7], quick.judgement)
            marks = [each.mark for each in found.days]
            counted = [marks.count(mark) for mark in ("running", "stopped", "unknown", "excluded")]
            judged = found.judged
            assert counted == [judged.running, judged.stopped, judged.unknown, judged.excluded_days]
            assert {each.day for each in found.days if each.mark == "excluded"} <= {
                each.day for each in found.days if each.stop and each.stop.standing == "counts"
            }
            assert_conditions_decide(found)
            text = lines(found)
            assert f"K {judged.countable_days} 应运行 = R {judged.running} 运行" in text
            json.dumps(plain(found, ZONE))
        assert len(reported) == len(stations)


def assert_conditions_decide(found):
    """The judgement follows from the conditions as they are shown."""
    met = {each.code: each.is_met for each in found.conditions}
    deciding = {each.code for each in found.conditions if each.decides}
    judgement = found.judged.judgement
    if found.judged.countable_days == 0:
        assert (judgement, deciding) == ("not_counted", set())
    elif met["unknown_share"] is False:
        assert (judgement, deciding) == ("not_assessable", {"unknown_share"})
    elif False in met.values():
        assert (judgement, deciding) == ("not_normal", {code for code, is_met in met.items() if not is_met})
    else:
        assert (judgement, deciding) == ("normal", set())
    if found.longest_stop is None:
        assert found.judged.longest_stop_days == 0
    else:
        first, last = found.longest_stop
        assert (last - first).days + 1 == found.judged.longest_stop_days
        assert first <= found.month.last
        assert last >= found.month.first


def condition(code, **counts):
    facility = Facility("s", "", "", None, None)
    given_counts = {"calendar_days": 31, "excluded_days": 0, "countable_days": 31, "running": 31,
                    "stopped": 0, "unknown": 0, "longest_stop_days": 0, "marked_abnormal": False,
                    "judgement": "normal"} | counts  # fmt: skip
    month = StationMonth(facility, **given_counts)
    return next(each for each in conditions(month, int(month.marked_abnormal)) if each.code == code)


@pytest.mark.parametrize(
    ("found", "met", "value", "limit"),
    [
        (condition("running_share", running=27, countable_days=30), True, "27 / 30 = 90.00 %", "≥ 90 %"),
        (condition("running_share", running=26, countable_days=29), False, "26 / 29 = 89.66 %", "≥ 90 %"),
        (condition("running_share", running=89999, countable_days=100000), False,
         "89999 / 100000 = 89.999 %", "≥ 90 %"),
        (condition("running_share", running=0, countable_days=4, unknown=4), None, "–", "≥ 90 %"),
        (condition("unknown_share", unknown=7, countable_days=28), True, "7 / 28 = 25.00 %", "≤ 25 %"),
        (condition("unknown_share", unknown=8, countable_days=31), False, "8 / 31 = 25.81 %", "≤ 25 %"),
        (condition("longest_stop", longest_stop_days=3), True, "3 天", "< 4 天"),
        (condition("longest_stop", longest_stop_days=4), False, "4 天", "< 4 天"),
        (condition("inspection", marked_abnormal=True), False, "1 次", "0 次"),
    ],
)  # fmt: skip
def test_a_condition_stands_beside_its_threshold(found, met, value, limit):
    words = Words("zh-CN")
    assert found.is_met is met
    assert (explain_words.value(words, found), explain_words.limit(words, found)) == (value, limit)


def test_the_share_is_exact():
    assert condition("running_share", running=27, countable_days=31).share == Fraction(27, 31)
    assert condition("longest_stop", longest_stop_days=3).share is None


def test_a_month_as_a_page(centre):
    centre.station(A, "S" * 2 + "R" * 20 + "S" * 6 + "U" * 3)
    centre.verdicts(A, "SS", date(2026, 9, 29))
    stop = centre.exclude(A, date(2026, 10, 23), date(2026, 10, 24), reason="grid_outage")
    centre.classed(A, "rebuilding", date(2026, 5, 1))
    with centre.registry.writing() as session:
        row = session.get(DayVerdict, (A, date(2026, 10, 5)))
        row.corrected_by, row.correction_reason, row.reason = "王工", "现场核实", "corrected"
        session.add(
            VerdictRevision(station_id=A, day=date(2026, 10, 5), verdict="stopped", reason="no_energy",
                            rule_version="1", computed_ms=EARLY, replaced_ms=at(2026, 11, 2, 8, 30))
        )  # fmt: skip
    centre.inspected(A, date(2026, 10, 9))
    found = explained(centre)
    text = lines(found)
    for said in (
        "410882-0001站  410882-0001  2026年10月",
        "位置      沁阳市 崇义镇 北寨村",
        "分类      在用，2026-05-01 起 改造",
        "判定  非正常  运行天数占比、连续停运天数、检查认定不符合要求。",
        "C 31 在册 = K 29 应运行 + X 2 剔除",
        "K 29 应运行 = R 20 运行 + S 6 停运 + U 3 数据不足",
        "20 / 26 = 76.92 %",
        "4 天（2026-09-29 至 2026-10-02）",
        "不符合，决定判定",
        "1 次",
        "一    二    三    四    五    六    日",
        "                     1停   2停   3运   4运",
        "19运  20运  21运  22运  23剔  24剔  25停",
        "2026-10-05  运行      人工更正",
        "王工：现场核实",
        "至 2026-11-02 08:30 为停运（无用电）",
        "2026-10-23  剔除      电网停电",
        "电网停电，批准 李，2026-01-01 录入，计入剔除",
        "2026-10-09  非正常",
    ):
        assert said in text, said
    assert "\x1b" not in text
    assert "\x1b[31;1m 1停\x1b[0m" in lines(found, coloured=True)
    english = lines(found, "en")
    for said in ("not normal  Missed: running days, longest stop, inspection.",
                 "= R 20 running + S 6 stopped + U 3 unknown",
                 "4 d (2026-09-29 to 2026-10-02)", "missed, decides", "in use, rebuilding since 2026-05-01",
                 "stopped (no energy) until 2026-11-02 08:30", "19R   20R   21R   22R   23X"):  # fmt: skip
        assert said in english, said
    data = plain(found, ZONE)
    assert [data[name] for name in "CXKRSU"] == [31, 2, 29, 20, 6, 3]
    assert data["conditions"][1] == {
        "code": "running_share", "part": 20, "whole": 26, "share": "10/13", "limit": "9/10", "met": False,
        "decides": True,
    }  # fmt: skip
    assert data["longest_stop"] == {"first": "2026-09-29", "last": "2026-10-02", "days": 4}
    day = data["days"][4]
    assert (day["corrected_by"], day["replaced"][0]["verdict"]) == ("王工", "stopped")
    assert (data["days"][22]["stop"], data["days"][22]["standing"]) == (stop.id, "counts")


def test_what_waits_for_a_manager_is_said_and_later_that_none_came(centre):
    centre.station(A, "S" * 31)
    with centre.registry.writing() as session:
        session.add(
            Exclusion(station_id=A, start=date(2026, 10, 1), end=date(2026, 10, 7), reason="season",
                      applicant="甲", approver="乙", entered_ms=EARLY)
        )  # fmt: skip
    found = explained(centre)
    assert [each.mark for each in found.days[:7]] == ["excluded"] * 5 + ["stopped"] * 2
    assert "超过当月 5 天，待主管批准" in lines(found)
    assert plain(found, ZONE)["stops"][0]["waiting_days"] == ["2026-10-06", "2026-10-07"]
    later = explained(centre, now_ms=at(2026, 11, 11, 8))
    assert "超过当月 5 天，未在 2026-11-10 前获主管批准，不计" in lines(later)
    assert plain(later, ZONE)["stops"][0]["waiting_days"] == []
    centre.exclude(A, date(2026, 10, 20), date(2026, 10, 21), entered_ms=at(2026, 11, 11, 8))
    assert "逾 2026-11-10 录入，不计" in lines(explained(centre, now_ms=at(2026, 11, 12, 8)))


def test_a_running_month_and_days_off_the_register(centre):
    centre.station(A, "R" * 31, commissioned=date(2026, 10, 4))
    found = explained(centre, now_ms=at(2026, 10, 20, 9))
    marks = [each.mark for each in found.days]
    assert marks == ["off"] * 3 + ["running"] * 16 + ["open"] * 12
    assert found.judged.countable_days == 16
    assert "统计至    2026-10-19" in lines(found)
    nothing = explained(centre, month=Month(2026, 12))
    assert (nothing.judged.judgement, {each.mark for each in nothing.days}) == ("not_counted", {"open"})
    assert "没有应运行日" in lines(nothing)


def test_a_station_that_does_not_count_has_no_explanation(city):
    assert explained(city, "410823-0006") is None
    assert explained(city, "nobody") is None


@pytest.mark.parametrize("month", MONTHS)
def test_weeks_begin_on_monday_and_hold_every_day_once(month):
    days = [ExplainedDay(day, "open", None, None, ()) for day in month.days()]
    rows = weeks(days)
    assert [day for week in rows for day in week if day] == days
    assert all(len(week) == 7 for week in rows)
    assert all(day.day.weekday() == n for week in rows for n, day in enumerate(week) if day)


def test_a_text_of_elsewhere_commands_no_terminal(centre):
    centre.station(A, "R" * 31, name="\x1b[2J村")
    assert "\x1b" not in lines(explained(centre))


def test_words_of_every_code():
    for table in (explain_words.MARKS, explain_words.NAMES, explain_words.CONDITIONS):
        assert all(chinese and english for chinese, english in table.values())
    assert callable(register)
