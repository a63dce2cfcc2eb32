"""Writes a station's readings out, page by page of time, so that a year takes no more memory than a day."""

import csv
from collections.abc import Callable, Iterator
from typing import TextIO

import msgspec

from history.port import History
from history.readings_csv import COLUMNS, WHY, cells
from telemetry.reading import Reading

PAGE_MS = 86_400_000


def pages(
    history: History, station: str, device: str | None, start_ms: int, end_ms: int
) -> Iterator[tuple[int, list[Reading]]]:
    """The readings with start <= t < end, a day at a time, each with the end of its page.

    Raises:
        HistoryError: the store cannot be read just now.
    """
    for page_ms in range(start_ms, end_ms, PAGE_MS):
        page_end_ms = min(page_ms + PAGE_MS, end_ms)
        yield page_end_ms, history.raw(station, device, page_ms, page_end_ms)


def csv_writer(out: TextIO, *, with_why: bool) -> Callable[[str, Reading], None]:
    """Write the header; returns what writes a row."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow((*COLUMNS, WHY) if with_why else COLUMNS)
    return lambda station, reading: writer.writerow(cells(station, reading, with_why=with_why))


def jsonl_writer(out: TextIO) -> Callable[[str, Reading], None]:
    """What writes a reading as a line of JSON, with the keys of a batch and `station`."""
    encode = msgspec.json.encode

    def write(station: str, reading: Reading) -> None:
        out.write(f'{{"station":{encode(station).decode()},{encode(reading).decode()[1:]}\n')

    return write
