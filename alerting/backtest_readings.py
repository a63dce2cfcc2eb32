"""The readings of a back-test: rows of a CSV in order of arrival, one after another, never all at once."""

import csv
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from io import TextIOWrapper
from pathlib import Path
from typing import NamedTuple, TextIO, get_args

from service.settings import Fault, SettingsError
from telemetry.quantities import Kind
from telemetry.reading import Quality

NEEDED = ("station", "device", "kind", "time")
AMOUNTS: Mapping[Kind, tuple[str, str]] = {
    "power": ("active_power_kw", "energy_kwh"),
    "flow": ("flow_m3h", "volume_m3"),
}
VOLTAGES = ("voltage_l1_v", "voltage_l2_v", "voltage_l3_v")
POWER_FACTOR = "power_factor"
QUALITIES: tuple[Quality, ...] = get_args(Quality)
GOOD, SUSPECT, MISSING = range(3)
MOST_FAULTS = 20
TELL_EVERY = 5_000
NAN = math.nan
YEARS = range(2000, 2100)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


class Row(NamedTuple):
    """One row.

    Attributes:
        clock_ms: of the back-test when it arrived, ms since the epoch, UTC.
        time_ms: of the reading.
        quality: number of one of `QUALITIES`.
        values: momentary value and total, of a power meter also three voltages and the power factor; not a
            number where not measured.
        is_told: it says itself when it arrived.
    """

    station: str
    device: str
    kind: Kind
    clock_ms: int
    time_ms: int
    quality: int
    values: Sequence[float]
    is_told: bool


def rows_of(path: Path, at: Callable[[float], None]) -> Iterator[Row]:
    """The rows of a file, in order.

    Args:
        path: of the file.
        at: is told how much of it is read, 0 to 1.

    Raises:
        SettingsError: with the first faults found, each with its line.
        OSError: it cannot be read.
    """
    size = max(1, path.stat().st_size)
    with path.open("rb") as raw, TextIOWrapper(raw, encoding="utf-8-sig", newline="") as file:
        read = _Read(str(path), lambda: at(min(1.0, raw.tell() / size)))
        yield from read.rows(file)


