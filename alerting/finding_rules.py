"""Hints of fraud: what the figures of a station's last weeks do not explain. Pure.

None of them is a state, rings or changes a verdict: they tell where an unannounced visit is worth the way.
Timers, storms, festivals, seasons, resting nights and coarse counters raise nothing.
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from statistics import fmean, median, pstdev

from alerting.baseline import Baseline
from alerting.finding_past import Found, Past, rounded
from alerting.finding_power import effluent_without_power, heater_like_load, under_powered
from alerting.finding_signature import load_signature_changed
from alerting.marks import DayMarks

CONSTANT_DAYS = 10
CONSTANT_VARIATION = 0.03
CONSTANT_HOURS = 0.08
"""The hours' variation of a flow that is alike day and night: of water from a tap, not from people."""
CONSTANT_STEPS = 100
"""Fewer steps of the counter a day cannot show a variation of 3 % for sure."""
REPEATED_WITHIN = 28
STOP_FLOOR_KWH = 0.5
"""Energy of a day below which nothing is treated, while nothing better is known."""


def findings(
    days: Mapping[date, DayMarks],
    day: date,
    usual: Baseline,
    process: str,
    verdicts: Mapping[date, str],
    *,
    floor_kwh: float | None = None,
) -> list[Found]:
    """What is odd about a station, as of a day that just ended.

    Args:
        days: what each of the last 35 days told, that day included; days that are not known may lack.
        day: which just ended.
        usual: the station's usual day before it.
        process: one of the contract's, or empty.
        verdicts: of the same days; an excluded one counts for nothing.
        floor_kwh: energy of a day below which nothing is treated; by default what the usual day tells.
    """
    floor_kwh = usual.floor_kwh(STOP_FLOOR_KWH) if floor_kwh is None else floor_kwh
    past = Past(days, day, usual, process, verdicts, floor_kwh)
    return [found for rule in RULES if (found := rule(past)) is not None]


def constant_volume(past: Past) -> Found | None:
    """A village uses water by day and rests by night, and not the same every day.

    Ten running days within 3 % of each other, whose hours are alike too, are a tap or a hose at the flow
    meter. The days alone do not tell: with several hundred people behind a meter they are often within 3 %. A
    plant at full load, whose pump never pauses, looks so too.
    """
    days = [(day, marks) for day, marks in past.running() if marks.volume_m3 is not None]
    if len(days) < CONSTANT_DAYS or days[-1][0] != past.day:
        return None
    count = 0
    while count < len(days):
        marks = days[-count - 1][1]
        if marks.flow_variation is None or marks.flow_variation >= CONSTANT_HOURS:
            break
        count += 1
    volumes = [marks.volume_m3 or 0.0 for _, marks in days]
    while count >= CONSTANT_DAYS and _variation(volumes[-count:]) >= CONSTANT_VARIATION:
        count -= 1
    if count < CONSTANT_DAYS or median(volumes[-count:]) < CONSTANT_STEPS * past.volume_step:
        return None
    figures = {
        "days": count,
        "volume_m3": median(volumes[-count:]),
        "variation": _variation(volumes[-count:]),
        "hours_variation": median(marks.flow_variation or 0.0 for _, marks in days[-count:]),
    }
    return Found("constant_volume", days[-count][0], rounded(figures))


def repeated_sequence(past: Past) -> Found | None:
    """No two days bring the same amounts in all their quarter hours; copied data do.

    Only days with many different amounts are compared: days of rest, constant loads and coarse counters are
    alike by nature.
    """
    today = past.today
    for back in range(1, REPEATED_WITHIN + 1):
        day = past.day - timedelta(days=back)
        other = past.marks(day)
        if other is None:
            continue
        if today.energy_hash is not None and today.energy_hash == other.energy_hash:
            return Found("repeated_sequence", past.day, {"kind": "power", "like": day.isoformat()})
        if today.volume_hash is not None and today.volume_hash == other.volume_hash:
            return Found("repeated_sequence", past.day, {"kind": "flow", "like": day.isoformat()})
    return None


def unannounced_exchange(past: Past) -> Found | None:
    """A counter rises, and by little: one that begins anew or leaps was exchanged or set, and nobody said so.

    Odd samples, roll-overs, a count restored after a power cut, told exchanges and corrected current
    transformers are none. Entering the exchange (`qingliu stations exchange`) takes the finding away.
    """
    if not past.today.falls:
        return None
    fall = past.today.falls[0]
    evidence: dict[str, float | str] = {
        "device": fall.device,
        "at_ms": float(fall.at_ms),
        "before": fall.before,
        "after": fall.after,
        "count": float(len(past.today.falls)),
    }
    return Found("unannounced_exchange", past.day, evidence)


RULES: tuple[Callable[[Past], Found | None], ...] = (
    effluent_without_power,
    under_powered,
    heater_like_load,
    load_signature_changed,
    unannounced_exchange,
    repeated_sequence,
    constant_volume,
)
CODES = tuple(rule.__name__ for rule in RULES)


def _variation(volumes: list[float]) -> float:
    mean = fmean(volumes)
    return pstdev(volumes) / mean if mean > 0 else 1.0
