"""`qingliu alerting performance`: from the rows of the registry to the figures, for people and machines."""

import argparse
import json
import re
from contextlib import closing
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from fresh_registry import fresh_registry

from alerting import alarm_life, escalation
from alerting.alarm_book import AlarmBook
from alerting.performance import FIGURES
from alerting.performance_book import alarm_past
from alerting.performance_command import EXAMPLES, HELP, register
from alerting.performance_past import DAY_MS, HOUR_MS, Annunciation, Quiet, Span
from alerting.performance_words import NAMES, WORDS
from registry.alarm_settings import AlarmSettings
from registry.database import Registry
from registry.tables import Alarm, AlarmEvent, AlarmMute, County, Station
from service.civil import day_of, start_of
from service.columns import width
from service.process import now_ms

MINUTE_MS = 60_000
ZONE = ZoneInfo("Asia/Shanghai")
A, B, C = "410882-0001", "410822-0002", "410822-0003"
START = start_of(date(2025, 10, 1), ZONE)
OCTOBER = Span(START, start_of(date(2025, 11, 1), ZONE), ZONE)


@pytest.fixture(params=["sqlite", "postgresql"])
def registry(request, tmp_path):
    """Three stations of two counties."""
    url = f"sqlite:///{tmp_path}/registry.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").new_registry()
    with closing(seeded(url)) as opened:
        yield opened


def seeded(url):
    registry = fresh_registry(url)
    with registry.writing() as session:
        session.add_all([County(code="410882", name="沁阳市"), County(code="410822", name="博爱县")])
        session.flush()
        session.add_all(
            [Station(id=A, county_code="410882"), Station(id=B, county_code="410822"), Station(id=C)]
        )
    return registry


def add(registry, subject, *events, type_="stopped", severity="medium", **columns):
    """An alarm and its events: `(minutes after START, event, details)`."""
    with registry.writing() as session:
        raised_ms = START + int(events[0][0] * MINUTE_MS)
        station = subject if subject in (A, B, C) else None
        alarm = Alarm(subject=subject, station_id=station, type=type_, severity=severity, start_ms=raised_ms,
                      raised_ms=raised_ms, reason="no_energy", **columns)  # fmt: skip
        session.add(alarm)
        session.flush()
        for minute, event, *details in events:
            at_ms = START + int(minute * MINUTE_MS)
            session.add(
                AlarmEvent(alarm_id=alarm.id, at_ms=at_ms, event=event, details=details[0] if details else {})
            )


def past(registry, span=OCTOBER, county=None):
    with registry.reading() as session:
        return alarm_past(session, span, county)


def after(minute):
    return START + int(minute * MINUTE_MS)


def test_only_what_was_loud_rang(registry):
    add(registry, A, (0, "raised", {"reason": "x"}), (5, "acknowledged"), (90, "shelved"), (99, "shelved"),
        (120, "unshelved"), (120, "rang_again"), (125, "acknowledged"), (130, "returned_to_normal"),
        (140, "suppressed"),
        cleared_ms=after(130), closed_ms=after(130))  # fmt: skip
    add(registry, B, (7, "raised", {"quiet": "area_event"}), type_="offline", severity="low")
    rang, occurrences, mutes = past(registry)
    assert rang == [
        Annunciation(after(0), A, "stopped", "medium", "410882"),
        Annunciation(after(120), A, "stopped", "medium", "410882"),
    ]
    one, two = occurrences
    assert (one.alarmed_ms, one.acknowledged_ms, one.returned_ms) == (after(0), after(5), after(130))
    assert one.quiet == (Quiet("shelved", A, "stopped", after(90), after(120)),)
    assert two.alarmed_ms is None
    assert two.quiet == (Quiet("suppressed", B, "offline", after(7), None),)
    assert mutes == []


def test_the_severity_is_that_of_the_moment(registry):
    lift = {"step": "long", "was": "low", "severity": "medium"}
    grave = {"step": "very_long", "was": "medium", "severity": "high"}
    add(registry, A, (0, "raised"), (10, "escalated", {"step": "unacknowledged"}), (1440, "escalated", lift),
        (4320, "escalated", grave), (5000, "rang_again"), severity="high")  # fmt: skip
    rang, (one,), _ = past(registry)
    assert [(each.at_ms, each.severity) for each in rang] == [
        (after(0), "low"),
        (after(1440), "medium"),
        (after(5000), "high"),
    ]
    assert one.alarmed_ms == after(1440)
    # a lift after the span tells all the same what it was before
    early = past(registry, Span(START, START + HOUR_MS, ZONE))
    assert early.rang[0].severity == "low"


