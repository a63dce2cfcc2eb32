"""Times at the command line: a civil day of the centre, or an instant with its offset. Pure."""

from datetime import date
from zoneinfo import ZoneInfo

from history.readings_csv import instant
from service.civil import ONE_DAY, start_of

WHEN = "a civil day, or an instant such as 2026-10-01T08:00:00+08:00"


class UsageError(ValueError):
    """What was asked for cannot be meant; the text says why in one line."""


def instant_of(option: str, text: str, zone: ZoneInfo, *, is_end: bool = False) -> int:
    """The instant that an option names, ms since the epoch.

    Args:
        option: as it is typed.
        text: what stands behind it.
        zone: of the civil days.
        is_end: a civil day is its end; else its beginning.

    Raises:
        UsageError: it is neither a day nor an instant.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    try:
        if day is None:
            return instant(text)
        return start_of(day + ONE_DAY if is_end else day, zone)
    except (ValueError, OverflowError) as error:
        example = "2026-10-01 or 2026-10-01T08:00:00+08:00"
        raise UsageError(f"{option}: must be such as {example} (got {text[:40]!a})") from error
