"""MQTT 3.1.1 as far as a station needs it, after the standard's own pages: packets to bytes and back."""

import struct
from collections.abc import Iterator, Sequence

CONNACK, PUBLISH, SUBACK = 0x20, 0x30, 0x90
_FIRST_KIND = 0xF0
_QOS = 0x06


def connect(client_id: str) -> bytes:
    """A clean session without keep-alive: on loopback a dead broker shows at once."""
    return _packet(0x10, _text("MQTT") + bytes((4, 2)) + struct.pack("!H", 0) + _text(client_id))


def subscribe(topics: Sequence[str]) -> bytes:
    """Filters with QoS 0, under packet number 1."""
    return _packet(0x82, struct.pack("!H", 1) + b"".join(_text(topic) + b"\0" for topic in topics))


def publish(topic: str, payload: bytes, number: int, *, retain: bool = False) -> bytes:
    """A message with QoS 1 under a number of 1 to 65535."""
    return _packet(0x32 | retain, _text(topic) + struct.pack("!H", number) + payload)


def published(first: int, body: bytes) -> tuple[str, bytes]:
    """Topic and payload of a PUBLISH with QoS 0."""
    assert first & _QOS == 0, "subscribed with QoS 0"
    (length,) = struct.unpack_from("!H", body)
    return body[2 : 2 + length].decode(), body[2 + length :]


class Packets:
    """Cuts a stream of bytes into packets."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def of(self, data: bytes) -> Iterator[tuple[int, int, bytes]]:
        """Kind, first byte and body of each packet that is complete now."""
        self._rest += data
        while (found := self._head()) is not None:
            start, length = found
            if len(self._rest) < start + length:
                return
            first, body = self._rest[0], bytes(self._rest[start : start + length])
            del self._rest[: start + length]
            yield first & _FIRST_KIND, first, body

    def _head(self) -> tuple[int, int] | None:
        length = 0
        for place, byte in enumerate(self._rest[1:5]):
            length |= (byte & 0x7F) << 7 * place
            if byte < 0x80:
                return place + 2, length
        return None


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("!H", len(data)) + data


def _packet(first: int, body: bytes) -> bytes:
    length, rest = bytearray(), len(body)
    while True:
        rest, byte = rest >> 7, rest & 0x7F
        length.append(byte | (0x80 if rest else 0))
        if not rest:
            return bytes((first,)) + bytes(length) + body
