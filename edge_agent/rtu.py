"""Modbus RTU frames as a master that only reads sees them; pure.

Written from "Modbus over Serial Line" V1.02 and "Modbus Application Protocol" V1.1b3 (modbus.org).
"""

import struct
from typing import NamedTuple

REFUSED = 0x80
"""Set in the function code of an answer that is an exception."""
LONGEST_FRAME = 256
_SHORTEST_FRAME = 4
_READ_FUNCTIONS = (1, 2, 3, 4)
_WRITE_FUNCTIONS = (5, 6, 15, 16)
_EXCEPTION_BYTES = 5
_REQUEST_BYTES = 8


def crc16(octets: bytes) -> int:
    """CRC-16/MODBUS (polynomial 0x8005 reflected, start 0xFFFF); it is sent low byte first."""
    crc = 0xFFFF
    for octet in octets:
        crc = crc >> 8 ^ _CRC_OF[(crc ^ octet) & 0xFF]
    return crc


def is_intact(frame: bytes) -> bool:
    """Whether bytes are long enough for a frame, and their checksum fits."""
    return len(frame) >= _SHORTEST_FRAME and crc16(frame[:-2]) == frame[-2] | frame[-1] << 8


class Shape(NamedTuple):
    """All that an answer tells of its question: RTU has no transaction number."""

    unit_id: int
    function: int
    size: int


class Question(NamedTuple):
    """A request to read `size` registers from a 0-based address on."""

    unit_id: int
    function: int
    address: int
    size: int

    @property
    def shape(self) -> Shape:
        """What its answer will look like."""
        return Shape(self.unit_id, self.function, self.size)

    @property
    def frame(self) -> bytes:
        """Its bytes on the wire."""
        body = struct.pack(">BBHH", *self)
        return body + struct.pack("<H", crc16(body))


def first_frame(octets: bytes) -> bytes:
    """The intact frame that stands at the very beginning, or nothing.

    Knows the lengths of what may be heard on a line of meters: answers to reads, exceptions, and what other
    masters ask and write.
    """
    for length in _lengths(octets):
        frame = octets[:length]
        if len(frame) == length and is_intact(frame):
            return frame
    return b""


def shape_of(frame: bytes) -> Shape | None:
    """The shape of the question that this frame answers with registers; None if it is no such answer."""
    unit_id, function, size = frame[:3]
    if function not in _READ_FUNCTIONS or size % 2 or len(frame) != size + 5:
        return None
    return Shape(unit_id, function, size // 2)


def registers_of(frame: bytes) -> list[int]:
    """The registers of an answer to a read."""
    return [word for (word,) in struct.iter_unpack(">H", frame[3:-2])]


def _lengths(octets: bytes) -> tuple[int, ...]:
    """How long a frame that starts so may be."""
    if len(octets) < _SHORTEST_FRAME:
        return ()
    function = octets[1]
    if function & REFUSED:
        return (_EXCEPTION_BYTES,)
    if function in _READ_FUNCTIONS:
        return octets[2] + 5, _REQUEST_BYTES
    return (_REQUEST_BYTES,) if function in _WRITE_FUNCTIONS else ()


def _crc_of(octet: int) -> int:
    for _ in range(8):
        octet = octet >> 1 ^ (0xA001 if octet & 1 else 0)
    return octet


_CRC_OF = tuple(map(_crc_of, range(256)))
