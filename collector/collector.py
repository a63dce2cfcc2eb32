"""The collector's loop: take messages in, write them to the history, then acknowledge.

One thread does it all in this order, so nothing can be acknowledged before it is safe. While a store is down
the loop keeps the connection alive, takes in no more than its bound, acknowledges nothing and tries again
without limit: the stations hold the data.
"""

import logging
import threading
from collections import Counter, deque
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from collector.ingest import Answer, Work, late_quarter_hours, reject, take
from collector.presence import PresenceBook
from history.port import History, HistoryError
from registry.config import CentreSettings
from registry.database import Registry
from registry.dirty import mark_dirty
from registry.quarantine import put_aside
from registry.services import HEALTH_EVERY_MS, report_health
from registry.stations import known_ids, note_pending
from service.broker import BrokerError, Connection, Message
from service.conditions import Conditions
from telemetry.ack import encode_ack
from telemetry.status import Status, UnreadableStatusError, decode_status
from telemetry.topics import every_station, parse, topic

logger = logging.getLogger("collector")

STEP_S = 0.5
MOST_WAITING = 1_000
MOST_WAITING_BYTES = 64_000_000
"""Taken in while a store is down; beyond either, messages are dropped, and stations send them again."""
MOST_AT_ONCE = 500
STATIONS_AGAIN_MS = 5_000
FIRST_RETRY_MS = 500
LONGEST_RETRY_MS = 30_000
LATE_AFTER_MS = 30 * 60_000
"""The worker recomputes the last 45 minutes anyway; older readings mark their quarter hours."""


