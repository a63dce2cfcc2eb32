"""Borrowing a line from the running agent, for as long as a command of the installer needs it."""

import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

import msgspec

from edge_agent.control import BORROW, GIVE_BACK, LoanAnswer, LoanRequest
from edge_agent.language import Language
from service.control_socket import NoAnswerError, ask
from service.process import UnavailableError

ASK_EVERY_S = 0.2
KEEP_EVERY_S = 2.0
LONGEST_WAIT_S = 60.0
"""A round of many silent meters takes its time."""
TIMEOUT_S = 10.0


Fault = Literal["taken", "busy", "forbidden", "mute", "foreign"]
"""Somebody else has the line; the agent does not end its round; we may not ask it; it does not answer; it
says what we do not understand."""

_WORDS: dict[Language, dict[Fault, str]] = {
    "en": {
        "taken": "port {port}: lent to {found} just now. Wait until that is done.",
        "busy": "port {port}: the running agent does not end its round. See its log.",
        "forbidden": "{control}: may not ask the running agent for its line. Run this with sudo.",
        "mute": "{control}: the running agent does not answer ({found}). See its log.",
        "foreign": "{control}: the answer is not understood ({found}). Is the agent of another version?",
    },
    "zh-CN": {
        "taken": "串口 {port}：正被 {found} 借用，请等其结束。",
        "busy": "串口 {port}：运行中的采集程序未能结束本轮轮询，请查看其日志。",
        "forbidden": "{control}：无权向运行中的采集程序借用总线，请用 sudo 运行。",
        "mute": "{control}：运行中的采集程序没有应答（{found}），请查看其日志。",
        "foreign": "{control}：无法理解采集程序的应答（{found}），程序版本是否不同？",
    },
}


class LineNotLentError(UnavailableError):
    """The running agent does not lend its line; one line, with what to do.

    Attributes:
        code: why.
    """

    def __init__(self, code: Fault, control: Path, port: str, found: str = "") -> None:
        self.code = code
        self._found = {"control": control, "port": port, "found": found}
        super().__init__(self.said("en"))

    def said(self, language: Language) -> str:
        """The text in a language."""
        return _WORDS[language][self.code].format(**self._found)


@contextmanager
def borrowed(
    control: Path, port: str, name: str, on_wait: Callable[[], None] | None = None
) -> Iterator[threading.Event]:
    """Have a port to oneself; a running agent that reads it stands aside meanwhile, and goes on afterwards.

    An agent that has not heard from us for eight seconds goes on as well, so it survives whatever befalls us.

    Args:
        control: the agent's control socket; where none listens, no agent runs and the port is as it is.
        port: the device file.
        name: who borrows, for people.
        on_wait: called once if the agent must end its round first.

    Yields:
        An event that is set when the agent took the line back before we were done.

    Raises:
        LineNotLentError: somebody else has borrowed it, or the agent may not be asked by us.
    """
    request = LoanRequest(port, secrets.token_hex(8), f"{name} (process {os.getpid()})")
    lost, done = threading.Event(), threading.Event()
    if not _obtained(control, request, on_wait):
        yield lost
        return
    keeper = threading.Thread(target=_keep, args=(control, request, done, lost), daemon=True)
    keeper.start()
    try:
        yield lost
    finally:
        done.set()
        keeper.join()
        with suppress(UnavailableError):  # an agent that has ended meanwhile needs nothing back
            _say(control, GIVE_BACK, request)


def _obtained(control: Path, request: LoanRequest, on_wait: Callable[[], None] | None) -> bool:
    """Wait until the line is ours; False if nobody has it."""
    deadline_s = time.monotonic() + LONGEST_WAIT_S
    while True:
        answer = _say(control, BORROW, request)
        if answer.loan in ("yours", "free"):
            return answer.loan == "yours"
        if answer.loan == "taken":
            raise LineNotLentError("taken", control, request.port, answer.by)
        if answer.loan == "over" or time.monotonic() > deadline_s:
            raise LineNotLentError("busy", control, request.port)
        if on_wait is not None:
            on_wait()
            on_wait = None
        time.sleep(ASK_EVERY_S)


def _keep(control: Path, request: LoanRequest, done: threading.Event, lost: threading.Event) -> None:
    """Renew the loan until we are done, or the agent has the line back."""
    while not done.wait(KEEP_EVERY_S):
        try:
            answer = _say(control, BORROW, request)
        except UnavailableError:  # it has no time just now: the next answer tells
            continue
        if answer.loan in ("taken", "over"):
            lost.set()
            return


def _say(control: Path, word: str, request: LoanRequest) -> LoanAnswer:
    """Tell the agent; where none listens, everything is free.

    Raises:
        LineNotLentError: one listens, but not to us, or it says what we do not understand.
    """
    try:
        line = ask(control, f"{word} {msgspec.json.encode(request).decode()}", timeout_s=TIMEOUT_S)
    except NoAnswerError as error:
        cause = error.__cause__
        if isinstance(cause, PermissionError):
            raise LineNotLentError("forbidden", control, request.port) from error
        if isinstance(cause, FileNotFoundError | NotADirectoryError | ConnectionRefusedError):
            return LoanAnswer("free")
        raise LineNotLentError("mute", control, request.port, error.found) from error
    try:
        return msgspec.json.decode(line, type=LoanAnswer)
    except msgspec.DecodeError as error:
        raise LineNotLentError("foreign", control, request.port, line[:60]) from error
