import logging
import os
import threading
from contextlib import closing

import pytest
from edge_line import TIMEOUT_S
from servers import wait_until
from two_meters import TWO_METERS

from edge_agent import sampler as sampler_module
from edge_agent import watched as watched_module
from edge_agent.clock import Clock
from edge_agent.config import Agent, load_agent
from edge_agent.meter import Poll, boot_ms
from edge_agent.outbox import Outbox, OutboxDamagedError, OutboxError
from edge_agent.sampler import LineSampler, line_samplers
from edge_agent.watched import Watched
from service.conditions import Conditions
from simulator.meters import SimulatedStation


class FakeMeter:
    """Answers what it is told to, at the test's own time."""

    def __init__(self, name: str, now: list[int], asked: list[str]) -> None:
        self.id, self.kind = name, "power"
        self.volts: float | None = 230.0
        self.why: str | None = None
        self.whys: list[str] = []
        self.takes_ms = 0
        self.alarms: tuple[str, ...] = ()
        self.fails: Exception | None = None
        self._now, self._asked = now, asked

    def poll(self) -> Poll:
        self._asked.append(self.id)
        if self.fails:
            raise self.fails
        self._now[0] += self.takes_ms
        why = self.whys.pop(0) if self.whys else self.why
        if why:
            return Poll(self.id, "power", self._now[0], "missing", why, {}, "in words")
        values = {"energy_kwh": 1.0} | ({} if self.volts is None else {"voltage_l2_v": self.volts})
        return Poll(self.id, "power", self._now[0], "good", None, values, alarms=self.alarms)


class Line:
    """A line of fake meters, round by round."""

    def __init__(self, monkeypatch, *names: str) -> None:
        self.now, self.asked, self.accepted = [0], [], []
        for module in (sampler_module, watched_module):
            monkeypatch.setattr(module, "boot_ms", lambda: self.now[0])
        self.meters = {name: FakeMeter(name, self.now, self.asked) for name in names}
        self.watched = [Watched(meter, 60_000) for meter in self.meters.values()]
        self.conditions = Conditions(logging.getLogger("line"))
        self.closed, self.patience_s, self.has_room = False, 0.5, True
        self.beats: list[int] = []
        self.rounds_to_go = 0
        self.sampler = LineSampler(
            self,
            self.watched,
            interval_ms=60_000,
            accept=self.accept,
            conditions=self.conditions,
        )

    def close(self) -> None:
        self.closed = True

    def accept(self, polls: list[Poll], urgent: bool) -> bool:  # noqa: FBT001 - the sampler's port
        if self.has_room:
            self.accepted.append((polls, urgent))
        return self.has_room

    def rest(self, _stop_fd: int, seconds: float) -> bool:
        """Instead of waiting it moves the time, and stops after so many rounds."""
        self.now[0] += round(seconds * 1000)
        return len(self.beats) >= self.rounds_to_go

    def round(self) -> tuple[list[tuple], bool]:
        """One round, a minute later; what was accepted of it."""
        self.asked.clear()
        self.accepted.clear()
        self.now[0] += 60_000
        self.sampler.round(self.now[0] + 60_000)
        if not self.accepted:
            return [], False
        [(polls, urgent)] = self.accepted
        return [(poll.device, poll.why) for poll in polls], urgent


def test_a_round_is_handed_over_in_one_piece(monkeypatch):
    line = Line(monkeypatch, "a", "b")
    assert line.round() == ([("a", None), ("b", None)], False)


def test_the_silent_meter_is_polled_last(monkeypatch):
    line = Line(monkeypatch, "a", "b", "c")
    line.meters["a"].why = "no_response"
    line.round()
    assert line.asked == ["a", "b", "c", "a"]
    line.round()
    assert line.asked == ["b", "c", "a"]
    line.meters["a"].why = None
    line.round()
    line.round()
    assert line.asked == ["a", "b", "c"]


def test_a_meter_that_fails_is_asked_again_behind_the_others(monkeypatch):
    """Noise is short: the second try of the same round may make a good reading."""
    line = Line(monkeypatch, "a", "b")
    line.meters["a"].whys = ["garbled"]
    assert line.round() == ([("a", None), ("b", None)], False)
    assert line.asked == ["a", "b", "a"]
    line.meters["a"].whys = ["garbled", "no_response"]
    assert line.round() == ([("a", "no_response"), ("b", None)], True)
    status = line.watched[0].status(0)
    assert (status.polls, status.failures) == (4, {"garbled": 2, "no_response": 1})
    line.meters["b"].whys = ["port_gone"]
    assert line.round() == ([("b", "port_gone"), ("a", None)], True)
    assert line.asked == ["b", "a"]


