from pathlib import Path
from typing import get_args

import pytest

from edge_agent.plan import plan_blocks
from edge_agent.profile import CellType, Parameter
from edge_agent.profile_file import factors, load_profile, profile_names
from service.settings import SettingsError

GOOD = """
name = "own"
kind = "flow"
maker = "M"
model = "1"
source = "manual, page 3"
confidence = "B"
[parameters.k]
help = "pulses a litre"
[parameters.unit]
help = "the unit on the display"
default = "m3"
choices = { m3 = 1.0, L = 0.001 }
[request]
max_registers = 20
[quantity.flow_m3h]
address = 0x10
type = "f32"
times = ["k"]
plausible = [0, 100]
[quantity.volume_m3]
plausible = [0, 1e12]
[[quantity.volume_m3.part]]
address = 0x20
type = "u32"
factor = 1e9
[[quantity.volume_m3.part]]
address = 0x22
type = "u32"
"""


def load(folder: Path, text: str):
    (folder / "own.toml").write_text(text)
    return load_profile("own", folder)


def complaint(folder: Path, before: str, after: str) -> str:
    assert GOOD.count(before) == 1
    with pytest.raises(SettingsError) as caught:
        load(folder, GOOD.replace(before, after))
    return str(caught.value).replace(f"{folder}/own.toml: ", "")


@pytest.mark.parametrize("name", profile_names())
def test_every_shipped_profile_loads_and_builds(name):
    profile = load_profile(name)
    assert profile.source
    assert plan_blocks(profile)
    given = {key: each.default for key, each in profile.parameters.items()}
    assert factors(profile, given, "x").keys() == profile.parameters.keys()
    for value in profile.quantity.values():
        assert value.plausible[0] < value.plausible[1]


def test_the_shipped_profiles_are_these():
    assert set(profile_names()) == {
        *("chint-dtsu666", "acrel-dtsd1352", "acrel-adw300", "eastron-sdm630", "schneider-iem3155"),
        *("janitza-umg96rm", "abb-b23", "microsensor-mfe600", "kaifeng-xintai", "siemens-mag6000"),
        *("endress-promag", "krohne-ifc300", "krohne-ifc300-counter1", "tuf-2000m", "tongda-open-channel"),
    }


def test_a_good_profile_of_the_installers_own(tmp_path: Path):
    profile = load(tmp_path, GOOD)
    assert factors(profile, {"k": 4}, "x") == {"k": 4.0, "unit": 1.0}
    assert "own" in profile_names(tmp_path)


def test_the_installers_own_goes_before_the_shipped_one(tmp_path: Path):
    (tmp_path / "chint-dtsu666.toml").write_text(GOOD.replace('"own"', '"chint-dtsu666"'))
    assert load_profile("chint-dtsu666", tmp_path).maker == "M"
    assert load_profile("chint-dtsu666").maker == "CHINT 正泰"


