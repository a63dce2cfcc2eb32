"""The demo's folder: which city it holds, and the settings of its parts."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import msgspec

from service.process import UnavailableError
from service.whole_file import write_whole
from simulator.city import CityStation, city

PACE = 60.0
"""Village seconds per second at the live stations: their villagers' day takes 24 minutes."""
USUAL_STATIONS = 40

_CENTRE = """# Written anew at every start of the demo.
[centre]
name = "焦作市农村生活污水处理设施监管中心（演示，站点均为虚构）"
[mqtt]
host = "127.0.0.1"
port = {broker_port}
tls = false
[registry]
url = {registry}
[history]
path = {history}
[console]
port = {console_port}
uploads_path = {uploads}
[reporting]
path = {reports}
draft_hour = 0
[alerting]
round_s = 15
clear_after_s = 15
[alarms]
silence_raise_after_s = 60
grace_s = 60
"""

_AGENT = """# Written anew at every start of the demo.
[station]
id = {id}
name = {name}
[bus.main]
port = {port}
[[device]]
id = "power-1"
profile = "chint-dtsu666"
bus = "main"
unit_id = 1
[[device]]
id = "flow-1"
profile = "microsensor-mfe600"
bus = "main"
unit_id = 2
[sampling]
interval_s = 5
send_every_s = 5
[mqtt]
host = "127.0.0.1"
port = {broker_port}
tls = false
[outbox]
path = {outbox}
"""


class DemoError(UnavailableError):
    """The demo cannot start or go on."""


class DemoCity(msgspec.Struct):
    """What a demo's folder holds; begun once, it stays.

    Attributes:
        begun_ms: when the folder was first used; the city's past and present hang on it.
        count: of stations.
        prepared_ms: station to the instant up to which its past is in the stores.
    """

    begun_ms: int
    count: int
    prepared_ms: dict[str, int] = {}

    def stations(self) -> list[CityStation]:
        """The cast."""
        return city(self.begun_ms / 1000, self.count)


class Paths(NamedTuple):
    """What lies where in the folder."""

    data: Path

    @property
    def centre(self) -> Path:
        """Settings of the centre's parts."""
        return self.data / "centre.toml"

    @property
    def registry_url(self) -> str:
        """The relational store."""
        return f"sqlite:///{self.data / 'registry.db'}"

    @property
    def history(self) -> Path:
        """The time series."""
        return self.data / "history.db"

    @property
    def stations(self) -> Path:
        """The facility file, as one imports it."""
        return self.data / "stations.csv"

    @property
    def city(self) -> Path:
        """Which city this folder holds."""
        return self.data / "city.json"

    def agent(self, station: str) -> Path:
        """Settings of a live station's agent."""
        return self.data / station / "agent.toml"

    def counters(self, station: str) -> Path:
        """What a live station's meters have counted."""
        return self.data / station / "counters.json"


def known_city(paths: Paths, count: int | None, now_ms: int) -> DemoCity:
    """The folder's city, begun now if it has none.

    Raises:
        DemoError: it holds another number of stations than is asked for.
    """
    try:
        known = msgspec.json.decode(paths.city.read_bytes(), type=DemoCity)
    except FileNotFoundError:
        known = DemoCity(now_ms, count or USUAL_STATIONS)
        keep_city(paths, known)
    except msgspec.DecodeError as error:
        raise DemoError(f"{paths.city}: {error}. Remove the folder, or name another with --data.") from error
    if count not in (None, known.count):
        raise DemoError(
            f"{paths.data}: holds a city of {known.count} stations (got --stations {count}). "
            "Remove the folder, or name another with --data."
        )
    return known


def keep_city(paths: Paths, known: DemoCity) -> None:
    """Write the folder's city down, whole or not at all."""
    write_whole(paths.city, msgspec.json.encode(known))


def write_settings(paths: Paths, live: Iterable[CityStation], *, broker_port: int, console_port: int) -> None:
    """Write the settings files; what the folder has gathered stays."""
    centre = _CENTRE.format(
        broker_port=broker_port,
        console_port=console_port,
        registry=_toml(paths.registry_url),
        history=_toml(str(paths.history)),
        reports=_toml(str(paths.data / "reports")),
        uploads=_toml(str(paths.data / "uploads")),
    )
    paths.centre.write_text(centre, encoding="utf-8")
    for station in live:
        folder = paths.agent(station.id).parent
        folder.mkdir(exist_ok=True)
        agent = _AGENT.format(
            id=_toml(station.id),
            name=_toml(station.name),
            port=_toml(str(folder / "rs485")),
            broker_port=broker_port,
            outbox=_toml(str(folder / "outbox.db")),
        )
        paths.agent(station.id).write_text(agent, encoding="utf-8")


def _toml(text: str) -> str:
    """A TOML string; JSON's escapes are TOML's too."""
    return json.dumps(text, ensure_ascii=False)
