"""The way to the broker, step by step: its name, a connection, trust; then `check_round_trip` talks to it."""

import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from edge_agent.commissioning.check_config import Known
from edge_agent.commissioning.check_result import Figure, Finding, Name, skipped
from edge_agent.commissioning.check_round_trip import Talk, refused
from edge_agent.commissioning.own_certificate import SOON_S
from edge_agent.renewal import with_renewed
from service import broker_fault, broker_words, tls_words
from service.broker_fault import Caller
from service.broker_words import BrokerError
from service.mqtt import Mqtt
from service.tls import HandshakeError, tls_context

MOST_ADDRESSES = 3
"""So many addresses of a name are tried; each has the whole time-out."""
Resolve = Callable[[str, int], list[Any]]


class Address(NamedTuple):
    """Where a name leads: as `socket.socket` and its `connect` want it."""

    family: int
    place: tuple[Any, ...]

    def connect(self, timeout_s: float) -> socket.socket:
        """Call there; raises OSError."""
        caller = socket.socket(socket.AddressFamily(self.family), socket.SOCK_STREAM)
        try:
            caller.settimeout(timeout_s)
            caller.connect(self.place)
        except BaseException:
            caller.close()
            raise
        return caller


def addresses_of(host: str, port: int) -> list[Any]:
    """Ask the system's resolver."""
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


def link(
    known: Known,
    steps: Sequence[Name],
    timeout_s: float,
    begin: Callable[[Name, str], None],
    *,
    synchronised: bool,
    resolve: Resolve = addresses_of,
) -> Iterator[Finding]:
    """Go as far as `steps` say, from the name on; what comes after a failure is skipped.

    Args:
        known: the configuration.
        steps: the first few of dns, tcp, tls, login, round_trip.
        timeout_s: for each.
        begin: told which step begins.
        synchronised: the clock here is right, so certificates may be judged by it.
        resolve: addresses of a name and port, as `socket.getaddrinfo` gives them.
    """
    if known.mqtt is None:
        yield from (skipped(step, "configuration") for step in steps)
        return
    mqtt = known.mqtt
    if known.outbox is not None:  # as the running agent does
        mqtt = with_renewed(mqtt, Path(known.outbox.path).parent)
    talk = Talk(known.station, mqtt, timeout_s, "system" if synchronised else "unknown")
    way = _Way(mqtt, talk, timeout_s, resolve)
    takes: dict[Name, Callable[[], Iterator[Finding]]] = {
        "dns": way.dns,
        "tcp": way.tcp,
        "tls": way.tls,
        "login": talk.login,
        "round_trip": talk.round_trip,
    }
    try:
        for number, step in enumerate(steps, 1):
            begin(step, "")
            has_failed = False
            for found in takes[step]():
                has_failed = has_failed or found.state == "fail" or found.code == "skipped"
                yield found
            if has_failed:
                cause = "configuration" if found.code == "skipped" else step
                yield from (skipped(later, cause) for later in steps[number:])
                return
    finally:
        talk.close()


