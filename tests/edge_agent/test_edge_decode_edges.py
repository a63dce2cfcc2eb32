"""Where each cell may have a function and an order of its own, and where a frame is just long enough."""

import math

import pytest

from edge_agent.decode import decode
from edge_agent.plan import plan_blocks
from edge_agent.profile import Alarm, Profile, Request, UnitRegister, Value
from edge_agent.rtu import _crc_of, first_frame, is_intact, shape_of
from simulator.slave import seal

WIDE = (-math.inf, math.inf)


def flow(*, request: Request | None = None, alarm: dict[str, Alarm] | None = None, **value) -> Profile:
    return Profile(
        name="x", kind="flow", maker="m", model="m", source="s", confidence="C",
        quantity={
            "flow_m3h": Value(address=0, plausible=WIDE),
            "volume_m3": Value(**{"address": 1, "plausible": WIDE, **value}),
        },
        alarm=alarm or {}, request=request or Request(),
    )  # fmt: skip


def test_a_function_that_was_refused_altogether_leaves_its_quantities_out():
    decoded = decode(flow(function=4), {}, {3: {0: 11, 1: 22}})
    assert decoded == ({"flow_m3h": 11.0}, "device_exception", ())


def test_a_unit_is_read_with_its_values_function_and_its_own_order():
    unit = UnitRegister(address=9, order="DCBA", table={"1": 0.001})
    profile = flow(function=4, unit=unit)
    holding, inputs = {0: 11, 1: 22, 9: 0x0200}, {1: 5000, 9: 0x0100}
    assert decode(profile, {}, {3: holding, 4: inputs})[:2] == ({"flow_m3h": 11.0, "volume_m3": 5.0}, None)


def test_an_alarm_is_read_with_its_own_function():
    alarm = Alarm(address=9, function=4, bits=1, text="empty pipe", spoils=["flow_m3h"])
    profile = flow(alarm={"empty_pipe": alarm})
    assert decode(profile, {}, {3: {0: 11, 1: 22, 9: 0}, 4: {9: 1}}).alarms == ("empty_pipe",)
    assert decode(profile, {}, {3: {0: 11, 1: 22, 9: 1}, 4: {9: 0}}).alarms == ()


def test_a_request_may_be_as_long_as_the_meter_allows_and_no_longer():
    profile = flow(address=9, request=Request(max_registers=10, max_gap=8))
    assert plan_blocks(profile) == [(3, 0, 10)]
    profile = flow(address=10, request=Request(max_registers=10, max_gap=99))
    assert plan_blocks(profile) == [(3, 0, 1), (3, 10, 1)]
    profile = flow(address=10, request=Request(max_registers=99, max_gap=8))
    assert plan_blocks(profile) == [(3, 0, 1), (3, 10, 1)]


def test_the_shortest_frame_has_an_address_a_function_and_a_checksum():
    assert is_intact(seal(b"\x01\x07"))
    assert not is_intact(seal(b"\x01"))
    assert first_frame(seal(b"\x01\x83\x02")) == seal(b"\x01\x83\x02")


@pytest.mark.parametrize("function", [7, 8, 17, 43, 0x41])
def test_functions_that_no_meter_of_ours_speaks_begin_no_frame(function):
    assert first_frame(seal(bytes([1, function, 0, 0, 0, 1]))) == b""


@pytest.mark.parametrize(
    "body", [b"\x01\x05\x02\x00\x01", b"\x01\x83\x02\x00\x01", b"\x01\x03\x03\x00\x01\x02"]
)
def test_what_only_looks_like_an_answer_has_no_shape(body):
    assert shape_of(seal(body)) is None


def test_the_shape_of_an_answer_counts_registers():
    shape = shape_of(seal(b"\x11\x03\x04\x00\x01\x00\x02"))
    assert shape == (17, 3, 2)
    assert isinstance(shape.size, int)


def test_the_checksums_table_is_the_published_one():
    """The first and last entries of the table in "Modbus over Serial Line" V1.02, appendix B."""
    assert [_crc_of(octet) for octet in (0, 1, 2, 3, 4, 254, 255)] == [
        0x0000, 0xC0C1, 0xC181, 0x0140, 0xC301, 0x8081, 0x4040,
    ]  # fmt: skip
