"""A TCP proxy on 127.0.0.1 that counts what passes, and breaks the link in the ways that a network does."""

import selectors
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, NamedTuple, Self

Mode = Literal["forward", "stall", "refuse"]


class Chunk(NamedTuple):
    """What one read took: when (monotonic, s), from the client or to it, how many bytes."""

    at_s: float
    is_up: bool
    size: int


class Sum(NamedTuple):
    """Bytes and chunks of one direction."""

    size: int
    chunks: int


@dataclass(eq=False)
class _Pair:
    client: socket.socket
    server: socket.socket
    unsent: dict[socket.socket, bytearray] = field(default_factory=dict)

    def other(self, side: socket.socket) -> socket.socket:
        return self.server if side is self.client else self.client


class CountingProxy:
    """Between a client that connects to `port` and the server at `server_port`.

    It runs in a thread of its own from `__enter__` to `__exit__`; every method may be called from any thread,
    and has taken effect when it returns. A side that ends its stream ends both.
    """

    def __init__(self, server_port: int) -> None:
        self._server = ("127.0.0.1", server_port)
        self._listener: socket.socket | None = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0
        self._mode: Mode = "forward"
        self._pairs: set[_Pair] = set()
        self._chunks: list[Chunk] = []
        self._lock = threading.Lock()
        self._wake, self._woken = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        self._is_ending = False
        self._thread = threading.Thread(target=self._run, name="counting proxy")

    @property
    def trace(self) -> list[Chunk]:
        """Every chunk so far, in order."""
        with self._lock:
            return list(self._chunks)

    @property
    def up(self) -> Sum:
        """What came from the clients."""
        return _sum(self.trace, is_up=True)

    @property
    def down(self) -> Sum:
        """What came from the server."""
        return _sum(self.trace, is_up=False)

    @property
    def live(self) -> int:
        """How many connections there are now."""
        with self._lock:
            return len(self._pairs)

    def forward(self) -> None:
        """Work (again); what was held back while stalled arrives late."""
        self._become("forward")

    def stall(self) -> None:
        """Go half-open: connections live and come about, but nothing passes any more."""
        self._become("stall")

    def refuse(self) -> None:
        """Let nobody in any more; the connections that stand go on."""
        self._become("refuse")

    def cut(self, *, hard: bool = False) -> None:
        """End every connection on both sides, in good order or by a reset."""
        with self._lock:
            for pair in set(self._pairs):
                self._end(pair, hard=hard)

    def __enter__(self) -> Self:
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_ending = True
        self._wake.send(b"!")
        self._thread.join()
        self.cut()
        self._selector.close()
        for each in (self._listener, self._wake, self._woken):
            if each is not None:
                each.close()

    def _become(self, mode: Mode) -> None:
        with self._lock:
            self._mode = mode
            if mode == "refuse" and self._listener is not None:
                if self._listener in self._selector.get_map():
                    self._selector.unregister(self._listener)
                self._listener.close()
                self._listener = None
            elif mode != "refuse" and self._listener is None:
                self._listener = socket.create_server(("127.0.0.1", self.port))
        self._wake.send(b"!")

    def _run(self) -> None:
        while not self._is_ending:
            with self._lock:
                self._watch()
            for key, events in self._selector.select():
                with self._lock:
                    self._attend(key.fileobj, key.data, events)

    def _watch(self) -> None:
        """Tell the selector what is of interest now."""
        if self._listener is not None and self._listener not in self._selector.get_map():
            self._selector.register(self._listener, selectors.EVENT_READ)
        for pair in self._pairs:
            for side in (pair.client, pair.server):
                wanted = 0
                if self._mode != "stall":
                    has_room = not pair.unsent.get(pair.other(side))
                    has_more = bool(pair.unsent.get(side))
                    wanted = selectors.EVENT_READ * has_room | selectors.EVENT_WRITE * has_more
                is_watched = side in self._selector.get_map()
                if wanted and is_watched:
                    self._selector.modify(side, wanted, pair)
                elif wanted:
                    self._selector.register(side, wanted, pair)
                elif is_watched:
                    self._selector.unregister(side)

    def _attend(self, ready: object, pair: _Pair | None, events: int) -> None:
        if ready is self._woken:
            self._woken.recv(4096)
        elif ready is self._listener:
            self._accept(self._listener)
        elif isinstance(ready, socket.socket) and pair in self._pairs and self._mode != "stall":
            try:
                if events & selectors.EVENT_WRITE:
                    sent = ready.send(pair.unsent[ready])
                    del pair.unsent[ready][:sent]
                if events & selectors.EVENT_READ:
                    self._pass_on(pair, ready)
            except BlockingIOError:
                pass
            except OSError:
                self._end(pair, hard=True)

    def _accept(self, listener: socket.socket) -> None:
        client, _ = listener.accept()
        self.connections += 1
        try:
            server = socket.create_connection(self._server)
        except OSError:
            client.close()
            return
        for side in (client, server):
            side.settimeout(0)
            side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._pairs.add(_Pair(client, server))

    def _pass_on(self, pair: _Pair, side: socket.socket) -> None:
        data = side.recv(65_536)
        if not data:
            self._end(pair)
            return
        self._chunks.append(Chunk(time.monotonic(), side is pair.client, len(data)))
        target = pair.other(side)
        sent = target.send(data)
        if sent < len(data):
            pair.unsent.setdefault(target, bytearray()).extend(data[sent:])

    def _end(self, pair: _Pair, *, hard: bool = False) -> None:
        self._pairs.discard(pair)
        for side in (pair.client, pair.server):
            if side in self._selector.get_map():
                self._selector.unregister(side)
            if hard:
                side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            else:
                # A goodbye in good order: a close with unread data would be a reset.
                _end_in_good_order(side)
            side.close()


def _end_in_good_order(side: socket.socket) -> None:
    try:
        while side.recv(65_536):
            pass
    except OSError:
        pass


def _sum(chunks: list[Chunk], *, is_up: bool) -> Sum:
    sizes = [chunk.size for chunk in chunks if chunk.is_up == is_up]
    return Sum(sum(sizes), len(sizes))
