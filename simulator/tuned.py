"""Several speakers on one pair of wires, each with its own speed and framing, and a few who speak otherwise.

Who hears a question in settings that are not its own answers nothing, or noise now and then. Several may
answer one question; they speak into each other on a paced line, and one after the other where there is no
pace. Pure: no port, no clock.

A pseudo-terminal keeps the speed and the stop bits of who has opened it, but no parity: `TunedLine.parity` is
for the asker to say.
"""

import random
from collections.abc import Iterable
from typing import Literal, NamedTuple, Protocol

from simulator.slave import SILENCE_S, Exchange, Line, Slave, is_intact, seal

Parity = Literal["N", "E", "O"]


class Tuning(NamedTuple):
    """Speed (baud), parity and stop bits."""

    baudrate: int = 9600
    parity: Parity = "N"
    stopbits: int = 1


class Speaker(Protocol):
    """Somebody on the wires; `simulator.slave.Line` is one, too."""

    @property
    def is_mid_frame(self) -> bool:
        """Whether octets wait for the rest of their frame."""

    def receive(self, octets: bytes, now_s: float) -> list[Exchange]:
        """Hear octets, and answer."""


class TunedLine:
    """Speakers that understand only their own settings; to be served by a `PtyLine`.

    `wrong` says what comes of a question in other settings: silence; noise now and then; or, where only the
    parity is another, a meter that does not mind, and whose answer is misread.

    Attributes:
        parity: in which the asker speaks, for he alone knows.
    """

    def __init__(
        self,
        speakers: Iterable[tuple[Tuning, Slave | Speaker]],
        *,
        wrong: Literal["silence", "noise", "garbled"] = "silence",
    ) -> None:
        self.parity: Parity = "N"
        self._speakers = [
            (tuning, Line([each]) if isinstance(each, Slave) else each) for tuning, each in speakers
        ]
        self._wrong = NoiseForAll(every=3) if wrong == "noise" else None
        self._garbled = wrong == "garbled"
        self._speed = (9600, 1)

    @property
    def is_mid_frame(self) -> bool:
        """Whether octets wait for the rest of their frame."""
        return any(each.is_mid_frame for _, each in self._speakers)

    def tuned(self, baudrate: int, stopbits: int) -> None:
        """Know how the asker has opened the line."""
        self._speed = (baudrate, stopbits)

    def speaker(self, exchange: Exchange) -> int | None:  # noqa: ARG002 - a `Wires`
        """Nobody waits for another: two of one address answer at once."""
        return None

    def receive(self, octets: bytes, now_s: float) -> list[Exchange]:
        """Let everybody hear; returns what they answer."""
        said = []
        baudrate, stopbits = self._speed
        spoken = Tuning(baudrate, self.parity, stopbits)
        for tuning, each in self._speakers:
            if tuning == spoken:
                exchanges = each.receive(octets, now_s)
            elif self._wrong:
                exchanges = self._wrong.receive(octets, now_s)
            elif self._garbled and tuning.baudrate == baudrate:
                exchanges = [_misread(each) for each in each.receive(octets, now_s)]
            else:
                exchanges = []
            said += [exchange for exchange in exchanges if exchange.answer]
        return said


def _misread(exchange: Exchange) -> Exchange:
    """Octets with even parity, heard without: a parity bit of 0 is no stop bit, and the octet reads 0."""
    if exchange.answer is None:
        return exchange
    return exchange._replace(answer=bytes(each if each.bit_count() % 2 else 0 for each in exchange.answer))


class NoiseForAll:
    """Wires A and B changed places, or a wrong speed: whatever is asked, noise comes, never a frame.

    Args:
        octets: how many come.
        every: after every so many questions.
        seed: of the noise.
    """

    is_mid_frame = False

    def __init__(self, octets: int = 7, *, every: int = 1, seed: int = 0) -> None:
        self._octets = octets
        self._every = every
        self._heard = 0
        self._chance = random.Random(seed)  # noqa: S311 - chance that repeats itself

    def receive(self, octets: bytes, now_s: float) -> list[Exchange]:  # noqa: ARG002 - a `Speaker`
        """Answer noise, if it is time."""
        self._heard += bool(octets)
        if not octets or self._heard % self._every:
            return []
        noise = self._chance.randbytes(self._octets)
        while is_intact(noise) or is_intact(noise[:5]):
            noise = self._chance.randbytes(self._octets)
        return [Exchange(octets, noise)]


class ForeignMaster:
    """Another master on the wires: it asks after every so many questions of ours, and is answered."""

    is_mid_frame = False

    def __init__(self, unit_id: int = 9, *, every: int = 5) -> None:
        question = seal(bytes((unit_id, 3, 0x20, 0, 0, 6)))
        self._says = question + seal(bytes((unit_id, 3, 12)) + bytes(range(12)))
        self._every = every
        self._heard = 0

    def receive(self, octets: bytes, now_s: float) -> list[Exchange]:  # noqa: ARG002 - a `Speaker`
        """Count the question, and speak if it is time."""
        self._heard += bool(octets)
        if not octets or self._heard % self._every:
            return []
        return [Exchange(octets, self._says)]


class Dlt645Meter:
    """A power meter in DL/T 645 mode: mute to Modbus, it tells its address to who asks in its language.

    Attributes:
        address: twelve digits.
    """

    _ASKED = bytes.fromhex("68 AA AA AA AA AA AA 68 13 00 DF 16")

    def __init__(self, address: str = "202611220001") -> None:
        self.address = address
        self._heard = b""
        self._heard_s = 0.0

    @property
    def is_mid_frame(self) -> bool:
        """Whether octets wait for the rest of their frame."""
        return bool(self._heard)

    def receive(self, octets: bytes, now_s: float) -> list[Exchange]:
        """Answer to who asks for the address."""
        if now_s - self._heard_s >= SILENCE_S:
            self._heard = b""
        self._heard += octets
        self._heard_s = now_s if octets else self._heard_s
        if self._ASKED not in self._heard:
            return []
        heard, self._heard = self._heard, b""
        address = bytes.fromhex(self.address)[::-1]
        data = bytes((octet + 0x33) & 0xFF for octet in address)
        frame = b"\x68" + address + b"\x68\x93\x06" + data
        return [Exchange(heard, b"\xfe" * 4 + frame + bytes((sum(frame) & 0xFF, 0x16)))]