def test_silent_meters_get_the_time_that_is_left_each_in_its_turn(monkeypatch):
    """Each costs 25 s of a minute's round, so two have room behind the one that answers."""
    line = Line(monkeypatch, "a", "b", "c", "d")
    line.patience_s = 25.0
    for name in "bcd":
        line.meters[name].why, line.meters[name].takes_ms = "no_response", 25_000
    line.round()
    asked = []
    for _ in range(6):
        line.now[0] = (line.now[0] // 60_000) * 60_000
        line.round()
        assert line.asked[0] == "a"
        asked.append("".join(line.asked[1:]))
    assert asked == ["bc", "db", "cd"] * 2


def test_a_silent_meter_for_which_there_is_never_time_is_asked_sparingly(monkeypatch):
    line = Line(monkeypatch, "a", "b")
    line.patience_s = 70.0
    line.meters["b"].why = "no_response"
    asked = [(line.round(), "b" in line.asked)[1] for _ in range(34)]
    assert [number for number, was in enumerate(asked) if was] == [0, 11, 22, 33]
    line.meters["a"].why = "no_response"
    line.round()
    line.round()
    assert line.asked == ["a", "b"]  # nobody is left whom it would cost anything


def test_what_a_meter_says_of_itself_is_a_condition(monkeypatch):
    line = Line(monkeypatch, "a")
    for alarms, told in (
        ((), {}),
        (("empty pipe",), {"a alarm": "empty pipe"}),
        (("empty pipe", "no signal"), {"a alarm": "empty pipe, no signal"}),
        ((), {}),
    ):
        line.meters["a"].alarms = alarms
        line.round()
        assert line.conditions.current() == told


def test_the_first_failure_and_the_return_are_urgent(monkeypatch):
    line, meter = Line(monkeypatch, "a", "b"), None
    meter = line.meters["b"]
    line.round()
    meter.why = "no_response"
    assert line.round() == ([("a", None), ("b", "no_response")], True)
    assert line.conditions.current() == {"b": "no_response: in words"}
    assert line.round() == ([("a", None)], False)
    meter.why = "garbled"
    assert line.round() == ([("a", None), ("b", "garbled")], False)
    meter.why = None
    assert line.round() == ([("a", None), ("b", None)], True)
    assert line.conditions.current() == {}
    assert line.round()[1] is False


def test_a_meter_that_backs_off_costs_its_neighbours_nothing(monkeypatch):
    line = Line(monkeypatch, "a", "b")
    line.meters["b"].why = "no_response"
    rounds = [(line.round(), "b" in line.asked) for _ in range(20)]
    told = [
        (number, why) for number, ((polls, _), _) in enumerate(rounds) for name, why in polls if name == "b"
    ]
    assert told == [(0, "no_response"), (10, "backing_off")]
    assert sum(asked for _, asked in rounds[10:]) == 2
    status = line.watched[1].status(0)
    assert (status.polls, status.failures, status.last_good) == (13, {"no_response": 13}, None)


def test_voltages_that_vanish_or_return_are_urgent(monkeypatch):
    line = Line(monkeypatch, "a")
    meter = line.meters["a"]
    meter.volts = 3.0
    assert line.round()[1] is False  # nothing is known of before
    for volts, urgent in (
        (2.0, False),
        (229.0, True),
        (231.0, False),
        (None, False),
        (0.0, True),
        (49.9, False),
        (50.0, True),
    ):
        meter.volts = volts
        assert (volts, line.round()[1]) == (volts, urgent)


def test_one_meter_that_breaks_the_program_does_not_take_the_others_readings(monkeypatch, caplog):
    line = Line(monkeypatch, "a", "b", "c")
    line.meters["b"].fails = ValueError("nobody foresaw this")
    for _ in range(2):
        assert line.round() == ([("a", None), ("c", None)], False)
    assert [each.levelname for each in caplog.records] == ["ERROR"] * 2
    line.meters["b"].fails = None
    assert line.round()[0] == [("a", None), ("b", None), ("c", None)]


def test_only_rounds_whose_readings_were_accepted_are_progress(monkeypatch):
    line = Line(monkeypatch, "a")
    line.round()
    line.has_room = False
    for minutes in range(1, 5):
        line.round()
        assert line.sampler.is_working(line.now[0]) is (minutes <= 3)
    line.has_room = True
    line.round()
    assert line.sampler.is_working(line.now[0])
    line.meters["a"].why = "no_response"
    for _ in range(5):  # nothing is to be accepted, which is no failure
        line.round()
    assert line.sampler.is_working(line.now[0])


def test_the_status_of_a_device_needs_a_clock_for_its_date(monkeypatch):
    line = Line(monkeypatch, "a")
    line.round()
    assert line.watched[0].status(None).last_good is None
    assert line.watched[0].status(1000).last_good == 61_000


@pytest.mark.parametrize(
    ("stalls", "began"),
    [
        ({}, [0, 60, 120, 180, 240, 300]),
        ({1: 59}, [0, 60, 120, 180, 240, 300]),
        ({1: 61}, [0, 60, 180, 240, 300, 360]),
        ({2: 1000}, [0, 60, 120, 1140, 1200, 1260]),
    ],
)
def test_rounds_keep_the_beat_and_never_pile_up(monkeypatch, stalls, began):
    line = Line(monkeypatch, "a")
    line.rounds_to_go = len(began)
    until = []

    def busy(until_ms: int) -> None:
        line.beats.append(line.now[0] // 1000)
        until.append(until_ms // 1000 - line.beats[-1])
        line.now[0] += 1000 * stalls.get(len(line.beats) - 1, 0)
        if len(line.beats) == 4:
            raise RuntimeError("a round that fails does not end the sampling")

    monkeypatch.setattr(line.sampler, "round", busy)
    line.sampler.run(-1)
    assert line.beats == began
    assert set(until) == {60}
    assert line.closed


AGENT = (
    """
[station]
id = "s"
[bus.main]
port = "{port}"
timeout_s = {timeout}
pause_s = 0
[bus.unused]
port = "/dev/none"
"""
    + TWO_METERS
    + """\
[sampling]
interval_s = 1
[mqtt]
host = "127.0.0.1"
tls = false
"""
)


def agent(folder, port: str) -> Agent:
    path = folder / "agent.toml"
    path.write_text(AGENT.format(port=port, timeout=TIMEOUT_S))
    return load_agent(path)


def test_from_the_registers_into_the_outbox(tmp_path):
    hurries, stop_fd = [], os.eventfd(0)
    conditions = Conditions(logging.getLogger("s"))
    with SimulatedStation() as station, closing(Outbox(tmp_path / "o.db", boot="b", max_mb=1)) as outbox:
        [line] = line_samplers(
            agent(tmp_path, station.port), outbox, Clock(synchronised=lambda: True), conditions,
            hurry=lambda: hurries.append(1), fatal=hurries.append,
        )  # fmt: skip
        thread = threading.Thread(target=line.run, args=(stop_fd,))
        thread.start()
        try:
            wait_until(lambda: outbox.backlog() >= 4, "two rounds are there")
            assert not hurries
            station.set_mains(mains=False)
            wait_until(lambda: len(conditions.current()) == 2, "both are silent")
            wait_until(lambda: hurries, "that was urgent")
            station.set_mains(mains=True)
            wait_until(lambda: not conditions.current(), "both are back")
        finally:
            os.eventfd_write(stop_fd, 1)
            thread.join()
            os.close(stop_fd)
        missing = [
            each for each in outbox.waiting(limit=999, newest_first=False) if b"missing" in bytes(each.json)
        ]
        assert len(missing) == 2


def test_a_full_outbox_is_said_and_sampling_goes_on(tmp_path):
    conditions = Conditions(logging.getLogger("s"))
    full, damaged, fatal = [True], [], []

    class Full:
        def accept(self, polls, offset) -> None:
            if damaged:
                raise OutboxDamagedError("outbox o.db: database disk image is malformed")
            if full:
                raise OutboxError("outbox o.db: full, max_mb allows no more")

        def disk_free_mb(self) -> int:
            return 1

    with SimulatedStation() as station:
        [line] = line_samplers(
            agent(tmp_path, station.port), Full(), Clock(), conditions, hurry=lambda: None, fatal=fatal.append
        )
        line.round(boot_ms() + 1000)
        assert conditions.current() == {
            "outbox": "outbox o.db: full, max_mb allows no more: readings are being lost; free some space"
        }
        full.clear()
        line.round(boot_ms() + 1000)
        assert conditions.current() == {}
        assert not fatal
        damaged.append(True)
        line.round(boot_ms() + 1000)
        assert fatal == ["outbox o.db: database disk image is malformed"]
        line._bus.close()


@pytest.mark.parametrize(("free_mb", "is_working"), [(0, True), (1, False)])
def test_a_full_disk_is_no_reason_to_start_anew_and_another_fault_is(
    free_mb, is_working, tmp_path, monkeypatch
):
    """The watchdog kills what makes no progress; on a full disk it would do so for ever."""
    now = [boot_ms()]
    monkeypatch.setattr(sampler_module, "boot_ms", lambda: now[0])

    class Failing:
        def accept(self, polls, offset) -> None:
            raise OutboxError("outbox o.db: it cannot be written")

        def disk_free_mb(self) -> int:
            return free_mb

    with SimulatedStation() as station:
        [line] = line_samplers(
            agent(tmp_path, station.port), Failing(), Clock(), Conditions(logging.getLogger("s")),
            hurry=lambda: None, fatal=lambda _text: None,
        )  # fmt: skip
        now[0] += 600_000
        assert not line.is_working(now[0])
        line.round(now[0] + 1000)
        assert line.is_working(now[0]) is is_working
        line._bus.close()
