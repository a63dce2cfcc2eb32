"""Channels in the console: what may be shown of them, how deliveries went, the roster, and the test."""

from contextlib import closing

import msgspec
import pytest
from console_admin_browser import ADMIN, AdminBrowser
from console_centre import HOUR_MS, MINUTE_MS, NOW_MS
from console_login import Limits
from notify_receivers import WebReceiver
from sqlalchemy import select

from registry.notify_settings import Channel, NotifySettings
from registry.tables import Audit, DeliveryAttempt, Notification

SECRET = "tok3n-of-the-gateway"


@pytest.fixture
def web():
    with closing(WebReceiver()) as receiver:
        yield receiver


@pytest.fixture
def with_channels(centre, tmp_path):
    """Opens a browser on the centre with these channels."""
    opened = []

    def open_browser(*channels, limits=ADMIN, roster=""):
        if roster:
            (tmp_path / "roster.csv").write_text(roster)
        notify = NotifySettings(
            channels=list(channels), roster_file=str(tmp_path / "roster.csv") if roster else ""
        )
        settings = msgspec.structs.replace(centre.settings, notify=notify)
        browser = AdminBrowser(centre._replace(settings=settings), tmp_path, limits)
        browser.client.__enter__()
        opened.append(browser.client)
        return browser

    yield open_browser
    for client in opened:
        client.__exit__(None, None, None)


def noted_tests(registry):
    with registry.reading() as session:
        rows = session.scalars(select(Audit).where(Audit.action == "channel.test").order_by(Audit.id))
        return [(row.actor, row.object, row.after) for row in rows]


def test_a_channel_is_shown_without_its_address_and_tested(with_channels, centre, web):
    browser = with_channels(Channel(url=web.url, name="desk", counties=["410882"], hours="03:00-03:01"))
    text = browser.get("/admin/channels").text
    assert "desk" in text
    assert "<code>json</code>" in text
    assert "沁阳市" in text
    answer = browser.post("/admin/channels/test", channel="desk")
    assert "desk: sent in " in answer.text
    assert [each["title"] for each in web.got] == ["【清流】试发消息"]
    assert "less than a minute ago" in browser.post("/admin/channels/test", channel="desk").text
    assert len(web.got) == 1
    centre.clock.now_ms += MINUTE_MS
    web.status = 500
    answer = browser.post("/admin/channels/test", channel="desk")
    assert "desk: not sent: HTTP 500" in answer.text
    assert noted_tests(centre.registry) == [
        ("admin", "channel:desk", {"sent": True}),
        ("admin", "channel:desk", {"sent": False, "error": "HTTP 500"}),
    ]
    for page in (text, answer.text, browser.get("/admin/audit").text):
        assert SECRET not in page
        assert str(web.port) not in page


def test_a_channel_that_is_none_is_not_tested(with_channels, centre, web):
    browser = with_channels(Channel(url=web.url, name="desk"))
    for name in ("dsek", "", web.url):
        answer = browser.post("/admin/channels/test", channel=name)
        assert answer.status_code == 404
        assert "There is no such channel" in answer.text
    assert (web.got, noted_tests(centre.registry)) == ([], [])


def test_deliveries_are_told_with_what_waits_and_what_was_lost(with_channels, centre, tmp_path):
    (tmp_path / "lost.url").write_text("")
    with centre.registry.writing() as session:
        session.add_all([
            DeliveryAttempt(channel="desk", at_ms=NOW_MS - 2 * HOUR_MS, ended_ms=NOW_MS - 2 * HOUR_MS,
                            notifications=3, subject="【清流】停运 <b>", error=None),
            DeliveryAttempt(channel="desk", at_ms=NOW_MS - HOUR_MS, ended_ms=NOW_MS, notifications=1,
                            subject="【清流】离线", error="HTTP 502"),
            Notification(key="a", channel="desk", created_ms=NOW_MS, due_ms=NOW_MS, attempts=1, content={}),
            Notification(key="b", channel="desk", created_ms=NOW_MS, due_ms=NOW_MS, attempts=9, content={},
                         failed_ms=NOW_MS - HOUR_MS, last_error="HTTP 502"),
        ])  # fmt: skip
    browser = with_channels(
        Channel(url="json://127.0.0.1:9/x", name="desk"), Channel(url=str(tmp_path / "lost.url"), name="lost")
    )
    text = browser.get("/admin/channels").text
    desk = text.partition('<th scope="row">desk</th>')[2].partition("</tr>")[0]
    assert "not sent" in desk
    assert '<b class="late">1</b>' in desk
    assert "its address cannot be used" in text
    assert "must hold one address" in text
    tries = text.partition('id="tries"')[2]
    assert tries.index("离线") < tries.index("停运 &lt;b&gt;")
    assert "HTTP 502" in tries
    limited = with_channels(
        Channel(url="json://127.0.0.1:9/x", name="desk"),
        Channel(url="json://127.0.0.1:9/x", name="elsewhere", counties=["410823"]),
        limits=Limits("admin", ("410882",)),
    )
    text = limited.get("/admin/channels").text
    assert "离线" not in text
    assert "elsewhere" not in text
    assert limited.post("/admin/channels/test", channel="elsewhere").status_code == 404


def test_the_roster_says_who_is_on_duty_and_when_it_runs_out(with_channels):
    channel = Channel(url="json://127.0.0.1:9/x", name="desk")
    roster = "from,to,name,channel,counties\n2026-11-21 08:00,2026-11-22 08:00,张三,desk,410882\n"
    text = with_channels(channel, roster=roster).get("/admin/channels").text
    assert "On duty now: <b>张三</b>" in text
    assert '<tr class="now">' in text
    old = "from,to,name,channel\n2026-10-21 08:00,2026-10-22 08:00,张三,desk\n"
    text = with_channels(channel, roster=old).get("/admin/channels").text
    assert "The roster has run out" in text
    assert "张三" not in text
    wrong = "from,to,name,channel\n2026-10-21 08:00,2026-10-22 08:00,张三,dsek\n"
    answer = with_channels(channel, roster=wrong).get("/admin/channels")
    assert answer.status_code == 200
    assert "must be a channel of [notify]" in answer.text


def test_without_channels_the_page_says_what_that_means(with_channels):
    text = with_channels().get("/admin/channels").text
    assert "No channel is configured" in text
    assert "No roster is configured" in text
