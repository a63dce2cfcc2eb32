"""The stations as a list: which ones fit, and a line for each. Pure but for the texts' origin."""

from collections.abc import Iterator, Mapping
from typing import Any

from registry.stations_columns import chinese
from registry.stations_records import Record
from service.columns import aligned

_HEADS = ("station", "county", "town", "process", "m³/d", "class", "review", "company", "name")
_RIGHT = {_HEADS.index("m³/d")}


def in_class(records: Mapping[str, Record], classes: Mapping[str, str], wanted: str) -> dict[str, Record]:
    """Those that are in a class; one without any is in use. An empty word fits all."""
    return {
        station: record
        for station, record in records.items()
        if not wanted or classes.get(station, "in_use") == wanted
    }


def lines(records: Mapping[str, Record], classes: Mapping[str, str]) -> Iterator[str]:
    """A head and a line for each station."""
    return aligned([_HEADS, *(_line(*each, classes) for each in records.items())], _RIGHT)


def objects(records: Mapping[str, Record], classes: Mapping[str, str]) -> list[dict[str, Any]]:
    """Each station for machines: its record, and what earlier versions said of it."""
    return [
        {"id": station, "county_code": record["county"] or None, **record}
        | {"class_today": classes.get(station, "in_use")}
        for station, record in records.items()
    ]


def _line(station: str, record: Record, classes: Mapping[str, str]) -> tuple[str, ...]:
    design = record["design_m3_per_day"]
    return (
        station,
        record["county_name"] or record["county"] or "-",
        record["town"] or "-",
        record["process"] or "-",
        "-" if design is None else f"{design:g}",
        chinese("class", classes.get(station, "in_use")),
        "-" if record["review"] == "confirmed" else chinese("review", record["review"]),
        record["company"] or "-",
        record["name"] or "-",
    )
