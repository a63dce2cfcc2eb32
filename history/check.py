"""Tries a history out, step by step, and says in plain words what works and what to do about the rest."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from history.embedded import EmbeddedHistory
from history.opening import HistoryKeys, influx_place
from history.port import HistoryError, HistoryMisconfiguredError

if TYPE_CHECKING:
    from history.influx_place import InfluxPlace

STEPS = ("reachable", "readable", "writable")


class Finding(NamedTuple):
    """What one step found.

    Attributes:
        step: one of `STEPS`.
        text: what was found, or what is wrong and what to do.
        exit_code: 0 well, 1 try again later, 2 somebody has to mend the settings or the server.
    """

    step: str
    text: str
    exit_code: int = 0


def check_history(keys: HistoryKeys) -> Iterator[Finding]:
    """Try the store that the settings name; the first step that fails is the last."""
    done = 0
    try:
        for text in _embedded(Path(keys.path)) if keys.backend == "embedded" else _influx(influx_place(keys)):
            yield Finding(STEPS[done], text)
            done += 1
    except HistoryError as error:
        yield Finding(STEPS[done], str(error), 2 if isinstance(error, HistoryMisconfiguredError) else 1)


def _embedded(path: Path) -> Iterator[str]:
    """What each step finds, in the order of `STEPS`."""
    size = "made just now"
    with suppress(OSError):  # it is not there, or may not be looked at, which opening it says
        size = f"{path.stat().st_size / 1e6:.1f} MB"
    with closing(EmbeddedHistory(path)) as history:
        yield f"embedded store {path}, {size}, SQLite {sqlite3.sqlite_version}"
        many = len(history.latest())
        yield f"{many} station{' has' if many == 1 else 's have'} readings"
        history.write_quarter_hours([])
        yield "a transaction was begun and committed"


def _influx(place: "InfluxPlace") -> Iterator[str]:
    """Likewise of an InfluxDB."""
    from history.influx_query import Querier  # noqa: PLC0415 - the library is loaded on use
    from history.influx_write import LineWriter  # noqa: PLC0415

    with closing(Querier(place)) as querier, closing(LineWriter(place)) as writer:
        yield f"{_product(querier.version())} at {place.base}"
        found = {row[0] for series in querier.series("SHOW MEASUREMENTS") for row in series.values}
        known = sorted(found & {"power", "flow", "quarter_hour"})
        others = sorted(found - {"power", "flow", "quarter_hour", "qingliu_probe"})
        text = f"bucket {place.bucket} holds {', '.join(known) or 'nothing of ours yet'}"
        for _ in querier.series("SELECT * FROM power WHERE time > now() - 1h LIMIT 1"):
            pass  # a wrong retention policy shows at a real question only
        yield text + (f", and of others: {', '.join(others[:5])}" if others else "")
        writer.probe()
        yield f"a trial point was written to bucket {place.bucket}, measurement qingliu_probe"


def _product(version: str) -> str:
    """The generation of a version such as `v2.7.1` or `1.6.7`."""
    number = re.match(r"v?(\d+)\.(\d+)", version)
    if number is None:
        return f"a server that does not say which version it is ({version or 'nothing'})"
    generation = {"1": "InfluxDB 1.x", "2": "InfluxDB 2.x", "3": "InfluxDB 3"}.get(number[1], "InfluxDB")
    is_old = (int(number[1]), int(number[2])) < (1, 8)
    remark = ", older than 1.8: only a proxy gives it /api/v2/write" if is_old else ""
    return f"{generation}, version {version}{remark}"
