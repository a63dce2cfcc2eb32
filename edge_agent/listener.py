"""What the bytes on a line mean to the one who has asked: the answer, or why there is none. Pure."""

from edge_agent.rtu import (
    REFUSED,
    Question,
    first_frame,
    is_intact,
    registers_of,
    shape_of,
)
from edge_agent.unanswered import Unanswered
from telemetry.reading import Why

EXCEPTIONS = {
    1: "illegal function", 2: "illegal data address", 3: "illegal data value", 4: "device failure",
    5: "acknowledged, not done yet", 6: "device busy", 7: "negative acknowledge", 8: "memory parity error",
    10: "gateway path unavailable", 11: "no response behind the gateway",
}  # fmt: skip
ILLEGAL_ADDRESS = 2


class BusError(Exception):
    """A question got no usable answer.

    Attributes:
        why: the contract's cause.
        exception_code: what the device said, if it answered with a Modbus exception.
    """

    def __init__(self, why: Why, text: str, exception_code: int | None = None) -> None:
        super().__init__(text)
        self.why = why
        self.exception_code = exception_code


class Listener:
    """Takes the bytes that come after one question, until they are its answer or a verdict.

    Frames of other units are passed over, and so are late answers to questions given up before; everything
    else from the unit asked ends the wait, because nothing after it could be trusted.

    Attributes:
        has_passed_over: whether a whole frame was passed over.
    """

    def __init__(self, question: Question, unanswered: Unanswered, *, echo: bool) -> None:
        self.has_passed_over = False
        self._question = question
        self._unanswered = unanswered
        self._sent = question.frame
        self._await_echo = echo
        self._seen = 0
        self._rest = b""
        self._echoed = False
        self._late = False
        self._other_unit: int | None = None

    @property
    def is_mid_frame(self) -> bool:
        """Whether bytes are there that are no frame yet."""
        return bool(self._rest)

    def take(self, octets: bytes) -> list[int] | None:
        """Take more bytes; the registers once they are complete, None while more must come.

        Raises:
            BusError: the unit answered, but not this question.
        """
        self._seen += len(octets)
        self._rest += octets
        if self._is_echo():
            return None
        while (frame := first_frame(self._rest)) and not self._is_beginning(frame):
            self._rest = self._rest[len(frame) :]
            registers = self._registers(frame)
            if registers is not None:
                return registers
        return None

    def silence(self) -> BusError:
        """Why there was no answer, now that nothing more comes."""
        unit_id = self._question.unit_id
        if self._echoed:
            return BusError("echo", "the adapter echoes what it sends: set echo = true")
        if is_intact(self._rest):  # of a function whose length is not known
            self._pass_over(self._rest)
            if self._rest[0] == unit_id:
                return self._wrong_shape(self._rest)
        elif self._rest:
            return BusError("garbled", self._garble())
        if self._other_unit is not None:
            text = f"asked unit {unit_id}, unit {self._other_unit} answered: duplicate or wrong unit_id"
            return BusError("other_unit", text)
        if self._late:
            return BusError("no_response", f"unit {unit_id} answers too late: set a longer timeout_s")
        return BusError(
            "no_response", f"unit {unit_id} is silent: check power, wiring, unit_id, line settings"
        )

    def _is_beginning(self, frame: bytes) -> bool:
        """Whether it may be the first bytes of our answer, which look like a request by chance."""
        unit_id, function, _, size = self._question
        is_ours = frame[:3] == bytes((unit_id, function, 2 * size & 0xFF))
        return is_ours and len(frame) < 2 * size + 5 and len(self._rest) < 2 * size + 5

    def _is_echo(self) -> bool:
        """Whether the bytes are, so far, our own; an echo that was announced is cut off."""
        if self._await_echo:
            if len(self._rest) < len(self._sent) and self._sent.startswith(self._rest):
                return True
            self._await_echo = False
            self._rest = self._rest.removeprefix(self._sent)
            return not self._rest
        self._echoed = self._seen == len(self._rest) and self._rest.startswith(self._sent)
        return self._echoed or (bool(self._rest) and self._sent.startswith(self._rest))

    def _registers(self, frame: bytes) -> list[int] | None:
        """What an intact frame means: our registers, or None to pass it over."""
        shape = shape_of(frame)
        if shape == self._question.shape and not self._unanswered.holds(shape):
            self._unanswered.settled(shape.unit_id)
            return registers_of(frame)
        if shape is not None and self._unanswered.came(shape):
            self._late = self._late or shape.unit_id == self._question.unit_id
            self.has_passed_over = True
            return None
        if frame[0] != self._question.unit_id:
            self._pass_over(frame)
            return None
        if frame[1] == self._question.function | REFUSED:
            code = frame[2]
            name = f" ({EXCEPTIONS[code]})" if code in EXCEPTIONS else ""
            raise BusError("device_exception", f"the device refuses: exception {code}{name}", code)
        raise self._wrong_shape(frame)

    def _pass_over(self, frame: bytes) -> None:
        self.has_passed_over = True
        if frame[0] != self._question.unit_id and not self._unanswered.heard(frame):
            self._other_unit = frame[0]

    def _wrong_shape(self, frame: bytes) -> BusError:
        asked = f"asked for function {self._question.function}, {self._question.size} registers"
        shape = shape_of(frame)
        got = f", {shape.size} registers" if shape else f" in {len(frame)} bytes"
        return BusError("wrong_shape", f"{asked}, got function {frame[1]}{got}")

    def _garble(self) -> str:
        """Say what the noise looks like."""
        for place in range(1, len(self._rest)):
            frame = first_frame(self._rest[place:])
            if frame and shape_of(frame) == self._question.shape:
                stray = self._rest[:place].hex(" ").upper()
                return f"stray bytes {stray} before the answer: check bias resistors, termination"
        count = len(self._rest)
        return f"{count} bytes but no valid frame: check A/B, termination, line settings"
