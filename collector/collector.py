"""The collector's loop: take messages in, have them written to the stores, then acknowledge.

The main thread receives, decodes and answers; one other thread writes what was taken in until then, so that
while one lot is on its way into the store the next is gathered. Nothing is answered before the write that
holds it has returned. While a store is down the loop keeps the connection alive, takes in no more than its
bound, acknowledges nothing and tries again without limit: the stations hold the data.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing

from collector.figures import Figures
from collector.house import House
from collector.ingest import Answer, Work, take
from collector.renewing import Renewing
from collector.storing import Lot, Storer
from history.port import History
from registry.config import CentreSettings
from registry.database import Registry
from service.broker import BrokerError, Connection, Message
from service.conditions import Conditions
from service.systemd import no_manager
from telemetry.ack import encode_ack
from telemetry.batch import MAX_PAYLOAD_BYTES
from telemetry.status import UnreadableStatusError, decode_status
from telemetry.topics import every_station, parse, topic

logger = logging.getLogger("collector")

STEP_S = 0.2
MOST_AT_ONCE = 1_000
READ_AT_ONCE = 50
"""Messages decoded before the socket has its turn again: a broker drops what it cannot get rid of."""
MOST_READINGS = 30_000
MOST_MESSAGES = 10_000
"""Of one lot; beyond either, messages wait as they came."""
PAUSE_BYTES = 24_000_000
"""Beyond these nothing more is received while a write is under way that may end well."""
MOST_WAITING_BYTES = 32_000_000
"""Beyond these they are dropped: nothing acknowledged them, so their stations send them again."""
FINISH_S = 5.0
"""How long a collector that is told to stop waits for the write under way, to answer it."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0
"""Before it connects anew: twice as long each time, and short again after a connection that held."""


