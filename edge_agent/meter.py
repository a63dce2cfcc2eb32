"""One meter on its line: a poll asks for its blocks and decodes them, or says why not."""

import time
from typing import NamedTuple, Protocol

from edge_agent.bus import ILLEGAL_ADDRESS, BusError
from edge_agent.config import ConfiguredDevice
from edge_agent.decode import decode
from edge_agent.plan import plan_blocks
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
    """

    device: str
    kind: Kind
    at_ms: int
    quality: Quality
    why: Why | None
    values: dict[str, float]
    text: str = ""


def boot_ms() -> int:
    """Milliseconds since the box started; goes on in sleep and never jumps."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


class Meter:
    """A configured device on a line."""

    def __init__(self, device: ConfiguredDevice, line: Line) -> None:
        self.id = device.settings.id
        self.kind = device.profile.kind
        self._device = device
        self._line = line
        self._blocks = plan_blocks(device.profile)

    def poll(self) -> Poll:
        """Ask for everything once."""
        try:
            registers = self._registers()
        except BusError as error:
            if error.exception_code == ILLEGAL_ADDRESS:
                # Some models leave the registers between ours out: ask without the gaps from now on.
                self._blocks = plan_blocks(self._device.profile, max_gap=0)
            return Poll(self.id, self.kind, boot_ms(), "missing", error.why, {}, str(error))
        at_ms = boot_ms()
        decoded = decode(self._device.profile, self._device.factors, registers)
        quality: Quality = "good" if decoded.why is None else "suspect"
        return Poll(self.id, self.kind, at_ms, quality, decoded.why, decoded.values)

    def _registers(self) -> dict[int, int]:
        registers: dict[int, int] = {}
        function = self._device.profile.request.function
        for block in self._blocks:
            words = self._line.read(self._device.settings.unit_id, function, block.address, block.size)
            registers.update(zip(range(block.address, block.end), words, strict=True))
        return registers
