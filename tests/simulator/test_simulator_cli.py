import argparse
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import serial

import simulator
from simulator import cli, meters_command
from simulator.control import ControlServer, send
from simulator.errors import ControlError, ParameterError, PathError, RefusedError
from simulator.memory import recall, remember
from simulator.meters import SimulatedStation
from simulator.parameters import StationParameters

READ = bytes.fromhex("01 03 00 00 00 02 C4 0B")
PROGRAM = """
import argparse, sys
from simulator import cli
parser = argparse.ArgumentParser()
cli.register(parser)
args = parser.parse_args()
sys.exit(args.run(args))
"""


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="qingliu simulate")
    cli.register(parser)
    return parser.parse_args(["meters", *words])


def ask(port: str, length: int, timeout: float = 2.0) -> bytes:
    with serial.Serial(port, 9600, timeout=timeout, exclusive=True) as agent:
        agent.write(READ)
        return agent.read(length)


def started(*words: str) -> subprocess.Popen[str]:
    root = str(Path(simulator.__file__).parent.parent)
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "meters", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": root},
    )


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_meters_serve_until_a_signal_and_leave_nothing(tmp_path, ending):
    link, control = tmp_path / "port", tmp_path / "control"
    words = (
        "--json",
        "--link",
        str(link),
        "--control",
        str(control),
        "--power-unit",
        "7",
        "--flow-unit",
        "8",
    )
    with started(*words) as process:
        try:
            ready = json.loads(process.stdout.readline())
            assert ready == {"port": str(link), "power_unit": 7, "flow_unit": 8}
            with serial.Serial(ready["port"], 9600, timeout=2, exclusive=True) as agent:
                agent.write(bytes.fromhex("07 03 00 00 00 02 C4 6D"))
                assert agent.read(9)[:7] == bytes.fromhex("07 03 04 00CC 02BD")
            assert json.loads(send(control, "stop"))["running"] is False
            process.send_signal(ending)
            out, err = process.communicate(timeout=5)
        finally:
            process.kill()
    assert (process.returncode, out, err) == (0, "", "")
    assert list(tmp_path.iterdir()) == []


def test_the_plain_line_names_the_port():
    with started() as process:
        try:
            line = process.stdout.readline()
            process.terminate()
            process.communicate(timeout=5)
        finally:
            process.kill()
    assert line.startswith("meters: power unit 1, flow unit 2 on /dev/pts/")
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--pace", "0"], "pace: more than zero (got 0.0). Correct it."),
        (["--flow-unit", "1"], "unit_id: unique on its line (got 1). Give each slave its own."),
        (["--baudrate", "0"], "baudrate: more than zero (got 0). Say 9600, or leave it out."),
        (["--power-unit", "300"], "unit_id: 1 to 247 (got 300). Choose an address of the Modbus range."),
    ],
)
def test_bad_usage_is_exit_code_2_and_one_line(words, message, capsys):
    args = arguments(*words)
    before = signal.getsignal(signal.SIGTERM)
    assert args.run(args) == 2
    assert capsys.readouterr() == ("", message + "\n")
    assert signal.getsignal(signal.SIGTERM) is before


def test_help_shows_an_example(capsys):
    with pytest.raises(SystemExit) as ended:
        arguments("--help")
    assert ended.value.code == 0
    assert "qingliu simulate meters --link /tmp/station --pace 60" in capsys.readouterr().out


def test_the_switch_stops_starts_and_tells(tmp_path):
    path = tmp_path / "control"
    station = SimulatedStation(clock=lambda: 1.76e9)
    with ControlServer(path, station):
        assert path.stat().st_mode & 0o777 == 0o600
        assert json.loads(send(path, "status"))["running"] is True
        stopped = json.loads(send(path, "stop"))
        assert (stopped["running"], stopped["active_power_kw"], stopped["flow_m3h"]) == (False, 0.01, 0.0)
        assert station.snapshot().running is False
        assert json.loads(send(path, "start"))["running"] is True
    assert not path.exists()


def test_an_unknown_word_is_refused(tmp_path):
    path = tmp_path / "control"
    with ControlServer(path, SimulatedStation()), pytest.raises(ControlError) as caught:
        send(path, "explode")
    assert caught.value.why == (
        "words: such as a station knows (got 'explode'). "
        "Say stop, start, status, unplug, plug or fault WORDS."
    )
    assert str(caught.value) == f"{path}: {caught.value.why}"


