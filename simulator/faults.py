"""A catalogue of what goes wrong on a serial line: each function makes a fault for a `PtyLine`.

A fault sees a request and the right answer to it, and says what goes over the wire instead. Requests that no
slave would answer it never sees.
"""

import random
import struct

from simulator.errors import ParameterError
from simulator.slave import is_intact, seal
from simulator.wire import Fault, Piece

LONGEST_S = 3600.0
MOST_REGISTERS = 127
"""More do not fit into the octet that counts them."""
_EXCEPTION_BIT = 0x80


def none() -> Fault:
    """The line is well: every answer goes out as it is."""
    return lambda _request, answer: answer


def silence() -> Fault:
    """Nobody answers: no power, a broken wire, A and B swapped, another baud rate or address."""
    return lambda _request, _answer: None


def late(seconds: float) -> Fault:
    """The whole right answer comes so many seconds after its request: a busy meter, or a radio between.

    RTU has no transaction number: who has asked something else by then may take it for that answer.

    Raises:
        ParameterError: not 0 to 3600 s.
    """
    delay_s = _in_range("seconds", seconds, 0.0, LONGEST_S)
    return lambda _request, answer: (Piece(delay_s, answer),)


def half_frame() -> Fault:
    """The first half of the answer comes, the rest never: a meter that restarts, a wire that comes loose."""
    return lambda _request, answer: answer[: len(answer) // 2]


def late_half(seconds: float = 0.1) -> Fault:
    """The second half of the answer begins so many seconds after the request: a gap in the frame.

    Adapters and radios that pass on what they have in blocks do that; by the standard a gap of 1.5 characters
    already spoils the frame.

    Raises:
        ParameterError: not 0 to 3600 s.
    """
    delay_s = _in_range("seconds", seconds, 0.0, LONGEST_S)

    def fault(_request: bytes, answer: bytes) -> tuple[Piece, ...]:
        half = len(answer) // 2
        return Piece(0.0, answer[:half]), Piece(delay_s, answer[half:])

    return fault


def bad_crc() -> Fault:
    """The answer's last octet, the checksum's high one, is wrong: all its bits are turned over."""
    return lambda _request, answer: answer[:-1] + bytes((answer[-1] ^ 0xFF,))


def flipped_bit(bit: int = 39) -> Fault:
    """One bit is turned over by a disturbance, and the checksum is as the meter made it.

    Bits are counted from 0, the lowest of the first octet; 39 is the highest of the first register's low
    octet. The count goes round where the answer is shorter.

    Raises:
        ParameterError: not 0 to 2047.
    """
    _in_range("bit", bit, 0, 8 * 256 - 1)

    def fault(_request: bytes, answer: bytes) -> bytes:
        octets = bytearray(answer)
        octets[bit // 8 % len(octets)] ^= 1 << bit % 8
        return bytes(octets)

    return fault


def junk_before(octets: bytes = b"\xff") -> Fault:
    """Octets nobody sent stand before the answer, mostly FF or 00.

    The bias resistors are missing, or the transmitter is switched on too early.
    """
    return lambda _request, answer: octets + answer


def junk_after(octets: bytes = b"\x00") -> Fault:
    """Octets nobody sent stand behind the answer: the transmitter lets go, and the line floats."""
    return lambda _request, answer: answer + octets


def echo() -> Fault:
    """The adapter hears itself: the request comes back at once, then the answer."""
    return lambda request, answer: (Piece(0.0, request, by_adapter=True), Piece(0.0, answer))


def echo_only() -> Fault:
    """The adapter hears itself, and no slave answers."""
    return lambda request, _answer: (Piece(0.0, request, by_adapter=True),)


def other_unit(unit_id: int | None = None) -> Fault:
    """A slave answers under another address: two have changed places, or one has been set wrongly.

    Without a number it is the address after the one that was asked. To the unit of this very number the
    answer is right.

    Raises:
        ParameterError: not 0 to 255.
    """
    if unit_id is not None:
        _in_range("unit_id", unit_id, 0, 255)

    def fault(_request: bytes, answer: bytes) -> bytes:
        said = answer[0] % 247 + 1 if unit_id is None else unit_id
        return seal(bytes((said,)) + answer[1:-2])

    return fault


def exception(code: int) -> Fault:
    """The slave refuses, with a code that says why.

    1 it lacks the function, 2 the address, 3 the value is wrong, 4 it failed, 5 it works on it, 6 it is busy,
    8 its memory is broken, 10 and 11 come from a gateway: no way, nobody there.

    Raises:
        ParameterError: not 1 to 11.
    """
    _in_range("code", code, 1, 11)
    return lambda request, _answer: seal(bytes((request[0], request[1] | _EXCEPTION_BIT, code)))


def wrong_length(by: int) -> Fault:
    """The answer is whole, but has so many registers more than were asked for, or fewer (a negative number).

    It is what the late answer to another question looks like. Registers too many are zeros; there are never
    fewer than none nor more than 127. An exception passes as it is.

    Raises:
        ParameterError: 0, or more than 127 either way.
    """
    if by == 0 or abs(by) > MOST_REGISTERS:
        raise ParameterError("by", "-127 to 127 and not 0", by, "Say -1 for one register too few.")

    def fault(_request: bytes, answer: bytes) -> bytes:
        if answer[1] & _EXCEPTION_BIT:
            return answer
        octets = 2 * min(max(answer[2] // 2 + by, 0), MOST_REGISTERS)
        values = answer[3:-2].ljust(octets, b"\x00")[:octets]
        return seal(struct.pack("BBB", answer[0], answer[1], octets) + values)

    return fault


def wrong_function(function: int | None = None) -> Fault:
    """The answer names another function than the request; without a number, the other one that reads.

    Careless slaves do it, and so does the late answer to another question. An exception keeps its mark.

    Raises:
        ParameterError: not 1 to 127.
    """
    if function is not None:
        _in_range("function", function, 1, 127)

    def fault(request: bytes, answer: bytes) -> bytes:
        said = (3 if request[1] == 4 else 4) if function is None else function
        return seal(bytes((answer[0], said | answer[1] & _EXCEPTION_BIT)) + answer[2:-2])

    return fault


def noise(octets: int = 32, seed: int = 0) -> Fault:
    """Chance octets come instead of the answer, others each time, never an intact frame.

    The baud rate or parity is wrong, or a motor's cable lies beside the bus.

    Raises:
        ParameterError: not 1 to 1024 octets.
    """
    _in_range("octets", octets, 1, 1024)
    chance = random.Random(seed)  # noqa: S311 - chance that repeats itself

    def fault(_request: bytes, _answer: bytes) -> bytes:
        said = chance.randbytes(octets)
        while is_intact(said):
            said = chance.randbytes(octets)
        return said

    return fault


def slow(seconds: float = 0.02) -> Fault:
    """The right answer comes octet by octet, with so many seconds from one to the next.

    A converter is overloaded; to a strict reader each pause ends a frame.

    Raises:
        ParameterError: not 0 to 3600 s.
    """
    pause_s = _in_range("seconds", seconds, 0.0, LONGEST_S)
    return lambda _request, answer: tuple(
        Piece(place * pause_s, answer[place : place + 1]) for place in range(len(answer))
    )


def _in_range(place: str, value: float, low: float, high: float) -> float:
    """The value, which lies in a range; not-a-number lies in none."""
    if not low <= value <= high:
        raise ParameterError(place, f"{low:g} to {high:g}", value, "Choose one of this range.")
    return value
