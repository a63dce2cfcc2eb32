"""Which registers to ask for in one go: few requests, and never a composed value torn over two."""

from typing import NamedTuple

from edge_agent.profile import Profile


class Block(NamedTuple):
    """One request: so many registers from an address on."""

    address: int
    size: int

    @property
    def end(self) -> int:
        """The address behind its last register."""
        return self.address + self.size


def plan_blocks(profile: Profile, max_gap: int | None = None) -> list[Block]:
    """Join the spans that the quantities need, by address, as far as size and gap allow.

    Args:
        profile: the meter's.
        max_gap: registers that may be asked for in vain between two spans; the profile's own if None.
    """
    gap = profile.request.max_gap if max_gap is None else max_gap
    spans = sorted(
        (min(cell.address for cell in value.cells), max(cell.end for cell in value.cells))
        for value in profile.quantity.values()
    )
    blocks: list[Block] = []
    for start, end in spans:
        if blocks:
            last = blocks[-1]
            joined = Block(last.address, max(last.end, end) - last.address)
            if start - last.end <= gap and joined.size <= profile.request.max_registers:
                blocks[-1] = joined
                continue
        blocks.append(Block(start, end - start))
    return blocks
