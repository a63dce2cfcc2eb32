"""One station after the contract: what it sends, and what it makes of each answer. Time is an argument."""

import json
import math
import zlib
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from random import Random

from poison import Poison
from readings_made import Made

MOST_UNDER_WAY = 4
AGAIN_S = (1.0, 2.0)
"""Between these an unanswered batch is made anew; a real agent waits longer, but the run is to be short."""


class OutsideStation:
    """A station's outbox and its books of everything made, sent and answered.

    Attributes:
        stored, refused: number to the instant of the first ack, or to the code.
        errors, poisoned: by code, how often answered and how often sent.
        wrong: whatever it heard that breaks the contract.
    """

    def __init__(self, name: str, outbox: str, chance: Random, batch_size: int = 10) -> None:
        self.name, self.outbox = name, outbox
        self.made: dict[int, Made] = {}
        self.stored: dict[int, float] = {}
        self.refused: dict[int, str] = {}
        self.poisoned: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._chance = chance
        self._batch_size = batch_size
        self._queue: deque[Made | Poison] = deque()
        self._unanswered: dict[int, Made] = {}
        self._numbers_sent: set[int] = set()
        self._expected: set[str] = set()
        self._hellos: set[int] = set()
        self._hello_due_s = math.inf
        self._under_way: list[tuple[float, Sequence[Made] | Poison]] = []

    def take(self, readings: Sequence[Made]) -> None:
        """Put readings into the outbox."""
        for made in readings:
            assert made.seq not in self.made
            self.made[made.seq] = self._unanswered[made.seq] = made
        self._queue.extend(readings)

    def poison(self, poison: Poison, at: int | None = None) -> None:
        """Put an unreadable payload among the readings; one of each code, so that its answer is known."""
        assert not self.expects(poison.code)
        self._expected.add(poison.code)
        self._queue.insert(self._chance.randrange(len(self._queue)) if at is None else at, poison)

    def expects(self, code: str) -> bool:
        """Whether such a poison is among what it sends."""
        return code in self._expected

    @property
    def is_done(self) -> bool:
        return not (self._queue or self._under_way) and self._hello_due_s == math.inf

    def greet(self) -> None:
        """A link is there: before anything else comes an empty batch, said again until it is answered."""
        self._hello_due_s = 0.0

    def lose_link(self) -> None:
        """What is under way has to be sent again."""
        for _, what in self._under_way:
            self._put_back(what)
        self._under_way.clear()

    def payloads(self, now_s: float, now_ms: int) -> Iterator[bytes]:
        """What is to be sent now: what waited too long for its ack, made anew, and what is new."""
        if now_s >= self._hello_due_s:
            self._hello_due_s = now_s + self._chance.uniform(*AGAIN_S)
            self._hellos.add(now_ms)
            yield self._batch((), now_ms)
        for entry in [entry for entry in self._under_way if entry[0] <= now_s]:
            self._under_way.remove(entry)
            self._put_back(entry[1])
        while self._queue and len(self._under_way) < MOST_UNDER_WAY:
            what, payload = self._next(now_ms)
            if what:
                self._under_way.append((now_s + self._chance.uniform(*AGAIN_S), what))
                yield payload

    def hear(self, payload: bytes, now_s: float) -> None:
        """Note an ack, and whatever about it is not as it should be."""
        try:
            self._understand(json.loads(payload), now_s)
        except (ValueError, TypeError, KeyError) as error:
            self._complain(f"an ack that cannot be understood ({error!r})", payload[:200])
        self._under_way = [entry for entry in self._under_way if self._waits_for(entry[1])]

    def _next(self, now_ms: int) -> tuple[Sequence[Made] | Poison, bytes]:
        if isinstance(self._queue[0], Poison):
            poison = self._queue.popleft()
            self.poisoned[poison.code] += 1
            return poison, poison.payload
        some: list[Made] = []
        size = max(1, self._batch_size + self._chance.randint(-5, 5))
        while self._queue and len(some) < size and isinstance(self._queue[0], Made):
            made = self._queue.popleft()
            if made.seq in self._unanswered:  # a late ack may have come while it waited its turn
                some.append(made)
        self._numbers_sent.update(made.seq for made in some)
        payload = self._batch(some, now_ms)
        return some, zlib.compress(payload, 1) if self._chance.random() < 0.3 else payload

    def _batch(self, some: Sequence[Made], now_ms: int) -> bytes:
        texts = ",".join(made.text for made in some)
        return f'{{"v":1,"outbox":"{self.outbox}","sent":{now_ms},"readings":[{texts}]}}'.encode()

    def _put_back(self, what: Sequence[Made] | Poison) -> None:
        if isinstance(what, Poison):
            self._queue.appendleft(what)
        else:
            self._queue.extendleft(made for made in reversed(what) if made.seq in self._unanswered)

    def _waits_for(self, what: Sequence[Made] | Poison) -> bool:
        if isinstance(what, Poison):
            return not self.errors[what.code]
        return any(made.seq in self._unanswered for made in what)

    def _understand(self, ack: dict, now_s: float) -> None:
        known = {"v", "now", "outbox", "sent", "stored", "refused", "hold", "error"}
        if ack["v"] != 1 or type(ack["now"]) is not int or ack.keys() - known or "hold" in ack:
            self._complain("an ack that is not as the contract says", ack)
        if "error" in ack:
            self.errors[ack["error"]] += 1
            if self.errors[ack["error"]] > self.poisoned[ack["error"]] or len(ack) > 3:
                self._complain("an error without its cause", ack)
            return
        if ack["outbox"] != self.outbox:
            self._complain("an ack for another outbox", ack)
        if "sent" in ack:
            self._hello_due_s = math.inf
            if ack["sent"] not in self._hellos or "stored" in ack or "refused" in ack:
                self._complain("the answer to a hello that was never said", ack)
        self._take_ranges(ack, now_s)

    def _take_ranges(self, ack: dict, now_s: float) -> None:
        """Stored and refused readings leave the outbox."""
        for first, last in ack.get("stored", ()):
            for seq in range(first, last + 1):
                self._answered(seq, None, ack)
                self.stored.setdefault(seq, now_s)
        for first, last, code, text in ack.get("refused", ()):
            for seq in range(first, last + 1):
                self._answered(seq, code, ack)
                self.refused[seq] = code
            if not text or len(text) > 200 or not text.isprintable():
                self._complain("a refusal without a line for people", ack)

    def _answered(self, seq: int, code: str | None, ack: dict) -> None:
        if seq not in self._numbers_sent:
            self._complain(f"number {seq}, which was not sent, is answered", ack)
        elif self.made[seq].refusal != code:
            made = self.made[seq].text
            self._complain(f"{made} is {code or 'stored'}, not {self.made[seq].refusal or 'stored'}", ack)
        self._unanswered.pop(seq, None)

    def _complain(self, what: str, ack: object) -> None:
        self.wrong.append(f"{self.name}: {what}: {ack}")
