"""The closed list of quantities: what a station may measure, in which unit, by which kind of meter."""

from typing import Literal, NamedTuple

Kind = Literal["power", "flow"]
"""The two kinds of meter a device can be."""


class Quantity(NamedTuple):
    """One measurable quantity; its value travels as a float in `unit`."""

    name: str
    kind: Kind
    unit: str
    is_total: bool = False
    """A total (a meter's counter) only rises; everything else is a momentary level."""


QUANTITIES: tuple[Quantity, ...] = (
    Quantity("active_power_kw", "power", "kW"),
    Quantity("voltage_l1_v", "power", "V"),
    Quantity("voltage_l2_v", "power", "V"),
    Quantity("voltage_l3_v", "power", "V"),
    Quantity("current_l1_a", "power", "A"),
    Quantity("current_l2_a", "power", "A"),
    Quantity("current_l3_a", "power", "A"),
    Quantity("power_factor", "power", ""),
    Quantity("frequency_hz", "power", "Hz"),
    Quantity("energy_kwh", "power", "kWh", is_total=True),
    Quantity("flow_m3h", "flow", "m³/h"),
    Quantity("level_m", "flow", "m"),
    Quantity("volume_m3", "flow", "m³", is_total=True),
)

BY_NAME: dict[str, Quantity] = {quantity.name: quantity for quantity in QUANTITIES}

NAMES_BY_KIND: dict[Kind, tuple[str, ...]] = {
    "power": tuple(quantity.name for quantity in QUANTITIES if quantity.kind == "power"),
    "flow": tuple(quantity.name for quantity in QUANTITIES if quantity.kind == "flow"),
}

TOTAL_BY_KIND: dict[Kind, str] = {"power": "energy_kwh", "flow": "volume_m3"}
LEVEL_BY_KIND: dict[Kind, str] = {"power": "active_power_kw", "flow": "flow_m3h"}
"""The total that a kind of meter counts, and the momentary quantity whose integral it is."""
