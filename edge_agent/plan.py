"""Which registers to ask for in one go: few requests, and never a composed value torn over two."""

from collections.abc import Iterable
from typing import NamedTuple

from edge_agent.profile import Cell, Profile


class Block(NamedTuple):
    """One request: so many registers from an address on, read with one Modbus function."""

    function: int
    address: int
    size: int

    @property
    def end(self) -> int:
        """The address behind its last register."""
        return self.address + self.size


def plan_blocks(profile: Profile, max_gap: int | None = None) -> list[Block]:
    """Join the spans that quantities and alarms need, in the order of their addresses.

    Args:
        profile: the meter's.
        max_gap: registers that may be asked for in vain between two spans; the profile's own if None.
    """
    gap = profile.request.max_gap if max_gap is None else max_gap
    blocks: list[Block] = []
    for span in sorted(set(_spans(profile))):
        if blocks:
            last = blocks[-1]
            joined = last._replace(size=max(last.end, span.end) - last.address)
            near = span.function == last.function and span.address - last.end <= gap
            if near and joined.size <= profile.request.max_registers:
                blocks[-1] = joined
                continue
        blocks.append(span)
    return blocks


def _spans(profile: Profile) -> Iterable[Block]:
    """What must come from one answer: the parts of a value; a unit or an alarm stands for itself."""
    usual = profile.request.function
    for value in profile.quantity.values():
        yield _span(value.function or usual, value.parts)
        if value.unit is not None:
            yield _span(value.function or usual, [value.unit])
    for alarm in profile.alarm.values():
        yield _span(alarm.function or usual, [alarm])


def _span(function: int, cells: Iterable[Cell]) -> Block:
    first = min(cell.address for cell in cells)
    return Block(function, first, max(cell.end for cell in cells) - first)
