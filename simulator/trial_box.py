"""What a box of a trial set reads, and when that arrives: silences, back-fill, repeated rows. Pure."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from simulator.trial_counter import Answer, Meter
from simulator.trial_known import Known
from simulator.trial_life import Life
from simulator.trial_station import TrialStation
from simulator.trial_time import HOUR_S, Window, chance_of, civil
from telemetry.quantities import Kind

COLUMNS = ("station", "device", "kind", "time", "active_power_kw", "energy_kwh", "flow_m3h", "volume_m3")
FURTHER_COLUMNS = ("arrived", "q", "why", "voltage_l1_v", "voltage_l2_v", "voltage_l3_v", "power_factor")
_LOST = 0.003
_REPEATED = 0.004
_LONGEST_SEND_S = 300
_BACKLOG_S = HOUR_S
"""With older readings than this waiting, the newest go first."""
_BETWEEN_BACK_FILLS_S = 0.05
_MOTOR_FACTOR, _HEATER_FACTOR, _STANDBY_FACTOR = 0.82, 1.0, 0.62


@dataclass
class Delivery:
    """What one box delivered.

    Attributes:
        rows: arrival in ms, and the row as it stands in readings.csv.
        known: by kind of meter, what can be known from it, in order of time.
    """

    rows: list[tuple[int, str]] = field(default_factory=list)
    known: dict[Kind, list[Known]] = field(default_factory=dict)


class _Polled(NamedTuple):
    """One meter's part of a sample, not yet delivered."""

    time_s: float
    kind: Kind
    cells: str
    further: str
    known: Known | None


