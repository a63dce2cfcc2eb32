"""How well the alarms serve the desk: rates, floods, chatter, what stands, what is kept quiet. Pure.

Targets are those of ANSI/ISA-18.2-2016, table 7 (one operator's desk, at least 30 days), and of EEMUA 191 for
the peak hour. The whole centre is one desk, or a county is. Windows and periods hold their first instant and
not their end; what came after the span is not looked at, so that a month's figures stay as they were.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Literal, NamedTuple

from alerting.alarm_life import NOTICE
from alerting.performance_past import (
    DAY_MS,
    DEFAULT_LIMITS,
    HOUR_MS,
    Annunciation,
    Limits,
    Occurrence,
    Quiet,
    Span,
    first_of,
)
from alerting.performance_windows import (
    FLOOD_OVER,
    PERIOD_MS,
    Flood,
    Standing,
    chattering_in,
    floods_in,
    most_within,
    per_period,
    periods_in,
    standing_in,
)

SHIFT_MS = 12 * HOUR_MS
TOP = 10
LEAST_FOR_TOP = 200
"""Ten alarms that rang once each are more than 5 % of fewer than so many: too few to judge by."""


class Target(NamedTuple):
    """A bound: `sign` is `<=`, `<` or `>=`."""

    sign: Literal["<=", "<", ">="]
    bound: float

    def is_met(self, value: float) -> bool:
        """Whether a value keeps to it."""
        if self.sign == "<=":
            return value <= self.bound
        return value < self.bound if self.sign == "<" else value >= self.bound


Unit = Literal["count", "per_hour", "per_day", "share", "s"]
Found = dict[str, float | None]
NONE_AT_ALL = Target("<=", 0)
FIGURES: dict[str, tuple[Unit, Target | None]] = {
    "alarms": ("count", None),
    "per_hour": ("per_hour", Target("<=", 6)),
    "per_day": ("per_day", Target("<=", 144)),
    "peak_hour": ("count", Target("<=", 15)),
    "peak_hour_sliding": ("count", None),
    "busy_periods": ("share", Target("<", 0.01)),
    "most_in_period": ("count", Target("<=", 10)),
    "floods": ("count", None),
    "flood_time": ("share", Target("<", 0.01)),
    "chattering": ("count", NONE_AT_ALL),
    "fleeting": ("count", NONE_AT_ALL),
    "stale": ("count", None),
    "standing_red": ("count", Target("<", 5)),
    "top_ten": ("share", Target("<=", 0.05)),
    "notices": ("count", None),
    "share_low": ("share", Target(">=", 0.8)),
    "share_medium": ("share", Target("<=", 0.15)),
    "share_high": ("share", Target("<=", 0.05)),
    "acknowledged_median": ("s", None),
    "acknowledged_95": ("s", None),
    "acknowledged_late": ("share", None),
    "returned_median": ("s", None),
    "shelved": ("count", None),
    "shelved_longest": ("s", None),
    "shelved_over_shift": ("count", None),
    "shelved_without_reason": ("count", NONE_AT_ALL),
    "suppressed": ("count", None),
    "suppressed_longest": ("s", None),
    "out_of_service": ("count", None),
    "out_of_service_longest": ("s", None),
}
"""Unit and target of each figure, in the order shown; `docs/alarm-performance.md` says what each means."""


class Figure(NamedTuple):
    """A figure beside its target; no value: nothing to count it from, no verdict: nothing to judge."""

    name: str
    value: float | None
    unit: Unit
    target: Target | None
    is_met: bool | None


class Load(NamedTuple):
    """How often an alarm rang, and its share of all."""

    subject: str
    type: str
    times: int
    share: float


class CountyLoad(NamedTuple):
    """What rang of a county; None for stations without one."""

    county: str | None
    alarms: int
    notices: int


class Performance(NamedTuple):
    """All figures of a desk; the busiest alarms and counties first, the rest by time."""

    figures: tuple[Figure, ...]
    top: list[Load]
    counties: list[CountyLoad]
    floods: list[Flood]
    standing: list[Standing]
    chattering: list[tuple[str, str]]
    long_shelves: list[Quiet]


def performance(
    rang: Iterable[Annunciation],
    occurrences: Iterable[Occurrence],
    mutes: Iterable[Quiet],
    span: Span,
    limits: Limits = DEFAULT_LIMITS,
) -> Performance:
    """All figures of a desk over a span.

    Args:
        rang: what rang, in any order; what lies outside of the span is left out.
        occurrences: all that were active for a moment of the span.
        mutes: what people shelved or took out of service.
        span: not an empty one.
        limits: of chattering and fleeting.

    Raises:
        ValueError: the span is empty.
    """
    if span.end_ms <= span.start_ms:
        raise ValueError("the span must end after its start")
    within = [each for each in rang if span.start_ms <= each.at_ms < span.end_ms]
    alarms = [each for each in within if each.severity != NOTICE]
    lives = [each for each in occurrences if each.raised_ms < span.end_ms]
    new = [
        each
        for each in lives
        if each.alarmed_ms is not None and span.start_ms <= each.alarmed_ms < span.end_ms
    ]
    suppressed = [quiet for each in lives for quiet in each.quiet if quiet.kind == "suppressed"]
    quiet = [
        each
        for each in (*mutes, *suppressed)
        if each.since_ms < span.end_ms and (each.ended_ms is None or each.ended_ms > span.start_ms)
    ]
    instants = sorted(each.at_ms for each in alarms)
    floods, top = floods_in(instants, span.end_ms), top_ten(alarms)
    standing, chattering = standing_in(lives, span), chattering_in(new, limits)
    found: Found = {
        **_rates(instants, span),
        "floods": len(floods),
        "flood_time": sum(each.end_ms - each.start_ms for each in floods) / (span.end_ms - span.start_ms),
        "chattering": len(chattering),
        "fleeting": sum(_is_fleeting(each, span.end_ms, limits) for each in new),
        "stale": max(each.stale for each in standing),
        "standing_red": max(each.red for each in standing),
        "top_ten": sum(each.times for each in top) / len(alarms) if top else None,
        **_mix(within),
        **_times(new, span.end_ms),
        **_quietness(quiet, span.end_ms),
    }
    return Performance(
        tuple(_figure(name, found[name], len(alarms)) for name in FIGURES),
        top,
        _by_county(within),
        floods,
        standing,
        chattering,
        sorted(
            (each for each in quiet if each.kind == "shelved" and each.lasted_ms(span.end_ms) > SHIFT_MS),
            key=lambda each: (each.since_ms, each.subject, each.type),
        ),
    )


def top_ten(alarms: Iterable[Annunciation]) -> list[Load]:
    """The ten that rang most often."""
    counts = Counter((each.subject, each.type) for each in alarms)
    most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:TOP]
    return [Load(*alarm, count, count / counts.total()) for alarm, count in most]


def _rates(instants: Sequence[int], span: Span) -> Found:
    length_ms = span.end_ms - span.start_ms
    hours, periods = per_period(instants, span, HOUR_MS), per_period(instants, span, PERIOD_MS)
    busy = sum(count > FLOOD_OVER for count in periods.values())
    return {
        "alarms": len(instants),
        "per_hour": len(instants) * HOUR_MS / length_ms,
        "per_day": len(instants) * DAY_MS / length_ms,
        "peak_hour": max(hours.values(), default=0),
        "peak_hour_sliding": most_within(instants, HOUR_MS),
        "busy_periods": busy / periods_in(span, PERIOD_MS),
        "most_in_period": max(periods.values(), default=0),
    }


def _mix(rang: Sequence[Annunciation]) -> Found:
    counts = Counter(each.severity for each in rang)
    shares: Found = {
        f"share_{severity}": counts[severity] / len(rang) if rang else None
        for severity in (NOTICE, "medium", "high")
    }
    return {"notices": counts[NOTICE], **shares}


def _times(new: Sequence[Occurrence], end_ms: int) -> Found:
    """What still waits counts with its time so far; what became work as it first rang asked for no answer."""
    waits = sorted(
        max(0, first_of(each.acknowledged_ms, each.closed_ms, end_ms) - each.alarmed_ms)
        for each in new
        if each.alarmed_ms is not None
        and (each.followed_up_ms is None or each.followed_up_ms > each.alarmed_ms)
    )
    lasted = [first_of(each.returned_ms, end_ms) - each.raised_ms for each in new]
    late = sum(wait_ms > HOUR_MS for wait_ms in waits)
    return {
        "acknowledged_median": median(waits) / 1000 if waits else None,
        "acknowledged_95": waits[math.ceil(0.95 * len(waits)) - 1] / 1000 if waits else None,
        "acknowledged_late": late / len(waits) if waits else None,
        "returned_median": median(lasted) / 1000 if lasted else None,
    }


def _is_fleeting(each: Occurrence, end_ms: int, limits: Limits) -> bool:
    if each.returned_ms is None or each.returned_ms > end_ms:
        return False
    is_seen = each.acknowledged_ms is not None and each.acknowledged_ms <= each.returned_ms
    return not is_seen and each.returned_ms - each.raised_ms <= limits.fleeting_ms


def _quietness(quiet: Sequence[Quiet], end_ms: int) -> Found:
    found: Found = {}
    for kind in ("shelved", "suppressed", "out_of_service"):
        lasted = [each.lasted_ms(end_ms) for each in quiet if each.kind == kind]
        found |= {kind: len(lasted), f"{kind}_longest": max(lasted) / 1000 if lasted else None}
    shelves = [each for each in quiet if each.kind == "shelved"]
    found["shelved_over_shift"] = sum(each.lasted_ms(end_ms) > SHIFT_MS for each in shelves)
    found["shelved_without_reason"] = sum(not each.reason.strip() for each in shelves)
    return found


def _by_county(rang: Iterable[Annunciation]) -> list[CountyLoad]:
    alarms: Counter[str | None] = Counter()
    notices: Counter[str | None] = Counter()
    for each in rang:
        (notices if each.severity == NOTICE else alarms)[each.county] += 1
    loads = [CountyLoad(county, alarms[county], notices[county]) for county in {*alarms, *notices}]
    return sorted(loads, key=lambda each: (-each.alarms, -each.notices, each.county or "~"))


def _figure(name: str, value: float | None, alarms: int) -> Figure:
    unit, target = FIGURES[name]
    is_judged = name != "top_ten" or alarms >= LEAST_FOR_TOP
    is_met = target.is_met(value) if target is not None and value is not None and is_judged else None
    return Figure(name, value, unit, target, is_met)
