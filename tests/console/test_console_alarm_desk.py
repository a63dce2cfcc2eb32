"""What is done at the desk through the page: acts on one and many, refusals, who may, answers and proof."""

import hashlib
import re
from pathlib import Path

import pytest
from console_alarms import (
    COUNTY_EVENT,
    HIGH_OLD,
    MEDIUM_NEW,
    MEDIUM_OLD,
    NOTICED,
    OVERDUE,
    SHELVED,
    alarms_of_each_kind,
    beneath_events,
    put_alarms,
)
from console_centre import DAY_MS, HOUR_MS, MINUTE_MS, NOW_MS
from console_login import ETERNAL_MS, Limits, log_in, token_of

from console.alarm_pages import MOST_ROWS
from console.person import csrf_of
from registry.tables import Alarm, AlarmEvent, AlarmMute, Audit, Company, Notification, Station

OWN, OTHERS = "清源环保运维有限公司", "碧水环保有限公司"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 200
ADMIN = Limits()


@pytest.fixture
def each_kind(centre):
    put_alarms(centre.registry, *alarms_of_each_kind(), *beneath_events())
    return centre


class Somebody:
    """A browser with the forms of its own session."""

    def __init__(self, client, registry, limits=ADMIN):
        self.client = client
        token = token_of(registry, limits, ETERNAL_MS)
        client.cookies.set("session", token)
        self.csrf = csrf_of(token)

    def act(self, act, *alarms, **fields):
        data = {"csrf": self.csrf, "act": act, "alarm": [str(each) for each in alarms], "back": "/alarms"}
        return self.client.post("/alarms/act", data=data | fields)

    def answer(self, alarm, files=None, **fields):
        return self.client.post(f"/alarms/{alarm}/answer", data={"csrf": self.csrf} | fields, files=files)


@pytest.fixture
def somebody(client, each_kind):
    return Somebody(client, each_kind.registry)


def alarm(centre, number):
    with centre.registry.reading() as session:
        return session.get_one(Alarm, number)


def events(centre, number):
    with centre.registry.reading() as session:
        return list(session.query(AlarmEvent).filter_by(alarm_id=number).order_by(AlarmEvent.id))


def told(answer):
    return [
        re.sub(r"<[^>]+>", "", each) for each in re.findall(r'<p class="(?:right|wrong)".*?</p>', answer.text)
    ]


def test_several_are_acknowledged_and_what_was_refused_is_said(somebody, each_kind):
    answer = somebody.act("acknowledge", MEDIUM_NEW, HIGH_OLD, MEDIUM_OLD, note="已电话通知",
                          back="/alarms?severity=medium")  # fmt: skip
    assert str(answer.url).endswith("/alarms?severity=medium")
    assert [each.status_code for each in answer.history] == [303]
    assert told(answer) == [
        "Acknowledged: 北寨村污水处理站 Stopped, 靳作村污水处理站 Stopped",
        "东石寺村污水处理站 Stopped was acknowledged by 赵工 already; nothing was changed.",
    ]
    assert told(somebody.client.get("/alarms")) == []  # it is said once
    for number in (MEDIUM_NEW, MEDIUM_OLD):
        assert alarm(each_kind, number).acknowledged_by == "admin"
        (event,) = events(each_kind, number)
        assert (event.event, event.actor, event.note) == ("acknowledged", "admin", "已电话通知")
    assert events(each_kind, HIGH_OLD) == []


def test_the_second_of_two_is_told_who_was_first(somebody, each_kind):
    somebody.act("acknowledge", MEDIUM_NEW)
    second = Somebody(somebody.client, each_kind.registry, Limits("operator", ("410882",)))
    assert told(second.act("acknowledge", MEDIUM_NEW, lang="zh-CN")) == [
        "北寨村污水处理站 Stopped was acknowledged by admin already; nothing was changed."
    ]
    assert len(events(each_kind, MEDIUM_NEW)) == 1


def test_what_a_shelf_was_over_rings_again_and_is_told(somebody, each_kind):
    shelved = somebody.act("shelve", MEDIUM_NEW, reason="testing", hours="4", note="调试")
    assert told(shelved) == ["Shelved: 北寨村污水处理站 Stopped"]
    assert alarm(each_kind, MEDIUM_NEW).shelved_until_ms == NOW_MS + 4 * HOUR_MS
    with each_kind.registry.reading() as session:
        row = session.query(Audit).filter_by(action="alarms.shelved").one()
    assert (row.object, row.address) == (alarm(each_kind, MEDIUM_NEW).subject, "testclient")
    with each_kind.registry.reading() as session:
        mute = session.query(AlarmMute).one()
        assert (mute.by, mute.reason, mute.note) == ("admin", "testing", "调试")
    assert told(somebody.act("unshelve", MEDIUM_NEW, NOTICED)) == [
        "No longer shelved: 北寨村污水处理站 Stopped",
        "Still standing, so it rings again: 北寨村污水处理站 Stopped",
        "李庄污水处理站 Low load is not shelved; nothing was changed.",
    ]
    assert [each.event for each in events(each_kind, MEDIUM_NEW)] == ["shelved", "unshelved", "rang_again"]