FLOW = "address = 0x10\n"
MISTAKES = {
    "another name than the file's": ('"own"', '"other"', 'name: must be the file\'s name (got "other"). Write name = "own".'),  # noqa: E501
    "an unknown kind": ('"flow"', '"gas"', 'kind: must be one of "power", "flow" (got "gas").'),
    "a quantity of the other kind": (
        "[quantity.flow_m3h]",
        "[quantity.energy_kwh]",
        "quantity.energy_kwh: no quantity of a flow meter. Known are flow_m3h, level_m, volume_m3.",
    ),
    "a byte order nobody knows": (
        FLOW,
        FLOW + 'order = "BACD"\n',
        'quantity.flow_m3h.order: must be one of "ABCD", "CDAB", "BADC", "DCBA" (got "BACD").',
    ),
    "an address nobody has": (
        FLOW,
        "address = 65536\n",
        "quantity.flow_m3h.address: must be <= 65535 (got 65536).",
    ),
    "a cell beyond the last address": (
        FLOW,
        "address = 0xFFFF\n",
        "quantity.flow_m3h: must end at address 65535 (got 65536).",
    ),
    "neither address nor parts": (
        FLOW,
        "",
        "quantity.flow_m3h: needs either an address or parts. Give one of the two.",
    ),
    "both address and parts": (
        "[quantity.volume_m3]",
        "[quantity.volume_m3]\naddress = 1",
        "quantity.volume_m3: needs either an address or parts. Give one of the two.",
    ),
    "bounds the wrong way round": ("[0, 100]", "[100, 0]", "quantity.flow_m3h.plausible: must be [low, high] (got [100.0, 0.0])."),  # noqa: E501
    "bounds that are one": ("[0, 100]", "[0]", "quantity.flow_m3h.plausible: Expected array of length 2, got 1 (got [0])."),  # noqa: E501
    "a parameter that is not there": (
        '["k"]',
        '["kk"]',
        'quantity.flow_m3h.times: names a parameter that is not there (got "kk").',
    ),
    "parts too far from each other": (
        "address = 0x22",
        "address = 0x40",
        "quantity.volume_m3: must fit into one request of 20 registers (got 34).",
    ),
    "a digit code nobody knows": (
        'type = "f32"',
        'type = "bcd8"',
        'quantity.flow_m3h.type: must be one of TYPES (got "bcd8").',
    ),
    "a function that writes": (
        FLOW,
        FLOW + "function = 6\n",
        "quantity.flow_m3h.function: must be one of 3, 4 (got 6).",
    ),
    "a unit code that is none": (
        FLOW,
        FLOW + 'unit = { address = 1, table = { "m3/h" = 1.0 } }\n',
        "quantity.flow_m3h.unit.table: keys must be whole numbers, the register's codes (got \"m3/h\").",
    ),
    "a probe of something else": (
        "[request]",
        "[probe]\nenergy_kwh = [0, 1]\n[request]",
        'probe.energy_kwh: names a quantity that this profile does not have (got "energy_kwh"). It has flow_m3h, volume_m3.',  # noqa: E501
    ),
    "an alarm without a rule": (
        "[request]",
        '[alarm.a]\naddress = 1\ntext = "t"\n[request]',
        "alarm.a: needs one of bits, values and ok. Say which contents are the alarm.",
    ),
    "an alarm with two rules": (
        "[request]",
        '[alarm.a]\naddress = 1\ntext = "t"\nbits = 1\nok = [0]\n[request]',
        "alarm.a: needs one of bits, values and ok. Say which contents are the alarm.",
    ),
    "an alarm in a float": (
        "[request]",
        '[alarm.a]\naddress = 1\ntext = "t"\nbits = 1\ntype = "f32"\n[request]',
        'alarm.a.type: must be "u16" or "u32" (got "f32").',
    ),
    "an alarm that spoils what is not there": (
        "[request]",
        '[alarm.a]\naddress = 1\ntext = "t"\nbits = 1\nspoils = ["flow"]\n[request]',
        'alarm.a.spoils: names a quantity that this profile does not have (got "flow"). It has flow_m3h, volume_m3.',  # noqa: E501
    ),
    "a default that is no answer": (
        'default = "m3"',
        'default = "gal"',
        'parameters.unit.default: must be one of m3, L (got "gal").',
    ),
    "an odd number of stop bits": (
        "[request]",
        "[line]\nstopbits = 3\n[request]",
        "line.stopbits: must be one of 1, 2 (got 3).",
    ),
    "a misspelt key": (FLOW, "adress = 1\n", "quantity.flow_m3h.adress: unknown key. Did you mean 'address'?"),  # noqa: E501
}  # fmt: skip


@pytest.mark.parametrize(("before", "after", "expected"), MISTAKES.values(), ids=MISTAKES)
def test_one_mistake_one_line(tmp_path, before, after, expected):
    types = ", ".join(f'"{each}"' for each in get_args(CellType))
    assert complaint(tmp_path, before, after) == expected.replace("TYPES", types)


