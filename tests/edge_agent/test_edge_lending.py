"""A line that the running agent lends: who has it, for how long, and that it always comes back."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers import wait_until
from test_edge_cli import config, qingliu
from test_edge_run import fast, running, status

from edge_agent.bus import Bus
from edge_agent.config import BusSettings
from edge_agent.control import answer
from edge_agent.lending import LEASE_MS, LONGEST_LOAN_MS, Lending
from edge_agent.loan import LineNotLentError, borrowed
from service.control_socket import ControlSocket
from simulator.meters import SimulatedStation

BORROWER = """
import sys
from pathlib import Path
from edge_agent.loan import borrowed
with borrowed(Path(sys.argv[1]), sys.argv[2], "a borrower"):
    print("mine", flush=True)
    sys.stdin.read()
"""


def polls(path: Path) -> int:
    return status(path)["devices"]["power-1"]["polls"]


def lent(path: Path) -> str | None:
    return status(path)["conditions"].get("line main")


def test_a_line_is_lent_once_the_sampler_has_let_it_go():
    lending = Lending()
    assert lending.borrower(0) is None
    assert [lending.ask("a", "scan", 0), lending.ask("a", "scan", 10)] == ["soon", "soon"]
    assert lending.borrower(20) == "scan"
    lending.lend()
    assert lending.ask("a", "scan", 30) == "yours"
    assert lending.ask("b", "read", 30) == "taken"
    lending.give_back("b")
    assert lending.ask("a", "scan", 40) == "yours"
    lending.give_back("a")
    assert lending.borrower(50) is None
    assert lending.ask("b", "read", 50) == "soon"


def test_a_borrower_that_falls_silent_has_it_no_more():
    lending = Lending()
    lending.ask("a", "scan", 0)
    lending.lend()
    assert lending.ask("a", "scan", LEASE_MS - 1) == "yours"
    assert lending.borrower(2 * LEASE_MS - 2) == "scan"
    assert lending.borrower(2 * LEASE_MS - 1) is None
    assert lending.ask("a", "scan", 2 * LEASE_MS) == "soon"


def test_nobody_keeps_it_for_ever():
    lending = Lending()
    now_ms = 0
    while now_ms < LONGEST_LOAN_MS:
        assert lending.ask("a", "scan", now_ms) != "over"
        now_ms += LEASE_MS - 1
    assert lending.ask("a", "scan", now_ms) == "over"
    assert lending.borrower(now_ms) is None
    assert lending.ask("a", "scan", now_ms) == "over"
    assert lending.ask("b", "read", now_ms) == "soon"


STEPS = st.tuples(st.sampled_from(["ask", "give_back", "lend", "wait"]), st.sampled_from("ab"))


@given(st.lists(STEPS, max_size=40))
def test_it_is_never_two_peoples(steps):
    lending, now_ms, owner = Lending(), 0, None
    for step, token in steps:
        if step == "ask":
            loan = lending.ask(token, token, now_ms)
            assert loan != "yours" or owner in (token, None)
            owner = token if loan in ("yours", "soon") else owner
            assert loan != "taken" or owner != token
        elif step == "give_back":
            lending.give_back(token)
            owner = None if owner == token else owner
        elif step == "lend":
            lending.lend()
        else:
            now_ms += LEASE_MS
            owner = None
        assert lending.borrower(now_ms) == owner


@pytest.mark.parametrize(
    "said",
    [
        "borrow",
        "borrow 7",
        'borrow {"port":1,"token":"a","name":"b"}',
        "give_back []",
        "borrow " + "[" * 9999,
    ],
)
def test_a_loan_that_is_badly_asked_for_is_refused_in_one_line(said):
    line = answer(said, lambda: pytest.fail("no status was asked for"), [])
    assert line.startswith("error: ")
    assert "\n" not in line


def test_where_no_agent_runs_the_line_is_free(tmp_path):
    for control in (tmp_path / "none.sock", tmp_path / "no folder" / "none.sock"):
        with borrowed(control, "/dev/null", "a test") as lost:
            assert not lost.is_set()


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        (['{"loan":"soon"}', '{"loan":"taken","by":"somebody"}'], "taken"),
        (['{"loan":"over"}'], "busy"),
        (["error: words: unknown"], "foreign"),
        (['{"loan":"perhaps"}'], "foreign"),
        ([""], "foreign"),
    ],
)
def test_what_an_agent_may_say_instead(tmp_path, answers, code):
    with (
        ControlSocket(tmp_path / "agent.sock", lambda _said: answers.pop(0)),
        pytest.raises(LineNotLentError) as caught,
        borrowed(tmp_path / "agent.sock", "/dev/ttyX", "a test"),
    ):
        pytest.fail("the line was not lent")
    assert caught.value.code == code
    for language in ("en", "zh-CN"):
        said = caught.value.said(language)
        assert not re.search(r"\{\w+\}", said)
        assert len(said.splitlines()) == 1


def test_a_loan_that_the_agent_ends_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("edge_agent.loan.KEEP_EVERY_S", 0.01)
    answers = ['{"loan":"yours"}', '{"loan":"yours"}', '{"loan":"over"}', '{"loan":"free"}']
    with (
        ControlSocket(tmp_path / "agent.sock", lambda _said: answers.pop(0)),
        borrowed(tmp_path / "agent.sock", "/dev/ttyX", "a test") as lost,
    ):
        assert lost.wait(10)
    assert answers == []


def test_a_running_agent_stands_aside_and_goes_on(tmp_path):
    with SimulatedStation() as station:
        path = fast(config(tmp_path, station.port))
        control = path.with_name("outbox.sock")
        with running(path):
            wait_until(lambda: polls(path) >= 2, "it reads")
            waited: list[bool] = []
            link = tmp_path / "another name"
            link.symlink_to(station.port)
            with borrowed(control, str(link), "a test", lambda: waited.append(True)) as lost:
                assert waited == [True]
                before = polls(path)
                bus = Bus(BusSettings(port=station.port, timeout_s=0.5))
                assert bus.read(1, 3, 0x2E, 1) == [1]  # exclusively: the agent's port is closed
                wait_until(lambda: "a test (process" in (lent(path) or ""), "the status tells")
                with pytest.raises(LineNotLentError), borrowed(control, station.port, "another"):
                    pytest.fail("it is taken")
                assert polls(path) == before
                assert not lost.is_set()
                bus.close()
            wait_until(lambda: polls(path) > before, "it reads again")
            assert lent(path) is None
            told = status(path)
            assert told["devices"]["power-1"]["failures"] == {}
        assert "error" not in path.with_name("log").read_text().lower()


@pytest.mark.soak  # a loan lasts 8 s; that it ends with them is tested above without a wait
def test_the_line_of_a_killed_borrower_comes_back(tmp_path):
    with SimulatedStation() as station:
        path = fast(config(tmp_path, station.port))
        command = [sys.executable, "-c", BORROWER, str(path.with_name("outbox.sock")), station.port]
        with running(path):
            wait_until(lambda: polls(path) >= 1, "it reads")
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
            with subprocess.Popen(command, **pipes, text=True) as borrower:
                assert borrower.stdout is not None
                assert borrower.stdout.readline() == "mine\n"
                before = polls(path)
                borrower.send_signal(signal.SIGKILL)
            wait_until(lambda: polls(path) > before, "it reads again", within_s=LEASE_MS / 1000 + 10)
            assert lent(path) is None


def test_reading_beside_a_running_agent(tmp_path):
    with SimulatedStation() as station:
        path = fast(config(tmp_path, station.port))
        with running(path):
            wait_until(lambda: polls(path) >= 1, "it reads")
            each = qingliu("read", "--json", "--config", path)
            assert (each.returncode, each.stderr) == (0, "")
            assert {reading.get("q", "good") for reading in json.loads(each.stdout)["readings"]} == {"good"}
            seen = polls(path)
            wait_until(lambda: polls(path) > seen, "it goes on")
            assert status(path)["devices"]["power-1"]["failures"] == {}


def test_a_running_agent_survives_a_scan_of_its_line(tmp_path):
    options = ("--line", "9600-8N1", "--ids", "1-3", "--no-dlt645", "--json")
    with SimulatedStation() as station:
        path = fast(config(tmp_path, station.port))
        with running(path):
            wait_until(lambda: polls(path) >= 1, "it reads")
            done = qingliu("scan", *options, "--config", path)
            assert (done.returncode, done.stderr) == (0, "")
            units = json.loads(done.stdout)["units"]
            assert [each["candidates"][0]["profile"] for each in units] == [
                "chint-dtsu666",
                "microsensor-mfe600",
            ]
            seen = polls(path)
            wait_until(lambda: polls(path) > seen, "it goes on")
            assert status(path)["devices"]["power-1"]["failures"] == {}


def test_the_control_socket_of_somebody_else(tmp_path):
    if os.geteuid() == 0:
        os.chown(tmp_path, 65_534, 65_534)
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o700)
    script = (
        "import os, sys; from pathlib import Path; from edge_agent.loan import LineNotLentError, borrowed\n"
        "if os.geteuid() == 0: os.setuid(65534)\n"
        "try:\n"
        "    with borrowed(Path(sys.argv[1]), '/dev/null', 'x'): print('lent')\n"
        "except LineNotLentError as error: print(error.code)\n"
    )
    with ControlSocket(folder / "agent.sock", lambda _said: '{"loan":"yours"}'):
        done = subprocess.run(
            [sys.executable, "-c", script, str(folder / "agent.sock")],
            check=True,
            capture_output=True,
            text=True,
        )
    assert done.stdout == "forbidden\n"
