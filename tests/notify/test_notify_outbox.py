"""The outbox: once a channel, in the caller's transaction, on SQLite and on PostgreSQL."""

from contextlib import closing

import pytest
from fresh_registry import fresh_registry
from notify_receivers import NOW_MS, channel, message, post
from sqlalchemy import select

from notify.message import message_of
from notify.outbox import forget, put
from notify.roster import Roster, Shift
from registry.tables import Alarm, AlarmEvent, County, DeliveryAttempt, Notification

HOUR_MS = 3_600_000


@pytest.fixture(params=["sqlite", "postgresql"])
def either_registry(request, tmp_path):
    url = f"sqlite:///{tmp_path}/either.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").new_registry()
    with closing(fresh_registry(url)) as opened:
        yield opened


def rows_of(registry):
    with registry.reading() as session:
        return list(session.scalars(select(Notification).order_by(Notification.id)))


def test_a_message_is_written_once_a_channel_and_harms_no_transaction(either_registry):
    desk, chief = channel("desk"), channel("chief", level=2)
    with either_registry.writing() as session:
        alarm = Alarm(type="stopped", subject="s", severity="medium", start_ms=1, raised_ms=2, reason="r",
                      evidence={})  # fmt: skip
        session.add(alarm)
        session.flush()
        event = AlarmEvent(alarm_id=alarm.id, at_ms=2, event="raised")
        session.add(event)
        session.flush()
        assert put(session, message(1), post(desk, chief), NOW_MS, event.id) == 1
        assert put(session, message(1), post(desk, chief), NOW_MS + 5, event.id) == 0
        assert put(session, message(1, key="other"), post(desk, chief), NOW_MS + 5, event.id) == 0
        assert put(session, message(2, level=3), post(desk, chief), NOW_MS) == 2
        session.add(County(code="410823", name="武陟县"))
    rows = rows_of(either_registry)
    assert [(row.key, row.channel, row.due_ms, row.attempts) for row in rows] == [
        ("event-1", "desk", NOW_MS, 0), ("event-2", "desk", NOW_MS, 0), ("event-2", "chief", NOW_MS, 0),
    ]  # fmt: skip
    assert message_of(rows[0].content) == message(1)
    with either_registry.reading() as session:
        assert session.get(County, "410823") is not None


def test_a_transaction_that_fails_takes_its_messages_with_it(either_registry):
    def put_and_fail():
        with either_registry.writing() as session:
            put(session, message(1), post(channel()), NOW_MS)
            raise RuntimeError("alas")

    with pytest.raises(RuntimeError, match="alas"):
        put_and_fail()
    assert rows_of(either_registry) == []


def test_without_channels_nothing_is_written(registry):
    with registry.writing() as session:
        assert put(session, message(1), post(), NOW_MS) == 0


def test_outside_its_hours_a_channel_is_told_later_and_the_roster_of_then_decides(registry):
    """It is midnight; the day's hours begin at 07:30, when another one is on duty."""
    opening = NOW_MS + 7 * HOUR_MS + HOUR_MS // 2
    roster = Roster(
        [Shift(NOW_MS, opening, "李四", "li"), Shift(opening, opening + HOUR_MS, "张三", "zhang")]
    )
    channels = [channel(name, hours="07:30-22:00") for name in ("zhang", "li")]
    with registry.writing() as session:
        put(session, message(1), post(*channels, roster=roster), NOW_MS)
        put(session, message(2, severity="high"), post(*channels, roster=roster), NOW_MS)
    assert [(row.key, row.channel, row.due_ms) for row in rows_of(registry)] == [
        ("event-1", "zhang", opening), ("event-2", "li", NOW_MS),
    ]  # fmt: skip


def test_old_messages_go_but_for_those_that_wait(either_registry, monkeypatch):
    monkeypatch.setattr("notify.outbox._AT_ONCE", 2)
    ages = {"sent": 100, "waits": 100, "failed": 100, "also sent": 100, "young": 300}
    with either_registry.writing() as session:
        for key, at_ms in ages.items():
            session.add(
                Notification(
                    key=key, channel="desk", created_ms=at_ms, due_ms=at_ms, content={},
                    sent_ms=at_ms if key in {"sent", "also sent", "young"} else None,
                    failed_ms=at_ms if key == "failed" else None,
                )
            )  # fmt: skip
            session.add(DeliveryAttempt(channel="desk", at_ms=at_ms, notifications=1, subject=key))
    assert len(list(forget(either_registry, 300))) > 4  # in portions
    assert [row.key for row in rows_of(either_registry)] == ["waits", "young"]
    with either_registry.reading() as session:
        assert [row.subject for row in session.scalars(select(DeliveryAttempt))] == ["young"]
