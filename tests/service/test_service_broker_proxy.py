"""The proxy that the tests of the link rely on: its counts are exact, and its breaks are what they say."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest
from counting_proxy import CountingProxy, Sum
from servers import wait_until


@pytest.fixture
def echo() -> Iterator[int]:
    """A server that sends back what it gets; returns its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    threads = []

    def serve(caller: socket.socket) -> None:
        with caller:
            try:
                while data := caller.recv(65_536):
                    caller.sendall(data)
            except OSError:
                return

    def accept() -> None:
        while True:
            try:
                caller, _ = listener.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=serve, args=(caller,)))
            threads[-1].start()

    threads.append(threading.Thread(target=accept))
    threads[0].start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    for thread in threads:
        thread.join()


def call(proxy: CountingProxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=10)


def take(caller: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        data += caller.recv(65_536)
    return data


def test_every_byte_passes_and_is_counted_once(echo: int):
    sent = bytes(range(256)) * 20_000  # more than the kernel takes at once

    with CountingProxy(echo) as proxy, closing(call(proxy)) as caller:
        caller.sendall(b"abc")
        assert take(caller, 3) == b"abc"
        assert (proxy.up, proxy.down, proxy.connections) == (Sum(3, 1), Sum(3, 1), 1)
        writer = threading.Thread(target=caller.sendall, args=(sent,))
        writer.start()
        assert take(caller, len(sent)) == sent
        writer.join()
        assert proxy.up.size == proxy.down.size == 3 + len(sent)
        trace = proxy.trace
        assert sum(chunk.size for chunk in trace if chunk.is_up) == proxy.up.size
        assert trace == sorted(trace, key=lambda chunk: chunk.at_s)


def test_a_stalled_proxy_lets_in_but_passes_nothing_on(echo: int):
    with CountingProxy(echo) as proxy, closing(call(proxy)) as caller:
        caller.sendall(b"a")
        assert take(caller, 1) == b"a"
        proxy.stall()
        caller.sendall(b"b")
        with closing(call(proxy)) as late:
            wait_until(lambda: proxy.live == 2, "the late one is let in")
            late.sendall(b"c")
            for each in (caller, late):
                each.settimeout(0.2)
                with pytest.raises(TimeoutError):
                    each.recv(1)
                each.settimeout(10)
            assert proxy.up == proxy.down == Sum(1, 1)
            proxy.forward()
            assert (take(caller, 1), take(late, 1)) == (b"b", b"c")
            assert proxy.up == Sum(3, 3)


def test_a_refusing_proxy_keeps_whom_it_has(echo: int):
    with CountingProxy(echo) as proxy, closing(call(proxy)) as caller:
        caller.sendall(b"a")
        assert take(caller, 1) == b"a"
        proxy.refuse()
        proxy.refuse()
        with pytest.raises(ConnectionRefusedError):
            call(proxy)
        caller.sendall(b"b")
        assert take(caller, 1) == b"b"
        proxy.forward()
        with closing(call(proxy)) as again:
            again.sendall(b"c")
            assert take(again, 1) == b"c"


def test_a_cut_is_a_goodbye_or_a_reset(echo: int):
    with CountingProxy(echo) as proxy:
        with closing(call(proxy)) as caller:
            wait_until(lambda: proxy.live, "it is let in")
            proxy.cut()
            assert caller.recv(1) == b""
        with closing(call(proxy)) as caller:
            wait_until(lambda: proxy.live, "it is let in")
            proxy.cut(hard=True)
            with pytest.raises(ConnectionResetError):
                caller.recv(1)
        assert proxy.live == 0


def test_an_end_is_passed_on(echo: int):
    with CountingProxy(echo) as proxy:
        call(proxy).close()
        wait_until(lambda: proxy.connections == 1 and proxy.live == 0, "both sides are closed")


def test_nobody_behind_the_proxy():
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    with CountingProxy(port) as proxy, closing(call(proxy)) as caller:
        assert caller.recv(1) == b""
