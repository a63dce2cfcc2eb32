"""The headline figures of a month for machines. Pure."""

from fractions import Fraction
from typing import Any

from reporting.figures import MonthFigures
from reporting.rate import RULES

_DIGITS = 6


def summary(figures: MonthFigures) -> dict[str, Any]:
    """Counts, and rates as decimals with six digits."""
    city = figures.city
    return {
        "until": figures.until.isoformat(),
        "due": city.due,
        "normal": city.normal,
        "not_normal": city.not_normal,
        "not_assessable": city.not_assessable,
        "by_number_strict": decimal(city.by_number_strict),
        "by_number_lenient": decimal(city.by_number_lenient),
        "by_days": decimal(city.by_days),
        "by_capacity": decimal(city.by_capacity),
        "completeness": decimal(city.completeness),
        "meets_target": None if city.by_number_strict is None else city.by_number_strict >= RULES.target,
        "connected": figures.connected,
        "due_for_connection": figures.due_for_connection,
        "counties": {county.code: decimal(county.rate.by_number_strict) for county in figures.counties},
    }


def decimal(share: Fraction | None) -> str | None:
    """A share with six digits behind the point, halves rounded up; None stays None."""
    if share is None:
        return None
    millionths = (2 * share.numerator * 10**_DIGITS + share.denominator) // (2 * share.denominator)
    return f"{millionths // 10**_DIGITS}.{millionths % 10**_DIGITS:06}"
