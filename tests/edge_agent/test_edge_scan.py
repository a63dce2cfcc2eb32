"""Scans of simulated lines, well and misbehaving: who is found, where, and what is said of the line."""

import threading
from contextlib import contextmanager

import pytest
from edge_line import IMAGE
from scan_lines import E1, N1, SLOW_E1, ids, image_of, scanned, telling, told

from edge_agent.commissioning.findings import Candidate, LineSettings
from edge_agent.commissioning.recognise import recognise
from edge_agent.commissioning.sweep import USUAL_UNIT_IDS, Step, usual_lines
from edge_agent.config import BusSettings
from edge_agent.port import Port, PortGone
from edge_agent.profile_file import load_profile, profile_names
from simulator import faults
from simulator.line import PtyLine
from simulator.meters import SimulatedStation
from simulator.slave import Line, Slave
from simulator.tuned import Dlt645Meter, ForeignMaster, NoiseForAll, TunedLine, Tuning

PROFILES = [load_profile(name) for name in profile_names()]
ADDRESS = "202611220001"


def slave(unit_id: int, **more) -> Slave:
    return Slave(unit_id, lambda: IMAGE, **more)


def look(line, unit_id, profiles, *, pause) -> tuple[Candidate, ...]:
    """Recognises by the first register."""
    return (Candidate(str(line.read(unit_id, 3, 0, 1)[0]), "", "power", 1, ("in_range",), {}),)


@contextmanager
def two(**more):
    """Units 1 and 3, which understand every speed."""
    with PtyLine(Line([slave(1), slave(3)]), **more) as pty:
        yield pty.port


@contextmanager
def tuned(*speakers, **more):
    """Speakers with settings of their own; yields the port and how to open it."""
    line = TunedLine(speakers, **({"wrong": more.pop("wrong")} if "wrong" in more else {}))
    with PtyLine(line, **more) as pty:
        yield {"port": pty.port, "open_port": telling(line)}


def test_the_two_meters_of_a_station_are_found_at_one_setting():
    steps: list[Step] = []
    with SimulatedStation(seed=5) as station:
        outcome = scanned(station.port, steps=steps, recognise=look)
    assert ids(outcome) == [(1, N1), (2, N1)]
    assert [unit.candidates[0].profile for unit in outcome.units] == ["204", "0"]
    assert outcome.remarks == ()
    assert not outcome.echo
    assert outcome.lines == (N1,)
    assert [step.found for step in steps if step.found] == list(outcome.units)
    assert [step.unit_id for step in steps if not step.found] == [1, 2, 3, 4]
    shares = [step.share for step in steps]
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_meters_of_two_makers_at_two_settings_are_both_found_and_named():
    chint, acrel = image_of("chint-dtsu666"), image_of("acrel-dtsd1352")
    with tuned(
        (Tuning(9600), Slave(1, lambda: chint, functions={3})),
        (Tuning(2400, "E"), Slave(2, lambda: acrel, functions={3})),
    ) as line:
        outcome = scanned(lines=(N1, E1, SLOW_E1), profiles=PROFILES, recognise=recognise, **line)
    assert ids(outcome) == [(1, N1), (2, SLOW_E1)]
    assert [unit.candidates[0].profile for unit in outcome.units] == ["chint-dtsu666", "acrel-dtsd1352"]
    assert told(outcome) == []


def test_meters_that_answer_noise_to_a_wrong_speed_are_found_in_their_own():
    with tuned((Tuning(), slave(1)), (Tuning(2400, "E"), slave(2)), wrong="noise") as line:
        outcome = scanned(lines=(N1, SLOW_E1), **line)
    assert sorted(ids(outcome)) == [(1, N1), (2, SLOW_E1)]
    assert {code for code, *_ in told(outcome)} <= {"noise"}


def test_a_meter_whose_parity_was_not_wanted_is_found_by_its_garbage():
    with tuned((Tuning(), slave(1)), (Tuning(9600, "E"), slave(2)), wrong="garbled") as line:
        steps: list[Step] = []
        outcome = scanned(steps=steps, dlt645=True, **line)
    assert ids(outcome) == [(1, N1), (2, E1)]
    assert told(outcome) == []
    assert outcome.lines == (N1, E1)
    shares = [step.share for step in steps]
    assert shares == sorted(shares)


@pytest.mark.parametrize("setting", [Tuning(19200), Tuning(9600, "E")], ids=str)
def test_two_meters_with_one_id_at_two_settings_are_both_found_and_said_to_share_it(setting):
    with tuned((Tuning(), slave(1)), (setting, Slave(1, lambda: dict.fromkeys(IMAGE, 7)))) as line:
        outcome = scanned(lines=(N1, LineSettings(*setting)), ids=(1,), recognise=look, **line)
    assert ids(outcome) == [(1, N1), (1, setting)]
    assert told(outcome) == [("duplicate", None, 1)]


def test_a_line_without_speed_tells_every_meter_once():
    with two() as port:
        outcome = scanned(port, (N1, E1, SLOW_E1), ids=range(1, 4))
    assert ids(outcome) == [(1, N1), (3, N1)]
    assert told(outcome) == []


