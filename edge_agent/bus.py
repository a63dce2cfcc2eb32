"""One serial line: one question at a time, every answer checked, and never a late one taken for the next.

Every wait is on the monotonic clock and has an end. After a failure the line is listened to before anybody
is asked again. While an answer may still come late, nothing that would look like it is asked: its unit first
gets a question of another shape, whose answer proves that the late one is over.
"""

import select
import time

from edge_agent.config import BusSettings
from edge_agent.listener import BusError, Listener
from edge_agent.port import Port, PortGone
from edge_agent.rtu import LONGEST_FRAME, Question, first_frame
from edge_agent.unanswered import Unanswered

BITS_A_CHARACTER = 11
SILENT_CHARACTERS = 3.5
"""The standard's silence between frames."""
GAP_S = 0.1
GAP_CHARACTERS = 20
"""A pause in a frame this long ends it; USB adapters hand bytes over in lumps, so the standard's 1.5 are too
few."""
LONGEST_WAIT_S = 1.5
"""Where bytes come without end, or one by one, a question has its time-out, a frame's time, and so much."""
MUTE_QUESTIONS = 20
"""After so many without a single byte the port is reopened: some adapters stop and need just that."""


class Bus:
    """A line of meters; opened at the first question, closed at once when the port is gone."""

    def __init__(self, settings: BusSettings) -> None:
        self._settings = settings
        self._port: Port | None = None
        self._unanswered = Unanswered()
        self._character_s = BITS_A_CHARACTER / settings.baudrate
        self._pause_s = max(settings.pause_s, SILENT_CHARACTERS * self._character_s)
        self._gap_s = max(min(GAP_S, settings.timeout_s), GAP_CHARACTERS * self._character_s)
        self._free_from_s = 0.0
        self._mute = 0

    @property
    def patience_s(self) -> float:
        """How long a question to a silent unit takes."""
        return self._settings.timeout_s + self._pause_s

    def read(self, unit_id: int, function: int, address: int, count: int) -> list[int]:
        """Read `count` 16-bit registers from `address` on.

        Raises:
            BusError: nothing usable came; nothing of it may be believed.
        """
        question = Question(unit_id, function, address, count)
        try:
            port = self._free_port()
            self._unanswered.forget(time.monotonic())
            if self._unanswered.holds(question.shape):
                self._catch_up(port, question)
            return self._ask(port, question)
        except PortGone as gone:
            self.close()
            raise BusError("port_gone", str(gone)) from gone

    def rest(self, wake_fd: int, seconds: float) -> bool:
        """Do nothing for so long, or until `wake_fd` is readable; whether it was.

        A port that vanishes meanwhile is closed at once: while it is held, the kernel would give the adapter
        another name when it comes back.
        """
        until_s = time.monotonic() + seconds
        poll = select.poll()
        poll.register(wake_fd, select.POLLIN)
        if self._port is not None:
            poll.register(self._port.fd, 0)  # a hang-up is always told
        while (left_s := until_s - time.monotonic()) > 0:
            for fd, _ in poll.poll(left_s * 1000):
                if fd == wake_fd:
                    return True
                poll.unregister(fd)
                self.close()
        return wake_fd in dict(poll.poll(0))

    def close(self) -> None:
        """Free the port."""
        if self._port is not None:
            self._port.close()
            self._port = None

    def _free_port(self) -> Port:
        """The port, free for a question; opened if need be, also in place of one that is gone."""
        if self._port is not None:
            try:
                self._settle(self._port)
            except PortGone:
                self.close()
            else:
                return self._port
        self._port = Port(self._settings)
        self._free_from_s = time.monotonic() + self._pause_s
        self._settle(self._port)
        return self._port

    def _catch_up(self, port: Port, question: Question) -> None:
        """Ask the unit something of another shape, and throw the answer away: what was asked before is over.

        A refusal proves as much about the oldest question; it is passed on only if that does not suffice.
        """
        try:
            self._ask(port, self._unanswered.distinct(question))
        except BusError as error:
            if error.exception_code is None or self._unanswered.holds(question.shape):
                raise
        self._settle(port)

    def _ask(self, port: Port, question: Question) -> list[int]:
        try:
            return self._heard(port, question)
        except BusError as error:
            self._note(question, error)
            raise

    def _note(self, question: Question, error: BusError) -> None:
        """Remember which answers may still come, and how long to listen for them."""
        now_s = time.monotonic()
        is_refusal = error.why == "device_exception"
        if is_refusal and not self._unanswered.refused(question.unit_id, question.function):
            return
        if not is_refusal:
            self._free_from_s = now_s + self._settings.timeout_s
        if error.why != "wrong_shape":  # that was the answer, such as it was
            self._unanswered.add(question.shape, now_s)

    def _heard(self, port: Port, question: Question) -> list[int]:
        """Send the question and listen until its answer is complete, or nothing more can be hoped for."""
        timeout_s = self._settings.timeout_s
        listener = Listener(question, self._unanswered, echo=self._settings.echo)
        port.send(question.frame)
        sent_s = time.monotonic() + len(question.frame) * self._character_s
        until_s = sent_s + timeout_s
        last_s = sent_s + LONGEST_WAIT_S + timeout_s + 2 * LONGEST_FRAME * self._character_s
        while octets := port.receive(until_s):
            self._mute = 0
            now_s = time.monotonic()
            self._free_from_s = now_s + self._pause_s
            registers = listener.take(octets)
            if registers is not None:
                return registers
            if listener.is_mid_frame:
                until_s = now_s + self._gap_s
            elif listener.has_passed_over:
                until_s = now_s + timeout_s
            else:  # the echo that was announced
                until_s = sent_s + timeout_s
            until_s = min(until_s, last_s)
            if now_s >= last_s:
                break
        failure = listener.silence()
        self._count_mute(failure)
        raise failure

    def _settle(self, port: Port) -> None:
        """Wait until the line is free, throw away what comes meanwhile, and note late answers."""
        heard = b""
        began_s = time.monotonic()
        until_s = max(self._free_from_s, began_s)
        last_s = until_s + self._settings.timeout_s
        while octets := port.receive(until_s):
            now_s = time.monotonic()
            heard += octets
            while frame := first_frame(heard):
                heard = heard[len(frame) :]
                if self._unanswered.heard(frame):
                    self._free_from_s = 0.0
            until_s = min(max(self._free_from_s, now_s + self._pause_s), last_s)
            if now_s >= last_s:  # somebody talks without end
                break
        self._free_from_s = 0.0

    def _count_mute(self, failure: BusError) -> None:
        self._mute += failure.why == "no_response"
        if self._mute >= MUTE_QUESTIONS:
            self._mute = 0
            self.close()
