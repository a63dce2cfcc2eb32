"""When a message that could not be delivered is tried again, and when no more. Pure."""

MINUTE_MS = 60_000
_LONGEST_MIN = 30
GIVE_UP_AFTER_MS = 24 * 60 * MINUTE_MS


def back_off_ms(attempts: int) -> int:
    """How long to wait after so many attempts in vain: 1, 2, 4, 8, 16, 30, 30 … minutes."""
    return min(1 << min(attempts - 1, 10), _LONGEST_MIN) * MINUTE_MS


def is_given_up(attempts: int) -> bool:
    """Whether the waits of so many attempts come to 24 hours; time without tries does not count."""
    return sum(back_off_ms(number) for number in range(1, attempts + 1)) >= GIVE_UP_AFTER_MS
