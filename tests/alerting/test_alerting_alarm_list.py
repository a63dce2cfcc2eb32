"""Which alarms stand on which list of the duty desk, in which order, and how one looks to its reader."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from fresh_registry import fresh_registry
from hypothesis import given
from hypothesis import strategies as st

from alerting.alarm_face import Reader, iso, object_of, state_of, state_words
from alerting.alarm_list import (
    ASIDE,
    VIEWS,
    Listed,
    Wanted,
    aside,
    beneath,
    closed_ones,
    on_list,
    open_ones,
    with_names,
    worst_first,
)
from alerting.alarm_story import story_of
from alerting.desk_options import DAY_MS, HOUR_MS, end_of, number_of, span_of
from registry.database import Registry
from registry.tables import Alarm, AlarmEvent, AlarmMute, Company, County, Notification, Station, Town

ZONE = ZoneInfo("Asia/Shanghai")
A, B, C = "410882-0001", "410882-0002", "410822-0003"
NOW_MS = int(datetime(2026, 11, 22, 12, 0, tzinfo=ZONE).timestamp() * 1000)
CHINESE, ENGLISH = (Reader(language, ZONE, NOW_MS) for language in ("zh-CN", "en"))


def alarm(type_="stopped", subject=A, **columns):
    rest = {
        "station_id": subject if "-" in subject else None, "severity": "medium", "start_ms": NOW_MS - HOUR_MS,
        "raised_ms": NOW_MS, "reason": "no_energy", "evidence": {}, "out_of_service": False, "escalated": "",
    } | columns  # fmt: skip
    return Alarm(type=type_, subject=subject, **rest)


def listed(number=1, **columns):
    return Listed(alarm(id=number, **columns), "", "", "", "", "")


@pytest.fixture(params=["sqlite", "postgresql"])
def registry(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Registry]:
    """With two counties and three stations, in both kinds of database."""
    url = f"sqlite:///{tmp_path}/registry.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").new_registry()
    with closing(fresh_registry(url)) as opened:
        with opened.writing() as session:
            session.add_all([County(code="410882", name="沁阳市"), County(code="410822", name="博爱县")])
            session.add_all([Company(name="碧水环保"), Company(name="清源水务")])
            session.flush()
            town = Town(county_code="410882", name="柏香镇")
            session.add(town)
            session.flush()
            session.add(Station(id=A, name="甲村站", county_code="410882", town_id=town.id, company_id=1))
            session.add_all([Station(id=B, name="乙村站", county_code="410882"), Station(id=C)])
        yield opened


def keep(registry, *alarms):
    with registry.writing() as session:
        for each in alarms:
            session.add(each)
            session.flush()
        return [each.id for each in alarms]


def numbers(registry, **wanted):
    with registry.reading() as session:
        return [each.alarm.id for each in open_ones(session, Wanted(**wanted))]


def test_names_stand_around_an_alarm(registry):
    station, area, county, bare = keep(
        registry,
        alarm(),
        alarm("area_event", "410882/柏香镇"),
        alarm("area_event", "410822"),
        alarm(subject=C),
    )
    with registry.reading() as session:
        rows = with_names(session, [station, area, county, bare, 99])
    assert {number: row[1:] for number, row in rows.items()} == {
        station: ("甲村站", "410882", "沁阳市", "柏香镇", "碧水环保"),
        area: ("", "410882", "沁阳市", "柏香镇", ""),
        county: ("", "410822", "博爱县", "", ""),
        bare: ("", "", "", "", ""),
    }


def test_filters_hold_together(registry):
    ours, lent, other, area, wide, elsewhere = keep(
        registry,
        alarm(),
        alarm("offline", severity="low", assigned_company_id=2),
        alarm(subject=B, severity="high"),
        alarm("area_event", "410882/柏香镇"),
        alarm("area_event", "410882"),
        alarm(subject=C),
    )
    assert set(numbers(registry)) == {ours, lent, other, area, wide, elsewhere}
    assert set(numbers(registry, county="410882")) == {ours, lent, other, area, wide}
    assert numbers(registry, county="41088") == []
    assert set(numbers(registry, station=A)) == {ours, lent}
    assert numbers(registry, company="碧水环保") == [ours]
    assert numbers(registry, company="清源水务") == [lent]
    assert numbers(registry, type="area_event", county="410882") == [area, wide]
    assert numbers(registry, severity="high") == [other]
    assert numbers(registry, severity="high", type="offline") == []


def test_a_county_s_code_is_no_pattern(registry):
    keep(registry, alarm("area_event", "410882"), alarm("area_event", "410882/柏香镇"))
    for code in ("4108%", "41088_", "%"):
        assert numbers(registry, county=code) == []


def test_the_worst_come_first_and_then_the_oldest(registry):
    low, new, old, high = keep(
        registry,
        alarm(severity="low", start_ms=1),
        alarm(subject=B, start_ms=20),
        alarm(subject=C, start_ms=10),
        alarm("offline", severity="high", start_ms=30),
    )
    assert numbers(registry) == [high, old, new, low]


def test_the_last_closed_come_first_and_not_more_than_asked_for(registry):
    first, second, third, _ = keep(
        registry,
        alarm(closed_ms=10),
        alarm(closed_ms=30),
        alarm(subject=B, closed_ms=20),
        alarm(),
    )
    with registry.reading() as session:
        assert [row.alarm.id for row in closed_ones(session)] == [second, third, first]
        assert [row.alarm.id for row in closed_ones(session, Wanted(station=A), 1)] == [second]


def test_a_story_has_the_steps_the_messages_and_the_decisions(registry):
    number, other = keep(registry, alarm(), alarm(subject=B))
    with registry.writing() as session:
        steps = [AlarmEvent(alarm_id=each, at_ms=NOW_MS, event="raised") for each in (number, other)]
        session.add_all(steps)
        session.flush()
        for step in steps:
            session.add(
                Notification(alarm_event_id=step.id, channel="duty-desk", created_ms=1, due_ms=1, sent_ms=2)
            )
        for subject, type_, ended_ms in (
            (A, "", None), (A, "stopped", NOW_MS), (A, "stopped", NOW_MS - 1), (A, "offline", None),
            (B, "", None),
        ):  # fmt: skip
            kind = "out_of_service" if not type_ else "shelved"
            mute = AlarmMute(kind=kind, subject=subject, type=type_, reason="testing", by="x", since_ms=5)
            mute.ended_ms = ended_ms
            session.add(mute)
    with registry.reading() as session:
        story = story_of(session, number)
        assert story_of(session, 99) is None
    assert [event.id for event in story.events] == [steps[0].id]
    assert {step: len(told) for step, told in story.told.items()} == {steps[0].id: 1}
    assert [(mute.type, mute.ended_ms) for mute in story.mutes] == [("", None), ("stopped", NOW_MS)]


KINDS = {
    "fresh": {},
    "seen": {"acknowledged_ms": 5, "acknowledged_by": "赵工"},
    "returned": {"cleared_ms": 5},
    "followed": {"follow_up_ms": 5, "due_ms": NOW_MS + DAY_MS},
    "shelved": {"shelved_until_ms": NOW_MS + HOUR_MS, "shelve_reason": "testing"},
    "beneath": {"suppressed_by": "area_event", "parent_id": 7},
    "planned": {"suppressed_by": "exclusion"},
    "out": {"out_of_service": True},
    "both": {"out_of_service": True, "follow_up_ms": 5},
}


@pytest.mark.parametrize(
    ("view", "kinds"),
    [
        ("open", "fresh seen returned"),
        ("active", "fresh seen followed shelved planned out both"),
        ("unacknowledged", "fresh returned followed"),
        ("follow_up", "followed both"),
        ("shelved", "shelved"),
        ("suppressed", "beneath planned"),
        ("out_of_service", "out both"),
    ],
)
def test_what_stands_on_a_list(view, kinds):
    rows = [listed(number, **columns) for number, columns in enumerate(KINDS.values())]
    assert [list(KINDS)[row.alarm.id] for row in on_list(view, rows)] == kinds.split()


def test_what_is_not_shown_is_counted_aside():
    rows = [listed(number, **columns) for number, columns in enumerate(KINDS.values())]
    counts = {"follow_up": 2, "shelved": 1, "suppressed": 2, "out_of_service": 2}
    assert aside(rows, on_list("open", rows)) == counts
    assert aside(rows, on_list("active", rows)) == {"suppressed": 1}
    assert aside([rows[0]], []) == {}


columns_of = st.fixed_dictionaries(
    {
        "cleared_ms": st.sampled_from([None, 5]),
        "acknowledged_ms": st.sampled_from([None, 5]),
        "follow_up_ms": st.sampled_from([None, 5]),
        "due_ms": st.sampled_from([None, 5, NOW_MS + 5]),
        "shelved_until_ms": st.sampled_from([None, NOW_MS]),
        "suppressed_by": st.sampled_from([None, "area_event", "exclusion"]),
        "out_of_service": st.booleans(),
        "severity": st.sampled_from(["low", "medium", "high"]),
    }
)


@given(st.lists(columns_of, max_size=6))
def test_no_open_alarm_is_forgotten(many):
    rows = [listed(number, **columns) for number, columns in enumerate(many)]
    shown = on_list("open", rows)
    left = [row for row in rows if row not in shown]
    for row in left:
        assert any(VIEWS[view](row.alarm) for view in ASIDE)
    for row in shown:
        assert not any(VIEWS[view](row.alarm) for view in ASIDE)
    assert sum(aside(rows, shown).values()) >= len(left)
    for row in rows:
        for reader in (CHINESE, ENGLISH):
            assert state_words(row.alarm, reader)
        assert state_of(row.alarm, NOW_MS) != "closed"
    assert sorted(worst_first(rows), key=rows.index) == rows


def test_those_beneath_an_event_stand_below_it():
    events = {
        7: listed(7, type_="area_event", subject="410882", severity="medium"),
        8: listed(8, type_="area_event", subject="410822", severity="high"),
    }
    rows = [
        listed(number, subject=f"s-{number}", suppressed_by="area_event", parent_id=parent)
        for number, parent in ((1, 7), (2, 8), (3, 7))
    ]
    alone = listed(4, suppressed_by="exclusion")
    ordered = [row.alarm.id for row in beneath([*rows, alone], events)]
    assert ordered == [8, 2, 7, 1, 3, 4]


@pytest.mark.parametrize(
    ("columns", "code", "chinese", "english"),
    [
        ({}, "unacknowledged", "未确认", "unacknowledged"),
        (KINDS["seen"], "acknowledged", "赵工 已确认", "acknowledged by 赵工"),
        (KINDS["returned"], "returned_unacknowledged", "已恢复，未确认", "returned, unacknowledged"),
        (
            KINDS["shelved"],
            "shelved",
            "搁置至 11-22 13:00（调试）",
            "shelved until 11-22 13:00 (testing)",
        ),
        (
            KINDS["followed"] | KINDS["seen"],
            "follow_up",
            "赵工 已确认，限 11-23 12:00 前",
            "acknowledged by 赵工, due 11-23 12:00",
        ),
        (
            {"follow_up_ms": 5, "due_ms": NOW_MS - 12 * HOUR_MS},
            "overdue",
            "未确认，11-21 24:00 已逾期",
            "unacknowledged, due 11-21 24:00, overdue",
        ),
        ({"follow_up_ms": 5}, "follow_up", "未确认，整改中", "unacknowledged, followed up"),
        (KINDS["beneath"], "suppressed", "区域事件 7 下", "under area event 7"),
        (KINDS["planned"], "suppressed", "批准停运期间", "during an approved stop"),
        (
            KINDS["out"] | KINDS["shelved"],
            "out_of_service",
            "停用，搁置至 11-22 13:00（调试）",
            "out of service, shelved until 11-22 13:00 (testing)",
        ),
        ({"closed_ms": 5} | KINDS["out"], "closed", "已关闭", "closed"),
    ],
)
def test_a_state_in_code_and_in_words(columns, code, chinese, english):
    one = alarm(**columns)
    assert state_of(one, NOW_MS) == code
    assert (state_words(one, CHINESE), state_words(one, ENGLISH)) == (chinese, english)


def test_clock_and_spans_are_short_but_never_ambiguous():
    assert CHINESE.clock(NOW_MS - 325 * DAY_MS) == "01-01 12:00"
    assert CHINESE.clock(NOW_MS - 326 * DAY_MS) == "2025-12-31 12:00"
    assert CHINESE.clock(NOW_MS + 12 * HOUR_MS) == "11-23 00:00"
    assert CHINESE.clock(NOW_MS + 12 * HOUR_MS, is_end=True) == "11-22 24:00"
    assert [CHINESE.lasted(ms) for ms in (0, 3_599_999, 25 * HOUR_MS)] == [
        "0 小时 0 分",
        "0 小时 59 分",
        "1 天 1 小时",
    ]
    assert ENGLISH.lasted(3 * DAY_MS + 5 * HOUR_MS) == "3 d 5 h"


def test_an_alarm_for_machines_has_all_its_columns():
    row = Listed(alarm(id=3, rang_ms=NOW_MS, cleared_ms=None), "甲村站", "410882", "沁阳市", "", "")
    told = object_of(row, CHINESE)
    columns = {name.removesuffix("_ms") for name in Alarm.__table__.columns.keys()}  # noqa: SIM118 - no mapping
    assert told.keys() == columns | {"state", "station_name", "county_code", "county", "town", "company"}
    assert (told["rang"], told["cleared"], told["town"]) == ("2026-11-22T12:00:00.000+08:00", None, None)
    assert datetime.fromisoformat(iso(NOW_MS + 7, ZONE)).timestamp() * 1000 == NOW_MS + 7


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("2026-11-25", "2026-11-26T00:00"),
        ("2026年11月25日", "2026-11-26T00:00"),
        ("2026-11-25 18:00", "2026-11-25T18:00"),
        ("2026-11-25 00:00:00", "2026-11-25T00:00"),
        ("2026-11-25T18:00:00+00:00", "2026-11-26T02:00"),
    ],
)
def test_when_something_ends(text, local):
    assert end_of(text, ZONE) == datetime.fromisoformat(local).replace(tzinfo=ZONE).timestamp() * 1000


def test_how_long_and_which():
    assert [span_of(text) for text in ("24h", "3d", "1 H")] == [DAY_MS, 3 * DAY_MS, HOUR_MS]
    assert [number_of(text) for text in ("17", str(2**63 - 1))] == [17, 2**63 - 1]


@pytest.mark.parametrize("text", ["", "0h", "3", "h", "-1h", "1.5d", "1w", "٣d", "9999999h"])
def test_what_is_no_span(text):
    with pytest.raises(ValueError, match="such as 24h or 3d"):
        span_of(text)


@pytest.mark.parametrize("text", ["", "0", "-1", "x", "1.0", "٣", str(2**63), "9" * 40])
def test_what_is_no_number_of_an_alarm(text):
    with pytest.raises(ValueError, match="must be the number of an alarm"):
        number_of(text)


@given(st.text(max_size=20) | st.from_regex(r"[0-9]{1,4}-[0-9]{1,2}-[0-9]{1,2}( [0-9]{1,2}:[0-9]{2})?"))
def test_any_text_is_read_or_refused(text):
    for read in (span_of, number_of, lambda each: end_of(each, ZONE)):
        try:
            found = read(text)
        except ValueError as error:
            assert str(error).startswith("must be ")  # noqa: PT017 - either answer is right
        else:
            assert isinstance(found, int)


@given(st.datetimes(datetime(2000, 1, 1), datetime(9999, 12, 30)))  # noqa: DTZ001 - a wall clock
def test_a_day_ends_when_the_next_begins(at):
    assert end_of(f"{at.date()}", ZONE) == end_of(f"{at.date()} 00:00", ZONE) + DAY_MS