def test_nobody_is_there():
    with PtyLine(Line([slave(9)])) as pty:
        outcome = scanned(pty.port, (N1, E1), dlt645=True)
    assert outcome.units == ()
    assert told(outcome) == [("silence", None, None)]
    assert outcome.asked == 2 * 4 + 5


def test_an_echoing_adapter_is_said_and_its_meters_are_found():
    with two(echo=True) as port:
        outcome = scanned(port, ids=range(1, 7))
    assert outcome.echo
    assert ids(outcome) == [(1, N1), (3, N1)]
    assert told(outcome) == [("echo", None, None)]


def test_an_echo_alone_is_nobody():
    with PtyLine(Line([]), echo=True, baudrate=9600) as pty:
        outcome = scanned(pty.port)
    assert outcome.echo
    assert told(outcome) == [("echo", None, None), ("silence", None, None)]


def test_the_bus_that_recognises_cuts_the_echo_off():
    asked = []

    def ask(line, unit_id, profiles, *, pause):
        asked.append(line.read(unit_id, 3, 0x10, 2))
        return ()

    with PtyLine(Line([slave(4)]), echo=True) as pty:
        scanned(pty.port, recognise=ask)
    assert asked == [[IMAGE[0x10], IMAGE[0x11]]]


def test_swapped_wires_bring_octets_at_every_setting_and_no_frame():
    with tuned(*((tuning, NoiseForAll()) for tuning in (Tuning(9600), Tuning(9600, "E")))) as line:
        outcome = scanned(lines=(N1, E1), ids=(1, 2), **line)
    assert outcome.units == ()
    assert told(outcome) == [("no_frames", None, None)]
    assert outcome.remarks[0].times >= 4


def test_octets_at_one_setting_only_are_told_with_it():
    with tuned((Tuning(9600, "E"), NoiseForAll())) as line:
        outcome = scanned(lines=(N1, E1), ids=(1, 2), **line)
    assert told(outcome) == [("no_frames", E1, None)]


@pytest.mark.parametrize("pace", [None, 9600])
def test_two_meters_with_one_id_are_said_to_share_it(pace):
    other = dict.fromkeys(IMAGE, 0x5A5A)
    with tuned(
        (Tuning(), slave(1)), (Tuning(), slave(2)), (Tuning(), Slave(2, lambda: other)), baudrate=pace
    ) as line:
        outcome = scanned(**line)
    assert (1, N1) in ids(outcome)
    assert told(outcome) == [("duplicate", N1, 2)]


def test_the_factory_id_twice_and_nothing_else():
    other = dict.fromkeys(IMAGE, 0x5A5A)
    with tuned((Tuning(), slave(1)), (Tuning(), Slave(1, lambda: other)), baudrate=9600) as line:
        outcome = scanned(lines=(N1, SLOW_E1), ids=(1, 2), **line)
    assert told(outcome) == [("duplicate", N1, 1)]


def test_another_master_is_heard():
    with tuned((Tuning(), slave(1)), (Tuning(), ForeignMaster())) as line:
        outcome = scanned(ids=range(1, 12), **line)
    assert ids(outcome) == [(1, N1)]
    assert ("foreign_master", N1, None) in told(outcome)


def test_a_meter_in_dlt645_mode_is_told_with_its_address():
    with tuned((Tuning(2400, "E"), Dlt645Meter(ADDRESS))) as line:
        outcome = scanned(dlt645=True, **line)
    assert told(outcome) == [("dlt645", SLOW_E1, None)]
    assert outcome.remarks[0].detail == ADDRESS


def test_a_meter_in_dlt645_mode_beside_one_that_speaks_modbus():
    with tuned((Tuning(), slave(1)), (Tuning(1200, "E"), Dlt645Meter(ADDRESS))) as line:
        outcome = scanned(dlt645=True, **line)
    assert ids(outcome) == [(1, N1)]
    assert told(outcome) == [("dlt645", LineSettings(1200, "E"), None)]


@pytest.mark.parametrize("late_s", [0.1, 0.45])
def test_a_late_answer_names_its_unit_whoever_is_asked_by_then(late_s):
    def fault(request, answer):
        return faults.late(late_s)(request, answer) if request[0] == 1 else answer

    with two(fault=fault) as port:
        outcome = scanned(port, ids=range(1, 10))
    assert sorted(ids(outcome)) == [(1, N1), (3, N1)]
    delay_s = next(unit.delay_s for unit in outcome.units if unit.unit_id == 1)
    assert late_s - 0.02 < delay_s < late_s + 0.5
    assert told(outcome) == ([("slow", N1, 1)] if late_s > 0.4 else [])


def test_a_late_answer_that_another_one_speaks_into_is_found_with_patience():
    def fault(request, answer):
        return faults.late(0.04)(request, answer) if request[0] == 2 else answer

    line = Line([slave(2), slave(3)])
    with PtyLine(line, fault=fault, baudrate=9600) as pty:
        outcome = scanned(pty.port)
    assert sorted(ids(outcome)) == [(2, N1), (3, N1)]


