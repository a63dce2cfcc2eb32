"""A sender that is killed while it sends: the message arrives at least once, at most twice, under its key."""

import subprocess
import sys
from contextlib import closing

import pytest
from notify_receivers import NOW_MS, channel, message, post
from servers import wait_until
from sqlalchemy import select

from notify.outbox import put
from notify.sender import Sender
from notify.transport import AppriseTransport
from registry.tables import DeliveryAttempt, Notification

CHILD = """
import sys, time
sys.path.insert(0, "tests")
from notify_receivers import NOW_MS, channel, post
from notify.sender import Sender
from notify.transport import AppriseTransport
from registry.database import open_registry

registry_url, hook, point = sys.argv[1:]
class Stopping(AppriseTransport):
    def send(self, *words):
        if point == "before":
            print("here", flush=True)
            time.sleep(60)
        super().send(*words)
        print("here", flush=True)
        time.sleep(60)
sender = Sender(open_registry(registry_url), post(channel(url=hook)), lambda: NOW_MS, Stopping())
sender.step(NOW_MS)
time.sleep(60)
"""


@pytest.mark.parametrize(("point", "arrivals"), [("before", 1), ("within", 2), ("after", 2)])
def test_killed(registry, web, point, arrivals):
    given_post = post(channel(url=web.url))
    with registry.writing() as session:
        put(session, message(1), given_post, NOW_MS)
        put(session, message(2), given_post, NOW_MS)
    if point == "within":
        web.gate.clear()
    command = [sys.executable, "-c", CHILD, registry.url, web.url, point]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        if point == "within":
            wait_until(lambda: web.got, "the message is on its way")
        else:
            assert child.stdout.readline() == "here\n"
        child.kill()
    web.gate.set()
    with registry.reading() as session:
        (attempt,) = session.scalars(select(DeliveryAttempt))
        assert (attempt.ended_ms, attempt.notifications) == (None, 2)
    with closing(Sender(registry, given_post, lambda: NOW_MS, AppriseTransport(), patience_s=10.0)) as sender:
        sender.step(NOW_MS + 59_000)
        assert len(web.got) == arrivals - 1
        sender.step(NOW_MS + 60_000)
    assert [each["message"].splitlines()[-1] for each in web.got] == ["编号 event-1 等 2 条"] * arrivals
    with registry.reading() as session:
        assert all(row.sent_ms for row in session.scalars(select(Notification)))
        errors = [row.error for row in session.scalars(select(DeliveryAttempt).order_by(DeliveryAttempt.id))]
    assert errors == ["interrupted, sent again", None]
