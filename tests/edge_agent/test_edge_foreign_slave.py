"""Every shipped profile over a serial line from a slave that is not ours, byte for byte the known cases."""

from contextlib import closing

import pytest
from foreign_slave import foreign_slave
from known_bytes import first_cases, registers_of

from edge_agent.bus import Bus
from edge_agent.config import BusSettings, ConfiguredDevice, DeviceSettings
from edge_agent.meter import Meter
from edge_agent.profile_file import factors, load_profile


@pytest.mark.parametrize(("name", "case"), first_cases())
def test_a_foreign_slave_is_read_right(name, case):
    profile = load_profile(name)
    [image] = registers_of(case).values()  # pymodbus keeps one memory for all functions
    settings = DeviceSettings(id="meter-1", profile=name, bus="main", unit_id=17)
    device = ConfiguredDevice(settings, profile, factors(profile, case.get("parameters", {}), ""))
    with foreign_slave(17, image) as port, closing(Bus(BusSettings(port=port))) as bus:
        for _ in range(2):
            poll = Meter(device, bus).poll()
            assert (poll.why, poll.text) == (case.get("why"), "")
            assert poll.values == pytest.approx(case["values"], rel=1e-9, abs=1e-12)
