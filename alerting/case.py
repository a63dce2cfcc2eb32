"""One station's case: the windows, floors and freshness that its decision is made with. Pure."""

from functools import cached_property

from alerting.baseline import DAYS_TO_GUESS_FROM, UNLEARNT_WINDOW_H
from alerting.known import Known, Thresholds
from alerting.ledger import Ledger, MeterLedger, Usage
from telemetry.quantities import Kind

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
INTERVALS = 3
"""So many missing samples in a row are a silence."""
LONGEST_WINDOW_H = 48
"""Where good days never stay clear of the floor, so many hours tell a stop."""
PAUSES_LONG_H = 10
LONG_PAUSES_VARY = 1.5
"""A station whose pauses need such a window follows its inflow, and may pause longer than ever; in a festival
twice as long."""
DRY_AT_LEAST_MS = 12 * HOUR_MS
"""A station with a flow meter alone is not called stopped before so many hours without effluent."""
RETURN_MS = 2 * HOUR_MS
DRAIN_MS = 2 * HOUR_MS
"""So long after the energy ended effluent may drain from pipes and tanks."""
LISTENING_MS = HOUR_MS
NIGHT_MS = 10 * HOUR_MS
HALF_DAY_MS = 12 * HOUR_MS
LONGEST_LAG_MS = 2 * HOUR_MS
"""Readings that always arrive so late are judged as of the newest of them."""
FINE_BELOW_MS = HOUR_MS
"""Shorter windows are summed in finer steps than quarter hours."""


