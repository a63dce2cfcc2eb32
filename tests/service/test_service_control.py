"""The control socket, with real sockets and threads."""

import os
import select
import socket
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers import wait_until

from service import control_socket
from service.control_socket import ControlSocket, ControlSocketError, NoAnswerError, SocketPlaceError, ask
from service.process import UnavailableError

PATIENCE_S = 20.0


def echo(said: str) -> str:
    return f"heard {said!r}"


def talk(path, octets: bytes, *, hang_up: bool = False) -> bytes:
    """What a caller gets that writes these bytes by hand."""
    with socket.socket(socket.AF_UNIX) as caller:
        caller.settimeout(PATIENCE_S)
        caller.connect(str(path))
        caller.sendall(octets)
        if hang_up:
            caller.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: caller.recv(4096), b""))


def leave_dead_socket(path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "control"


def test_a_line_is_answered_by_a_line(path):
    with ControlSocket(path, echo) as control:
        assert control.path == path
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert ask(path, "how are you", timeout_s=PATIENCE_S) == "heard 'how are you'"
        assert ask(path, "", timeout_s=PATIENCE_S) == "heard ''"
    assert not path.exists()


def test_start_and_close_twice_do_nothing_more(path):
    control = ControlSocket(path, echo)
    control.close()
    control.start()
    control.start()
    assert ask(path, "1", timeout_s=PATIENCE_S) == "heard '1'"
    control.close()
    control.close()
    control.start()
    assert ask(path, "2", timeout_s=PATIENCE_S) == "heard '2'"
    control.close()
    assert not path.exists()


def test_only_the_first_line_is_heard_and_an_answer_stays_one_line(path):
    with ControlSocket(path, lambda said: f"{said}\nand\r\nmore"):
        assert talk(path, b"one\ntwo\n") == b"one and more\n"
        assert talk(path, b"without an end", hang_up=True) == b"without an end and more\n"
        assert talk(path, b"not \xff utf-8\n") == "not \N{REPLACEMENT CHARACTER} utf-8 and more\n".encode()


@pytest.mark.parametrize("failure", [RuntimeError("broken"), OSError("no disk"), KeyError("key")])
def test_an_answer_that_raises_is_logged_and_the_next_is_given(path, caplog, failure):
    def answer(said: str) -> str:
        if said == "fail":
            raise failure
        return said

    with ControlSocket(path, answer):
        for _ in range(2):
            with pytest.raises(NoAnswerError) as caught:
                ask(path, "fail", timeout_s=PATIENCE_S)
            assert caught.value.found in {"no answer", "Connection reset by peer"}
        assert ask(path, "well", timeout_s=PATIENCE_S) == "well"
    assert [each.message for each in caplog.records] == ["control: unexpected failure, going on"] * 2
    assert caplog.records[0].exc_info[1] is failure


def test_callers_that_hang_up_or_say_nothing_harm_nobody(path):
    asked = []
    with ControlSocket(path, lambda said: asked.append(said) or "x" * 500_000):
        with socket.socket(socket.AF_UNIX) as rude:
            rude.connect(str(path))
        with socket.socket(socket.AF_UNIX) as rude:  # does not take its answer
            rude.connect(str(path))
            rude.sendall(b"rude\n")
            wait_until(lambda: asked, "it was heard")
        assert len(ask(path, "polite", timeout_s=PATIENCE_S)) == 500_000
    assert asked == ["rude", "polite"]


def test_a_caller_that_dawdles_is_given_up(path, monkeypatch):
    monkeypatch.setattr(control_socket, "CALLER_TIMEOUT_S", 0.1)
    with ControlSocket(path, echo), socket.socket(socket.AF_UNIX) as slow:
        slow.connect(str(path))
        slow.sendall(b"half a li")
        assert ask(path, "quick", timeout_s=PATIENCE_S) == "heard 'quick'"
        slow.settimeout(PATIENCE_S)
        assert slow.recv(100) == b""


def test_closing_does_not_wait_for_a_caller_that_dawdles(path, monkeypatch):
    monkeypatch.setattr(control_socket, "CALLER_TIMEOUT_S", 100.0)
    control = ControlSocket(path, echo)
    control.start()
    with socket.socket(socket.AF_UNIX) as slow:
        slow.connect(str(path))
        slow.sendall(b"half a li")
        control.close()
    assert not path.exists()


def test_words_that_never_end_are_cut(path):
    lengths = []
    with ControlSocket(path, lambda said: lengths.append(len(said)) or "cut"):
        assert talk(path, b"x" * control_socket.LONGEST_WORDS) == b"cut\n"
    assert lengths == [control_socket.LONGEST_WORDS]


def test_many_ask_at_once(path):
    with ControlSocket(path, lambda said: said * 3), ThreadPoolExecutor(8) as callers:
        answers = callers.map(lambda number: ask(path, f"{number},", timeout_s=PATIENCE_S), range(200))
        assert list(answers) == [f"{number}," * 3 for number in range(200)]


def test_it_answers_while_its_owner_is_busy(path):
    """In a thread of its own, which is a daemon and is named after the path."""
    with ControlSocket(path, lambda _said: threading.current_thread().name) as control:
        assert ask(path, "who", timeout_s=PATIENCE_S) == f"control {path}"
        assert control._thread.daemon


def test_a_dead_socket_is_replaced(path):
    leave_dead_socket(path)
    with ControlSocket(path, echo):
        assert ask(path, "1", timeout_s=PATIENCE_S) == "heard '1'"


def test_a_socket_in_use_is_an_error_and_is_left_alone(path):
    remedy = "End that process or choose another path."
    with ControlSocket(path, echo):
        second = ControlSocket(path, str)
        with pytest.raises(SocketPlaceError) as caught:
            second.start()
        second.close()
        assert str(caught.value) == (
            f"{path}: free, or a socket nobody listens to (got a socket in use). {remedy}"
        )
        assert isinstance(caught.value, ControlSocketError | UnavailableError)
        assert ask(path, "1", timeout_s=PATIENCE_S) == "heard '1'"


def test_a_socket_whose_owner_has_no_time_is_in_use(path):
    with socket.socket(socket.AF_UNIX) as busy, socket.socket(socket.AF_UNIX) as first:
        busy.bind(str(path))
        busy.listen(0)
        first.connect(str(path))  # fills the queue
        with pytest.raises(SocketPlaceError, match="got a socket in use"):
            ControlSocket(path, echo).start()
        with pytest.raises(NoAnswerError):
            ask(path, "1", timeout_s=0.05)
    assert path.exists()


def test_a_file_is_left_alone(path):
    path.write_text("precious")
    words = r"\(got something that is not a socket\). Remove what is there or choose another path.$"
    with pytest.raises(SocketPlaceError, match=words):
        ControlSocket(path, echo).start()
    assert path.read_text() == "precious"


@pytest.mark.parametrize("name", ["missing/control", "x" * 120])
def test_a_place_that_cannot_hold_a_socket_is_one_line(tmp_path, name):
    rule = "a short name in a directory that can be written"
    with pytest.raises(SocketPlaceError, match=rule) as caught:
        ControlSocket(tmp_path / name, echo).start()
    assert str(caught.value).count("\n") == 0
    assert list(tmp_path.iterdir()) == []


def test_a_path_longer_than_a_sockets_address_will_do(tmp_path):
    path = tmp_path / ("d" * 150) / "control"
    path.parent.mkdir()
    with ControlSocket(path, echo):
        assert ask(path, "1", timeout_s=PATIENCE_S) == "heard '1'"
        with pytest.raises(SocketPlaceError, match="got a socket in use"):
            ControlSocket(path, echo).start()
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("prepare", "found"),
    [
        (lambda path: None, "No such file or directory"),
        (leave_dead_socket, "Connection refused"),
        (lambda path: path.write_text("text"), "Connection refused"),
    ],
)
def test_nobody_listens(path, prepare, found):
    prepare(path)
    with pytest.raises(NoAnswerError) as caught:
        ask(path, "1", timeout_s=PATIENCE_S)
    assert (
        str(caught.value) == f"{path}: a running process answers (got {found}). Start it, or check the path."
    )
    assert (caught.value.path, caught.value.found) == (path, found)


