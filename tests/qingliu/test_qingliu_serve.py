"""`qingliu serve`: parts that are kept alive, and the whole centre as one process tree."""

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from contextlib import closing, contextmanager

import psutil
import pytest
from servers import free_port, wait_until
from unit_cage import in_cage

from qingliu import serve, serve_part
from qingliu.serve import keep
from qingliu.serve_part import Part

WELL = """
import signal, sys, time
from service.systemd import Heart
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
heart = Heart()
while True:
    heart.beat()
    time.sleep(0.05)
"""
STUCK = """
import time
from service.systemd import Heart
Heart().beat()
time.sleep(600)
"""
ENDING = "import sys; from service.systemd import Heart; Heart().beat(); sys.exit(2)"
WRONG = "import sys; sys.exit(2)"
STUBBORN = """
import signal, time
from service.systemd import Heart
signal.signal(signal.SIGTERM, signal.SIG_IGN)
Heart().beat()
time.sleep(600)
"""
CENTRE = """
[mqtt]
host = "127.0.0.1"
port = {broker_port}
tls = false
[registry]
url = "sqlite:///{folder}/registry.db"
[history]
path = "{folder}/history.db"
[console]
port = {console_port}
uploads_path = "{folder}/uploads"
[reporting]
path = "{folder}/reports"
"""


@pytest.fixture(autouse=True)
def programs(tmp_path, monkeypatch):
    """Modules that can be started with `python -m`."""
    for name, text in {"well": WELL, "stuck": STUCK, "ending": ENDING, "wrong": WRONG,
                       "stubborn": STUBBORN}.items():  # fmt: skip
        (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}")
    monkeypatch.chdir(serve.__file__.rpartition("/qingliu/")[0])


@contextmanager
def started(module, stuck_after_s=60.0):
    part = Part(module, [module], stuck_after_s)
    part.start(0.0)
    try:
        yield part
    finally:
        part.ask_to_stop()
        part.stop(5)


def looked(part, now_s, is_true):
    """Look at an instant again and again until something holds."""

    def once():
        part.look(now_s)
        return is_true()

    wait_until(once, "the part is as it should be")


def test_a_part_says_that_it_is_ready_and_then_that_it_works():
    with started("well", 0.4) as part:
        assert not part.was_tried
        looked(part, 0.0, lambda: part.is_ready)
        pid = part.pid
        looked(part, 0.3, lambda: part._heard_s == 0.3)
        assert part.pid == pid
    assert part.pid is None
    assert not psutil.pid_exists(pid)


def test_a_part_that_is_stuck_is_killed_and_started_again(caplog):
    with started("stuck") as part:
        looked(part, 0.0, lambda: part.is_ready)
        first = part.pid
        part.look(60.0)
        assert part.pid == first
        part.look(60.1)
        assert part.pid is None
        assert not psutil.pid_exists(first)
        part.look(61.0)
        assert part.pid is None  # not before the pause is over
        part.look(61.1)
        assert part.pid not in (None, first)
    assert "stuck gives no sign of life, killing it" in caplog.messages


def test_the_pause_doubles_up_to_a_minute_and_is_short_again_after_a_good_start(caplog):
    with started("wrong") as part:
        part.was_tried = True
        now_s = 0.0
        for _ in range(8):
            looked(part, now_s, lambda: part.pid is None)
            now_s = part._again_s
            looked(part, now_s, lambda: part.pid is not None)
        part._words = ["ending"]
        looked(part, now_s, lambda: part.pid is None)
        looked(part, part._again_s, lambda: part.is_ready or part.pid is None)
        looked(part, part._again_s - 0.5, lambda: part.pid is None)
    waits = [int(line.rpartition("again in ")[2].removesuffix(" s")) for line in caplog.messages
             if "again in" in line]  # fmt: skip
    assert waits[:9] == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert waits[9] == 1


def test_what_the_settings_forbid_from_the_first_ends_all_with_2(caplog):
    parts = [Part("well", ["well"], 60), Part("wrong", ["wrong"], 60)]
    assert keep(parts, threading.Event(), lambda: None) == 2
    assert caplog.messages[-1] == "wrong cannot run with these settings"
    assert [part.pid for part in parts] == [None, None]


def test_the_same_later_on_is_no_reason_to_end():
    with started("ending") as part:
        looked(part, 0.0, lambda: part.pid is None)
        assert (part.was_tried, part.is_misconfigured) == (True, False)


def test_one_that_does_not_stop_is_killed(monkeypatch):
    monkeypatch.setattr(serve, "STOP_WITHIN_S", 0.3)
    stop, beats = threading.Event(), []

    def beat():
        beats.append(1)
        stop.set()

    parts = [Part("stubborn", ["stubborn"], 60), Part("well", ["well"], 60)]
    assert keep(parts, stop, beat) == 0
    assert beats == [1]
    assert [part.pid for part in parts] == [None, None]


def answer(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as found:
            return found.status
    except urllib.error.HTTPError as error:
        return error.code


def test_the_whole_centre_tells_its_manager_and_brings_a_killed_part_back(
    tmp_path, mosquitto, systemd_analyze
):
    """Shut in as its unit does it."""
    console_port = free_port()
    (tmp_path / "centre.toml").write_text(
        CENTRE.format(folder=tmp_path, broker_port=mosquitto.port, console_port=console_port)
    )
    words = [sys.executable, "-m", "qingliu", "serve", "--config", str(tmp_path / "centre.toml")]
    command = in_cage("qingliu-serve.service", words)
    with (
        closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as manager,
        (tmp_path / "log").open("wb") as log,
    ):
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(60)
        told = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "2000000",
                "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME", str(tmp_path / "cache"))}  # fmt: skip
        process = subprocess.Popen(command, stderr=log, stdout=log, env=os.environ | told)
        try:
            assert manager.recv(99) == b"READY=1"
            assert manager.recv(99) == b"WATCHDOG=1"
            assert answer(console_port) in (200, 503)  # the latter until each part has reported
            parts = {each.cmdline()[3]: each for each in psutil.Process(process.pid).children()}
            assert parts.keys() == {"collector", "console", "alerting", "report"}
            parts["report"].kill()
            log_of = (tmp_path / "log").read_text
            wait_until(lambda: "reporting ended by itself (exit code -9)" in log_of(), "seen")
            wait_until(lambda: log_of().count("reporting is ready") == 2, "it is back", 40)
            assert answer(console_port) in (200, 503)
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        finally:
            process.kill()
            process.wait()
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_wrong_settings_are_told_at_once(tmp_path):
    (tmp_path / "centre.toml").write_text("[mqtt]\nhost = 1\n[colector]\n")
    command = [sys.executable, "-m", "qingliu", "serve", "--config", str(tmp_path / "centre.toml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 2
    assert [line.split(": ")[1:3] for line in done.stderr.splitlines()] == [
        ["colector", "unknown key. Did you mean 'collector'?"],
        ["mqtt.host", 'must be a text in quotes (got 1). Write for example host = "centre.example.cn".'],
    ]


def test_the_log_is_quiet_about_what_is_well(caplog):
    caplog.set_level(logging.WARNING)
    with started("well") as part:
        looked(part, 0.0, lambda: part.is_ready)
    assert caplog.messages == []
    assert serve_part.FIRST_WAIT_S < serve_part.LONGEST_WAIT_S
