"""What a station usually does, learnt from its own days. Pure."""

from bisect import bisect_left, insort
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from alerting.baseline import DAYS_LEARNT_FROM, DAYS_NEEDED, WINDOWS_H, Baseline, DayTraits, learn
from alerting.ledger import HOUR_MS, Ledger, MeterLedger
from alerting.verdict import AS_USUAL, DayJudgement
from service.civil import ONE_DAY, start_of

LEARNT_WITHIN = timedelta(days=120)
"""Accepted days further back tell nothing of today."""
ACCEPTED_AT_FIRST = (*AS_USUAL, "low_load", "too_little_energy")
"""While only process and scale tell what is usual, these words say nothing against a day."""
ABNORMAL = frozenset({"stopped", "idling", "flow_without_power", "power_cut", "meter_fault", "planned_stop"})
"""A day on which a station was in one of these states is not learnt from."""

DOUBTED_AT_FIRST = frozenset({"stopped", "flow_without_power"})
"""But at first, when nobody knows how long a station's pauses are, these may be pauses."""


class UsualDays:
    """The days on which a station ran as it should, and the usual day they tell."""

    def __init__(self, process: str, design_m3_per_day: float | None) -> None:
        self._process = process
        self._design_m3_per_day = design_m3_per_day
        self._days: list[date] = []
        self._traits: dict[date, DayTraits] = {}
        self._standing: dict[date, float] = {}
        self._kept: dict[date, Baseline] = {}

    def before(self, day: date) -> Baseline:
        """The usual day as of the days before one.

        A station's first days are held against the first baseline of its own, once there is one: what process
        and scale tell is a poor guess.
        """
        if day not in self._kept:
            self._kept[day] = self._learnt(day)
        return self._kept[day]

    def _learnt(self, day: date) -> Baseline:
        place = bisect_left(self._days, day)
        chosen = self._days[bisect_left(self._days, day - LEARNT_WITHIN) : place][-DAYS_LEARNT_FROM:]
        if len(chosen) < DAYS_NEEDED <= len(self._days) and place < DAYS_NEEDED:
            chosen = self._days[:DAYS_NEEDED]
        since = day - LEARNT_WITHIN
        standing = [kwh for each, kwh in sorted(self._standing.items()) if since <= each < day]
        return learn(
            [self._traits[each] for each in chosen], self._process, self._design_m3_per_day, standing
        )

    def is_young(self, day: date) -> bool:
        """Whether too few days before one are known to say what is usual."""
        first = bisect_left(self._days, day - LEARNT_WITHIN)
        return bisect_left(self._days, day) - first < DAYS_NEEDED

    def takes(self, day: date, judged: DayJudgement) -> bool:
        """Whether a day is one to learn from, by its verdict."""
        return judged.reason in (ACCEPTED_AT_FIRST if self.is_young(day) else AS_USUAL)

    def accept(self, day: date, found: DayTraits) -> bool:
        """Learn from a day on which the station ran well; returns whether the first days change by it."""
        self._standing.pop(day, None)
        is_new = day not in self._traits
        if is_new:
            insort(self._days, day)
        self._traits[day] = found
        self._kept.clear()
        return is_new and len(self._days) == DAYS_NEEDED

    def stood(self, day: date, energy_kwh: float) -> None:
        """Learn the standby load from a day on which the station was stopped from end to end."""
        if self._standing.get(day) != energy_kwh:
            self._standing[day] = energy_kwh
            self._kept.clear()

    def reject(self, day: date) -> None:
        """Forget a day that turned out not to be one to learn from."""
        if self._standing.pop(day, None) is not None:
            self._kept.clear()
        if self._traits.pop(day, None) is not None:
            self._days.remove(day)
            self._kept.clear()


def traits(ledger: Ledger, day: date, zone: ZoneInfo, *, doubtful: bool = False) -> DayTraits:
    """What a civil day tells of a station's habits; a doubtful one seemed to hold a stop."""
    start_ms, end_ms = start_of(day, zone), start_of(day + ONE_DAY, zone)
    energy, volume = ledger.power.usage(start_ms, end_ms), ledger.flow.usage(start_ms, end_ms)
    return DayTraits(
        energy.amount / energy.coverage if energy.coverage else None,
        volume.amount / volume.coverage if volume.coverage else None,
        _least(ledger.power, start_ms, end_ms),
        _least(ledger.flow, start_ms, end_ms),
        doubtful,
    )


def _least(meter: MeterLedger, start_ms: int, end_ms: int) -> list[float | None]:
    if not len(meter):
        return []
    return [meter.least(start_ms, end_ms, hours * HOUR_MS) for hours in WINDOWS_H]
