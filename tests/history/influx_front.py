"""A small HTTP server before a real InfluxDB that says what a test tells it to, and then hands on."""

import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import urllib3


class Front(ThreadingHTTPServer):
    """Answers requests with what `say` was told, in order; then those over the limit with 413; else hands on.

    `heard` are the paths and bodies of all requests, `connections` how many were opened.
    """

    daemon_threads = True

    def __init__(self, behind: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.behind = behind
        self.answers: deque[tuple[int, dict[str, str], bytes] | None] = deque()
        self.always: tuple[int, dict[str, str], bytes] | None = None
        self.limit = 1 << 40
        self.heard: list[tuple[str, bytes]] = []
        self.tokens: list[str | None] = []
        self.connections = 0
        self.pool = urllib3.PoolManager(retries=False)

    def say(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.answers.append((status, {key.replace("_", "-"): value for key, value in headers.items()}, body))

    def after(self, count: int, status: int) -> None:
        """Hand so many requests on before the next word."""
        self.answers.extend([None] * count)
        self.say(status)

    def process_request(self, request, client_address) -> None:
        self.connections += 1
        super().process_request(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # an answer in one piece
    server: Front

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append((self.path, body))
        self.server.tokens.append(self.headers["Authorization"])
        told = self.server.answers.popleft() if self.server.answers else None
        if told is not None:
            self._answer(*told)
        elif self.server.always is not None:
            self._answer(*self.server.always)
        elif len(body) > self.server.limit:
            self._answer(413, {}, b"<html><head><title>413 Request Entity Too Large</title></head></html>")
        else:
            kind = {"Content-Type": self.headers["Content-Type"]}
            url = f"{self.server.behind}{self.path}"
            answer = self.server.pool.request("POST", url, body=body, headers=kind)
            self._answer(answer.status, {}, answer.data)

    def do_GET(self) -> None:
        self._answer(*(self.server.answers.popleft() if self.server.answers else (204, {}, b"")))

    def _answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status != 204:
            self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


@contextmanager
def front_of(behind: str) -> Iterator[Front]:
    with Front(behind) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
            for key in server.pool.pools.keys():  # noqa: SIM118 - this container cannot be iterated itself
                server.pool.pools.get(key).close()
