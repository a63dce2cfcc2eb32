"""What InfluxQL answers, turned into readings and quarter hours again. Pure."""

from collections.abc import Iterator
from typing import Any, cast

import msgspec

from history.line_protocol import COUNTS, FIELDS, FIGURES, FLAGS, QUALITIES, WHY_BIT
from history.port import QuarterHour
from telemetry.quantities import Kind
from telemetry.reading import Reading

READING_COLUMNS: dict[Kind, str] = {kind: ", ".join(("q", "known", "why", *FIELDS[kind])) for kind in FIELDS}
QUARTER_HOUR_COLUMNS = ", ".join((*FIGURES, *FLAGS, *COUNTS, "known"))


class Series(msgspec.Struct, gc=False):
    """A part of an answer: rows that share a measurement and tags.

    Attributes:
        name: of the measurement.
        tags: those that the query grouped by.
        columns: `time` first.
        values: a row each.
        partial: more of the same series follows.
    """

    columns: list[str]
    name: str = ""
    tags: dict[str, str] = {}
    values: list[list[Any]] = []
    partial: bool = False


def readings(series: Series) -> Iterator[Reading]:
    """The readings of a device's series; what their mask does not know is left over from an older writing."""
    kind = cast("Kind", series.name)
    device = series.tags["device"]
    at = {name: place for place, name in enumerate(series.columns)}
    time, q, why, known = (at[name] for name in ("time", "q", "why", "known"))
    names = [(1 << bit, name, at[name]) for bit, name in enumerate(FIELDS[kind]) if name in at]
    by_mask: dict[int | None, list[tuple[str, int]]] = {}
    for row in series.values:
        mask = row[known]
        places = by_mask.get(mask)
        if places is None:
            places = [(name, place) for bit, name, place in names if mask is None or mask & bit]
            by_mask[mask] = places
        yield Reading(
            t=row[time],
            d=device,
            k=kind,
            q=QUALITIES[row[q] or 0],
            why=row[why] if mask is None or mask & WHY_BIT else None,
            x={name: float(row[place]) for name, place in places if row[place] is not None},
        )


def stated(series: Series, selected: str) -> Series:
    """Call the column of a selector such as LAST() by the name of the field that it selected."""
    columns = [selected if name in ("last", "first") else name for name in series.columns]
    return msgspec.structs.replace(series, columns=columns)


def counted(series: Series, selected: str) -> Iterator[tuple[str, Reading]]:
    """The readings of a device with their station, where one column may be a selector's."""
    return ((series.tags["station"], reading) for reading in readings(stated(series, selected)))


def quarter_hours(series: Series) -> Iterator[QuarterHour]:
    """The rows of a station's series."""
    at = {name: place for place, name in enumerate(series.columns)}
    station, time, known = series.tags["station"], at["time"], at["known"]
    some = [at[name] for name in FIGURES]
    others = [at[name] for name in (*FLAGS, *COUNTS)]
    for row in series.values:
        figures = (float(row[place]) if row[known] & 1 << bit else None for bit, place in enumerate(some))
        yield QuarterHour._make((station, row[time], *figures, *(row[place] for place in others)))
