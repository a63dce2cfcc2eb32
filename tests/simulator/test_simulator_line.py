import errno
import os
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack

import psutil
import pytest
import serial
from pymodbus import FramerType, ModbusException
from pymodbus.client import ModbusSerialClient

from simulator import faults
from simulator.errors import ParameterError, PathError
from simulator.life import Station
from simulator.line import Piece, PtyLine
from simulator.meters import SimulatedStation
from simulator.parameters import StationParameters
from simulator.registers import dtsu666, mfe600
from simulator.slave import Line, Slave, seal
from simulator.truth import said_dtsu666, said_mfe600, truth_dtsu666, truth_mfe600

READ = bytes.fromhex("01 03 00 00 00 02 C4 0B")
ANSWER = seal(bytes.fromhex("01 03 04 0007 0007"))
READ_2 = bytes.fromhex("02 03 00 00 00 02 C4 38")
ANSWER_2 = seal(bytes.fromhex("02 03 04 0007 0007"))


class Clock:
    def __init__(self) -> None:
        self.now_s = 1_760_000_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture(autouse=True)
def nothing_is_left():
    fds, threads = psutil.Process().num_fds(), threading.active_count()
    yield
    assert threading.active_count() == threads
    assert psutil.Process().num_fds() == fds


def sevens() -> Line:
    return Line([Slave(1, lambda: dict.fromkeys(range(10), 7))])


def two() -> Line:
    return Line([Slave(unit_id, lambda: dict.fromkeys(range(10), 7)) for unit_id in (1, 2)])


def hung_up(what: Callable[[], int | bytes]) -> bool:
    """Whether it ends as on a port whose adapter is gone."""
    try:
        return what() == b""
    except OSError as error:
        return error.errno == errno.EIO


def client(port: str, timeout: float = 2.0) -> ModbusSerialClient:
    return ModbusSerialClient(port, framer=FramerType.RTU, baudrate=9600, timeout=timeout, retries=0)


def ask(port: str, request: bytes, length: int, timeout: float = 2.0) -> bytes:
    with serial.Serial(port, 9600, timeout=timeout, exclusive=True) as agent:
        agent.write(request)
        return agent.read(length)


def test_pymodbus_reads_both_meters_of_a_station():
    clock, served = Clock(), []
    with SimulatedStation(clock=clock, seed=3, served=lambda *what: served.append(what)) as station:
        with client(station.port) as agent:
            for step_s in (0, 60, 3600, 86_400):
                clock.now_s += step_s
                now = station.snapshot()
                power = agent.read_holding_registers(0x2000, count=70, device_id=1)
                energy = agent.read_holding_registers(0x101E, count=18, device_id=1)
                flow = agent.read_input_registers(0x0000, count=28, device_id=2)
                image = dict(enumerate(power.registers, 0x2000)) | dict(enumerate(energy.registers, 0x101E))
                assert image.items() <= dtsu666(now).items()
                assert said_dtsu666(image) == pytest.approx(truth_dtsu666(now), rel=1e-9)
                assert said_mfe600(dict(enumerate(flow.registers))) == pytest.approx(
                    truth_mfe600(now), rel=1e-12
                )
                volts = agent.convert_from_registers(power.registers[6:8], agent.DATATYPE.FLOAT32) / 10
                assert volts == pytest.approx(now.electricity.voltage_v[0], abs=0.051)
                assert served[-3:] == [
                    (1, 0x2000, 70, tuple(power.registers)),
                    (1, 0x101E, 18, tuple(energy.registers)),
                    (2, 0, 28, tuple(flow.registers)),
                ]
            refused = agent.read_input_registers(0x2000, count=2, device_id=1)
            assert (refused.isError(), refused.exception_code) == (True, 1)
            refused = agent.read_holding_registers(0x3000, count=2, device_id=1)
            assert (refused.isError(), refused.exception_code) == (True, 2)
        with client(station.port, timeout=0.05) as agent, pytest.raises(ModbusException):
            agent.read_holding_registers(0, count=2, device_id=9)


def test_a_station_is_the_life_it_was_built_from():
    clock = Clock()
    parameters = StationParameters(population=300, pace=60)
    station = SimulatedStation(parameters, clock=clock, seed=12, power_unit=5)
    twin = Station(parameters, seed=12, start_s=clock.now_s)
    clock.now_s += 777
    twin.advance(clock.now_s)
    assert station.snapshot() == twin.snapshot()
    assert station._power_image() == dtsu666(twin.snapshot(), unit_id=5)
    assert station._flow_image() == mfe600(twin.snapshot())


def test_stop_counts_from_the_moment_it_is_said():
    clock = Clock()
    station = SimulatedStation(StationParameters(population=0, blower_off_s=0), clock=clock)
    clock.now_s += 3600
    station.set_running(False)
    stopped = station.snapshot()
    assert stopped.energy_kwh == pytest.approx(8412.6 + 1.11, abs=0.03)
    clock.now_s += 3600
    assert station.snapshot().energy_kwh - stopped.energy_kwh == pytest.approx(0.01)
    station.set_running(True)
    assert station.snapshot().blower_on


