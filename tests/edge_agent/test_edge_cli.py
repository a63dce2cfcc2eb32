import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import serial
from msgspec.structs import replace
from servers import wait_until
from two_meters import TWO_METERS

from edge_agent.profile import Alarm, Parameter
from edge_agent.profile_file import load_profile, profile_names
from edge_agent.profile_page import as_data, page
from edge_agent.read_words import WORDS as READ_WORDS
from edge_agent.terminal import width
from simulator.line import PtyLine
from simulator.meters import SimulatedStation
from simulator.slave import Line, Slave
from simulator.truth import said_dtsu666, said_mfe600
from telemetry.quantities import BY_NAME

CONFIG = (
    """
[station]
id = "410882-0001"
name = "北寨村污水处理站"
[bus.main]
port = "{port}"
timeout_s = 0.1
pause_s = 0
"""
    + TWO_METERS
    + """\
[mqtt]
host = "127.0.0.1"
port = 1
tls = false
[outbox]
path = "{folder}/outbox.db"
"""
)


def qingliu(*words: object, **more) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "qingliu", "agent", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False, **more)
    assert "Traceback" not in done.stdout + done.stderr
    return done


def config(folder: Path, port: str = "/dev/ttyNONE", change: tuple[str, str] = ("", "")) -> Path:
    path = folder / "agent.toml"
    path.write_text(CONFIG.format(port=port, folder=folder).replace(*change) if change[0] else CONFIG.format(port=port, folder=folder))  # noqa: E501 # fmt: skip
    return path


def test_read_shows_a_table(tmp_path):
    with SimulatedStation(seed=2, clock=lambda: 1_760_000_000.0) as station:
        done = qingliu("read", "--config", config(tmp_path, station.port))
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert re.fullmatch(r"410882-0001  北寨村污水处理站  \d{4}-\d\d-\d\d \d\d:\d\d:\d\d", lines[0])
    assert lines[1] == "power-1: good  [chint-dtsu666, unit 1 on main]"
    assert "flow-1: good  [microsensor-mfe600, unit 2 on main]" in lines
    [energy] = [line.split() for line in lines if "energy_kwh" in line]
    assert energy == ["energy_kwh", "8,412.600", "kWh"]
    assert len({len(line) for line in lines[2:5]}) == 1  # aligned


def test_read_for_machines_says_what_the_registers_say(tmp_path):
    served: dict[int, dict[int, int]] = {1: {}, 2: {}}

    def note(unit, address, _count, registers) -> None:
        served[unit] |= dict(enumerate(registers, address))

    with SimulatedStation(seed=2, served=note) as station:
        done = qingliu("read", "--json", "--config", config(tmp_path, station.port))
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert told["station"] == "410882-0001"
    power, flow = told["readings"]
    assert power["x"] == pytest.approx(said_dtsu666(served[1]), rel=1e-9)
    assert flow["x"] == pytest.approx(said_mfe600(served[2]), rel=1e-9)
    assert [(each["d"], each["k"], each.get("q", "good")) for each in told["readings"]] == [
        ("power-1", "power", "good"),
        ("flow-1", "flow", "good"),
    ]
    assert all(abs(each["t"] - time.time() * 1000) < 60_000 for each in told["readings"])


def test_read_says_which_meter_is_silent_and_still_shows_the_other(tmp_path):
    with SimulatedStation(flow_unit=7) as station:
        path = config(tmp_path, station.port)
        done, machine = qingliu("read", "--config", path), qingliu("read", "--json", "--config", path)
    words = "flow-1: no_response: unit 2 is silent: check power, wiring, unit_id, line settings\n"
    assert (done.returncode, done.stderr) == (machine.returncode, machine.stderr) == (1, words)
    assert "power-1: good" in done.stdout
    assert "flow-1: missing (no_response)" in done.stdout
    missing = json.loads(machine.stdout)["readings"][1]
    assert {key: missing[key] for key in ("d", "k", "q", "why")} == {
        "d": "flow-1",
        "k": "flow",
        "q": "missing",
        "why": "no_response",
    }
    assert not missing.get("x")


