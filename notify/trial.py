"""One message at once over one channel, to see that it works: whatever its hours, level and roster say."""

import time
from typing import NamedTuple

from notify.message import Message
from notify.post import Post
from notify.transport import AppriseTransport, DeliveryError, Transport
from notify.wording import render
from registry.notify_settings import Channel

_TITLES = {"zh-CN": "试发消息", "en": "test message"}
_TEXTS = {
    "zh-CN": "这是一条试发消息，收到即表示渠道 {name} 可用。",
    "en": "This is a test message. Who reads it knows that the channel {name} works.",
}


class Outcome(NamedTuple):
    """How one channel took the test message; `error` is empty if it did, and holds no secret."""

    channel: str
    error: str
    seconds: float


def tried(post: Post, channel: Channel, now_ms: int, transport: Transport | None = None) -> Outcome:
    """Send a test message and wait for how it went: 15 s at most for most kinds of channels.

    Args:
        post: for the language, the zone and who is on duty.
        channel: to which it goes.
        now_ms: ms since the epoch, UTC.
        transport: what carries it out, else the real one.
    """
    texts = {language: text.format(name=channel.name) for language, text in _TEXTS.items()}
    message = Message(key=f"test-{now_ms}", matter="alarms", title=_TITLES, text=texts)
    on_duty = post.roster.on_duty(now_ms)
    subject, body = render([message], post.language_of(channel), post.zone, post.link, on_duty)
    began, error = time.monotonic(), ""
    try:
        (transport or AppriseTransport()).send(channel.url, subject, body, [])
    except DeliveryError as failure:
        error = str(failure)
    return Outcome(channel.name, error, time.monotonic() - began)
