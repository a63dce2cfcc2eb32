"""The sender: at most one message a minute, nothing lost, nobody held up by a neighbour."""

import json
import logging
import threading
from contextlib import closing, contextmanager
from itertools import pairwise

import pytest
from notify_receivers import NOW_MS, ZONE, channel, message, post
from servers import wait_until
from sqlalchemy import event, select, update
from sqlalchemy.exc import OperationalError

from notify.outbox import put
from notify.post import Post
from notify.roster import Roster, Shift
from notify.roster_file import RosterFile
from notify.sender import Sender
from notify.transport import AppriseTransport, DeliveryError
from registry.tables import DeliveryAttempt, Notification

MINUTE_MS = 60_000
DAY_MS = 86_400_000


class Recorder:
    """A transport that notes what it is given and fails where told to."""

    def __init__(self):
        self.got, self.fails = [], {}
        self.gate = threading.Event()
        self.gate.set()
        self.slow = ""

    def send(self, url, subject, body, attachments):
        if self.slow and self.slow in url:
            self.gate.wait(20)
        if url in self.fails:
            raise DeliveryError(self.fails[url])
        self.got.append((url.rpartition("/")[2], subject, body, list(attachments)))


@pytest.fixture
def transport():
    return Recorder()


@pytest.fixture
def clock():
    return [NOW_MS]


@pytest.fixture
def sending(registry, transport, clock):
    """Makes a sender and steps it; the clock stands where the last step put it."""

    @contextmanager
    def make(given_post, carrier=transport, **other):
        with closing(Sender(registry, given_post, lambda: clock[0], carrier, **other)) as sender:

            def step(minutes=0.0):
                clock[0] = NOW_MS + round(minutes * MINUTE_MS)
                sender.step(clock[0])

            yield sender, step

    return make


def tell(registry, given_post, *messages, now_ms=NOW_MS):
    with registry.writing() as session:
        for each in messages:
            put(session, each, given_post, now_ms)


def rows(registry, model=Notification):
    with registry.reading() as session:
        return list(session.scalars(select(model).order_by(model.id)))


def test_what_is_due_is_sent_once_and_marked(registry, sending, transport):
    link = "https://q.example.cn"
    given_post = post(channel("desk"), channel("chief", level=2, language="en"), link=link)
    tell(registry, given_post, message(1), message(2, level=2))
    with sending(given_post) as (sender, step):
        step()
        step(5)
        assert sender.conditions() == {}
    assert sorted(transport.got) == [
        ("chief", "[Qingliu] 武陟县: 2号村污水处理站 stopped",
         "station 2 stopped\nhttps://q.example.cn\nref event-2", []),
        ("desk", "【清流】2 条告警",
         f"武陟县 2 站停运，最久：1号村污水处理站（自 11-22 00:01 起）\n{link}\n编号 event-1 等 2 条", []),
    ]  # fmt: skip
    assert {row.sent_ms for row in rows(registry)} == {NOW_MS}
    attempts = {row.channel: row for row in rows(registry, DeliveryAttempt)}
    assert {name: (row.notifications, row.ended_ms, row.error) for name, row in attempts.items()} == {
        "desk": (2, NOW_MS, None), "chief": (1, NOW_MS, None),
    }  # fmt: skip
    assert attempts["desk"].subject == "【清流】2 条告警"


def test_two_thousand_messages_are_one_a_channel_and_minute(registry, sending, transport):
    given_post = post(channel("desk"), channel("chief"))
    flood = [message(number, place=f"第{number % 30}县") for number in range(2_000)]
    tell(registry, given_post, *flood)
    with sending(given_post) as (_, step):
        step()
        tell(registry, given_post, message(2_001), message(2_002))
        for minutes in (0.1, 0.5, 0.99):
            step(minutes)
        assert len(transport.got) == 2
        step(1)
    assert [(name, subject) for name, subject, *_ in sorted(transport.got)] == [
        ("chief", "【清流】2 条告警"), ("chief", "【清流】2000 条告警"),
        ("desk", "【清流】2 条告警"), ("desk", "【清流】2000 条告警"),
    ]  # fmt: skip
    assert all(len(f"{subject}\n{body}".encode()) <= 2_000 for _, subject, body, _ in transport.got)
    assert all(row.sent_ms for row in rows(registry))


def test_the_minute_counts_from_the_attempt_in_the_registry_also_after_a_restart(
    registry, sending, transport
):
    given_post = post(channel())
    for number, minutes in ((1, 0), (2, 0.5), (3, 0.9), (4, 1)):
        tell(registry, given_post, message(number))
        with sending(given_post) as (_, step):
            step(minutes)
    assert [body.splitlines()[-1] for _, _, body, _ in transport.got] == [
        "编号 event-1",
        "编号 event-2 等 3 条",
    ]


