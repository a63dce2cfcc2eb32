"""Which serial ports a box has, those that its agent reads first."""

from collections.abc import Iterable
from pathlib import Path

from edge_agent.config import BusSettings

DEVICES = Path("/dev")
_PLACES = ("serial/by-id/*", "ttyUSB*", "ttyACM*", "ttyAMA0", "ttyS0")


def configured_ports(buses: Iterable[BusSettings]) -> list[str]:
    """The ports of `agent.toml`, in its order."""
    return list(dict.fromkeys(bus.port for bus in buses))


def plugged_ports(devices: Path = DEVICES) -> list[str]:
    """The ports that look like RS-485 adapters, each by one name: the one that survives replugging."""
    ports: dict[Path, str] = {}
    for place in _PLACES:
        for path in sorted(devices.glob(place)):
            ports.setdefault(path.resolve(), str(path))
    return list(ports.values())
