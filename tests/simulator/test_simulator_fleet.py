"""The fleet against a real broker: with a little collector of the test's own, and with the real one."""

import argparse
import json
import os
import pty
import resource
import select
import signal
import subprocess
import sys
import time
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fleet_playing import IDS, Playing
from servers import Mosquitto, free_port, wait_until

import simulator
from service.broker import Connection, Message
from service.mqtt import Mqtt
from service.process import now_ms
from simulator import cli
from telemetry.ack import Ack, encode_ack
from telemetry.status import Status, decode_status


class Collector:
    """Hears readings and statuses; acknowledges what the test wants acknowledged."""

    def __init__(self, port: int, **login: str) -> None:
        self.mqtt = Mqtt(host="127.0.0.1", port=port, tls=False, **login)
        self.hellos: Counter[str] = Counter()
        self.heard: Counter[tuple[str, int]] = Counter()
        self.stored: dict[tuple[str, str, int], dict] = {}
        self.status: dict[str, Status] = {}
        self.outboxes: defaultdict[str, set[str]] = defaultdict(set)
        self.answers_hellos = self.answers = True
        self.connection = self.connected()

    def connected(self) -> Connection:
        topics = [(f"qingliu/v1/+/{leaf}", 1) for leaf in ("readings", "status")]
        return Connection(self.mqtt, "collector", subscriptions=topics, on_message=self.hear)

    def hear(self, message: Message) -> None:
        _, _, station, leaf = message.topic.split("/")
        if leaf == "status":
            self.status[station] = decode_status(message.payload)
            return
        text = message.payload if message.payload[:1] == b"{" else zlib.decompress(message.payload)
        batch: dict[str, Any] = json.loads(text)
        self.outboxes[station].add(batch["outbox"])
        readings = batch["readings"]
        self.hellos[station] += not readings
        self.heard.update((station, each["seq"]) for each in readings)
        if self.answers if readings else self.answers_hellos:
            self.stored.update({(station, each["d"], each["t"]): each for each in readings})
            stored = [(each["seq"], each["seq"]) for each in readings]
            ack = Ack(
                now=now_ms(),
                outbox=batch["outbox"],
                sent=None if readings else batch["sent"],
                stored=stored,
            )
            self.connection.publish(f"qingliu/v1/{station}/ack", encode_ack(ack), qos=0)

    def until(self, is_true, what: str, within_s: float = 10.0) -> None:
        wait_until(lambda: is_true() or self.connection.step(0.02) or is_true(), what, within_s, 0.0)

    def online(self) -> dict[str, bool]:
        return {station: status.online for station, status in self.status.items()}


@contextmanager
def collector(port: int, **login: str) -> Iterator[Collector]:
    hearing = Collector(port, **login)
    try:
        yield hearing
    finally:
        hearing.connection.close()


def test_each_station_greets_first_delivers_everything_and_says_goodbye(mosquitto):
    with collector(mosquitto.port) as centre:
        centre.answers_hellos = False
        with Playing(mosquitto.port) as playing:
            centre.until(lambda: centre.online() == dict.fromkeys(IDS, True), "all are there")
            centre.until(lambda: set(centre.hellos) == set(IDS), "all greet")
            centre.until(lambda: playing.fleet.progress().tally.made >= 60, "readings are made")
            assert not centre.heard  # no data before the answer
            assert len(set.union(*centre.outboxes.values())) == len(IDS)
            centre.answers_hellos = True
            playing.stop.set()
        end = playing.ended()
        assert end.tally.sent == 0
        assert end.tally.waiting == end.tally.made
        with Playing(mosquitto.port) as playing:
            centre.until(lambda: len(centre.stored) > 120, "readings come")
            playing.stop.set()
            centre.until(lambda: centre.online() == dict.fromkeys(IDS, False), "all say goodbye")
            centre.until(lambda: playing.end is not None, "it has ended")
    end = playing.ended()
    assert (end.tally.waiting, end.tally.lost, end.tally.resent, end.connects) == (0, 0, 0, len(IDS))
    assert end.tally.made == end.tally.acknowledged == len(centre.stored) == centre.heard.total()
    by_meter = defaultdict(list)
    for (station, device, t), each in centre.stored.items():
        by_meter[station, device].append(
            (t, each["x"]["energy_kwh" if each["k"] == "power" else "volume_m3"])
        )
    assert set(by_meter) == {(station, device) for station in IDS for device in ("power-1", "flow-1")}
    for course in by_meter.values():
        totals = [total for _, total in sorted(course)]
        assert totals == sorted(totals)
    status = centre.status[IDS[0]]
    assert (status.clock, status.version, set(status.devices)) == (
        "trusted",
        "simulated",
        {"power-1", "flow-1"},
    )


def test_it_comes_back_after_the_brokers_death_and_a_vanished_fleet_leaves_its_will(mosquitto):
    words = ["--port", str(mosquitto.port), "--stations", "3", "--interval", "1", "--json"]
    with started(*words) as process, collector(mosquitto.port) as centre:
        centre.until(lambda: len(centre.online()) == 3 and all(centre.online().values()), "they are there")
        process.kill()
        centre.until(lambda: not any(centre.online().values()), "the wills are told")
        process.communicate()
    with Playing(mosquitto.port) as playing:
        wait_until(lambda: playing.fleet.progress().connected == len(IDS), "all are connected")
        mosquitto.kill()
        wait_until(lambda: playing.fleet.progress().connected == 0, "all have noticed")
        mosquitto.start()
        with collector(mosquitto.port) as centre:
            centre.until(lambda: set(centre.hellos) == set(IDS), "all greet again")
            centre.until(lambda: len(centre.stored) > 120, "readings come")
            centre.until(lambda: playing.stop.set() or playing.end is not None, "it has ended")
    end = playing.ended()
    assert end.tally.acknowledged == end.tally.made == len(centre.stored)
    assert end.connects == 2 * len(IDS)


