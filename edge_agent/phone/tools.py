"""The installer's tools as the pages need them; the real ones are loaded when they are first used."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from edge_agent.commissioning.check_result import State
from edge_agent.commissioning.findings import FoundUnit, Scan
from edge_agent.commissioning.sweep import Step
from edge_agent.language import Language
from edge_agent.profile import Profile


class CheckLine(Protocol):
    """One line of the checks."""

    @property
    def name(self) -> str:
        """Which check, for machines."""

    @property
    def label(self) -> str:
        """Which check, for people."""

    @property
    def state(self) -> State:
        """How it is."""

    @property
    def text(self) -> str:
        """What was found."""

    @property
    def remedy(self) -> str:
        """What to do about it; may be empty."""


class Answered(NamedTuple):
    """A found unit that shall be read, its profile, and the answers that are not the usual ones."""

    scan: Scan
    unit: FoundUnit
    profile: Profile
    parameters: Mapping[str, float | str]


class Tools(Protocol):
    """What can be done to a station; all raise SettingsError, UnavailableError or PortGone, nothing else."""

    def ports(self, config: Path) -> list[str]:
        """The serial ports there are; those of agent.toml first."""

    def scan(
        self, config: Path, port: str, on_step: Callable[[Step], None], stop: Callable[[], bool]
    ) -> Scan:
        """Look for meters on a line, which is borrowed from a running agent meanwhile."""

    def silent(self, config: Path, scans: Sequence[Scan]) -> list[str]:
        """The meters of agent.toml that are on a scanned line and did not answer, by id."""

    def write_meters(
        self,
        config: Path,
        scans: Sequence[Scan],
        answered: Sequence[Answered],
        keep: Collection[str],
        language: Language,
    ) -> None:
        """Put these meters into agent.toml; those to keep, and those of lines not scanned, stay."""

    def conflict(self, scan: Scan, units: Sequence[FoundUnit], language: Language) -> str | None:
        """Why these units of a line cannot be read together; None if they can."""

    def checks(
        self, config: Path, language: Language, on_begin: Callable[[str], None]
    ) -> Iterator[CheckLine]:
        """Run all checks, one after the other; `on_begin` is told what is looked at."""

    def set_name(self, config: Path, name: str, language: Language) -> None:
        """Name the station in agent.toml."""

    def enrol(self, config: Path, bundle: Path, language: Language) -> str:
        """Install a bundle; what was done, in words."""

    def wiring_advice(self, language: Language) -> Sequence[str]:
        """What to look at where wires are the likely cause, line by line."""