def test_an_alarm_is_assigned_until_the_end_of_a_day(somebody, each_kind):
    answer = somebody.act("assign", MEDIUM_NEW, company=OTHERS, due="2026-11-25", cause="pump", note="请尽快")
    assert told(answer) == ["Assigned: 北寨村污水处理站 Stopped"]
    own = alarm(each_kind, MEDIUM_NEW)
    assert (own.assigned_company_id, own.cause, own.acknowledged_by) == (2, "pump", "admin")
    assert own.due_ms == NOW_MS - (14 * HOUR_MS + 5 * MINUTE_MS) + 5 * DAY_MS  # midnight in Shanghai
    text = somebody.client.get(f"/alarms/{MEDIUM_NEW}").text
    assert "due 2026-11-26 00:00" in text
    assert "<q>请尽快</q>" in text


BROKEN = [
    ("shelve", {"hours": "4"}, "shelving needs a reason"),
    ("shelve", {"reason": "mood", "hours": "4"}, "shelving needs a reason"),
    ("shelve", {"reason": "testing", "hours": "999"}, "a shelf lasts from 1 hour to 7 days"),
    ("shelve", {"reason": "testing"}, "a shelf lasts from 1 hour to 7 days"),
    ("note", {"note": "  "}, "a note needs a text"),
    ("note", {"note": "x" * 501}, "a note has at most 500 letters (got 501)"),
    ("assign", {}, "choose a company, a due day or a cause"),
    ("assign", {"company": "无此公司"}, "there is no O&amp;M company 无此公司"),
    ("assign", {"cause": "moon"}, "there is no cause moon"),
    ("assign", {"due": "2026-11-20"}, "must be today or later, such as 2026-11-25 (got 2026-11-20)"),
    ("assign", {"due": "soon"}, "(got soon)"),
    ("assign", {"due": "9999-12-31"}, "(got 9999-12-31)"),
]


def test_a_broken_rule_is_one_sentence_and_changes_nothing(somebody, each_kind):
    for act, fields, said in BROKEN:
        (line,) = told(somebody.act(act, MEDIUM_NEW, **fields))
        assert line.startswith("Nothing was done: ")
        assert said in line
    assert events(each_kind, MEDIUM_NEW) == []


def test_nothing_chosen_is_said_and_nonsense_is_refused(somebody, each_kind):
    assert told(somebody.act("acknowledge")) == [
        "Nothing was done: no alarm was chosen. Tick those that are meant."
    ]
    assert somebody.act("explode", MEDIUM_NEW).status_code == 400
    assert somebody.act("acknowledge", "x").status_code == 404
    assert somebody.act("acknowledge", 9_999).status_code == 404
    away = somebody.act("acknowledge", MEDIUM_NEW, back="https://evil.example/")
    assert str(away.url) == "http://testserver/"
    assert somebody.client.get("/alarms/x").status_code == 404
    assert "There is no such alarm" in somebody.client.get("/alarms/9999").text


def test_outside_of_ones_limits_there_is_nothing_to_act_on(client, each_kind):
    with each_kind.registry.writing() as session:
        session.add(Station(id="410823-0001", name="外县站"))
        session.flush()
        session.get_one(Alarm, MEDIUM_NEW).station_id = "410823-0001"
    operator = Somebody(client, each_kind.registry, Limits("operator", ("410882",)))
    assert operator.act("acknowledge", MEDIUM_OLD, MEDIUM_NEW).status_code == 404
    assert operator.answer(MEDIUM_NEW, text="x").status_code == 404
    assert client.get(f"/alarms/{MEDIUM_NEW}").status_code == 404
    assert events(each_kind, MEDIUM_OLD) == events(each_kind, MEDIUM_NEW) == []
    contractor = Somebody(client, each_kind.registry, Limits("contractor", company=OWN))
    assert client.get(f"/alarms/{COUNTY_EVENT}").status_code == 404
    assert contractor.act("acknowledge", MEDIUM_OLD).status_code == 403
    viewer = Somebody(client, each_kind.registry, Limits("viewer"))
    assert viewer.act("acknowledge", MEDIUM_OLD).status_code == 403
    assert viewer.answer(MEDIUM_OLD, text="x").status_code == 403
    text = client.get("/alarms").text + client.get(f"/alarms/{MEDIUM_OLD}").text
    assert "<form id=" not in text
    assert 'type="checkbox"' not in text
    assert len(re.findall(r'<tr id="alarm-', text)) < MOST_ROWS


