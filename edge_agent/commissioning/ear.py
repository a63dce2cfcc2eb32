"""What is heard after a question of a scan: frames of whoever speaks, our own echo, and the rest. Pure."""

from collections.abc import Container
from typing import NamedTuple

from edge_agent.rtu import LONGEST_FRAME, REFUSED, Shape, first_frame, shape_of

_KNOWN_FUNCTIONS = (1, 2, 3, 4, 5, 6, 15, 16)
_HIGHEST_UNIT = 247
_HIGHEST_EXCEPTION = 11
_MOST_KEPT = 4 * LONGEST_FRAME


class Answer(NamedTuple):
    """An intact frame that a meter has said.

    Attributes:
        shape: of the question that it answers; None for a refusal, which does not tell.
        at_s: when its last octet was there, on the monotonic clock.
    """

    unit_id: int
    function: int
    shape: Shape | None
    at_s: float


class Ear:
    """Takes the octets that come after one question; `earlier` ones may be echoed late.

    Attributes:
        answers: of any unit, in their order.
        requests: frames that another master must have said.
        echoed: how many of our own questions came back; they are cut out.
        octets: all that was heard but the echo, as far as kept.
        junk: how many octets belong to no frame; complete after `close`.
    """

    def __init__(self, question: bytes = b"", earlier: Container[bytes] = ()) -> None:
        self.answers: list[Answer] = []
        self.requests: list[bytes] = []
        self.echoed = 0
        self.octets = b""
        self.junk = 0
        self._question = question
        self._earlier = earlier
        self._await_echo = bool(question)
        self._rest = b""

    @property
    def is_mid_frame(self) -> bool:
        """Whether octets are there that are no frame yet."""
        return bool(self._rest)

    def has_heard(self, unit_id: int) -> bool:
        """Whether a unit has said a whole frame."""
        return any(answer.unit_id == unit_id for answer in self.answers)

    def take(self, octets: bytes, now_s: float) -> None:
        """Hear more octets."""
        self._rest += octets
        if self._await_echo:
            if not self._knows_echo():
                return
            octets = self._rest
        self.octets = (self.octets + octets)[-_MOST_KEPT:]
        place = 0
        while place < len(self._rest):
            frame = first_frame(self._rest[place:])
            if frame and self._is_credible(frame):
                self.junk += place
                self._rest = self._rest[place + len(frame) :]
                self._hear(frame, now_s)
                place = 0
            else:
                place += 1
        if (too_many := len(self._rest) - LONGEST_FRAME) > 0:
            self.junk += too_many
            self._rest = self._rest[too_many:]

    def close(self) -> None:
        """Nothing more comes: what is no frame by now never was one."""
        self.junk += len(self._rest)
        self._rest = b""

    def _knows_echo(self) -> bool:
        """Whether it is clear if the first octets are our own; if they are, they are cut off."""
        if len(self._rest) < len(self._question) and self._question.startswith(self._rest):
            return False
        self._await_echo = False
        if self._rest.startswith(self._question):
            self.echoed += 1
            self._rest = self._rest.removeprefix(self._question)
        return True

    def _hear(self, frame: bytes, now_s: float) -> None:
        shape = shape_of(frame)
        if shape or frame[1] & REFUSED:
            self.answers.append(Answer(frame[0], frame[1] & ~REFUSED, shape, now_s))
        elif frame == self._question or frame in self._earlier:
            self.echoed += 1
        else:
            self.requests.append(frame)

    def _is_credible(self, frame: bytes) -> bool:
        """A checksum of 16 bits fits noise now and then; most such noise cannot be said by anybody."""
        unit_id, function, third = frame[:3]
        if not 1 <= unit_id <= _HIGHEST_UNIT or function & ~REFUSED not in _KNOWN_FUNCTIONS:
            return False
        return not function & REFUSED or 1 <= third <= _HIGHEST_EXCEPTION