def test_read_in_chinese(tmp_path):
    with SimulatedStation(seed=2, clock=lambda: 1_760_000_000.0, flow_unit=9) as station:
        done = qingliu("read", "--language", "zh-CN", "--config", config(tmp_path, station.port))
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[1] == "power-1：有效  [chint-dtsu666，main 地址 1]"
    assert lines[-1] == "flow-1：缺失（无应答）  [microsensor-mfe600，main 地址 2]"
    [energy] = [line.split() for line in lines if "正向有功电量" in line]
    assert energy == ["正向有功电量", "8,412.600", "kWh"]
    assert len({width(line.rpartition(" ")[0]) for line in lines[2:-1]}) == 2  # aligned; a factor has no unit
    assert done.stderr.startswith("flow-1：无应答（")


def test_the_words_of_read_are_those_of_the_contract():
    assert all(words.quantities.keys() == BY_NAME.keys() for words in READ_WORDS.values())


def test_read_without_the_port(tmp_path):
    done = qingliu("read", "--config", config(tmp_path))
    why = "port_gone: port /dev/ttyNONE: there is no such device: is the adapter plugged in?"
    assert (done.returncode, done.stderr) == (1, f"power-1: {why}\nflow-1: {why}\n")


def test_read_on_a_busy_port(tmp_path):
    with SimulatedStation() as station, serial.Serial(station.port, exclusive=True):
        done = qingliu("read", "--config", config(tmp_path, station.port))
    why = f"port_gone: port {station.port or ''}"
    assert done.returncode == 1
    assert [line.partition(": ")[2][:15] for line in done.stderr.splitlines()] == [why[:15]] * 2
    assert done.stderr.count("another program uses it") == 2


@pytest.mark.parametrize("command", ["read", "run"])
def test_bad_settings_are_lines_and_exit_code_2(tmp_path, command):
    missing = tmp_path / "none.toml"
    done = qingliu(command, "--config", missing)
    assert (done.returncode, done.stdout, done.stderr) == (
        *(2, ""),
        f"{missing}: there is no such file. Name another one or make it.\n",
    )
    path = config(tmp_path, change=("unit_id", "unitid"))
    done = qingliu(command, "--config", path)
    assert (done.returncode, done.stdout) == (2, "")
    wrong = "unitid: unknown key. Did you mean 'unit_id'?"
    needed = "unit_id: is required. Write for example unit_id = 1."
    assert done.stderr.splitlines() == [
        f"{path}: device[{number}].{text}" for number in (0, 1) for text in (wrong, needed)
    ]
    path = config(tmp_path, change=("microsensor-mfe600", "mfe"))
    done = qingliu(command, "--config", path)
    assert (done.returncode, done.stderr) == (
        2,
        f'{path}: device[1].profile: there is no such profile (got "mfe"). Known are {", ".join(profile_names())}.\n',  # noqa: E501
    )


def test_read_again_and_again_until_told_to_stop(tmp_path):
    with SimulatedStation(seed=2) as station:
        command = [sys.executable, "-m", "qingliu", "agent", "read", "--json", "--watch", "0.1"]
        command += ["--config", str(config(tmp_path, station.port))]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            times = [json.loads(process.stdout.readline())["readings"][0]["t"] for _ in range(3)]
            process.send_signal(signal.SIGINT)
            process.stdout.read()
            assert process.wait(10) == 0
    assert times == sorted(set(times))


@pytest.mark.parametrize("seconds", ["0", "-1", "fast", "nan", "3601"])
def test_read_watches_at_a_sensible_pace(seconds):
    done = qingliu("read", f"--watch={seconds}")
    assert done.returncode == 2
    assert f"must be 0.1 to 3600 seconds (got '{seconds}')" in done.stderr


