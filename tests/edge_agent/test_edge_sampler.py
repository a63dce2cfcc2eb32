import logging
import threading
from contextlib import closing

import pytest
from edge_line import TIMEOUT_S
from servers import wait_until
from two_meters import TWO_METERS

from edge_agent import sampler as sampler_module
from edge_agent.clock import Clock
from edge_agent.config import Agent, load_agent
from edge_agent.meter import Poll
from edge_agent.outbox import Outbox, OutboxError
from edge_agent.sampler import LineSampler, Watched, line_samplers
from service.conditions import Conditions
from simulator.meters import SimulatedStation


class FakeMeter:
    """Answers what it is told to, at the test's own time."""

    def __init__(self, name: str, now: list[int], asked: list[str]) -> None:
        self.id, self.kind = name, "power"
        self.volts: float | None = 230.0
        self.why: str | None = None
        self.fails: Exception | None = None
        self._now, self._asked = now, asked

    def poll(self) -> Poll:
        self._asked.append(self.id)
        if self.fails:
            raise self.fails
        if self.why:
            return Poll(self.id, "power", self._now[0], "missing", self.why, {}, "in words")
        values = {"energy_kwh": 1.0} | ({} if self.volts is None else {"voltage_l2_v": self.volts})
        return Poll(self.id, "power", self._now[0], "good", None, values)


class Line:
    """A line of fake meters, round by round."""

    def __init__(self, monkeypatch, *names: str) -> None:
        self.now, self.asked, self.accepted = [0], [], []
        monkeypatch.setattr(sampler_module, "boot_ms", lambda: self.now[0])
        self.meters = {name: FakeMeter(name, self.now, self.asked) for name in names}
        self.watched = [Watched(meter, 60_000) for meter in self.meters.values()]
        self.conditions = Conditions(logging.getLogger("line"))
        self.closed = False
        self.sampler = LineSampler(
            self, self.watched, accept=lambda polls, urgent: self.accepted.append((polls, urgent)),
            conditions=self.conditions,
        )  # fmt: skip

    def close(self) -> None:
        self.closed = True

    def round(self) -> tuple[list[tuple], bool]:
        """One round, a minute later; what was accepted of it."""
        self.asked.clear()
        self.accepted.clear()
        self.now[0] += 60_000
        self.sampler.round()
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
    assert line.asked == ["a", "b", "c"]
    line.round()
    assert line.asked == ["b", "c", "a"]
    line.meters["a"].why = None
    line.round()
    line.round()
    assert line.asked == ["a", "b", "c"]


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
    assert (status.polls, status.failures, status.last_good) == (12, {"no_response": 12}, None)


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


def test_the_status_of_a_device_needs_a_clock_for_its_date(monkeypatch):
    line = Line(monkeypatch, "a")
    line.round()
    assert line.watched[0].status(None).last_good is None
    assert line.watched[0].status(1000).last_good == 61_000


class Clockwork(threading.Event):
    """Instead of waiting it moves the time, and stops after so many rounds."""

    def __init__(self, line: Line, rounds: int, stalls: dict[int, int]) -> None:
        super().__init__()
        self.line, self.rounds, self.stalls = line, rounds, stalls
        self.began: list[int] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.line.now[0] += round(timeout * 1000)
        if len(self.began) >= self.rounds:
            self.set()
        return self.is_set()


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
    stop = Clockwork(line, len(began), stalls)

    def busy() -> None:
        stop.began.append(line.now[0] // 1000)
        line.now[0] += 1000 * stalls.get(len(stop.began) - 1, 0)
        if len(stop.began) == 4:
            raise RuntimeError("a round that fails does not end the sampling")

    monkeypatch.setattr(line.sampler, "round", busy)
    line.sampler.run(stop, 60.0)
    assert stop.began == began
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
    hurries, stop = [], threading.Event()
    conditions = Conditions(logging.getLogger("s"))
    with SimulatedStation() as station, closing(Outbox(tmp_path / "o.db", boot="b", max_mb=1)) as outbox:
        [line] = line_samplers(
            agent(tmp_path, station.port), outbox, Clock(synchronised=lambda: True), conditions, lambda: hurries.append(1)  # noqa: E501
        )  # fmt: skip
        thread = threading.Thread(target=line.run, args=(stop, 0.2))
        thread.start()
        try:
            wait_until(lambda: outbox.backlog() >= 4, "two rounds are there")
            assert not hurries
            station.set_mains(mains=False)
            wait_until(lambda: len(conditions.current()) == 2, "both are silent")
            assert hurries
            station.set_mains(mains=True)
            wait_until(lambda: not conditions.current(), "both are back")
        finally:
            stop.set()
            thread.join()
        missing = [
            each for each in outbox.waiting(limit=999, newest_first=False) if b"missing" in bytes(each.json)
        ]
        assert len(missing) == 2


def test_a_full_outbox_is_said_and_sampling_goes_on(tmp_path):
    conditions = Conditions(logging.getLogger("s"))
    full = [True]

    class Full:
        def accept(self, polls, offset) -> None:
            if full:
                raise OutboxError("outbox o.db: full, max_mb allows no more")

    with SimulatedStation() as station:
        [line] = line_samplers(agent(tmp_path, station.port), Full(), Clock(), conditions, lambda: None)
        line.round()
        assert conditions.current() == {
            "outbox": "outbox o.db: full, max_mb allows no more: readings are being lost; free some space"
        }
        full.clear()
        line.round()
        assert conditions.current() == {}
        line._bus.close()
