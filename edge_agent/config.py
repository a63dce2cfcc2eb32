"""`agent.toml`: the settings of one station's box."""

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec

from edge_agent.profile import Parity, Profile, StopBits
from edge_agent.profile_file import factors, load_profile
from service.mqtt import Mqtt
from service.settings import Fault, SettingsError, load
from telemetry.reading import DeviceId, StationId

DEFAULT_PATH = Path("/etc/qingliu/agent.toml")
NO_METERS = "there are no meters yet"
ENROLLING = ".enrolling"
"""So ends the file's name while a bundle is being put in place."""


class StationSettings(msgspec.Struct, kw_only=True, frozen=True):
    """Which station this is."""

    id: Annotated[
        StationId,
        msgspec.Meta(extra={"rule": "must be 1 to 32 letters, digits, - or _"}, examples=["410882-0012"]),
    ]
    name: str = ""


class BusSettings(msgspec.Struct, kw_only=True, frozen=True):
    """One serial line."""

    port: Annotated[
        str,
        msgspec.Meta(
            min_length=1,
            description="device file; the by-id name survives a replugged adapter",
            examples=["/dev/serial/by-id/usb-…"],
        ),
    ]
    baudrate: Annotated[int, msgspec.Meta(ge=300, le=115_200, examples=[9600])] = 9600
    parity: Parity = "N"
    stopbits: StopBits = 1
    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=10, examples=[0.5])] = 0.5
    pause_s: Annotated[
        float, msgspec.Meta(ge=0, le=5, description="silence between requests", examples=[0.02])
    ] = 0.02
    echo: Annotated[bool, msgspec.Meta(description="the adapter echoes what it sends")] = False


class DeviceSettings(msgspec.Struct, kw_only=True, frozen=True):
    """One meter on a line."""

    id: Annotated[
        DeviceId,
        msgspec.Meta(extra={"rule": "must be 1 to 24 of a-z, 0-9 and -"}, examples=["power-1"]),
    ]
    profile: Annotated[str, msgspec.Meta(min_length=1, examples=["chint-dtsu666"])]
    bus: Annotated[str, msgspec.Meta(examples=["main"])]
    unit_id: Annotated[int, msgspec.Meta(ge=1, le=247, examples=[1])]
    parameters: dict[str, float | str] = {}


class SamplingSettings(msgspec.Struct, kw_only=True, frozen=True):
    """How often to read, and to send."""

    interval_s: Annotated[float, msgspec.Meta(ge=1, le=86_400, examples=[60])] = 60
    send_every_s: Annotated[float, msgspec.Meta(ge=1, le=86_400, examples=[300])] = 300


class OutboxSettings(msgspec.Struct, kw_only=True, frozen=True):
    """Where readings wait for the centre's ack."""

    path: str = "/var/lib/qingliu-agent/outbox.db"
    max_mb: Annotated[int, msgspec.Meta(ge=1, le=65_536, examples=[256])] = 256


class ProfilesSettings(msgspec.Struct, kw_only=True, frozen=True):
    """The installer's own meter profiles."""

    path: str = ""


class AgentSettings(msgspec.Struct, kw_only=True, frozen=True):
    """The whole file."""

    station: StationSettings
    mqtt: Mqtt
    bus: dict[str, BusSettings] = {}
    device: list[DeviceSettings] = []
    sampling: SamplingSettings = SamplingSettings()
    outbox: OutboxSettings = OutboxSettings()
    profiles: ProfilesSettings = ProfilesSettings()


class ConfiguredDevice(NamedTuple):
    """A meter with its profile and its installer's answers as factors."""

    settings: DeviceSettings
    profile: Profile
    factors: dict[str, float]


class Agent(NamedTuple):
    """A checked configuration."""

    settings: AgentSettings
    devices: list[ConfiguredDevice]


def load_agent(path: Path) -> Agent:
    """Read `agent.toml` and the profiles it names.

    Raises:
        SettingsError: with every fault of the file, profiles and parameters included.
    """
    devices: list[ConfiguredDevice] = []
    if _was_cut_off(path):
        remedy = "Do it again: sudo qingliu agent enrol BUNDLE.tar.gz"
        raise SettingsError(str(path), [Fault("", "enrolling was cut off half-way", remedy=remedy)])

    def check(settings: AgentSettings) -> Iterable[Fault]:
        yield from _faults(settings)
        folder = Path(settings.profiles.path) if settings.profiles.path else None
        for index, device in enumerate(settings.device):
            try:
                profile = load_profile(device.profile, folder)
                answers = factors(profile, device.parameters, f"device[{index}].parameters")
                devices.append(ConfiguredDevice(device, profile, answers))
            except SettingsError as error:
                yield from _placed(error, index, device.profile)

    return Agent(load(path, AgentSettings, check), devices)


def is_there(path: Path) -> bool:
    """Whether a file is there; of one in a folder that we may not enter, reading says what is wrong."""
    try:
        return path.exists()
    except OSError:
        return True


def settings_so_far(path: Path) -> AgentSettings | None:
    """What an `agent.toml` says that may still lack its meters; None if there is none.

    Raises:
        SettingsError: it is wrong, or cannot be read.
    """
    return load(path, AgentSettings) if is_there(path) else None


def _was_cut_off(path: Path) -> bool:
    """Whether a new identity is only half in place."""
    return not is_there(path) and path.with_name(path.name + ENROLLING).exists()


def _placed(error: SettingsError, index: int, name: str) -> Iterable[Fault]:
    for fault in error.faults:
        if error.file == "profiles":
            yield Fault(f"device[{index}].profile", fault.rule, name, fault.remedy)
        elif error.file:
            yield Fault(
                f"device[{index}].profile", fault.line(error.file).rstrip("."), name, "Mend that profile."
            )
        else:
            yield fault


def _faults(settings: AgentSettings) -> Iterable[Fault]:
    yield from settings.mqtt.faults()
    if not settings.device:
        remedy = "Find them with: sudo qingliu agent scan --write"
        yield Fault("device", NO_METERS, remedy=remedy)
    for index, device in enumerate(settings.device):
        if device.bus not in settings.bus:
            known = ", ".join(settings.bus) or "none"
            yield Fault(f"device[{index}].bus", "names no [bus.…] table", device.bus, f"Known are: {known}.")
    for name, count in Counter(device.id for device in settings.device).items():
        if count > 1:
            yield Fault("device", "two meters have the same id", name, "Give each its own.")
    for (bus, unit), count in Counter((device.bus, device.unit_id) for device in settings.device).items():
        if count > 1:
            yield Fault(
                "device", f"two meters on bus {bus} have the same unit_id", unit, "Give each its own address."
            )
    yield from _port_faults(settings.bus.values())


def _port_faults(buses: Iterable[BusSettings]) -> Iterable[Fault]:
    ports: dict[str, list[str]] = {}
    for bus in buses:
        ports.setdefault(os.path.realpath(bus.port), []).append(bus.port)
    for first, *others in ports.values():
        if others:
            other = next((each for each in others if each != first), "")
            rule = "two lines name the same port" + (f", one as {other}" if other else "")
            yield Fault("bus", rule, first, "One table a line.")
