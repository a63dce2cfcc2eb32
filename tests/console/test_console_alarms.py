"""Alarms on the pages: which list they stand on, in which order, what is folded, what is said of each."""

import re
from contextlib import closing
from zoneinfo import ZoneInfo

import pytest
from console_alarms import (
    COUNTY_EVENT,
    DUE,
    HIGH_OLD,
    MEDIUM_NEW,
    MEDIUM_OLD,
    NOTICED,
    OUT,
    OVERDUE,
    RETURNED,
    SHELVED,
    STOP,
    TOWN_EVENT,
    UNDUE,
    alarms_of_each_kind,
    an_alarm,
    an_event,
    beneath_events,
    put_alarms,
)
from console_centre import HOUR_MS, MINUTE_MS, NOW_MS, seed
from console_login import SEES_ALL
from fastapi.testclient import TestClient
from fresh_registry import fresh_registry
from hypothesis import given
from hypothesis import strategies as st

from alerting import alarm_words
from alerting.alarm_life import quiet_of
from console import alarm_lists, words
from console.alarm_lists import (
    ALARMS,
    MOST_BENEATH,
    NOTICE,
    NOTICES,
    alarm_counts,
    folded,
    followed_up,
    newest,
    suppressed,
    worst_first,
)
from console.alarm_pages import MOST_ROWS
from console.alarm_past import past
from console.app import create_app
from console.evidence import figures
from console.language import load_languages
from console.reader import Reader
from console.reasons import sentence
from history.embedded import EmbeddedHistory
from registry.tables import Station

TAGS = re.compile(r"<[^>]+>")
LANGUAGES = load_languages()


def reader(tag):
    return Reader(LANGUAGES[tag], ZoneInfo("Asia/Shanghai"), NOW_MS)


def section(text, name):
    return re.search(rf'<section id="{name}".*?</section>', text, re.DOTALL)[0]


def said(html):
    return re.sub(r"\s+", " ", TAGS.sub(" ", html)).strip()


def rows(html):
    """The alarms of a section by their number."""
    found = re.findall(r'<tr id="alarm-(\d+)".*?>(.*?)</tr>', html, re.DOTALL)
    return {int(number): said(row) for number, row in found}


def numbers(html):
    return list(rows(html))


@pytest.fixture
def each_kind(centre):
    put_alarms(centre.registry, *alarms_of_each_kind(), *beneath_events())
    return centre


def test_each_open_alarm_stands_on_one_list_the_worst_first(client, each_kind):
    text = client.get("/alarms").text
    ringing, notices = section(text, "active").split('<h3 id="notices"')
    assert numbers(ringing) == [HIGH_OLD, MEDIUM_OLD, MEDIUM_NEW, COUNTY_EVENT, TOWN_EVENT, RETURNED]
    assert numbers(notices) == [NOTICED]
    assert numbers(section(text, "follow-up")) == [OVERDUE, DUE, UNDUE]
    assert numbers(section(text, "quiet")) == [SHELVED, STOP, OUT]
    assert numbers(section(text, "past")) == []
    assert "Ringing 6 " in said(ringing)
    assert "Follow-up 3 1 overdue" in said(section(text, "follow-up"))
    assert said(section(text, "quiet")).startswith("Quiet 13 ")
    assert '<b class="count">6</b>' in text
    assert "6 alarms ringing" in text
    assert text.index('id="active"') < text.index('id="past"')


def test_what_holds_for_an_alarm_is_said_in_words(client, each_kind):
    row = rows(client.get("/alarms").text)
    assert row[HIGH_OLD].startswith(
        "Stopped Severity high 东石寺村污水处理站 410882-0002 2026-11-20 08:05 30 hours"
    )
    assert row[HIGH_OLD].endswith(
        "acknowledged by 赵工, 2026-11-21 13:55 escalated: not acknowledged, lasting over a day"
    )
    assert row[MEDIUM_OLD].endswith("unacknowledged rang again 2026-11-21 13:05")
    assert row[RETURNED].endswith("returned to normal, unacknowledged")
    assert "Severity low" in row[NOTICED]
    assert "碧水环保有限公司 2026-11-21 14:05 overdue blower fault" in row[OVERDUE]
    assert row[OVERDUE].endswith("unacknowledged escalated: lasting over a day, follow-up overdue")
    assert (
        "清源环保运维有限公司 2026-11-21 14:05 not known yet" in row[DUE]
    )  # nobody else's: the station's own
    assert row[DUE].endswith("shelved until 2026-11-22 14:05: waiting for parts")
    assert row[SHELVED].endswith("shelved until 2026-11-21 17:05: repair ordered")
    assert row[OUT].endswith("out of service")
    assert row[STOP].endswith("during an approved stop")


