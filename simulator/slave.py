"""Modbus RTU as a meter speaks it: request frames in, answer frames out, silence where a meter is silent.

Written from "Modbus over Serial Line" V1.02 and "Modbus Application Protocol" V1.1b3 (modbus.org). Reads only
(FC03, FC04); every other function is answered with exception 1. Pure: no port, no clock; time is an argument.
"""

import struct
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from simulator.errors import ParameterError

READ_FUNCTIONS = frozenset({3, 4})
MAX_COUNT = 125
ILLEGAL_FUNCTION = 1
ILLEGAL_ADDRESS = 2
ILLEGAL_VALUE = 3
SILENCE_S = 0.02
"""A pause this long ends a frame. The standard's 3.5 characters (4 ms at 9600 baud) are less than a busy
operating system can keep."""
MAX_FRAME = 256
_MIN_FRAME = 4

Registers = Callable[[], Mapping[int, int] | None]
"""Yields a slave's registers at the moment of the question; None: it has no power and is mute."""
Served = Callable[[int, int, int, tuple[int, ...]], None]
"""Told of every good answer: unit id, address, count, the registers sent."""


def crc16(frame: bytes) -> int:
    """CRC-16/MODBUS (polynomial 0xA001 reflected, start 0xFFFF); sent low byte first."""
    crc = 0xFFFF
    for octet in frame:
        crc = (crc >> 8) ^ _CRC_TABLE[(crc ^ octet) & 0xFF]
    return crc


def seal(body: bytes) -> bytes:
    """Append the CRC to a frame's body."""
    return body + struct.pack("<H", crc16(body))


def is_intact(frame: bytes) -> bool:
    """Tell whether a frame is long enough and its CRC fits."""
    return len(frame) >= _MIN_FRAME and frame[-2:] == struct.pack("<H", crc16(frame[:-2]))


class Slave:
    """One meter on the line.

    Attributes:
        unit_id: its Modbus address, 1 to 247.
        functions: the read functions its registers answer to.
    """

    def __init__(
        self,
        unit_id: int,
        registers: Registers,
        *,
        functions: Iterable[int] = READ_FUNCTIONS,
        served: Served | None = None,
    ) -> None:
        if not 1 <= unit_id <= 247:
            raise ParameterError("unit_id", "1 to 247", unit_id, "Choose an address of the Modbus range.")
        self.unit_id = unit_id
        self.functions = frozenset(functions)
        self._registers = registers
        self._served = served

    def answer(self, request: bytes) -> bytes | None:
        """Answer one whole frame; None: stay silent (bad CRC, someone else's, or no power)."""
        if not is_intact(request) or request[0] != self.unit_id:
            return None
        image = self._registers()
        if image is None:
            return None
        code = self._fault_in(request, image)
        if code:
            return seal(bytes((self.unit_id, request[1] | 0x80, code)))
        address, count = struct.unpack(">HH", request[2:6])
        registers = tuple(image[cell] for cell in range(address, address + count))
        if self._served:
            self._served(self.unit_id, address, count, registers)
        return seal(struct.pack(f">BBB{count}H", self.unit_id, request[1], 2 * count, *registers))

    def _fault_in(self, request: bytes, image: Mapping[int, int]) -> int:
        """Exception code a request deserves, checked in the standard's order; 0: none."""
        if request[1] not in self.functions:
            return ILLEGAL_FUNCTION
        if len(request) != 8:
            return ILLEGAL_VALUE
        address, count = struct.unpack(">HH", request[2:6])
        if not 1 <= count <= MAX_COUNT:
            return ILLEGAL_VALUE
        if any(cell not in image for cell in range(address, address + count)):
            return ILLEGAL_ADDRESS
        return 0


class Exchange(NamedTuple):
    """An intact request seen on the line, and what its slave answers (None: nobody does)."""

    request: bytes
    answer: bytes | None


class Line:
    """Several slaves on one pair of wires, and the assembler that finds frames in the byte stream."""

    def __init__(self, slaves: Iterable[Slave]) -> None:
        self._slaves: dict[int, Slave] = {}
        for slave in slaves:
            if slave.unit_id in self._slaves:
                raise ParameterError(
                    "unit_id", "unique on its line", slave.unit_id, "Give each slave its own."
                )
            self._slaves[slave.unit_id] = slave
        self._buffer = bytearray()
        self._heard_s = 0.0

    @property
    def is_mid_frame(self) -> bool:
        """Bytes wait for the rest of their frame, or for the silence that ends it."""
        return bool(self._buffer)

    def tuned(self, baudrate: int, stopbits: int) -> None:
        """Know how the asker has opened the line; these slaves understand every speed."""

    def speaker(self, exchange: Exchange) -> int | None:
        """Who answers: each slave says one thing after the other."""
        return exchange.request[0]

    def receive(self, octets: bytes, now_s: float) -> list[Exchange]:
        """Take bytes as they come (none: only time has passed) and answer the frames they complete.

        Garbage before or between frames is dropped; what has not become a frame when the line has been
        silent for `SILENCE_S` is dropped as well, unless it is an intact frame of a function whose length is
        not known.
        """
        exchanges = []
        if self._buffer and now_s - self._heard_s >= SILENCE_S:
            ended = bytes(self._buffer)
            self._buffer.clear()
            if is_intact(ended):
                exchanges.append(self._exchange(ended))
        if octets:
            self._heard_s = now_s
            self._buffer += octets
        while (request := self._take()) is not None:
            exchanges.append(self._exchange(request))
        return exchanges

    def _exchange(self, request: bytes) -> Exchange:
        slave = self._slaves.get(request[0])
        return Exchange(request, slave.answer(request) if slave else None)

    def _take(self) -> bytes | None:
        """Cut the first intact frame out of the buffer, and everything before it away."""
        for start in range(len(self._buffer) - _MIN_FRAME + 1):
            length = _frame_length(self._buffer[start:])
            frame = bytes(self._buffer[start : start + length]) if length else b""
            if len(frame) == length and is_intact(frame):
                del self._buffer[: start + length]
                return frame
        del self._buffer[:-MAX_FRAME]
        return None


def _frame_length(start: bytes | bytearray) -> int:
    """Length of the request that starts so; 0: not known (yet)."""
    if 1 <= start[1] <= 6:
        return 8
    if start[1] in (15, 16) and len(start) > 6:
        return 9 + start[6]
    return 0


def _crc_of_octet(octet: int) -> int:
    for _ in range(8):
        octet = (octet >> 1) ^ (0xA001 if octet & 1 else 0)
    return octet


_CRC_TABLE = tuple(_crc_of_octet(octet) for octet in range(256))
