"""A meter of known registers without any line, and how it takes questions for what it does not have."""

from collections.abc import Callable, Mapping
from typing import Literal

from known_bytes import registers_of

from edge_agent.listener import ILLEGAL_ADDRESS, BusError

Image = dict[int, dict[int, int]]
Elsewhere = Literal["refuses", "zeros", "ones", "silent"]
ELSEWHERE: tuple[Elsewhere, ...] = ("refuses", "zeros", "ones", "silent")
IDENTITY: dict[str, Image] = {
    "abb-b23": {3: {0x8960: 0x4232}},
    "schneider-iem3155": {3: {49: 0x6945, 50: 0x4D33}},
    "siemens-mag6000": {3: {600: 0x2A, 602: 24}},
    "endress-promag": {3: {4915: 3}},
}
"""What makers put into the registers that tell the model; the known bytes hold measured values only."""


def image_of(name: str, case: Mapping) -> Image:
    """The registers of a known case, with those that tell the model."""
    image = registers_of(dict(case))
    for function, words in IDENTITY.get(name, {}).items():
        image.setdefault(function, {}).update(words)
    return image


class MeterImage:
    """Answers from an image; keeps what it was asked.

    Attributes:
        fault: called before each answer; may raise or change the image.
    """

    def __init__(
        self,
        image: Mapping[int, Mapping[int, int]],
        elsewhere: Elsewhere = "refuses",
        *,
        is_one_memory: bool = False,
    ) -> None:
        self.asked: list[tuple[int, int, int]] = []
        self.fault: Callable[[tuple[int, int, int]], None] = lambda _question: None
        self.image = {function: dict(words) for function, words in image.items()}
        self._elsewhere = elsewhere
        self._is_one_memory = is_one_memory

    def read(self, unit_id: int, function: int, address: int, count: int) -> list[int]:
        """Registers, or a refusal, or silence."""
        assert unit_id == 7
        assert 1 <= count <= 125
        question = (function, address, count)
        self.asked.append(question)
        self.fault(question)
        words = self.image.get(function)
        if self._is_one_memory:
            words = {key: word for each in self.image.values() for key, word in each.items()}
        if words is None:
            raise BusError("device_exception", "illegal function", 1)
        wanted = range(address, address + count)
        if self._elsewhere in ("refuses", "silent") and not all(each in words for each in wanted):
            if self._elsewhere == "silent":
                raise BusError("no_response", "silent")
            raise BusError("device_exception", "illegal address", ILLEGAL_ADDRESS)
        return [words.get(each, 0 if self._elsewhere == "zeros" else 0xFFFF) for each in wanted]
