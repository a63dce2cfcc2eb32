"""One meter on its line: a poll asks for its blocks and decodes them, or says why not."""

import time
from collections import defaultdict
from typing import NamedTuple, Protocol

from edge_agent.config import ConfiguredDevice
from edge_agent.decode import Registers, decode
from edge_agent.listener import ILLEGAL_ADDRESS, BusError
from edge_agent.plan import Block, plan_blocks
from telemetry.quantities import Kind
from telemetry.reading import Quality, Why


class Line(Protocol):
    """What a meter needs of its line."""

    def read(self, unit_id: int, function: int, address: int, count: int) -> list[int]:
        """Read registers, or raise BusError."""


class Poll(NamedTuple):
    """The outcome of one poll.

    Attributes:
        at_ms: when its last answer (or failure) came, on the monotonic clock.
        text: for people, when nothing came.
        alarms: what the meter says of itself, for people.
    """

    device: str
    kind: Kind
    at_ms: int
    quality: Quality
    why: Why | None
    values: dict[str, float]
    text: str = ""
    alarms: tuple[str, ...] = ()


def boot_ms() -> int:
    """Milliseconds since the box started; goes on in sleep and never jumps."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


class Meter:
    """A configured device on a line.

    Some meters of a family leave registers out. One that refuses an address is asked without the gaps at once
    and from then on; a block that it refuses even so is left out, as long as others are answered.
    """

    def __init__(self, device: ConfiguredDevice, line: Line) -> None:
        self.id = device.settings.id
        self.kind = device.profile.kind
        self._device = device
        self._line = line
        self._plan = plan_blocks(device.profile)
        self._plan_without_gaps = plan_blocks(device.profile, max_gap=0)
        self._without_gaps = False

    def poll(self) -> Poll:
        """Ask for everything once; a refused address once more, in another way."""
        try:
            registers = self._registers()
        except BusError as error:
            return Poll(self.id, self.kind, boot_ms(), "missing", error.why, {}, str(error))
        at_ms = boot_ms()
        decoded = decode(self._device.profile, self._device.factors, registers)
        quality: Quality = "good" if decoded.why is None else "suspect"
        alarms = tuple(self._device.profile.alarm[name].text for name in decoded.alarms)
        return Poll(self.id, self.kind, at_ms, quality, decoded.why, decoded.values, alarms=alarms)

    def _registers(self) -> Registers:
        if not self._without_gaps:
            try:
                return self._read(self._plan)
            except BusError as error:
                if error.exception_code != ILLEGAL_ADDRESS:
                    raise
        registers = self._read(self._plan_without_gaps, may_refuse=True)
        self._without_gaps = True
        return registers

    def _read(self, blocks: list[Block], *, may_refuse: bool = False) -> Registers:
        """Ask for the blocks, as far as they are not refused if they may be.

        Raises:
            BusError: an answer failed, or all was refused.
        """
        registers: defaultdict[int, dict[int, int]] = defaultdict(dict)
        refusal: BusError | None = None
        for block in blocks:
            try:
                words = self._line.read(
                    self._device.settings.unit_id, block.function, block.address, block.size
                )
            except BusError as error:
                if not may_refuse or error.exception_code != ILLEGAL_ADDRESS:
                    raise
                refusal = error
                continue
            registers[block.function].update(enumerate(words, block.address))
        if refusal is not None and not registers:
            raise refusal
        return registers