def test_a_contractor_answers_with_proof_that_only_its_own_may_fetch(client, each_kind):
    contractor = Somebody(client, each_kind.registry, Limits("contractor", company=OWN))
    answer = contractor.answer(
        MEDIUM_NEW, {"proof": ("../../etc/x.html", PNG, "text/html")}, text="已更换水泵", cause="pump"
    )
    assert told(answer) == [f"The answer to alarm {MEDIUM_NEW} was taken down."]
    own = alarm(each_kind, MEDIUM_NEW)
    assert (own.cause, own.acknowledged_ms) == ("pump", None)  # to acknowledge is the desk's
    (event,) = events(each_kind, MEDIUM_NEW)
    assert (event.event, event.note, event.details["cause"]) == ("answered", "已更换水泵", "pump")
    assert event.details["sha256"] == hashlib.sha256(PNG).hexdigest()
    kept = Path(each_kind.settings.console.uploads_path) / event.details["file"]
    assert kept.read_bytes() == PNG
    address = f"/alarms/{MEDIUM_NEW}/proof/{event.id}"
    assert f'href="{address}"' in answer.text
    fetched = client.get(address)
    assert fetched.content == PNG
    assert fetched.headers["content-type"] == "image/png"
    assert fetched.headers["x-content-type-options"] == "nosniff"
    assert (
        fetched.headers["content-disposition"] == f'attachment; filename="alarm-{MEDIUM_NEW}-{event.id}.png"'
    )
    assert client.get(f"/alarms/{MEDIUM_OLD}/proof/{event.id}").status_code == 404
    with each_kind.registry.writing() as session:
        session.add(Company(id=9, name="旁人运维（虚构）"))
    Somebody(client, each_kind.registry, Limits("contractor", company="旁人运维（虚构）"))
    assert client.get(address).status_code == 404
    log_in(client, each_kind.registry)
    kept.unlink()
    assert client.get(address).status_code == 404


NO_PROOF = [
    (b"", "the file is empty"),
    (b"<html>", "neither JPEG, PNG nor PDF"),
    (PNG + b"\0" * 5_000_000, "at most 5 MB"),
]


def test_what_is_no_proof_is_not_taken_down(somebody, each_kind):
    for content, said in NO_PROOF:
        (line,) = told(somebody.answer(OVERDUE, {"proof": ("a.png", content, "image/png")}, text="x"))
        assert said in line
    (line,) = told(somebody.answer(OVERDUE, {"proof": ("a.png", PNG, "image/png")}, text=" "))
    assert "a note needs a text" in line
    assert events(each_kind, OVERDUE) == []
    assert not list(Path(each_kind.settings.console.uploads_path).glob("*"))


def test_an_alarm_s_page_tells_its_whole_life(somebody, each_kind):
    somebody.act("note", SHELVED, note="<b>备注</b>")
    with each_kind.registry.writing() as session:
        event = session.query(AlarmEvent).filter_by(alarm_id=SHELVED).one()
        common = {"alarm_event_id": event.id, "created_ms": NOW_MS, "due_ms": NOW_MS, "content": {}}
        session.add(Notification(channel="wecom-desk", sent_ms=NOW_MS, **common))
        session.add(Notification(channel="mail", failed_ms=NOW_MS, last_error="no route\x1b", **common))
        session.add(
            AlarmEvent(
                alarm_id=SHELVED,
                at_ms=NOW_MS + 1,
                event="escalated",
                details={"step": "long", "was": "low", "severity": "medium", "odd": [1]},
            )
        )
        session.add(
            AlarmEvent(alarm_id=SHELVED, at_ms=NOW_MS + 2, event="shouted", details={"company_id": 77})
        )
    text = somebody.client.get(f"/alarms/{SHELVED}").text
    life = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text.partition('id="life"')[2]))
    assert life.index("shouted") < life.index("Escalated") < life.index("Note")
    assert "severity from low to medium" in life
    assert "lasting over a day" in life
    assert "odd [1]" in life
    assert "company_id 77" in life
    assert "wecom-desk sent 2026-11-21 14:05" in life
    assert "mail failed 2026-11-21 14:05 no route\\x1b" in life
    assert "&lt;b&gt;备注&lt;/b&gt;" in text
    assert 'href="/stations/410882-0009?day=2026-11-21#chart-head"' in text
    assert "No energy used." in text
    Somebody(somebody.client, each_kind.registry, Limits("contractor", company=OWN))
    assert "wecom-desk" not in somebody.client.get(f"/alarms/{SHELVED}").text
