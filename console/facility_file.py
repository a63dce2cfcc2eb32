"""The facility file (一站一档): what people entered of a station, and who changed it last."""

from typing import Any

from fastapi import Request, Response
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException

from console import queries, trail_words, words
from console.access import Route
from console.address import NO_STATION
from console.desk import Desk
from console.exclusion_list import is_stored
from console.person import person_of
from console.reader import Reader
from registry import record_list
from registry.inspections import NewSample, over_limit
from registry.tables import Audit, StationClass, StationTag

MOST_RECORDS = 200
"""Of a kind, the newest."""
CHANGES = 30
_WORDS = {
    "class": words.CLASSES,
    "occasion": words.OCCASIONS,
    "process": words.PROCESSES,
    "reason": words.APPROVED_STOPS,
    "result": words.INSPECTION_RESULTS,
}
_KINDS = {
    "exchanges": record_list.EXCHANGES,
    "corrections": record_list.CT_CORRECTIONS,
    "manual": record_list.MANUAL_READINGS,
    "inspections": record_list.INSPECTIONS,
    "exclusions": record_list.EXCLUSIONS,
}


def facility_file_routes(desk: Desk) -> list[Route]:
    """The page of this room."""

    def facility_file(request: Request, station_id: str) -> Response:
        person = person_of(request)
        with desk.reading() as session:
            known = queries.station_file(session, person, station_id)
            if known is None:
                raise HTTPException(404, NO_STATION)
            values = {
                "file": known,
                "alarm_count": queries.active_alarm_count(session, person),
                "most": MOST_RECORDS,
                **entered(session, station_id),
            }
        own = {"fields": fields, "is_over": is_over, "is_stored": is_stored}
        return desk.page(request, "station_file.html", values | own)

    return [Route("/stations/{station_id}/file", facility_file, "see")]


def entered(session: Session, station: str) -> dict[str, Any]:
    """What people entered of a station, newest first, and the last changes."""
    classes = select(StationClass).where(StationClass.station_id == station)
    tags = select(StationTag.tag).where(StationTag.station_id == station).order_by(StationTag.tag)
    return {
        "classes": list(session.scalars(classes.order_by(StationClass.since.desc()))),
        "tags": list(session.scalars(tags)),
        "changes": queries.last_changes(session, station, CHANGES),
        **{
            name: record_list.records(session, listing, station, MOST_RECORDS)
            for name, listing in _KINDS.items()
        },
    }


def fields(reader: Reader, change: Audit) -> list[tuple[str, str]]:
    """What a change was: each field that was set with its value, or with the value before and after."""
    before, after = change.before or {}, change.after or {}
    told = []
    for name in dict.fromkeys([*before, *after]):
        was, is_now = (_shown(reader, name, side[name]) if name in side else "" for side in (before, after))
        told.append(
            (reader.word(trail_words.FIELDS, name), f"{was} → {is_now}" if was and is_now else is_now or was)
        )
    return [(name, text) for name, text in told if text]


def is_over(sample: dict[str, Any]) -> bool:
    """Whether a sample lies above the limit it is held against."""
    return bool(over_limit([NewSample(**sample)]))


def _shown(reader: Reader, name: str, value: object) -> str:
    if value is None or value in ("", [], {}):
        return "–" if value is None else ""
    if name.endswith("_ms") and isinstance(value, int):
        return reader.instant(value)
    if isinstance(value, list):
        return ", ".join(_shown(reader, "", each) for each in value)
    if isinstance(value, dict):
        return " ".join(_shown(reader, "", each) for each in value.values() if each not in (None, ""))
    if isinstance(value, float):
        return f"{value:.10g}"
    return reader.visible(reader.word(_WORDS.get(name, {}), str(value)))
