"""One civil day of a station, from its file and its quarter hours to its verdict. Pure."""

from datetime import date
from zoneinfo import ZoneInfo

from alerting.baseline import Baseline
from alerting.files import StationFile
from alerting.known import Thresholds
from alerting.ledger import HOUR_MS, Ledger, MeterLedger
from alerting.meter_faults import FROZEN_SHARE
from alerting.verdict import LOW_EFFLUENT_SHARE, DayJudgement, MeterDay, StationDay, judge_day
from service.civil import ONE_DAY, start_of

SAMPLED_SHARE = 0.75
"""So much of what a counter covers must be sampled before samples contradict it."""
PEAK_SHARE = 0.6
STUCK_SHARE = 0.02
"""Momentary values that vary by less in a day are one answer repeated."""


def judge(
    file: StationFile, ledger: Ledger, day: date, usual: Baseline, limits: Thresholds, zone: ZoneInfo
) -> DayJudgement:
    """Judge one civil day of a station from its quarter hours."""
    start_ms, end_ms = start_of(day, zone), start_of(day + ONE_DAY, zone)
    idle = ledger.flow.usage(end_ms - limits.idle_window_s * 1000, end_ms)
    idle_m3 = limits.effluent_share * (usual.volume_m3 or 0.0) * limits.idle_window_s / 86_400
    floor_kwh = limits.floor_kwh(usual)
    stop = file.counted_exclusion_on(day, zone)
    known = StationDay(
        power=_day_of(ledger.power, start_ms, end_ms, 2 * floor_kwh) if file.has("power") else None,
        flow=_day_of(ledger.flow, start_ms, end_ms, LOW_EFFLUENT_SHARE * (usual.volume_m3 or 0.0))
        if file.has("flow")
        else None,
        idles=idle.reaches(limits.coverage) and idle.amount <= idle_m3,
        works_without_power=file.works_without_power,
        is_even=_is_even(ledger.power, (start_ms, end_ms), usual),
        excluded=stop.reason if stop is not None else None,
    )
    return judge_day(known, usual, floor_kwh)


def _is_even(power: MeterLedger, span: tuple[int, int], usual: Baseline) -> bool:
    """Whether no hour of a day with little energy used nearly as much as the usual hour does."""
    if power.usage(*span).amount >= usual.low_kwh:
        return False
    most_kwh = PEAK_SHARE * (usual.energy_kwh or 0.0) / 24
    return all(power.usage(at_ms, at_ms + HOUR_MS).amount <= most_kwh for at_ms in range(*span, HOUR_MS))


def _day_of(meter: MeterLedger, start_ms: int, end_ms: int, least: float) -> MeterDay:
    """What a meter tells of a day; where its counter rests against its own samples, these tell.

    Samples that rest as well say nothing: the meter repeats its last answer.
    """
    day = meter.day(start_ms, end_ms)
    sampled = meter.sampled(start_ms, end_ms)
    counted = day.amount or 0.0
    if (
        day.amount is None
        or sampled.coverage < day.share * SAMPLED_SHARE
        or sampled.amount < max(least, counted / FROZEN_SHARE)
    ):
        return day
    levels = meter.levels(start_ms, end_ms)
    if max(levels) - min(levels) < STUCK_SHARE * max(levels):
        return MeterDay(None, 0)
    return day._replace(amount=sampled.amount, share=sampled.coverage)
