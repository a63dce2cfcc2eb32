import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.decode import decode, words_to_bytes
from edge_agent.plan import plan_blocks
from edge_agent.profile import REGISTERS, Alarm, Part, Profile, Request, UnitRegister, Value
from edge_agent.profile_file import factors, load_profile

ORDERS = ("ABCD", "CDAB", "BADC", "DCBA")
WIDE = (-math.inf, math.inf)
LIMITS = {
    "u16": (0, 2**16 - 1), "i16": (-(2**15), 2**15 - 1), "u32": (0, 2**32 - 1), "i32": (-(2**31), 2**31 - 1),
    "u64": (0, 2**64 - 1), "i64": (-(2**63), 2**63 - 1),
    "bcd16": (0, 10**4 - 1), "bcd32": (0, 10**8 - 1), "bcd48": (0, 10**12 - 1), "bcd64": (0, 10**16 - 1),
}  # fmt: skip


def encode(number: float, kind: str, order: str) -> list[int]:
    """The registers of a number, built bit by bit and without the agent's tables."""
    if kind.startswith("bcd"):
        pattern = int(str(int(number)), 16)
    elif kind == "f32":
        pattern = int.from_bytes(struct.pack("<f", number), "little")
    elif kind == "f64":
        pattern = int.from_bytes(struct.pack("<d", number), "little")
    else:
        pattern = int(number) % 2 ** int(kind[1:])
    count = int(kind.lstrip("uifbcd")) // 16
    words = [pattern >> 16 * place & 0xFFFF for place in range(count)]  # the lowest first
    if order in ("BADC", "DCBA"):
        words = [(word << 8 | word >> 8) & 0xFFFF for word in words]
    return words if order in ("CDAB", "DCBA") else words[::-1]


def power(**value) -> Profile:
    """A profile that knows one quantity."""
    return Profile(
        name="x", kind="power", maker="m", model="m", source="s", confidence="C",
        quantity={"energy_kwh": Value(**{"plausible": WIDE, **value})},
    )  # fmt: skip


def put(address: int, words: list[int], function: int = 3) -> dict[int, dict[int, int]]:
    return {function: dict(enumerate(words, address))}


def image(*cells: tuple[int, float, str]) -> dict[int, dict[int, int]]:
    found: dict[int, int] = {}
    for address, number, kind in cells:
        found |= dict(enumerate(encode(number, kind, "ABCD"), address))
    return {3: found}


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ("ABCD", [0x450F, 0xD000]),
        ("CDAB", [0xD000, 0x450F]),
        ("BADC", [0x0F45, 0x00D0]),
        ("DCBA", [0x00D0, 0x0F45]),
    ],
)
def test_one_float_in_four_orders(order, words):
    assert words_to_bytes(words, order).hex() == "450fd000"
    decoded = decode(power(address=5, type="f32", order=order), {}, put(5, words))
    assert decoded == ({"energy_kwh": 2301.0}, None, ())


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ("ABCD", [0x0123, 0x4567, 0x89AB, 0xCDEF]),
        ("CDAB", [0xCDEF, 0x89AB, 0x4567, 0x0123]),
        ("BADC", [0x2301, 0x6745, 0xAB89, 0xEFCD]),
        ("DCBA", [0xEFCD, 0xAB89, 0x6745, 0x2301]),
    ],
)
def test_one_long_number_in_four_orders(order, words):
    assert words_to_bytes(words, order).hex() == "0123456789abcdef"
    decoded = decode(power(address=0, type="u64", order=order), {}, put(0, words))
    assert decoded.values == {"energy_kwh": float(0x0123456789ABCDEF)}


@given(st.data(), st.sampled_from(sorted(REGISTERS)), st.sampled_from(ORDERS), st.integers(0, 0xFFF0))
def test_decode_inverts_an_encoder_of_its_own(data, kind, order, address):
    if kind in LIMITS:
        number = data.draw(st.integers(*LIMITS[kind]))
    else:
        number = data.draw(st.floats(width=int(kind[1:]), allow_nan=False, allow_infinity=False))
    words = encode(number, kind, order)
    assert len(words) == REGISTERS[kind]
    got = decode(power(address=address, type=kind, order=order), {}, put(address, words))
    assert got == ({"energy_kwh": float(number)}, None, ())
    assert isinstance(got.values["energy_kwh"], float)