def test_a_broker_that_wants_a_login_is_given_each_stations_own(mosquitto_program, tmp_path, caplog):
    secret = tmp_path / "secret"
    secret.write_text("s3cret\n")
    broker = Mosquitto(
        mosquitto_program, tmp_path / "login", passwords=dict.fromkeys([*IDS, "collector"], "s3cret")
    )
    broker.start()
    try:
        with Playing(broker.port) as playing:
            wait_until(lambda: "login" in playing.fleet._told, "the refusal is noticed")
        assert playing.ended().connects == 0
        refused = [record.getMessage() for record in caplog.records if "wants a login" in record.getMessage()]
        assert len(refused) == 1  # one line, whatever the number of stations
        login = {"username": "collector", "password_file": str(secret)}
        with collector(broker.port, **login) as centre, Playing(broker.port, password_file=str(secret)):
            centre.until(lambda: centre.online() == dict.fromkeys(IDS, True), "all are let in")
    finally:
        broker.kill()


def started(*words: str) -> subprocess.Popen[str]:
    root = str(Path(simulator.__file__).parent.parent)
    return subprocess.Popen(
        [sys.executable, "-m", "qingliu", "simulate", "fleet", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": root},
    )


def test_on_a_terminal_one_line_is_kept_up_to_date(mosquitto):
    outer, inner = pty.openpty()
    command = [sys.executable, "-m", "qingliu", "simulate", "fleet", "--port", str(mosquitto.port)]
    with subprocess.Popen([*command, "--stations", "2"], stdout=inner, stderr=subprocess.PIPE) as process:
        try:
            os.close(inner)
            said = b""
            deadline_s = time.monotonic() + 20
            while b"2/2 connected" not in said and time.monotonic() < deadline_s:
                if select.select([outer], [], [], 0.2)[0]:
                    said += os.read(outer, 4096)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=10)
        finally:
            process.kill()
            os.close(outer)
    first, _, rest = said.decode().partition("\r\n")
    place = f"127.0.0.1:{mosquitto.port}"
    assert (
        first
        == f"fleet: 2 stations (410882-F0001 to 410882-F0002) on {place}, a reading of each meter every 60 s"
    )
    assert rest.startswith("\r\x1b[K1 s: ")
    assert "\n" not in rest
    assert process.returncode == 0


def test_a_duration_ends_it_and_a_broker_that_never_answered_is_a_failure():
    words = ["--port", str(free_port()), "--duration", "0.2", "--stations", "1", "--prefix", "x"]
    with started(*words) as process:
        out, errors = process.communicate(timeout=20)
    assert process.returncode == 1
    assert out.splitlines()[1].startswith("ended after ")
    assert ": 0/1 connected, " in out
    assert "nobody listens there (connection refused)" in errors
    assert "Traceback" not in errors


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    cli.register(parser)
    args = parser.parse_args(["fleet", *words])
    return args.run(args)


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        (["--port", "0"], ["--port: 1 to 65535 (got 0). Choose a number of these."]),
        (["--stations", "0", "--prefix", "a b"],
         ["--stations: 1 to 20000 (got 0). Choose a number of these.",
          "--prefix: 1 to 27 letters, digits, - or _ (got 'a b'). Write for example 410882-F."]),
        (["--speed", "nan"], ["--speed: 1 to 600 (got nan). Choose a number of these."]),
        (["--interval", "1", "--speed", "60"],
         ["--interval: with --speed 60 at least 6 (got 1). Choose a slower speed."]),
        (["--duration", "0"], ["--duration: 0.1 to 1e+09 (got 0). Choose a number of these."]),
        (["--username", "x"], ["--password-file: is required with --username (got nothing). Name the file."]),
        (["--password-file", "/none"], ["--password-file: a file (got '/none'). Mend the path."]),
    ],
)  # fmt: skip
def test_bad_usage_is_a_line_for_each_fault_and_exit_code_2(words, lines, capsys):
    assert run(*words) == 2
    assert capsys.readouterr() == ("", "".join(f"{line}\n" for line in lines))


def test_too_few_open_files_are_said_in_one_line(capsys, monkeypatch):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (100, 1000))
    asked = []
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: asked.append(limits))
    assert run("--stations", "2000") == 2
    assert asked == [(1000, 1000)]
    assert capsys.readouterr().err.splitlines()[-1] == (
        "--stations: at most 936 with this user's limit of open files (got 2000). "
        "Choose fewer, or raise the limit (ulimit -Hn) to 2064."
    )


def test_the_register_is_printed_or_written_and_a_place_that_cannot_be_is_said(tmp_path, capsys):
    assert run("--stations", "2", "--register", "-") == 0
    printed = capsys.readouterr().out
    assert printed.count("\n") == 3
    assert run("--stations", "2", "--register", str(tmp_path / "f.csv"), "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"stations": 2, "file": str(tmp_path / "f.csv")}
    assert (tmp_path / "f.csv").read_text(encoding="utf-8") == printed
    assert run("--register", str(tmp_path)) == 1
    assert capsys.readouterr().err == f"--register: {tmp_path}: Is a directory. Name another file.\n"
