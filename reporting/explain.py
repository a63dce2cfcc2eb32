"""How a station's month came about: its days, what each counts as, and the conditions that decided. Pure.

Counts and judgement are the rate's own (`reporting.rate.judge`); this lays open what they rest on.
"""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Literal, NamedTuple

from registry.exclusion_days import StopDay
from registry.tables import DayVerdict, Exclusion, Inspection, VerdictRevision
from reporting.days import runs
from reporting.due import DueDays
from reporting.rate import RULES, Judged, StationMonth
from reporting.records import Address
from service.civil import Month

Mark = Literal["running", "stopped", "unknown", "excluded", "off", "open"]
"""What a day counts as; `off` the register, or still `open` because it is not over."""
Code = Literal["unknown_share", "running_share", "longest_stop", "inspection"]


class Condition(NamedTuple):
    """One of the conditions beside its threshold.

    Attributes:
        code: which.
        part: what is held against the threshold, or the upper part of the share that is: days, or visits.
        whole: the lower part of the share; None for what is no share.
        limit: the threshold: a share, days, or visits.
        is_met: None where there is nothing to hold against it.
        decides: whether the judgement is what it is because of this one.
    """

    code: Code
    part: int
    whole: int | None
    limit: Fraction | int
    is_met: bool | None
    decides: bool

    @property
    def share(self) -> Fraction | None:
        """Part / whole, exactly; None for what is no share, or without a whole."""
        return Fraction(self.part, self.whole) if self.whole else None


class ExplainedDay(NamedTuple):
    """A civil day of the month.

    Attributes:
        day: which.
        mark: what it counts as.
        verdict: from alerting, or from a person who corrected it; None if it has none.
        stop: the approved stop it lies in, and whether that counts.
        replaced: the verdicts it had before, the newest first.
    """

    day: date
    mark: Mark
    verdict: DayVerdict | None
    stop: StopDay | None
    replaced: tuple[VerdictRevision, ...]

    @property
    def reason(self) -> str:
        """Code of why it counts as that: of the verdict, or of the stop; empty for a day that is not due."""
        if self.mark == "excluded":
            return self.stop.stop.reason if self.stop is not None else ""
        if self.mark in ("off", "open"):
            return ""
        return self.verdict.reason if self.verdict is not None else "no_data"


class Explanation(NamedTuple):
    """A station's month, laid open.

    Attributes:
        address: its names, place, process and tier.
        judged: its counts and judgement, as the report has them.
        month: which.
        until: the last civil day that is over.
        conditions: in the order in which they are asked.
        longest_stop: its first and last day, which may lie outside the month; None without a stop.
        days: all of the month.
        stops: the approved stops that touch the month, not those withdrawn.
        inspections: of the month.
    """

    address: Address
    judged: StationMonth
    month: Month
    until: date
    conditions: list[Condition]
    longest_stop: tuple[date, date] | None
    days: list[ExplainedDay]
    stops: list[Exclusion]
    inspections: list[Inspection]


def mark_of(day: date, judged: Judged, due: DueDays, until: date) -> Mark:
    """What a day of the span counts as."""
    bit = judged.span.of([day])
    if due.excluded & bit:
        return "excluded"
    if not due.registered & bit:
        return "off" if day <= until else "open"
    if judged.running & bit:
        return "running"
    return "stopped" if judged.stopped & bit else "unknown"


def conditions(judged: StationMonth, found_abnormal: int) -> list[Condition]:
    """The conditions of a month, and which of them decided.

    Args:
        judged: the month.
        found_abnormal: how many inspections of the month found the station 非正常.
    """
    countable, known = judged.countable_days, judged.countable_days - judged.unknown
    unknown_share = Fraction(judged.unknown, countable) if countable else None
    share = judged.running_share
    is_enough = None if unknown_share is None else unknown_share <= RULES.unknown_share
    asked: list[tuple[Code, int, int | None, Fraction | int, bool | None]] = [
        ("unknown_share", judged.unknown, countable, RULES.unknown_share, is_enough),
        (
            "running_share", judged.running, known, RULES.running_share,
            None if share is None else share >= RULES.running_share,
        ),
        (
            "longest_stop", judged.longest_stop_days, None, RULES.stop_days,
            judged.longest_stop_days < RULES.stop_days,
        ),
        ("inspection", found_abnormal, None, 1, not judged.marked_abnormal),
    ]  # fmt: skip
    return [
        Condition(code, part, whole, limit, is_met, _decides(judged, code, is_met=is_met))
        for code, part, whole, limit, is_met in asked
    ]


def longest_stop(judged: Judged, due: DueDays, month: Month) -> tuple[date, date] | None:
    """First and last day of the longest stop with a day in the month, the earliest of equal ones."""
    within = judged.span.bits(month.first, month.last)
    stops = [stop for stop in runs(judged.stopped & due.countable) if stop.bits & within]
    if not stops:
        return None
    longest = max(stops, key=lambda stop: stop.length)
    return judged.span.day(longest.start), judged.span.day(longest.start + longest.length - 1)


def weeks(days: Sequence[ExplainedDay]) -> list[list[ExplainedDay | None]]:
    """The days of a month as weeks from Monday to Sunday; None before the first and after the last."""
    if not days:
        return []
    before = days[0].day.weekday()
    cells: list[ExplainedDay | None] = [*[None] * before, *days]
    cells += [None] * (-len(cells) % 7)
    return [cells[start : start + 7] for start in range(0, len(cells), 7)]


def _decides(judged: StationMonth, code: Code, *, is_met: bool | None) -> bool:
    if judged.judgement == "not_assessable":
        return code == "unknown_share"
    return judged.judgement == "not_normal" and is_met is False