def test_the_same_in_chinese(client, each_kind):
    text = client.get("/alarms", params={"lang": "zh-CN"}).text
    row = rows(text)
    assert "级别 高" in row[HIGH_OLD]
    assert row[HIGH_OLD].endswith("赵工 已确认，2026-11-21 13:55 已升级：久未确认，持续超过一天")
    assert row[RETURNED].endswith("已恢复，未确认")
    assert "已逾期 风机故障" in row[OVERDUE]
    assert row[SHELVED].endswith("搁置至 2026-11-21 17:05：已派修")
    assert "沁阳市 崇义镇" in row[TOWN_EVENT]
    assert "100 座站点中有 32 座同时失联，其中 20 座报告了停电。" in row[COUNTY_EVENT]
    assert "其中 10 条归并在区域事件之下： 沁阳市" in said(section(text, "quiet"))


def test_empty_lists_say_so(client, centre):
    put_alarms(centre.registry)
    text = said(client.get("/alarms").text)
    for sentence_ in ("No alarm is ringing.", "No notice.", "Nothing is on the follow-up list.",
                      "Nothing is kept quiet.", "No alarm has been closed yet."):  # fmt: skip
        assert sentence_ in text
    assert "No alarm is ringing." in said(client.get("/").text)


def test_stations_beneath_an_area_event_are_folded_into_it(client, centre):
    put_alarms(centre.registry, *beneath_events(1, MOST_BENEATH + 7))
    text = client.get("/alarms").text
    (fold,) = re.findall(rf'<details id="beneath-{COUNTY_EVENT}">.*?</details>', text, re.DOTALL)
    assert f"{MOST_BENEATH + 7} stations stand quietly beneath it" in said(fold)
    assert fold.count("<li>") == MOST_BENEATH
    assert said(fold).endswith("and 7 more: 沁阳市")
    assert 'href="/stations?county=410882"' in fold
    assert 'href="/stations?county=410882&amp;q=%E5%B4%87%E4%B9%89%E9%95%87"' in section(text, "active")
    aside = section(text, "quiet")
    assert numbers(aside) == []
    assert said(aside).startswith(f"Quiet {MOST_BENEATH + 7} ")
    assert f'href="#alarm-{COUNTY_EVENT}">沁阳市</a>' in aside


def test_what_a_person_keeps_quiet_beneath_an_event_is_listed(client, centre):
    shelved = an_alarm(7, 3, "offline", severity="low", suppressed_by="area_event", parent_id=COUNTY_EVENT,
                       shelved_until_ms=NOW_MS + HOUR_MS, shelve_reason="testing")  # fmt: skip
    put_alarms(centre.registry, *beneath_events(1, 2), shelved)
    text = client.get("/alarms").text
    assert "3 stations stand quietly beneath it" in text
    aside = section(text, "quiet")
    assert rows(aside)[7].endswith("shelved until 2026-11-21 15:05: testing under an area event")
    assert f'href="/alarms#alarm-{COUNTY_EVENT}"' in aside
    assert "2 alarms are quiet beneath area events" in aside


def test_an_event_that_is_shelved_or_followed_up_keeps_its_fold(client, centre):
    shelved = an_event(COUNTY_EVENT, "410882", shelved_until_ms=NOW_MS + HOUR_MS, shelve_reason="known_cause")
    followed = an_event(TOWN_EVENT, "410882/崇义镇", follow_up_ms=NOW_MS)
    below = [an_alarm(n, n, "offline", suppressed_by="area_event", parent_id=over)
             for n, over in ((1, COUNTY_EVENT), (2, TOWN_EVENT))]  # fmt: skip
    put_alarms(centre.registry, shelved, followed, *below)
    text = client.get("/alarms").text
    assert f'id="beneath-{TOWN_EVENT}"' in section(text, "follow-up")
    assert f'id="beneath-{COUNTY_EVENT}"' in section(text, "quiet")
    assert "1 station stands quietly beneath it" in text
    assert '<b class="count">' not in text


