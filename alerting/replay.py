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
from alerting.detect import Known, Thresholds, decide, stop_window_start_ms
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
        window_ms = stop_window_start_ms(limits, mains_since_ms, now_ms), now_ms
        known = _known(file, ledger, silences, limits, now_ms)._replace(
            stop_window=ledger.window(*window_ms),
            usual=usual.baseline,
            planned=file.planned_stop(now_ms, zone),
            left_ms=file.left_ms(now_ms, zone),
            treats_since_ms=treats_since_ms,
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


def _known(
    file: StationFile, ledger: Ledger, silences: Sequence[Span], limits: Thresholds, now_ms: int
) -> Known:
    silent_since_ms = min(
        (each.start_ms for each in silences if each.start_ms <= now_ms < each.end_ms), default=None
    )
    heard = [
        at_ms
        for meter in (ledger.power, ledger.flow)
        if (at_ms := meter.last_sample_ms(now_ms if silent_since_ms is None else silent_since_ms)) is not None
    ]
    mute = {}
    for device in file.devices:
        meter = ledger.power if device.kind == "power" else ledger.flow
        since_ms = meter.mute_since_ms(now_ms)
        if since_ms is not None:
            mute[device.device] = since_ms
    first_heard_ms = file.first_heard_ms
    return Known(
        has_power_meter=file.has("power"),
        has_flow_meter=file.has("flow"),
        first_heard_ms=first_heard_ms if first_heard_ms is not None and first_heard_ms <= now_ms else None,
        last_heard_ms=max(heard, default=None),
        design_m3_per_day=file.station.design_m3_per_day,
        stop_window=ledger.window(now_ms - limits.stop_window_s * 1000, now_ms),
        idle_window=ledger.window(now_ms - limits.idle_window_s * 1000, now_ms),
        works_without_power=file.works_without_power,
        mute=mute,
        devices=len(file.devices),
    )
