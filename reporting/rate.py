"""The operating rate (正常运行率): what a month of a station counts as, and what that makes of many. Pure.

A day on the register that no approved stop takes away is countable (K), and then running (R), stopped (S) or
unknown (U).
All comparisons are of exact fractions: 90 % passes, whatever a rounded print would say.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Literal, NamedTuple

from reporting.days import Span, runs
from reporting.due import RULE_VERSION, RULES, DueDays, Excluded, Facility, Rules, due_days
from service.civil import Month

Verdict = Literal["running", "stopped", "unknown"]
Judgement = Literal["normal", "not_normal", "not_assessable", "not_counted"]

__all__ = [
    "RULES", "RULE_VERSION", "Connection", "Excluded", "Facility", "Judged", "Judgement", "Rate", "Rules",
    "StationMonth", "Verdict", "connection", "judge", "known", "rate", "rates_by", "station_month",
]  # fmt: skip


class Judged(NamedTuple):
    """The days of a station whose verdict is known, as bits of a span."""

    span: Span
    running: int
    stopped: int


class StationMonth(NamedTuple):
    """A station's month, in civil days: C = K + X, K = R + S + U.

    Attributes:
        facility: of whom.
        calendar_days: C, on the register as in use or rebuilding.
        excluded_days: X, taken away by approved stops.
        countable_days: K.
        running: R.
        stopped: S.
        unknown: U.
        longest_stop_days: length of the longest stop with a day in the month, over the month's edges.
        marked_abnormal: whether an inspection of the month found it 非正常.
        judgement: what it counts as.
    """

    facility: Facility
    calendar_days: int
    excluded_days: int
    countable_days: int
    running: int
    stopped: int
    unknown: int
    longest_stop_days: int
    marked_abnormal: bool
    judgement: Judgement

    @property
    def running_share(self) -> Fraction | None:
        """R / (K − U); None if no day is known."""
        return _share(self.running, self.countable_days - self.unknown)


class Rate(NamedTuple):
    """Stations counted by judgement, and the rates; a rate is None where there is nothing to divide by.

    Attributes:
        due: stations with a countable day.
        normal: of them.
        not_normal: of them.
        not_assessable: of them.
        by_number_strict: normal / due, the rate that is held against the target.
        by_number_lenient: normal / (normal + not normal).
        by_days: ΣR / Σ(K − U).
        by_capacity: Σ design of the normal / Σ design of those due.
        completeness: Σ(K − U) / ΣK.
    """

    due: int
    normal: int
    not_normal: int
    not_assessable: int
    by_number_strict: Fraction | None
    by_number_lenient: Fraction | None
    by_days: Fraction | None
    by_capacity: Fraction | None
    completeness: Fraction | None


class Connection(NamedTuple):
    """接入率: stations on the register in the month, and those of them that have a box by its end."""

    connected: int
    due: int

    @property
    def share(self) -> Fraction | None:
        """Connected / due; None if none is due."""
        return _share(self.connected, self.due)


def station_month(
    facility: Facility,
    month: Month,
    verdicts: Mapping[date, Verdict],
    exclusions: Sequence[Excluded] = (),
    abnormal_on: Collection[date] = (),
    until: date | None = None,
) -> StationMonth:
    """Judge a station's month.

    Args:
        facility: the station.
        month: the month.
        verdicts: of civil days, those around the month too, for stops over its edges; a countable day
            without one is unknown.
        exclusions: its approved stops.
        abnormal_on: days on which an inspection found it 非正常.
        until: the last civil day that is over; later ones do not count. None: all given are over.
    """
    span = Span(min(verdicts, default=month.first), max(verdicts, default=month.last))
    span = Span(min(span.first, month.first), max(span.last, month.last))
    running = span.of(day for day, verdict in verdicts.items() if verdict == "running")
    stopped = span.of(day for day, verdict in verdicts.items() if verdict == "stopped")
    due = due_days(facility, span, exclusions, until)
    return judge(facility, month, Judged(span, running, stopped), due, abnormal_on)


def judge(
    facility: Facility, month: Month, judged: Judged, due: DueDays, abnormal_on: Collection[date] = ()
) -> StationMonth:
    """Judge a station's month from sets of days; `station_month` says what they are."""
    within = judged.span.bits(month.first, month.last)
    countable = due.countable & within
    days = countable.bit_count()
    running = (judged.running & countable).bit_count()
    stopped = (judged.stopped & countable).bit_count()
    unknown = days - running - stopped
    stops = runs(judged.stopped & due.countable) if stopped else ()
    longest = max((stop.length for stop in stops if stop.bits & within), default=0)
    is_marked = any(Month.of(day) == month for day in abnormal_on)
    runs_enough = _surplus(running, days - unknown, RULES.running_share) >= 0
    judgement: Judgement = "not_normal"
    if not days:
        judgement = "not_counted"
    elif _surplus(unknown, days, RULES.unknown_share) > 0:
        judgement = "not_assessable"
    elif runs_enough and longest < RULES.stop_days and not is_marked:
        judgement = "normal"
    return StationMonth(
        facility,
        (due.registered & within).bit_count(),
        (due.excluded & within).bit_count(),
        days,
        running,
        stopped,
        unknown,
        longest,
        is_marked,
        judgement,
    )