def test_a_long_list_says_how_long_it_is(client, centre):
    several = [an_alarm(n, n, "offline", severity="low") for n in range(1, MOST_ROWS + 6)]
    put_alarms(centre.registry, *several)
    text = client.get("/alarms").text
    assert len(numbers(text)) == MOST_ROWS
    assert f"{MOST_ROWS} of {MOST_ROWS + 5} are listed." in text
    assert "Notices 105" in said(client.get("/").text)


def test_closed_alarms_stand_in_the_order_they_were_closed(client, centre):
    first = an_alarm(1, 1, raised_ms=NOW_MS - MINUTE_MS, cleared_ms=NOW_MS - 9, closed_ms=NOW_MS - 8)
    last = an_alarm(2, 2, raised_ms=NOW_MS - HOUR_MS, cleared_ms=NOW_MS - 9, closed_ms=NOW_MS - 7,
                    escalated="long", follow_up_ms=NOW_MS - HOUR_MS, due_ms=NOW_MS - 60_000)  # fmt: skip
    put_alarms(centre.registry, first, last)
    closed = said(section(client.get("/alarms").text, "past"))
    assert closed.startswith("Closed 2 ")
    assert closed.index("410882-0002") < closed.index("410882-0001")
    assert "escalated: lasting over a day" in closed
    assert "acknowledged" not in closed
    assert "overdue" not in closed
    with centre.registry.reading() as session:
        assert [row.alarm.id for row in past(session, SEES_ALL, 1).rows] == [2, 1]


def test_the_overview_shows_what_rings_and_counts_the_rest(client, each_kind):
    text = section(client.get("/").text, "newest-alarms")
    assert said(text).startswith("Newest alarms 6 ringing ")
    assert "Notices 1 Follow-up 3 1 overdue Quiet 13" in said(text)
    types = [said(each) for each in re.findall(r'<th scope="row">(.*?)</th>', text, re.DOTALL)]
    assert types == [
        "Area event Severity medium", "Area event Severity medium", "Stopped Severity medium",
        "Stopped Severity high", "Stopped Severity medium", "Stopped Severity high", "Low load Severity low",
    ]  # fmt: skip
    assert f'<a href="/alarms#alarm-{COUNTY_EVENT}">10 stations stand quietly beneath it</a>' in text
    assert "提示 1 整改中 3 逾期 1 条 静默 13" in said(client.get("/", params={"lang": "zh-CN"}).text)


def test_a_station_names_the_area_event_it_stands_under(client, each_kind):
    text = client.get("/stations/410882-0009").text
    state = section(text, "state")
    assert f'<a href="/alarms#alarm-{COUNTY_EVENT}">沁阳市</a>' in state
    assert "Part of an area event: 沁阳市 , since 2026-11-21 13:15 (50 minutes)" in said(state)
    assert "32 of 100 stations fell silent together; 20 of them reported a power cut." in state
    assert f'<a href="/alarms#alarm-{COUNTY_EVENT}">under an area event</a>' in section(
        text, "station-alarms"
    )
    assert "follow-up was due 2026-11-21 14:05: overdue" in client.get("/stations/410882-0006").text
    assert "follow-up due 2026-11-21 14:05" in client.get("/stations/410882-0007").text
    assert "on the follow-up list" in client.get("/stations/410882-0008").text


def test_an_event_that_is_over_names_no_station_any_more(client, centre):
    over = an_event(COUNTY_EVENT, "410882", cleared_ms=NOW_MS, closed_ms=NOW_MS)
    rings_again = an_alarm(1, 9, "offline", severity="low", parent_id=COUNTY_EVENT)
    put_alarms(centre.registry, over, rings_again)
    assert "Part of an area event" not in client.get("/stations/410882-0009").text
    text = client.get("/alarms").text
    assert "beneath" not in text
    assert numbers(section(text, "active")) == [1]


