"""What the month's report should say by the script's own arithmetic (DESIGN, operating rate)."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from fractions import Fraction
from typing import NamedTuple

RUNS, UNKNOWN, STOP_DAYS = Fraction(9, 10), Fraction(1, 4), 4
Verdicts = Mapping[date, str]
"""Of civil days; a day that is not there is unknown."""


class Month(NamedTuple):
    """A station's month: C = K + X, K = R + S + U."""

    C: int
    K: int
    X: int
    R: int
    S: int
    U: int
    verdict: str


def station_month(
    verdicts: Verdicts, first: date, days: int, since: date | None, excluded: set[date], *, abnormal: bool
) -> Month:
    """Count a month.

    Args:
        verdicts: by the day, those around the month too; `excluded` among them says nothing.
        first: of the month.
        days: of the month.
        since: the first day on which the station counts.
        excluded: days that approved stops take away.
        abnormal: an inspection found it so.
    """
    month = [first + timedelta(days=number) for number in range(days)]
    on_register = [day for day in month if since is None or since <= day]
    countable = [day for day in on_register if day not in excluded]
    runs = sum(verdicts.get(day) == "running" for day in countable)
    stops = sum(verdicts.get(day) == "stopped" for day in countable)
    unknown = len(countable) - runs - stops
    counts = (len(on_register), len(countable), len(on_register) - len(countable), runs, stops, unknown)
    if not countable:
        return Month(*counts, "not_counted")
    if Fraction(unknown, len(countable)) > UNKNOWN:
        return Month(*counts, "not_assessable")
    is_stopped = _longest_stop(verdicts, month, excluded) >= STOP_DAYS
    runs_enough = unknown < len(countable) and Fraction(runs, runs + stops) >= RUNS
    is_normal = runs_enough and not is_stopped and not abnormal
    return Month(*counts, "normal" if is_normal else "not_normal")


def _longest_stop(verdicts: Verdicts, month: list[date], excluded: set[date]) -> int:
    """The longest run of stopped days with a day in the month, over its edges too."""
    longest, run = 0, []
    day = min([*verdicts, month[0]])
    last = max([*verdicts, month[-1]])
    while day <= last + timedelta(days=1):
        if verdicts.get(day) == "stopped" and day not in excluded:
            run.append(day)
        else:
            if any(month[0] <= each <= month[-1] for each in run):
                longest = max(longest, len(run))
            run = []
        day += timedelta(days=1)
    return longest


def rates(months: Iterable[tuple[Month, str | None]]) -> dict[str, str | int | None]:
    """The figures of many stations; with each month the station's design scale as it was written down."""
    counted = [(month, design) for month, design in months if month.verdict != "not_counted"]
    normal = [each for each in counted if each[0].verdict == "normal"]
    not_normal = sum(month.verdict == "not_normal" for month, _ in counted)
    known = sum(month.K - month.U for month, _ in counted)
    return {
        "due": len(counted),
        "normal": len(normal),
        "not_normal": not_normal,
        "not_assessable": len(counted) - len(normal) - not_normal,
        "by_number_strict": _share(len(normal), len(counted)),
        "by_number_lenient": _share(len(normal), len(normal) + not_normal),
        "by_days": _share(sum(month.R for month, _ in counted), known),
        "by_capacity": _share(_designs(normal), _designs(counted)),
        "completeness": _share(known, sum(month.K for month, _ in counted)),
    }


def _designs(months: Iterable[tuple[Month, str | None]]) -> Fraction:
    return sum((Fraction(design) for _, design in months if design), Fraction())


def _share(part: Fraction | int, whole: Fraction | int) -> str | None:
    share = Fraction(part, whole) if whole else None
    return None if share is None else f"{share.numerator}/{share.denominator}"
