"""What is on record, for `--list`: rows by kind as people and as machines read them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from registry.exclusion_days import waiting_days
from registry.inspections import NewSample, samples_of
from registry.meter_records import fields_of
from registry.record_entry import local
from registry.tables import Base, CtCorrection, Exclusion, Inspection, ManualReading, MeterExchange
from service.columns import aligned

Record = dict[str, Any]


class Listing(NamedTuple):
    """How records of a kind are listed.

    Attributes:
        table: where they are.
        order: newest first by this column.
        shown: the columns for people, by their heads.
    """

    table: type[Base]
    order: InstrumentedAttribute[Any]
    shown: Mapping[str, str]


EXCHANGES = Listing(
    MeterExchange, MeterExchange.at_ms,
    {"id": "id", "station": "station_id", "device": "device", "at": "at_ms", "old final": "old_final",
     "new initial": "new_initial", "entered by": "entered_by", "note": "note"},
)  # fmt: skip
CT_CORRECTIONS = Listing(
    CtCorrection, CtCorrection.since_ms,
    {"id": "id", "station": "station_id", "device": "device", "since": "since_ms", "factor": "factor",
     "entered by": "entered_by", "note": "note"},
)  # fmt: skip
MANUAL_READINGS = Listing(
    ManualReading, ManualReading.at_ms,
    {"id": "id", "station": "station_id", "device": "device", "at": "at_ms", "value": "value",
     "reader": "reader"},
)  # fmt: skip
INSPECTIONS = Listing(
    Inspection, Inspection.day,
    {"id": "id", "station": "station_id", "day": "day", "result": "result", "occasion": "occasion",
     "inspector": "inspector", "samples": "samples", "findings": "findings"},
)  # fmt: skip
EXCLUSIONS = Listing(
    Exclusion, Exclusion.start,
    {"id": "id", "station": "station_id", "from": "start", "to": "end", "reason": "reason",
     "applicant": "applicant", "approver": "approver", "entered": "entered_ms", "manager": "manager",
     "approved": "manager_ms", "days waiting": "waiting_days", "since": "waiting_since_ms",
     "withdrawn": "withdrawn_ms", "attachment": "attachment"},
)  # fmt: skip


def records(
    session: Session, listing: Listing, station: str | None = None, limit: int | None = None
) -> list[Record]:
    """The records of a kind, or those of one station, newest first, as the tables name their columns."""
    columns = listing.table.__table__.columns
    found = select(listing.table).order_by(listing.order.desc(), columns["id"].desc()).limit(limit)
    if station:
        found = found.where(columns["station_id"] == station)
    rows = [fields_of(row) for row in session.scalars(found)]
    if listing.table is Inspection:
        samples = samples_of(session, [row["id"] for row in rows])
        for row in rows:
            row["samples"] = [sample._asdict() for sample in samples.get(row["id"], ())]
    return rows


def note_waiting(session: Session, rows: Iterable[Record], zone: ZoneInfo, today: date) -> None:
    """Note on approved stops how many of their days wait for a manager, and since when; None for none."""
    found = select(Exclusion).where(Exclusion.withdrawn_ms.is_(None)).order_by(Exclusion.station_id)
    waiting: dict[int, list[date]] = {}
    for _, stops in groupby(session.scalars(found), key=lambda stop: stop.station_id):
        waiting |= waiting_days(stops, zone, today)
    for row in rows:
        days = waiting.get(row["id"])
        row["waiting_days"] = len(days) if days else None
        row["waiting_since_ms"] = row["entered_ms"] if days else None


def table(listing: Listing, rows: Sequence[Record], zone: ZoneInfo) -> Iterator[str]:
    """Records in columns, the head first; approved stops need `note_waiting` before."""
    names = list(listing.shown.values())
    rights = [
        place for place, name in enumerate(names)
        if rows and isinstance(rows[0][name], int | float) and not name.endswith("_ms")
    ]  # fmt: skip
    body = [[_shown(name, row[name], zone) for name in names] for row in rows]
    yield from aligned([list(listing.shown), *body], rights)


def sample_text(sample: Mapping[str, Any]) -> str:
    """A sample as it is entered."""
    said = NewSample(**sample)
    limit = f":{said.limit:.12g}" if said.limit is not None else ""
    unit = f":{said.unit}" if said.unit or limit else ""
    return f"{said.parameter}={said.value:.12g}{unit}{limit}"


def _shown(name: str, value: Any, zone: ZoneInfo) -> str:  # noqa: ANN401 - a column of any type
    if value is None or value == "":
        return "-"
    if name.endswith("_ms"):
        return local(value, zone)
    if name == "samples":
        return "; ".join(map(sample_text, value)) or "-"
    return f"{value:.12g}" if isinstance(value, float) else str(value)
