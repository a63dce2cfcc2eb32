"""kill -9 at every step from the decision to the message: nothing is missed, nothing is recorded twice."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alarm_stage import MINUTE_MS, Stage
from fresh_registry import fresh_registry
from notify_receivers import WebReceiver
from sqlalchemy import select

from notify.sender import Sender
from notify.transport import AppriseTransport
from registry.notify_settings import Channel, NotifySettings
from registry.tables import DeliveryAttempt

CHILD = """
import os, signal, sys
sys.path[:0] = [{tests!r}]
import alerting.alarm_book, alerting.alarm_round, alerting.alarms, alerting.telling
import notify.sender, notify.transport, registry.database
from alarm_stage import Stage
from notify.sender import Sender
from notify.transport import AppriseTransport
from sqlalchemy import event
from sqlalchemy.orm import Session

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def after(owner, name):
    real = getattr(owner, name)
    def call(*arguments, **named):
        real(*arguments, **named)
        die()
    setattr(owner, name, call)

stage = Stage.again(registry.database.open_registry({url!r}), {notify!r})
where = {where!r}
if where == "the alarm is in the session":
    after(alerting.alarms, "rise")
elif where == "its events are written":
    after(alerting.alarm_book.AlarmBook, "write")
elif where == "the outbox row is written":
    after(alerting.telling, "put")
elif where == "before the commit":
    event.listen(Session, "before_commit", die)
elif where == "after the commit":
    event.listen(Session, "after_commit", die)
stage.tick()
if where == "before sending":
    notify.transport.AppriseTransport.send = die
elif where == "after sending":
    after(notify.transport.AppriseTransport, "send")
sender = Sender(stage.registry, stage.post, lambda: stage.now_ms, AppriseTransport())
sender.step(stage.now_ms)
raise SystemExit("was to be killed")
"""
RECORDING = (
    "the alarm is in the session",
    "its events are written",
    "the outbox row is written",
    "before the commit",
    "after the commit",
)


@pytest.mark.parametrize("where", [*RECORDING, "before sending", "after sending"])
def test_a_death_anywhere_costs_no_alarm_and_no_message(tmp_path, where):
    url = f"sqlite:///{tmp_path}/registry.db"
    with closing(fresh_registry(url)) as registry, closing(WebReceiver()) as receiver:
        notify = NotifySettings(channels=[Channel(url=receiver.url, name="desk")])
        stage = Stage(registry, notify=notify)
        stage.be("stopped", stage.stations[:1], reason="no_energy")
        child = CHILD.format(tests=str(Path(__file__).parents[1]), url=url, notify=receiver.url, where=where)
        done = subprocess.run([sys.executable, "-c", child], capture_output=True, text=True, check=False)
        assert done.returncode == -9, done.stderr
        assert len(receiver.got) == (where == "after sending")
        stage.tick(1)
        with closing(Sender(registry, stage.post, lambda: stage.now_ms, AppriseTransport())) as sender:
            for _ in range(3):
                stage.now_ms += MINUTE_MS
                sender.step(stage.now_ms)
        assert stage.alarms("type") == [("stopped",)]
        assert stage.events() == ["raised"]
        (row,) = stage.notifications()
        assert row.sent_ms is not None
        assert len(receiver.got) == (2 if where == "after sending" else 1)
        with registry.reading() as session:
            attempts = list(session.scalars(select(DeliveryAttempt.error)))
        assert attempts[-1] is None
        assert len(attempts) == (2 if where in {"before sending", "after sending"} else 1)
