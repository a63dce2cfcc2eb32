"""What is still to be heard on a line: pieces of answers, each due at its time, paced as by a baud rate.

Two speakers whose times overlap speak into each other, octet for octet, as on a real pair of wires. Pure: no
port, no clock; times are seconds of any one clock.
"""

import heapq
import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from simulator.errors import ParameterError

BITS_PER_OCTET = 11
"""Start bit, eight data bits, parity or a second stop bit, stop bit."""
CHUNK_S = 0.004
"""A paced piece is handed over in portions of at most this duration, or of one octet where that takes longer;
a real adapter collects what it hears for longer than that."""


class Piece(NamedTuple):
    """Octets that somebody puts on the line.

    Attributes:
        delay_s: how long after the end of the request their first one begins; less than zero counts as zero.
        octets: what is put there.
        by_adapter: the asker's own adapter says them, not the slave: the delay counts from the beginning of
            the request, and the line's own answer delay does not hold them up.
    """

    delay_s: float
    octets: bytes
    by_adapter: bool = False


Fault = Callable[[bytes, bytes], bytes | Sequence[Piece] | None]
"""May spoil an answer: takes request and answer; returns the bytes to send instead, pieces with a time each,
or None for silence."""


class Wire:
    """The octets that are due on one line.

    Raises:
        ParameterError: the baud rate is not above zero.
    """

    def __init__(self, *, baudrate: int | None = None, answer_delay_s: float = 0.0) -> None:
        if baudrate is not None and baudrate <= 0:
            raise ParameterError("baudrate", "more than zero", baudrate, "Say 9600, or leave it out.")
        self._octet_s = BITS_PER_OCTET / baudrate if baudrate else 0.0
        self._answer_delay_s = answer_delay_s
        self._due: list[tuple[float, int, bytes]] = []
        self._numbers = itertools.count()
        self.clear()

    @property
    def next_s(self) -> float | None:
        """When the next octets are due; None: nothing is left to say."""
        return self._due[0][0] if self._due else None

    def clear(self) -> None:
        """Forget what is due, and what has passed."""
        self._due.clear()
        self._passed_s = -math.inf
        self._silent_from_s: dict[int, float] = {}

    def hear(self, count: int, now_s: float) -> None:
        """Let so many octets of the asker pass, from now on or behind those before."""
        if count:
            self._passed_s = max(self._passed_s, now_s) + count * self._octet_s

    def say(
        self, pieces: Iterable[Piece], request_length: int, now_s: float, *, speaker: int | None = None
    ) -> None:
        """Put the pieces of one answer on the wire, as answer to a request that has just been heard.

        They keep their order where their times would overlap. A slave does one thing after the other, so they
        also wait for what the same speaker still has to say; the answers of others they do not wait for.

        Args:
            pieces: what is said, and when.
            request_length: octets of the request.
            now_s: when its last octet was read.
            speaker: the address of who says them; None: somebody who has said nothing before.
        """
        complete_s = max(self._passed_s, now_s)
        begun_s = complete_s - request_length * self._octet_s
        timed = [
            (
                (begun_s if piece.by_adapter else complete_s + self._answer_delay_s)
                + max(0.0, piece.delay_s),
                piece.octets,
                piece.by_adapter,
            )
            for piece in pieces
        ]
        said_s = begun_s
        for start_s, octets, by_adapter in sorted(timed, key=lambda piece: piece[0]):
            if not by_adapter and speaker is not None:
                said_s = max(said_s, self._silent_from_s.get(speaker, -math.inf))
            said_s = self._schedule(max(start_s, said_s), octets)
        if speaker is not None:
            self._silent_from_s[speaker] = said_s

    def due(self, now_s: float) -> bytes:
        """Take off the wire what can be heard by now."""
        octets = b""
        while self._due and self._due[0][0] <= now_s:
            octets += heapq.heappop(self._due)[2]
        return octets

    def _schedule(self, start_s: float, octets: bytes) -> float:
        """Enter the portions of a piece, each for the time its last octet has passed; returns its end."""
        size = max(1, int(CHUNK_S / self._octet_s) if self._octet_s else len(octets))
        for place in range(0, len(octets), size):
            portion = octets[place : place + size]
            passed_s = start_s + (place + len(portion)) * self._octet_s
            heapq.heappush(self._due, (passed_s, next(self._numbers), portion))
        return start_s + len(octets) * self._octet_s
