"""What a target of hostile input is: valid messages, and what must hold whatever stands in their place."""

from collections.abc import Callable, Iterable
from functools import cache
from random import Random
from typing import NamedTuple

from hostile_mutation import mutated


class Target(NamedTuple):
    """A decoder of foreign bytes.

    Attributes:
        name: as `--only` calls it.
        seeds: makes valid messages.
        check: decodes bytes; raises whatever must not be raised, or AssertionError.
        examples: tried in the suite.
    """

    name: str
    seeds: Callable[[], tuple[bytes, ...]]
    check: Callable[[bytes], None]
    examples: int = 100

    def spoilt(self, seed: int) -> bytes:
        """The spoilt message of this number."""
        chance, seeds = Random(seed), made(self)
        return mutated(chance.choice(seeds), chance, seeds)


@cache
def made(target: Target) -> tuple[bytes, ...]:
    """The seeds of a target, made once."""
    return target.seeds()


def is_one_line(text: str) -> bool:
    """Whether a text keeps its line and moves no cursor."""
    return not any(letter in text for letter in "\n\r\x0b\x0c\x1b\x1c\x1d\x1e\x85\u2028\u2029\x00")


def assert_lines(lines: Iterable[str]) -> None:
    """Faults are told, each in one line of a length that a person reads."""
    told = list(lines)
    assert told, "refused without a word"
    for line in told:
        assert is_one_line(line), f"more than a line: {line!r}"
        assert len(line) < 4_000, f"too long: {len(line)} letters, {line[:200]!r}"