def test_a_clock_that_was_put_back_holds_nothing_up(registry, sending, transport):
    given_post = post(channel())
    tell(registry, given_post, message(1), message(2, severity="high"))
    with sending(given_post) as (_, step):
        step()
        with registry.writing() as session:
            session.execute(update(DeliveryAttempt).values(at_ms=NOW_MS + DAY_MS))
        tell(registry, given_post, message(3))
        step(2)
    assert len(transport.got) == 2


def test_digest_and_reports_go_alone_and_high_alarms_before_them(registry, sending, transport, tmp_path):
    file = str(tmp_path / "a.pdf")
    given_post = post(channel())
    tell(registry, given_post,
         message(1, key="report-2026-10-r1", matter="reports", attachments=[file]),
         message(2, key="digest-2026-11-22", matter="digest"), message(3), message(4),
         message(5, severity="high"))  # fmt: skip
    with sending(given_post) as (_, step):
        for minutes in range(5):
            step(minutes)
    assert [(body.splitlines()[-1], files) for _, _, body, files in transport.got] == [
        ("编号 event-3 等 3 条", []), ("编号 report-2026-10-r1", [file]), ("编号 digest-2026-11-22", []),
    ]  # fmt: skip


def test_a_failing_channel_is_tried_ever_more_slowly_for_a_day_and_never_forgotten(
    registry, sending, transport, caplog
):
    given_post = post(channel())
    transport.fails["json://127.0.0.1/desk"] = "HTTP 500"
    tell(registry, given_post, message(1))
    caplog.set_level(logging.INFO)
    with sending(given_post) as (sender, step):
        for minutes in [*range(70), *range(70, 30 * 60, 7)]:
            step(minutes)
        (row,) = rows(registry)
        at = [(each.at_ms - NOW_MS) // MINUTE_MS for each in rows(registry, DeliveryAttempt)]
        assert at[:8] == [0, 1, 3, 7, 15, 31, 61, 91]
        assert {after - before for before, after in pairwise(at[7:])} == {35}  # 30, seen every 7
        assert (row.sent_ms, row.attempts, row.last_error) == (None, len(at), "HTTP 500")
        assert row.failed_ms == NOW_MS + at[-1] * MINUTE_MS
        assert len(at) == 52
        given_up = {"notify desk given up": "1 message not delivered in 24 hours of tries: HTTP 500"}
        assert sender.conditions() == given_up
        assert [record.getMessage() for record in caplog.records if record.name == "notify.sender"] == [
            "notify desk: not delivered, is tried again: HTTP 500",
            "notify desk: well again",
            "notify desk given up: 1 message not delivered in 24 hours of tries: HTTP 500",
        ]
    with sending(given_post) as (sender, step):  # a restart knows of it
        step(30 * 60)
        assert sender.conditions() == given_up
        step(9 * 24 * 60)
        assert sender.conditions() == {}


def test_a_channel_that_comes_back_gets_everything(registry, sending, transport):
    given_post = post(channel("desk"), channel("chief"))
    transport.fails["json://127.0.0.1/desk"] = "connection refused"
    tell(registry, given_post, message(1))
    with sending(given_post) as (sender, step):
        step(0)
        tell(registry, given_post, message(2))
        step(1)
        assert sender.conditions() == {"notify desk": "not delivered, is tried again: connection refused"}
        assert [row.attempts for row in rows(registry) if row.channel == "desk"] == [2, 1]
        transport.fails.clear()
        step(2)
        step(3)
        assert sender.conditions() == {}
    assert [(name, body.splitlines()[-1]) for name, _, body, _ in transport.got] == [
        ("chief", "编号 event-1"), ("chief", "编号 event-2"),
        ("desk", "编号 event-2"), ("desk", "编号 event-1"),
    ]  # fmt: skip


def test_a_retry_keeps_to_the_channel_s_hours(registry, sending, transport):
    given_post = post(channel(hours="23:00-00:05"))
    transport.fails["json://127.0.0.1/desk"] = "HTTP 500"
    tell(registry, given_post, message(1), message(2, severity="high"))
    with sending(given_post) as (_, step):
        for minutes in range(9):
            step(minutes)
    low, high = rows(registry)
    assert (low.attempts, low.due_ms) == (3, NOW_MS + 23 * 60 * MINUTE_MS)
    assert (high.attempts, high.due_ms) == (4, NOW_MS + 15 * MINUTE_MS)


def test_a_slow_channel_holds_nobody_up(registry, sending, transport):
    given_post = post(channel("desk"), channel("slow"))
    tell(registry, given_post, message(1))
    transport.slow = "slow"
    transport.gate.clear()
    with sending(given_post, patience_s=0.2) as (_, step):
        step()
        tell(registry, given_post, message(2))
        step(1)
        assert [name for name, *_ in transport.got] == ["desk", "desk"]
        transport.gate.set()
        wait_until(lambda: len(transport.got) == 3, "the slow one is through")
        step(2)
        wait_until(lambda: len(transport.got) == 4, "and gets the next")
    assert [row.notifications for row in rows(registry, DeliveryAttempt) if row.channel == "slow"] == [1, 1]
    assert all(row.sent_ms for row in rows(registry))


def test_rows_of_a_channel_that_is_gone_are_given_up_after_a_day(registry, sending):
    tell(registry, post(channel("old")), message(1))
    with sending(post()) as (sender, step):
        step(60)
        assert rows(registry)[0].failed_ms is None
        step(24 * 60)
        assert sender.conditions() == {
            "notify old given up": "1 message not delivered in 24 hours of tries: "
            "the channel is no longer in [notify]"
        }
    assert rows(registry)[0].failed_ms == NOW_MS + DAY_MS


def test_a_row_that_cannot_be_read_blocks_nobody(registry, sending, transport):
    given_post = post(channel())
    with registry.writing() as session:
        session.add(Notification(key="x", channel="desk", created_ms=1, due_ms=1, content={"old": 1}))
    tell(registry, given_post, message(1))
    with sending(given_post) as (_, step):
        step()
    bad, good = rows(registry)
    assert (bad.failed_ms, good.sent_ms) == (NOW_MS, NOW_MS)
    assert bad.last_error.startswith("cannot be read: ")


def test_an_attempt_of_a_dead_process_is_closed(registry, sending, transport):
    with registry.writing() as session:
        session.add(DeliveryAttempt(channel="desk", at_ms=NOW_MS, notifications=1, subject="x"))
    with sending(post(channel())) as (_, step):
        step(1)
    (attempt,) = rows(registry, DeliveryAttempt)
    assert (attempt.ended_ms, attempt.error) == (NOW_MS + MINUTE_MS, "interrupted, sent again")


def test_who_is_on_duty_stands_in_the_message_and_a_faulty_roster_is_a_condition(
    registry, sending, transport, tmp_path
):
    roster = Roster([Shift(NOW_MS, NOW_MS + DAY_MS, "张三", "desk"),
                     Shift(NOW_MS, NOW_MS + DAY_MS, "王五", "desk", ("410882",))])  # fmt: skip
    given_post = post(channel(), roster=roster)
    tell(registry, given_post, message(1))
    with sending(given_post) as (_, step):
        step()
    assert transport.got[0][2].splitlines()[1:] == ["值班：张三", "编号 event-1"]
    path = tmp_path / "roster.csv"
    path.write_text("from,to,name,channel\n2026-11-22 08:00,2026-11-22 20:00,张三,desk\n")
    with sending(Post([channel()], RosterFile(path, ZONE, ["desk"]), ZONE, "zh-CN", "")) as (sender, step):
        step(5)
        assert sender.conditions() == {}
        path.write_text("from,to,name,channel\nsoon,2026-11-22 20:00,张三,desk\n")
        step(6)
        assert list(sender.conditions()) == ["notify roster"]


def test_a_registry_that_fails_while_marking_goes_up_and_the_message_is_sent_again(
    registry, sending, transport, clock
):
    given_post = post(channel())
    tell(registry, given_post, message(1))

    def fail(connection, cursor, statement, *_):
        if statement.startswith("UPDATE notifications"):
            raise OperationalError(statement, {}, Exception("disk I/O error"))

    with sending(given_post) as (_, step):
        event.listen(registry._engine, "before_cursor_execute", fail)
        with pytest.raises(OperationalError, match="disk"):
            step()
        event.remove(registry._engine, "before_cursor_execute", fail)
        step(1)
    assert [body.splitlines()[-1] for _, _, body, _ in transport.got] == ["编号 event-1"] * 2
    assert rows(registry)[0].sent_ms == NOW_MS + MINUTE_MS


def test_real_servers_that_refuse_and_come_back_lose_nothing_and_leak_nothing(
    registry, sending, web, mail, caplog
):
    secret = "tok3n-of-the-gateway"
    given_post = post(channel("hook", url=web.url), channel("mail", url=mail.url))
    web.status, mail.refuses = 500, "550 no"
    caplog.set_level(logging.DEBUG)
    tell(registry, given_post, message(1))
    with sending(given_post, AppriseTransport(), patience_s=10.0) as (sender, step):
        step()
        assert sender.conditions() == {
            "notify hook": "not delivered, is tried again: HTTP 500",
            "notify mail": "not delivered, is tried again: SMTP 550 no",
        }
        web.status, mail.refuses = 200, ""
        step(1)
        said = json.dumps(sender.conditions())
    assert [row.sent_ms for row in rows(registry)] == [NOW_MS + MINUTE_MS] * 2
    assert [each["message"].splitlines()[-1] for each in web.got] == ["编号 event-1"] * 2
    assert [each["Subject"] for each in mail.got] == ["【清流】武陟县 1号村污水处理站停运"]
    for row in [*rows(registry), *rows(registry, DeliveryAttempt)]:
        said += str({key: value for key, value in vars(row).items() if key != "content"})
    assert secret not in said + caplog.text
    assert "boss@example" not in said + caplog.text
