"""How well the registers of a meter fit a profile. Pure."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from edge_agent.commissioning.findings import Evidence
from edge_agent.commissioning.magnitude import (
    ABSURD,
    FLOAT_BITS,
    FLOATS,
    MOST_FLOAT_BITS,
    code_bits,
    magnitude_bits,
)
from edge_agent.decode import Registers, decode
from edge_agent.profile import Alarm, Bounds, Cell, Function, Identity, Part, Profile, Value

MAINS: dict[str, Bounds] = {
    "voltage_l1_v": (198, 250),
    "voltage_l2_v": (198, 250),
    "voltage_l3_v": (198, 250),
    "frequency_hz": (49, 51),
}

_VOLTAGES = ("voltage_l1_v", "voltage_l2_v", "voltage_l3_v")
_ALIVE_V = 30.0
"""A meter that knows the frequency sees such a voltage, also behind transformers."""
_SMALLEST = 1e-4
"""In any of our units; less is noise around nothing."""
_PROBE_SLACK = 0.001
_LOAD_KVA = 0.05
_AGREES = 0.2
_POWER_BITS = 6.0
"""Within 20 % of volts x amperes x power factor: half a power of two in some 32."""
_COS_PHI = (0.3, 1.05)
_POWER_BITS_WITHOUT_FACTOR = 4.0
"""Where the meter tells no power factor: two powers of two in 32."""
_BYTE = 0xFF


class Verdict(NamedTuple):
    """What speaks for a profile.

    Attributes:
        bits: how much; each makes chance half as likely.
        values: what the registers mean, in our units, with the default parameters.
    """

    bits: float
    evidence: tuple[Evidence, ...]
    values: dict[str, float]


def default_factors(profile: Profile) -> dict[str, float]:
    """The parameters as long as nobody was asked; 1 where the profile has no default."""
    return {key: each.factor(None) or 1.0 for key, each in profile.parameters.items()}


def identity_cells(profile: Profile) -> dict[str, Value]:
    """The registers that tell the model, as if each was a quantity; to plan what to ask."""
    return {key: _bare(each, None) for key, each in _identities(profile)}


def judge(profile: Profile, registers: Registers) -> Verdict | None:
    """What speaks for a profile in what was read so far; None if something contradicts it.

    Alarms are not heeded: a meter with an empty pipe is still that meter.
    """
    sight = _Sight(profile, registers)
    if sight.is_contradicted():
        return None
    bits = sight.bits()
    evidence: list[Evidence] = [each for each, many in bits.items() if many and each != "in_range"]
    if bits["in_range"] and set(sight.values) == set(profile.quantity):
        evidence.append("in_range")
    return Verdict(sum(bits.values()), tuple(evidence), sight.values)


class _Sight:
    """What a meter shows through the eyes of a profile.

    Attributes:
        raw: the content of every cell that was read and is a number, before any scale or unit.
    """

    def __init__(self, profile: Profile, registers: Registers) -> None:
        self.profile = profile
        self.factors = default_factors(profile)
        deaf = msgspec.structs.replace(profile, alarm={})
        self.values = decode(deaf, self.factors, registers).values
        self.raw = decode(msgspec.structs.replace(deaf, quantity=dict(_cells(profile))), {}, registers).values

    def is_contradicted(self) -> bool:
        """Whether something cannot be so in a meter of this model."""
        return (
            any(key in self.raw and self.raw[key] != each.equals for key, each in _identities(self.profile))
            or any(self._is_impossible(name, value) for name, value in self.profile.quantity.items())
            or any(self._is_beyond(name, bounds) for name, bounds in self.profile.probe.items())
            or any(  # what is told by small numbers holds no large one
                each.values and max(each.values) <= _BYTE < content for each, content in self._status()
            )
            or self._is_half_alive()
        )

    def bits(self) -> dict[Evidence, float]:
        """How much speaks for the model, by the kind of evidence."""
        bits: dict[Evidence, float] = {
            "identity": sum(
                code_bits(each.equals) for key, each in _identities(self.profile) if key in self.raw
            ),
            "mains": 0.0,
            "power_agrees": _power_bits(self.values),
            "unit_known": 0.0,
            "in_range": sum(
                {alarm.address: _status_bits(alarm, content) for alarm, content in self._status()}.values()
            ),
        }
        floats = dict.fromkeys(FLOATS, 0.0)
        for name, value in self.profile.quantity.items():
            if name not in self.values:
                continue
            if value.unit is not None:
                bits["unit_known"] += code_bits(self.raw[_unit(name)])
            for part, said in self._parts_bits(name, value):
                bits["mains" if name in MAINS else "in_range"] += said
                if said and part.type in FLOATS:
                    floats[part.type] = min(MOST_FLOAT_BITS, floats[part.type] + FLOAT_BITS[part.type])
        bits["in_range"] += sum(floats.values())
        return bits

    def _parts_bits(self, name: str, value: Value) -> Iterator[tuple[Part, float]]:
        """What the sizes of a quantity's numbers say."""
        low, high = MAINS.get(name) or self.profile.probe.get(name) or value.plausible
        if len(value.parts) > 1:  # any of them may be nothing
            low = min(low, 0.0)
        unit = value.unit.table[f"{self.raw[_unit(name)]:.0f}"] if value.unit else 1.0
        scale = value.scale * unit * math.prod(self.factors[word] for word in value.times)
        for place, part in enumerate(value.parts):
            factor = part.factor * scale
            if not factor:
                continue
            most = _most(part, value)
            least, greatest = sorted((low / factor, high / factor))
            bounds = (max(least, -most), min(greatest, most))
            number = self.raw[_part(name, place)]
            yield part, magnitude_bits(part.type, number, bounds, _SMALLEST / abs(factor))

    def _is_impossible(self, name: str, value: Value) -> bool:
        """Whether a number cannot be one, or all was read and makes no sense together."""
        numbers = [self.raw.get(_part(name, place)) for place in range(len(value.parts))]
        for part, number in zip(value.parts, numbers, strict=True):
            if number is not None and (
                abs(number) > _most(part, value) or (part.type in FLOATS and 0 < abs(number) < ABSURD)
            ):
                return True
        is_read = None not in numbers and (value.unit is None or _unit(name) in self.raw)
        return is_read and name not in self.values

    def _is_beyond(self, name: str, bounds: Bounds) -> bool:
        """Whether a quantity is not what a living meter shows; a phase may be weak, dead or not wired."""
        low, high = bounds
        slack = _PROBE_SLACK * (high - low)
        shown = self.values.get(name)
        return bool(shown) and name not in _VOLTAGES and not low - slack <= (shown or 0.0) <= high + slack

    def _is_half_alive(self) -> bool:
        """Whether there is a frequency without a voltage, or a voltage without a frequency."""
        volts = [self.values[name] for name in _VOLTAGES if name in self.values]
        if not volts or "frequency_hz" not in self.values:
            return False
        return (max(volts) > _ALIVE_V) != (self.values["frequency_hz"] > 0)

    def _status(self) -> Iterator[tuple[Alarm, float]]:
        """The registers of alarms that say something, without those that lie in the midst of a number."""
        measured = {
            address
            for value in self.profile.quantity.values()
            for cell in value.cells
            for address in range(cell.address, cell.end)
        }
        for name, alarm in self.profile.alarm.items():
            content = self.raw.get(_alarm(name), 0.0)
            if content and alarm.address not in measured:
                yield alarm, content