def test_several_mistakes_come_together(tmp_path):
    got = complaint(tmp_path, 'name = "own"\nkind = "flow"', 'name = "x"\nkind = "power"')
    known = "active_power_kw, voltage_l1_v, voltage_l2_v, voltage_l3_v, current_l1_a, current_l2_a, current_l3_a, power_factor, frequency_hz, energy_kwh"  # noqa: E501
    assert got.splitlines() == [
        'name: must be the file\'s name (got "x"). Write name = "own".',
        f"quantity.flow_m3h: no quantity of a power meter. Known are {known}.",
        f"quantity.volume_m3: no quantity of a power meter. Known are {known}.",
    ]


def test_a_profile_without_quantities_measures_nothing(tmp_path):
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, GOOD.partition("[quantity")[0] + "[quantity]\n")
    assert caught.value.lines() == [
        f"{tmp_path}/own.toml: quantity: needs at least one. Add a [quantity.…] table."
    ]


def test_a_profile_that_is_not_there(tmp_path):
    load(tmp_path, GOOD)
    with pytest.raises(SettingsError) as caught:
        load_profile("acrel", tmp_path)
    assert caught.value.lines() == [
        f"profiles: acrel: there is no such profile. Known are {', '.join(profile_names(tmp_path))}."
    ]


@pytest.mark.parametrize("name", ["../profiles/chint-dtsu666", "/etc/passwd", ".", "a/b"])
def test_a_name_is_no_path(name):
    with pytest.raises(SettingsError, match="there is no such profile"):
        load_profile(name)


@pytest.mark.parametrize(
    ("given", "lines"),
    [
        ({}, ["p.k: must be a number above 0. It is pulses a litre."]),
        ({"k": 0}, ["p.k: must be a number above 0 (got 0). It is pulses a litre."]),
        ({"k": -1.5}, ["p.k: must be a number above 0 (got -1.5). It is pulses a litre."]),
        ({"k": "many"}, ['p.k: must be a number above 0 (got "many"). It is pulses a litre.']),
        ({"k": float("inf")}, ["p.k: must be a number above 0 (got Infinity). It is pulses a litre."]),
        ({"k": float("nan")}, ["p.k: must be a number above 0 (got NaN). It is pulses a litre."]),
        (
            {"k": 1, "unit": "gal"},
            ['p.unit: must be one of m3, L (got "gal"). It is the unit on the display.'],
        ),
        ({"k": 1, "ct": 5}, ["p.ct: profile own has no such parameter. It knows k, unit."]),
    ],
)
def test_answers_of_the_installer(tmp_path, given, lines):
    profile = load(tmp_path, GOOD)
    with pytest.raises(SettingsError) as caught:
        factors(profile, given, "p")
    assert [fault.line("")[2:] for fault in caught.value.faults] == lines


def test_a_profile_that_asks_for_nothing(tmp_path):
    text = GOOD.replace('times = ["k"]', "")
    head, _, rest = text.partition("[parameters.k]")
    profile = load(tmp_path, head + "[request]" + rest.partition("[request]")[2])
    with pytest.raises(SettingsError) as caught:
        factors(profile, {"ct": 1}, "p")
    assert caught.value.faults[0].remedy == "It asks for none."


def test_a_default_may_be_kept_or_overruled():
    ratio = Parameter(help="h", default=1)
    assert [ratio.factor(given) for given in (None, 20, 0.5, True)] == [1.0, 20.0, 0.5, None]


def test_the_manual_s_example_is_a_profile(tmp_path):
    manual = Path(__file__).parents[2] / "docs" / "profiles.md"
    text = manual.read_text(encoding="utf-8").partition("```toml\n")[2].partition("```")[0]
    (tmp_path / "own-converter.toml").write_text(text, encoding="utf-8")
    profile = load_profile("own-converter", tmp_path)
    assert plan_blocks(profile) == [(3, 0x00, 9), (3, 0x20, 1)]
    assert [str(line) for line in profile.line.tries()] == ["9600 8N1, unit 1", "9600 8E1, unit 1"]