@given(
    st.sampled_from(["f32", "f64"]), st.sampled_from(ORDERS), st.sampled_from([math.nan, math.inf, -math.inf])
)
def test_what_is_no_number_is_left_out(kind, order, number):
    profile = power(address=0, type=kind, order=order)
    assert decode(profile, {}, put(0, encode(number, kind, order)))[:2] == ({}, "not_a_number")


def test_a_value_outside_its_bounds_is_left_out_and_one_on_them_is_not():
    profile = power(address=0, type="i16", plausible=(-5, 5))
    for number in (-5, 0, 5):
        assert decode(profile, {}, put(0, encode(number, "i16", "ABCD")))[0] == {"energy_kwh": number}
    for number in (-6, 6, 32767):
        assert decode(profile, {}, put(0, encode(number, "i16", "ABCD")))[:2] == ({}, "implausible")


@pytest.mark.parametrize("kind", ["bcd16", "bcd32", "bcd48", "bcd64"])
@pytest.mark.parametrize("digit", "ABCDEF")
def test_a_digit_that_is_none_makes_no_number(kind, digit):
    words = [0x1234] * (REGISTERS[kind] - 1) + [int(f"12{digit}4", 16)]
    assert decode(power(address=0, type=kind), {}, put(0, words))[:2] == ({}, "not_a_number")


def test_what_the_meter_does_not_have_is_no_number():
    profile = power(address=0, type="u64", absent=[2**64 - 1])
    assert decode(profile, {}, put(0, [0xFFFF] * 4))[:2] == ({}, "not_a_number")
    assert decode(profile, {}, put(0, [0xFFFF] * 3 + [0xFFFE]))[1] is None
    parts = [Part(address=0, type="u16", factor=1000), Part(address=1, type="i16", absent=[-1])]
    profile = power(part=parts)
    assert decode(profile, {}, put(0, [2, 0xFFFF]))[:2] == ({}, "not_a_number")
    assert decode(profile, {}, put(0, [2, 7]))[0] == {"energy_kwh": 2007.0}


@given(st.integers(0, 2**31 - 1), st.sampled_from([0.1, 0.01, 0.001, 0.0001]))
def test_a_scaled_number_is_the_decimal_that_the_display_shows(raw, scale):
    digits = {0.1: 1, 0.01: 2, 0.001: 3, 0.0001: 4}[scale]
    words = [raw >> 16, raw & 0xFFFF]
    values = decode(power(address=0, type="u32", scale=scale), {}, put(0, words)).values
    assert values == {"energy_kwh": float(f"{raw // 10**digits}.{raw % 10**digits:0{digits}}")}


def test_bounds_are_what_the_meter_shows_before_the_installers_factors():
    profile = power(address=0, scale=0.1, times=["ct"], plausible=(0, 100))
    assert decode(profile, {"ct": 200.0}, put(0, [999]))[0] == {"energy_kwh": pytest.approx(19_980)}
    assert decode(profile, {"ct": 0.01}, put(0, [1001]))[:2] == ({}, "implausible")
    assert decode(power(address=0, times=["ct"]), {"ct": math.inf}, put(0, [1]))[:2] == ({}, "not_a_number")


def test_registers_that_were_refused_leave_only_their_quantity_out():
    profile = power(address=0, unit=UnitRegister(address=900, table={"0": 1.0, "1": 0.001}))
    assert decode(profile, {}, {3: {}}) == ({}, "device_exception", ())
    assert decode(profile, {}, put(0, [7]))[:2] == ({}, "device_exception")
    assert decode(profile, {}, {3: {0: 7, 900: 1}})[:2] == ({"energy_kwh": pytest.approx(0.007)}, None)


def test_each_quantity_is_read_with_its_own_function_and_order():
    profile = Profile(
        name="x", kind="power", maker="m", model="m", source="s", confidence="C",
        request=Request(order="CDAB"),
        quantity={
            "energy_kwh": Value(address=0, type="u32", plausible=WIDE),
            "frequency_hz": Value(address=0, type="u32", function=4, order="ABCD", plausible=WIDE),
        },
    )  # fmt: skip
    registers = {3: {0: 1, 1: 2}, 4: {0: 3, 1: 4}}
    assert decode(profile, {}, registers)[0] == {"energy_kwh": 0x2_0001, "frequency_hz": 0x3_0004}
    assert plan_blocks(profile) == [(3, 0, 2), (4, 0, 2)]


