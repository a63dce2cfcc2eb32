"""`qingliu simulate stop|start|status|unplug|plug|fault`, as its user types it."""

import json
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from simulator.control import ControlServer, send
from simulator.fault_words import KNOWN
from simulator.meters import SimulatedStation

STATION = "410882-demo1"


@pytest.fixture
def demo(tmp_path):
    """A demo's folder with two live stations; a path far longer than a socket's address may be."""
    data = tmp_path / ("a-long-name-" * 12) / "demo data"
    with ExitStack() as open_things:
        for name in (STATION, "410882-demo2"):
            (data / name).mkdir(parents=True)
            station = SimulatedStation(clock=lambda: 1.76e9, link=data / name / "rs485")
            open_things.enter_context(station)
            open_things.enter_context(ControlServer(data / name / "control", station))
        (data / "log").mkdir()
        assert len(str(data / STATION / "control")) > 150
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


def test_faults_are_said_and_ended(demo):
    end = f"end it with: qingliu simulate fault {STATION} none --data '{demo}'"
    assert say("fault", STATION, "late", "0.7", "unit", "2", "--data", demo) == (
        0,
        f"{STATION}: fault late 0.7 unit 2; {end}\n",
        "",
    )
    _, told, _ = say("status", STATION, "--data", demo)
    assert "; fault late 0.7 unit 2; counters at " in told
    code, told, _ = say("fault", "--json", "--data", demo, STATION, "wrong_length", "-1", "times", "3")
    assert (code, json.loads(told)["fault"]) == (0, "wrong_length -1 times 3")
    assert json.loads(send(demo / "410882-demo2" / "control", "status"))["fault"] == "none"
    assert say("fault", STATION, "none", "--data", demo) == (
        0,
        f"{STATION}: no fault, every answer is right again\n",
        "",
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["late"], "fault: said as late SECONDS (got 'late'). Say for example late 0.7."),
        (["exception", "12"], "code: 1 to 11 (got 12). Choose one of this range."),
        (["silence", "unit", "9"], "unit: one on the line (got 9). Say unit 1 or 2."),
    ],
)
def test_a_fault_that_cannot_be_is_one_line(demo, words, message):
    assert say("fault", STATION, *words, "--data", demo) == (2, "", f"{message}\n")


def test_an_unknown_fault_is_told_which_are_known(tmp_path):
    code, told, complaint = say("fault", STATION, "explode", "--data", tmp_path)
    assert (code, told, complaint.count("\n")) == (2, "", 1)
    assert complaint.startswith(
        "fault: one of the known ones (got 'explode'). Say none, silence, late SECONDS, "
    )


def test_the_help_lists_every_fault_and_an_example():
    code, told, _ = say("fault", "--help")
    assert code == 0
    for form in KNOWN.values():
        assert f"\n  {form.usage} " in told
        assert form.effect in told
    assert "qingliu simulate fault 410882-demo1 late 0.7\n" in told


def test_unplug_and_plug_say_what_happened(demo):
    link, again, where = demo / STATION / "rs485", "qingliu simulate", f"{STATION} --data '{demo}'"
    assert say("unplug", STATION, "--data", demo) == (
        0,
        f"{STATION}: adapter unplugged, its port is gone; plug it in again with: {again} plug {where}\n",
        "",
    )
    assert not link.is_symlink()
    _, told, _ = say("status", STATION, "--data", demo)
    assert "; adapter unplugged; counters at " in told
    assert say("plug", STATION, "--data", demo) == (
        0,
        f"{STATION}: adapter plugged in again at {link}; unplug it again with: {again} unplug {where}\n",
        "",
    )
    assert link.is_symlink()


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