@pytest.mark.parametrize("words", ["", "stop now", "status\x00", "fault", "fault explode", "unplug 2"])
def test_words_that_mean_nothing_are_refused_and_change_nothing(tmp_path, words):
    path = tmp_path / "control"
    with ControlServer(path, SimulatedStation()):
        before = json.loads(send(path, "status"))
        with pytest.raises(RefusedError):
            send(path, words)
        assert json.loads(send(path, "status"))["fault"] == before["fault"] == "none"


def test_faults_are_switched_while_the_simulation_runs(tmp_path):
    path = tmp_path / "control"
    with SimulatedStation(clock=lambda: 1.76e9) as station, ControlServer(path, station):
        assert json.loads(send(path, "fault exception 6 unit 1"))["fault"] == "exception 6 unit 1"
        assert ask(station.port, 5) == bytes.fromhex("01 83 06 C1 32")
        assert json.loads(send(path, "fault  late 0.01"))["fault"] == "late 0.01"
        assert json.loads(send(path, "fault half_frame times 1"))["fault"] == "half_frame times 1"
        assert ask(station.port, 4) == bytes.fromhex("01 03 04 00")
        assert json.loads(send(path, "status"))["fault"] == "none"
        assert ask(station.port, 9)[:3] == bytes.fromhex("01 03 04")
        send(path, "fault silence")
        assert json.loads(send(path, "fault none"))["fault"] == "none"
        with pytest.raises(RefusedError) as caught:
            send(path, "fault silence unit 9")
        assert caught.value.why == "unit: one on the line (got 9). Say unit 1 or 2."


def test_the_adapter_is_unplugged_and_plugged_in_again(tmp_path):
    path, link = tmp_path / "control", tmp_path / "port"
    with SimulatedStation(clock=lambda: 1.76e9, link=link) as station, ControlServer(path, station):
        send(path, "fault late 0.01")
        for _ in range(2):
            told = json.loads(send(path, "unplug"))
            assert (told["plugged"], told["port"], link.is_symlink()) == (False, str(link), False)
        for _ in range(2):
            told = json.loads(send(path, "plug"))
            assert (told["plugged"], told["port"], told["fault"]) == (True, str(link), "late 0.01")
        assert ask(str(link), 9)[:3] == bytes.fromhex("01 03 04")
        send(path, "unplug")
        link.write_text("precious")
        with pytest.raises(RefusedError) as caught:
            send(path, "plug")
        assert caught.value.why.startswith(f"{link}: free, or a link to a terminal (got a file). ")
        assert json.loads(send(path, "status"))["plugged"] is False


def test_a_line_can_be_as_slow_as_a_baud_rate():
    """Not even the request has passed when the asker gives up."""
    with meters_command._station(arguments("--baudrate", "1")) as station:
        assert ask(station.port, 1, timeout=0.05) == b""


def test_nobody_listens(tmp_path):
    path = tmp_path / "control"
    with pytest.raises(ControlError) as caught:
        send(path, "status")
    assert str(caught.value) == (
        f"{path}: a running simulation listens (got No such file or directory). "
        "Start the simulation with --control, or check the path."
    )


def test_a_place_that_is_taken_is_refused(tmp_path):
    path, remedy = tmp_path / "control", "Remove what is there or choose another path."
    rule = "free, or a socket nobody listens to"
    with ControlServer(path, SimulatedStation()), pytest.raises(PathError) as caught:
        ControlServer(path, SimulatedStation()).start()
    assert str(caught.value) == f"{path}: {rule} (got a socket in use). {remedy}"
    path.write_text("precious")
    with pytest.raises(PathError) as caught:
        ControlServer(path, SimulatedStation()).start()
    assert str(caught.value) == f"{path}: {rule} (got something that is not a socket). {remedy}"
    with pytest.raises(PathError, match="a short name"):
        ControlServer(tmp_path / ("x" * 120), SimulatedStation()).start()


def test_a_control_that_is_taken_is_exit_code_2_and_one_line(tmp_path, capsys):
    path = tmp_path / "control"
    path.write_text("precious")
    args = arguments("--control", str(path))
    assert args.run(args) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith(f"{path}: free, or a socket nobody listens to ")


def test_the_counters_survive_a_restart(tmp_path):
    memory = tmp_path / "counters.json"
    parameters = StationParameters(energy_kwh=1.0, volume_m3=2.0)
    with SimulatedStation(parameters, clock=lambda: 1_000.0) as station:
        remember(memory, station.snapshot())
    assert recall(memory, StationParameters()) == StationParameters(energy_kwh=1.0, volume_m3=2.0)


def test_a_memory_that_is_not_ours_is_refused(tmp_path):
    memory = tmp_path / "counters.json"
    memory.write_text("[]")
    with pytest.raises(ParameterError, match="Move it away"):
        recall(memory, StationParameters())
