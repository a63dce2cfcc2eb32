"""A line that misbehaves, under the sampler: the right cause, no wrong value, the neighbour's beat, recovery.

The meters' registers change all the time, so whatever is reported as good is held against what the simulated
meter has really said.
"""

import logging
import os
import random
import threading
import time
from contextlib import contextmanager
from itertools import pairwise

import pytest
from servers import wait_until
from test_edge_meter import FLOW, POWER, Served

from edge_agent.bus import Bus
from edge_agent.config import BusSettings
from edge_agent.meter import Meter, Poll
from edge_agent.sampler import LineSampler
from edge_agent.watched import Watched
from service.conditions import Conditions
from simulator.fault_words import named
from simulator.meters import SimulatedStation
from simulator.switchable import Switchable

TIMEOUT_S = 0.1
INTERVAL_MS = 300
FAULTS = {
    "silence": {"no_response"},
    "late 0.15": {"no_response"},
    "late 0.7": {"no_response"},
    "late 1.5": {"no_response"},
    "half_frame": {"garbled"},
    "late_half 0.15": {"garbled"},
    "bad_crc": {"garbled"},
    "flipped_bit 39": {"garbled"},
    "junk_before FF": {"garbled"},
    "junk_before 0203": {"garbled"},
    "noise 40": {"garbled"},
    "echo": {"echo"},
    "other_unit 9": {"other_unit"},
    **{f"exception {code}": {"device_exception"} for code in (2, 6)},
    "wrong_length -1": {"wrong_shape"},
    "wrong_length 1": {"wrong_shape"},
    "wrong_function": {"wrong_shape"},
}


class Rounds:
    """What the sampler has handed over."""

    def __init__(self) -> None:
        self.polls: list[Poll] = []

    def accept(self, polls: list[Poll], _urgent: bool) -> None:  # noqa: FBT001 - the sampler's port
        self.polls += polls

    def of(self, device: str, since: int = 0) -> list[Poll]:
        return [poll for poll in self.polls[since:] if poll.device == device]


@contextmanager
def sampled(devices, *, timeout_s: float = TIMEOUT_S, **more):
    """A station under a running sampler; yields its fault, its rounds and what the meters said."""
    fault, rounds, said, stop_fd = Switchable(), Rounds(), Served(), os.eventfd(0)
    with SimulatedStation(seed=5, fault=fault, served=said, **more) as station:
        bus = Bus(BusSettings(port=station.port, timeout_s=timeout_s, pause_s=0.0, baudrate=115_200))
        watched = [Watched(Checked(Meter(device, bus), said), INTERVAL_MS) for device in devices]
        sampler = LineSampler(
            bus, watched, interval_ms=INTERVAL_MS, accept=rounds.accept,
            conditions=Conditions(logging.getLogger("line")),
        )  # fmt: skip
        thread = threading.Thread(target=sampler.run, args=(stop_fd,))
        thread.start()
        try:
            yield fault, rounds, station, watched
        finally:
            os.eventfd_write(stop_fd, 1)
            thread.join()
            os.close(stop_fd)


class Checked:
    """A meter whose good values are compared with what was said, at once."""

    def __init__(self, meter: Meter, said: Served) -> None:
        self.id, self.kind = meter.id, meter.kind
        self._meter, self._said = meter, said
        self.wrong: list[Poll] = []

    def poll(self) -> Poll:
        poll = self._meter.poll()
        said = self._said.said(self._meter) if poll.values else {}
        is_whole = poll.quality != "good" or poll.values.keys() == said.keys()
        if not is_whole or any(said[name] != value for name, value in poll.values.items()):
            self.wrong.append(poll)
        return poll


CASES = [
    pytest.param(words, whys, alone, id=f"{words}{' alone' if alone else ''}")
    for words, whys in FAULTS.items()
    for alone in ([False, True] if words.startswith(("late", "silence", "exception 2")) else [False])
]