@pytest.mark.parametrize(
    ("rule", "contents", "is_set"),
    [
        ({"bits": 0b101}, [0, 2, 1, 4, 7], [False, False, True, True, True]),
        ({"values": [0x55]}, [0x55, 0xAA, 0], [True, False, False]),
        ({"ok": [1, 2]}, [0, 1, 2, 3], [True, False, False, True]),
    ],
)
def test_an_alarm_is_told_and_spoils_what_it_says(rule, contents, is_set):
    profile = Profile(
        name="x", kind="flow", maker="m", model="m", source="s", confidence="C",
        quantity={
            "flow_m3h": Value(address=1, plausible=WIDE), "volume_m3": Value(address=2, plausible=WIDE),
        },
        alarm={"empty_pipe": Alarm(address=9, text="empty pipe", spoils=["flow_m3h"], **rule)},
    )  # fmt: skip
    for content, alarmed in zip(contents, is_set, strict=True):
        decoded = decode(profile, {}, {3: {1: 11, 2: 22, 9: content}})
        assert decoded.alarms == (("empty_pipe",) if alarmed else ())
        assert set(decoded.values) == ({"volume_m3"} if alarmed else {"flow_m3h", "volume_m3"})
        assert decoded.why == ("implausible" if alarmed else None)
    assert decode(profile, {}, {3: {1: 11, 2: 22}})[1:] == (None, ())


DTSU = load_profile("chint-dtsu666")
SCALED = {
    "voltage_l1_v": (0x2006, 2301.0, 230.1), "voltage_l2_v": (0x2008, 2298.0, 229.8),
    "voltage_l3_v": (0x200A, 0.0, 0.0), "current_l1_a": (0x200C, 5123.0, 5.123),
    "current_l2_a": (0x200E, 1.0, 0.001), "current_l3_a": (0x2010, 0.0, 0.0),
    "active_power_kw": (0x2012, 18432.0, 1.8432), "power_factor": (0x202A, -987.0, -0.987),
    "frequency_hz": (0x2044, 5001.0, 50.01), "energy_kwh": (0x101E, 20411.25, 20411.25),
}  # fmt: skip


def dtsu(**other: float) -> dict[int, dict[int, int]]:
    return image(*((at, other.get(name, raw), "f32") for name, (at, raw, _) in SCALED.items()))


def test_known_registers_of_the_dtsu666():
    registers = dtsu()
    assert [registers[3][0x2006], registers[3][0x2007]] == [0x450F, 0xD000]
    decoded = decode(DTSU, factors(DTSU, {}, ""), registers)
    assert decoded.why is None
    assert decoded.values == pytest.approx({name: true for name, (_, _, true) in SCALED.items()}, rel=1e-12)


def test_current_and_voltage_ratios_reach_exactly_what_they_should():
    values = decode(DTSU, factors(DTSU, {"ct": 20, "pt": 10}, ""), dtsu()).values
    times = {name: 10 for name in values if name.startswith("voltage")}
    times |= {name: 20 for name in values if name.startswith("current")}
    times |= {"active_power_kw": 200, "energy_kwh": 200}
    for name, (_, _, true) in SCALED.items():
        assert values[name] == pytest.approx(true * times.get(name, 1), rel=1e-12)


@pytest.mark.parametrize(
    ("name", "raw", "why"),
    [
        ("voltage_l1_v", math.nan, "not_a_number"),
        ("active_power_kw", -math.inf, "not_a_number"),
        ("power_factor", 1100.0, "implausible"),
        ("frequency_hz", 65535.0, "implausible"),
        ("energy_kwh", -1.0, "implausible"),
        ("current_l1_a", -2.0, "implausible"),
    ],
)
def test_one_bad_quantity_does_not_spoil_the_others(name, raw, why):
    decoded = decode(DTSU, factors(DTSU, {}, ""), dtsu(**{name: raw}))
    assert decoded.why == why
    assert decoded.values.keys() == SCALED.keys() - {name}


MFE = load_profile("microsensor-mfe600")


def mfe(
    *, flow=6.25, unit=2, low=0x1234AB67, fraction=0.567, total_unit=0, high=0xCD00EF
) -> dict[int, dict[int, int]]:
    cells = (0x00, flow, "f32"), (0x02, unit, "u16"), (0x03, low, "i32"), (0x05, fraction, "f32")
    return image(*cells, (0x07, total_unit, "u16"), (0x1A, high, "i32"))


