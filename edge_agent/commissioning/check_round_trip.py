"""A talk with the centre under another name than the agent's: login, a hello, and the collector's answer.

The broker ends an older connection of the same name, so ours is `{station}-check`. No last will and no status
is sent, so the centre sees nothing of it; the acks that a running agent hears of ours name another outbox,
which it ignores.
"""

import secrets
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

from edge_agent.commissioning.check_result import Figure, Finding, Name, skipped
from edge_agent.commissioning.own_certificate import own_certificate
from edge_agent.config import StationSettings
from edge_agent.meter import boot_ms
from service import tls_words
from service.broker import BrokerError, CertificatesClock, Connection, Message
from service.mqtt import Mqtt
from service.process import now_ms
from telemetry.ack import HOLD_CLOCK, HOLD_UNKNOWN_STATION, Ack, UnreadableAckError, decode_ack
from telemetry.batch import encode_batch
from telemetry.topics import topic

MOST_APART_S = 60
"""A clock that differs more from the centre's is told."""
_STEP_S = 0.2


def refused(name: Name, error: BrokerError, host: str) -> Finding:
    """A fault of the link as a finding."""
    return Finding(name, "fail", error.code, figures={"host": host, **error.figures})


class Talk:
    """One connection, from the login to the hello's ack.

    Attributes:
        client_id: our name at the broker.
        clock: by which clock the broker's certificate is judged.
        certificate: the broker's, once it is known.
    """

    def __init__(
        self,
        station: StationSettings | None,
        mqtt: Mqtt,
        timeout_s: float,
        clock: CertificatesClock,
        wall_ms: Callable[[], int] = now_ms,
    ) -> None:
        self._station = station.id if station else ""
        self._mqtt = mqtt
        self._timeout_s = timeout_s
        self._wall_ms = wall_ms
        self._inbox: deque[Message] = deque()
        self._connection: Connection | None = None
        self.client_id = f"{self._station}-check"
        self.clock = clock
        self.certificate: tls_words.Certificate | None = None

    def own_certificate(self, path: Path, now_s: float) -> Iterator[Finding]:
        """What is to say of our own certificate."""
        return own_certificate(path, self._station, now_s, is_dated=self.clock == "system")

    def login(self) -> Iterator[Finding]:
        """Log in, and hear our own ack topic."""
        if not self._station:
            yield skipped("login", "configuration")
            return
        try:
            self._connection = Connection(
                self._mqtt,
                self.client_id,
                subscriptions=[(topic(self._station, "ack"), 0)],
                on_message=self._inbox.append,
                clock=self.clock,
                timeout_s=self._timeout_s,
            )
        except BrokerError as error:
            yield self._refused_login(error)
            return
        figures: dict[str, Figure] = {"client_id": self.client_id, "username": self._mqtt.username}
        yield Finding("login", "ok", "logged_in", figures=figures)

    def _refused_login(self, error: BrokerError) -> Finding:
        """TLS has one word for both: our certificate is past its end, or the centre's list of the revoked."""
        if error.code == "ours_expired" and self.clock == "system":  # ours was looked at, and holds
            return Finding("login", "fail", "revoked_list_ended", figures=error.figures)
        return refused("login", error, self._mqtt.host)

    def round_trip(self) -> Iterator[Finding]:
        """Say hello as the agent does; the ack to it proves the whole way."""
        outbox, sent, began_ms = secrets.token_hex(4), self._wall_ms(), boot_ms()
        try:
            ack = self._answer(outbox, sent)
        except BrokerError as error:
            yield refused("round_trip", error, self._mqtt.host)
            return
        if ack is None:
            figures: dict[str, Figure] = {"within_s": self._timeout_s}
            yield Finding("round_trip", "fail", "no_ack", figures=figures)
            return
        took_ms = boot_ms() - began_ms
        yield self._judged(ack, took_ms, (ack.now - sent - took_ms / 2) / 1000)

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _answer(self, outbox: str, sent: int) -> Ack | None:
        """The ack of this hello; None if it does not come in time."""
        connection = self._connection
        if connection is None:
            return None
        connection.publish(topic(self._station, "readings"), encode_batch(outbox, sent, []), qos=1)
        deadline_s = time.monotonic() + self._timeout_s
        while (left_s := deadline_s - time.monotonic()) > 0:
            connection.step(min(left_s, _STEP_S))
            while self._inbox:
                try:
                    ack = decode_ack(self._inbox.popleft().payload)
                except UnreadableAckError:
                    continue
                if ack.outbox == outbox:
                    return ack
        return None

    def _judged(self, ack: Ack, took_ms: int, difference_s: float) -> Finding:
        figures: dict[str, Figure] = {
            "ms": took_ms,
            "difference_s": round(difference_s, 1) or 0.0,  # never -0.0
            "station": self._station,
            "centre_now": tls_words.instant(ack.now / 1000),
        }
        if ack.hold == HOLD_UNKNOWN_STATION:
            return Finding("round_trip", "fail", "unknown_station", figures=figures)
        if ack.hold == HOLD_CLOCK:
            return Finding("round_trip", "fail", "clock_refused", figures=figures)
        if ack.hold is not None:
            return Finding("round_trip", "fail", "held", figures={**figures, "reason": ack.hold})
        if self.clock != "system" and self.certificate is not None:  # now the right time is known
            wrong = tls_words.out_of_date(self.certificate, ack.now / 1000, self._mqtt.host)
            if wrong is not None:
                return refused("round_trip", wrong, self._mqtt.host)
        if abs(difference_s) > MOST_APART_S:
            return Finding("round_trip", "warn", "clocks_differ", figures=figures)
        return Finding("round_trip", "ok", "answered", figures=figures)
