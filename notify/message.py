"""What is to be told, before it is known to whom. Pure."""

from typing import Any

import msgspec

from registry.notify_settings import Matter, Severity


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """Something that people should hear of, in every language it may be read in.

    Attributes:
        key: what it tells of, once a channel, at most 64 letters: `event-17`, `digest-2026-11-22`.
        matter: alarms, digest or reports; they are never mixed in one message.
        severity: what a channel's least severity is held against.
        level: 1 for the desk, 2 and 3 for what was escalated.
        county: its code, for routing; empty concerns all.
        place: the county's name, to group by.
        subject: the station's name.
        title: by language, what happened, to group by: `停运`, `stopped`.
        text: by language, the whole message on its own, one or more lines.
        since_ms: when it began, ms since the epoch, UTC.
        attachments: paths of files that go with it.
    """

    key: str
    matter: Matter
    severity: Severity = "medium"
    level: int = 1
    county: str = ""
    place: str = ""
    subject: str = ""
    title: dict[str, str]
    text: dict[str, str]
    since_ms: int | None = None
    attachments: list[str] = []


def content_of(message: Message) -> dict[str, Any]:
    """The message as the registry keeps it."""
    return dict(msgspec.to_builtins(message))


def message_of(content: object) -> Message:
    """The message that was kept.

    Raises:
        msgspec.ValidationError: it is none, or one of another version.
    """
    return msgspec.convert(content, Message)


def in_language(texts: dict[str, str], language: str) -> str:
    """The text in a language, else in one that is there; empty if there is none."""
    return texts.get(language) or next((text for text in texts.values() if text), "")
