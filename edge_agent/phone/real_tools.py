"""The installer's tools as the commands have them too, for the pages."""

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from edge_agent.commissioning.bundle import read_bundle
from edge_agent.commissioning.check import checks
from edge_agent.commissioning.check_result import Result
from edge_agent.commissioning.config_file import conflict, set_station, write_meters
from edge_agent.commissioning.enrol import enrol
from edge_agent.commissioning.enrol_command import page
from edge_agent.commissioning.enrol_words import WORDS as ENROL_WORDS
from edge_agent.commissioning.findings import FoundUnit, Scan
from edge_agent.commissioning.identity import BoxClock
from edge_agent.commissioning.layout import Chosen, Former, former_of, lines_and_meters, named
from edge_agent.commissioning.serial_ports import configured_ports, plugged_ports
from edge_agent.commissioning.setup_words import WORDS as SETUP_WORDS
from edge_agent.commissioning.station_lines import LineLost, StationLines
from edge_agent.commissioning.sweep import Step, Wanted, usual_lines
from edge_agent.commissioning.wiring_words import WORDS as WIRING_WORDS
from edge_agent.language import Language
from edge_agent.phone.cabinet import LENDER
from edge_agent.phone.tools import Answered
from edge_agent.profile import Profile
from service.settings import SettingsError
from service.system_clock import ntp_synchronised


class RealTools:
    """Does what the pages ask for to the real station."""

    def __init__(self, *, wanted: Callable[[Sequence[Profile]], Wanted] | None = None) -> None:
        """Begin; `wanted` says what a scan asks, by default all usual settings and unit ids."""
        self._wanted = wanted or (lambda profiles: Wanted(usual_lines(profiles)))

    def ports(self, config: Path) -> list[str]:
        """The serial ports there are; those of agent.toml first."""
        own = configured_ports(_former(config).buses.values())
        known = {os.path.realpath(port) for port in own}
        return [*own, *(port for port in plugged_ports() if os.path.realpath(port) not in known)]

    def scan(
        self, config: Path, port: str, on_step: Callable[[Step], None], stop: Callable[[], bool]
    ) -> Scan:
        """Look for meters on a line, which is borrowed from a running agent meanwhile."""
        lines = StationLines(config)
        try:
            return lines.scan(port, self._wanted(lines.profiles), borrower=LENDER, on_step=on_step, stop=stop)
        except LineLost as lost:  # what was found is worth having; it says that it was stopped
            return lost.scan

    def conflict(self, scan: Scan, units: Sequence[FoundUnit], language: Language) -> str | None:
        """Why these units of a line cannot be read together; None if they can."""
        return conflict(scan, SETUP_WORDS[language], units)

    def silent(self, config: Path, scans: Sequence[Scan]) -> list[str]:
        """The meters of agent.toml that are on a scanned line and did not answer, by id."""
        former = _former(config)
        return [device.id for each in scans for device in former.silent(each)]

    def write_meters(
        self,
        config: Path,
        scans: Sequence[Scan],
        answered: Sequence[Answered],
        keep: Collection[str],
        language: Language,
    ) -> None:
        """Put these meters into agent.toml; those to keep, and those of lines not scanned, stay."""
        former = former_of(config)
        silent = [device for each in scans for device in former.silent(each) if device.id in keep]
        kept = [*former.elsewhere(scans), *silent]
        meters = named([Chosen(each.scan, each.unit, each.profile) for each in answered], kept, former)
        parameters = {meter.id: each.parameters for meter, each in zip(meters, answered, strict=True)}
        buses, devices = lines_and_meters(meters, parameters, kept, former)
        write_meters(config, buses, devices, words=SETUP_WORDS[language])

    def checks(self, config: Path, language: Language, on_begin: Callable[[str], None]) -> Iterator[Result]:
        """Run all checks, one after the other; `on_begin` is told what is looked at."""
        return checks(config, language, on_begin=on_begin)

    def set_name(self, config: Path, name: str, language: Language) -> None:
        """Name the station in agent.toml."""
        set_station(config, name=name, words=SETUP_WORDS[language])

    def enrol(self, config: Path, bundle: Path, language: Language) -> str:
        """Install a bundle; what was done, in words."""
        words = ENROL_WORDS[language]
        clock = BoxClock(datetime.now(UTC), ntp_synchronised())
        done = enrol(read_bundle(bundle, words), config, clock=clock, words=words)
        return "\n".join(page(done, clock, words))

    def wiring_advice(self, language: Language) -> Sequence[str]:
        """What to look at where wires are the likely cause, line by line."""
        return WIRING_WORDS[language].advice


def _former(config: Path) -> Former:
    try:
        return former_of(config)
    except SettingsError:
        return Former()
