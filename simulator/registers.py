"""The two meters' register images, written from the makers' tables and from nothing else in this project.

Addresses are 0-based wire addresses; every 32-bit value is big-endian, high word first (ABCD).

* CHINT DTSU666: FC03, floats that carry scaled whole numbers (230.1 V arrives as 2301.0). Sources: the Chint
  manual (easymanua.ls/chint/dtsu666-ct/manual?p=13), volkszaehler/mbmd `meters/rs485/dtsu666.go`, and
  docs.smart-stuff.nl, DTSU666 emulation (parameter page).
* Micro Sensor MFE600, the general table of Chinese electromagnetic converters: FC03 or FC04.
  Sources: manualshive microsensor/mfe600c p.18-21, manualslib MFE600E p.22-24.
"""

import math
import struct
from collections.abc import Iterable

from simulator.life import Snapshot

Image = dict[int, int]
"""What a meter's registers hold: address to 16-bit word."""

DTSU666_PAGES = (range(0x002F), range(0x101E, 0x1030), range(0x2000, 0x2050))
"""Readable blocks: parameters, energy, momentary values; cells without a meaning read 0."""
MFE600_PAGE = range(0x25)

FLOW_UNIT_M3H = 2
TOTAL_UNIT_M3 = 0
HIGH_PART_M3 = 1_000_000_000
"""Forward total = high part x this + low part + fraction."""
BORE_MM = 65.0
RANGE_M3H = 20.0
ELECTRODE_KOHM = 42.0

_PROTOCOL_8N1 = 3
_BAUD_9600 = 3


def dtsu666(snapshot: Snapshot, *, unit_id: int = 1) -> Image:
    """Encode what a directly connected DTSU666 (CT and PT ratio 1) shows at this moment."""
    image = {address: 0 for page in DTSU666_PAGES for address in page}
    image |= {
        0x0000: 204,  # software version
        0x0001: 701,  # programming code
        0x0006: 1,  # current transformer ratio
        0x0007: 10,  # voltage transformer ratio, x0.1
        0x002C: _PROTOCOL_8N1,
        0x002D: _BAUD_9600,
        0x002E: unit_id,
    }
    seen = snapshot.electricity
    first_v, second_v, third_v = seen.voltage_v
    line_v = (_line_v(first_v, second_v), _line_v(second_v, third_v), _line_v(third_v, first_v))
    _put_scaled(image, 0x2000, line_v, per_unit=10)
    _put_scaled(image, 0x2006, seen.voltage_v, per_unit=10)
    _put_scaled(image, 0x200C, seen.current_a, per_unit=1000)
    _put_scaled(image, 0x2012, (seen.active_power_kw, *seen.power_kw), per_unit=10_000)
    _put_scaled(image, 0x201A, (sum(seen.reactive_kvar), *seen.reactive_kvar), per_unit=10_000)
    _put_scaled(image, 0x202A, (seen.power_factor, *seen.phase_power_factor), per_unit=1000)
    _put_scaled(image, 0x2044, (seen.frequency_hz,), per_unit=100)
    for place, energy_kwh in enumerate((snapshot.energy_kwh, *snapshot.phase_energy_kwh)):
        _put_float(image, 0x101E + 2 * place, energy_kwh)
    return image


def mfe600(snapshot: Snapshot) -> Image:
    """Encode what an MFE600 of 65 mm bore, set to m3/h and m3, shows at this moment; nothing flows back."""
    image = dict.fromkeys(MFE600_PAGE, 0)
    whole_m3 = math.floor(snapshot.volume_m3)
    high, low = divmod(whole_m3, HIGH_PART_M3)
    fraction_m3 = _below_one(snapshot.volume_m3 - whole_m3)
    velocity_m_s = snapshot.flow_m3h / 3600 / (math.pi * (BORE_MM / 2000) ** 2)
    _put_float(image, 0x00, snapshot.flow_m3h)
    image[0x02] = FLOW_UNIT_M3H
    _put_words(image, 0x03, struct.pack(">i", low))
    _put_float(image, 0x05, fraction_m3)
    image[0x07] = image[0x0C] = TOTAL_UNIT_M3
    _put_float(image, 0x12, velocity_m_s)
    _put_float(image, 0x14, 100 * snapshot.flow_m3h / RANGE_M3H)
    _put_float(image, 0x16, ELECTRODE_KOHM)
    _put_float(image, 0x18, BORE_MM)
    _put_words(image, 0x1A, struct.pack(">i", high))
    _put_words(image, 0x1E, struct.pack(">q", whole_m3))
    _put_float(image, 0x22, fraction_m3)
    return image


def _line_v(one_v: float, other_v: float) -> float:
    """Voltage between two phases 120 degrees apart."""
    return math.sqrt(one_v * one_v + other_v * other_v + one_v * other_v)


def _below_one(fraction: float) -> float:
    """Keep a fraction from becoming 1.0 when it is rounded to 24 bits."""
    return min(fraction, 1 - 2**-24)


def _put_scaled(image: Image, address: int, values: Iterable[float], *, per_unit: int) -> None:
    """Write values side by side, each as the float of a whole number of steps."""
    for place, value in enumerate(values):
        _put_float(image, address + 2 * place, float(round(value * per_unit)))


def _put_float(image: Image, address: int, value: float) -> None:
    _put_words(image, address, struct.pack(">f", value))


def _put_words(image: Image, address: int, octets: bytes) -> None:
    for place, (word,) in enumerate(struct.iter_unpack(">H", octets)):
        image[address + place] = word