def test_codes_of_another_version_are_shown_as_they_are(client, centre):
    odd = an_alarm(1, 1, severity="severe", escalated="shouted", suppressed_by=None)
    odd_quiet = an_alarm(2, 2, "area_event", suppressed_by="moon", shelve_reason="mood",
                         shelved_until_ms=NOW_MS + 1)  # fmt: skip
    put_alarms(centre.registry, odd, odd_quiet)
    row = rows(client.get("/alarms").text)
    assert "Severity severe" in row[1]
    assert row[1].endswith("escalated: shouted")
    assert row[2].endswith("shelved until 2026-11-21 14:05: mood moon")
    assert '<b class="count">1</b>' in client.get("/").text  # what is not known to be a notice counts


def test_two_thousand_beneath_one_event_cost_no_more_than_ten(client, centre):
    with centre.registry.writing() as session:
        session.add_all(
            Station(id=f"410882-{n:04d}", name="站", county_code="410882") for n in range(11, 2001)
        )
    put_alarms(centre.registry, *beneath_events(1, 10))
    few = {path: len(client.get(path).content) for path in ("/", "/alarms")}
    with centre.registry.writing() as session:
        session.add_all(beneath_events(11, 2000)[2:])
    many = {path: len(client.get(path).content) for path in ("/", "/alarms")}
    assert many["/"] < few["/"] + 4_000 < 300_000
    assert many["/alarms"] < few["/alarms"] + 6_000
    with centre.registry.reading() as session:
        counts = alarm_counts(session, SEES_ALL, NOW_MS)
        rows_ = newest(session, SEES_ALL, 10)
        folds = folded(session, SEES_ALL, rows_)
        assert len(session.identity_map) == len(rows_) == 2
    assert (counts.alarms, counts.quiet, counts.folded) == (2, 2000, 2000)
    assert (folds[COUNTY_EVENT].total, len(folds[COUNTY_EVENT].stations)) == (2000, MOST_BENEATH)


def test_postgresql_lists_the_same(postgres, console_settings, tmp_path):
    with (
        closing(fresh_registry(postgres.new_registry())) as registry,
        closing(EmbeddedHistory(tmp_path / "history.db")) as history,
    ):
        seed(registry, history)
        put_alarms(registry, *alarms_of_each_kind(), *beneath_events(), an_alarm(9, 1, closed_ms=NOW_MS))
        app = create_app(
            console_settings, registry, history, lambda: NOW_MS, tmp_path / "vega-0.js", open_demo=True
        )
        with TestClient(app, base_url="http://127.0.0.1", headers={"accept-language": "en"}) as browser:
            text = browser.get("/alarms").text
            assert numbers(text) == [
                HIGH_OLD, MEDIUM_OLD, MEDIUM_NEW, COUNTY_EVENT, TOWN_EVENT, RETURNED, NOTICED, OVERDUE, DUE,
                UNDUE, SHELVED, STOP, OUT,
            ]  # fmt: skip
            assert "Closed 1 " in said(section(text, "past"))
            assert "10 stations stand quietly beneath it" in browser.get("/").text
            assert "Part of an area event" in browser.get("/stations/410882-0009").text
            narrow = "county=410882&company=碧水环保有限公司&q=410882&type=stopped&month=2026-11"
            assert numbers(browser.get(f"/alarms?{narrow}").text) == [OVERDUE]
            assert browser.get("/alarms/performance").status_code == 200
            assert browser.get(f"/alarms/{OVERDUE}").status_code == 200


marks = st.one_of(st.none(), st.just(NOW_MS))


