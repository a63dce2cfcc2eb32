import time
from contextlib import contextmanager

import pytest
from edge_line import TIMEOUT_S, Spoiler

from edge_agent.bus import Bus
from edge_agent.config import BusSettings, ConfiguredDevice, DeviceSettings
from edge_agent.listener import BusError
from edge_agent.meter import Meter, boot_ms
from edge_agent.profile import Request
from edge_agent.profile_file import factors, load_profile
from simulator.meters import SimulatedStation
from simulator.slave import seal
from simulator.truth import said_dtsu666, said_mfe600

EXCEPTIONS = {code: lambda q, a, c=code: seal(bytes((q[0], q[1] | 0x80, c))) for code in (1, 2, 4, 6)}


def device(name: str, unit_id: int, **request) -> ConfiguredDevice:
    profile = load_profile(name)
    if request:
        profile = type(profile)(**{key: getattr(profile, key) for key in profile.__struct_fields__} | {"request": Request(**request)})  # noqa: E501 # fmt: skip
    settings = DeviceSettings(id=f"{profile.kind}-1", profile=name, bus="main", unit_id=unit_id)
    return ConfiguredDevice(settings, profile, factors(profile, {}, ""))


POWER = device("chint-dtsu666", 1)
FLOW = device("microsensor-mfe600", 2)


class Served:
    """What the meters' registers said last, unit by unit."""

    def __init__(self) -> None:
        self.registers: dict[int, dict[int, int]] = {1: {}, 2: {}}

    def __call__(self, unit: int, address: int, _count: int, registers) -> None:
        self.registers[unit] |= dict(enumerate(registers, address))

    def said(self, meter: Meter) -> dict[str, float]:
        said = said_dtsu666(self.registers[1]) if meter.kind == "power" else said_mfe600(self.registers[2])
        return {name: pytest.approx(value, rel=1e-9) for name, value in said.items()}


@contextmanager
def station(spoiler: Spoiler, *devices: ConfiguredDevice, **more):
    served = Served()
    with SimulatedStation(seed=5, fault=spoiler, served=served, **more) as simulated:
        bus = Bus(BusSettings(port=simulated.port, timeout_s=TIMEOUT_S, pause_s=0.0))
        try:
            yield [Meter(each, bus) for each in devices], served, simulated
        finally:
            bus.close()


def test_both_meters_say_what_stands_in_their_registers():
    with station(Spoiler(), POWER, FLOW) as (meters, served, _):
        for meter in meters * 2:
            before = boot_ms()
            poll = meter.poll()
            assert (poll.quality, poll.why, poll.text, poll.device) == ("good", None, "", f"{meter.kind}-1")
            assert poll.values == served.said(meter)
            assert before <= poll.at_ms <= boot_ms()