class Case:
    """What is known of a station, with what follows from it and from the thresholds.

    Attributes:
        known, limits, now_ms: as given.
        usual: the station's baseline.
        floor_kwh: energy of a day below which nothing is treated.
        energy_until_ms, effluent_until_ms: up to when the main meters tell; None if they do not just now.
    """

    def __init__(self, known: Known, limits: Thresholds, now_ms: int) -> None:
        self.known = known
        self.limits = limits
        self.now_ms = now_ms
        self.usual = known.usual
        self.floor_kwh = limits.floor_kwh(known.usual)
        self.energy_until_ms = self._until_ms("power") if known.has_power_meter else None
        self.effluent_until_ms = self._until_ms("flow") if known.has_flow_meter else None

    def book(self, length_ms: int) -> Ledger:
        """What windows of a length are summed from."""
        return (
            self.known.fine
            if self.known.fine is not None and length_ms < FINE_BELOW_MS
            else self.known.ledger
        )

    def energy(self, start_ms: int, end_ms: int) -> Usage:
        """Energy used between two instants."""
        return self.book(end_ms - start_ms).power.usage(start_ms, end_ms)

    def effluent(self, start_ms: int, end_ms: int) -> Usage:
        """Effluent between two instants."""
        return self.book(end_ms - start_ms).flow.usage(start_ms, end_ms)

    def is_enough(self, used: Usage) -> bool:
        """Whether enough of a window is known to judge it."""
        return used.coverage >= self.limits.coverage

    def floor_in(self, length_ms: int) -> float:
        """The stop floor's share of so much time, kWh."""
        return self.floor_kwh * length_ms / DAY_MS

    def usual_kwh_in(self, length_ms: int) -> float:
        """The usual energy of so much time; twice the floor while the usual is a guess."""
        if self.usual.days and self.usual.energy_kwh is not None:
            return self.usual.energy_kwh * length_ms / DAY_MS
        return 2 * self.floor_in(length_ms)

    def low_kwh_in(self, length_ms: int) -> float:
        """Energy of so much time below which the load is low."""
        return self.usual.low_kwh * length_ms / DAY_MS

    def dry_m3_in(self, length_ms: int, share: float | None = None) -> float:
        """Effluent of so much time that counts as none."""
        per_day_m3 = self.usual.volume_m3 or self.known.design_m3_per_day or 0.0
        return (self.limits.effluent_share if share is None else share) * per_day_m3 * length_ms / DAY_MS

    @cached_property
    def stop_window_ms(self) -> int:
        """How long nothing must be used before a station is stopped: longer than any of its usual pauses."""
        least_ms = self.limits.stop_window_s * 1000
        if "stop_window_s" in self.limits.own:
            return least_ms
        hours: float = UNLEARNT_WINDOW_H.get(self.known.process or "other", 0)
        if self.usual.days >= DAYS_TO_GUESS_FROM:
            learnt_h = self.usual.stop_window_h(self.floor_kwh) or LONGEST_WINDOW_H
            hours = learnt_h
        if hours >= PAUSES_LONG_H:
            hours = min((2 if self.known.is_holiday else LONG_PAUSES_VARY) * hours, LONGEST_WINDOW_H)
        return max(least_ms, round(hours * HOUR_MS))

    @property
    def return_window_ms(self) -> int:
        """How long energy must be used again before a stop has ended: a short test run does not end it."""
        window_ms = self.stop_window_ms
        return min(window_ms, max(RETURN_MS, window_ms // 4))

    @property
    def half_day_ms(self) -> int:
        """What hovers about a limit is judged by half a day, or by the stop window where that is short."""
        return HALF_DAY_MS if self.stop_window_ms >= FINE_BELOW_MS else self.stop_window_ms

    @property
    def listening_ms(self) -> int:
        """How long a stop does not ring after a silence, which may have been a power cut.

        One that is read seldom tells enough by its first reading.
        """
        if self.known.ledger.power.interval_ms(self.now_ms) > LISTENING_MS:
            return 0
        return min(LISTENING_MS, self.stop_window_ms)

    @property
    def night_ms(self) -> int:
        """How long what by-passes may pause: as long as the station's effluent is known to."""
        hours = self.usual.dry_window_h(self.dry_m3_in(DAY_MS)) if self.usual.is_learnt else None
        night_ms = NIGHT_MS if hours is None else max(NIGHT_MS, round(hours * HOUR_MS))
        return min(night_ms, self.idle_window_ms)

    @property
    def drain_ms(self) -> int:
        """How long effluent may go on after the energy ended."""
        return min(DRAIN_MS, self.stop_window_ms // 2)

    @property
    def idle_window_ms(self) -> int:
        """How long effluent may be missing; a festival doubles it."""
        window_ms = self.limits.idle_window_s * 1000
        return (
            2 * window_ms if self.known.is_holiday and "idle_window_s" not in self.limits.own else window_ms
        )

    @property
    def dry_window_ms(self) -> int:
        """The same where a flow meter is all there is: who never pauses long is believed sooner."""
        longest_ms = self.idle_window_ms
        if "idle_window_s" in self.limits.own or not self.usual.is_learnt:
            return longest_ms
        hours = self.usual.dry_window_h(self.dry_m3_in(DAY_MS))
        return (
            longest_ms if hours is None else min(longest_ms, max(DRY_AT_LEAST_MS, round(2 * hours * HOUR_MS)))
        )

    @property
    def witnessed_window_ms(self) -> int | None:
        """How long both energy and effluent must lack before that tells a stop; None: it never does.

        A whole day, so that a low load is none; for a station whose standby load is above the stop floor.
        """
        if not self.usual.is_learnt or self.limits.own & {"stop_window_s", "stop_floor_kwh_per_day"}:
            return None
        return max(self.stop_window_ms, DAY_MS)

    def meter(self, kind: Kind) -> MeterLedger:
        """The main meters of a kind."""
        return self.known.ledger.power if kind == "power" else self.known.ledger.flow

    @cached_property
    def told_ms(self) -> int:
        """Time of the station's newest reading; now, if that is older than a delivery's delay."""
        newest_ms = max((each.at_ms for each in self.known.devices.values()), default=self.now_ms)
        return newest_ms if 0 <= self.now_ms - newest_ms <= LONGEST_LAG_MS else self.now_ms

    def is_overdue(self, kind: Kind, silent_ms: int) -> bool:
        """Whether meters of a kind have said nothing for longer than they may."""
        if silent_ms <= self.limits.offline_after_s * 1000:
            return False
        return silent_ms > INTERVALS * self.meter(kind).interval_ms(self.now_ms)

    def _until_ms(self, kind: Kind) -> int | None:
        meter = self.meter(kind)
        until_ms = meter.until_ms(self.now_ms)
        if until_ms is None or until_ms == self.now_ms:
            return until_ms
        silent_ms = self.told_ms - until_ms - meter.step_ms
        return None if self.is_overdue(kind, silent_ms) else until_ms
