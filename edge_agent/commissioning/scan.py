"""The scan of a line: every setting and id that is wanted, what answers, and what is wrong with the line."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

from edge_agent.commissioning.diagnosis import diagnose, echoes, trails
from edge_agent.commissioning.dlt645 import READ_ADDRESS, addresses_in
from edge_agent.commissioning.findings import FoundUnit, LineSettings, Remark, Scan
from edge_agent.commissioning.probe import OpenPort, Probe
from edge_agent.commissioning.recognise import recognise
from edge_agent.commissioning.roster import Recognises, Roster
from edge_agent.commissioning.search import Answering, Search
from edge_agent.commissioning.sweep import Step, Wanted
from edge_agent.commissioning.tally import Tally
from edge_agent.config import BusSettings
from edge_agent.port import Port, PortGone
from edge_agent.profile import Parity, Profile, StopBits

DLT645_LINES = (
    LineSettings(2400, "E"),
    LineSettings(1200, "E"),
    LineSettings(4800, "E"),
    LineSettings(9600, "E"),
    LineSettings(9600),
)
_FRAMINGS: tuple[tuple[Parity, StopBits], ...] = (("N", 1), ("E", 1), ("O", 1), ("N", 2))
_SHORTEST_PATIENCE_S = 0.3
_LONGEST_PATIENCE_S = 3.0

OpensPort = Callable[[BusSettings], OpenPort]


def scan(
    port: str,
    wanted: Wanted,
    profiles: Sequence[Profile],
    *,
    on_step: Callable[[Step], None],
    stop: Callable[[], bool],
    open_port: OpensPort = Port,
    recognise: Recognises = recognise,
) -> Scan:
    """Ask every wanted id at every wanted setting, recognise who answers, and say what is wrong.

    An id that answers nothing but garbage is asked in other parities as well, wanted or not.

    Args:
        port: device file, which nobody else may hold.
        wanted: what to ask, in this order.
        profiles: those that a unit is compared with.
        on_step: told of the progress, and of every unit once it is recognised.
        stop: looked at between the questions; what is known by then is the outcome.
        open_port: opens the port at one setting.
        recognise: finds the profiles that fit a unit.

    Raises:
        PortGone: the port cannot be opened in any setting, or vanishes meanwhile.
    """
    return _Scan(port, wanted, profiles, on_step, stop, open_port, recognise).run()


class _Scan:
    def __init__(
        self,
        port: str,
        wanted: Wanted,
        profiles: Sequence[Profile],
        on_step: Callable[[Step], None],
        stop: Callable[[], bool],
        open_port: OpensPort,
        recognise: Recognises,
    ) -> None:
        self._port = port
        self._wanted = wanted
        self._on_step = on_step
        self._stop = stop
        self._open_port = open_port
        self._roster = Roster(profiles, recognise)
        self._tallies: dict[LineSettings, Tally] = {}
        self._refused: dict[LineSettings, PortGone] = {}
        self._stopped = False
        self._done = 0
        self._due = 0
        self._share = 0.0
        self._all = max(1, len(wanted.lines) * len(wanted.unit_ids) + len(DLT645_LINES) * wanted.dlt645)
        self._by_input = [
            unit_id
            for unit_id in wanted.unit_ids
            if any(
                profile.request.function == 4 and unit_id == line.unit_id
                for profile in profiles
                for line in profile.line.tries()
            )
        ]

    def run(self) -> Scan:
        """Do it all."""
        began_s = time.monotonic()
        sweep = self._asks(self._wanted.unit_ids)
        tried = [line for line in self._wanted.lines if self._tries(line, sweep, len(self._wanted.unit_ids))]
        if self._refused and not tried:
            raise next(iter(self._refused.values()))
        for line, unit_id in trails(self._tallies, self._roster.units):
            tried += self._follow(line, unit_id)
        if self._wanted.dlt645:
            for line in DLT645_LINES:
                self._tries(line, self._ask_dlt645, 1)
        self._stopped |= self._done < self._all and self._stop()
        remarks = list(diagnose(self._tallies, self._roster.units))
        remarks += (Remark("refused_settings", line) for line in self._wanted.lines if line in self._refused)
        if self._stopped:
            remarks.append(Remark("stopped"))
        return Scan(
            port=self._port,
            units=tuple(self._roster.units),
            remarks=tuple(remarks),
            echo=echoes(self._tallies),
            lines=tuple(tried),
            asked=sum(tally.asked for tally in self._tallies.values()),
            took_s=time.monotonic() - began_s,
        )

    def _tries(self, line: LineSettings, work: Callable[[LineSettings, Probe], None], steps: int) -> bool:
        """Open the port at a setting and do the work; whether it could be opened so."""
        self._stopped = self._stopped or self._stop()
        self._done, self._due = self._due, self._due + steps
        if self._stopped or line in self._refused:
            return False
        with closing(Probe(self._settings(line), self._open_port)) as probe:
            try:
                unasked = probe.open(self._wanted.waits.settle_s)
            except PortGone as gone:
                if gone.code != "settings":
                    raise
                self._refused[line] = gone
                return False
            tally = self._tallies.setdefault(line, Tally())
            tally.hear(unasked)
            work(line, probe)
        return True

    def _follow(self, line: LineSettings, unit_id: int) -> Iterator[LineSettings]:
        """Ask an id that answers garbage in the framings that were not wanted; those that were tried."""
        for parity, stopbits in _FRAMINGS:
            other = LineSettings(line.baudrate, parity, stopbits)
            is_found = any(unit.unit_id == unit_id for unit in self._roster.units)
            if not is_found and other not in self._tallies and self._tries(other, self._asks([unit_id]), 0):
                yield other

    def _asks(self, unit_ids: Sequence[int]) -> Callable[[LineSettings, Probe], None]:
        return lambda line, probe: self._sweep(line, probe, unit_ids)

    def _sweep(self, line: LineSettings, probe: Probe, unit_ids: Sequence[int]) -> None:
        """Ask ids at a setting, and recognise who answers."""
        ids = [unit_id for unit_id in unit_ids if not self._roster.knows(unit_id, line)]
        self._done += len(unit_ids) - len(ids)
        search = Search(
            probe,
            self._tallies[line],
            waits=self._wanted.waits,
            stop=self._stop,
            known={unit.unit_id for unit in self._roster.units},
        )
        others = [unit_id for unit_id in self._by_input if unit_id in ids]
        for unit_id, answering in search.units(ids, others):
            self._done += unit_id is not None
            for unit in answering:
                self._meet(line, unit, probe)
            if unit_id is not None:
                self._tell(line, unit_id)

    def _meet(self, line: LineSettings, answering: Answering, probe: Probe) -> None:
        """Recognise a unit, and tell of it if it is a new one."""
        if self._roster.knows(answering.unit_id, line):
            return
        probe.close()
        timeout_s = min(max(2 * answering.delay_s, _SHORTEST_PATIENCE_S), _LONGEST_PATIENCE_S)
        unit = self._roster.meet(line, answering, self._settings(line, timeout_s=timeout_s))
        if unit is not None:
            self._tell(line, unit.unit_id, unit)

    def _ask_dlt645(self, line: LineSettings, probe: Probe) -> None:
        """Ask whether a meter speaks the other language, and which address it has."""
        tally = self._tallies[line]
        ear = probe.ask(
            READ_ADDRESS, self._wanted.waits.dlt645_s, lambda heard: bool(addresses_in(heard.octets))
        )
        tally.asked += 1
        tally.hear(ear)
        self._done += 1
        self._tell(line, 0)

    def _settings(self, line: LineSettings, *, timeout_s: float = _SHORTEST_PATIENCE_S) -> BusSettings:
        return BusSettings(
            port=self._port,
            baudrate=line.baudrate,
            parity=line.parity,
            stopbits=line.stopbits,
            timeout_s=timeout_s,
            echo=echoes(self._tallies),
        )

    def _tell(self, line: LineSettings, unit_id: int, found: FoundUnit | None = None) -> None:
        self._share = max(self._share, min(1.0, self._done / self._all))
        self._on_step(Step(self._share, line, unit_id, found))
