"""The true verdict of each civil day of a trial set, and whether it can be known and is clear. Pure.

The rule is that of the operating rate (DESIGN section 6), applied to what the motors and the effluent did in
truth. A day is clear if the same verdict comes out with the limits 15 % lower and higher, whether the usual
is that of the last 28 days or of this very day.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from simulator.trial_known import Known, amount_between, is_exact
from simulator.trial_life import Life
from simulator.trial_station import TrialStation, What
from simulator.trial_time import DAY_S, HOUR_S, Window
from simulator.trial_truth import counts
from simulator.trial_verdict import Limits, Use, all_limits, verdict
from telemetry.quantities import Kind

_NEAR_S = 6 * HOUR_S
_ENOUGH_HOURS = 18
_UNCLEAR_HOURS = (16, 20)
_SMALL_M3_PER_DAY = 20
_BASELINE_DAYS = 28
_YOUNG_DAYS = 2


class DayTruth(NamedTuple):
    """What was the case on a civil day."""

    day: date
    verdict: str
    energy_kwh: float | None
    volume_m3: float | None
    is_clear: bool
    has_evidence: bool


class Days:
    """The days of one station."""

    def __init__(
        self, station: TrialStation, life: Life, known: Mapping[Kind, list[Known]], window: Window
    ) -> None:
        self._station = station
        self._life = life
        self._known = known
        self._window = window
        self._main = known[station.box.main]
        self._main_times = [each.time_s for each in self._main]
        self._sums = {"power": life.energy_kwh, "flow": life.volume_m3}

    def all(self) -> list[DayTruth]:
        """From the first day of the station to the last of the set."""
        first = int((self._station.begins_s - self._window.start_s) // DAY_S)
        return [
            self._day(number, day, number - first)
            for number, day in enumerate(self._window.dates())
            if number >= first
        ]

    def _day(self, number: int, day: date, age: int) -> DayTruth:
        life, start_s = self._life, self._window.start_s + number * DAY_S
        end_s = start_s + DAY_S
        use = self._use(start_s, end_s)
        verdicts = self._verdicts(number, use, end_s)
        truth = self._verdict(use, end_s, Limits(self._usual(number)))
        told, is_settled = self._told(number, start_s, truth)
        is_excluded = any(counts(each) and each.start <= day <= each.end for each in self._station.approved)
        meters = self._station.box.meters
        return DayTruth(
            day=day,
            verdict="excluded" if is_excluded else told,
            energy_kwh=life.between(life.energy_kwh, start_s, end_s) if "power" in meters else None,
            volume_m3=life.between(life.volume_m3, start_s, end_s) if "flow" in meters else None,
            is_clear=is_excluded
            or (is_settled and len(verdicts) == 1 and age >= _YOUNG_DAYS and self._is_plain(end_s)),
            has_evidence=self._has_evidence(start_s, end_s),
        )

    def _has_evidence(self, start_s: float, end_s: float) -> bool:
        """Whether the readings of every meter tell the day's amount."""
        return not any(each.start_s < end_s for each in self._station.of("power_ct")) and all(
            is_exact(
                readings,
                start_s,
                end_s,
                self._life.between(self._sums[kind], start_s, end_s),
                self._station.box.registers[kind].step,
            )
            for kind, readings in self._known.items()
        )

    def _usual(self, number: int) -> Use:
        """What the days before brought, or would have without the script."""
        days = slice(max(0, number - _BASELINE_DAYS), max(number, 1))
        return Use(median(self._life.usual_kwh[days]), median(self._life.usual_m3[days]))

    def _verdict(self, use: Use, end_s: float, limits: Limits) -> str:
        return verdict(self._station, use, limits, idles=self._idles(end_s))

    def _verdicts(self, number: int, use: Use, end_s: float) -> set[str]:
        """What comes out with all limits that a clear day has to hold with."""
        today = Use(self._life.usual_kwh[number], self._life.usual_m3[number])
        return {self._verdict(use, end_s, limits) for limits in all_limits(self._usual(number), today)}

    def _use(self, start_s: float, end_s: float) -> Use:
        """What was used and let go in truth, per day."""
        days, life = (end_s - start_s) / DAY_S, self._life
        sums = (life.motor_kwh, life.volume_m3)
        return Use(*(life.between(each, start_s, end_s) / days for each in sums))

    def _measured(self, start_s: float, end_s: float) -> Use:
        """What the readings around the midnights tell of a day; the truth where they tell nothing."""
        true = self._use(start_s, end_s)
        kwh = amount_between(self._known.get("power", []), start_s, end_s)
        m3 = amount_between(self._known.get("flow", []), start_s, end_s)
        standby_kwh = 24 * self._station.plant.standby_kw
        return Use(
            true.motor_kwh if kwh is None else max(0.0, kwh - standby_kwh),
            true.volume_m3 if m3 is None else m3,
        )

    def _dry_s(self, end_s: float) -> float:
        """How long there has been no effluent, at the end of a day in which the plant idled."""
        sums = self._life.volume_m3
        if not any(each.start_s < end_s and end_s - DAY_S < each.end_s for each in self._station.of("idle")):
            return 0.0
        least_m3 = 0.001 * self._station.plant.mean_m3
        place = bisect_left(sums, self._life.at(sums, end_s) - least_m3)
        return end_s - (self._life.start_s + place * self._life.step_s)

    def _limit_s(self) -> float:
        return (48 if self._station.plant.design_m3_per_day < _SMALL_M3_PER_DAY else 24) * HOUR_S

    def _idles(self, end_s: float) -> bool:
        return {"power", "flow"} <= set(self._station.box.meters) and self._dry_s(end_s) >= self._limit_s()

    def _is_misjudged(self, end_s: float) -> bool:
        """Whether a wrong ratio hides the truth: one that came within the set, or that shows too little."""
        return any(
            each.start_s < end_s and (each.start_s > self._window.start_s or each.amount < 1)
            for each in self._station.of("power_ct")
        )

    def _is_plain(self, end_s: float) -> bool:
        """Whether neither the idling limit nor a wrong ratio nor a stuck register makes it a border case."""
        limit_s, dry_s = self._limit_s(), self._dry_s(end_s)
        is_border = dry_s > 0 and limit_s - 4 * HOUR_S <= dry_s <= limit_s + DAY_S
        main: What = "power_frozen" if self._station.box.main == "power" else "flow_frozen"
        is_stuck = any(each.start_s < end_s and end_s - DAY_S < each.end_s for each in self._station.of(main))
        return not is_border and not is_stuck and not self._is_misjudged(end_s)

    def _told(self, number: int, start_s: float, truth: str) -> tuple[str, bool]:
        """What can be known of a day by the main meter, and whether that is beyond doubt."""
        end_s = start_s + DAY_S
        hours = self._valid_hours(start_s)
        near = [self._hears(each - _NEAR_S, each + _NEAR_S) for each in (start_s, end_s)]
        if all(near) or hours >= _ENOUGH_HOURS:
            is_border = not all(near) and hours <= _UNCLEAR_HOURS[1]
            if hours < _ENOUGH_HOURS:
                verdicts = self._verdicts(number, self._measured(start_s, end_s), end_s)
                is_border = verdicts != {truth}
            return truth, not is_border and not self._is_split(start_s, end_s)
        gaps = self._gaps(start_s, end_s)
        if gaps is None:
            return "unknown", not _UNCLEAR_HOURS[0] <= hours <= _UNCLEAR_HOURS[1]
        verdicts = {each for gap in gaps for each in self._verdicts(number, self._use(*gap), gap[1])}
        is_settled = verdicts == {truth} and hours < _UNCLEAR_HOURS[0]
        return (truth if truth in verdicts else verdicts.pop()), is_settled

    def _hears(self, start_s: float, end_s: float) -> bool:
        return bisect_left(self._main_times, start_s) < bisect_right(self._main_times, end_s)

    def _valid_hours(self, start_s: float) -> int:
        """Hours with three quarters of the samples that are due in one."""
        due = max(1.0, HOUR_S / self._station.box.sampling_s)
        edges = [bisect_left(self._main_times, start_s + hour * HOUR_S) for hour in range(25)]
        return sum(end - start >= 0.75 * due for start, end in pairwise(edges))

    def _around(self, start_s: float, end_s: float) -> list[Known]:
        """The readings of a day, with the last before and the first after it."""
        first = max(0, bisect_right(self._main_times, start_s) - 1)
        return self._main[first : bisect_left(self._main_times, end_s) + 1]

    def _is_split(self, start_s: float, end_s: float) -> bool:
        """Whether a counter began anew over a long gap of the day."""
        return any(
            after.era != before.era and after.time_s - before.time_s > _NEAR_S
            for before, after in pairwise(self._around(start_s, end_s))
        )

    def _gaps(self, start_s: float, end_s: float) -> list[tuple[float, float]] | None:
        """The long gaps a day lies in; None if counters do not bridge it."""
        around = self._around(start_s, end_s)
        if not around or around[0].time_s > start_s or around[-1].time_s < end_s:
            return None
        gaps = [(a, b) for a, b in pairwise(around) if b.time_s - a.time_s > _NEAR_S]
        if any(before.era != after.era for before, after in gaps):
            return None
        return [(before.time_s, after.time_s) for before, after in gaps]