def rate(months: Iterable[StationMonth]) -> Rate:
    """The rate of many stations; those that are not counted take no part."""
    counts: Counter[Judgement] = Counter()
    designs: Counter[float] = Counter()
    normal_designs: Counter[float] = Counter()
    countable = unknown = running = 0
    for each in months:
        if each.judgement == "not_counted":
            continue
        counts[each.judgement] += 1
        countable += each.countable_days
        unknown += each.unknown
        running += each.running
        design = each.facility.design_m3_per_day
        if design is not None:
            designs[design] += 1
            normal_designs[design] += each.judgement == "normal"
    normal, not_normal = counts["normal"], counts["not_normal"]
    return Rate(
        due=counts.total(),
        normal=normal,
        not_normal=not_normal,
        not_assessable=counts["not_assessable"],
        by_number_strict=_share(normal, counts.total()),
        by_number_lenient=_share(normal, normal + not_normal),
        by_days=_share(running, countable - unknown),
        by_capacity=_share(_sum(normal_designs), _sum(designs)),
        completeness=_share(countable - unknown, countable),
    )


def rates_by(key: Callable[[StationMonth], str], months: Iterable[StationMonth]) -> dict[str, Rate]:
    """The rates of groups of stations, by the name that the key gives each."""
    members: defaultdict[str, list[StationMonth]] = defaultdict(list)
    for each in months:
        members[key(each)].append(each)
    return {name: rate(own) for name, own in sorted(members.items())}


def known(of_many: Rate | None) -> Rate | None:
    """A rate that at least one known day stands behind: where nothing is known there is none, not 0 %."""
    return of_many if of_many is not None and of_many.completeness else None


def connection(months: Iterable[StationMonth], last: date) -> Connection:
    """How many stations on the register had a box on the last day that counts."""
    registered = [each.facility for each in months if each.calendar_days]
    connected = [each for each in registered if each.connected_from and each.connected_from <= last]
    return Connection(len(connected), len(registered))


def _surplus(part: int, whole: int, share: Fraction) -> int:
    """Zero where part is exactly that share of the whole, else with the sign of what is above or missing."""
    return part * share.denominator - whole * share.numerator


def _share(part: Fraction | int, whole: Fraction | int) -> Fraction | None:
    return Fraction(part, whole) if whole else None


def _sum(counted: Mapping[float, int]) -> Fraction:
    """The exact sum of decimal numbers as they are written, each so many times."""
    return sum((Fraction(str(value)) * count for value, count in counted.items()), Fraction())
