"""Readings as rows of a CSV file and back again, with the contract's rules. Pure.

Columns: `station,device,kind,time,quality`, then every quantity, and `why` at the end if asked for. Time is
ISO 8601 UTC with milliseconds; an empty cell is not measured.
"""

import csv
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, get_args

import msgspec

from history.port import StationReading
from telemetry.quantities import BY_NAME, QUANTITIES, Kind
from telemetry.reading import DeviceId, Quality, Reading, StationId, Why, fault_of

NAMES = tuple(quantity.name for quantity in QUANTITIES)
COLUMNS = ("station", "device", "kind", "time", "quality", *NAMES)
WHY = "why"
NEEDED = ("station", "device", "kind", "time")
AHEAD_MS = 600_000
"""A reading further ahead of our clock is refused, as on the wire."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_number = msgspec.json.Decoder(float)
_TIME_RULE = "must be ISO 8601 with offset, to the millisecond, such as 2026-10-01T08:00:00.000+08:00"


class Flaw(NamedTuple):
    """What is wrong with a row: where, which rule, what stands there."""

    line: int
    column: str
    rule: str
    value: str = ""

    def text(self, file: str) -> str:
        """One line for people."""
        place = f"{file}: line {self.line}: {self.column}" if self.column else f"{file}: line {self.line}"
        shown = self.value if len(self.value) <= 40 else f"{self.value[:39]}…"
        return f"{place}: {self.rule} (got {shown!a})" if self.value else f"{place}: {self.rule}"


class _Rule(NamedTuple):
    """What a column's words must be."""

    kind: object
    text: str
    is_needed: bool = True

    def broken(self, line: int, column: str, value: str | None) -> Flaw | None:
        if value is None and not self.is_needed:
            return None
        try:
            msgspec.convert(value, self.kind)
        except msgspec.ValidationError:
            return Flaw(line, column, self.text, value or "nothing")
        return None


_RULES = {
    "station": _Rule(StationId, "must be 1 to 32 letters, digits, - or _"),
    "device": _Rule(DeviceId, "must be 1 to 24 small letters, digits or -"),
    "kind": _Rule(Kind, "must be power or flow"),
    "quality": _Rule(Quality, "must be good, suspect or missing"),
    WHY: _Rule(Why, f"must be one of {', '.join(get_args(Why))}", is_needed=False),
}


class UnreadableFileError(ValueError):
    """A file whose rows cannot be read at all; the text says why, in one line."""


class Row(NamedTuple):
    """A row as far as it could be read: a reading, or what is wrong with it."""

    line: int
    reading: StationReading | None
    flaws: list[Flaw]


def time_text(t_ms: int) -> str:
    """An instant as the file says it."""
    return f"{(_EPOCH + t_ms * _MS).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def cells(station: str, reading: Reading, *, with_why: bool) -> list[str]:
    """A reading as a row."""
    values = reading.x
    row = [station, reading.d, reading.k, time_text(reading.t), reading.q]
    row += [repr(values[name]) if name in values else "" for name in NAMES]
    return [*row, reading.why or ""] if with_why else row


def rows(lines: Iterable[str], known: Collection[str], now_ms: int) -> Iterator[Row]:
    """Read a file line by line.

    Args:
        lines: of the file, with their ends.
        known: the stations that may have readings.
        now_ms: readings far ahead of it are refused.

    Raises:
        UnreadableFileError: the header is none or not ours, or the text is none.
    """
    reader = csv.reader(_no_json(lines), strict=True)
    try:
        header = next(reader, [])
        _check_header(header)
        for row in reader:
            if row:
                yield _row(reader.line_num, header, row, known, now_ms)
    except csv.Error as error:
        raise UnreadableFileError(f"line {reader.line_num}: is not CSV: {error}") from error
    except UnicodeDecodeError as error:
        raise UnreadableFileError(
            f"line {reader.line_num + 1}: is not UTF-8 text. Save the file as CSV UTF-8."
        ) from error