@given(
    severity=st.sampled_from(["low", "medium", "high"]),
    closed_ms=marks,
    follow_up_ms=marks,
    shelved_until_ms=marks,
    suppressed_by=st.sampled_from([None, "area_event", "exclusion"]),
    parent_id=st.sampled_from([None, COUNTY_EVENT]),
    out_of_service=st.booleans(),
)
def test_every_open_alarm_stands_on_exactly_one_list(kept_registry, **columns):
    """As the rules of alerting have it, whatever comes together."""
    alarm = an_alarm(1, 1, **columns)
    rings = alarm.closed_ms is None and quiet_of(alarm).why is None and alarm.follow_up_ms is None
    put_alarms(kept_registry, an_event(COUNTY_EVENT, "410882", closed_ms=NOW_MS), alarm)
    with kept_registry.reading() as session:
        counts = alarm_counts(session, SEES_ALL, NOW_MS)
        listed = [
            *worst_first(session, SEES_ALL, ALARMS, 9), *worst_first(session, SEES_ALL, NOTICES, 9),
            *followed_up(session, SEES_ALL, 9), *worst_first(session, SEES_ALL, alarm_lists.SHELVED, 9),
            *suppressed(session, SEES_ALL, 9), *worst_first(session, SEES_ALL, alarm_lists.OUT_OF_SERVICE, 9),
        ]  # fmt: skip
        assert len(newest(session, SEES_ALL, 9)) == rings
    is_open = columns["closed_ms"] is None
    assert counts.alarms + counts.notices + counts.follow_up + counts.quiet == is_open
    assert counts.alarms == (rings and columns["severity"] != NOTICE)
    assert len(listed) == is_open - counts.folded
    assert counts.quiet == counts.shelved + counts.suppressed + counts.out_of_service


@pytest.fixture(scope="module")
def kept_registry(tmp_path_factory):
    """A registry that the examples of one test share."""
    url = f"sqlite:///{tmp_path_factory.mktemp('lists')}/registry.db"
    with closing(fresh_registry(url)) as registry:
        yield registry


@pytest.mark.parametrize(
    ("code", "evidence", "english", "chinese"),
    [
        (
            "area_silent", {"stations": 32, "of": 1000, "power_cut": 20},
            "32 of 1,000 stations fell silent together; 20 of them reported a power cut.",
            "1,000 座站点中有 32 座同时失联，其中 20 座报告了停电。",
        ),
        (
            "area_silent", {"stations": 5, "of": 9, "power_cut": 0},
            "5 of 9 stations fell silent together.", "9 座站点中有 5 座同时失联。",
        ),
        (
            "area_power", {"stations": 5, "of": 9, "power_cut": 5},
            "5 of 9 stations lost power together; 5 of them reported a power cut.",
            "9 座站点中有 5 座同时停电，其中 5 座报告了停电。",
        ),
        ("area_power", {"stations": 5, "of": 9}, "5 of 9 stations lost power together.",
         "9 座站点中有 5 座同时停电。"),
        ("area_power", {"stations": True}, "Many stations lost power together.", "多站同时停电。"),
        ("area_silent", {}, "Many stations fell silent together.", "多站同时失联。"),
    ],
)  # fmt: skip
def test_an_outage_is_a_sentence(code, evidence, english, chinese):
    assert sentence(reader("en"), code, evidence) == english
    assert sentence(reader("zh-CN"), code, evidence) == chinese


def test_the_figures_of_an_outage_have_names():
    shown = figures(reader("en"), {"last_ms": NOW_MS, "power_cut": 20, "stations": 32, "of": 1000})
    assert shown == [
        ("Stations affected", "32"), ("Stations in the area", "1,000"), ("Power cut reported by", "20"),
        ("The last fell silent", "2026-11-21 14:05"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("table", "of_alerting"),
    [
        (words.ALARM_TYPES, {**alarm_words.STATES, **alarm_words.TYPES}),
        (words.SEVERITIES, alarm_words.SEVERITIES),
        (words.SHELVE_REASONS, alarm_words.SHELVE_REASONS),
        (words.STEPS, alarm_words.STEPS),
        (words.ALARM_CAUSES, alarm_words.CAUSES),
        (
            {**words.SUPPRESSIONS, "out_of_service": "out of service"},
            {code: each for code, each in alarm_words.QUIETNESS.items() if code != "shelved"},
        ),
    ],
)
def test_pages_and_messages_call_a_thing_by_the_same_name(table, of_alerting):
    assert {
        code: (reader("zh-CN").word(table, code), reader("en").word(table, code).lower()) for code in table
    } == dict(of_alerting)
