"""Questions that were given up, whose answers may still come: so that no late answer is taken for another's.

A Modbus answer names its unit, its function and its length, but not its question. What tells a late answer
from the one now waited for is therefore only its shape, and that a device answers in the order it was asked.
"""

from edge_agent.rtu import REFUSED, Question, Shape, shape_of

FORGET_AFTER_S = 30.0
"""No line holds an answer longer than that."""
_MOST_REGISTERS = 125


class Unanswered:
    """The questions still open, oldest first; instants are of the monotonic clock, in seconds."""

    def __init__(self) -> None:
        self._open: list[tuple[float, Shape]] = []

    def add(self, shape: Shape, now_s: float) -> None:
        """Note a question that was given up."""
        self._open.append((now_s, shape))

    def forget(self, now_s: float) -> None:
        """Drop what is too old to be answered any more."""
        self._open = [each for each in self._open if now_s - each[0] < FORGET_AFTER_S]

    def holds(self, shape: Shape) -> bool:
        """Whether an answer of this shape may be a late one."""
        return any(shape == each for _, each in self._open)

    def heard(self, frame: bytes) -> bool:
        """Note an intact frame; True if it may be a late answer, whether registers or a refusal."""
        shape = shape_of(frame)
        if shape is not None:
            return self.came(shape)
        unit_id, function = frame[:2]
        return bool(function & REFUSED) and self.refused(unit_id, function & ~REFUSED)

    def came(self, shape: Shape) -> bool:
        """Note an answer; True if it was a late one. What its unit was asked before is over, too."""
        for place, (_, each) in enumerate(self._open):
            if each == shape:
                gone = self._open[: place + 1]
                later = self._open[place + 1 :]
                self._open = [each for each in gone if each[1].unit_id != shape.unit_id] + later
                return True
        return False

    def refused(self, unit_id: int, function: int) -> bool:
        """Note an exception, which tells no length; True if it may be a late one, and is taken for one."""
        for place, (_, each) in enumerate(self._open):
            if (each.unit_id, each.function) == (unit_id, function):
                del self._open[place]
                return True
        return False

    def settled(self, unit_id: int) -> None:
        """Note the answer that was waited for: all that its unit was asked before is over."""
        self._open = [each for each in self._open if each[1].unit_id != unit_id]

    def distinct(self, question: Question) -> Question:
        """The question with another size, such that no late answer has the shape of its answer.

        Even sizes from the block's own start are tried first: meters of 32-bit values like them best.
        """
        within = [*range(2, question.size, 2), *range(1, question.size, 2)]
        beyond = range(question.size + 1, min(_MOST_REGISTERS, 0x10000 - question.address) + 1)
        for size in (*within, *beyond):
            other = question._replace(size=size)
            if not self.holds(other.shape):
                return other
        return question
