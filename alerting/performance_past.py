"""What the figures of alarms are counted from: what rang, what stood, what was kept quiet. Pure."""

from typing import NamedTuple
from zoneinfo import ZoneInfo

from service.civil import day_of, days_between, start_of

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
FLEETING_MS = 600_000


class Annunciation(NamedTuple):
    """Something that rang for the desk; the severity is that of the moment."""

    at_ms: int
    subject: str
    type: str
    severity: str
    county: str | None = None


class Quiet(NamedTuple):
    """What kept alarms quiet for a time: `shelved`, `out_of_service` or `suppressed`; no end: still does."""

    kind: str
    subject: str
    type: str
    since_ms: int
    ended_ms: int | None = None
    reason: str = ""

    def stands(self, at_ms: int) -> bool:
        """Whether it kept quiet at an instant."""
        return self.since_ms <= at_ms and (self.ended_ms is None or self.ended_ms > at_ms)

    def lasted_ms(self, end_ms: int) -> int:
        """How long it has lasted by an instant."""
        return (end_ms if self.ended_ms is None else min(self.ended_ms, end_ms)) - self.since_ms


class Occurrence(NamedTuple):
    """One life of an alarm; instants in ms, None for what has not happened.

    Attributes:
        subject: a station, a county or a town.
        type: of the alarm.
        raised_ms: when its condition was raised, quietly or not.
        alarmed_ms: when it first rang as an alarm; None for what was never more than a notice.
        returned_ms: when it returned to normal.
        acknowledged_ms: when somebody first acknowledged it.
        followed_up_ms: when it went to the follow-up list.
        closed_ms: when it left the list.
        quiet: all times in which it was quiet.
    """

    subject: str
    type: str
    raised_ms: int
    alarmed_ms: int | None = None
    returned_ms: int | None = None
    acknowledged_ms: int | None = None
    followed_up_ms: int | None = None
    closed_ms: int | None = None
    quiet: tuple[Quiet, ...] = ()


class Span(NamedTuple):
    """A time to look at, ms since the epoch, the end not included, and the zone of its civil days."""

    start_ms: int
    end_ms: int
    zone: ZoneInfo

    def midnights(self) -> list[int]:
        """The beginnings of its civil days; the first may lie before it."""
        days = days_between(day_of(self.start_ms, self.zone), day_of(self.end_ms, self.zone))
        return [start_of(day, self.zone) for day in days]


class Limits(NamedTuple):
    """What counts as chattering and as fleeting, where the standard leaves it to the plant.

    A process plant calls three times in a minute chattering. Here a state is judged over hours and returns to
    normal with a delay, so nothing could ring so often; three times in a day is as useless to the desk.
    """

    chatter_times: int = 3
    chatter_ms: int = DAY_MS
    fleeting_ms: int = FLEETING_MS


DEFAULT_LIMITS = Limits()


def first_of(*instants: int | None) -> int:
    """The earliest of those that have come."""
    return min(each for each in instants if each is not None)
