"""The back-test: files in, the same judgement as live at every quarter hour of their clock, files out."""

import multiprocessing
import os
import signal
import tempfile
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from alerting.backtest_readings import rows_of
from alerting.backtest_spool import Spool
from alerting.backtest_station import Judged, judge_station
from alerting.judging import Rules
from registry.tables import Exclusion, Station
from service.process import UnavailableError

READING_SHARE = 0.25
"""Of the work, what reading the file is."""


class Inputs(NamedTuple):
    """What a back-test is made from."""

    stations: Mapping[str, Station]
    exclusions: Mapping[str, list[Exclusion]]
    rules: Rules


@contextmanager
def spooled(readings: Path, at: Callable[[float], None]) -> Iterator[Spool]:
    """All readings of a file by station, on disk for as long as they are needed.

    Args:
        readings: a CSV.
        at: is told how much of all the work is done, 0 to 1.

    Raises:
        SettingsError: the file has faults.
        OSError: a file cannot be read or written.
    """
    with tempfile.TemporaryDirectory(prefix="qingliu-backtest-") as folder:
        spool = Spool(Path(folder))
        for row in rows_of(readings, lambda share: at(share * READING_SHARE)):
            spool.add(row)
        spool.close()
        yield spool


def judge_all(
    inputs: Inputs, spool: Spool, at: Callable[[float], None], processes: int | None = None
) -> Generator[Judged, None, None]:
    """Judge all stations, each by itself; memory holds one station's readings a process.

    Args:
        inputs: stations, approved stops and rules.
        spool: the readings.
        at: is told how much of all the work is done, 0 to 1.
        processes: how many judge at once; None for as many as there are processors.

    Returns:
        What came out, in the order of the stations; nothing if there is no reading at all.

    Raises:
        UnavailableError: a judging process died.
        OSError: a file cannot be read.
    """
    if spool.first_ms is None or spool.last_ms is None:
        return
    rows = spool.stations
    done, total = 0, sum(rows.get(name, 0) + 1 for name in inputs.stations)
    for judged in _judged(inputs, spool, (spool.first_ms, spool.last_ms), processes):
        yield judged
        done += rows.get(judged.station, 0) + 1
        at(READING_SHARE + (1 - READING_SHARE) * done / total)


def _judged(inputs: Inputs, spool: Spool, span: tuple[int, int], processes: int | None) -> Iterator[Judged]:
    count = min(processes or os.cpu_count() or 1, len(inputs.stations))
    if count <= 1:
        for name in inputs.stations:
            yield _judge(inputs, spool, span, name)
        return
    global _SHARED  # noqa: PLW0603 - what the children inherit
    _SHARED = (inputs, spool, span)
    others = multiprocessing.active_children()
    pool = ProcessPoolExecutor(count, multiprocessing.get_context("fork"), _leave_interrupts_to_the_parent)
    try:
        with _interrupts_later():  # one that comes while the pool starts leaves it half begun
            # not pool.map: it cancels what waits, on which the pool fails when its processes are ended
            judged = deque([pool.submit(_judge_shared, name) for name in inputs.stations])
        while judged:
            yield judged.popleft().result()
    except BrokenProcessPool as error:
        raise UnavailableError(
            "back-test: a judging process died, perhaps for lack of memory. Give a smaller --processes."
        ) from error
    except BaseException:
        for child in multiprocessing.active_children():
            if child not in others:
                child.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
        _SHARED = None


_SHARED: tuple[Inputs, Spool, tuple[int, int]] | None = None


@contextmanager
def _interrupts_later() -> Iterator[None]:
    """Ctrl-C takes effect at the end of the block."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _judge_shared(name: str) -> Judged:
    if _SHARED is None:
        raise RuntimeError("only a child of the back-test judges")
    return _judge(*_SHARED, name)


def _judge(inputs: Inputs, spool: Spool, span: tuple[int, int], name: str) -> Judged:
    return judge_station(
        inputs.stations[name], inputs.exclusions.get(name, []), spool.arrivals(name), span, inputs.rules
    )