class Collector:
    """One collector; `run` is its whole life."""

    def __init__(
        self,
        settings: CentreSettings,
        registry: Registry,
        history: History,
        clock_ms: Callable[[], int],
        client_id: str,
    ) -> None:
        self._settings = settings
        self._registry = registry
        self._history = history
        self._clock_ms = clock_ms
        self._client_id = client_id
        self._conditions = Conditions(logger)
        self._presence = PresenceBook()
        self._inbox: deque[Message] = deque()
        self._statuses: list[tuple[str, Status, bool]] = []
        self._waiting_bytes = 0
        self._work: Work | None = None
        self._known: set[str] = set()
        self._known_ms = 0
        self._retry_ms = 0
        self._retry_wait_ms = FIRST_RETRY_MS
        self._health_due_ms = 0
        self._figures: Counter[str] = Counter()

    def run(self, stop: threading.Event) -> None:
        """Connect, collect, reconnect, until told to stop."""
        wait_s = 1.0
        while not stop.is_set():
            try:
                self._session(stop)
                wait_s = 1.0
            except BrokerError as error:
                self._conditions.begin("broker", str(error))
            except Exception:
                logger.exception("unexpected failure, connecting anew")
            self._keep_house(self._clock_ms())
            stop.wait(wait_s)
            wait_s = min(2 * wait_s, 30.0)

    def _session(self, stop: threading.Event) -> None:
        group = self._settings.collector.shared_group
        self._empty_inbox()
        connection = Connection(
            self._settings.mqtt,
            self._client_id,
            subscriptions=[(every_station("readings", group), 1), (every_station("status"), 1)],
            on_message=self._receive,
        )
        try:
            self._conditions.end("broker")
            while not stop.is_set():
                connection.gather(STEP_S, MOST_AT_ONCE)
                now_ms = self._clock_ms()
                if now_ms >= self._retry_ms and (self._work is not None or self._inbox):
                    self._settle(connection, now_ms)
                self._keep_house(now_ms)
        finally:
            connection.close()

    def _receive(self, message: Message) -> None:
        self._figures["received"] += 1
        has_room = len(self._inbox) < MOST_WAITING and self._waiting_bytes < MOST_WAITING_BYTES
        if has_room:
            self._inbox.append(message)
            self._waiting_bytes += len(message.payload)
        else:
            self._figures["dropped"] += 1

    def _empty_inbox(self) -> None:
        self._inbox.clear()
        self._waiting_bytes = 0

    def _settle(self, connection: Connection, now_ms: int) -> None:
        """Bring what waits into the stores, and only then answer."""
        try:
            if self._work is None:
                self._work = self._read_inbox(now_ms)
            self._store(self._work, now_ms)
        except (HistoryError, SQLAlchemyError) as error:
            self._conditions.begin("store", str(error).splitlines()[0])
            asked_ms = 1000 * (getattr(error, "retry_after_s", None) or 0)
            self._retry_ms = now_ms + round(max(self._retry_wait_ms, asked_ms))
            self._retry_wait_ms = min(2 * self._retry_wait_ms, LONGEST_RETRY_MS)
            return
        self._conditions.end("store")
        self._retry_wait_ms = FIRST_RETRY_MS
        for answer in self._work.answers:
            self._answer(connection, answer)
        self._work = None

    def _read_inbox(self, now_ms: int) -> Work:
        """Take all that waits; where the registry fails, it goes on waiting."""
        self._know_stations(now_ms)
        arrived = [(address, message) for message in self._inbox if (address := parse(message.topic))]
        if self._settings.collector.accept_unknown_stations:
            self._admit({address.station for address, _ in arrived if address.leaf == "readings"})
        self._empty_inbox()
        work = Work()
        for address, message in arrived:
            if address.leaf == "readings":
                take(work, address.station, message.payload, known=self._known, now_ms=now_ms)
                self._forget_goodbyes(address.station)
            elif address.leaf == "status" and address.station in self._known and message.payload:
                self._hear_status(address.station, message)
        return work

    def _store(self, work: Work, now_ms: int) -> None:
        if work.readings:
            reject(work, self._history.write(work.readings), now_ms)
        late = late_quarter_hours(work.readings, now_ms - LATE_AFTER_MS)
        if late or work.quarantine:
            with self._registry.writing() as session:
                mark_dirty(session, late)
                put_aside(session, work.quarantine)
        self._presence.heard(work.seen, work.readings, now_ms)
        for station, status, retained in self._statuses:
            self._presence.told(station, status, now_ms, retained=retained)
        self._statuses.clear()
        self._figures["stored"] += len(work.readings)
        self._figures["quarantined"] += len(work.quarantine)

    def _answer(self, connection: Connection, answer: Answer) -> None:
        connection.publish(topic(answer.station, "ack"), encode_ack(answer.ack(self._clock_ms())), qos=0)
        self._figures["acknowledged"] += len(answer.stored)
        self._figures["refused"] += len(answer.refused)

    def _know_stations(self, now_ms: int) -> None:
        if now_ms - self._known_ms >= STATIONS_AGAIN_MS or now_ms < self._known_ms:
            with self._registry.reading() as session:
                self._known = known_ids(session)
            self._known_ms = now_ms

    def _admit(self, stations: set[str]) -> None:
        """Register the stations that announced themselves."""
        unknown = stations - self._known
        if unknown:
            with self._registry.writing() as session:
                for station in sorted(unknown):
                    note_pending(session, station)
            self._known |= unknown

    def _hear_status(self, station: str, message: Message) -> None:
        """Note a status until the readings that came with it are stored: what came last has to stand."""
        try:
            self._statuses.append((station, decode_status(message.payload), message.retained))
        except UnreadableStatusError:
            self._figures["unreadable_status"] += 1

    def _forget_goodbyes(self, station: str) -> None:
        """A station that sends readings has come back, whatever its last will said before."""
        self._statuses = [each for each in self._statuses if each[0] != station or each[1].online]

    def _keep_house(self, now_ms: int) -> None:
        """Presence and our own health; a registry that is down costs nothing but their freshness."""
        try:
            if self._presence.is_due(now_ms):
                self._presence.write(self._registry, now_ms)
            if now_ms >= self._health_due_ms:
                self._health_due_ms = now_ms + HEALTH_EVERY_MS
                with self._registry.writing() as session:
                    report_health(
                        session, "collector", now_ms, self._conditions.current(), dict(self._figures)
                    )
            self._conditions.end("registry")
        except SQLAlchemyError as error:
            self._conditions.begin("registry", str(error).splitlines()[0])
            self._health_due_ms = now_ms + HEALTH_EVERY_MS
