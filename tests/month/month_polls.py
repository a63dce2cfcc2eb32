"""What the meters of a station answer, as the polls of its line: the narrow port above the wires. Pure."""

from collections.abc import Iterator
from typing import NamedTuple

from edge_agent.meter import Poll
from simulator.trial_box import _Polled, _Polls
from simulator.trial_known import Known
from simulator.trial_life import Life
from simulator.trial_station import TrialStation
from simulator.trial_time import Window, chance_of

_ONE_ROUND_S = 5.0
_DEVICES = {"power": "power-1", "flow": "flow-1"}
_LEVELS = ("active_power_kw", "energy_kwh", "flow_m3h", "volume_m3")
_VOLTAGES = ("voltage_l1_v", "voltage_l2_v", "voltage_l3_v", "power_factor")


class Asked(NamedTuple):
    """One round of a line; instants are seconds since the epoch."""

    time_s: float
    polls: list[Poll]
    known: dict[str, Known]


def rounds(station: TrialStation, life: Life, window: Window, seed: int) -> Iterator[Asked]:
    """All rounds of a station, in order; the polls' instants are ms since the epoch."""
    polls = _Polls(station, life, chance_of(seed, station.id, "box"), is_plain=False)
    waiting: list[_Polled] = []
    for polled in polls.over(window):
        if waiting and polled.time_s - waiting[0].time_s > _ONE_ROUND_S:
            yield _asked(waiting)
            waiting = []
        waiting.append(polled)
    if waiting:
        yield _asked(waiting)


def _asked(polled: list[_Polled]) -> Asked:
    known = {each.kind: each.known for each in polled if each.known is not None}
    return Asked(polled[-1].time_s, [_poll(each) for each in polled], known)


def _poll(polled: _Polled) -> Poll:
    quality, why, *volts = polled.further.split(",")
    values = dict(zip((*_LEVELS, *_VOLTAGES), [*polled.cells.split(","), *volts], strict=True))
    told = {name: float(text) for name, text in values.items() if text}
    return Poll(_DEVICES[polled.kind], polled.kind, round(polled.time_s * 1000), quality, why or None, told)
