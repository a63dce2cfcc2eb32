"""The web server: one process that listens, tells the registry it is alive, and stops when asked."""

import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

import uvicorn
from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError

from registry.console_settings import ConsoleSettings
from registry.database import Registry
from registry.services import report_health
from service.conditions import Conditions
from service.process import UnavailableError
from service.systemd import no_manager

logger = logging.getLogger(__name__)

SERVICE = "console"
REPORT_EVERY_S = 15.0
_GRACE_S = 5
_PLAIN = ConsoleSettings()


class ListenError(UnavailableError):
    """The address cannot be listened on; the text says why and what to do."""


def listen(host: str, port: int) -> socket.socket:
    """Take an address.

    Raises:
        ListenError: it is taken, forbidden, or not of this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise ListenError(
            f"console: {host} is not an address of this machine. Give another --host."
        ) from error
    taken = socket.socket(family, kind, protocol)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(address)
        taken.listen()
    except OSError as error:
        taken.close()
        place = f"console: port {port} on {host}"
        raise ListenError(
            f"{place} cannot be used: {error.strerror}. Stop what uses it, or choose another with --port."
        ) from error
    return taken


def address_of(taken: socket.socket, *, is_tls: bool = False) -> str:
    """What to type into a browser."""
    host, port = taken.getsockname()[:2]
    scheme = "https" if is_tls else "http"
    return f"{scheme}://[{host}]:{port}/" if ":" in host else f"{scheme}://{host}:{port}/"


def serve(
    app: FastAPI,
    taken: socket.socket,
    stop: threading.Event,
    settings: ConsoleSettings = _PLAIN,
    beat: Callable[[], None] = no_manager,
) -> None:
    """Answer until `stop` is set; running answers get a moment to finish.

    Args:
        app: the pages.
        taken: from `listen`.
        stop: set it to end.
        settings: certificate and key for https; which proxies are believed.
        beat: is called again and again while requests can be answered.

    Raises:
        ListenError: the certificate or its key cannot be used.
    """
    config = uvicorn.Config(
        app, access_log=False, log_config=None, log_level="warning", timeout_graceful_shutdown=_GRACE_S,
        ssl_certfile=settings.tls_cert_file or None, ssl_keyfile=settings.tls_key_file or None,
        proxy_headers=True, forwarded_allow_ips=settings.proxy_addresses, server_header=False,
    )  # fmt: skip
    try:
        config.load()
    except OSError as error:  # ssl.SSLError is one
        reason = error.strerror or str(error)
        raise ListenError(
            f"console: {settings.tls_cert_file} and {settings.tls_key_file} cannot be used: {reason}."
            " Give the certificate with its chain and the key that belongs to it, both PEM."
        ) from error
    _Server(config, stop, beat).run(sockets=[taken])


@contextmanager
def reporting_health(
    registry: Registry, clock_ms: Callable[[], int], conditions: Conditions, every_s: float = REPORT_EVERY_S
) -> Iterator[None]:
    """Report this service's health at once and then regularly, from a thread that ends with the block."""
    over = threading.Event()

    def report() -> None:
        while True:
            try:
                with registry.writing() as session:
                    report_health(session, SERVICE, clock_ms(), conditions.current())
                conditions.end("health_report")
            except SQLAlchemyError as error:
                conditions.begin("health_report", str(error).partition("\n")[0])
            if over.wait(every_s):
                return

    thread = threading.Thread(target=report, name="console-health")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


class _Server(uvicorn.Server):
    """uvicorn, but stopped by our event: its own handlers would end the process by the signal."""

    def __init__(self, config: uvicorn.Config, stop: threading.Event, beat: Callable[[], None]) -> None:
        super().__init__(config)
        self._stop = stop
        self._beat = beat

    def capture_signals(self) -> nullcontext[None]:  # type: ignore[override]
        return nullcontext()

    async def on_tick(self, counter: int) -> bool:
        self._beat()
        return self._stop.is_set() or await super().on_tick(counter)
