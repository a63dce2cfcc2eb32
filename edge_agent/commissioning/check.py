"""Everything that must be well at a station, from the configuration to the centre's ack, one after the other.

Nothing here disturbs a running agent: the line is borrowed from it, and the broker is called by another name,
without a last will and without a status.
"""

from collections.abc import Callable, Collection, Generator, Iterator
from pathlib import Path
from typing import NamedTuple

from edge_agent.commissioning import wiring_words
from edge_agent.commissioning.check_box import clock, disk, port
from edge_agent.commissioning.check_config import Known, configuration, known_of
from edge_agent.commissioning.check_link import link
from edge_agent.commissioning.check_meters import Lend, meters, on_loan
from edge_agent.commissioning.check_result import NAMES, Finding, Name, Result, State, skipped
from edge_agent.commissioning.check_wording import labelled, worded
from edge_agent.commissioning.check_words import WORDS
from edge_agent.language import Language
from edge_agent.status_page import control_path
from service.system_clock import ntp_synchronised

__all__ = ["NAMES", "TIMEOUT_S", "Lend", "Name", "Result", "State", "checks"]

TIMEOUT_S = 10.0
"""How long name, connection, login and ack are waited for, each."""
_LINK: tuple[Name, ...] = ("dns", "tcp", "tls", "login", "round_trip")
_OF_WIRES = {"no_response", "garbled", "other_unit"}
"""What a meter shows when its wires are the likely cause; after the first one stands all the advice."""
Begin = Callable[[Name, str], None]
"""Told which check begins, and of which line or meter."""


def checks(
    config: Path,
    language: Language,
    *,
    only: Collection[Name] = (),
    timeout_s: float = TIMEOUT_S,
    lend: Lend | None = None,
    on_begin: Callable[[str], None] = lambda _label: None,
    synchronised: Callable[[], bool] = ntp_synchronised,
) -> Generator[Result, None, None]:
    """Look at everything, and give each result as soon as it is there; never raises for what it finds.

    Args:
        config: `agent.toml`; what it says right is used even if the rest is wrong.
        language: of the texts.
        only: names of checks; all if empty. What these need is done too, and told if it fails.
        timeout_s: how long name, connection, login and ack are waited for, each, in seconds.
        lend: gives a line for as long as it is polled; by default a running agent lends it.
        on_begin: told the label of the result that is worked at.
        synchronised: whether the clock here is right.
    """
    words = WORDS[language]

    def begin(name: Name, place: str) -> None:
        if not only or name in only:
            on_begin(labelled(name, place, words))

    visit = _Visit(known_of(config), frozenset(only or NAMES), timeout_s, lend, begin, language, synchronised)
    has_advised = False
    for finding in visit.findings():
        if only and finding.name not in only and finding.state != "fail":
            continue
        result = worded(finding, words, language)
        if not has_advised and finding.code in _OF_WIRES:
            has_advised = True
            advice = wiring_words.WORDS[language].advice
            result = result._replace(remedy="\n".join((result.remedy, *advice)))
        yield result


class _Visit(NamedTuple):
    known: Known
    wanted: frozenset[Name]
    timeout_s: float
    lend: Lend | None
    begin: Begin
    language: Language
    synchronised: Callable[[], bool]

    def findings(self) -> Iterator[Finding]:
        self.begin("configuration", "")
        yield from configuration(self.known)
        if self.wanted & {"port", "meter"}:
            yield from self._lines()
        if "clock" in self.wanted:
            self.begin("clock", "")
            yield clock(synchronised=self.synchronised)
        if "disk" in self.wanted:
            self.begin("disk", "")
            outbox = self.known.outbox
            yield skipped("disk", "configuration") if outbox is None else disk(outbox)
        asked = [number for number, name in enumerate(_LINK, 1) if name in self.wanted]
        if asked:
            steps = _LINK[: asked[-1]]
            yield from link(self.known, steps, self.timeout_s, self.begin, synchronised=self.synchronised())

    def _lines(self) -> Iterator[Finding]:
        unusable: set[str] = set()
        for name, settings in self.known.buses.items():
            self.begin("port", name)
            found = port(name, settings)
            unusable |= {name} if found.state == "fail" else set()
            yield found
        agent = self.known.agent
        if "meter" not in self.wanted:
            return
        if agent is None:
            yield skipped("meter", "configuration")
            return
        lend = on_loan(control_path(agent.settings)) if self.lend is None else self.lend
        yield from meters(agent, unusable, lend, self.begin, self.language)
