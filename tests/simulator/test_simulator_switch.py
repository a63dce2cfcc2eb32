"""`qingliu simulate stop|start|status`, as its user types it."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.control import ControlServer, send
from simulator.meters import SimulatedStation

STATION = "410882-demo1"


@pytest.fixture
def demo(tmp_path):
    """A demo's folder with two live stations; a path far longer than a socket's address may be."""
    data = tmp_path / ("a-long-name-" * 12) / "demo data"
    stations = [SimulatedStation(clock=lambda: 1.76e9) for _ in range(2)]
    servers = [ControlServer(data / f"410882-demo{n + 1}" / "control", stations[n]) for n in range(2)]
    for server in servers:
        server.path.parent.mkdir(parents=True)
    (data / "log").mkdir()
    assert len(str(servers[0].path)) > 150
    with servers[0], servers[1]:
        yield data


def say(*words: str | Path) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "qingliu", "simulate", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    return done.returncode, done.stdout, done.stderr


def test_stop_start_and_status_say_what_happened(demo):
    folder = f"--data '{demo}'"
    alarm = "Its alarm is on the page within 3 minutes; start it again with: qingliu"
    assert say("stop", STATION, "--data", demo) == (
        0,
        f"{STATION}: treatment stopped; 0.010 kW, 0.0 m³/h. {alarm} simulate start {STATION} {folder}\n",
        "",
    )
    assert json.loads(send(demo / STATION / "control", "status"))["running"] is False
    assert json.loads(send(demo / "410882-demo2" / "control", "status"))["running"] is True
    code, told, _ = say("start", STATION, "--data", demo)
    assert code == 0
    assert told.startswith(f"{STATION}: treatment started; ")
    assert told.endswith(
        f"Its alarm clears within 3 minutes; stop it again with: qingliu simulate stop {STATION} {folder}\n"
    )
    code, told, _ = say("status", STATION, "--data", demo, "--json")
    assert (code, json.loads(told)["running"]) == (0, True)
    assert told.count("\n") == 1


def test_status_names_the_counters(demo):
    _, told, _ = say("status", STATION, "--data", demo)
    assert told.startswith(f"{STATION}: treatment runs; ")
    assert told.endswith("counters at 8412.600 kWh and 15230.400 m³\n")


def test_an_unknown_station_is_told_which_are_live(demo):
    assert say("stop", "410882-0001", "--data", demo) == (
        2,
        "",
        f"STATION: a live station of {demo} (got '410882-0001'). Say 410882-demo1 or 410882-demo2.\n",
    )


@pytest.mark.parametrize("folder", ["missing", "."])
def test_a_folder_without_a_running_demo_is_one_line(tmp_path, folder):
    data, remedy = tmp_path / folder, "Start it with: qingliu demo"
    (tmp_path / STATION).mkdir()
    (tmp_path / STATION / "control").write_text("no socket")
    assert say("stop", STATION, "--data", data) == (
        1,
        "",
        f"{data}: the folder of a running demo (got no live station). {remedy} --data {data}\n",
    )


def test_a_demo_that_was_killed_is_one_line(tmp_path):
    (tmp_path / STATION).mkdir()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / STATION / "control"))
    code, told, complaint = say("status", STATION, "--data", tmp_path)
    assert (code, told) == (1, "")
    assert complaint == (
        f"{tmp_path}: the folder of a running demo (got no answer from {STATION}). "
        f"Start it with: qingliu demo --data {tmp_path}\n"
    )
