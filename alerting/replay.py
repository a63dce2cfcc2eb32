"""Judging a past once more, hour by hour: states, alarms and day verdicts as they would have come.

For a station whose readings came all at once, from an import or a demonstration. Quarter hours are those of
today; what had not arrived at the time is told by `silences`.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy.orm import Session

from alerting.alarms import open_alarms
from alerting.course import Course, Heard
from alerting.days import usual_days, verdict_row, write_verdicts
from alerting.files import StationFile
from alerting.judging import Rules
from alerting.known import Last
from alerting.states import open_periods
from history.port import QUARTER_HOUR_MS, QuarterHour
from service.civil import day_of, start_of

if TYPE_CHECKING:
    from telemetry.quantities import Kind

STEP_MS = 4 * QUARTER_HOUR_MS


class Span(NamedTuple):
    """From and to, ms since the epoch, UTC."""

    start_ms: int
    end_ms: int


def replay(
    session: Session,
    file: StationFile,
    rows: Sequence[QuarterHour],
    silences: Sequence[Span],
    span: Span,
    rules: Rules,
) -> None:
    """Judge one station over a span; goes on from the state and the alarms the registry has.

    Args:
        session: a writing one.
        file: of the station.
        rows: its quarter hours over the span, and over two days before it, by time.
        silences: when nothing of it arrived at the centre.
        span: from and to; steps are whole hours of the epoch.
        rules: all stations are judged by.
    """
    first = day_of(span.start_ms, rules.zone)
    usual = usual_days(session, [file], first)[file.id]
    course = Course(file, rules, session, usual, first)
    course.go_on(open_periods(session).get(file.id), open_alarms(session).get(file.id, []))
    waiting, place = _Meters(file), 0
    for now_ms in range(span.start_ms - span.start_ms % STEP_MS + STEP_MS, span.end_ms + 1, STEP_MS):
        arrived_ms = min(
            (each.start_ms for each in silences if each.start_ms <= now_ms < each.end_ms), default=now_ms
        )
        come = place
        while come < len(rows) and rows[come].start_ms < arrived_ms:
            waiting.note(rows[come])
            come += 1
        course.put(rows[place:come])
        place = come
        course.step(waiting.heard(file, now_ms), now_ms)
    judged = [
        verdict_row(file.id, day, found, start_of(day, rules.zone) + 86_400_000)
        for day, found in sorted(course.judged.items())
        if file.first_heard_ms is not None
        and day >= day_of(file.first_heard_ms, rules.zone)
        and day < day_of(span.end_ms, rules.zone)
    ]
    write_verdicts(session, file.id, judged, span.end_ms)


class _Meters:
    """What each meter told last, as far as quarter hours show it."""

    def __init__(self, file: StationFile) -> None:
        self._ids = {each.kind: each.device for each in reversed(file.devices)}
        self._last: dict[str, Last] = {}
        self._last_ms: int | None = None

    def note(self, row: QuarterHour) -> None:
        """A quarter hour that arrived."""
        end_ms = row.start_ms + QUARTER_HOUR_MS
        told: tuple[tuple[Kind, int, int], ...] = (
            ("power", row.power_good, row.power_missing),
            ("flow", row.flow_good, row.flow_missing),
        )
        for kind, good, missing in told:
            device = self._ids.get(kind)
            if device is None or not (good or missing):
                continue
            before = self._last.get(device)
            counted_ms = end_ms if good else before.counted_ms if before is not None else None
            self._last[device] = Last(kind, end_ms, not good, counted_ms, None)
            self._last_ms = end_ms

    def heard(self, file: StationFile, now_ms: int) -> Heard:
        """What had been heard by an instant."""
        first_ms = file.first_heard_ms
        return Heard(
            first_ms if first_ms is not None and first_ms <= now_ms else None, self._last_ms, self._last
        )
