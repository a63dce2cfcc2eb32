"""Figures as an installer wants to see them: few digits, with their unit."""

from telemetry.quantities import BY_NAME

_DIGITS = {
    "active_power_kw": 2, "voltage_l1_v": 1, "voltage_l2_v": 1, "voltage_l3_v": 1, "current_l1_a": 2,
    "current_l2_a": 2, "current_l3_a": 2, "power_factor": 2, "frequency_hz": 2, "energy_kwh": 1,
    "flow_m3h": 2, "level_m": 3, "volume_m3": 1,
}  # fmt: skip


def figure(name: str, value: float) -> str:
    """A quantity's number, without its unit."""
    return f"{value:,.{_DIGITS[name]}f}"


def with_unit(name: str, value: float) -> str:
    """A quantity's number with its unit."""
    return f"{figure(name, value)} {BY_NAME[name].unit}".rstrip()
