"""Readings as stations make them, in JSON of the tests' own: good, suspect, missing, late and bad."""

import json
from dataclasses import dataclass, field
from random import Random

POWER = (
    *("active_power_kw", "voltage_l1_v", "voltage_l2_v", "voltage_l3_v", "current_l1_a", "current_l2_a"),
    *("current_l3_a", "power_factor", "frequency_hz", "energy_kwh"),
)
FLOW = ("flow_m3h", "level_m", "volume_m3")
QUANTITIES = {"power": POWER, "flow": FLOW}
DEVICES = (("power-1", "power"), ("flow-1", "flow"))
WHYS = ("no_response", "garbled", "echo", "other_unit", "wrong_shape", "device_exception", "port_gone")
WORTH_A_LOOK = (0.0, -0.0, 1.0, -17.25, 0.1 + 0.2, 1e-300, 5e-324, 1.7976931348623157e308, 2.0**53 + 2, 1e22)
DAY_MS = 86_400_000
QUARTER_MS = 900_000
STEP_MS = 700


@dataclass(frozen=True, slots=True)
class Made:
    """One reading: what it says, its JSON, and the code with which it must be refused, if it is a bad one."""

    seq: int
    t: int
    device: str = ""
    kind: str = ""
    quality: str = "good"
    why: str | None = None
    values: dict[str, float] = field(default_factory=dict)
    text: str = ""
    refusal: str | None = None


def good_ones(chance: Random, count: int, now_ms: int, first_seq: int, late_share: float) -> list[Made]:
    """Readings of both devices of a station, rising in time to now; some of them lie days back."""
    taken: set[tuple[str, int]] = set()
    made = []
    for place in range(count):
        device, kind = DEVICES[chance.random() < 0.4]
        t = now_ms - (count - place) * STEP_MS - chance.randrange(STEP_MS)
        if chance.random() < late_share:
            t = now_ms - chance.randrange(DAY_MS, 399 * DAY_MS)
        while (device, t) in taken:
            t += 1
        taken.add((device, t))
        made.append(_reading(chance, first_seq + place, t, device, kind))
    return made


def _reading(chance: Random, seq: int, t: int, device: str, kind: str) -> Made:
    names = QUANTITIES[kind]
    quality, why, values = "good", None, {}
    dice = chance.random()
    if dice < 0.06:
        quality, why = "missing", chance.choice(WHYS)
    else:
        some = chance.sample(names, chance.randint(1, min(len(names), 4)))
        values = {name: round(chance.uniform(0, 400), 3) for name in some}
        if dice < 0.12:
            quality, why = "suspect", "implausible"
        elif dice < 0.2:
            values[some[0]] = chance.choice(WORTH_A_LOOK)
    wire: dict[str, object] = {"seq": seq, "t": t, "d": device, "k": kind}
    if quality != "good" or dice < 0.3:
        wire["q"] = quality
    if why:
        wire["why"] = why
    if quality != "missing":
        wire["x"] = {name: int(value) if value == 1.0 else value for name, value in values.items()}
    if dice > 0.98:
        wire["colour"] = {"a newer": ["agent", None, {"says": "more"}]}
    text = json.dumps(wire, separators=(",", ":"))
    if dice > 0.995:
        text += ',{"t":5,"d":"power-1"}'  # a neighbour without a number, which nobody can answer
    return Made(seq, t, device, kind, quality, why, values, text)


def bad_ones(now_ms: int, first_seq: int) -> list[Made]:
    """One of each kind that must be refused, each with a time and values that would be seen in the store."""
    plain = {"d": "power-1", "k": "power", "x": {"energy_kwh": 1.25}}
    malformed: list[dict[str, object]] = [
        {"x": {"energy_kwh": True}},
        {"x": {"energy_kwh": "1.8"}},
        {"x": {"energy_kwh": None}},
        {"x": {"energy_kwh": [1.8]}},
        {"x": {"energy_kwh": {"1": 2}}},
        {"x": {"active_power_kw": 1.5, "energy_kwh": "NaN"}},
        {"x": {}},
        {"x": None},
        {"x": [1.0]},
        {"q": "missing", "why": "no_response"},
        {"q": "splendid"},
        {"q": "suspect", "why": "tired"},
        {"d": "Power 1"},
        {"d": ""},
        {"d": "power-1\n"},
        {"d": "p" * 25},
        {"d": 1},
        {"k": "gas"},
        {"k": None},
        {"t": 1.5},
        {"t": "now"},
        {"t": None},
        {"t": True},
    ]
    times = (now_ms + 3_600_000, now_ms - 401 * DAY_MS, -1, 0, 10**17, 10**40, -(10**300), 2**63, 2**64)
    kinds: list[tuple[str, dict[str, object]]] = [
        *(("malformed", each) for each in malformed),
        ("unknown_quantity", {"x": {"foo": 1.5}}),
        ("unknown_quantity", {"x": {"energy_kwh": 1.5, "Energy_kWh": 1.5}}),
        ("unknown_quantity", {"x": {"energy_kwh": 1.5, "flow_m3h": 1.5}}),
        ("unknown_quantity", {"x": {"": 1.5}}),
        ("unknown_quantity", {"d": "flow-1", "k": "flow", "x": {"voltage_l1_v": 230.0}}),
        *(("implausible_time", {"t": t}) for t in times),
    ]
    made = []
    for place, (code, wrong) in enumerate(kinds):
        seq, t = first_seq + place, now_ms - 5 * DAY_MS - place
        text = json.dumps({"seq": seq, "t": t, **plain, **wrong})
        made.append(Made(seq, t, text=text, refusal=code))
    for place, number in enumerate(("1e999", "-1e999", "9" * 400), start=len(kinds)):
        seq, t = first_seq + place, now_ms - 5 * DAY_MS - place
        text = json.dumps({"seq": seq, "t": t, **plain}).replace("1.25", number)
        made.append(Made(seq, t, text=text, refusal="malformed"))
    return made
