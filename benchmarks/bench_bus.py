"""Requests per poll, share of the line's time and CPU per poll of every shipped meter profile.

The meters are simulated slaves on a pseudo-terminal that hold the registers of the profile's known case; the
line's time is reckoned from the octets at the speed at which the meter leaves the factory.
"""

import sys
import time
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "edge_agent"))

from figures import show
from known_bytes import first_cases, registers_of

from edge_agent.bus import BITS_A_CHARACTER, SILENT_CHARACTERS, Bus
from edge_agent.config import BusSettings, ConfiguredDevice, DeviceSettings
from edge_agent.meter import Meter
from edge_agent.plan import plan_blocks
from edge_agent.profile import Profile, Value
from edge_agent.profile_file import factors, load_profile
from simulator.line import PtyLine
from simulator.slave import Line, Slave
from telemetry.quantities import NAMES_BY_KIND

POLLS = 200
EVERY_S = 60.0
REQUEST_OCTETS = 8
ANSWER_OCTETS = 5


def main() -> None:
    """Measure and print, profile by profile."""
    for name, case in sorted(first_cases(), key=lambda each: each[0]):
        profile = load_profile(name)
        show(
            f"bus: {name}, {len(profile.quantity)} values, requests per poll",
            f"{len(plan_blocks(profile))}",
            "-",
        )
        share = f"{100 * line_s(profile) / EVERY_S:.2f} %, {cpu_s(profile, case) * 1000:.2f} ms"
        show(f"  at {profile.line.baudrate} baud, 60 s: share of the line's time, CPU per poll", share, "-")
    show("bus: requests for 10 contiguous values", str(len(plan_blocks(contiguous(10)))), "1")


def contiguous(values: int) -> Profile:
    """A meter whose floats lie side by side."""
    names = NAMES_BY_KIND["power"][:values]
    quantity = {
        name: Value(address=2 * place, type="f32", plausible=(0, 1)) for place, name in enumerate(names)
    }
    return Profile(
        name="x", kind="power", maker="x", model="x", source="x", confidence="A", quantity=quantity
    )


def line_s(profile: Profile) -> float:
    """Seconds for which one poll keeps the line busy; the meter's own thinking is not known."""
    octets = sum(REQUEST_OCTETS + ANSWER_OCTETS + 2 * block.size for block in plan_blocks(profile))
    silences = 2 * len(plan_blocks(profile)) * SILENT_CHARACTERS
    return (octets + silences) * BITS_A_CHARACTER / profile.line.baudrate


def cpu_s(profile: Profile, case: dict) -> float:
    """CPU seconds of this thread for one poll."""
    registers = registers_of(case)
    image = {address: word for words in registers.values() for address, word in words.items()}
    settings = DeviceSettings(id="meter-1", profile=profile.name, bus="main", unit_id=1)
    device = ConfiguredDevice(settings, profile, factors(profile, case.get("parameters", {}), ""))
    with (
        PtyLine(Line([Slave(1, lambda: image)])) as line,
        closing(Bus(BusSettings(port=line.port, pause_s=0.0, baudrate=115_200))) as bus,
    ):
        meter = Meter(device, bus)
        assert meter.poll().values
        before = time.thread_time()
        for _ in range(POLLS):
            meter.poll()
        return (time.thread_time() - before) / POLLS


if __name__ == "__main__":
    main()
