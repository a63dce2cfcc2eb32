"""What a meter of a trial set answers, which is not always what was. Pure; asked in order of time."""

import random
from dataclasses import dataclass
from typing import NamedTuple

from simulator.trial_life import Life
from simulator.trial_station import Happening, Register, TrialStation
from telemetry.quantities import Kind

_MOMENTARY_DIGITS = 3


class Answer(NamedTuple):
    """One answer.

    Attributes:
        momentary: kW or m3/h.
        total: what the counter shows.
        era: which unbroken stretch of true counting it belongs to; -1 where it tells nothing.
        amount: what had passed in truth, kWh or m3.
    """

    momentary: float
    total: float
    era: int
    amount: float


@dataclass
class _Anchor:
    """The counter shows `total` when `amount` has passed, and rises by `factor` of what passes."""

    amount: float
    total: float
    factor: float = 1.0
    era: int = 0


class Meter:
    """One meter of a station."""

    def __init__(self, station: TrialStation, kind: Kind, life: Life, chance: random.Random) -> None:
        self._life = life
        self._chance = chance
        self._kind = kind
        self._register: Register = station.box.registers[kind]
        self._sums = life.energy_kwh if kind == "power" else life.volume_m3
        self._heaters = station.of("heater")
        self._mute = station.of("power_mute") if kind == "power" else station.of("flow_mute")
        self._stuck = station.of("power_frozen") if kind == "power" else station.of("flow_frozen")
        self._held = station.of("power_gateway") if kind == "power" else station.of("flow_gateway")
        self._odd = station.of("power_odd") if kind == "power" else station.of("flow_odd")
        self._dips = station.of("power_dip") if kind == "power" else station.of("flow_dip")
        turns = [*(station.of("power_new", "power_ct") if kind == "power" else station.of("flow_new"))]
        self._turns = turns[::-1]
        self._anchor = _Anchor(0.0, self._register.start)
        self._last: Answer | None = None
        self._odd_left = self._odd[::-1]
        self._unseen_dips = self._dips[::-1]

    def answer(self, time_s: float) -> Answer | None:
        """What it answers at an instant, None for nothing."""
        self._turn(time_s)
        if _holding(self._mute, time_s):
            return None
        amount = self._life.at(self._sums, time_s)
        if self._last and self._last.momentary > 0 and _holding(self._held, time_s):
            return self._last._replace(era=-1, amount=amount)
        momentary = self._momentary(time_s)
        stuck = _holding(self._stuck, time_s)
        if stuck:
            if self._anchor.factor:
                total = self._anchor.total + (amount - self._anchor.amount) * self._anchor.factor
                self._anchor = _Anchor(amount, total, 0.0, self._anchor.era)
        elif not self._anchor.factor:
            self._anchor = _Anchor(amount, self._anchor.total, 1.0, self._anchor.era + 1)
        total = self._shown(self._anchor.total + (amount - self._anchor.amount) * self._anchor.factor)
        answer = Answer(momentary, total, -1 if stuck else self._anchor.era, amount)
        self._last = answer
        return self._spoilt(answer, time_s)

    def _turn(self, time_s: float) -> None:
        """Take over new beginnings and wrong ratios."""
        while self._turns and self._turns[-1].start_s <= time_s:
            turn, old = self._turns.pop(), self._anchor
            amount = self._life.at(self._sums, turn.start_s)
            if turn.what == "power_ct":
                total = old.total + (amount - old.amount) * old.factor
                self._anchor = _Anchor(amount, total, turn.amount, old.era + 1)
            else:
                self._anchor = _Anchor(amount, turn.amount, old.factor, old.era + 1)

    def _shown(self, total: float) -> float:
        step = self._register.step
        return round(int(total % self._register.wrap / step + 1e-6) * step, 3)

    def _momentary(self, time_s: float) -> float:
        life, step = self._life, self._life.step(time_s)
        sway = 1 + 0.02 * (2 * self._chance.random() - 1)
        if self._kind == "flow":
            if life.plant.effluent != "pumped" or not life.plant.pump_kw:
                return round(life.flow_m3h[step] * sway, _MOMENTARY_DIGITS)
            lifts = self._chance.random() < life.pumping[step]
            flow_m3h = life.plant.pump_m3h * sway if lifts else 0.0
            return round(flow_m3h or life.flow_m3h[step] * (not life.pumping[step]), _MOMENTARY_DIGITS)
        is_cut = life.energy_kwh[step + 1] == life.energy_kwh[step]
        blown_kw = life.blower_kw[step] if life.blows(time_s) or _holding(self._heaters, time_s) else 0.0
        lifts = self._chance.random() < life.pumping[step]
        standby_kw = 0.0 if is_cut else life.plant.standby_kw
        factor = self._anchor.factor or 1.0
        return round(
            factor * (sway * (blown_kw + lifts * life.plant.pump_kw) + standby_kw), _MOMENTARY_DIGITS + 1
        )

    def _spoilt(self, answer: Answer, time_s: float) -> Answer:
        """One absurd answer, or a counter that falls back for a while."""
        if self._odd_left and self._odd_left[-1].start_s <= time_s:
            odd = self._odd_left.pop()
            is_total = self._chance.random() < 0.7
            return (
                answer._replace(total=odd.amount, era=-1)
                if is_total
                else answer._replace(momentary=odd.amount, era=-1)
            )
        dip = self._dip(time_s)
        if dip:
            fallen = max(0.0, self._shown(answer.total - max(dip.amount, 2 * self._register.step)))
            return answer._replace(total=fallen, era=-1)
        return answer

    def _dip(self, time_s: float) -> Happening | None:
        """The dip that holds, at least for one answer."""
        if self._unseen_dips and self._unseen_dips[-1].start_s <= time_s:
            return self._unseen_dips.pop()
        return _holding(self._dips, time_s)


def _holding(happenings: list[Happening], time_s: float) -> Happening | None:
    """What holds at an instant."""
    for each in happenings:
        if each.start_s <= time_s < each.end_s:
            return each
    return None
