"""The demo's past: what the city's boxes would have sent, through the collector's own checks into the stores.

Each station is a job of its own, so that two processors halve the time; what is done is noted, so that one
that was broken off, or the next start, goes on from there.
"""

import multiprocessing
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, as_completed
from contextlib import closing
from itertools import islice
from threading import Event

import msgspec
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from alerting.files import station_files
from alerting.freshness import recompute
from alerting.holidays import holidays_from
from alerting.judging import Rules
from alerting.replay import Span, replay
from collector.ingest import Work, take
from collector.presence import PresenceBook, write_presence
from history.embedded import EmbeddedHistory
from history.quarter_hours import floor_to_quarter
from qingliu import demo_meters
from qingliu.children import die_with_parent
from qingliu.demo_files import DemoCity, DemoError, Paths, keep_city
from qingliu.demo_registry import LIVE_THRESHOLDS, set_thresholds
from registry.config import load_centre
from registry.database import Registry, open_registry
from registry.tables import ServiceHealth, StatePeriod
from service.process import UnavailableError, first_line
from simulator.city import CityStation, past_start_s
from simulator.course import Course, readings, silences
from telemetry.batch import encode_batch
from telemetry.reading import NumberedReading, Reading

READINGS_A_BATCH = 200
"""About 36 kB of JSON; a batch may have 64."""
PROCESSES = 2
DAY_MS = 86_400_000
LONGEST_WINDOW_MS = 3 * DAY_MS
"""Reaches back over the idling window of small stations."""
OUTBOX = "0000d380"
"""The past's batches come out of no file; an outbox's name they need all the same."""


def prepare(
    paths: Paths, known: DemoCity, now_ms: int, past_days: int | None, stop: Event, done: Callable[[], None]
) -> None:
    """Bring the stores up to the last whole quarter hour; `done` is called after each station.

    Raises:
        DemoError: a station's past cannot be written.
    """
    end_ms = floor_to_quarter(now_ms)
    first_ms = int(past_start_s(known.begun_ms / 1000) * 1000)
    if past_days is not None:
        first_ms = max(first_ms, floor_to_quarter(known.begun_ms) - past_days * DAY_MS)
    lived = [each for each in known.stations() if each.is_live and each.id in known.prepared_ms]
    for _ in lived:
        done()
    todo = [each for each in known.stations() if each not in lived]
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, spawn, initializer=_be_a_child) as pool:
        jobs = {
            pool.submit(
                _bring_up, paths, station, Span(known.prepared_ms.get(station.id, first_ms), end_ms)
            ): station.id
            for station in todo
        }
        try:
            for job in as_completed(jobs):
                job.result()
                done()
                if stop.is_set():
                    return
        except (UnavailableError, SQLAlchemyError, BrokenExecutor) as error:
            raise DemoError(f"past of {jobs[job]}: {first_line(error)}") from error
        finally:
            pool.shutdown(cancel_futures=True)  # those that have begun end first
            ended = (job for job in jobs if job.done() and not job.cancelled() and job.exception() is None)
            known.prepared_ms |= dict.fromkeys((jobs[job] for job in ended), end_ms)
            keep_city(paths, known)


def _be_a_child() -> None:
    """A Ctrl-C is for the parent, which stops its children; they end with it, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent()


def _bring_up(paths: Paths, station: CityStation, span: Span) -> None:
    """One station: readings through the collector's checks, quarter hours, states, alarms, verdicts."""
    settings = load_centre(paths.centre)
    course = Course(station)
    with (
        closing(open_registry(paths.registry_url)) as registry,
        closing(EmbeddedHistory(paths.history)) as history,
    ):
        work = Work()
        for payload in _payloads(readings(course, *span), span.end_ms):
            take(work, station.id, payload, known={station.id}, now_ms=span.end_ms)
        if work.quarantine:
            raise DemoError(f"the collector refuses a reading: {work.quarantine[0].text}")
        history.write(work.readings)
        _be_heard(registry, station.id, work)
        if work.readings:
            recompute(history, station.id, *span)
        rows = history.quarter_hours(span.start_ms - LONGEST_WINDOW_MS, span.end_ms, [station.id])
        with registry.writing() as session:
            unjudged = Span(max(span.start_ms, _judged_until(session, station.id)), span.end_ms)
            (file,) = station_files(session, unjudged.start_ms, [station.id])
            holidays = holidays_from(settings.alerting.holidays_file)
            rules = Rules(settings.alerting, settings.zone, holidays, settings.alarms)
            replay(session, file, rows, _silences(station, span), unjudged, rules)
        if station.is_live:
            demo_meters.begin(paths.counters(station.id), course, span.end_ms)
            set_thresholds(registry, station.id, LIVE_THRESHOLDS)


def _judged_until(session: Session, station: str) -> int:
    """Until when a station was judged: what alerting said while the demo ran stands."""
    last = session.scalar(select(func.max(StatePeriod.decided_ms)).where(StatePeriod.station_id == station))
    alerting = session.get(ServiceHealth, "alerting")
    return max(last or 0, alerting.seen_ms if alerting else 0)


def _silences(station: CityStation, span: Span) -> list[Span]:
    """When nothing arrived at the centre, as far as it touches a span."""
    clipped = [
        Span(int(max(start_ms, span.start_ms)), int(min(end_ms, span.end_ms + 1)))
        for start_ms, end_ms in silences(station)
    ]
    return [each for each in clipped if each.start_ms < each.end_ms]


def _payloads(all_readings: Iterator[Reading], sent_ms: int) -> Iterator[bytes]:
    """The messages that a box would send."""
    numbered = (
        NumberedReading(seq=seq, **msgspec.structs.asdict(reading))
        for seq, reading in enumerate(all_readings)
    )
    while batch := list(islice(numbered, READINGS_A_BATCH)):
        yield encode_batch(OUTBOX, sent_ms, batch)


def _be_heard(registry: Registry, station: str, work: Work) -> None:
    """Note the station's meters from the first reading on, and its presence as of the last."""
    for some in (work.readings[:2], work.readings[-2:]):
        if some:
            at_ms = some[-1].reading.t
            book = PresenceBook()
            book.heard({station: 0}, some, at_ms)
            news = book.news(at_ms)
            if news is not None:
                write_presence(registry, news)