class _Read:
    """One reading of a file."""

    def __init__(self, name: str, tell: Callable[[], None]) -> None:
        self._name = name
        self._tell = tell
        self._faults: list[Fault] = []
        self._times: dict[str, int] = {}

    def rows(self, file: TextIO) -> Iterator[Row]:
        reader = csv.reader(file, strict=True)
        try:
            header = [name.strip() for name in next(reader, [])]
            self._check_header(header)
            yield from self._rows(reader, header)
        except csv.Error as error:
            self._fault(reader.line_num, "must be CSV", str(error), "Save it as CSV UTF-8 with commas.")
        except UnicodeDecodeError as error:
            self._fault(reader.line_num + 1, "must be UTF-8 text", str(error.reason), "Save it as CSV UTF-8.")
        if self._faults:
            raise SettingsError(self._name, self._faults)

    def _rows(self, reader: "Iterator[list[str]]", header: list[str]) -> Iterator[Row]:
        place = {name: number for number, name in enumerate(header)}
        at_station, at_device, at_kind, at_time = (place[name] for name in NEEDED)
        at_arrived, at_quality = place.get("arrived"), place.get("q")
        absent = len(header)
        others = [place.get(name, absent) for name in VOLTAGES]
        wanted = {
            "power": [
                *(place.get(name, absent) for name in AMOUNTS["power"]),
                *others,
                place.get(POWER_FACTOR, absent),
            ],
            "flow": [place.get(name, absent) for name in AMOUNTS["flow"]],
        }
        clock_ms = -(2**62)
        for number, cells in enumerate(reader):
            if number % TELL_EVERY == 0:
                self._tell()
                self._times.clear()
            if len(cells) != absent or not any(cells):
                if any(cells):
                    self._fault(_line(reader), f"must have {absent} cells like the header", str(len(cells)))
                continue
            columns = wanted.get(cells[at_kind])
            if columns is None:
                self._fault(_line(reader), "kind: must be power or flow", cells[at_kind])
                continue
            if not cells[at_station] or not cells[at_device]:
                self._fault(_line(reader), "station and device: must not be empty", cells[at_station])
                continue
            time_ms = self._time(reader, "time", cells[at_time])
            cells.append("")
            arrived = cells[at_arrived] if at_arrived is not None else ""
            arrived_ms = self._time(reader, "arrived", arrived) if arrived else time_ms
            if time_ms is None or arrived_ms is None:
                continue
            clock_ms = max(clock_ms, arrived_ms)
            quality = self._quality(reader, cells[at_quality]) if at_quality is not None else GOOD
            values, quality = self._values(reader, header, cells, columns, quality)
            kind = _kind(cells[at_kind])
            yield Row(
                cells[at_station], cells[at_device], kind, clock_ms, time_ms, quality, values, bool(arrived)
            )

    def _values(
        self,
        reader: "Iterator[list[str]]",
        header: Sequence[str],
        cells: Sequence[str],
        columns: Sequence[int],
        quality: int,
    ) -> tuple[list[float], int]:
        """The values in some columns, and what the quality comes down to."""
        values, is_measured = [], False
        for column in columns:
            text = cells[column]
            value = NAN
            if text:
                try:
                    value = float(text)
                except ValueError:
                    self._fault(_line(reader), f"{header[column]}: must be a number or empty", text)
                if value - value == 0.0:
                    is_measured = True
                else:  # NaN and the infinite are not measured
                    value, quality = NAN, max(quality, SUSPECT)
            values.append(value)
        if quality == MISSING or not is_measured:
            return [NAN] * len(values), MISSING
        return values, quality

    def _time(self, reader: "Iterator[list[str]]", column: str, text: str) -> int | None:
        known = self._times.get(text)
        if known is not None:
            return known
        when = _instant(text)
        if when is None:
            rule = (
                f"{column}: must be ISO 8601 with offset, such as 2026-10-01T08:00:00+08:00, of 2000 to 2099"
            )
            self._fault(_line(reader), rule, text or "nothing")
            return None
        ms = self._times[text] = (when - _EPOCH) // _MS
        return ms

    def _quality(self, reader: "Iterator[list[str]]", text: str) -> int:
        if not text or text == "good":
            return GOOD
        if text in QUALITIES:
            return QUALITIES.index(text)
        self._fault(_line(reader), "q: must be good, suspect, missing or empty", text)
        return GOOD

    def _check_header(self, header: Sequence[str]) -> None:
        missing = [name for name in NEEDED if name not in header]
        twice = sorted({name for name in header if name and header.count(name) > 1})
        amounts = [name for pair in AMOUNTS.values() for name in pair]
        if missing:
            rule, remedy = f"lacks the column {', '.join(missing)}", "Add it."
        elif twice:
            rule, remedy = f"has twice the column {', '.join(twice)}", "Remove one of them."
        elif not any(name in header for name in amounts):
            rule, remedy = f"has none of the columns {', '.join(amounts)}", "Add at least one."
        else:
            return
        raise SettingsError(self._name, [Fault("line 1", rule, ",".join(header)[:80], remedy)])

    def _fault(self, line: int, rule: str, got: str, remedy: str = "") -> None:
        self._faults.append(
            Fault(f"line {line}", rule, got[:60], remedy or "Correct it, or remove the line.")
        )
        if len(self._faults) >= MOST_FAULTS:
            raise SettingsError(self._name, self._faults)


def _line(reader: "Iterator[list[str]]") -> int:
    number: int = reader.line_num  # type: ignore[attr-defined] # a csv.reader, whose type has no public name
    return number


def _instant(text: str) -> datetime | None:
    """An instant with its offset, of a year that can be."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    return when if when.tzinfo is not None and when.year in YEARS else None


def _kind(text: str) -> Kind:
    return "power" if text == "power" else "flow"
