"""`qingliu agent check` as it is typed: its lines, its object for machines, its exit codes."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from edge_check import METERS, config, seen
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.commissioning.check_page import as_data, exit_code, folded, lines, summary
from edge_agent.commissioning.check_result import NAMES, Result
from edge_agent.commissioning.check_words import WORDS
from edge_agent.terminal import width
from simulator.fault_words import named
from simulator.meters import SimulatedStation

LOCAL = ("--only", "configuration,port,meter,disk")


def command(path: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "qingliu", "agent", "check", "--config", str(path), *words]


def check(path: Path, *words: str, code: int = 0) -> str:
    done = subprocess.run(command(path, *words), capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (code, ""), done.stdout
    return done.stdout


def on_a_terminal(path: Path, *words: str, columns: int = 60, **environment: str) -> str:
    """What the command writes to a terminal of so many columns."""
    master, slave = pty.openpty()
    with os.fdopen(master, "rb", buffering=0) as screen:
        environment = os.environ | {"COLUMNS": str(columns), "LINES": "24"} | environment
        with subprocess.Popen(command(path, *words), stdout=slave, stderr=slave, env=environment) as program:
            os.close(slave)
            written = b""
            while program.poll() is None or select.select([screen], [], [], 0)[0]:
                if select.select([screen], [], [], 0.2)[0]:
                    try:
                        written += screen.read(4096)
                    except OSError:  # the other end is closed
                        break
            program.wait(20)
    return written.decode().replace("\r\n", "\n")


def test_the_lines(tmp_path):
    with SimulatedStation() as station:
        port = station.port
        said = check(config(tmp_path, port=port), *LOCAL, "--language", "en").splitlines()
    assert said[0] == "ok    configuration: 410882-0001 北寨村污水处理站, meters: 2"
    assert said[1] == f"ok    port main: {port}"
    assert re.fullmatch(r"ok    meter power-1: \d+/\d+/\d+ V  [45]\d\.\d Hz  [\d.]+ kW  [\d,.]+ kWh", said[2])
    assert said[-1] == "all is well"


def test_the_lines_in_chinese(tmp_path):
    said = check(config(tmp_path), *LOCAL, "--language", "zh-CN", code=1).splitlines()
    assert said[1:5] == [
        "故障  串口 main：/dev/ttyNONE：没有此设备",
        "      → 请插好适配器；查看：ls /dev/serial/by-id",
        "–     仪表 power-1：未检查，请先处理：串口",
        "–     仪表 flow-1：未检查，请先处理：串口",
    ]
    assert said[-1] == "1 项故障"


def test_for_machines(tmp_path):
    said = check(config(tmp_path, meters=""), "--json", "--timeout", "0.5", code=2)
    found = json.loads(said)
    assert (found["station"], found["ok"]) == ("410882-0001", False)
    assert [each["name"] for each in found["checks"]] == [name for name in NAMES if name != "port"]
    assert {"name", "place", "state", "code", "figures", "text", "remedy"} == set(found["checks"][0])
    assert found["checks"][0]["code"] == "config_no_meters"


def test_on_a_terminal_each_line_is_announced_and_overwritten(tmp_path):
    with SimulatedStation() as station:
        said = on_a_terminal(config(tmp_path, port=station.port), *LOCAL, "--language", "en")
        plain = on_a_terminal(
            config(tmp_path, port=station.port), *LOCAL, "--language", "zh-CN", NO_COLOR="1"
        )
    assert "\r\x1b[K… meter power-1\r\x1b[K\x1b[1;32mok\x1b[0m    meter power-1: " in said
    assert "\r\x1b[K… 仪表 power-1\r\x1b[K正常  仪表 power-1：" in plain
    shown = re.sub(r"[^\n]*\r\x1b\[K|\x1b\[[\d;]*m", "", plain)
    assert all(width(line) <= 60 for line in shown.splitlines())


def test_ctrl_c_ends_it_in_one_line_and_frees_the_port(tmp_path):
    with SimulatedStation(fault=named("silence")) as station:
        path = config(tmp_path, port=station.port, meters=METERS.replace("timeout_s = 0.1", "timeout_s = 9"))
        with subprocess.Popen(
            command(path, *LOCAL, "--language", "en"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as program:
            assert program.stdout is not None
            assert "410882-0001" in program.stdout.readline()
            assert "port" in program.stdout.readline()
            program.send_signal(signal.SIGINT)
            _, complaint = program.communicate(timeout=20)
        assert (program.returncode, complaint) == (1, "stopped\n")
        assert seen(path, "port")[0].code == "port_fine"


def test_bad_usage(tmp_path):
    for words, rule in (
        (("--only", "dns,coffee"), "no such check (got 'coffee'); known are configuration, port"),
        (("--timeout", "0"), "must be 0.1 to 120 seconds (got '0')"),
    ):
        done = subprocess.run(command(tmp_path, *words), capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert rule in done.stderr


def test_help_loads_no_library():
    words = (
        "import sys; from qingliu.cli import main\n"
        "try: main(['agent', 'check', '--help'])\n"
        "except SystemExit: pass\n"
        "print([name for name in ('cryptography', 'paho', 'tomlkit', 'http.server') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def result(name="tls", state="fail", text="", remedy="", **more) -> Result:
    return Result(name, state, text, remedy, **more)


def test_exit_codes_and_summary():
    words = WORDS["en"]
    fine, wrong, to_see = result(state="ok"), result(), result(state="warn")
    assert [
        exit_code(each) for each in ([fine, to_see], [fine, wrong], [wrong, result("configuration")])
    ] == [*(0, 1, 2)]
    assert summary([fine, result(state="skipped")], words) == "all is well"
    assert summary([wrong, wrong, to_see], words) == "2 wrong, 1 to look at"
    assert as_data([fine])["station"] is None


def test_a_result_with_its_remedy_on_a_narrow_screen():
    long = result(
        text="服务器证书由其他 CA 签发（Stranger）",
        remedy="中心地址是否正确？请复制其 ca.crt：/etc/qingliu/ca.crt\nsecond line of advice, which is long",
        label="TLS 加密",
    )
    assert lines(long, WORDS["zh-CN"], colours=False, columns=40) == [
        "故障  TLS 加密：服务器证书由其他 CA 签发",
        "      （Stranger）",
        "      → 中心地址是否正确？请复制其",
        "        ca.crt：/etc/qingliu/ca.crt",
        "      - second line of advice, which is",
        "        long",
    ]


@pytest.mark.parametrize("text", ["", "word"])
def test_a_text_that_fits_is_one_line(text: str):
    assert folded(text, 40, 6) == folded(text, None, 6) == [text]


@given(st.text(st.sampled_from("ab ，。中文（）/\x1b\n"), max_size=80), st.integers(40, 90))
def test_folding_keeps_every_letter_and_the_width(text: str, columns: int):
    found = folded(text, columns, 6)
    bare = "".join(letter for letter in text if letter.isprintable())
    assert "".join(found).replace(" ", "") == bare.replace(" ", "")
    longest = max((width(word) for line in found for word in line.split()), default=0)
    assert all(width(line) <= max(columns - 6 + 2, longest + 2) for line in found)
