"""When the morning digest is due. Pure; what it says is alerting's."""

from collections.abc import Callable
from datetime import date
from zoneinfo import ZoneInfo

from service.civil import clock_of


def digest_due(
    now_ms: int, zone: ZoneInfo, digest_at: str, has_been_made: Callable[[date], bool]
) -> date | None:
    """The civil day whose digest is to be made now, if any.

    It is due from its time of day until midnight, so that a centre which was off catches up at its start;
    yesterday's is not made today.

    Args:
        now_ms: ms since the epoch, UTC.
        zone: whose clock counts.
        digest_at: such as `07:30`; empty: there is none.
        has_been_made: whether the registry knows of that day's.
    """
    if not digest_at:
        return None
    local = clock_of(now_ms, zone)
    if f"{local:%H:%M}" < digest_at or has_been_made(local.date()):
        return None
    return local.date()
