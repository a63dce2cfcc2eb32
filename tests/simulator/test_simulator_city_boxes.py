"""The city's boxes against a real broker, with a little collector of the test's own; and as a process."""

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from servers import wait_until

import simulator
from service.broker import BrokerError, Connection, Message
from service.mqtt import Mqtt
from service.process import now_ms
from simulator import cli
from simulator.city import city
from simulator.city_boxes import CityBoxes, boxes
from telemetry.ack import Ack, encode_ack
from telemetry.status import decode_status

STATIONS = city(now_ms() / 1000, 6)
PLAYED = {station.id for station in STATIONS[2:]}
BACKLOG_MS = 2 * 3_600_000
HASTE = 60
"""The boxes' steady clock runs so much faster than the test's."""


class Collector:
    """Hears readings and statuses; acknowledges what the test wants acknowledged."""

    def __init__(self, port: int) -> None:
        self.mqtt = Mqtt(host="127.0.0.1", port=port, tls=False)
        self.heard: Counter[tuple[str, int]] = Counter()
        self.stored: set[tuple[str, int]] = set()
        self.again: set[tuple[str, int]] = set()
        self.batches: Counter[str] = Counter()
        self.online: dict[str, bool] = {}
        self.answers = True
        self.hold: str | None = None
        self.connection = self.connected()

    def connected(self) -> Connection:
        topics = [(f"qingliu/v1/+/{leaf}", 1) for leaf in ("readings", "status")]
        return Connection(self.mqtt, "collector", subscriptions=topics, on_message=self.hear)

    def hear(self, message: Message) -> None:
        _, _, station, leaf = message.topic.split("/")
        if leaf == "status":
            self.online[station] = decode_status(message.payload).online
            return
        text = message.payload if message.payload[:1] == b"{" else zlib.decompress(message.payload)
        batch: dict[str, Any] = json.loads(text)
        self.batches[station] += 1
        seqs = [reading["seq"] for reading in batch["readings"]]
        self.heard.update((station, seq) for seq in seqs)
        self.again |= self.stored & {(station, seq) for seq in seqs}
        if self.answers:
            self.stored |= {(station, seq) for seq in seqs} if not self.hold else set()
            settled = {"hold": self.hold} if self.hold else {"stored": [(seq, seq) for seq in seqs]}
            ack = Ack(now=now_ms(), outbox=batch["outbox"], **settled)
            self.connection.publish(f"qingliu/v1/{station}/ack", encode_ack(ack), qos=0)

    def until(self, is_true, what: str, within_s: float = 10.0) -> None:
        wait_until(lambda: is_true() or self.connection.step(0.02) or is_true(), what, within_s, 0.0)

    def listen(self, seconds: float) -> None:
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            self.connection.step(0.02)


@contextmanager
def collector(port: int) -> Iterator[Collector]:
    hearing = Collector(port)
    try:
        yield hearing
    finally:
        hearing.connection.close()


@contextmanager
def playing(port: int) -> Iterator[list[str]]:
    """The boxes in a thread; what is announced."""
    announced: list[str] = []
    stop = threading.Event()
    played = CityBoxes(
        Mqtt(host="127.0.0.1", port=port, tls=False),
        boxes(STATIONS, now_ms() - BACKLOG_MS),
        steady_ms=lambda: time.monotonic_ns() * HASTE // 1_000_000,
    )
    thread = threading.Thread(target=played.run, args=(stop, lambda: announced.append("runs")))
    thread.start()
    try:
        yield announced
    finally:
        stop.set()
        thread.join(10)
        assert not thread.is_alive()


def test_it_delivers_each_reading_once_and_sends_again_only_what_was_not_acknowledged(mosquitto):
    with collector(mosquitto.port) as centre:
        centre.answers = False
        with playing(mosquitto.port) as announced:
            centre.until(lambda: set(centre.batches) == PLAYED, "all boxes send")
            assert announced == ["runs"]
            assert centre.online == dict.fromkeys(PLAYED, True)
            centre.answers = True
            centre.until(lambda: centre.stored == set(centre.heard), "all boxes send again")
            assert {station for (station, _), times in centre.heard.items() if times > 1} == PLAYED
            centre.listen(0.7)  # 42 s of the boxes' steady clock; the next time would have been after 30
    assert centre.again == set()
    assert all(7 * 2 <= sum(station == name for station, _ in centre.heard) <= 9 * 2 for name in PLAYED)


def test_it_waits_in_a_hold_and_comes_back_after_the_brokers_death(mosquitto):
    with collector(mosquitto.port) as centre, playing(mosquitto.port) as announced:
        centre.hold = "unknown_station"
        centre.until(lambda: set(centre.batches) == PLAYED, "all boxes send")
        held = Counter(centre.batches)
        centre.listen(0.2)  # 12 s of the boxes' steady clock
        assert centre.batches == held
        mosquitto.kill()
        with pytest.raises(BrokerError):
            centre.listen(5)
        centre.connection.close()
        centre.online.clear()
        mosquitto.start()
        centre.hold, centre.connection = None, centre.connected()
        centre.until(lambda: centre.online == dict.fromkeys(PLAYED, True), "all boxes are there again")
        centre.until(lambda: all(centre.batches[name] > held[name] for name in PLAYED), "all send again")
        assert announced == ["runs"]


def started(*words: str) -> subprocess.Popen[str]:
    root = str(Path(simulator.__file__).parent.parent)
    return subprocess.Popen(
        [sys.executable, "-m", "qingliu", "simulate", "city", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": root},
    )


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_as_a_process_it_says_what_runs_and_ends_with_a_signal(mosquitto, ending):
    words = ["--port", str(mosquitto.port), "--begun", str(now_ms()), "--stations", "40"]
    with started(*words, *(["--json"] if ending == signal.SIGINT else [])) as process:
        try:
            line = process.stdout.readline()
            process.send_signal(ending)
            out, _ = process.communicate(timeout=5)
        finally:
            process.kill()
    assert (process.returncode, out) == (0, "")
    broker = f"127.0.0.1:{mosquitto.port}"
    if ending == signal.SIGINT:
        assert json.loads(line) == {"boxes": 36, "stations": 40, "broker": broker}
    else:
        assert line == f"city: 36 boxes of a city of 40 stations on {broker}\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--stations", "2"], "count: 3 to 500 stations (got 2). Choose a number of these."),
        (["--begun", "5"], "begun_s: an instant of this century (got 0.005). Pass epoch seconds."),
        (["--port", "70000"], "--port: 1 to 65535 (got 70000). Correct it."),
    ],
)
def test_bad_usage_is_one_line_and_exit_code_2(words, message, capsys):
    parser = argparse.ArgumentParser()
    cli.register(parser)
    usual = ["city", "--port", "1883", "--begun", "1795305600000", "--stations", "40"]
    args = parser.parse_args([*usual, *words])
    assert args.run(args) == 2
    assert capsys.readouterr() == ("", message + "\n")