def test_what_is_quiet_from_birth_rings_when_that_ends(registry):
    add(registry, A, (0, "raised", {"quiet": "shelved"}), (30, "acknowledged"), (60, "unshelved"),
        (60, "rang_again"), (70, "acknowledged"))  # fmt: skip
    add(registry, B, (0, "raised", {"quiet": "out_of_service"}), (60, "returned_to_service"),
        (80, "unsuppressed"), (80, "rang_again"))  # fmt: skip
    add(registry, C, (0, "raised", {"quiet": "exclusion"}), (60, "rang_again"), (80, "suppressed"),
        (90, "suppressed"), cleared_ms=after(85))  # fmt: skip
    rang, (one, two, three), _ = past(registry)
    assert [(each.subject, each.at_ms) for each in rang] == [(A, after(60)), (B, after(80)), (C, after(60))]
    assert (one.alarmed_ms, one.acknowledged_ms) == (after(60), after(70))
    assert two.quiet == (
        Quiet("out_of_service", B, "stopped", after(0), after(60)),
        Quiet("suppressed", B, "stopped", after(0), after(80)),
    )
    assert three.quiet == (
        Quiet("suppressed", C, "stopped", after(0), after(60)),
        Quiet("suppressed", C, "stopped", after(80), after(85)),
    )


def test_only_what_was_active_in_the_span_is_read(registry):
    add(registry, A, (-20, "raised"), cleared_ms=after(-1))
    add(registry, B, (-20, "raised"), cleared_ms=after(0))
    add(registry, C, (31 * 1440, "raised"))
    assert [each.subject for each in past(registry).occurrences] == [B]


def test_a_county_is_a_desk_of_its_own(registry):
    add(registry, A, (0, "raised"))
    add(registry, B, (1, "raised"))
    add(registry, C, (2, "raised"))
    add(registry, "410822", (3, "raised"), type_="area_event")
    add(registry, "410822/7", (4, "raised"), type_="area_event")
    mute(registry, "410822/7", "shelved")
    mute(registry, A, "out_of_service")
    assert [each.subject for each in past(registry, county="410822").rang] == [B, "410822", "410822/7"]
    assert [each.subject for each in past(registry, county="410822").mutes] == ["410822/7"]
    assert [each.subject for each in past(registry, county="410882").mutes] == [A]
    assert {each.county for each in past(registry).rang} == {"410882", "410822", None}


def mute(registry, subject, kind, since=0, **columns):
    with registry.writing() as session:
        row = {"type": "", "reason": "testing", "by": "王", "since_ms": after(since)} | columns
        session.add(AlarmMute(kind=kind, subject=subject, **row))


def test_mutes_end_by_hand_by_time_or_not_at_all(registry):
    mute(registry, A, "shelved", until_ms=after(60), ended_ms=after(30))
    mute(registry, B, "shelved", 1, until_ms=after(60), reason="")
    mute(registry, C, "out_of_service", 2)
    mute(registry, A, "shelved", -9, until_ms=after(-1), ended_ms=after(-1))
    mute(registry, A, "out_of_service", 31 * 1440)
    assert past(registry).mutes == [
        Quiet("shelved", A, "", after(0), after(30), "testing"),
        Quiet("shelved", B, "", after(1), after(60), ""),
        Quiet("out_of_service", C, "", after(2), None, "testing"),
    ]


def test_the_life_of_alarms_as_it_is_written_is_the_one_that_is_read(registry):
    settings, quiet = AlarmSettings(), alarm_life.Quiet(suppressed_by=alarm_life.AREA_EVENT)
    with registry.writing() as session:

        def at(minute):
            return AlarmBook(session, after(minute))

        def alarm(subject, severity):
            return Alarm(subject=subject, station_id=subject, type="stopped", severity=severity,
                         start_ms=START, reason="no_energy", evidence={})  # fmt: skip

        loud, notice, child = alarm(A, "medium"), alarm(B, "low"), alarm(C, "medium")
        for minute, act in (
            (0, lambda book: alarm_life.rise(book, loud)),
            (0, lambda book: alarm_life.rise(book, notice)),
            (0, lambda book: alarm_life.rise(book, child, quiet)),
            (9, lambda book: alarm_life.acknowledge(book, loud, "王")),
            (50, lambda book: alarm_life.settle(book, child, alarm_life.LOUD)),
            (60, lambda book: alarm_life.clear(book, loud, is_attended=True)),
            (1440, lambda book: escalation.escalate(book, notice, settings, escalation.Weight())),
        ):
            book = at(minute)
            act(book)
            book.write()
    rang, (one, two, three), _ = past(registry)
    assert sorted((each.at_ms, each.subject, each.severity) for each in rang) == [
        (after(0), B, "low"),
        (after(0), A, "medium"),
        (after(50), C, "medium"),
        (after(1440), B, "medium"),
    ]
    assert (one.alarmed_ms, one.acknowledged_ms, one.returned_ms) == (after(0), after(9), after(60))
    assert (two.alarmed_ms, two.followed_up_ms) == (after(1440), after(1440))
    assert three.quiet == (Quiet("suppressed", C, "stopped", after(0), after(50)),)


