"""A fleet: thousands of stations in one process, each with an MQTT connection of its own.

No thread waits for a station. An agenda knows which station is due next, one selector which socket is ready;
a station that loses its connection comes back by itself, at a moment of its own.
"""

import logging
import math
import selectors
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from service.broker import CONNECT_TIMEOUT_S
from service.broker_fault import Caller
from service.conditions import Conditions
from service.mqtt import Mqtt
from service.process import now_ms as wall_clock_ms
from service.tls import read_text
from simulator.agenda import Agenda
from simulator.fleet_link import Address, BrokerError, Link
from simulator.fleet_plan import CONNECTS_PER_S, Plan
from simulator.fleet_player import Player
from simulator.fleet_station import FleetStation
from simulator.fleet_tally import Progress, total

logger = logging.getLogger(__name__)

PROGRESS_EVERY_MS = 1_000
STEP_S = 0.1
MOST_AT_ONCE = 500
"""Stations tended before the sockets are looked at again."""
FLUSH_S = 0.7
"""At the end so long is given to what still waits, and then so long to the goodbyes; two seconds in all."""
GOODBYE_S = 0.5


def steady_clock_ms() -> int:
    """The monotonic clock, ms."""
    return time.monotonic_ns() // 1_000_000


class Fleet:
    """The running fleet; `run` is its whole life."""

    def __init__(
        self,
        mqtt: Mqtt,
        address: Address,
        stations: Sequence[FleetStation],
        plan: Plan,
        *,
        steady_ms: Callable[[], int] = steady_clock_ms,
    ) -> None:
        """Prepare all stations; none connects yet.

        Args:
            mqtt: the broker; with a password file but no user name each station logs in by its id.
            address: of the broker.
            stations: to be played.
            plan: how.
            steady_ms: the clock by which everything is due.
        """
        self._mqtt = mqtt
        self._address = address
        self._password = read_text("password_file", mqtt.password_file).strip() if mqtt.password_file else ""
        self._keepalive_s = min(plan.pacing.send_every_ms // 1000 + 60, 65_535)
        self._steady_ms = steady_ms
        self._began_ms = now = steady_ms()
        self._players = [
            Player(
                station, plan, self._dialled, now_ms=now, first_dial_ms=now + place * 1000 // CONNECTS_PER_S
            )
            for place, station in enumerate(stations)
        ]
        self._selector = selectors.DefaultSelector()
        self._watched: dict[Player, selectors.SelectorKey] = {}
        self._agenda: Agenda[Player] = Agenda()
        self._conditions = Conditions(logger)
        self._told: set[str] = set()

    def run(
        self,
        stop: threading.Event,
        on_progress: Callable[[Progress], None] = lambda _: None,
        *,
        duration_s: float = math.inf,
    ) -> Progress:
        """Play all stations until told to stop, or so many seconds have passed.

        Args:
            stop: ends it.
            on_progress: is told about once a second where the fleet stands.
            duration_s: ends it likewise.

        Returns:
            Where it stood at the end.
        """
        end_ms = self._began_ms + 1000 * duration_s
        progress_ms = self._began_ms + PROGRESS_EVERY_MS
        try:
            for player in self._players:
                self._agenda.enter(player, player.due_ms())
            while not stop.is_set() and self._steady_ms() < end_ms:
                self._step(STEP_S)
                if self._steady_ms() >= progress_ms:
                    progress_ms = max(progress_ms, self._steady_ms() - PROGRESS_EVERY_MS) + PROGRESS_EVERY_MS
                    on_progress(self._looked_over())
            return self._ended()
        finally:
            for player in self._players:
                player.leave()
            self._selector.close()

    def progress(self) -> Progress:
        """Where the fleet stands."""
        return Progress(
            (self._steady_ms() - self._began_ms) / 1000,
            len(self._players),
            sum(player.is_connected for player in self._players),
            sum(player.delivery.hold is not None for player in self._players),
            sum(player.connects for player in self._players),
            total(player.delivery.tally for player in self._players),
        )

    def _dialled(self, station: str, will: bytes, now_ms: int) -> Link:
        mqtt = self._mqtt
        if self._password and not mqtt.username:
            mqtt = msgspec.structs.replace(mqtt, username=station)
        caller = Caller(mqtt, station, self._keepalive_s, CONNECT_TIMEOUT_S)
        return Link(caller, self._password, self._address, will, now_ms=now_ms)

    def _step(self, longest_s: float) -> None:
        """Tend who is due, then serve the sockets for at most so long."""
        for player in self._agenda.due(self._steady_ms(), MOST_AT_ONCE):
            self._guarded(player, self._tend)
        due_s = (self._agenda.next_ms() - self._steady_ms()) / 1000
        for key, events in self._selector.select(min(max(due_s, 0), longest_s)):
            self._guarded(key.data, partial(self._serve, events))

    def _guarded(self, player: Player, work: Callable[[Player, int], None]) -> None:
        """Let a station do something; if its connection fails it is let go, and dials again by itself."""
        try:
            work(player, self._steady_ms())
        except BrokerError as error:
            self._unwatch(player)
            player.lost(self._steady_ms())
            if error.kind not in self._told:  # one line for a thousand stations
                self._told.add(error.kind)
                self._conditions.begin(f"broker-{error.kind}", str(error))
        self._watch(player)
        self._agenda.enter(player, player.due_ms())

    def _tend(self, player: Player, now_ms: int) -> None:
        player.tend(now_ms, wall_clock_ms())

    def _serve(self, events: int, player: Player, now_ms: int) -> None:
        if player.link is None:
            return
        player.link.go_on(
            readable=bool(events & selectors.EVENT_READ), writable=bool(events & selectors.EVENT_WRITE)
        )
        wrong = player.hear(now_ms)
        if wrong is not None:
            self._conditions.begin("ack", f"unreadable ack ignored: {wrong}")
        player.tend(now_ms, wall_clock_ms())

    def _watch(self, player: Player) -> None:
        """Watch its socket for what it waits for."""
        if player.link is None:
            return
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if player.link.wants_to_write else 0)
        seen = self._watched.get(player)
        if seen is None:
            self._watched[player] = self._selector.register(player.link.socket, wanted, player)
        elif seen.events != wanted:
            self._watched[player] = self._selector.modify(player.link.socket, wanted, player)

    def _unwatch(self, player: Player) -> None:
        seen = self._watched.pop(player, None)
        if seen is not None:
            self._selector.unregister(seen.fileobj)

    def _looked_over(self) -> Progress:
        """Where the fleet stands; what is wrong with it is logged once."""
        progress = self.progress()
        if progress.connected == progress.stations:
            for kind in self._told:
                self._conditions.end(f"broker-{kind}")
            self._told.clear()
        holds = {player.delivery.hold for player in self._players if player.delivery.hold is not None}
        if holds:
            advice = "If it does not know them: --register FILE, then qingliu stations import FILE."
            told = f"the centre holds stations ({', '.join(sorted(holds))}). {advice}"
            self._conditions.begin("hold", told)
        else:
            self._conditions.end("hold")
        if progress.tally.lost:
            self._conditions.begin("memory", "a station's memory is full: its oldest readings are lost")
        return progress

    def _ended(self) -> Progress:
        """Send what still waits, for a moment, and take leave."""
        for player in self._players:
            player.finish()
            self._agenda.enter(player, player.due_ms())
        self._until(FLUSH_S, lambda: not any(each.is_delivering for each in self._players))
        for player in self._players:
            self._guarded(player, Player.say_goodbye)
        self._until(
            GOODBYE_S, lambda: all(each.link is None or not each.link.unconfirmed for each in self._players)
        )
        return self.progress()

    def _until(self, longest_s: float, is_done: Callable[[], bool]) -> None:
        end_s = time.monotonic() + longest_s
        while time.monotonic() < end_s and not is_done():
            self._step(STEP_S / 2)
