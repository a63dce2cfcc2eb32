"""What the service manager hears, at a real datagram socket."""

import os
import socket
from contextlib import suppress

import pytest

from service.systemd import ALIVE, READY, STOPPING, Heart, notify, watchdog_period_s


@pytest.fixture
def manager():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.settimeout(0)  # a local datagram is there as soon as it is sent
        yield heard


def test_each_text_is_one_datagram(manager, tmp_path, monkeypatch):
    manager.bind(str(tmp_path / "notify"))
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    texts = [f"{READY}\nSTATUS=two meters, 清流", ALIVE, STOPPING]
    for text in texts:
        notify(text)
    assert [manager.recv(1000).decode() for _ in texts] == texts
    assert texts[1:] == ["WATCHDOG=1", "STOPPING=1"]


def test_an_abstract_socket_is_reached(manager, monkeypatch):
    name = f"qingliu-test-{os.getpid()}"
    manager.bind(f"\0{name}")
    monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
    notify(READY)
    assert manager.recv(1000) == b"READY=1"


@pytest.mark.parametrize("address", [None, "", "notify", "vsock:2:1234"])
def test_without_a_manager_nothing_is_sent(manager, tmp_path, monkeypatch, address):
    monkeypatch.chdir(tmp_path)
    manager.bind("notify")
    if address is None:
        monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    else:
        monkeypatch.setenv("NOTIFY_SOCKET", address)
    notify(READY)
    with pytest.raises(BlockingIOError):
        manager.recv(1000)


@pytest.mark.parametrize("address", ["/nowhere/at/all", "@nobody-listens-here", "/" + "x" * 300, "/dev/null"])
def test_a_manager_that_is_gone_does_no_harm(monkeypatch, address):
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    notify(READY)


def test_a_text_that_is_no_utf_8_does_no_harm(manager, tmp_path, monkeypatch):
    manager.bind(str(tmp_path / "notify"))
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    notify("STATUS=\udcff")
    assert manager.recv(1000) == b"STATUS=?"


def test_a_manager_that_has_no_time_does_not_stop_us(manager, tmp_path, monkeypatch):
    """Its queue is full: what does not fit is left out, and nothing raises."""
    manager.bind(str(tmp_path / "notify"))
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setattr("service.systemd._TIMEOUT_S", 0.001)
    for _ in range(500):
        notify(ALIVE)
    heard = []
    with suppress(BlockingIOError):
        while True:
            heard.append(manager.recv(1000))
    assert 0 < len(heard) < 500
    assert set(heard) == {b"WATCHDOG=1"}


@pytest.mark.parametrize(
    ("usec", "pid", "period_s"),
    [
        ("30000000", None, 15.0),
        ("1500000", "", 0.75),
        ("30000000", "ours", 15.0),
        ("30000000", "1", None),
        ("30000000", "nobody", None),
        ("0", None, None),
        ("-5", None, None),
        ("soon", None, None),
        ("", None, None),
        (None, None, None),
        (None, "ours", None),
    ],
)
def test_the_watchdog_is_fed_twice_in_its_time(monkeypatch, usec, pid, period_s):
    values = {"WATCHDOG_USEC": usec, "WATCHDOG_PID": str(os.getpid()) if pid == "ours" else pid}
    for name, value in values.items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    assert watchdog_period_s() == period_s


@pytest.mark.parametrize(
    ("wait_us", "at_s", "said"),
    [
        ("2000000", [0, 0.5, 1, 1.5, 2, 9], [READY, ALIVE, ALIVE, ALIVE]),  # half of the two seconds
        (None, [0, 0.5, 99], [READY]),
    ],
)
def test_a_heart_says_ready_once_and_then_alive_as_often_as_it_is_waited_for(
    manager, tmp_path, monkeypatch, wait_us, at_s, said
):
    manager.bind(str(tmp_path / "notify"))
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)
    if wait_us:
        monkeypatch.setenv("WATCHDOG_USEC", wait_us)
    instants = iter(at_s)
    heart = Heart(lambda: next(instants))
    for _ in at_s:
        heart.beat()
    assert [manager.recv(1000).decode() for _ in said] == said
    with pytest.raises(BlockingIOError):
        manager.recv(1000)
