"""The station that is being commissioned: what agent.toml says of it, and what this visit has found out."""

import threading
import time
import tomllib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from edge_agent.commissioning.findings import FoundUnit, Scan
from edge_agent.config import NO_METERS, Agent, BusSettings, OutboxSettings, load_agent
from edge_agent.loan import borrowed
from edge_agent.phone.jobs import Jobs
from edge_agent.phone.tools import CheckLine, Tools
from edge_agent.phone.watch import Look, Watch
from service.settings import SettingsError

LENDER = "qingliu agent web"
_IDENTITY = ("ca_file", "cert_file", "key_file", "password_file")


class Station(NamedTuple):
    """What agent.toml says of the station, as far as it says anything.

    Attributes:
        lacking: files of the identity that agent.toml names and that are not there.
    """

    id: str
    name: str
    broker: str
    meters: int
    lacking: tuple[str, ...]

    @property
    def is_enrolled(self) -> bool:
        """Whether it knows who it is, and whom to tell."""
        return bool(self.id and self.broker and not self.lacking)


class Selected(NamedTuple):
    """A found unit with the profile that the installer chose for it."""

    scan: Scan
    unit: FoundUnit
    profile: str


class Cabinet:
    """One visit to one station; may be used from any thread."""

    def __init__(
        self,
        config: Path,
        tools: Tools,
        *,
        data: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Begin.

        Args:
            config: the station's agent.toml; it need not be there yet.
            tools: what can be done to it.
            data: folder of the signed checklists; None for the outbox's.
            clock: monotonic, in seconds.
            wall: the time as the box knows it.
        """
        self.config = config
        self.tools = tools
        self.wall = wall
        self.jobs = Jobs()
        self.selected: tuple[Selected, ...] = ()
        self.kept: tuple[str, ...] = ()
        self.signed: Path | None = None
        self._data = data
        self._watch = Watch(clock)
        self._lock = threading.Lock()
        self._scans: tuple[Scan, ...] = ()
        self._checks: tuple[CheckLine, ...] = ()

    def agent(self) -> Agent:
        """The checked configuration.

        Raises:
            SettingsError: it is not there, or not whole yet.
        """
        return load_agent(self.config)

    def station(self) -> Station:
        """What stands in agent.toml, whole or not."""
        table = _table_of(self.config)
        station, mqtt = _part(table, "station"), _part(table, "mqtt")
        named = [str(mqtt.get(key, "")) for key in _IDENTITY]
        devices = table.get("device", [])
        return Station(
            id=str(station.get("id", "")),
            name=str(station.get("name", "")),
            broker=str(mqtt.get("host", "")),
            meters=len(devices) if isinstance(devices, list) else 0,
            lacking=tuple(name for name in named if name and not _is_file(name)),
        )

    @property
    def data(self) -> Path:
        """Where the signed checklists go."""
        return self._data or self._outbox().parent

    @property
    def profiles(self) -> Path | None:
        """The folder of the installer's own profiles, if there is one."""
        path = _part(_table_of(self.config), "profiles").get("path", "")
        return Path(path) if isinstance(path, str) and path else None

    @property
    def control(self) -> Path:
        """Where a running agent would listen."""
        return self._outbox().with_suffix(".sock")

    def lend(self, bus: BusSettings) -> AbstractContextManager[object]:
        """A line to oneself, also beside a running agent."""
        return borrowed(self.control, bus.port, LENDER)

    def look(self) -> Look | None:
        """The meters' values just now; the last ones while something else has the line.

        Raises:
            SettingsError: agent.toml cannot be used.
        """
        agent = self.agent()
        return self._watch.last if self.jobs.running() else self._watch.look(agent, self.lend)

    @property
    def last_look(self) -> Look | None:
        """What was seen last."""
        return self._watch.last

    def meters_changed(self) -> None:
        """What was seen and checked was of other meters."""
        self._watch.forget()
        self._checks = ()

    @property
    def scans(self) -> tuple[Scan, ...]:
        """What the last scan brought, one for each port."""
        return self._scans

    @scans.setter
    def scans(self, scans: Sequence[Scan]) -> None:
        with self._lock:
            self._scans, self.selected = tuple(scans), ()

    @property
    def checks(self) -> tuple[CheckLine, ...]:
        """What the last run of the checks brought, if it came to its end."""
        return self._checks

    @checks.setter
    def checks(self, lines: Sequence[CheckLine]) -> None:
        self._checks = tuple(lines)

    def units(self) -> list[tuple[Scan, FoundUnit]]:
        """All that were found, in order of port and unit id."""
        return [
            (scan, unit) for scan in self._scans for unit in sorted(scan.units, key=lambda each: each.unit_id)
        ]

    def _outbox(self) -> Path:
        path = _part(_table_of(self.config), "outbox").get("path", "")
        return Path(path if isinstance(path, str) and path else OutboxSettings().path)


def faults_of(cabinet: Cabinet) -> list[str]:
    """Why agent.toml cannot be used, one line a fault; that it has no meters yet is none."""
    try:
        cabinet.agent()
    except SettingsError as error:
        return [fault.line(error.file) for fault in error.faults if fault.rule != NO_METERS]
    return []


def _table_of(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError):
        return {}


def _part(table: dict[str, Any], name: str) -> dict[str, Any]:
    part = table.get(name, {})
    return part if isinstance(part, dict) else {}


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except (OSError, ValueError):
        return False
