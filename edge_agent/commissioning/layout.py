"""From the installer's answers to lines and meters with names; what the station already has keeps its own.

A meter keeps its id as long as it stays at its line and unit id: the centre knows its history by that name.
"""

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from edge_agent.commissioning.config_file import BusChoice, DeviceChoice
from edge_agent.commissioning.findings import FoundUnit, LineSettings, Scan
from edge_agent.config import BusSettings, DeviceSettings, settings_so_far
from edge_agent.profile import Profile
from edge_agent.profile_file import load_profile
from service.settings import SettingsError
from telemetry.quantities import Kind

FIRST_LINE = "main"
USUAL_TIMEOUT_S = BusSettings(port="-").timeout_s
PATIENCE = 2.0
"""A line waits this many times longer than its slowest meter took."""
_LONGEST_TIMEOUT_S = 10.0


class Former(NamedTuple):
    """The lines and meters that `agent.toml` has so far.

    Attributes:
        folder: of the installer's own profiles.
    """

    buses: Mapping[str, BusSettings] = {}
    devices: Sequence[DeviceSettings] = ()
    folder: Path | None = None

    def at(self, port: str, unit_id: int) -> DeviceSettings | None:
        """The meter at a unit id of a line."""
        on_line = (each for each in self.devices if self._is_on(each, port))
        return next((each for each in on_line if each.unit_id == unit_id), None)

    def silent(self, scan: Scan) -> list[DeviceSettings]:
        """The meters of a scanned line that did not answer."""
        heard = {unit.unit_id for unit in scan.units}
        return [each for each in self.devices if self._is_on(each, scan.port) and each.unit_id not in heard]

    def elsewhere(self, scans: Sequence[Scan]) -> list[DeviceSettings]:
        """The meters of lines that were not scanned; one on a line that is nowhere cannot be kept."""
        on_lines = (each for each in self.devices if each.bus in self.buses)
        return [each for each in on_lines if not any(self._is_on(each, scan.port) for scan in scans)]

    def line_at(self, port: str) -> str | None:
        """The name of the line at a port, by whichever of its names."""
        return next((name for name, bus in self.buses.items() if _same_port(bus.port, port)), None)

    def _is_on(self, device: DeviceSettings, port: str) -> bool:
        return device.bus in self.buses and _same_port(self.buses[device.bus].port, port)


class Chosen(NamedTuple):
    """A unit that shall be read, and as what."""

    scan: Scan
    unit: FoundUnit
    profile: Profile


class Named(NamedTuple):
    """A chosen unit with its line's name and its own id."""

    id: str
    bus: str
    chosen: Chosen
    former: DeviceSettings | None


def former_of(path: Path) -> Former:
    """What the file holds so far; nothing if there is no file.

    Raises:
        SettingsError: it is there and wrong.
    """
    settings = settings_so_far(path)
    if settings is None:
        return Former()
    folder = Path(settings.profiles.path) if settings.profiles.path else None
    return Former(settings.bus, settings.device, folder)


def named(chosen: Sequence[Chosen], kept: Sequence[DeviceSettings], former: Former) -> list[Named]:
    """Give every chosen unit its line's name and an id: power-1, power-2, flow-1 in order of unit ids.

    Args:
        chosen: the units to read.
        kept: meters that stay without having answered; their ids and lines are taken.
        former: what the station had.
    """
    lines = line_names([each.scan.port for each in chosen], [each.bus for each in kept], former)
    before = [former.at(each.scan.port, each.unit.unit_id) for each in chosen]
    stays = [
        old if old is not None and _kind_of(old, former) == each.profile.kind else None
        for each, old in zip(chosen, before, strict=True)
    ]
    taken = {each.id for each in kept} | {old.id for old in stays if old is not None}
    names = []
    for each, old in zip(chosen, stays, strict=True):
        name = old.id if old is not None else _free_id(each.profile.kind, taken)
        taken.add(name)
        names.append(Named(name, lines[each.scan.port], each, old))
    return names


def line_names(ports: Sequence[str], taken: Sequence[str], former: Former) -> dict[str, str]:
    """A name for the line at each port: its former one, else main, line-2, line-3."""
    names: dict[str, str] = {}
    for port in ports:
        name = names.get(port) or former.line_at(port)
        used = {*names.values(), *taken, *former.buses}
        free = (FIRST_LINE if number == 1 else f"line-{number}" for number in range(1, len(used) + 2))
        names[port] = name or next(each for each in free if each not in used)
    return names


def lines_and_meters(
    meters: Sequence[Named],
    parameters: Mapping[str, Mapping[str, float | str]],
    kept: Sequence[DeviceSettings],
    former: Former,
) -> tuple[dict[str, BusChoice], list[DeviceChoice]]:
    """What shall stand in the file: the lines by name, and the meters.

    Args:
        meters: units with their names.
        parameters: the answers, by the meter's id.
        kept: meters that stay as they are.
        former: what the station had; a line without an answer keeps its settings.
    """
    buses: dict[str, BusChoice] = {}
    for device in kept:
        old = former.buses[device.bus]
        line = LineSettings(old.baudrate, old.parity, old.stopbits)
        buses[device.bus] = BusChoice(device.bus, old.port, line, old.echo)
    for meter in meters:
        scan, unit, _ = meter.chosen
        delays = [each.chosen.unit.delay_s for each in meters if each.bus == meter.bus]
        timeout_s = timeout_for(max(delays), former.buses.get(meter.bus))
        buses[meter.bus] = BusChoice(meter.bus, scan.port, unit.line, scan.echo, timeout_s)
    new = [
        DeviceChoice(
            each.id, each.chosen.profile.name, each.bus, each.chosen.unit.unit_id, parameters[each.id]
        )
        for each in meters
    ]
    return buses, new + [
        DeviceChoice(each.id, each.profile, each.bus, each.unit_id, each.parameters) for each in kept
    ]


def timeout_for(delay_s: float, former: BusSettings | None) -> float | None:
    """How long to wait for the slowest meter, in seconds; None where the present time-out will do."""
    present_s = former.timeout_s if former is not None else USUAL_TIMEOUT_S
    wanted_s = min(_LONGEST_TIMEOUT_S, math.ceil(PATIENCE * delay_s * 10) / 10)
    return wanted_s if wanted_s > present_s else None


def _kind_of(device: DeviceSettings, former: Former) -> Kind | None:
    try:
        return load_profile(device.profile, former.folder).kind
    except SettingsError:
        return None


def _free_id(kind: Kind, taken: set[str]) -> str:
    return next(name for number in range(1, len(taken) + 2) if (name := f"{kind}-{number}") not in taken)


def _same_port(one: str, other: str) -> bool:
    return one == other or os.path.realpath(one) == os.path.realpath(other)
