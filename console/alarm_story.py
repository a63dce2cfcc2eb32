"""An alarm's life in words: each step with who and when, what it says, and what was told of it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from alerting.alarm_story import Story, delivery
from console import alarm_words, words
from console.reader import Reader
from registry.tables import Alarm, AlarmEvent, Notification
from service.civil import clock_of

HOUR_MS = 3_600_000
CHART_BEFORE_MS, CHART_AFTER_MS = 12 * HOUR_MS, 2 * HOUR_MS
LONGEST_CHART_MS = 31 * 24 * HOUR_MS
_STEP_MS = 300_000
"""A chart ends on a whole step, so that it keeps its ETag while nothing new has come."""


class Delivery(NamedTuple):
    """What became of a message; `state` is `sent`, `failed` or `pending`."""

    channel: str
    state: str
    at_ms: int | None
    error: str


class Happening(NamedTuple):
    """A step of an alarm's life, as a line for people.

    Attributes:
        number: of the event, by which its file is fetched.
        who: empty for time or design.
        said: what its details say.
        note: what the person wrote.
        proof: the file that was handed in: its SHA-256; empty for none.
        told: over which channels.
    """

    number: int
    at_ms: int
    name: str
    who: str
    said: list[str]
    note: str
    proof: str
    told: list[Delivery]


def happenings(reader: Reader, story: Story, *, with_deliveries: bool) -> list[Happening]:
    """Every step, the last first."""
    return [
        Happening(
            event.id,
            event.at_ms,
            reader.word(alarm_words.EVENTS, event.event),
            event.actor,
            list(_details(reader, event, story.companies)),
            event.note,
            str(event.details.get("sha256", "")) if "file" in event.details else "",
            _deliveries(story.told.get(event.id, [])) if with_deliveries else [],
        )
        for event in reversed(story.events)
    ]


def chart_span(reader: Reader, alarm: Alarm) -> tuple[str, str]:
    """From when to when the chart beside an alarm goes, local time in ISO form."""
    over_ms = alarm.cleared_ms or alarm.closed_ms or reader.now_ms
    start_ms = alarm.start_ms - CHART_BEFORE_MS
    end_ms = min(over_ms + CHART_AFTER_MS, reader.now_ms, start_ms + LONGEST_CHART_MS)
    end_ms = -(-max(end_ms, start_ms + HOUR_MS) // _STEP_MS) * _STEP_MS
    return _iso(reader, start_ms), _iso(reader, end_ms)


def _iso(reader: Reader, ms: int) -> str:
    return f"{clock_of(ms, reader.zone):%Y-%m-%dT%H:%M}"


def _deliveries(told: Sequence[Notification]) -> list[Delivery]:
    return [
        Delivery(
            each.channel, delivery(each), each.sent_ms or each.failed_ms or each.due_ms, each.last_error or ""
        )
        for each in told
    ]


_TABLES: Mapping[str, Mapping[str, str]] = {
    "step": words.STEPS,
    "cause": words.ALARM_CAUSES,
    "by": alarm_words.QUIETNESS,
    "quiet": alarm_words.QUIETNESS,
}
_OF_THE_FILE = ("file", "media_type", "sha256", "size_bytes")


def _details(reader: Reader, event: AlarmEvent, companies: Mapping[int, str]) -> Iterator[str]:
    """What an event's JSON says; what this version does not know is shown as it is."""
    left: dict[str, Any] = {name: value for name, value in event.details.items() if value is not None}
    for name in _OF_THE_FILE:
        left.pop(name, None)
    if {"was", "severity"} <= left.keys():
        was, now = (reader.word(words.SEVERITIES, str(left.pop(name))) for name in ("was", "severity"))
        yield reader.text("severity from %(was)s to %(now)s", was=was, now=now)
    if "company_id" in left:
        number = left.pop("company_id")
        yield companies.get(number, f"company_id {number}")
    for name, text in (
        ("until_ms", reader.text("until %(when)s", when="{}")),
        ("due_ms", reader.text("due %(when)s", when="{}")),
    ):
        if isinstance(left.get(name), int):
            yield text.format(reader.instant(left.pop(name)))
    if event.event == "raised":
        left.pop("reason", None)  # it stands above, as a sentence
    if "reason" in left:
        yield reader.word(words.SHELVE_REASONS, str(left.pop("reason")))
    for name, value in left.items():
        known = _TABLES.get(name)
        yield reader.word(known, str(value)) if known else f"{name} {reader.visible(str(value))}"
