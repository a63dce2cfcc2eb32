"""One station of a fleet at work: takes its readings, keeps its connection, delivers, and says how it is.

It never waits: `due_ms` says when it wants to be asked again, and its link's socket wakes it in between.
All instants without `wall` are of the steady clock, in ms.
"""

import math
import random
from collections.abc import Callable

from simulator.box import DEVICES
from simulator.fleet_delivery import StationDelivery
from simulator.fleet_link import Link
from simulator.fleet_plan import Plan
from simulator.fleet_station import FleetStation
from simulator.patience import Patience
from telemetry.ack import UnreadableAckError, decode_ack
from telemetry.status import DeviceStatus, Status, encode_status

VERSION = "simulated"
FIRST_REDIAL_MS, LONGEST_REDIAL_MS = 1_000, 120_000
LASTING_SESSION_MS = 60_000
LOOK_EVERY_MS = 5_000


class Player:
    """The conduct of one station.

    Attributes:
        delivery: what it has still to deliver.
        link: its connection, or None.
        connects: how often its connection came about.
    """

    def __init__(
        self,
        station: FleetStation,
        plan: Plan,
        dial: Callable[[str, bytes, int], Link],
        *,
        now_ms: int,
        first_dial_ms: int,
    ) -> None:
        """Give it a moment of its own in the interval, and in the time between two batches.

        Args:
            station: whose meters.
            plan: of the fleet.
            dial: begins a connection for a station's id, with its last will, at an instant.
            now_ms: its beginning.
            first_dial_ms: when it connects.
        """
        self.id = station.id
        self._station = station
        self._plan = plan
        self._dial = dial
        self._chance = random.Random(station.seed)  # noqa: S311 - jitter, not a secret
        first_send_ms = now_ms + round(plan.pacing.send_every_ms * self._chance.random())
        outbox = f"{random.SystemRandom().getrandbits(32):08x}"
        self.delivery = StationDelivery(outbox, plan.pacing, self._chance, first_send_ms=first_send_ms)
        self.link: Link | None = None
        self.connects = 0
        self._redial = Patience(FIRST_REDIAL_MS, LONGEST_REDIAL_MS, self._chance)
        self._dial_ms: float = first_dial_ms
        self._sample_ms = now_ms + plan.interval_ms * self._chance.random()
        self._began_ms = now_ms
        self._opened_ms: int | None = None
        self._status_ms = self._look_ms = 0
        self._polls = 0
        self._is_leaving = False
        self._last_t: int | None = None

    @property
    def is_connected(self) -> bool:
        """Whether the broker lets it speak."""
        return self.link is not None and self.link.is_open

    @property
    def is_delivering(self) -> bool:
        """Whether it has readings waiting, and somebody to send them to."""
        return self.is_connected and self.delivery.hold is None and bool(self.delivery.tally.waiting)

    def due_ms(self) -> float:
        """When something is to be done next."""
        if self._is_leaving:
            return math.inf
        if self.link is None:
            return min(self._sample_ms, self._dial_ms)
        if not self.link.is_open:
            return min(self._sample_ms, self._look_ms)
        return min(self._sample_ms, self._look_ms, self._status_ms, self.delivery.due_ms())

    def tend(self, now_ms: int, wall_ms: int) -> None:
        """Do what is due.

        Raises:
            BrokerError: there is no connection, or no longer.
        """
        if self._is_leaving:
            return
        if now_ms >= self._sample_ms:
            self._sample(now_ms, wall_ms)
        if self.link is None:
            if now_ms >= self._dial_ms:
                self._dial_ms = math.inf
                self._look_ms = now_ms + LOOK_EVERY_MS
                self.link = self._dial(self.id, self._status(now_ms, is_online=False), now_ms)
            return
        if now_ms >= self._look_ms:
            self._look_ms = now_ms + LOOK_EVERY_MS
            self.link.look(now_ms)
        if not self.link.is_open:
            return
        if self._opened_ms is None:
            self._open(now_ms)
        if now_ms >= self._status_ms:
            self._status_ms = now_ms + self._plan.status_every_ms
            self.link.publish("status", self._status(now_ms, is_online=True), retain=True)
        while (payload := self.delivery.payload(now_ms, wall_ms)) is not None:
            self.link.publish("readings", payload)

    def hear(self, now_ms: int) -> str | None:
        """Obey the acks that came; returns what is wrong with one that cannot be read."""
        wrong = None
        if self.link is not None:
            for payload in self.link.heard:
                try:
                    self.delivery.hear(decode_ack(payload), now_ms)
                except UnreadableAckError as error:
                    wrong = str(error)
            self.link.heard.clear()
        return wrong

    def lost(self, now_ms: int) -> None:
        """Let the connection go, and dial again after a while of its own."""
        if self._opened_ms is not None and now_ms - self._opened_ms > LASTING_SESSION_MS:
            self._redial.reset()
        self.leave()
        self._dial_ms = now_ms + self._redial.wait_ms() + self._chance.random() * self._plan.spread_ms
        self._redial.grow()

    def finish(self) -> None:
        """Take no more readings, dial no more, and send at once what waits."""
        self._sample_ms = self._dial_ms = math.inf
        self.delivery.hurry()

    def say_goodbye(self, now_ms: int) -> None:
        """Tell everybody that it is gone from now on.

        Raises:
            BrokerError: the connection is lost.
        """
        self._is_leaving = True
        if self.link is not None and self.link.is_open:
            self.link.publish("status", self._status(now_ms, is_online=False), retain=True)

    def leave(self) -> None:
        """Close the connection, if there is one."""
        if self.link is not None:
            self.link.close()
        self.link = self._opened_ms = None
        self.delivery.disconnected()

    def _open(self, now_ms: int) -> None:
        self._opened_ms = now_ms
        self.connects += 1
        self._status_ms = now_ms
        self.delivery.connected(now_ms)

    def _sample(self, now_ms: int, wall_ms: int) -> None:
        """Take a reading of both meters; polls whose time has passed already are left out, and counted."""
        late = int((now_ms - self._sample_ms) // self._plan.interval_ms)
        self.delivery.tally.skipped += late
        self._sample_ms += (late + 1) * self._plan.interval_ms
        self._polls += 1
        readings = self._station.readings(wall_ms)
        self._last_t = readings[0].t
        self.delivery.keep(readings)

    def _status(self, now_ms: int, *, is_online: bool) -> bytes:
        tally = self.delivery.tally
        device = DeviceStatus(last_good=self._last_t, polls=self._polls)
        status = Status(
            online=is_online,
            version=VERSION,
            boot=f"simulated-{self.delivery.outbox}",
            clock="trusted",
            uptime_s=(now_ms - self._began_ms) // 1000,
            backlog=tally.waiting,
            oldest_unsent=self.delivery.oldest_t,
            thinned=tally.lost,
            refused=tally.refused,
            devices=dict.fromkeys(DEVICES.values(), device),
        )
        return encode_status(status)
