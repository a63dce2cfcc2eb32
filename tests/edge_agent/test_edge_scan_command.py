"""`qingliu agent scan`, as the installer types it."""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.commissioning.findings import LineSettings
from edge_agent.commissioning.layout import former_of
from edge_agent.commissioning.scan_options import add_options, lines, unit_ids, wanted_of
from edge_agent.commissioning.serial_ports import plugged_ports
from edge_agent.commissioning.station_lines import StationLines
from edge_agent.commissioning.sweep import USUAL_UNIT_IDS, usual_lines
from edge_agent.profile_file import load_profile, profile_names
from service.settings import SettingsError
from simulator.line import PtyLine
from simulator.meters import SimulatedStation
from simulator.slave import Line

PROFILES = [load_profile(name) for name in profile_names()]
COMMAND = [sys.executable, "-m", "qingliu", "agent", "scan"]
QUICK = ("--line", "9600-8N1", "--no-dlt645")
STATION = """
[station]
id = "410882-0001"
[mqtt]
host = "127.0.0.1"
port = 1
tls = false
[outbox]
path = "{folder}/outbox.db"
"""


@pytest.fixture(scope="module")
def station():
    with SimulatedStation(seed=2, clock=lambda: 1_760_000_000.0) as station:
        yield station


def scan(*words, **more):
    command = [*COMMAND, "--config", "/nonexistent/agent.toml", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, **more)
    assert "Traceback" not in done.stdout + done.stderr
    return done


def config(folder: Path, *ports: object) -> Path:
    path = folder / "agent.toml"
    buses = [f'[bus.line-{place}]\nport = "{port}"\n' for place, port in enumerate(ports)]
    path.write_text(STATION.format(folder=folder) + "".join(buses))
    return path


def asked(*words):
    parser = argparse.ArgumentParser()
    add_options(parser)
    return wanted_of(parser.parse_args(words), PROFILES)


def test_both_meters_are_found_and_named(station):
    done = scan("--port", station.port, *QUICK, "--ids", "1-2", "--language", "zh-CN")
    assert (done.returncode, done.stderr) == (0, "")
    page = done.stdout.splitlines()
    assert re.fullmatch(rf"{station.port}：\d+ 秒，找到 2 台仪表", page[0])
    assert page[1] == "  地址 1  9600 8N1  疑似 CHINT 正泰 DTSU666 / DSSU666"
    assert page[4] == "  地址 2  9600 8N1  可能是 Micro Sensor 麦克传感 MFE600C / MFE600E"
    assert page[-1] == f"下一步：sudo qingliu agent scan --write --port {station.port}"


def test_a_silent_line_ends_with_the_wiring():
    with PtyLine(Line([])) as pty:
        port = pty.port
        done = scan("--port", port, *QUICK, "--ids", "1", "--language", "en")
    assert (done.returncode, done.stderr) == (1, "")
    page = done.stdout.splitlines()
    assert re.fullmatch(rf"{port}: no meter found in \d+ s", page[0])
    assert "! not one byte" in done.stdout
    assert "Wiring" in page
    assert "Next" not in done.stdout


def test_one_line_for_a_port_that_is_not_there():
    done = scan("--port", "/dev/ttyNONE", *QUICK, "--ids", "1")
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert line == "port /dev/ttyNONE: there is no such device: is the adapter plugged in?"


def test_the_ports_of_agent_toml_are_scanned_one_after_the_other(tmp_path):
    with PtyLine(Line([])) as pty:
        port = pty.port
        path = config(tmp_path, "/dev/ttyNONE", port)
        done = scan(*QUICK, "--ids", "1", "--json", "--config", path)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    [line] = done.stdout.splitlines()
    data = json.loads(line)
    assert (data["port"], data["lines"], data["units"]) == (port, ["9600 8N1"], [])
    assert [each["code"] for each in data["remarks"]] == ["silence"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--ids", "0-3"), "addresses from 1 to 247"),
        (("--ids", "5-2"), "the lower first"),
        (("--line", "9600-7E1"), "settings as 9600-8E1"),
        (("--parity", "X"), "of N, E and O"),
        (("--baudrate", "50"), "speeds from 300 to 115200"),
        (("--stopbits", "3"), "must be 1, 2 or 1,2"),
        (("--timeout", "nan"), "0.01 to 10 seconds"),
        (("--ids", "1", "--all"), "not allowed with"),
    ],
)
def test_wrong_options_are_told(words, said, capsys):
    with pytest.raises(SystemExit) as ended:
        asked(*words)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err.splitlines()[-1]


def test_a_wrong_agent_toml_is_told(tmp_path):
    path = tmp_path / "agent.toml"
    path.write_text("[station]\nid = 7\n")
    done = scan("--config", path)
    assert (done.returncode, done.stdout) == (2, "")
    assert all(line.startswith(f"{path}: ") for line in done.stderr.splitlines())


