"""Child processes of one parent."""

import os
import signal
import subprocess
import sys

import psutil
import pytest
from servers import wait_until

from qingliu import children
from qingliu.children import Children, Death

SLEEPER = """
import time
print("up", flush=True)
time.sleep(600)
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
while True:
    time.sleep(600)
"""
POLITE = """
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
print("up", flush=True)
signal.sigwait({signal.SIGTERM})
print("goodbye", flush=True)
"""
FAILING = """
import sys
print("first words")
sys.exit("the port is busy")
"""
SILENT = "raise SystemExit(3)"
PARENT = """
import sys, time
from pathlib import Path
from qingliu.children import Children
children = Children(Path(sys.argv[1]))
children.start("one", ["sleeper"])
children.start("two", ["sleeper"])
print(*(process.pid for process in children._running.values()), flush=True)
time.sleep(600)
"""


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Modules that can be started with `python -m`."""
    for name, text in {"sleeper": SLEEPER, "stubborn": STUBBORN, "polite": POLITE, "failing": FAILING,
                       "silent": SILENT}.items():  # fmt: skip
        (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path


@pytest.fixture
def family(programs):
    started = Children(programs / "log")
    yield started
    started.stop()


def is_up(family, name):
    return "up" in family.log_of(name).read_text()


def test_a_child_lives_logs_and_is_stopped(family):
    family.start("a", ["sleeper"])
    wait_until(lambda: is_up(family, "a"), "it is up")
    assert family.death() is None
    pid = family._running["a"].pid
    assert os.getsid(pid) == pid  # a Ctrl-C at the terminal does not reach it
    family.stop()
    assert not psutil.pid_exists(pid)
    assert family.death() is None
    family.stop()


@pytest.mark.parametrize(
    ("name", "death"),
    [
        ("failing", Death("failing", 1, "the port is busy")),
        ("silent", Death("silent", 3, "no word of why")),
        ("nothing", Death("nothing", 1, f"{sys.executable}: No module named nothing")),
    ],
)
def test_a_death_is_told_with_its_last_words(family, name, death):
    family.start("other", ["sleeper"])
    family.start(name, [name])
    assert wait_until(family.death, "the death is seen") == death


def test_a_child_that_is_killed_is_told_with_its_signal(family):
    family.start("a", ["sleeper"])
    wait_until(lambda: is_up(family, "a"), "it is up")
    family._running["a"].kill()
    assert wait_until(family.death, "the death is seen") == Death("a", -9, "up")


def test_a_polite_child_may_finish_and_a_stubborn_one_is_killed(family, monkeypatch):
    monkeypatch.setattr(children, "STOP_WITHIN_S", 0.5)
    for name in ("polite", "stubborn"):
        family.start(name, [name])
        wait_until(lambda n=name: is_up(family, n), "it is up")
    pids = [process.pid for process in family._running.values()]
    family.stop()
    assert "goodbye" in family.log_of("polite").read_text()
    assert not any(psutil.pid_exists(pid) for pid in pids)


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
def test_children_end_with_their_parent_however_it_ends(programs, ending):
    command = [sys.executable, "-c", PARENT, str(programs / "log")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        try:
            pids = [int(word) for word in parent.stdout.readline().split()]
            assert len(pids) == 2
            assert all(psutil.pid_exists(pid) for pid in pids)
            parent.send_signal(ending)
            parent.wait(10)
        finally:
            parent.kill()

    def all_gone():
        return not any(psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie" for pid in pids)

    wait_until(all_gone, "the children are gone", 10)


def test_a_log_begins_anew_with_its_child(family):
    family.start("a", ["failing"])
    wait_until(family.death, "it died")
    family.start("a", ["silent"])
    assert wait_until(
        lambda: (d := family.death()) and d.exit_code == 3 and d, "it died again"
    ).last_words == ("no word of why")
