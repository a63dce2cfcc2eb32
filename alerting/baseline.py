"""What a station usually does: its day, its pauses, and the floor below which nothing is treated.

Pure. Everything is learnt from the last days on which the station ran as it should, so that a timer, an SBR's
two hours, a float switch that waits all night or a coarse counter are part of the usual and raise nothing.
"""

from collections.abc import Iterable, Sequence
from statistics import median
from typing import NamedTuple

DAYS_LEARNT_FROM = 28
DAYS_NEEDED = 14
"""Before so many accepted days a station is held against its process and scale."""
DAYS_TO_GUESS_FROM = 5
"""So many days of its own tell more about a station than its process and scale."""
FLOOR_SHARE = 0.05
LOW_SHARE = 0.30
"""Energy below this share of the usual is a low load."""
USUAL_LOAD = 0.5
"""Village plants run far below design; half of it is a careful guess (shared facts, section 2.2)."""
SOUND_SHARE = 0.6
"""Doubtful days are left out while at least so many are none."""
STANDBY_FACTOR = 1.2
STEP_KWH = 0.01
"""Of a counter with two decimals."""
STANDING_DAYS = 5
STANDBY_SHARE = 0.2
"""What a station uses at its quietest is its standby load only below this share of the usual."""

WINDOWS_H = (1, 4, 5, 6, 8, 10, 12, 16, 20, 24, 36, 48)
"""Windows whose least energy and effluent are learnt, hours; the first one tells the standby load."""
CLEAR_OF_FLOOR = 2.0
"""A window is long enough to tell a stop if good days never came so close to the floor."""

KWH_PER_M3 = {
    "A2O": 0.5, "AO": 0.5, "contact_oxidation": 0.5, "SBR": 0.5, "MBR": 1.0,
    "biofilter": 0.3, "wetland": 0.05, "pond": 0.05, "other": 0.4,
}  # fmt: skip
"""Energy per m³ at good load by process, the middle of the bands of the published magnitudes."""
WORK_WITHOUT_POWER = frozenset({"wetland", "pond"})
"""Their lift pump may use less than any floor, and still they treat."""
FRUGAL_FLOOR_KWH = 0.02
"""Their stop floor while nothing is learnt: one run of a small lift pump a day uses more."""
UNLEARNT_WINDOW_H = {"SBR": 8, "wetland": 48, "pond": 48}
"""Hours without energy that tell a stop while a station's own pauses are not known, where 4 h are too few."""


class DayTraits(NamedTuple):
    """What a day on which a station ran as it should tells of its habits; None where it has no such meter.

    Attributes:
        energy_kwh, volume_m3: of the day.
        least_kwh, least_m3: the least that passed in any window of each of `WINDOWS_H` ending that day; None
            where no such window is known.
        is_doubtful: a stop was seen on it before enough was known of the station to be sure.
    """

    energy_kwh: float | None = None
    volume_m3: float | None = None
    least_kwh: Sequence[float | None] = ()
    least_m3: Sequence[float | None] = ()
    is_doubtful: bool = False


