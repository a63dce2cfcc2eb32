"""The agent as a process: what its service manager, its installer and a second agent see of it."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from edge_centre import Centre
from servers import Mosquitto, wait_until
from test_edge_cli import config, qingliu

from simulator.meters import SimulatedStation


@contextmanager
def running(path: Path, **environment: str) -> Iterator[tuple[subprocess.Popen, Path]]:
    """An agent in a process of its own, and its log; it has been told to stop when the block ends."""
    log = path.with_name("log")
    command = [sys.executable, "-m", "qingliu", "agent", "run", "--config", str(path)]
    with (
        log.open("wb") as stream,
        subprocess.Popen(command, stderr=stream, env=os.environ | environment) as process,
    ):
        try:
            wait_until(lambda: path.with_name("outbox.sock").exists() or process.poll(), "it runs")
            yield process, log
        finally:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            process.wait(10)
    assert "Traceback" not in log.read_text()


def status(path: Path) -> dict:
    return json.loads(qingliu("status", "--json", "--config", path).stdout)


def fast(path: Path, port: int = 1) -> Path:
    text = path.read_text().replace("[mqtt]", "[sampling]\ninterval_s = 1\nsend_every_s = 3600\n[mqtt]")
    path.write_text(text.replace("port = 1\n", f"port = {port}\n"))
    return path


def test_the_status_of_a_running_agent(tmp_path, mosquitto: Mosquitto):
    with SimulatedStation(flow_unit=7) as station:
        path = fast(config(tmp_path, station.port), mosquitto.port)
        with running(path):
            wait_until(lambda: status(path)["devices"]["flow-1"]["silent"], "a round")
            wait_until(lambda: status(path)["link"]["connected"], "it is connected")
            told = status(path)
            assert told["devices"]["power-1"]["last_good_s"] <= 5
            assert (told["station"], told["outbox"]["refused"]) == ("410882-0001", 0)
            assert told["devices"]["flow-1"]["silent"] == "no_response"
            assert told["conditions"]["flow-1"].startswith("no_response: unit 2 is silent")
            assert told["outbox"]["backlog"] >= 1
            page = qingliu("status", "--language", "en", "--config", path)
            assert page.returncode == 1
            assert "flow-1" in page.stdout
    done = qingliu("status", "--language", "en", "--config", path)
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1


def test_a_second_agent_on_the_same_outbox_does_not_start(tmp_path):
    path = config(tmp_path)
    with running(path):
        second = qingliu("run", "--config", path)
        assert second.returncode == 1
        assert "outbox.sock" in second.stderr.splitlines()[-1]


def test_a_damaged_outbox_is_set_aside_and_the_agent_runs(tmp_path):
    (tmp_path / "outbox.db").write_bytes(b"no database" * 2000)
    with SimulatedStation() as station:
        path = fast(config(tmp_path, station.port))
        with running(path) as (_, log):
            wait_until(lambda: status(path)["outbox"]["backlog"] >= 2, "it accepts readings")
            assert "damaged" in status(path)["conditions"]["outbox file"]
            assert log.read_text().count("outbox file") == 1
    [aside] = tmp_path.glob("outbox.db.damaged-*")
    assert aside.read_bytes().startswith(b"no database")


def test_an_outbox_that_is_damaged_meanwhile_ends_the_process_and_the_next_start_mends_it(tmp_path):
    with SimulatedStation() as station:
        path = fast(config(tmp_path, station.port))
        with running(path) as (process, log):
            wait_until(lambda: status(path)["outbox"]["backlog"] >= 4, "it accepts readings")
            with closing(sqlite3.connect(tmp_path / "outbox.db")) as db:
                db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            with (tmp_path / "outbox.db").open("r+b") as file:
                file.seek(1000)
                file.write(os.urandom(40_000))
            assert process.wait(20) == 1
            assert "outbox" in log.read_text().splitlines()[-1]
        with running(path):
            wait_until(lambda: status(path)["outbox"]["backlog"] >= 2, "it accepts readings again")
    assert len(list(tmp_path.glob("outbox.db.damaged-*"))) >= 1


def test_the_service_manager_is_told_that_it_is_ready_alive_and_stopping(tmp_path):
    address = str(tmp_path / "notify")
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as manager, SimulatedStation() as station:
        manager.bind(address)
        manager.settimeout(20)
        with running(fast(config(tmp_path, station.port)), NOTIFY_SOCKET=address, WATCHDOG_USEC="400000"):
            assert [manager.recv(99) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"]
        words = {b"WATCHDOG=1"}
        while words == {b"WATCHDOG=1"}:
            words = {manager.recv(99)}
        assert words == {b"STOPPING=1"}


def test_a_word_to_stop_sends_what_waits(tmp_path, mosquitto: Mosquitto):
    """Nothing is due for an hour, so only the end can have sent it; unacknowledged it stays in the outbox."""
    centre = Centre(mosquitto.port)
    centre.answer = centre.greet
    with SimulatedStation() as station, closing(centre.connection):
        path = fast(config(tmp_path, station.port), mosquitto.port)
        with running(path):
            centre.until(lambda: len(centre.statuses) >= 2, "it knows the time")
            before = set(_times(centre))
            wait_until(lambda: status(path)["outbox"]["backlog"] >= len(before) + 2, "readings wait")
        centre.until(lambda: set(_times(centre)) - before, "what waited came")
    with closing(sqlite3.connect(tmp_path / "outbox.db")) as db:
        assert db.execute("SELECT count(*) FROM reading").fetchone()[0] >= 2


def _times(centre: Centre) -> list[int]:
    return [reading["t"] for batch in centre.data for reading in batch["readings"]]
