"""The alarms that are looked for: each limit alone and together, honest counts, paging that keeps them."""

import re

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
    beneath_events,
    put_alarms,
)
from console_centre import DAY_MS, HOUR_MS, NOW_MS
from console_login import Limits, log_in

from console.alarm_past import PAGE_ROWS
from console.alarm_search import AlarmSearch
from registry.tables import Station

STANDING = [HIGH_OLD, MEDIUM_OLD, MEDIUM_NEW, COUNTY_EVENT, TOWN_EVENT, RETURNED]
FOLLOWED = [OVERDUE, DUE, UNDUE]
OTHER = "410823-0001"


def numbers(html):
    return [int(each) for each in re.findall(r'<tr id="alarm-(\d+)"', html)]


def words(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


@pytest.fixture
def each_kind(centre):
    elsewhere = an_alarm(900, 1, subject=OTHER, station_id=OTHER, severity="high")
    with centre.registry.writing() as session:
        session.add(Station(id=OTHER, name="五里铺站"))
    put_alarms(centre.registry, *alarms_of_each_kind(), *beneath_events(), elsewhere)
    return centre


CASES = [
    ({"severity": "high"}, [HIGH_OLD, 900, RETURNED]),
    ({"type": "area_event"}, [COUNTY_EVENT, TOWN_EVENT]),
    ({"type": "low_load", "severity": "low"}, [NOTICED]),
    ({"type": "low_load", "severity": "high"}, []),
    ({"county": "410882"}, [*STANDING, NOTICED, *FOLLOWED, SHELVED, STOP, OUT]),
    ({"county": "410823"}, []),
    ({"q": "五里"}, [900]),
    ({"q": "0882-0003"}, [MEDIUM_OLD]),
    ({"q": "崇义"}, [TOWN_EVENT]),
    ({"q": "%"}, []),
    ({"company": "碧水环保有限公司"}, [OVERDUE]),
    ({"company": "清源环保运维有限公司", "type": "meter_fault"}, [DUE]),
    ({"company": "无此公司"}, []),
    ({"severity": "\x00high "}, [HIGH_OLD, 900, RETURNED]),
]


def test_each_limit_narrows_every_list(client, each_kind):
    for question, found in CASES:
        text = client.get("/alarms", params=question).text
        assert numbers(text) == found, question
    fragment = client.get("/alarms", params=CASES[0][0] | {"fragment": "1"}).text
    assert numbers(fragment) == CASES[0][1]


def test_counts_say_how_many_of_how_many(client, each_kind):
    text = words(client.get("/alarms", params={"severity": "high"}).text)
    assert "Ringing 3 of 7 " in text
    assert "Notices 0 of 1 " in text
    assert "Follow-up 0 of 3 Nothing fits what is looked for." in text
    assert "Quiet 0 of 13 " in text
    assert " overdue" not in text
    whole = words(client.get("/alarms").text)
    assert "Shelved by somebody, until a time 1 " in whole
    assert "Suppressed by design, as long as its cause lasts 11 " in whole
    assert "Out of service, until somebody puts it back 1 " in whole
    chinese = words(client.get("/alarms", params={"severity": "high", "lang": "zh-CN"}).text)
    assert "在响 7 条中的 3 条" in chinese


def test_the_form_keeps_what_was_looked_for(client, each_kind):
    question = {"q": '"><b>', "county": "410882", "type": "idling", "severity": "low"}
    text = client.get("/alarms", params=question).text
    assert 'name="q" value="&#34;&gt;&lt;b&gt;"' in text
    for chosen in ("410882", "idling", "low"):
        assert f'<option value="{chosen}" selected>' in text
    assert '<a href="/alarms">Show all</a>' in text
    assert AlarmSearch(q="a b", month="2026-10").address(3) == "/alarms?q=a+b&month=2026-10&page=3"
    assert AlarmSearch().address() == "/alarms"


def test_closed_alarms_are_paged_and_taken_by_month(client, centre):
    october = NOW_MS - 30 * DAY_MS
    closed = [
        an_alarm(n, 1, closed_ms=(october if n <= 3 else NOW_MS) - n * HOUR_MS // 10, cleared_ms=october)
        for n in range(1, 2 * PAGE_ROWS + 5)
    ]
    put_alarms(centre.registry, *closed)
    first = client.get("/alarms", params={"type": "stopped"})
    assert words(first.text).count(f"Closed {len(closed)} ") == 1
    assert "Page 1 of 3" in first.text
    (following,) = re.findall(r'<a rel="next" href="([^"]+)"', first.text)
    assert following == "/alarms?type=stopped&amp;page=2#past"
    last = client.get("/alarms", params={"type": "stopped", "page": "99"})
    assert "Page 3 of 3" in last.text
    assert last.text.count('href="/alarms/') - last.text.count("/alarms/performance") == 4
    month = client.get("/alarms", params={"month": "2026-10"}).text
    assert "Closed 3 " in words(month)
    assert '<option value="2026-10" selected>October 2026</option>' in month
    assert client.get("/alarms", params={"month": "2026-13"}).status_code == 404
    assert "Closed 0 Nothing fits" in words(client.get("/alarms", params={"month": "2025-01"}).text)


def test_a_county_s_person_sees_and_counts_only_its_own(client, each_kind):
    log_in(client, each_kind.registry, Limits("operator", ("410882",)))
    text = words(client.get("/alarms", params={"severity": "high"}).text)
    assert "Ringing 2 of 6 " in text
    assert "五里铺站" not in client.get("/alarms", params={"q": "五里"}).text.replace('value="五里"', "")
    assert [each["id"] for each in client.get("/alarms/ringing.json").json()["ringing"]] == [
        TOWN_EVENT, COUNTY_EVENT, MEDIUM_OLD, MEDIUM_NEW
    ]  # fmt: skip