def test_in_a_power_cut_both_meters_are_mute_and_then_back():
    with SimulatedStation(clock=Clock()) as station:
        station.set_mains(False)
        assert ask(station.port, READ, 1, timeout=0.05) == b""
        station.set_mains(True)
        assert ask(station.port, READ, 9)[:3] == b"\x01\x03\x04"


def test_a_stations_meters_are_spoilt_one_by_one():
    with SimulatedStation(clock=Clock(), fault=faults.silence(), baudrate=115_200) as station:
        assert ask(station.port, READ, 1, timeout=0.05) == b""
        station.faults.set(faults.exception(6), unit_id=1)
        assert ask(station.port, READ, 5) == bytes.fromhex("01 83 06 C1 32")
        assert ask(station.port, READ_2, 1, timeout=0.05) == b""
        station.faults.set(None)
        assert ask(station.port, READ_2, 9)[:3] == b"\x02\x03\x04"
        assert (station.faults.asked(1), station.faults.asked(2)) == (2, 2)
        with pytest.raises(ParameterError, match="Say unit 1 or 2"):
            station.faults.set(None, unit_id=3)


def test_agents_come_and_go_and_open_the_port_exclusively():
    with PtyLine(sevens()) as line:
        for _ in range(3):
            assert ask(line.port, READ, 9) == ANSWER
        with serial.Serial(line.port, 9600, exclusive=True), pytest.raises(serial.SerialException):
            serial.Serial(line.port, 9600, exclusive=True)


def test_a_piecewise_request_and_one_behind_garbage_are_answered():
    with PtyLine(sevens()) as line, serial.Serial(line.port, 9600, timeout=2) as agent:
        agent.write(b"\x00\xff\x01\x03" + READ)
        assert agent.read(9) == ANSWER
        agent.write(seal(b"\x01\x2b\x0e\x01\x00"))  # its length is known by the silence after it only
        assert agent.read(5) == seal(b"\x01\xab\x01")


@pytest.mark.parametrize("swallowed", [None, b""])
def test_a_fault_may_swallow_an_answer_or_change_it(swallowed):
    spoilt, seen = [swallowed, b"\x01\x03"], []

    def fault(request: bytes, answer: bytes) -> bytes | None:
        seen.append((request, answer))
        return spoilt[len(seen) - 1]

    with PtyLine(sevens(), fault=fault) as line:
        assert ask(line.port, READ + READ, 2) == b"\x01\x03"
    assert seen == [(READ, ANSWER)] * 2


def test_an_answer_can_be_late_and_does_not_hold_up_the_close():
    with PtyLine(sevens(), answer_delay_s=0.1) as line:
        asked_s = time.monotonic()
        assert ask(line.port, READ, 9) == ANSWER
        assert time.monotonic() - asked_s >= 0.1
    with PtyLine(sevens(), answer_delay_s=1000) as line:
        assert ask(line.port, READ, 1, timeout=0.05) == b""


def test_a_late_slave_does_not_hold_up_the_other():
    late = faults.late(0.2)
    with PtyLine(two(), fault=lambda q, a: late(q, a) if q[0] == 1 else a) as line:
        assert ask(line.port, READ + READ_2, 18) == ANSWER_2 + ANSWER
    never = faults.late(1000)
    with (
        PtyLine(two(), fault=lambda q, a: never(q, a) if q[0] == 1 else a) as line,
        serial.Serial(line.port, 9600, timeout=2, exclusive=True) as agent,
    ):
        agent.write(READ)
        for _ in range(3):
            agent.write(READ_2)
            assert agent.read(9) == ANSWER_2


def test_answers_that_are_due_at_the_same_time_both_come():
    halves = faults.late_half(0.1)
    with PtyLine(two(), fault=lambda q, a: halves(q, a) if q[0] == 1 else a) as line:
        assert ask(line.port, READ + READ_2, 18) == ANSWER[:4] + ANSWER_2 + ANSWER[4:]


def test_an_echo_does_not_wait_for_the_slave():
    with PtyLine(sevens(), answer_delay_s=1000, fault=faults.echo()) as line:
        assert ask(line.port, READ, 8) == READ
    with PtyLine(sevens(), answer_delay_s=0.05, fault=faults.echo()) as line:
        assert ask(line.port, READ, 17) == READ + ANSWER


def test_what_was_still_due_at_the_close_is_never_said():
    seen = threading.Event()

    def late(_request: bytes, answer: bytes) -> tuple[Piece, ...]:
        seen.set()
        return (Piece(0.1, answer),)

    line = PtyLine(sevens(), fault=lambda q, a: a if seen.is_set() else late(q, a))
    with line, serial.Serial(line.port, 9600) as agent:
        agent.write(READ)
        assert seen.wait(2)
    with line:
        assert ask(line.port, READ, 18, timeout=0.2) == ANSWER


