"""The search for units at one line setting: quick questions, and patience where it is needed."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple

from edge_agent.commissioning.ear import Answer, Ear
from edge_agent.commissioning.probe import Probe
from edge_agent.commissioning.sweep import Waits
from edge_agent.commissioning.tally import Tally
from edge_agent.rtu import REFUSED, Question

_QUICK_SIZE = 2
_PATIENT_SIZE = 5
_CONFIRM_SIZES = (1, 3, 4)
"""Other sizes than before: an answer names its size, so a late one is known."""
_SIZES = (None, _QUICK_SIZE, _PATIENT_SIZE, *_CONFIRM_SIZES)
_SUSPECTS = 3
"""Garbage may be the late answer of one of so many that were asked last."""
_FRUITLESS = 3
"""After so many times that patience brought nothing a setting gets no more of it, but for what looks like an
answer."""


class Answering(NamedTuple):
    """A unit that has answered a patient question; its slowest answer took so long."""

    unit_id: int
    delay_s: float


class _Clue(NamedTuple):
    """Somebody was heard: after so long, by this function."""

    delay_s: float
    function: int


class Search:
    """Asks ids at one setting. Any whole answer names its unit, however late and whoever has been asked.

    Ids that are `known` from another speed answer with garbage here; that is no reason for patience.

    Attributes:
        found: ids that have been confirmed here.
    """

    def __init__(
        self, probe: Probe, tally: Tally, *, waits: Waits, stop: Callable[[], bool], known: set[int]
    ) -> None:
        self._probe = probe
        self._tally = tally
        self._waits = waits
        self._stop = stop
        self._known = known
        self.found: set[int] = set()
        self._doubted: set[int] = set()
        self._open: dict[int, list[tuple[int, float]]] = {}
        self._clues: dict[int, _Clue] = {}
        self._fruitless = 0
        self._searches = 0
        self._recent: deque[int] = deque(maxlen=_SUSPECTS)

    def units(
        self, ids: Sequence[int], by_input: Sequence[int]
    ) -> Iterator[tuple[int | None, list[Answering]]]:
        """Ask all; after every question who was asked, and the units that have become known by it.

        Args:
            ids: asked for holding registers (function 3).
            by_input: asked for input registers (function 4) too, if silent.
        """
        for unit_id in ids:
            if self._stop():
                return
            self._recent.append(unit_id)
            ear = self._ask(unit_id, 3, _QUICK_SIZE, self._waits.quick_s)
            if ear.junk and unit_id not in self._known:
                self._be_patient(unit_id, ear)
            yield unit_id, list(self._confirmed())
        for unit_id in by_input:
            if self._stop():
                return
            if unit_id not in self.found:
                self._ask(unit_id, 4, _QUICK_SIZE, self._waits.quick_s)
        self._note(0, self._probe.listen(self._waits.late_s))
        yield None, list(self._confirmed())

    def _ask(self, unit_id: int, function: int, size: int, timeout_s: float, linger_s: float = 0.0) -> Ear:
        question = Question(unit_id, function, 0, size).frame
        self._tally.asked += 1
        ear = self._probe.ask(question, timeout_s, lambda heard: heard.has_heard(unit_id), linger_s=linger_s)
        self._open.setdefault(unit_id, []).append((size, self._probe.sent_s))
        self._note(unit_id, ear)
        return ear

    def _note(self, unit_id: int, ear: Ear) -> None:
        """Count what was heard, and remember whom to confirm."""
        self._tally.hear(ear, unit_id)
        for answer in ear.answers:
            delay_s = self._delay_s(answer)
            if delay_s is None:
                continue
            self._tally.answered[answer.unit_id] += 1
            if answer.unit_id not in self._doubted:
                earlier = self._clues.get(answer.unit_id)
                slowest_s = max(delay_s, earlier.delay_s if earlier else 0.0)
                self._clues[answer.unit_id] = _Clue(slowest_s, answer.function)

    def _delay_s(self, answer: Answer) -> float | None:
        """How long an answer took; None for one that belongs to no question of ours."""
        asked = self._open.get(answer.unit_id, [])
        size = answer.shape.size if answer.shape else None
        if asked:  # one of another size than asked for is an answer, too, such as it is
            places = (place for place, (each, _) in enumerate(asked) if size in (None, each))
            _, sent_s = asked.pop(max(places, default=-1))
            return max(0.0, answer.at_s - sent_s)
        if answer.unit_id in self._open and size in _SIZES:
            self._tally.doubled[answer.unit_id] += 1
        else:
            self._tally.foreign += 1
        return None

    def _be_patient(self, unit_id: int, ear: Ear) -> None:
        """Garbage has come: ask the unit again, and those before it who may have spoken late into it."""
        speaks = any(bytes((unit_id, function)) in ear.octets for function in (3, 3 | REFUSED))
        if self._fruitless >= _FRUITLESS and not speaks:
            return
        outcome = "answers" if unit_id in self._clues else self._again(unit_id)
        self._fruitless += outcome != "answers"
        if outcome == "garbled" or self._searches >= _FRUITLESS:
            return
        before = [each for each in reversed(self._recent) if each not in {unit_id, *self.found}]
        outcomes = [self._again(each) for each in before]
        self._searches += "answers" not in outcomes

    def _again(self, unit_id: int) -> Literal["answers", "garbled", "silent"]:
        for _ in range(2):
            if self._stop():
                break
            ear = self._ask(unit_id, 3, _PATIENT_SIZE, self._waits.patient_s)
            if unit_id in self._clues:
                return "answers"
            if not ear.junk:
                return "silent"
        return "garbled"

    def _confirmed(self) -> Iterator[Answering]:
        """Ask whoever was heard, patiently and several times."""
        while self._clues:
            unit_id = next(iter(self._clues))
            delay_s, function = self._clues.pop(unit_id)
            if unit_id in self.found or self._stop():
                continue
            answers = 0
            for tries, size in enumerate(_CONFIRM_SIZES, 1):
                self._ask(unit_id, function, size, self._waits.confirm_s, self._waits.linger_s)
                clue = self._clues.pop(unit_id, None)
                if clue is not None:
                    answers += 1
                    delay_s = max(delay_s, clue.delay_s)
                elif tries > 1 and not answers:
                    break
            if answers:
                self.found.add(unit_id)
                yield Answering(unit_id, delay_s)
            else:
                self._doubted.add(unit_id)