def test_ctrl_c_shows_what_was_found_so_far(station):
    command = [
        *COMMAND,
        "--config",
        "/nonexistent/agent.toml",
        "--port",
        station.port,
        "--all",
        "--language",
        "en",
    ]
    screen_fd, stderr_fd = os.openpty()
    heard = b""
    with (
        open(screen_fd, "rb", buffering=0) as screen,  # noqa: PTH123 - a file descriptor
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr_fd, text=True) as scanning,
    ):
        os.close(stderr_fd)
        while b"unit 2" not in heard:
            heard += screen.read(4096)
        scanning.send_signal(signal.SIGINT)
        page, _ = scanning.communicate(timeout=30)
    assert scanning.returncode == 0
    assert "! stopped before all was asked" in page
    assert "CHINT" in page
    text = re.sub(r"\r +\r", "\n", heard.decode()).replace("\r", "\n")
    assert re.search(r"^9600 8N1 \[#* *\] +\d+ %$", text, re.MULTILINE)
    assert re.search(r"^answers at 9600 8N1 unit 1, looks like CHINT .*$", text, re.MULTILINE)


def test_what_is_left_open_is_as_usual():
    wanted = asked()
    assert wanted.lines == usual_lines(PROFILES)
    assert wanted.unit_ids == USUAL_UNIT_IDS
    assert wanted.dlt645


def test_what_is_said_is_asked():
    assert asked("--baudrate", "9600,2400", "--parity", "e").lines == (
        LineSettings(9600, "E"),
        LineSettings(2400, "E"),
    )
    assert asked("--stopbits", "2", "--baudrate", "9600").lines == (
        LineSettings(9600, "N", 2),
        LineSettings(9600, "E", 2),
    )
    assert asked("--line", "9600-8e1,19200 8N2").lines == (
        LineSettings(9600, "E"),
        LineSettings(19200, "N", 2),
    )
    assert asked("--all").unit_ids == tuple(range(1, 248))
    patient = asked("--timeout", "2").waits
    assert (patient.quick_s, patient.patient_s, patient.confirm_s) == (2, 2, 2)


@given(st.lists(st.tuples(st.integers(1, 247), st.integers(1, 247)), min_size=1, max_size=5))
def test_any_list_of_ids_is_read(spans):
    spans = [(min(each), max(each)) for each in spans]
    text = ",".join(f"{low}-{high}" if low < high else str(low) for low, high in spans)
    expected = {unit_id for low, high in spans for unit_id in range(low, high + 1)}
    assert set(unit_ids(text)) == expected
    assert len(unit_ids(text)) == len(expected)


@given(st.text("0123456789-,NEO² x", max_size=12))
def test_anything_else_is_refused_in_words(text):
    for read in (unit_ids, lines):
        with suppress(argparse.ArgumentTypeError):
            assert read(text)


@given(st.integers(300, 115_200), st.sampled_from("NEO"), st.sampled_from((1, 2)))
def test_settings_are_read_as_they_are_written(baudrate, parity, stopbits):
    line = LineSettings(baudrate, parity, stopbits)
    assert lines(str(line)) == lines(str(line).replace(" ", "-")) == (line,)


def test_an_adapter_is_taken_once_by_its_lasting_name(tmp_path):
    by_id = tmp_path / "serial/by-id"
    by_id.mkdir(parents=True)
    for name in ("ttyUSB0", "ttyUSB1", "ttyS0", "ttyS1", "tty1"):
        (tmp_path / name).touch()
    (by_id / "usb-1a86-if00-port0").symlink_to("../../ttyUSB1")
    names = [str(Path(port).relative_to(tmp_path)) for port in plugged_ports(tmp_path)]
    assert names == ["serial/by-id/usb-1a86-if00-port0", "ttyUSB0", "ttyS0"]
    assert plugged_ports(tmp_path / "nothing") == []


def test_a_file_without_meters_is_enough(tmp_path):
    assert StationLines(config(tmp_path, "/dev/ttyUSB7", "/dev/ttyUSB3")).ports() == [
        "/dev/ttyUSB7",
        "/dev/ttyUSB3",
    ]


def test_the_help_loads_no_line():
    code = "import edge_agent.cli, sys; print([each for each in sys.modules if 'commissioning.scan' in each or each in ('serial', 'tomlkit', 'http.server')])"  # noqa: E501
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "'edge_agent.commissioning.scan'" not in done.stdout
    assert not {"serial", "tomlkit", "http.server", "edge_agent.commissioning.scan_page"} & set(
        re.findall(r"'([^']*)'", done.stdout)
    )
    shown = scan("--help")
    assert shown.returncode == 0
    assert "examples:" in shown.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
@pytest.mark.parametrize("look", [StationLines, former_of])
def test_settings_in_a_folder_one_may_not_enter_are_told_of_in_a_line(tmp_path, look):
    path = config(tmp_path)
    tmp_path.chmod(0o700)
    os.seteuid(65_534)
    try:
        with pytest.raises(SettingsError) as caught:
            look(path)
    finally:
        os.seteuid(0)
    assert str(caught.value) == (
        f"{path}: cannot be read: Permission denied. Run this with sudo, or mend its rights."
    )