@pytest.mark.parametrize(("words", "whys", "alone"), CASES)
def test_a_fault_is_named_is_never_a_value_and_harms_nobody_else(words, whys, alone):
    with sampled([FLOW] if alone else [POWER, FLOW]) as (fault, rounds, _, watched):
        wait_until(lambda: rounds.of("flow-1"), "a round", every_s=0.01)
        began = len(rounds.polls)
        fault.set(named(words), unit_id=2)
        wait_until(lambda: watched[-1].silence.lasts, "it fails", every_s=0.01)
        if not alone:
            beats = len(rounds.of("power-1"))
            wait_until(lambda: len(rounds.of("power-1")) >= beats + 3, "the neighbour goes on", every_s=0.01)
        fault.set(None)
        polls = watched[-1].status(0).polls
        wait_until(lambda: rounds.polls and not watched[-1].silence.lasts, "it is back", every_s=0.01)
        late_s = float(words.split()[1]) if words.startswith("late ") else 0.0
        still_late = late_s * 1000 // INTERVAL_MS * 2  # each round asks twice while the meter catches up
        assert watched[-1].status(0).polls - polls <= 3 + still_late  # the one under way, and two
        assert {poll.why for poll in rounds.of("flow-1", began)} <= whys | {None}
        assert whys & {poll.why for poll in rounds.of("flow-1", began)}
        assert [each.meter.wrong for each in watched] == [[]] * len(watched)
        if not alone:
            assert {poll.quality for poll in rounds.of("power-1")} == {"good"}
            beat = [poll.at_ms for poll in rounds.of("power-1")]
            gaps = [later - earlier for earlier, later in pairwise(beat)]
            assert max(gaps) < 4 * INTERVAL_MS


@pytest.mark.parametrize("words", ["slow 0.002", "late_half 0.03", "junk_after 00", "late 0.03"])
def test_what_is_only_slow_or_followed_by_noise_is_read(words):
    with sampled([POWER, FLOW], timeout_s=0.5) as (fault, rounds, _, watched):
        fault.set(named(words))
        wait_until(lambda: len(rounds.of("flow-1")) >= 3, "three rounds", every_s=0.01)
        assert {poll.quality for poll in rounds.polls} == {"good"}
        assert [each.meter.wrong for each in watched] == [[], []]


def test_an_adapter_that_is_unplugged_and_comes_back(tmp_path):
    with sampled([POWER, FLOW], link=tmp_path / "rs485") as (_, rounds, station, watched):
        wait_until(lambda: rounds.of("flow-1"), "a round", every_s=0.01)
        station.close()
        wait_until(lambda: all(each.silence.lasts for each in watched), "both are gone", every_s=0.01)
        assert {poll.why for poll in rounds.polls if poll.quality == "missing"} == {"port_gone"}
        polls = watched[0].status(0).polls
        wait_until(lambda: watched[0].status(0).polls > polls + 11, "for long", every_s=0.01)
        assert not watched[0].silence.backing_off
        station.start()
        wait_until(lambda: not any(each.silence.lasts for each in watched), "both are back", every_s=0.01)


@pytest.mark.soak
def test_two_minutes_of_every_fault_by_chance_give_no_wrong_value():
    chance = random.Random(4)
    with sampled([POWER, FLOW]) as (fault, rounds, _, watched):
        ends_s = time.monotonic() + 120
        while time.monotonic() < ends_s:
            words = chance.choice([*FAULTS, "none", "slow 0.01", "junk_after 010304", "late 0.05"])
            fault.set(
                named(words), unit_id=chance.choice([None, 1, 2]), requests=chance.choice([None, 1, 1, 2, 5])
            )
            polls = watched[0].status(0).polls + chance.choice([1, 2, 4])
            wait_until(lambda least=polls: watched[0].status(0).polls >= least, "polls", every_s=0.01)
            if any(each.silence.lasts for each in watched) and chance.random() < 0.5:
                fault.set(None)
                wait_until(lambda: not any(each.silence.lasts for each in watched), "both are back")
        assert [each.meter.wrong for each in watched] == [[], []]
        assert {"good", "missing"} <= {poll.quality for poll in rounds.polls}
