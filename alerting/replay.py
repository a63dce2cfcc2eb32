"""Judging a past once more, hour by hour: states, alarms and day verdicts as they would have come.

For a station whose readings came all at once, from an import or a demonstration. Windows are summed from the
quarter hours as they are known today; what had not arrived at the time is told by `silences`.
"""

from collections.abc import Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from alerting.alarms import follow, open_alarms
from alerting.days import judge, usual_days, verdict_row
from alerting.detect import decide, stop_window_start_ms
from alerting.files import StationFile
from alerting.ledger import Ledger
from alerting.states import WITHOUT_ENERGY, WITHOUT_MAINS, open_periods, record
from history.port import QUARTER_HOUR_MS, QuarterHour
from registry.config import AlertingSettings
from registry.database import upsert
from registry.tables import DayVerdict
from service.civil import ONE_DAY, day_of, start_of

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
    settings: AlertingSettings,
    zone: ZoneInfo,
) -> None:
    """Judge one station over a span; goes on from the state and the alarms the registry has.

    Args:
        session: a writing one.
        file: of the station.
        rows: its quarter hours over the span, and over the idling window before it.
        silences: when nothing of it arrived at the centre.
        span: from and to; steps are whole hours of the epoch.
        settings: of alerting.
        zone: civil days are counted in.
    """
    limits, ledger = file.thresholds(settings), Ledger(rows)
    present = open_periods(session).get(file.id)
    alarms = open_alarms(session).get(file.id, [])
    day = day_of(span.start_ms, zone)
    day_end_ms = start_of(day + ONE_DAY, zone)
    usual = usual_days(session, [file], day)[file.id]
    treats_since_ms, mains_since_ms = file.treats_since_ms, file.mains_since_ms
    verdicts = []
    first_ms = span.start_ms - span.start_ms % STEP_MS + STEP_MS
    for now_ms in range(first_ms, span.end_ms + 1, STEP_MS):
        while now_ms >= day_end_ms:
            judged = judge(file, ledger, day, usual.baseline, limits, zone)
            if file.first_heard_ms is not None and day_end_ms > file.first_heard_ms:
                verdicts.append(verdict_row(file.id, day, judged, day_end_ms))
            if not file.is_excluded(day):
                usual.note(judged)
            day += ONE_DAY
            day_end_ms = start_of(day + ONE_DAY, zone)
        known = file.known(usual.baseline, zone, now_ms)._replace(
            first_heard_ms=_first_heard_ms(file, now_ms),
            last_heard_ms=_last_heard_ms(ledger, silences, now_ms),
            stop_window=ledger.window(stop_window_start_ms(limits, mains_since_ms, now_ms), now_ms),
            idle_window=ledger.window(now_ms - limits.idle_window_s * 1000, now_ms),
            treats_since_ms=treats_since_ms,
            mute=_mute(file, ledger, now_ms),
        )
        decision = decide(known, limits, now_ms)
        if decision.state in WITHOUT_ENERGY:
            treats_since_ms = now_ms
        if decision.state in WITHOUT_MAINS:
            mains_since_ms = now_ms
        present = record(session, file.id, decision, present, now_ms)
        if alarms or now_ms - present.decided_ms <= settings.raise_after_s * 1000 + STEP_MS:
            alarms = follow(
                session,
                present,
                alarms,
                raise_after_s=settings.raise_after_s,
                clear_after_s=settings.clear_after_s,
                now_ms=now_ms,
            )
    upsert(session, DayVerdict, verdicts)


def _first_heard_ms(file: StationFile, now_ms: int) -> int | None:
    """When the station was first heard, if it was by then."""
    first_ms = file.first_heard_ms
    return first_ms if first_ms is not None and first_ms <= now_ms else None


def _last_heard_ms(ledger: Ledger, silences: Sequence[Span], now_ms: int) -> int | None:
    """The last sign of life that had arrived by then."""
    arrived_ms = min(
        (each.start_ms for each in silences if each.start_ms <= now_ms < each.end_ms), default=now_ms
    )
    signs = (meter.last_sample_ms(arrived_ms) for meter in (ledger.power, ledger.flow))
    return max((at_ms for at_ms in signs if at_ms is not None), default=None)


def _mute(file: StationFile, ledger: Ledger, now_ms: int) -> dict[str, int]:
    """Since when which devices fail to answer."""
    meters = {"power": ledger.power, "flow": ledger.flow}
    since = {each.device: meters[each.kind].mute_since_ms(now_ms) for each in file.devices}
    return {device: since_ms for device, since_ms in since.items() if since_ms is not None}
