"""A month as it is written at the command line. Pure."""

from service.civil import Month

YEARS = range(2000, 3000)


def month_argument(text: str) -> Month:
    """Read a month such as `2026-10`.

    Raises:
        ValueError: it is not written so, or lies in a year that nobody means.
    """
    month = Month.parse(text)
    if month.year not in YEARS:
        raise ValueError(f"must lie in the years {YEARS[0]} to {YEARS[-1]} (got {text!r})")
    return month
