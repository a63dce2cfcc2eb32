"""What people write at the duty desk: alarms' numbers, how long, until when. Texts in, values out. Pure."""

import re
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from alerting.alarm_words import Words
from registry.cells import cell_day
from registry.record_cells import instant_of
from service.civil import ONE_DAY, start_of

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
LARGEST_NUMBER = 2**63 - 1
"""Of a row; databases take no greater one."""
_NUMBER = re.compile(r"[0-9]{1,19}", re.ASCII)
_SPAN = re.compile(r"([0-9]{1,6})\s*([hd])", re.ASCII | re.IGNORECASE)


def number_of(text: str) -> int:
    """The number of an alarm.

    Raises:
        ValueError: it is none.
    """
    number = int(text) if _NUMBER.fullmatch(text) else 0
    if not 1 <= number <= LARGEST_NUMBER:
        raise ValueError("must be the number of an alarm such as 17")
    return number


def span_of(text: str) -> int:
    """How long a text such as `24h` or `3d` says, ms.

    Raises:
        ValueError: it says none.
    """
    found = _SPAN.fullmatch(text.strip())
    if found is None or int(found[1]) == 0:
        raise ValueError("must be hours or days such as 24h or 3d")
    return int(found[1]) * (HOUR_MS if found[2].lower() == "h" else DAY_MS)


def end_of(text: str, zone: ZoneInfo) -> int:
    """The instant at which something ends, ms since the epoch, UTC; a day ends at its midnight.

    Raises:
        ValueError: it says none.
    """
    text = text.strip()
    try:
        if ":" in text:  # a day with the hour 00:00 is an instant, too
            return instant_of(text, zone)
        return start_of(cell_day(text) + ONE_DAY, zone)
    except (ValueError, OverflowError) as error:
        raise ValueError("must be a day or a time such as 2026-11-25 or 2026-11-25 08:00") from error


def codes(words: Words, names: Iterable[str] | None = None) -> str:
    """The codes of a closed list with their words, for a help text."""
    kept = {code: said for code, said in words.items() if names is None or code in names}
    return "\n".join(f"  {code:<20} {chinese}, {english}" for code, (chinese, english) in kept.items())
