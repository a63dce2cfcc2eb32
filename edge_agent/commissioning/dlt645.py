"""Frames of DL/T 645-2007, the other language of Chinese power meters: as far as to tell who speaks it; pure.

`68 A0 ... A5 68 C L DATA CS 16`: the address is six octets of two decimal digits each, the lowest first; 33h
is added to every octet of the data; CS is the sum of all octets before it. Up to four FE may wake the
receiver first.
"""

from collections.abc import Iterator
from typing import NamedTuple

_BEGIN = 0x68
_END = 0x16
_WAKE = b"\xfe" * 4
_ADDRESS_OCTETS = 6
_DATA_AT = 10
_AROUND = 12
_ADDED = 0x33
_MOST_DATA = 200
_ANYBODY = "A" * 12
_READ_ADDRESS_CONTROL = 0x13


class Frame(NamedTuple):
    """An intact frame.

    Attributes:
        address: the meter's twelve digits; other than digits where it stands for several meters.
        control: what it is; 80h is set in what a meter says.
        data: without the 33h.
    """

    address: str
    control: int
    data: bytes = b""

    @property
    def octets(self) -> bytes:
        """As it goes over the wire, without the waking octets."""
        address = bytes.fromhex(self.address)[::-1]
        data = bytes((octet + _ADDED) & 0xFF for octet in self.data)
        head = bytes((_BEGIN, *address, _BEGIN, self.control, len(data)))
        return head + data + bytes((sum(head + data) & 0xFF, _END))


READ_ADDRESS = _WAKE + Frame(_ANYBODY, _READ_ADDRESS_CONTROL).octets
"""Asks whoever is alone on the line for the communication address; a pure read."""


def frames_in(octets: bytes) -> Iterator[Frame]:
    """All intact frames among the octets, in their order."""
    place = 0
    while (place := octets.find(_BEGIN, place)) >= 0:
        frame = _frame_at(octets[place : place + _AROUND + _MOST_DATA])
        if frame:
            yield frame
        place += len(frame.octets) if frame else 1


def addresses_in(octets: bytes) -> list[str]:
    """The meters' addresses that intact frames among the octets name."""
    return [frame.address for frame in frames_in(octets) if frame.address.isdecimal()]


def _frame_at(octets: bytes) -> Frame | None:
    if len(octets) < _AROUND or octets[7] != _BEGIN:
        return None
    end = _DATA_AT + octets[9]
    if octets[9] > _MOST_DATA or len(octets) < end + 2 or octets[end + 1] != _END:
        return None
    if sum(octets[:end]) & 0xFF != octets[end]:
        return None
    address = octets[1 : 1 + _ADDRESS_OCTETS][::-1].hex().upper()
    return Frame(address, octets[8], bytes((octet - _ADDED) & 0xFF for octet in octets[_DATA_AT:end]))
