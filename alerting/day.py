"""One civil day of a station, from its file and its quarter hours to its verdict. Pure."""

from datetime import date
from statistics import median_high
from zoneinfo import ZoneInfo

from alerting.baseline import Baseline
from alerting.files import StationFile
from alerting.known import Thresholds
from alerting.ledger import HOUR_MS, Ledger, MeterLedger, Usage
from alerting.meter_faults import FROZEN_AFTER_MS, MOVES_SHARE, contradicts
from alerting.verdict import LOW_EFFLUENT_SHARE, DayJudgement, MeterDay, StationDay, judge_day
from service.civil import ONE_DAY, start_of

SAMPLED_SHARE = 0.75
"""So much of what a counter covers must be sampled before samples contradict it."""
PEAK_SHARE = 0.6
STEPS_LOOKED_AT_MS = 48 * HOUR_MS
STEPS_MISSING = 2


def judge(
    file: StationFile, ledger: Ledger, day: date, usual: Baseline, limits: Thresholds, zone: ZoneInfo
) -> DayJudgement:
    """Judge one civil day of a station from its quarter hours."""
    span = start_of(day, zone), start_of(day + ONE_DAY, zone)
    floor_kwh = limits.floor_kwh(usual)
    power = _Told(ledger.power, span, 2 * floor_kwh)
    flow = _Told(ledger.flow, span, LOW_EFFLUENT_SHARE * (usual.volume_m3 or 0.0))
    stop = file.counted_exclusion_on(day, zone)
    known = StationDay(
        power=power.day() if file.has("power") else None,
        flow=flow.day() if file.has("flow") else None,
        idles=_idles(ledger.flow, span[1], usual, limits),
        works_without_power=file.works_without_power,
        is_even=_is_even(ledger.power, span, usual),
        excluded=stop.reason if stop is not None else None,
    )
    judged = judge_day(known, usual, floor_kwh)
    if judged.verdict != "stopped" or not (power.repeated or flow.repeated):
        return judged
    return judge_day(
        known._replace(
            power=known.power and power.day_without_repeats(), flow=known.flow and flow.day_without_repeats()
        ),
        usual,
        floor_kwh,
    )


def _is_even(power: MeterLedger, span: tuple[int, int], usual: Baseline) -> bool:
    """Whether no hour of a day with little energy used nearly as much as the usual hour does."""
    if power.usage(*span).amount >= usual.low_kwh:
        return False
    most_kwh = PEAK_SHARE * (usual.energy_kwh or 0.0) / 24
    return all(power.usage(at_ms, at_ms + HOUR_MS).amount <= most_kwh for at_ms in range(*span, HOUR_MS))


def _idles(flow: MeterLedger, end_ms: int, usual: Baseline, limits: Thresholds) -> bool:
    """Whether no effluent came in all of the idling window; a counter that stands proves nothing."""
    since_ms = end_ms - limits.idle_window_s * 1000
    let_out, sampled = flow.usage(since_ms, end_ms), flow.sampled(since_ms, end_ms)
    usual_m3 = (usual.volume_m3 or 0.0) * limits.idle_window_s / 86_400
    if not let_out.reaches(limits.coverage) or let_out.amount > limits.effluent_share * usual_m3:
        return False
    is_known = sampled.reaches(limits.coverage)
    return not (is_known and contradicts(sampled, let_out, MOVES_SHARE * usual_m3))


class _Told:
    """What a meter tells of a day.

    A counter that rests while its momentary values change has stood still: these tell. Where they rest too,
    the meter's last answer is repeated, and what was counted is only the least that passed: enough for a
    day that runs, no proof of a stop.
    """

    def __init__(self, meter: MeterLedger, span: tuple[int, int], least: float) -> None:
        """Look at a day.

        Args:
            meter: of the station.
            span: of the day, ms since the epoch.
            least: in a day, kWh or m³, that samples must say before the counter is not believed.
        """
        self._meter, self._span, self._least = meter, span, least
        self.repeated = _repeated(meter, span, least)

    def day(self) -> MeterDay:
        """By the counter, or by the samples that contradict it."""
        day, sampled = self._meter.day(*self._span), self._meter.sampled(*self._span)
        if (
            self.repeated
            or day.amount is None
            or sampled.coverage < day.share * SAMPLED_SHARE
            or not contradicts(sampled, Usage(day.amount, day.share), self._least)
        ):
            return day
        return day._replace(amount=sampled.amount, share=sampled.coverage)

    def day_without_repeats(self) -> MeterDay:
        """By what is no repetition; by the samples that contradict it where there is none."""
        return self._meter.day(*self._span, without=self.repeated) if self.repeated else self.day()


def _repeated(meter: MeterLedger, span: tuple[int, int], least: float) -> list[tuple[int, int]]:
    """The spans of a day in which one answer was told again and again.

    A counter of coarse steps rests too between two of them, so that more than such a step must be missing.
    """
    spans = meter.repeats(*span, FROZEN_AFTER_MS)
    if not spans:
        return []
    amounts = meter.amounts(span[0] - STEPS_LOOKED_AT_MS, span[1])
    step = median_high([amount for amount in amounts if amount] or [0.0])
    return [
        (start_ms, end_ms)
        for start_ms, end_ms in spans
        if meter.sampled(start_ms, end_ms).amount
        >= max(least * (end_ms - start_ms) / (span[1] - span[0]), STEPS_MISSING * step)
    ]
