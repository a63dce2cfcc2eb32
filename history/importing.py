"""Brings a CSV file into the history: first read whole, then written, so that a bad file changes nothing."""

import csv
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec

from history.port import History, StationReading
from history.readings_csv import WHY, Row, UnreadableFileError, rows

ROWS_AT_ONCE = 5_000


class Tally(NamedTuple):
    """What came of the rows of a file."""

    good: int
    bad: int


class ReadingsFile:
    """A CSV file that is read twice, row by row."""

    def __init__(self, path: Path, known: Collection[str], now_ms: int, at: Callable[[float], None]) -> None:
        """Name the file.

        Args:
            path: of the file, UTF-8.
            known: the stations that may have readings.
            now_ms: readings far ahead of it are refused.
            at: is told how much of the file is read, 0 to 1.
        """
        self._path = path
        self._known = known
        self._now_ms = now_ms
        self._at = at
        self.has_why = False

    def check(self, complain: Callable[[str], None]) -> Tally:
        """Read it all and say everything that is wrong with it.

        Raises:
            UnreadableFileError: its rows cannot be read.
        """
        good = bad = 0
        for row in self._rows():
            if row.reading is None:
                bad += 1
                for flaw in row.flaws:
                    complain(flaw.text(str(self._path)))
            else:
                good += 1
        return Tally(good, bad)

    def write(
        self,
        history: History,
        complain: Callable[[str], None],
        stored: Callable[[Sequence[StationReading]], None],
    ) -> Tally:
        """Write the good rows.

        Args:
            history: where they go.
            complain: is told what the store refuses.
            stored: is told what was written, so that what rests on it is computed anew.

        Raises:
            HistoryError: the store is gone; importing again does no harm.
            UnreadableFileError: the file has changed meanwhile.
        """
        good = bad = 0
        sound = (row for row in self._rows() if row.reading is not None)
        while some := list(islice(sound, ROWS_AT_ONCE)):
            refused = self._write(history, some, complain, stored)
            good, bad = good + len(some) - refused, bad + refused
        return Tally(good, bad)

    def _write(
        self,
        history: History,
        some: Sequence[Row],
        complain: Callable[[str], None],
        stored: Callable[[Sequence[StationReading]], None],
    ) -> int:
        readings = [self._with_why(history, row.reading) for row in some if row.reading is not None]
        lines = {id(reading): row.line for reading, row in zip(readings, some, strict=True)}
        rejected = history.write(readings)
        stored(readings)
        for each in rejected:
            complain(f"{self._path}: line {lines[id(each.reading)]}: the store refuses it: {each.text}")
        return len(rejected)

    def _with_why(self, history: History, each: StationReading) -> StationReading:
        """A file without causes must not take away those that are stored already."""
        station, reading = each.station, each.reading
        if reading.q == "good" or self.has_why:
            return each
        for known in history.raw(station, reading.d, reading.t, reading.t + 1):
            if (known.k, known.q) == (reading.k, reading.q):
                return StationReading(station, msgspec.structs.replace(reading, why=known.why))
        return each

    def _rows(self) -> Iterator[Row]:
        try:
            with self._path.open("rb") as file:
                yield from rows(self._lines(file), self._known, self._now_ms)
        except OSError as error:
            raise UnreadableFileError(f"cannot be read: {error.strerror}") from error

    def _lines(self, file: BinaryIO) -> Iterator[str]:
        size = max(1, self._path.stat().st_size)
        for number, line in enumerate(file):
            if number % 1_000 == 0:
                self._at(file.tell() / size)
            text = line.decode("utf-8" if number else "utf-8-sig")
            if number == 0:
                self.has_why = WHY in next(csv.reader([text]), [])
            yield text