def deliver(station: TrialStation, life: Life, window: Window, seed: int, *, is_plain: bool) -> Delivery:
    """Read a station's meters over a set and deliver what was read.

    Args:
        station: whose box.
        life: of its plant.
        window: of the set.
        seed: of the set.
        is_plain: the rows have the eight columns every set has, and no more.
    """
    chance = chance_of(seed, station.id, "box")
    delivery = Delivery(known={kind: [] for kind in station.box.meters})
    send_s = min(station.box.sampling_s, chance.choice((60, _LONGEST_SEND_S)))
    silences = [
        *((each.start_s, each.end_s, each.amount > 0) for each in station.of("link")),
        *((each.start_s, each.end_s, True) for each in station.of("cut") if not station.box.battery),
    ]
    backlog: list[_Polled] = []
    delayed_to_s = 0.0
    for polled in _Polls(station, life, chance, is_plain=is_plain).over(window):
        sent_s = (polled.time_s // send_s + 1) * send_s + 2 * chance.random()
        silence = next((each for each in silences if each[0] <= sent_s < each[1]), None)
        if backlog and sent_s >= delayed_to_s:
            _back_fill(station.id, backlog, delayed_to_s, delivery, is_plain=is_plain)
            backlog = []
        if silence is None:
            _arrive(station.id, polled, sent_s, delivery, is_plain=is_plain)
            if chance.random() < _REPEATED:
                _arrive(station.id, polled, sent_s + 15, delivery, is_plain=is_plain)
        elif silence[2]:
            delayed_to_s = silence[1] + 5
            backlog.append(polled)
    if backlog and delayed_to_s < window.end_s:
        _back_fill(station.id, backlog, delayed_to_s, delivery, is_plain=is_plain)
    for known in delivery.known.values():
        known.sort()
    return delivery


class _Polls:
    """The polls of one box, in order of time."""

    def __init__(self, station: TrialStation, life: Life, chance: random.Random, *, is_plain: bool) -> None:
        self._station = station
        self._box = station.box
        self._life = life
        self._chance = chance
        self._is_plain = is_plain
        self._cuts = station.of("cut")
        self._heaters = station.of("heater")
        self._meters = {kind: Meter(station, kind, life, chance) for kind in station.box.meters}
        self._missing_next_s = dict.fromkeys(station.box.meters, 0.0)
        decimals = {kind: f"{each.step:.3f}".rstrip("0") for kind, each in station.box.registers.items()}
        self._digits = {kind: len(text.partition(".")[2]) for kind, text in decimals.items()}

    def over(self, window: Window) -> Iterator[_Polled]:
        """All polls of a set."""
        box, chance = self._box, self._chance
        due_s = window.start_s + box.offset_s % box.sampling_s
        while due_s < window.end_s:
            time_s = due_s + box.jitter_s * chance.random()
            due_s += box.sampling_s
            cut = any(each.start_s <= time_s < each.end_s for each in self._cuts)
            if time_s < self._station.begins_s or time_s >= window.end_s or (cut and not box.battery):
                continue
            for kind, meter in self._meters.items():
                time_s += 0.3
                if chance.random() >= _LOST:
                    polled = self._poll(kind, meter, time_s, is_cut=cut)
                    if polled is not None:
                        yield polled

    def _poll(self, kind: Kind, meter: Meter, time_s: float, *, is_cut: bool) -> _Polled | None:
        has_voltages = kind == "power" and self._box.voltages and not self._is_plain
        answer = meter.answer(time_s)
        if answer is None or (is_cut and not has_voltages):
            return self._missing(kind, time_s)
        self._missing_next_s[kind] = 0.0
        further = self._electricity(answer, time_s, is_cut=is_cut) if has_voltages else ",,,"
        known = Known(time_s, answer.era, answer.amount) if answer.era >= 0 else None
        return _Polled(time_s, kind, self._cells(kind, answer), f"good,,{further}", known)

    def _missing(self, kind: Kind, time_s: float) -> _Polled | None:
        """The row of a meter that does not answer, if there is one."""
        if self._is_plain:
            return _Polled(time_s, kind, ",,,", "", None) if self._box.empty_rows else None
        if time_s < self._missing_next_s[kind]:
            return None
        self._missing_next_s[kind] = time_s + HOUR_S
        return _Polled(time_s, kind, ",,,", "missing,no_response,,,,", None)

    def _cells(self, kind: Kind, answer: Answer) -> str:
        momentary = f"{answer.momentary:g}" if self._box.momentary else ""
        total = f"{answer.total:.{self._digits[kind]}f}"
        return f"{momentary},{total},," if kind == "power" else f",,{momentary},{total}"

    def _electricity(self, answer: Answer, time_s: float, *, is_cut: bool) -> str:
        if is_cut:
            return "0,0,0,0"
        volts = [f"{self._chance.uniform(222, 239):.1f}" for _ in range(3)]
        is_motor = answer.momentary > 1.2 * self._life.plant.standby_kw
        is_heater = any(each.start_s <= time_s < each.end_s for each in self._heaters)
        usual = _HEATER_FACTOR if is_heater else _MOTOR_FACTOR if is_motor else _STANDBY_FACTOR
        return f"{','.join(volts)},{usual - 0.02 * self._chance.random():.2f}"


def _back_fill(
    station_id: str, backlog: list[_Polled], back_s: float, delivery: Delivery, *, is_plain: bool
) -> None:
    """Deliver what waited, the newest first after an hour and more."""
    newest_first = backlog[-1].time_s - backlog[0].time_s > _BACKLOG_S
    for number, polled in enumerate(reversed(backlog) if newest_first else backlog):
        _arrive(station_id, polled, back_s + number * _BETWEEN_BACK_FILLS_S, delivery, is_plain=is_plain)


def _arrive(
    station_id: str, polled: _Polled, arrived_s: float, delivery: Delivery, *, is_plain: bool
) -> None:
    time = civil(polled.time_s).isoformat(timespec="milliseconds")
    arrived_ms = round(arrived_s * 1000)
    row = f"{station_id},{polled.kind}-1,{polled.kind},{time},{polled.cells}"
    if not is_plain:
        row += f",{civil(arrived_ms / 1000).isoformat(timespec='milliseconds')},{polled.further}"
    delivery.rows.append((arrived_ms, row))
    known = delivery.known[polled.kind]
    if polled.known is not None and polled.known not in known[-1:]:
        known.append(polled.known)
