"""Who hears what, and when: counties, severity, level, hours over midnight, the duty roster."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from notify_receivers import NOW_MS, ZONE, channel, message, post

from notify.digest import digest_due
from notify.post import post_of
from notify.retries import back_off_ms, is_given_up
from notify.roster import Roster, Shift
from notify.routes import hears, told_from
from registry.notify_settings import SEVERITIES, NotifySettings
from service.settings import SettingsError

HOUR_MS = 3_600_000


def at(text, zone=ZONE):
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


@pytest.mark.parametrize(
    ("of_channel", "of_message", "is_heard"),
    [
        ({}, {}, True),
        ({"severity": "high"}, {"severity": "medium"}, False),
        ({"severity": "medium"}, {"severity": "high"}, True),
        ({"level": 2}, {"level": 1}, False),
        ({"level": 2}, {"level": 3}, True),
        ({"counties": ["410882"]}, {"county": "410823"}, False),
        ({"counties": ["410882", "410823"]}, {"county": "410823"}, True),
        ({"counties": ["410882"]}, {"county": ""}, True),
        ({"tells": ["reports"]}, {"matter": "alarms"}, False),
        ({"tells": ["digest"]}, {"matter": "digest"}, True),
        ({"tells": []}, {}, False),
    ],
)
def test_a_channel_hears_what_its_settings_say(of_channel, of_message, is_heard):
    assert hears(channel(**of_channel), message(1, **of_message)) is is_heard


def test_off_duty_only_reports_are_heard():
    noon = at("2026-11-22 11:00")
    given = post(channel("li"), channel("zhang"), roster=Roster([DAY, NIGHT]))
    heard = [
        matter
        for matter in ("alarms", "digest", "reports")
        if given.told_from(given.channels[0], message(matter=matter), noon) is not None
    ]
    assert heard == ["reports"]


@pytest.mark.parametrize(
    ("hours", "now", "told"),
    [
        ("07:30-22:00", "2026-11-22 07:29", "2026-11-22 07:30"),
        ("07:30-22:00", "2026-11-22 07:30", "2026-11-22 07:30"),
        ("07:30-22:00", "2026-11-22 21:59", "2026-11-22 21:59"),
        ("07:30-22:00", "2026-11-22 22:00", "2026-11-23 07:30"),
        ("07:30-24:00", "2026-11-22 23:59", "2026-11-22 23:59"),
        ("22:00-06:00", "2026-11-22 23:00", "2026-11-22 23:00"),
        ("22:00-06:00", "2026-11-22 05:59", "2026-11-22 05:59"),
        ("22:00-06:00", "2026-11-22 06:00", "2026-11-22 22:00"),
        ("22:00-06:00", "2026-12-31 12:00", "2026-12-31 22:00"),
        ("08:00-08:00", "2026-11-22 03:00", "2026-11-22 03:00"),
        ("", "2026-11-22 03:00", "2026-11-22 03:00"),
    ],
)
def test_below_high_a_channel_is_told_in_its_hours(hours, now, told):
    assert told_from(hours, "medium", at(now), ZONE) == at(told)
    assert told_from(hours, "high", at(now), ZONE) == at(now)


CLOCK = st.tuples(st.integers(0, 23), st.integers(0, 59)).map(lambda each: f"{each[0]:02}:{each[1]:02}")


@given(
    CLOCK, CLOCK, st.integers(0, 2_000_000_000_000),
    st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/St_Johns", "Pacific/Apia"]),
)  # fmt: skip
def test_hours_delay_by_less_than_two_days_and_never_into_the_past(begin, end, now_ms, name):
    zone = ZoneInfo(name)
    told_ms = told_from(f"{begin}-{end}", "medium", now_ms, zone)
    assert now_ms <= told_ms <= now_ms + 49 * HOUR_MS
    assert told_ms == now_ms or told_from(f"{begin}-{end}", "medium", told_ms, zone) == told_ms


DAY = Shift(at("2026-11-22 08:00"), at("2026-11-22 20:00"), "张三", "zhang")
NIGHT = Shift(at("2026-11-22 20:00"), at("2026-11-23 07:00"), "李四", "li")
SOUTH = Shift(at("2026-11-22 06:00"), at("2026-11-22 12:00"), "王五", "wang", ("410883",))


def test_the_roster_says_who_hears():
    roster = Roster([DAY, NIGHT, SOUTH])
    noon, evening, gap = at("2026-11-22 11:00"), at("2026-11-22 20:00"), at("2026-11-23 07:00")

    def heard(at_ms, severity="medium", county="410823"):
        found = {
            each: roster.told_from(each, severity, county, at_ms) for each in ("zhang", "li", "wang", "desk")
        }
        return {each: from_ms for each, from_ms in found.items() if from_ms is not None}

    assert heard(noon) == {"zhang": noon, "desk": noon}
    assert heard(noon, county="410883") == dict.fromkeys(("zhang", "wang", "desk"), noon)
    assert heard(noon, county="") == dict.fromkeys(("zhang", "wang", "desk"), noon)
    assert heard(evening) == {"li": evening, "desk": evening}
    assert heard(gap, severity="high") == dict.fromkeys(("zhang", "li", "wang", "desk"), gap)
    before = at("2026-11-21 07:00")
    first = min(each.from_ms for each in (DAY, NIGHT) if each.from_ms > before)
    assert heard(before) == {"zhang": first, "desk": before}  # in a gap it waits for who answers next
    assert heard(gap) == dict.fromkeys(("zhang", "li", "wang", "desk"), gap)  # the roster has run out
    assert roster.on_duty(noon, "410883") == ["张三", "王五"]
    assert roster.on_duty(gap) == []


@given(
    st.lists(
        st.builds(
            Shift, st.integers(0, 50), st.integers(0, 50), st.just("甲"), st.sampled_from("ab"),
            st.sampled_from([(), ("1",), ("2",)]),
        ),
        max_size=6,
    ),
    st.integers(0, 50), st.sampled_from(["", "1", "2"]),
)  # fmt: skip
def test_an_alarm_is_heard_by_somebody_whatever_the_roster(shifts, at_ms, county):
    roster = Roster(shifts)
    for severity in ("high", "medium"):
        told = [roster.told_from(name, severity, county, at_ms) for name in "ab"]
        assert min(each for each in told if each is not None) >= at_ms
    assert at_ms in [roster.told_from(name, "high", county, at_ms) for name in "ab"]


@pytest.fixture
def roster_of(tmp_path):
    path = tmp_path / "roster.csv"

    def read(text, encoding="utf-8"):
        path.write_text(text, encoding=encoding)
        settings = NotifySettings(channels=[channel("zhang"), channel("li")], roster_file=str(path))
        return post_of(settings, ZONE, "zh-CN").roster

    return read


def test_a_roster_is_read_as_the_office_keeps_it(roster_of):
    text = (
        "开始,结束,值班人,渠道,县区\n"
        "2026-11-22 08:00,2026/11/22 20:00,张三,zhang,410823 410882\n"
        "\n2026-11-22 20:00,2026-11-22 24:00,李四,li,\n"
    )
    shifts = (
        Shift(at("2026-11-22 08:00"), at("2026-11-22 20:00"), "张三", "zhang", ("410823", "410882")),
        Shift(at("2026-11-22 20:00"), at("2026-11-23 00:00"), "李四", "li"),
    )
    assert roster_of(text).shifts == shifts
    assert roster_of(text, "gb18030").shifts == shifts
    english = text.replace("开始,结束,值班人,渠道,县区", "from,to,name,channel,counties")
    assert roster_of(english).shifts == shifts


def test_every_fault_of_a_roster_has_its_line(roster_of, tmp_path):
    codes, remedy = "must be counties' codes", "Write codes such as 410882, with spaces between."
    when = "must be a local time such as 2026-11-22 08:00"
    with pytest.raises(SettingsError) as caught:
        roster_of(
            "from,to,name,channel,counties\n"
            "2026-11-22 20:00,2026-11-22 08:00,甲,zhang,\n"
            "2026-11-22,tomorrow,,nobody,武陟县\n"
        )
    assert caught.value.lines() == [
        f"{tmp_path}/roster.csv: {line}"
        for line in (
            'row 2: column to: must lie after the beginning (got "2026-11-22 08:00"). Correct one.',
            "row 3: column name: is required. Fill it in.",
            f'row 3: column from: {when} (got "2026-11-22"). Correct it.',
            f'row 3: column to: {when} (got "tomorrow"). Correct it.',
            'row 3: column channel: must be a channel of [notify] (got "nobody"). Known: li, zhang.',
            f'row 3: column counties: {codes} (got "武陟县"). {remedy}',
        )
    ]


def test_a_changed_roster_counts_at_once_and_a_faulty_one_does_not(roster_of, tmp_path):
    head, path = "from,to,name,channel\n", tmp_path / "roster.csv"
    roster = roster_of(f"{head}2026-11-22 08:00,2026-11-22 20:00,张三,zhang\n")
    assert roster.refresh() == ""
    path.write_text(
        f"{head}2026-11-22 08:00,2026-11-22 20:00,李四,li\n2026-11-23 08:00,2026-11-23 20:00,李四,li\n"
    )
    assert (roster.refresh(), roster.on_duty(at("2026-11-22 09:00"))) == ("", ["李四"])
    path.write_text(f"{head}soon,later,王五,li\n")
    fault = roster.refresh()
    assert fault == roster.refresh()
    assert fault.startswith(f"{path}: row 2: column from: must be a local time such as")
    assert fault.endswith(" And 1 more. The roster of before stays in force.")
    assert roster.on_duty(at("2026-11-22 09:00")) == ["李四"]
    path.unlink()
    assert "No such file" in roster.refresh()
    path.write_text(f"{head}2026-11-22 08:00,2026-11-22 20:00,张三,zhang\n")
    assert (roster.refresh(), roster.on_duty(at("2026-11-22 09:00"))) == ("", ["张三"])


def test_the_digest_is_due_from_its_hour_until_midnight():
    made = set()

    def due(text, digest_at="07:30"):
        return digest_due(at(text), ZONE, digest_at, made.__contains__)

    assert due("2026-11-22 07:29") is None
    assert due("2026-11-22 07:30") == date(2026, 11, 22)
    assert due("2026-11-22 23:59") == date(2026, 11, 22)
    assert due("2026-11-23 00:00") is None
    assert due("2026-11-22 09:00", "") is None
    made.add(date(2026, 11, 22))
    assert due("2026-11-22 09:00") is None
    elsewhere = digest_due(at("2026-11-22 07:30"), ZoneInfo("America/New_York"), "07:30", made.__contains__)
    assert elsewhere == date(2026, 11, 21)


def test_retries_wait_longer_each_time_and_end_after_a_day():
    assert [back_off_ms(number) // 60_000 for number in range(1, 9)] == [1, 2, 4, 8, 16, 30, 30, 30]
    last = next(number for number in range(1, 1_000) if is_given_up(number))
    waited = timedelta(milliseconds=sum(back_off_ms(number) for number in range(1, last)))
    assert timedelta(hours=23, minutes=25) < waited < timedelta(hours=24)


def test_severities_are_in_order():
    assert SEVERITIES == ("low", "medium", "high")
    assert at("2025-11-22 00:00") == NOW_MS