# --- the command -------------------------------------------------------------------------------------


@pytest.fixture
def centre(tmp_path):
    """Writes `centre.toml` in a language over a registry with a flood in October."""
    url = f"sqlite:///{tmp_path}/registry.db"
    with closing(seeded(url)) as registry:
        for n in range(13):
            seen = (n / 2 + 20, "acknowledged"), (n / 2 + 30, "returned_to_normal")
            add(registry, A if n < 4 else f"410822/{n:02}", (n / 2, "raised"), *seen,
                cleared_ms=after(n / 2 + 30), closed_ms=after(n / 2 + 30))  # fmt: skip
        add(registry, B, (600, "raised"), type_="offline", severity="low", cleared_ms=after(700),
            closed_ms=after(700))  # fmt: skip
        mute(registry, B, "shelved", until_ms=after(13 * 60), ended_ms=after(13 * 60))

    def config(language="zh-CN", more=""):
        path = tmp_path / f"{language}.toml"
        path.write_text(
            f'[centre]\nlanguage = "{language}"\n[registry]\nurl = "{url}"\n[mqtt]\nhost = "127.0.0.1"\n'
            + more
        )
        return path

    return config


def run(*words):
    parser = argparse.ArgumentParser(prog="qingliu alerting performance")
    register(parser)
    arguments = parser.parse_args([str(word) for word in words])
    return arguments.run(arguments)


OF_OCTOBER = ("--from", "2025-10-01", "--to", "2025-10-31")


def cells(text):
    return [re.split(r"  +", line.strip()) for line in text.splitlines()]


def test_the_table_in_english(centre, capsys):
    assert run("--config", centre("en"), "--month", "2025-10") == 0
    out = capsys.readouterr().out
    lines = cells(out)
    assert lines[0] == ["alarm performance from 2025-10-01 00:00 to 2025-11-01 00:00, the whole centre"]
    assert lines[1] == ["figure", "value", "target", "met"]
    for line in (
        ["alarms that rang", "13", "-", "-"],
        ["alarms an hour, on average", "0.02", "≤ 6", "yes"],
        ["10-minute periods with more than 10", "0.0%", "< 1%", "yes"],
        ["most in a 10-minute period", "13", "≤ 10", "no"],
        ["floods", "1", "-", "-"],
        ["chattering alarms", "1", "0", "no"],
        ["share of the ten busiest", "100.0%", "≤ 5%", "-"],
        ["priority low", "7.1%", "≥ 80%", "no"],
        ["time to acknowledge, median", "20 min", "-", "-"],
        ["shelved, longest", "13.0 h", "-", "-"],
        ["the ten busiest are judged from 200 alarms on"],
        [A, "stopped", "4", "30.8%"],
        ["2025-10-01 00:00", "2025-10-01 00:14", "13"],
        [A, "stopped"],
        [B, "every", "2025-10-01 00:00", "13.0 h", "testing"],
        ["沁阳市", "4", "0"],
        ["博爱县", "9", "1"],
    ):
        assert line in lines, line
    assert WORDS["short"][1] not in out
    assert lines.index(["the busiest alarms"]) < lines.index(["start", "end", "alarms"])


def test_the_table_in_chinese_is_aligned(centre, capsys):
    assert run("--config", centre(), *OF_OCTOBER, "--county", "410882") == 0
    title, head, *lines = capsys.readouterr().out.splitlines()
    assert title == "告警绩效 2025-10-01 00:00 至 2025-11-01 00:00，沁阳市"
    assert head.split() == ["指标", "数值", "目标", "达标"]
    figures = lines[: len(FIGURES)]
    assert figures[0].split() == ["告警次数", "4", "-", "-"]
    assert "20 分钟" in "".join(figures)
    assert [A, "停运", "4", "100.0%"] in cells("\n".join(lines))
    bounds = [line for line in figures if "≤" in line]
    assert len({width(line[: line.index("≤")]) for line in [*bounds]}) == 1
    assert WORDS["counties"][0] not in lines


