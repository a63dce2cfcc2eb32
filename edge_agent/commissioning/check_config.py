"""The configuration, as far as it can be used: a fault in one table does not hide what the others say."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

from edge_agent.commissioning.check_result import Figure, Finding
from edge_agent.commissioning.owner import service_user
from edge_agent.config import (
    NO_METERS,
    Agent,
    BusSettings,
    OutboxSettings,
    StationSettings,
    is_there,
    load_agent,
)
from service.account import may
from service.mqtt import Mqtt
from service.settings import Fault, SettingsError

T = TypeVar("T")
_FOR_ALL = 0o077
_UNREADABLE = "cannot be read: "


class Known(NamedTuple):
    """What `agent.toml` says.

    Attributes:
        agent: all of it, if nothing is wrong.
        faults: what is wrong with it.
        station: and the other tables: each by itself, if it can be used.
    """

    path: Path
    agent: Agent | None
    faults: tuple[Fault, ...]
    station: StationSettings | None
    buses: Mapping[str, BusSettings]
    mqtt: Mqtt | None
    outbox: OutboxSettings | None


def known_of(path: Path) -> Known:
    """Read as much of the file as can be read."""
    try:
        agent = load_agent(path)
    except SettingsError as error:
        return _partly(path, tuple(error.faults))
    settings = agent.settings
    return Known(path, agent, (), settings.station, settings.bus, settings.mqtt, settings.outbox)


def configuration(known: Known) -> Iterator[Finding]:
    """Every fault of the file; and who may read its secrets."""
    station = known.station.id if known.station else ""
    if not is_there(known.path):
        yield Finding("configuration", "fail", "config_missing", figures={"file": str(known.path)})
        return
    for fault in known.faults:
        if fault.rule == NO_METERS:
            figures = {"file": str(known.path), "station": station}
            yield Finding("configuration", "fail", "config_no_meters", figures=figures)
        elif not fault.path and fault.rule.startswith(_UNREADABLE):
            figures = {"file": str(fault.got or known.path), "reason": fault.rule.removeprefix(_UNREADABLE)}
            yield Finding("configuration", "fail", "config_unreadable", figures=figures)
        else:
            figures = {"fault": fault._replace(remedy="").line(known.path.name).rstrip(".")}
            figures |= {"remedy": fault.remedy, "station": station}
            yield Finding("configuration", "fail", "config_fault", figures=figures)
    if known.agent is not None:
        name = known.agent.settings.station.name
        figures_of_all: dict[str, Figure] = {
            "station": station,
            "station_name": name,
            "meters": len(known.agent.devices),
        }
        yield Finding("configuration", "ok", "config_fine", figures=figures_of_all)
    yield from _secrets(known)


def _secrets(known: Known) -> Iterator[Finding]:
    """Files that only the service should read, and must."""
    if known.mqtt is None:
        return
    service = service_user()
    for name in filter(None, (known.mqtt.key_file, known.mqtt.password_file)):
        try:
            stat = Path(name).stat()
        except OSError:
            continue  # its own fault says so already
        if stat.st_mode & _FOR_ALL:
            figures = {"file": name, "mode": f"{stat.st_mode & 0o777:04o}"}
            yield Finding("configuration", "warn", "secret_open", figures=figures)
        if service is not None and not may(service, stat, "r"):
            yield Finding(
                "configuration", "fail", "secret_closed", figures={"file": name, "user": service.name}
            )


def _partly(path: Path, faults: tuple[Fault, ...]) -> Known:
    data = _data(path)
    lines = data.get("bus")
    found = {
        name: bus
        for name, each in (lines.items() if isinstance(lines, dict) else ())
        if (bus := _part(each, BusSettings)) is not None
    }
    station, mqtt = _part(data.get("station"), StationSettings), _part(data.get("mqtt"), Mqtt)
    outbox = _part(data.get("outbox", {}), OutboxSettings) if data else None
    return Known(path, None, faults, station, found, mqtt, outbox)


def _data(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return {}


def _part(data: object, kind: type[T]) -> T | None:
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError:
        return None