def instant(text: str) -> int:
    """Read a time, ms since the epoch.

    Raises:
        ValueError: it is none of the calendar, or has no offset, or more than milliseconds.
    """
    when = datetime.fromisoformat(text)
    if when.tzinfo is None:
        raise ValueError("no offset")
    try:
        since = when.astimezone(UTC) - _EPOCH
    except OverflowError as error:
        raise ValueError("beyond the calendar") from error
    if since % _MS:
        raise ValueError("more than milliseconds")
    return since // _MS


def _no_json(lines: Iterable[str]) -> Iterator[str]:
    """Refuse what the other format of an export begins with."""
    for number, line in enumerate(lines):
        if number == 0 and line.startswith("{"):
            raise UnreadableFileError("line 1: is JSON, not CSV. Export it again with --format csv.")
        yield line


def _check_header(header: list[str]) -> None:
    if not header:
        raise UnreadableFileError("has no header: the file is empty. Export it again as CSV.")
    missing = [name for name in NEEDED if name not in header]
    unknown = [name for name in header if name not in {*COLUMNS, WHY}]
    twice = sorted({name for name in header if header.count(name) > 1})
    for rule, names in (("lacks", missing), ("has an unknown", unknown), ("has twice the", twice)):
        if names:
            raise UnreadableFileError(
                f"line 1: {rule} column {', '.join(ascii(name[:40]) for name in names[:5])}."
                f" Known are: {', '.join((*COLUMNS, WHY))}."
            )


def _row(line: int, header: list[str], row: list[str], known: Collection[str], now_ms: int) -> Row:
    if len(row) != len(header):
        flaw = Flaw(line, "", f"must have as many cells as the header, {len(header)}", str(len(row)))
        return Row(line, None, [flaw])
    told = {"quality": "good"} | {name: cell for name, cell in zip(header, row, strict=True) if cell}
    judged = [rule.broken(line, column, told.get(column)) for column, rule in _RULES.items()]
    flaws = [flaw for flaw in judged if flaw is not None]
    station, quality, why = told.get("station", ""), told["quality"], told.get(WHY)
    if station not in known and not any(flaw.column == "station" for flaw in flaws):
        rule = "must be on the register; import it first with: qingliu stations import"
        flaws.append(Flaw(line, "station", rule, station))
    if why and quality == "good":
        flaws.append(Flaw(line, WHY, "must be empty where quality is good", why))
    t = _time(line, told.get("time", ""), now_ms, flaws)
    x = _values(line, told, flaws)
    if flaws:
        return Row(line, None, flaws)
    values = {"t": t, "d": told["device"], "k": told["kind"], "q": quality, "why": why, "x": x}
    reading = msgspec.convert(values, Reading)
    broken = fault_of(reading)
    if broken is not None:
        foreign = [name for name in x if BY_NAME[name].kind != reading.k or quality == "missing"]
        name = foreign[0] if foreign else "quality"
        value = told[name]
        rule = broken.text.removeprefix("$.x: ")
        return Row(line, None, [Flaw(line, name, rule, value)])
    return Row(line, StationReading(station, reading), [])


def _time(line: int, text: str, now_ms: int, flaws: list[Flaw]) -> int:
    try:
        t = instant(text)
    except ValueError:
        flaws.append(Flaw(line, "time", _TIME_RULE, text or "nothing"))
        return 0
    if t > now_ms + AHEAD_MS:
        flaws.append(Flaw(line, "time", "must not lie more than 10 min ahead of this machine's clock", text))
    return t


def _values(line: int, told: dict[str, str], flaws: list[Flaw]) -> dict[str, float]:
    values: dict[str, float] = {}
    for name in NAMES:
        text = told.get(name)
        if text:
            try:
                values[name] = _number.decode(text)
            except (msgspec.DecodeError, UnicodeEncodeError):
                flaws.append(Flaw(line, name, "must be a finite number such as 1.84", text))
    return values
