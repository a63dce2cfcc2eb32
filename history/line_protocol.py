"""The line protocol of InfluxDB: readings and quarter hours as ready-made lines. Pure.

InfluxDB merges the fields of points with the same tags and time, so a reading that is written again with
fewer quantities would keep old ones. Every line therefore carries `known`, a mask of what it really says.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from history.port import QuarterHour, StationReading
from telemetry.quantities import Kind
from telemetry.reading import Quality, Reading

FIELDS: dict[Kind, tuple[str, ...]] = {
    "power": (
        *("active_power_kw", "voltage_l1_v", "voltage_l2_v", "voltage_l3_v", "current_l1_a", "current_l2_a"),
        *("current_l3_a", "power_factor", "frequency_hz", "energy_kwh"),
    ),
    "flow": ("flow_m3h", "level_m", "volume_m3"),
}
"""The place of a name is its bit in the stored `known`: add new ones at the end, never move one."""
WHY_BIT = 1 << 52
"""The bit of `known` that says that `why` is known; below 2**53, so that no JSON reader rounds it."""
FIGURES = ("energy_kwh", "volume_m3", "power_mean_kw", "power_max_kw", "flow_mean_m3h", "flow_max_m3h")
"""Likewise the figures of a quarter hour that may be unknown; an unknown one is written as zero."""
FLAGS = ("power_bridged", "flow_bridged")
COUNTS = ("power_good", "power_missing", "flow_good", "flow_missing")
QUALITIES: tuple[Quality, ...] = ("good", "suspect", "missing")
"""The place is the stored `q`."""

_MOST_REMEMBERED = 100_000
_TAG = str.maketrans({",": r"\,", "=": r"\=", " ": r"\ "})
_STRING = str.maketrans({'"': r"\"", "\\": r"\\"})
_FIELDS = bytes.maketrans(b":", b"=")
_encoder = msgspec.json.Encoder()


class UnwritableError(ValueError):
    """A name that the line protocol cannot carry."""


class LineMaker:
    """Makes lines; it remembers the names and shapes it met, for a station sends the same ones for ever."""

    def __init__(self) -> None:
        self._heads: dict[tuple[str, str, str], bytes] = {}
        self._tails: dict[tuple[object, ...], _Tail] = {}

    def readings(self, readings: Sequence[StationReading]) -> tuple[list[bytes], dict[int, str]]:
        """One line for each reading, its time in milliseconds.

        Returns:
            The lines by place, an empty one for what cannot be written; and of those, by place, why.
        """
        lines: list[bytes] = []
        unwritable: dict[int, str] = {}
        for place, (each, known) in enumerate(zip(readings, _values(readings), strict=True)):
            reading = each.reading
            x = reading.x
            try:
                head = self._heads[reading.k, each.station, reading.d]
                tail = self._tails[reading.k, reading.q, reading.why, *x]
            except KeyError:
                try:
                    head, tail = self._learn(each)
                except UnwritableError as error:
                    unwritable[place] = str(error)
                    lines.append(b"")
                    continue
            values = known if tail.is_of_kind else _values([_of_kind(each)])[0]
            lines.append(b"%b%b%b%d" % (head, values, tail.text, reading.t))
        return lines, unwritable

    def _learn(self, each: StationReading) -> tuple[bytes, "_Tail"]:
        reading = each.reading
        if len(self._heads) + len(self._tails) > _MOST_REMEMBERED:
            self._heads.clear()
            self._tails.clear()
        head = f"{reading.k},device={tag(reading.d)},station={tag(each.station)} ".encode()
        tail = _tail(reading)
        self._heads[reading.k, each.station, reading.d] = head
        self._tails[reading.k, reading.q, reading.why, *reading.x] = tail
        return head, tail


def quarter_hour(row: QuarterHour) -> bytes:
    """One line with every field, its time in milliseconds.

    Raises:
        UnwritableError: the station has a name that cannot be a tag.
    """
    figures = [getattr(row, name) for name in FIGURES]
    known = sum(1 << bit for bit, figure in enumerate(figures) if figure is not None)
    fields = [
        *(f"{name}={float(figure or 0)!r}" for name, figure in zip(FIGURES, figures, strict=True)),
        *(f"{name}={'true' if getattr(row, name) else 'false'}" for name in FLAGS),
        *(f"{name}={getattr(row, name)}i" for name in COUNTS),
        f"known={known}i",
    ]
    return f"quarter_hour,station={tag(row.station)} {','.join(fields)} {row.start_ms}".encode()


def tag(value: str) -> str:
    """Escape a tag's value.

    Raises:
        UnwritableError: it is empty, ends with a backslash, or has letters that break a line.
    """
    if not value.isprintable() or not value or value.endswith("\\"):
        raise UnwritableError(f"{value[:40]!a} cannot be a tag's value")
    return value.translate(_TAG)


class _Tail(NamedTuple):
    """What follows the values of a reading, which are all of its kind or not: quality, mask and cause."""

    text: bytes
    is_of_kind: bool


def _tail(reading: Reading) -> _Tail:
    bits = {name: 1 << bit for bit, name in enumerate(FIELDS[reading.k])}
    known = sum(bits.get(name, 0) for name in reading.x) + (WHY_BIT if reading.why else 0)
    why = f',why="{reading.why.translate(_STRING)}"' if reading.why else ""
    comma = "," if known & ~WHY_BIT else ""
    text = f"{comma}q={QUALITIES.index(reading.q)}i,known={known}i{why} "
    return _Tail(text.encode(), is_of_kind=reading.x.keys() <= bits.keys())


def _of_kind(each: StationReading) -> StationReading:
    """The reading without quantities of the other kind, which have no place in the line."""
    reading = each.reading
    of_kind = {name: value for name, value in reading.x.items() if name in FIELDS[reading.k]}
    return StationReading(each.station, msgspec.structs.replace(reading, x=of_kind))


def _values(readings: Sequence[StationReading]) -> list[bytes]:
    """The values of each reading as fields; JSON's encoder writes numbers much faster than Python does."""
    if not readings:
        return []
    text = _encoder.encode([each.reading.x for each in readings])
    return text[2:-2].translate(_FIELDS, b'"').split(b"},{")
