"""The plumbing of the installer's site: one request a connection, within limits, and safe headers on all.

A connection has `REQUEST_S` for its whole request and as long for its answer, so that slow ones cannot keep
others out; beyond `MOST_CONNECTIONS` at once they are turned away.
"""

import io
import ipaddress
import logging
import socket
import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from edge_agent.phone.asked import Answer, plain

logger = logging.getLogger(__name__)

MOST_CONNECTIONS = 16
REQUEST_S = 10.0
LONGEST_HEAD = 16_384
LONGEST_BODY = 65_536
HEADERS = (
    (
        "Content-Security-Policy",
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),  # with no-referrer a browser would not say a form's Origin
    ("Cross-Origin-Resource-Policy", "same-origin"),
)

NOT_KEPT = ("Cache-Control", "no-store")
"""Unless an answer says otherwise."""


class Call(NamedTuple):
    """A request as it came, from a visitor who named the box rightly.

    Attributes:
        target: path and query as they stood in the first line.
        is_own: whether it says that it comes from a page of ours.
        kind: of the body.
    """

    method: str
    target: str
    cookie: str
    is_own: bool
    kind: str
    body: bytes


class PhoneServer(ThreadingHTTPServer):
    """Listens from the start on; `serve_forever` answers, each connection in a thread of its own."""

    daemon_threads = True
    request_queue_size = MOST_CONNECTIONS

    def __init__(
        self,
        host: str,
        port: int,
        answer: Callable[[Call], Answer],
        *,
        names: Collection[str] = (),
        request_s: float = REQUEST_S,
    ) -> None:
        """Listen.

        Args:
            host: address to listen on, IPv4 or IPv6.
            port: 0 for any that is free.
            answer: called in the connections' threads.
            names: by which the box may be called, beside its addresses.
            request_s: how long a request may take to come in, and its answer to go out.

        Raises:
            OSError: the address cannot be used.
        """
        self.answer = answer
        self.request_s = request_s
        self._names = frozenset(name.lower() for name in names)
        self._free = threading.BoundedSemaphore(MOST_CONNECTIONS)
        if ":" in host:
            self.address_family = socket.AF_INET6
        super().__init__((host, port), _Handler)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def server_bind(self) -> None:
        """Bind without asking anybody for our own name."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as the base has it
        """Answer in a thread of its own, if there is room for one more."""
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._free.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - likewise
        """Answer, and make room."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002 - likewise
        """A visitor that hangs up, dawdles or talks nonsense harms only itself."""
        logger.debug("a connection ended early")

    def knows(self, host: str, own_address: str) -> bool:
        """Whether a Host header names this box: the address that was called, or a name it has.

        A page of elsewhere whose name was made to lead here (DNS rebinding) gives itself away by it.
        """
        name = host_name(host)
        if name in self._names:
            return True
        try:
            own = ipaddress.ip_address(own_address.partition("%")[0])
            own = (own.ipv4_mapped or own) if isinstance(own, ipaddress.IPv6Address) else own
            return own.is_loopback if name == "localhost" else ipaddress.ip_address(name) == own
        except ValueError:
            return False


def host_name(host: str) -> str:
    """A Host header without its port and brackets, in small letters."""
    text = host.strip().lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0]


class _Handler(BaseHTTPRequestHandler):
    """One request, then the connection is closed."""

    server: PhoneServer
    rfile: io.BufferedIOBase
    server_version = "qingliu"
    sys_version = ""

    def setup(self) -> None:
        super().setup()
        self.connection.settimeout(self.server.request_s)
        self.rfile = io.BufferedReader(_Hasty(self.connection, self.server.request_s))

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdecimal()) or "Transfer-Encoding" in self.headers:
            self._say(plain(411, "411 Content-Length"))
        elif int(length[:9]) > LONGEST_BODY:
            self._say(plain(413, "413 > 64 kB"))
            self._let_run_out()
        else:
            body = self.rfile.read(int(length))
            if len(body) == int(length):
                self._answer(body)

    def _let_run_out(self) -> None:
        """Take in what still comes, for so long as a request may take.

        A connection that is closed on unread octets is reset, and the visitor never sees the answer.
        """
        deadline_s = time.monotonic() + self.server.request_s
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            while (left_s := deadline_s - time.monotonic()) > 0:
                self.connection.settimeout(left_s)
                if not self.connection.recv(LONGEST_BODY):
                    return

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002 - the base's own texts repeat what was sent
        """Say in a line what the base class does not understand, and nothing of what was sent."""
        self._say(plain(code, str(code)))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Visits are not logged but on request."""
        logger.debug(format, *args)

    def _answer(self, body: bytes) -> None:
        host = self.headers.get("Host", "")
        if not self.server.knows(host, str(self.connection.getsockname()[0])):
            self._say(plain(421, "421 http://<IP>/"))
            return
        origin = self.headers.get("Origin", "").lower()
        call = Call(
            self.command,
            self.path,
            self.headers.get("Cookie", ""),
            origin == f"http://{host.strip().lower()}",
            self.headers.get("Content-Type", ""),
            body,
        )
        try:
            answer = self.server.answer(call)
        except Exception:
            logger.exception("unexpected failure of a page, going on")
            answer = plain(500, "500")
        self._say(answer)

    def _say(self, answer: Answer) -> None:
        self.close_connection = True
        self.request_version = "HTTP/1.0"  # also to a visitor who spoke of none
        self.send_response(answer.status)
        kept = () if any(name == "Cache-Control" for name, _ in answer.headers) else (NOT_KEPT,)
        for name, value in (*HEADERS, *kept, *answer.headers):
            self.send_header(name, value)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Connection", "close")
        with suppress(OSError):
            self.end_headers()
            self.wfile.write(answer.body)


class _Hasty(io.RawIOBase):
    """What a connection says, until it has said enough or taken too long: then it is at its end."""

    def __init__(self, connection: socket.socket, within_s: float) -> None:
        self._connection = connection
        self._deadline_s = time.monotonic() + within_s
        self._within_s = within_s
        self._room = LONGEST_HEAD + LONGEST_BODY

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - a buffer has no public type in 3.11
        left_s = self._deadline_s - time.monotonic()
        if left_s <= 0 or self._room <= 0:
            return 0
        self._connection.settimeout(left_s)
        try:
            count = self._connection.recv_into(buffer, min(len(buffer), self._room))
        except OSError:
            return 0
        finally:
            self._connection.settimeout(self._within_s)
        self._room -= count
        return count