def test_read_says_what_was_left_out_and_what_the_meter_reports(tmp_path):
    """The flow's unit register holds a code of mass flow, and the converter's pipe is empty."""
    image = dict.fromkeys(range(0x25), 0) | {0x02: 9, 0x04: 4711, 0x0F: 1}
    with PtyLine(Line([Slave(2, lambda: image)])) as line:
        path = config(tmp_path, line.port, ("chint-dtsu666", "microsensor-mfe600"))
        done = qingliu("read", "--config", path)
    assert done.returncode == 1
    assert done.stdout.splitlines()[2:] == [
        "flow-1: suspect (implausible)  [microsensor-mfe600, unit 2 on main]",
        "  volume_m3              4,711.000 m³",
        "  flow_m3h                left out",
        "  the meter reports: empty pipe",
    ]


def test_profiles_are_listed_and_shown():
    listed = qingliu("profiles")
    assert listed.returncode == 0
    assert [line.split()[0] for line in listed.stdout.splitlines()] == profile_names()
    machine = {each["name"]: each for each in json.loads(qingliu("profiles", "--json").stdout)}
    assert sorted(machine) == profile_names()
    assert machine["chint-dtsu666"]["parameters"]["ct"]["default"] == 1
    assert machine["microsensor-mfe600"]["requests"] == [{"function": 3, "address": 0, "registers": 28}]
    shown = qingliu("profiles", "microsensor-mfe600").stdout
    for line in (
        "  total_unit  the unit in which the converter's display shows the total; one of m3, L [m3]",
        (
            "  volume_m3  FC03  0x001A i32 ABCD x 1e+09 + 0x0003 i32 ABCD + 0x0005 f32 ABCD  "
            "x unit at 0x0007 u16 ABCD x total_unit  0 to 1e+17 m³"
        ),
        "requests  FC03 0x0000 x 28",
    ):
        assert line in shown.splitlines()
    wrong = qingliu("profiles", "chint")
    assert (wrong.returncode, wrong.stdout, wrong.stderr) == (
        *(2, ""),
        f"profiles: chint: there is no such profile. Known are {', '.join(profile_names())}.\n",
    )


@pytest.mark.parametrize("name", profile_names())
def test_every_shipped_profile_has_a_page(name):
    profile = load_profile(name)
    shown = page(profile)
    for word in (*profile.quantity, *profile.parameters, *profile.alarm, profile.notes, profile.source):
        assert word in shown
    assert max(map(len, shown.splitlines()[4:])) < 300
    json.dumps(as_data(profile))


def test_a_profile_of_ones_own_may_be_in_chinese_and_ask_without_a_default():
    alarm = Alarm(address=7, bits=1, text="空管", spoils=["flow_m3h"])
    asked = {"k": Parameter(help="pulses for one litre", default=None)}
    own = load_profile("microsensor-mfe600")
    shown = page(replace(own, parameters=asked, alarm={"empty": alarm, "b": replace(alarm, text="fault")}))
    assert "  k  pulses for one litre [no default]" in shown
    places = [width(line[: line.index("spoils")]) for line in shown.splitlines() if "spoils" in line]
    assert len(set(places)) == 1


def test_a_wrong_profile_of_the_installers_own_is_said_and_the_others_are_listed(tmp_path):
    (tmp_path / "own.toml").write_text('name = "own"')
    done = qingliu("profiles", "--path", tmp_path)
    assert done.returncode == 2
    assert done.stdout.split()[0] == "abb-b23"
    assert f"{tmp_path}/own.toml: kind: is required." in done.stderr


@pytest.mark.parametrize("words", [(), ("paint",), ("read", "--colour")])
def test_bad_usage(words):
    done = qingliu(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert "usage: qingliu" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_run_ends_when_asked_and_has_said_its_troubles_once(tmp_path, number):
    log = tmp_path / "log"
    command = [sys.executable, "-m", "qingliu", "agent", "run", "--config", str(config(tmp_path))]
    with log.open("wb") as stream, subprocess.Popen(command, stderr=stream) as process:
        wait_until(lambda: "uplink: broker" in log.read_text(), "it runs")
        process.send_signal(number)
        assert process.wait(10) == 0
    text = log.read_text()
    assert "Traceback" not in text
    assert text.count("power-1: port_gone: port /dev/ttyNONE: there is no such device") == 1
    assert text.count("nobody listens there (connection refused)") == 1
    assert text.splitlines()[-1].endswith("INFO agent: stopped")