class Baseline(NamedTuple):
    """The usual day of a station.

    Attributes:
        energy_kwh, volume_m3: per day; None where neither days nor the facility file tell.
        days: accepted days it was learnt from; 0 while it stands on process and scale.
        standby_kwh: per day, of box, modem and lamp; None where it never shows.
        least_kwh, least_m3: the least in any window of each of `WINDOWS_H`, but for one odd day.
        is_frugal: its process may use less than any floor; said as long as nothing is learnt.
    """

    energy_kwh: float | None = None
    volume_m3: float | None = None
    days: int = 0
    standby_kwh: float | None = None
    least_kwh: Sequence[float | None] = ()
    least_m3: Sequence[float | None] = ()
    is_frugal: bool = False

    @property
    def is_learnt(self) -> bool:
        """Whether it rests on enough days of the station's own."""
        return self.days >= DAYS_NEEDED

    @property
    def low_kwh(self) -> float:
        """Energy of a day below which the load is low."""
        return LOW_SHARE * (self.energy_kwh or 0.0)

    def floor_kwh(self, unlearnt_kwh: float) -> float:
        """Energy of a day below which nothing is treated.

        A share of the usual day, but not less than what box, modem and lamp use, as learnt, or may use
        (`unlearnt_kwh`), as far as the station's usual day leaves room for that.
        """
        if self.energy_kwh is None or not self.days:
            return min(unlearnt_kwh, FRUGAL_FLOOR_KWH) if self.is_frugal else unlearnt_kwh
        standby_kwh = unlearnt_kwh
        if self.standby_kwh is not None:  # an hour's count is short by a step; no lamp uses more than that
            standby_kwh = STANDBY_FACTOR * max(
                self.standby_kwh, min(self.standby_kwh + 24 * STEP_KWH, unlearnt_kwh)
            )
        return max(FLOOR_SHARE * self.energy_kwh, min(standby_kwh, self.low_kwh))

    def stop_window_h(self, floor_kwh: float) -> float | None:
        """The shortest window in which good days stay clear of a floor per day; None if there is none."""
        return _clear_window(self.least_kwh, floor_kwh)

    def low_window_h(self, least_h: float) -> float | None:
        """The shortest window, of some hours at least, in which no good day was a low load; None: none."""
        for hours, amount in zip(WINDOWS_H, self.least_kwh, strict=False):
            if hours >= least_h and amount is not None and amount > self.low_kwh * hours / 24:
                return hours
        return None

    def dry_window_h(self, floor_m3: float) -> float | None:
        """Likewise of effluent."""
        return _clear_window(self.least_m3, floor_m3)


def learn(
    days: Iterable[DayTraits],
    process: str,
    design_m3_per_day: float | None,
    standing_kwh: Sequence[float] = (),
) -> Baseline:
    """The medians of the last accepted days, or a guess by process and scale.

    Args:
        days: on which it ran as it should, newest last.
        process: one of the contract's, or empty.
        design_m3_per_day: None if not on file.
        standing_kwh: energy of days on which it was stopped from end to end, newest last.
    """
    last = list(days)[-DAYS_LEARNT_FROM:]
    guess_m3 = USUAL_LOAD * design_m3_per_day if design_m3_per_day else None
    guess_kwh = guess_m3 * KWH_PER_M3.get(process or "other", KWH_PER_M3["other"]) if guess_m3 else None
    if len(last) < DAYS_TO_GUESS_FROM:
        return Baseline(guess_kwh, guess_m3, is_frugal=process in WORK_WITHOUT_POWER)
    energy_kwh = _median(day.energy_kwh for day in last)
    sound = [day for day in last if not day.is_doubtful]
    if len(sound) < SOUND_SHARE * len(last):  # what looked like a stop on so many days is a habit
        sound = last
    least_kwh = _least([day.least_kwh for day in sound])
    return Baseline(
        guess_kwh if energy_kwh is None else energy_kwh,
        _median(day.volume_m3 for day in last) or guess_m3,
        len(last),
        _standby(last, energy_kwh, standing_kwh),
        least_kwh,
        _least([day.least_m3 for day in sound]),
    )


def _clear_window(least: Sequence[float | None], floor_per_day: float) -> float | None:
    for hours, amount in list(zip(WINDOWS_H, least, strict=False))[1:]:
        if amount is not None and amount > CLEAR_OF_FLOOR * floor_per_day * hours / 24:
            return hours
    return None


def _standby(
    days: Sequence[DayTraits], usual_kwh: float | None, standing_kwh: Sequence[float]
) -> float | None:
    """What was used while it was stopped; else the usual least of an hour, if machines pause so long."""
    if standing_kwh:
        return median(standing_kwh[-STANDING_DAYS:])
    quietest = [24 * day.least_kwh[0] for day in days if day.least_kwh and day.least_kwh[0] is not None]
    if usual_kwh is None or len(quietest) < DAYS_TO_GUESS_FROM:
        return None
    standby_kwh = median(quietest)
    return standby_kwh if standby_kwh <= STANDBY_SHARE * usual_kwh else None


def _least(days: Sequence[Sequence[float | None]]) -> list[float | None]:
    """By window, the least of all days; one odd day in a fortnight is left out."""
    found: list[float | None] = []
    for place in range(len(WINDOWS_H)):
        amounts = sorted(amount for day in days if len(day) > place and (amount := day[place]) is not None)
        odd = len(amounts) // DAYS_NEEDED
        found.append(amounts[odd] if len(amounts) >= DAYS_TO_GUESS_FROM else None)
    return found


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if len(known) >= DAYS_TO_GUESS_FROM else None
