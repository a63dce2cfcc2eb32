import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.life import Snapshot, Station
from simulator.mains import Electricity
from simulator.registers import dtsu666, mfe600
from simulator.truth import said_dtsu666, said_mfe600, truth_dtsu666, truth_mfe600

phases = lambda low, high: st.tuples(*[st.floats(low, high)] * 3)  # noqa: E731
pictures = st.builds(
    Electricity,
    voltage_v=phases(0, 300),
    current_a=phases(0, 100),
    power_kw=phases(0, 30),
    reactive_kvar=phases(0, 30),
    frequency_hz=st.floats(45, 55),
)
snapshots = st.builds(
    Snapshot,
    time_s=st.just(0.0),
    mains=st.booleans(),
    running=st.booleans(),
    blower_on=st.booleans(),
    pump_on=st.booleans(),
    electricity=pictures,
    energy_kwh=st.floats(0, 1e7),
    phase_energy_kwh=phases(0, 1e6),
    flow_m3h=st.floats(0, 500),
    volume_m3=st.floats(0, 5e10),
)


def seen(**changed) -> Snapshot:
    electricity = {
        "voltage_v": (230.1, 229.96, 231.0),
        "current_a": (2.037, 0.0, 1.5),
        "power_kw": (0.38, 0.37, 0.36),
        "reactive_kvar": (0.2, 0.2, 0.2),
        "frequency_hz": 49.98,
    }
    values = {
        "time_s": 0.0,
        "mains": True,
        "running": True,
        "blower_on": True,
        "pump_on": False,
        "energy_kwh": 8412.625,
        "phase_energy_kwh": (2805.0, 2804.0, 2803.625),
        "flow_m3h": 6.25,
        "volume_m3": 15_230.5,
    }
    electricity |= {name: changed.pop(name) for name in list(changed) if name in electricity}
    return Snapshot(electricity=Electricity(**electricity), **(values | changed))


def words(image: dict[int, int], address: int, count: int) -> str:
    return " ".join(f"{image[address + place]:04X}" for place in range(count))


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (0x2006, "450F D000"),  # 230.1 V -> 2301.0
        (0x2008, "450F C000"),  # 229.96 V -> 2300.0, whole steps
        (0x200C, "44FE A000"),  # 2.037 A -> 2037.0
        (0x200E, "0000 0000"),
        (0x2012, "462D 7000"),  # 1.11 kW -> 11100.0
        (0x2014, "456D 8000"),  # 0.38 kW -> 3800.0
        (0x201A, "45BB 8000"),  # 0.6 kvar -> 6000.0
        (0x2044, "459C 3000"),  # 49.98 Hz -> 4998.0
        (0x101E, "4603 7280"),  # 8412.625 kWh
        (0x1020, "452F 5000"),  # 2805 kWh on L1
        (0x1028, "0000 0000"),  # nothing exported
        (0x2000, "4579 0000"),  # 398.4 V between L1 and L2
    ],
)
def test_dtsu666_known_bytes(address, expected):
    image = dtsu666(seen())
    assert words(image, address, 2) == expected


def test_dtsu666_power_factors():
    image = dtsu666(seen())
    total, first = struct.unpack(">ff", bytes.fromhex(words(image, 0x202A, 4)))
    assert total == round(1000 * 1.11 / math.hypot(1.11, 0.6))
    assert first == round(1000 * 0.38 / math.hypot(0.38, 0.2))


def test_dtsu666_blocks_are_whole_and_gaps_read_zero():
    image = dtsu666(seen(), unit_id=17)
    assert set(range(0x2000, 0x2046)) <= image.keys()
    assert set(range(0x101E, 0x1030)) <= image.keys()
    assert image[0x2022] == image[0x2032] == image[0x1026] == 0
    assert [image[address] for address in (0x0006, 0x0007, 0x002C, 0x002D, 0x002E)] == [1, 10, 3, 3, 17]
    assert 0x2050 not in image
    assert 0x1FFF not in image


@pytest.mark.parametrize(
    ("volume_m3", "low", "fraction", "high"),
    [
        (15_230.5, "0000 3B7E", "3F00 0000", "0000 0000"),
        (999_999_999.75, "3B9A C9FF", "3F40 0000", "0000 0000"),
        (1_000_000_000.25, "0000 0000", "3E80 0000", "0000 0001"),
        (0.0, "0000 0000", "0000 0000", "0000 0000"),
    ],
)
def test_mfe600_total_known_bytes(volume_m3, low, fraction, high):
    image = mfe600(seen(volume_m3=volume_m3))
    assert words(image, 0x03, 2) == low
    assert words(image, 0x05, 2) == fraction
    assert words(image, 0x1A, 2) == high
    assert truth_mfe600(seen(volume_m3=volume_m3))["volume_m3"] == volume_m3


def test_mfe600_the_other_registers():
    image = mfe600(seen(flow_m3h=6.25))
    assert image.keys() == set(range(0x25))
    assert words(image, 0x00, 3) == "40C8 0000 0002"
    assert [image[address] for address in (0x07, 0x0C, 0x0D, 0x0E, 0x0F, 0x10, 0x11, 0x24)] == [0] * 8
    velocity, percent, _, bore = struct.unpack(">ffff", bytes.fromhex(words(image, 0x12, 8)))
    assert velocity == pytest.approx(6.25 / 3600 / 0.0033183, rel=1e-4)
    assert (percent, bore) == (31.25, 65)


@given(snapshots)
def test_registers_say_what_the_truth_says(snapshot):
    power, flow = dtsu666(snapshot), mfe600(snapshot)
    assert all(0 <= word <= 0xFFFF for word in (*power.values(), *flow.values()))
    assert said_dtsu666(power) == pytest.approx(truth_dtsu666(snapshot), rel=1e-9)
    assert said_mfe600(flow) == pytest.approx(truth_mfe600(snapshot), rel=1e-12)
    assert truth_mfe600(snapshot)["volume_m3"] == pytest.approx(snapshot.volume_m3, abs=1e-7, rel=1e-12)


@given(volume_m3=st.floats(0, 5e10), more_m3=st.floats(0, 10))
def test_the_encoded_total_never_falls(volume_m3, more_m3):
    before, after = mfe600(seen(volume_m3=volume_m3)), mfe600(seen(volume_m3=volume_m3 + more_m3))
    assert said_mfe600(after)["volume_m3"] >= said_mfe600(before)["volume_m3"]


def test_said_leaves_out_what_was_not_served():
    image = dtsu666(seen())
    block = {address: image[address] for address in range(0x101E, 0x1030)}
    assert said_dtsu666(block) == {"energy_kwh": 8412.625}
    assert said_mfe600({0: 0x40C8, 1: 0}) == {"flow_m3h": 6.25}


def test_a_living_station_can_be_encoded():
    snapshot = Station(start_s=1.76e9).snapshot()
    assert said_dtsu666(dtsu666(snapshot))["energy_kwh"] == pytest.approx(8412.6, rel=1e-6)
