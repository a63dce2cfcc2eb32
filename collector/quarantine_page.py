"""How the quarantine's commands say what they found: lines for people, objects for machines. Pure."""

import base64
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from collector.payload_view import PayloadView, visible
from collector.replay import Outcome, is_capped
from registry.tables import Quarantine
from service.columns import width

_HEADS = ("id", "last received", "station", "", "code", "text")
_LEAST = (4, 19, 16, 6, 17, 0)
"""Columns are at least so wide, so that pages of the list look alike."""
_RIGHT = {0, 3}


def entry_object(entry: Quarantine) -> dict[str, Any]:
    """An entry without its payload, for machines."""
    shown = ("id", "received_ms", "station_id", "code", "text", "count", "size_bytes")
    kept = {"kept_bytes": len(entry.payload), "is_capped": is_capped(entry)}
    return {key: getattr(entry, key) for key in shown} | kept


def whole_object(entry: Quarantine, seen: PayloadView) -> dict[str, Any]:
    """An entry with its payload, as it came and readable, for machines."""
    payload = base64.b64encode(entry.payload).decode()
    return entry_object(entry) | {"payload_base64": payload, "view": seen._asdict()}


def table(entries: Iterable[Quarantine], zone: ZoneInfo) -> Iterator[str]:
    """Entries in columns."""
    rows = [
        (
            str(entry.id),
            local(entry.received_ms, zone),
            visible(entry.station_id),
            f"{entry.count} x",
            visible(entry.code),
            visible(entry.text),
        )
        for entry in entries
    ]
    widths = [
        max([least, *(width(row[column]) for row in [_HEADS, *rows])]) for column, least in enumerate(_LEAST)
    ]
    for row in [_HEADS, *rows]:
        yield "  ".join(_cell(column, text, widths[column]) for column, text in enumerate(row)).rstrip()


def whole_page(entry: Quarantine, seen: PayloadView, zone: ZoneInfo) -> Iterator[str]:
    """Everything of one entry."""
    kept = f", of which {len(entry.payload)} were kept" if is_capped(entry) else ""
    inflated = f", {seen.inflated_bytes} inflated" if seen.inflated_bytes is not None else ""
    first = ", the payload is the first one's" if entry.count > 1 else ""
    yield f"entry          {entry.id}"
    yield f"station        {visible(entry.station_id)}"
    yield f"last received  {local(entry.received_ms, zone)}"
    yield f"code           {visible(entry.code)}"
    yield f"text           {visible(entry.text)}"
    yield f"times          {entry.count}{first}"
    yield f"size           {_many(entry.size_bytes, 'byte')}{kept}{inflated}"
    yield ""
    yield seen.text or "(empty)"
    if seen.is_cut:
        yield f"… {'the copy is capped' if is_capped(entry) else 'more follows, not shown'}"


def outcome_line(outcome: Outcome, *, is_dry: bool) -> str:
    """What became, or would become, of one entry."""
    stored = f"{_many(outcome.stored, 'reading')} {'to be stored' if is_dry else 'stored'}"
    if outcome.fate == "replayed":
        gone = f"{stored}, entry {'to be removed' if is_dry else 'removed'}"
        never = f"; its {_many(outcome.repetitions, 'repetition')} never kept" if outcome.repetitions else ""
        said = f"{gone}{never}"
    elif outcome.fate == "partly":
        said = f"{stored}; stays: {outcome.code}: {outcome.text}"
    elif outcome.fate == "capped":
        said = f"stays: {outcome.text}"
    else:
        said = f"stays: {outcome.code}: {outcome.text}"
    return visible(f"{outcome.entry_id:>4}  {outcome.station:<16}  {said}")


def outcome_summary(outcomes: Sequence[Outcome], *, is_dry: bool) -> str:
    """All of it in one line."""
    gone = sum(outcome.fate == "replayed" for outcome in outcomes)
    readings = _many(sum(outcome.stored for outcome in outcomes), "reading")
    entries = f"{len(outcomes)} {'entry' if len(outcomes) == 1 else 'entries'}"
    told = f"{entries}: {gone} replayed, {len(outcomes) - gone} to stay; {readings} stored"
    return f"dry run, nothing changed. If replayed: {told}" if is_dry else told


def local(at_ms: int, zone: ZoneInfo) -> str:
    """The centre's wall clock at an instant, to the second."""
    return f"{datetime.fromtimestamp(at_ms / 1000, zone):%Y-%m-%d %H:%M:%S}"


def _cell(column: int, text: str, wide: int) -> str:
    room = " " * (wide - width(text))
    return room + text if column in _RIGHT else text + room


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