class _Way:
    """From a name to a certificate; each step leaves what the next one needs."""

    def __init__(self, mqtt: Mqtt, talk: Talk, timeout_s: float, resolve: Resolve) -> None:
        self._mqtt = mqtt
        self._talk = talk
        self._timeout_s = timeout_s
        self._resolve = resolve
        self._addresses: list[Address] = []
        self._caller = Caller(mqtt, talk.client_id, 0, timeout_s)

    def dns(self) -> Iterator[Finding]:
        """The name's addresses, in a thread of its own: a resolver may hang for minutes."""
        host = self._mqtt.host
        answer: queue.SimpleQueue[list[Any] | Exception] = queue.SimpleQueue()

        def ask() -> None:
            try:
                answer.put(self._resolve(host, self._mqtt.actual_port))
            except (OSError, ValueError) as error:
                answer.put(error)

        began_s = time.monotonic()
        threading.Thread(target=ask, name="resolver", daemon=True).start()
        try:
            found = answer.get(timeout=self._timeout_s)
        except queue.Empty:
            figures: dict[str, Figure] = {"host": host, "within_s": self._timeout_s}
            yield Finding("dns", "fail", "resolver_slow", figures=figures)
            return
        if isinstance(found, OSError):
            yield refused("dns", broker_words.unreached(found, self._caller.place, self._timeout_s), host)
        elif isinstance(found, Exception) or not found:
            yield Finding("dns", "fail", "host_unusable", figures={"value": host})
        else:
            self._addresses = [Address(each[0], each[4]) for each in found]
            first = str(self._addresses[0].place[0])
            is_name = not _is_address(host)
            figures = {"host": host, "address": first, "ms": _ms_since(began_s)}
            yield Finding(
                "dns", "ok" if is_name else "skipped", "resolved" if is_name else "address", figures=figures
            )

    def tcp(self) -> Iterator[Finding]:
        """A connection to the first address that takes one."""
        port, failure = self._mqtt.actual_port, OSError("no address")
        for address in self._addresses[:MOST_ADDRESSES]:
            began_s = time.monotonic()
            try:
                address.connect(self._timeout_s).close()
            except OSError as error:
                failure = error
                continue
            self._addresses = [address]
            figures: dict[str, Figure] = {
                "address": str(address.place[0]),
                "port": port,
                "ms": _ms_since(began_s),
            }
            yield Finding("tcp", "ok", "connected", figures=figures)
            return
        fault = broker_words.unreached(failure, self._caller.place, self._timeout_s)
        yield refused("tcp", fault, self._mqtt.host)

    def tls(self) -> Iterator[Finding]:
        """Trust: the broker's certificate, and when it and ours end."""
        if not self._mqtt.tls:
            is_inside = all(_is_loopback(address) for address in self._addresses)
            code, state = ("tls_off", "skipped") if is_inside else ("tls_off_outside", "warn")
            yield Finding("tls", state, code)  # type: ignore[arg-type]  # both are states
            return
        began_s = time.monotonic()
        try:
            certificate = self._shown()
        except BrokerError as error:
            yield refused("tls", error, self._mqtt.host)
            return
        self._talk.certificate = certificate
        now_s = time.time()
        ends_s = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
        figures: dict[str, Figure] = {
            "names": ", ".join(tls_words.names_of(certificate)),
            "ends": tls_words.instant(ends_s),
            "ms": _ms_since(began_s),
            "now": tls_words.instant(now_s),
        }
        is_wrong = tls_words.out_of_date(certificate, now_s, self._caller.place) is not None
        if is_wrong:  # passed, for the clock here is not trusted
            yield Finding("tls", "warn", "trusted_undated", figures=figures)
        elif ends_s - now_s < SOON_S:
            yield Finding("tls", "warn", "ends_soon", figures=figures)
        else:
            yield Finding("tls", "ok", "trusted", figures=figures)
        if self._mqtt.cert_file:
            with suppress(OSError, ValueError):  # it was good enough for the context
                yield from self._talk.own_certificate(Path(self._mqtt.cert_file), now_s)

    def _shown(self) -> tls_words.Certificate:
        context = tls_context(self._mqtt, self._talk.clock)
        try:
            with (
                self._addresses[0].connect(self._timeout_s) as plain,
                context.wrap_socket(plain, server_hostname=self._mqtt.host) as secure,
            ):
                return secure.getpeercert() or {}
        except HandshakeError as failure:
            raise broker_fault.no_tls(self._caller, failure) from failure
        except OSError as error:
            raise broker_words.unreached(error, self._caller.place, self._timeout_s) from error


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _is_loopback(address: Address) -> bool:
    return ipaddress.ip_address(str(address.place[0]).partition("%")[0]).is_loopback


def _ms_since(began_s: float) -> int:
    return round(1000 * (time.monotonic() - began_s))