def test_for_machines(centre, capsys):
    assert run("--config", centre(), "--month", "2025-10", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["start_ms"], told["end_ms"], told["county"]) == (*OCTOBER[:2], None)
    figures = {each["name"]: each for each in told["figures"]}
    assert list(figures) == list(FIGURES)
    assert figures["most_in_period"] == {
        "name": "most_in_period", "value": 13, "unit": "count", "target": {"sign": "<=", "bound": 10},
        "is_met": False,
    }  # fmt: skip
    assert told["floods"] == [{"start_ms": START, "end_ms": after(14), "alarms": 13}]
    assert told["top"][0] == {"subject": A, "type": "stopped", "times": 4, "share": 4 / 13}
    assert told["chattering"] == [{"subject": A, "type": "stopped"}]
    assert told["long_shelves"][0]["lasted_ms"] == 13 * HOUR_MS
    assert told["counties"][0] == {"county": "410822", "alarms": 9, "notices": 1}
    assert len(told["standing"]) == 31


def test_fleeting_leaves_the_off_delay_out(centre, capsys):
    def fleeting(more):
        assert run("--config", centre("en", more), "--month", "2025-10", "--json") == 0
        figures = {each["name"]: each["value"] for each in json.loads(capsys.readouterr().out)["figures"]}
        return figures["fleeting"]

    with closing(Registry(registry_url(centre))) as registry:
        add(registry, B, (50, "raised"), (69, "returned_to_normal"), cleared_ms=after(69))
    assert fleeting("") == 1
    assert fleeting("[alerting]\nclear_after_s = 500\n") == 0


def registry_url(centre):
    return re.search(r'url = "(.*)"', centre().read_text())[1]


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_that_nothing_happened_is_said(centre, capsys, language):
    assert run("--config", centre(language), "--month", "2025-09") == 0
    place = 0 if language == "zh-CN" else 1
    wanted = WORDS["nothing"][place].format(
        start="2025-09-01 00:00", end="2025-10-01 00:00", desk=WORDS["centre"][place]
    )
    assert capsys.readouterr().out == f"{wanted}\n"
    assert run("--config", centre(language), "--month", "2025-09", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert {each["value"] for each in told["figures"]} == {0, None}
    assert (told["floods"], told["top"], len(told["standing"])) == ([], [], 30)


def test_30_days_and_today_so_far_are_the_default(centre, capsys):
    assert run("--config", centre(), "--json") == 0
    told = json.loads(capsys.readouterr().out)
    today = day_of(told["end_ms"], ZONE)
    assert told["start_ms"] == start_of(today - timedelta(days=30), ZONE)
    assert told["end_ms"] <= now_ms()
    assert run("--config", centre(), "--to", "2025-10-31", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["end_ms"] - told["start_ms"] == 30 * DAY_MS


def test_a_short_span_is_told_to_be_one(centre, capsys):
    assert run("--config", centre("en"), "--from", "2025-10-01", "--to", "2025-10-02") == 0
    assert WORDS["short"][1] in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--month", "2025-13"], '--month: must be a month such as 2026-10 (got "2025-13"). Correct it.'),
        (
            ["--month", "9999-12"],
            '--month: must not lie in the future (got "9999-12"). Name an earlier one.',
        ),
        (
            ["--month", "2025-10", "--to", "2025-10-09"],
            '--month: cannot be had together with --from and --to (got "2025-10"). Leave one of them out.',
        ),
        (
            ["--from", "yesterday"],
            '--from: must be a day such as 2026-10-09 (got "yesterday"). Write year, month and day.',
        ),
        (
            ["--from", "0001-01-01"],
            '--from: must not lie before 2000-01-01 (got "0001-01-01"). Name a later one.',
        ),
        (
            ["--from", "2025-10-09", "--to", "2025-10-08"],
            '--from: must not lie after 2025-10-08 (got "2025-10-09"). Correct one of them.',
        ),
        (
            ["--county", "999999"],
            '--county: must be a known county\'s code (got "999999"). Choose of: 410822, 410882.',
        ),
    ],
)
def test_a_mistake_is_one_line_and_2(centre, capsys, words, said):
    assert run("--config", centre(), *words) == 2
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"qingliu alerting performance: {said}\n")


def test_help_has_an_example(capsys):
    with pytest.raises(SystemExit) as ended:
        run("--help")
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert HELP[1:20] in text
    assert EXAMPLES in text


def test_every_figure_has_a_name_in_both_languages():
    assert list(NAMES) == list(FIGURES)
    for names in (NAMES.values(), WORDS.values()):
        assert all(len(each) == 2 and all(each) for each in names)
    for first, second in WORDS.values():
        assert re.findall(r"\{.*?\}", first) == re.findall(r"\{.*?\}", second)
        assert first.count("|") == second.count("|")
    for place in (0, 1):
        assert len({names[place] for names in NAMES.values()}) == len(NAMES)
