"""The line protocol of InfluxDB: readings and quarter hours as ready-made lines. Pure.

InfluxDB merges the fields of points with the same tags and time, so a reading that is written again with
fewer quantities would keep old ones. Every line therefore carries `known`, a mask of what it really says.
"""

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
_STRING = str.maketrans({'"': r"\"", "\\": r"\\", "%": "%%"})


class UnwritableError(ValueError):
    """A name that the line protocol cannot carry."""


class LineMaker:
    """Makes lines; it remembers the names and shapes it met, for a station sends the same ones for ever."""

    def __init__(self) -> None:
        self._heads: dict[tuple[str, str, str], str] = {}
        self._shapes: dict[tuple[object, ...], str] = {}

    def reading(self, each: StationReading) -> str:
        """One line, its time in milliseconds.

        Raises:
            UnwritableError: the station or the device has a name that cannot be a tag.
        """
        station, reading = each
        x = reading.x
        whose = (reading.k, station, reading.d)
        shape_key = (reading.k, reading.q, reading.why, *x)
        try:
            head, shape = self._heads[whose], self._shapes[shape_key]
        except KeyError:
            if len(self._heads) + len(self._shapes) > _MOST_REMEMBERED:
                self._heads.clear()
                self._shapes.clear()
            head = self._heads[whose] = f"{reading.k},device={tag(reading.d)},station={tag(station)} "
            shape = self._shapes[shape_key] = _shape(reading)
        return f"{head}{shape % tuple(x.values())} {reading.t}"


def quarter_hour(row: QuarterHour) -> str:
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
    return f"quarter_hour,station={tag(row.station)} {','.join(fields)} {row.start_ms}"


def tag(value: str) -> str:
    """Escape a tag's value.

    Raises:
        UnwritableError: it is empty, ends with a backslash, or has letters that break a line.
    """
    if not value.isprintable() or not value or value.endswith("\\"):
        raise UnwritableError(f"{value[:40]!a} cannot be a tag's value")
    return value.translate(_TAG)


def _shape(reading: Reading) -> str:
    """The fields of a line, with a place for each value; a quantity of the other kind takes none."""
    bits = {name: 1 << bit for bit, name in enumerate(FIELDS[reading.k])}
    known = sum(bits.get(name, 0) for name in reading.x) + (WHY_BIT if reading.why else 0)
    values = "".join(f"{name}=%r," if name in bits else "%.0s" for name in reading.x)
    why = f',why="{reading.why.translate(_STRING)}"' if reading.why else ""
    return f"{values}q={QUALITIES.index(reading.q)}i,known={known}i{why}"
