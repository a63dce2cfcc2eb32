import logging
import os
import signal
import threading

import pytest

from service.conditions import Conditions
from service.process import complain, now_ms, start_log, stop_signals


@pytest.fixture
def conditions(caplog):
    caplog.set_level(logging.INFO)
    return Conditions(logging.getLogger("house"))


def test_a_condition_is_logged_when_it_begins_changes_and_ends(conditions, caplog):
    for text in ("dark", "dark", "dark", "darker", "darker"):
        conditions.begin("lamp", text)
    conditions.begin("door", "ajar")
    assert conditions.current() == {"lamp": "darker", "door": "ajar"}
    for _ in range(3):
        conditions.end("lamp")
        conditions.end("never begun")
    assert conditions.current() == {"door": "ajar"}
    conditions.begin("lamp", "darker")
    assert [(each.levelname, each.message) for each in caplog.records] == [
        ("WARNING", "lamp: dark"),
        ("WARNING", "lamp: darker"),
        ("WARNING", "door: ajar"),
        ("INFO", "lamp: well again"),
        ("WARNING", "lamp: darker"),
    ]


def test_what_current_returns_is_a_copy(conditions):
    conditions.begin("lamp", "dark")
    conditions.current().clear()
    assert conditions.current() == {"lamp": "dark"}


def test_many_threads_log_a_condition_once(conditions, caplog):
    start = threading.Barrier(8)

    def work() -> None:
        start.wait()
        for _ in range(200):
            conditions.begin("lamp", "dark")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.message for each in caplog.records] == ["lamp: dark"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_sets_the_event_and_the_handlers_come_back(number):
    before = [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)]
    with stop_signals() as stop:
        assert not stop.is_set()
        os.kill(os.getpid(), number)
        assert stop.wait(5)
        os.kill(os.getpid(), number)  # a second one does no harm
    assert [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)] == before


def test_the_handlers_come_back_after_an_error():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(RuntimeError), stop_signals():
        raise RuntimeError
    assert signal.getsignal(signal.SIGTERM) is before


def test_complaints_are_lines_on_stderr(capsys):
    complain(["first", "second"])
    assert capsys.readouterr() == ("", "first\nsecond\n")


def test_the_log_is_one_line_a_message(capsys):
    root = logging.getLogger()
    before = root.handlers[:], root.level
    try:
        start_log()
        logging.getLogger("room").info("said")
        logging.getLogger("room").debug("whispered")
        start_log(verbose=True)
        logging.getLogger("room").debug("aloud")
    finally:
        root.handlers[:], _ = before
        root.setLevel(before[1])
    lines = [line.split(" ", 2)[2] for line in capsys.readouterr().err.splitlines()]
    assert lines == ["INFO room: said", "DEBUG room: aloud"]


def test_the_wall_clock_is_in_milliseconds():
    assert 1_700_000_000_000 < now_ms() < 10_000_000_000_000