def _status_bits(alarm: Alarm, content: float) -> float:
    """What a register of alarms says by its content: one that is told of, or just a small one."""
    return code_bits(content) if content in (*alarm.values, *alarm.ok) else float(content <= _BYTE)


def _most(part: Part, value: Value) -> float:
    """The most that a part of a composed total can hold: what is more is carried to the next greater one.

    A float beside a whole number of the same weight is its fraction.
    """
    weight = abs(part.factor)
    if part.type in FLOATS:
        has_whole = any(abs(each.factor) == weight and each.type not in FLOATS for each in value.parts)
        return 1.0 if has_whole else math.inf
    greater = [abs(each.factor) for each in value.parts if abs(each.factor) > weight]
    return min(greater) / weight if greater and weight else math.inf


def _power_bits(values: Mapping[str, float]) -> float:
    """Whether power is what volts and amperes make of it; it may not be behind transformers: no reproach."""
    pairs = [(f"voltage_l{phase}_v", f"current_l{phase}_a") for phase in (1, 2, 3)]
    apparent_kva = sum(values.get(volts, 0.0) * values.get(amperes, 0.0) for volts, amperes in pairs) / 1000
    power_kw = abs(values.get("active_power_kw", 0.0))
    if apparent_kva < _LOAD_KVA:
        return 0.0
    power_factor = abs(values.get("power_factor", 0.0))
    if power_factor:
        agrees = abs(power_kw / (apparent_kva * power_factor) - 1) <= _AGREES
        return _POWER_BITS if agrees else 0.0
    low, high = _COS_PHI
    return _POWER_BITS_WITHOUT_FACTOR if low <= power_kw / apparent_kva <= high else 0.0


def _cells(profile: Profile) -> Iterator[tuple[str, Value]]:
    """Every cell as a quantity of its own, without scale or unit."""
    for name, value in profile.quantity.items():
        for place, part in enumerate(value.parts):
            yield _part(name, place), _bare(part, value.function, part.absent)
        if value.unit is not None:
            yield _unit(name), _bare(value.unit, value.function)
    for name, alarm in profile.alarm.items():
        yield _alarm(name), _bare(alarm, alarm.function)
    for key, identity in _identities(profile):
        yield key, _bare(identity, None)


def _bare(cell: Cell, function: Function | None, absent: Sequence[float] = ()) -> Value:
    return Value(
        address=cell.address,
        type=cell.type,
        order=cell.order,
        absent=list(absent),
        function=function,
        plausible=(-math.inf, math.inf),
    )


def _identities(profile: Profile) -> Iterable[tuple[str, Identity]]:
    return ((f"identity {place}", each) for place, each in enumerate(profile.identity))


def _part(name: str, place: int) -> str:
    return f"{name} {place}"


def _unit(name: str) -> str:
    return f"{name} unit"


def _alarm(name: str) -> str:
    return f"alarm {name}"