class Collector:
    """One collector; `run` is its whole life.

    Attributes:
        figures: what it has done; any thread may read them.
        conditions: what is wrong with it just now; likewise.
    """

    def __init__(
        self,
        settings: CentreSettings,
        registry: Registry,
        history: History,
        clock_ms: Callable[[], int],
        client_id: str,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._registry = registry
        self._history = history
        self._clock_ms = clock_ms
        self._client_id = client_id
        self._monotonic_s = monotonic_s
        self.conditions = Conditions(logger)
        self.figures = Figures()
        self._work = Work()
        self._work_since_s = 0.0
        self._inbox: deque[Message] = deque()
        self._inbox_bytes = 0
        self._storer: Storer
        self._house: House
        self._renewing: Renewing

    def run(self, stop: threading.Event, beat: Callable[[], None] = no_manager) -> None:
        """Connect, collect, reconnect, until told to stop; `beat` is called at every turn."""
        pause_s = FIRST_PAUSE_S
        with ExitStack() as stack:
            self._storer = stack.enter_context(closing(self._made_storer()))
            self._house = stack.enter_context(closing(self._made_house()))
            renewing = Renewing(self._settings, self._registry, self.conditions, self._clock_ms)
            self._renewing = stack.enter_context(closing(renewing))
            while not stop.is_set():
                beat()
                began_s = self._monotonic_s()
                try:
                    if self._house.knows_stations(self._clock_ms()):
                        self._session(stop, beat)
                except BrokerError as error:
                    self.conditions.begin("broker", str(error))
                except Exception:
                    self.figures.exceptions += 1
                    logger.exception("unexpected failure, connecting anew")
                self._house.keep(self._clock_ms())
                if self._monotonic_s() - began_s > LONGEST_PAUSE_S:
                    pause_s = FIRST_PAUSE_S
                stop.wait(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _made_storer(self) -> Storer:
        return Storer(self._history, self._registry, self.figures, self.conditions, self._clock_ms)

    def _made_house(self) -> House:
        return House(
            self._registry,
            self.conditions,
            self.figures,
            self._client_id,
            is_one_of_many=bool(self._settings.collector.shared_group),
        )

    def _session(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        group = self._settings.collector.shared_group
        self._work = Work()
        self._inbox.clear()
        self._inbox_bytes = 0
        connection = Connection(
            self._settings.mqtt,
            self._client_id,
            subscriptions=[
                (every_station("readings", group), 0),
                (every_station("status"), 1),
                *([(every_station("reply", group), 1)] if self._renewing.is_on else []),
            ],
            on_message=self._receive,
        )
        try:
            self.conditions.end("broker")
            self._house.listens_since_ms = self._clock_ms()
            while not stop.is_set():
                beat()
                has_work = bool(self._inbox) and not self._is_full()
                is_paused = self._inbox_bytes >= PAUSE_BYTES and (has_work or self._storer.wait(STEP_S))
                if not is_paused:
                    connection.gather(0 if has_work else STEP_S, MOST_AT_ONCE)
                self._read_some()
                self._turn(connection)
            self._settle(connection, FINISH_S)
        finally:
            self._house.listens_since_ms = None
            connection.close()

    def _receive(self, message: Message) -> None:
        """Keep one message as it is until its turn comes, or drop it."""
        if len(message.payload) > MAX_PAYLOAD_BYTES and self._work.messages < 2 * MOST_MESSAGES:
            self._take(message)  # only its beginning is kept, so it had better not wait
        elif self._inbox_bytes + len(message.payload) <= MOST_WAITING_BYTES:
            self._inbox.append(message)
            self._inbox_bytes += len(message.payload)
        else:
            self.figures.messages["dropped"] += 1

    def _is_full(self) -> bool:
        return len(self._work.readings) >= MOST_READINGS or self._work.messages >= MOST_MESSAGES

    def _read_some(self) -> None:
        for _ in range(READ_AT_ONCE):
            if not self._inbox or self._is_full():
                return
            message = self._inbox.popleft()
            self._inbox_bytes -= len(message.payload)
            self._take(message)

    def _take(self, message: Message) -> None:
        """Add one message to the lot to come; whatever it does to us, the next one is received."""
        try:
            self._read(message)
        except Exception:
            self.figures.exceptions += 1
            logger.exception("unexpected failure over a message on %s", message.topic)

    def _read(self, message: Message) -> None:
        address = parse(message.topic)
        if not self._work.messages:
            self._work_since_s = self._monotonic_s()
        if address is None:
            self.figures.messages["ignored"] += 1
        elif address.leaf == "status":
            self._hear_status(address.station, message)
        elif address.leaf == "reply":
            is_taken = self._renewing.hear(address.station, message.payload)
            self.figures.messages["taken" if is_taken else "ignored"] += 1
        else:
            self.figures.messages["taken"] += 1
            take(
                self._work,
                address.station,
                message.payload,
                known=self._house.stations,
                now_ms=self._clock_ms(),
                admit=self._settings.collector.accept_unknown_stations,
            )

    def _hear_status(self, station: str, message: Message) -> None:
        if station not in self._house.stations or not message.payload:
            self.figures.messages["ignored"] += 1
            return
        self.figures.messages["taken"] += 1
        try:
            self._work.told(station, decode_status(message.payload), retained=message.retained)
        except UnreadableStatusError:
            self.figures.unreadable["status"] += 1

    def _turn(self, connection: Connection) -> None:
        """Answer what can be answered, and hand on what came in."""
        prompt, self._work.prompt = self._work.prompt, []
        self._answer(connection, prompt)
        self._settle(connection)
        for name, payload in self._renewing.answers():
            connection.publish(name, payload, qos=1)
        if self._work.messages and self._storer.takes(self._work):
            self._storer.give(Lot(self._work, connection, self._work_since_s))
            self._work = Work()
        self.figures.waiting_bytes = self._inbox_bytes
        self.figures.waiting_messages = len(self._inbox) + self._work.messages + self._storer.messages
        self._house.keep(self._clock_ms())

    def _settle(self, connection: Connection, within_s: float = 0.0) -> None:
        """Note and answer what is stored; what came over another connection is not answered over this one."""
        lot = self._storer.stored(within_s)
        if lot is None:
            return
        work = lot.work
        self._house.stations |= work.admitted
        self._house.presence.note(work, self._clock_ms())
        self.figures.quarantined += len(work.quarantine)
        if lot.connection is connection:
            self._answer(connection, work.answers)
            self.figures.lag_s = self._monotonic_s() - lot.since_s

    def _answer(self, connection: Connection, answers: Sequence[Answer]) -> None:
        now_ms = self._clock_ms()
        connection.publish_all(
            (topic(answer.station, "ack"), encode_ack(answer.ack(now_ms))) for answer in answers
        )
        for answer in answers:
            self.figures.answered(answer)
