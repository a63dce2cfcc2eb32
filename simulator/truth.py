"""What a correct reader must obtain from the two meters, in the units of the project's quantities.

Two ways to the same figures, neither of which uses the encoder: `truth_*` computes them from the life by
the meters' resolution (`shown_*`), `said_*` takes them from registers that went over the wire. A reader
may multiply by 0.1 where these divide by 10, so compare with a relative tolerance of 1e-9, not bit by
bit.
"""

import ctypes
import math
from collections.abc import Mapping

from simulator.life import Snapshot
from simulator.mains import Electricity

_SAID_BY_DTSU666 = {
    "active_power_kw": (0x2012, 10_000),
    "voltage_l1_v": (0x2006, 10),
    "voltage_l2_v": (0x2008, 10),
    "voltage_l3_v": (0x200A, 10),
    "current_l1_a": (0x200C, 1000),
    "current_l2_a": (0x200E, 1000),
    "current_l3_a": (0x2010, 1000),
    "power_factor": (0x202A, 1000),
    "frequency_hz": (0x2044, 100),
    "energy_kwh": (0x101E, 1),
}
"""Quantity: its address, and how many steps of the meter make one unit."""


def truth_dtsu666(snapshot: Snapshot) -> dict[str, float]:
    """Quantities of the power meter of a living station."""
    return shown_dtsu666(snapshot.electricity, snapshot.energy_kwh)


def truth_mfe600(snapshot: Snapshot) -> dict[str, float]:
    """Quantities of the flow meter of a living station."""
    return shown_mfe600(snapshot.flow_m3h, snapshot.volume_m3)


def shown_dtsu666(seen: Electricity, energy_kwh: float) -> dict[str, float]:
    """Quantities of the power meter: whole steps of its resolution; energy as a 32-bit float."""
    shown = {
        "active_power_kw": round(seen.active_power_kw * 10_000) / 10_000,
        "power_factor": round(seen.power_factor * 1000) / 1000,
        "frequency_hz": round(seen.frequency_hz * 100) / 100,
        "energy_kwh": _as_float32(energy_kwh),
    }
    for phase in range(3):
        shown[f"voltage_l{phase + 1}_v"] = round(seen.voltage_v[phase] * 10) / 10
        shown[f"current_l{phase + 1}_a"] = round(seen.current_a[phase] * 1000) / 1000
    return shown


def shown_mfe600(flow_m3h: float, volume_m3: float) -> dict[str, float]:
    """Quantities of the flow meter: the total is exact in whole m3, its fraction a 32-bit float below 1."""
    whole_m3 = math.floor(volume_m3)
    fraction_m3 = _as_float32(volume_m3 - whole_m3)
    return {"flow_m3h": _as_float32(flow_m3h), "volume_m3": whole_m3 + min(fraction_m3, 1 - 2**-24)}


def said_dtsu666(registers: Mapping[int, int]) -> dict[str, float]:
    """Quantities that these DTSU666 registers state; those whose registers are not all there are left out."""
    return {
        name: _float_at(registers, address) / steps
        for name, (address, steps) in _SAID_BY_DTSU666.items()
        if address in registers and address + 1 in registers
    }


def said_mfe600(registers: Mapping[int, int]) -> dict[str, float]:
    """Quantities that these MFE600 registers (from 0, at least 28 of them for the total) state."""
    said = {}
    if {0x00, 0x01} <= registers.keys():
        said["flow_m3h"] = _float_at(registers, 0x00)
    if {0x03, 0x04, 0x05, 0x06, 0x1A, 0x1B} <= registers.keys():
        high, low = _integer_at(registers, 0x1A), _integer_at(registers, 0x03)
        said["volume_m3"] = high * 1e9 + low + _float_at(registers, 0x05)
    return said


def _as_float32(value: float) -> float:
    return ctypes.c_float(value).value


def _integer_at(registers: Mapping[int, int], address: int) -> int:
    return ctypes.c_int32(registers[address] * 65_536 + registers[address + 1]).value


def _float_at(registers: Mapping[int, int], address: int) -> float:
    pattern = ctypes.c_uint32(registers[address] * 65_536 + registers[address + 1])
    return ctypes.c_float.from_buffer(pattern).value