@pytest.mark.parametrize(
    ("answer", "found"), [(b"", "no answer"), (b"half", "an answer without end"), (None, "timed out")]
)
def test_an_answer_that_is_none(path, answer, found):
    with socket.socket(socket.AF_UNIX) as listener, ThreadPoolExecutor(1) as other:
        listener.bind(str(path))
        listener.listen()
        asked = other.submit(ask, path, "1", timeout_s=0.2 if answer is None else PATIENCE_S)
        caller, _ = listener.accept()
        with caller:
            if answer is None:
                with pytest.raises(NoAnswerError, match=found):
                    asked.result(PATIENCE_S)
                return
            assert caller.recv(100) == b"1\n"
            caller.sendall(answer)
        with pytest.raises(NoAnswerError) as caught:
            asked.result(PATIENCE_S)
    assert caught.value.found == found


def test_an_answer_that_trickles_for_ever_is_given_up(path):
    """Every single byte is in time, the whole is not."""
    with socket.socket(socket.AF_UNIX) as listener, ThreadPoolExecutor(1) as other:
        listener.bind(str(path))
        listener.listen()
        asked = other.submit(ask, path, "1", timeout_s=0.3)
        caller, _ = listener.accept()
        with caller, suppress(BrokenPipeError):
            while not select.select([], [], [], 0.02)[0]:
                caller.send(b"x")
        assert isinstance(asked.exception(PATIENCE_S), NoAnswerError)


def test_an_answer_too_long_is_not_waited_for(path, monkeypatch):
    monkeypatch.setattr(control_socket, "LONGEST_ANSWER", 100)
    with ControlSocket(path, lambda _said: "x" * 100_000), pytest.raises(NoAnswerError) as caught:
        ask(path, "1", timeout_s=PATIENCE_S)
    assert caught.value.found == "an answer without end"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
def test_somebody_else_is_kept_out():
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = Path(folder) / "control"
        with ControlSocket(path, echo):
            os.seteuid(65_534)
            try:
                with pytest.raises(PermissionError):
                    talk(path, b"1\n")
                with pytest.raises(NoAnswerError) as caught:
                    ask(path, "1", timeout_s=PATIENCE_S)
            finally:
                os.seteuid(0)
            assert caught.value.found == "Permission denied"
            assert isinstance(caught.value.__cause__, PermissionError)
            assert ask(path, "1", timeout_s=PATIENCE_S) == "heard '1'"


@given(text=st.text())
def test_any_text_is_answered_by_its_first_line(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("any") / "control"
    said: list[str] = []
    with ControlSocket(path, lambda heard: said.append(heard) or heard):
        answer = ask(path, text, timeout_s=PATIENCE_S)
    first = text.encode(errors="replace").decode().partition("\n")[0].strip()
    assert said == [first]
    assert answer == " ".join(first.splitlines()).strip()