@pytest.mark.parametrize(
    "fault", [faults.exception(1), faults.exception(2), faults.wrong_length(1), faults.junk_before(b"\xff")]
)
def test_any_intact_frame_is_a_unit(fault):
    with two(fault=fault) as port:
        assert ids(scanned(port)) == [(1, N1), (3, N1)]


def test_stray_octets_beside_good_answers_are_noise():
    with two(fault=faults.junk_before(b"\xff")) as port:
        assert told(scanned(port)) == [("noise", N1, None)]


def test_a_broken_answer_now_and_then_hides_nobody():
    count = iter(range(1000))

    def fault(_request, answer):
        return answer[:-1] + b"\x00" if next(count) % 2 == 0 else answer

    with two(fault=fault) as port:
        outcome = scanned(port)
    assert ids(outcome) == [(1, N1), (3, N1)]
    assert told(outcome) == [("noise", N1, None)]


def test_who_is_silent_to_function_3_is_asked_by_function_4():
    class Mute(Slave):
        def answer(self, request):
            return super().answer(request) if request[1] == 4 else None

    with PtyLine(Line([Mute(1, lambda: IMAGE)])) as pty:
        assert ids(scanned(pty.port, profiles=PROFILES)) == [(1, N1)]


def test_a_setting_that_the_port_refuses_is_told_and_the_others_are_tried():
    def open_port(settings):
        if settings.parity != "N":
            raise PortGone("settings", "x", "9600 8E1")
        return Port(settings)

    with two() as port:
        outcome = scanned(port, (E1, N1), open_port=open_port)
        assert ids(outcome) == [(1, N1), (3, N1)]
        assert told(outcome) == [("refused_settings", E1, None)]
        assert outcome.lines == (N1,)
        with pytest.raises(PortGone, match="cannot do 9600 8E1"):
            scanned(port, (E1,), open_port=open_port)


def test_a_port_that_is_not_there_is_one_clear_line(tmp_path):
    with pytest.raises(PortGone, match="there is no such device"):
        scanned(str(tmp_path / "ttyUSB0"))


def test_a_port_that_vanishes_ends_the_scan(tmp_path):
    pty = PtyLine(Line([slave(9)]), link=tmp_path / "ttyUSB0")
    pty.start()
    try:
        with pytest.raises(PortGone, match="the adapter is gone"):
            scanned(pty.port, steps=Unplugs(pty))
    finally:
        pty.close()


class Unplugs(list):
    """Closes the line at the first step."""

    def __init__(self, pty):
        super().__init__()
        self._pty = pty

    def append(self, step):
        super().append(step)
        self._pty.close()


def test_a_port_that_vanishes_while_a_unit_is_recognised_ends_the_scan(tmp_path):
    pty = PtyLine(Line([slave(1)]), link=tmp_path / "ttyUSB0")

    def unplug(line, unit_id, profiles, *, pause):
        pty.close()
        return line.read(unit_id, 3, 0, 1)

    pty.start()
    try:
        with pytest.raises(PortGone, match="no such device"):
            scanned(pty.port, recognise=unplug)
    finally:
        pty.close()


def test_a_stop_ends_it_with_what_is_known():
    steps: list[Step] = []
    with two() as port:
        outcome = scanned(port, (N1, E1), dlt645=True, steps=steps, stop=lambda: len(steps) >= 3)
    assert ids(outcome) == [(1, N1)]
    assert told(outcome) == [("stopped", None, None)]
    assert outcome.lines == (N1,)


def test_the_port_is_free_afterwards_and_no_thread_is_left():
    before = threading.active_count()
    with two() as port:
        scanned(port, ids=(1,))
        Port(BusSettings(port=port)).close()
    assert threading.active_count() == before


def test_usual_settings_are_the_likeliest_first_and_hold_all_that_profiles_name():
    lines = usual_lines(PROFILES)
    assert lines[:2] == (N1, E1)
    assert len(set(lines)) == len(lines)
    for profile in PROFILES:
        for line in profile.line.tries():
            assert LineSettings(line.baudrate, line.parity, line.stopbits) in lines
            assert line.unit_id in USUAL_UNIT_IDS or line.unit_id > 247


def test_an_echo_that_comes_only_with_answers_is_one_too():
    """Some converters repeat the request once the meter drives the line."""
    with SimulatedStation(power_unit=3, flow_unit=5, fault=faults.echo()) as station:
        found = scanned(station.port, ids=range(1, 9), profiles=PROFILES, recognise=recognise)
    assert found.echo
    assert [unit.candidates[0].profile for unit in found.units] == ["chint-dtsu666", "microsensor-mfe600"]
    assert told(found) == [("echo", None, None)]


def test_noise_in_place_of_two_units_answers_is_a_matter_of_the_wires():
    with SimulatedStation(power_unit=3, flow_unit=5, fault=faults.noise(20)) as station:
        found = scanned(station.port, lines=(N1, E1), ids=range(1, 9))
    assert (ids(found), told(found)) == ([], [("no_frames", None, None)])