FAULTS = {
    "silence": (lambda q, a: None, "no_response"),
    "half a frame": (lambda q, a: a[: len(a) // 2], "garbled"),
    "a bad checksum": (lambda q, a: a[:-2] + b"\x00\x00", "garbled"),
    "a junk byte before": (lambda q, a: b"\xff" + a, "garbled"),
    "echo": (lambda q, a: q + a, "echo"),
    "another unit": (lambda q, a: seal(bytes([q[0] + 5]) + a[1:-2]), "other_unit"),
    "the neighbour": (lambda q, a: seal(bytes([3 - q[0]]) + a[1:-2]), "other_unit"),
    "too short": (lambda q, a: seal(bytes([a[0], a[1], a[2] - 2]) + a[3:-4]), "wrong_shape"),
    "the other function": (lambda q, a: seal(bytes([a[0], 7 - a[1]]) + a[2:-2]), "wrong_shape"),
    **{f"exception {code}": (fault, "device_exception") for code, fault in EXCEPTIONS.items()},
}


@pytest.mark.parametrize("alone", [True, False], ids=["alone", "with a neighbour"])
@pytest.mark.parametrize(("fault", "why"), FAULTS.values(), ids=FAULTS)
def test_no_fault_makes_a_wrong_value_good_and_the_next_poll_is_well(fault, why, alone):
    spoiler = Spoiler()
    with station(spoiler, *([FLOW] if alone else [POWER, FLOW])) as (meters, served, _):
        spoiler.fault = fault
        for meter in meters:
            poll = meter.poll()
            assert (poll.quality, poll.why, poll.values) == ("missing", why, {})
            assert poll.text
        spoiler.fault = lambda q, a: a
        for meter in meters:
            assert meter.poll()._replace(at_ms=0)[3:6] == ("good", None, served.said(meter))


@pytest.mark.parametrize("lateness", [2.6, 3.3])
def test_a_meter_that_answers_too_late_is_silent_and_never_wrong(lateness):
    def late(_request: bytes, answer: bytes) -> bytes:
        time.sleep(lateness * TIMEOUT_S)
        return answer

    spoiler = Spoiler()
    with station(spoiler, FLOW) as ([meter], served, _):
        spoiler.fault = late
        assert [meter.poll().why for _ in range(3)] == ["no_response"] * 3
        spoiler.fault = lambda q, a: a
        polls = [meter.poll() for _ in range(4)]
        assert polls[-1].values == served.said(meter)


def test_a_meter_without_the_registers_between_ours_is_asked_without_them():
    """With gaps as the profile allows, and after exception 2 at once and for good without any."""
    spoiler = Spoiler()
    asked: list[tuple[int, int]] = []

    def strict(request: bytes, answer: bytes) -> bytes:
        address, count = int.from_bytes(request[2:4], "big"), int.from_bytes(request[4:6], "big")
        asked.append((address, count))
        gaps = any(address <= gap < address + count for gap in (0x202C, 0x2043))
        return EXCEPTIONS[2](request, answer) if gaps else answer

    spoiler.fault = strict
    with station(spoiler, POWER) as ([meter], served, _):
        first, said, second = meter.poll(), served.said(meter), meter.poll()
        assert (first.quality, first.values) == ("good", said)
        assert second.quality == "good"
    assert asked[:2] == [(0x101E, 2), (0x2006, 64)]
    without_gaps = [(0x101E, 2), (0x2006, 14), (0x202A, 2), (0x2044, 2)]
    assert asked[2:] == without_gaps * 2


def test_a_meter_that_lacks_a_quantity_gives_the_others():
    """Registers of the power factor are refused for good: the reading is suspect, and says why."""
    spoiler = Spoiler()

    def poor(request: bytes, answer: bytes) -> bytes:
        address, count = int.from_bytes(request[2:4], "big"), int.from_bytes(request[4:6], "big")
        return EXCEPTIONS[2](request, answer) if address <= 0x202A < address + count else answer

    spoiler.fault = poor
    with station(spoiler, POWER) as ([meter], served, _):
        for _ in range(2):
            poll, said = meter.poll(), served.said(meter)
            assert (poll.quality, poll.why) == ("suspect", "device_exception")
            said.pop("power_factor")
            assert poll.values == said
        spoiler.fault = EXCEPTIONS[2]
        poll = meter.poll()
        assert (poll.quality, poll.why, poll.values) == ("missing", "device_exception", {})


def test_a_power_cut_is_silence_and_the_return_is_seen_at_the_next_poll():
    with station(Spoiler(), POWER) as ([meter], served, simulated):
        assert meter.poll().quality == "good"
        simulated.set_mains(mains=False)
        assert meter.poll().why == "no_response"
        simulated.set_mains(mains=True)
        assert meter.poll().values == served.said(meter)


def test_a_block_that_fails_spoils_the_whole_poll():
    """Values of two moments never make one reading: the second block is silent, the first was fine."""
    spoiler = Spoiler()
    spoiler.fault = lambda q, a: a if q[2] == 0x10 else None
    with station(spoiler, POWER) as ([meter], _, _):
        poll = meter.poll()
        assert (poll.quality, poll.why, poll.values) == ("missing", "no_response", {})


def test_a_wrong_unit_or_port_is_said_in_words():
    with station(Spoiler(), device("chint-dtsu666", 9)) as ([meter], _, _):
        assert meter.poll()[3:7] == (
            *("missing", "no_response", {}),
            "unit 9 is silent: check power, wiring, unit_id, line settings",
        )


def test_a_line_that_fails_otherwise_is_not_hidden():
    class Broken:
        def read(self, *_: int) -> list[int]:
            raise BusError("port_gone", "no port")

    poll = Meter(POWER, Broken()).poll()
    assert (poll.why, poll.text) == ("port_gone", "no port")