def test_the_total_of_the_mfe600_manual():
    decoded = decode(MFE, factors(MFE, {}, ""), mfe())
    assert decoded.why is None
    assert decoded.values == {"flow_m3h": 6.25, "volume_m3": 13_435_119_305_441_639.567}
    litres = decode(MFE, factors(MFE, {"total_unit": "L"}, ""), mfe())
    assert litres.values["volume_m3"] == pytest.approx(13_435_119_305_441.639567, rel=1e-14)


@given(st.integers(0, 998), st.integers(0, 999_999_999), st.floats(0, 1, width=32, exclude_max=True))
def test_a_total_is_the_sum_of_its_parts(high, low, fraction):
    values = decode(MFE, factors(MFE, {}, ""), mfe(high=high, low=low, fraction=fraction)).values
    assert values["volume_m3"] == pytest.approx(high * 10**9 + low + fraction, rel=1e-15)


@pytest.mark.parametrize(("code", "factor"), list(enumerate([3600, 60, 1, 3.6, 0.06, 0.001])))
def test_each_unit_of_flow(code, factor):
    decoded = decode(MFE, factors(MFE, {}, ""), mfe(unit=code))
    assert decoded.why is None
    assert decoded.values["flow_m3h"] == pytest.approx(6.25 * factor, rel=1e-12)


@pytest.mark.parametrize("code", [6, 7, 255, 0xFFFF])
def test_an_unknown_unit_is_never_guessed(code):
    decoded = decode(MFE, factors(MFE, {}, ""), mfe(unit=code))
    assert (set(decoded.values), decoded.why) == ({"volume_m3"}, "implausible")
    decoded = decode(MFE, factors(MFE, {}, ""), mfe(total_unit=code))
    assert (set(decoded.values), decoded.why) == ({"flow_m3h"}, "implausible")


SPAN = 60
part = st.builds(Part, address=st.integers(0, SPAN), type=st.sampled_from(sorted(REGISTERS)))
function = st.sampled_from([None, 3, 4])
single = st.builds(
    Value,
    address=st.integers(0, 400),
    type=st.sampled_from(sorted(REGISTERS)),
    function=function,
    plausible=st.just(WIDE),
)


@st.composite
def composed(draw) -> Value:
    base = draw(st.integers(0, 300))
    parts = [
        Part(address=base + each.address, type=each.type)
        for each in draw(st.lists(part, min_size=1, max_size=4))
    ]
    unit = UnitRegister(address=draw(st.integers(0, 900)), type="u16", table={"0": 1.0})
    return Value(
        part=parts, unit=draw(st.sampled_from([None, unit])), function=draw(function), plausible=WIDE
    )


alarm = st.builds(
    Alarm, address=st.integers(0, 900), function=function, bits=st.just(1), text=st.just("alarm")
)


@given(
    st.lists(single | composed(), min_size=1, max_size=10),
    st.lists(alarm, max_size=3),
    st.integers(SPAN + 4, 125),
    st.integers(0, 124),
)
def test_a_plan_covers_every_cell_and_tears_no_value(values, alarms, most, gap):
    quantity = {f"q{number}": value for number, value in enumerate(values)}
    profile = Profile(
        name="x", kind="power", maker="m", model="m", source="s", confidence="C",
        request=Request(max_registers=most, max_gap=gap, function=4),
        quantity=quantity, alarm={str(number): each for number, each in enumerate(alarms)},
    )  # fmt: skip
    for blocks, allowed in ((plan_blocks(profile), gap), (plan_blocks(profile, max_gap=0), 0)):
        assert all(1 <= block.size <= most for block in blocks)
        assert blocks == sorted(blocks)
        wanted = set()
        for function, cells in (
            *((value.function or 4, value.parts) for value in values),
            *((value.function or 4, [value.unit]) for value in values if value.unit),
            *((each.function or 4, [each]) for each in alarms),
        ):
            first, end = min(cell.address for cell in cells), max(cell.end for cell in cells)
            wanted |= {(function, address) for address in range(first, end)}
            assert any(
                block.function == function and block.address <= first and end <= block.end for block in blocks
            )
        for block in blocks:
            idle = [
                address
                for address in range(block.address, block.end)
                if (block.function, address) not in wanted
            ]
            assert all(set(range(at, at + allowed + 1)) - set(idle) for at in idle)


def test_the_shipped_meters_cost_few_requests():
    assert plan_blocks(DTSU) == [(3, 0x101E, 2), (3, 0x2006, 64)]
    assert plan_blocks(MFE) == [(3, 0, 28)]