def test_a_line_of_a_baud_rate_takes_its_time():
    """17 octets of 11 bits; its order and portions are the wire's business."""
    with PtyLine(sevens(), baudrate=1200) as line:
        asked_s = time.monotonic()
        assert ask(line.port, READ, 9) == ANSWER
        assert time.monotonic() - asked_s >= 17 * 11 / 1200
    with PtyLine(sevens(), baudrate=1) as line:
        assert ask(line.port, READ, 1, timeout=0.05) == b""
    with pytest.raises(ParameterError, match=r"baudrate: more than zero \(got 0\)"):
        PtyLine(sevens(), baudrate=0)


def test_unplugged_and_plugged_in_again(tmp_path):
    """Who has the port open is hung up; the link then leads elsewhere, and the slaves went on."""
    image = {0: 7, 1: 7}
    line = PtyLine(Line([Slave(1, lambda: image)]), link=tmp_path / "port")
    with line:
        first = line.terminal
        fd = os.open(line.port, os.O_RDWR | os.O_NOCTTY)
        try:
            line.close()
            assert not (tmp_path / "port").is_symlink()
            assert hung_up(lambda: os.read(fd, 1))
            assert hung_up(lambda: os.write(fd, READ))
            image[1] = 8
            line.start()
            assert line.terminal != first
            assert ask(line.port, READ, 9) == seal(bytes.fromhex("01 03 04 0007 0008"))
            assert hung_up(lambda: os.write(fd, READ))
        finally:
            os.close(fd)


def test_many_threads_may_plug_and_unplug(tmp_path):
    line = PtyLine(sevens(), link=tmp_path / "port")
    players = [
        threading.Thread(target=lambda: [do() for _ in range(20) for do in (line.start, line.close)])
        for _ in range(4)
    ]
    for player in players:
        player.start()
    for player in players:
        player.join()
    assert list(tmp_path.iterdir()) == []
    with line:
        assert ask(line.port, READ, 9) == ANSWER


def test_answers_nobody_reads_do_not_hold_up_the_close():
    many = seal(bytes.fromhex("01 03 0000 000A"))
    with PtyLine(sevens()) as line, serial.Serial(line.port, 9600, write_timeout=2) as agent:
        for _ in range(1000):
            agent.write(many)


def test_the_link_leads_to_the_terminal_while_it_is_open(tmp_path):
    link = tmp_path / "station"
    with PtyLine(sevens(), link=link) as line:
        assert line.port == str(link)
        assert str(link.readlink()) == line.terminal
        assert ask(line.port, READ, 9) == ANSWER
    assert list(tmp_path.iterdir()) == []
    assert line.terminal == ""


def test_a_stale_link_is_replaced_and_a_foreign_one_is_left_on_close(tmp_path):
    link = tmp_path / "station"
    link.symlink_to("/dev/pts/999999")
    with PtyLine(sevens(), link=link) as line:
        assert str(link.readlink()) == line.terminal
        link.unlink()
        link.symlink_to("elsewhere")
    assert link.is_symlink()


def test_two_lines_on_one_link_the_later_keeps_it(tmp_path):
    link = tmp_path / "station"
    with ExitStack() as stack:
        first = PtyLine(sevens(), link=link)
        first.start()
        second = stack.enter_context(PtyLine(sevens(), link=link))
        first.close()
        assert str(link.readlink()) == second.terminal


@pytest.mark.parametrize("kind", ["file", "directory", "link"])
def test_anything_else_at_the_links_place_is_refused(tmp_path, kind):
    link, other = tmp_path / "station", tmp_path / "other"
    if kind == "file":
        link.write_text("precious")
    elif kind == "directory":
        link.mkdir()
    else:
        other.write_text("precious")
        link.symlink_to(other)
    found = {"file": "a file", "directory": "a directory", "link": f"a link to {other}"}[kind]
    with pytest.raises(PathError) as caught:
        PtyLine(sevens(), link=link).start()
    assert str(caught.value) == (
        f"{link}: free, or a link to a terminal (got {found}). Remove what is there or choose another path."
    )
    assert link.exists()


def test_a_link_in_a_missing_directory_is_refused(tmp_path):
    with pytest.raises(PathError, match="in a directory that can be written"):
        PtyLine(sevens(), link=tmp_path / "missing" / "station").start()


def test_start_and_close_twice_do_no_harm():
    line = PtyLine(sevens())
    line.close()
    line.start()
    line.start()
    line.close()
    line.close()
    line.start()
    assert ask(line.port, READ, 9) == ANSWER
    line.close()


def test_the_terminal_is_raw_before_an_agent_touches_it():
    with PtyLine(sevens()) as line:
        fd = os.open(line.terminal, os.O_RDWR | os.O_NOCTTY)
        try:
            os.write(fd, READ)
            assert os.read(fd, 9) == ANSWER
        finally:
            os.close(fd)
