"""The centre as it really runs: processes of `qingliu collector run`, a broker, and one of the stores."""

import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil
from influx_server import InfluxServer
from outside_station import OutsideStation
from servers import Mosquitto, wait_until
from stores_seen import SeenInflux, SeenSqlite, SeenStore

from registry.database import open_registry
from registry.stations import import_csv

CENTRE = """
[mqtt]
host = "127.0.0.1"
port = {port}
tls = false
[registry]
url = "sqlite:///{folder}/registry.db"
[collector]
shared_group = "{group}"
[history]
{history}
"""


class DeliveryCentre:
    """One or more collectors over one registry and one store; whatever still runs at the end is killed.

    Attributes:
        influx: the server, or None with the embedded store.
        store: what lies in the store.
        collectors: how many of them run.
        peak_mb: the most resident memory that any collector ever had, megabytes.
    """

    def __init__(
        self, folder: Path, mosquitto: Mosquitto, influx: InfluxServer | None, collectors: int = 1
    ) -> None:
        self.mosquitto, self.influx, self.collectors = mosquitto, influx, collectors
        self.peak_mb = 0.0
        self._folder = folder
        self._collectors: dict[int, subprocess.Popen[bytes]] = {}
        self.store: SeenStore = SeenSqlite(folder / "history.db")
        history = f'path = "{folder}/history.db"'
        if influx is not None:
            database = influx.new_database()
            self.store = SeenInflux(influx, database)
            history = f'backend = "influxdb"\nurl = "{influx.url}"\nbucket = "{database}"'
        group = "collectors" if collectors > 1 else ""
        values = {"port": mosquitto.port, "folder": folder, "group": group, "history": history}
        (folder / "centre.toml").write_text(CENTRE.format(**values))

    def register(self, stations: list[OutsideStation]) -> None:
        path = self._folder / "stations.csv"
        path.write_text("station\n" + "\n".join(station.name for station in stations))
        with (
            closing(open_registry(f"sqlite:///{self._folder}/registry.db")) as registry,
            registry.writing() as session,
        ):
            assert import_csv(session, path) == len(stations)

    def start_all(self) -> None:
        for number in range(self.collectors):
            self.start(number)

    def start(self, number: int = 0) -> None:
        command = [sys.executable, "-m", "qingliu", "collector", "run"]
        command += ["--config", str(self._folder / "centre.toml")]
        with (self._folder / "collector.log").open("ab") as log:
            self._collectors[number] = subprocess.Popen(command, stdout=log, stderr=log)

    def kill(self, number: int = 0) -> None:
        """kill -9; one that had ended by itself already fails the test."""
        self.measure()
        collector = self._collectors.pop(number)
        collector.kill()
        collector.wait()

    def signal(self, number: int, name: int) -> None:
        self._collectors[number].send_signal(name)

    def await_links(self) -> None:
        """Wait until each collector has its connection to the broker."""
        for collector in self._collectors.values():
            process = psutil.Process(collector.pid)
            wait_until(
                lambda p=process: (
                    self.mosquitto.port in {c.raddr.port for c in p.net_connections() if c.raddr}
                ),
                "the collector is connected",
            )

    def stop(self) -> None:
        """Ask all of them politely, once they are there to hear it."""
        self.await_links()
        self.measure()
        for collector in self._collectors.values():
            collector.terminate()
        for collector in self._collectors.values():
            assert collector.wait(20) == 0, self.log()
        self._collectors.clear()

    def rows(self, query: str) -> list[tuple]:
        """Look into the registry."""
        with closing(sqlite3.connect(self._folder / "registry.db", timeout=10)) as database:
            return database.execute(query).fetchall()

    def log(self) -> str:
        return (self._folder / "collector.log").read_text()

    def measure(self) -> None:
        """Note the memory that each collector had at most, and that all of them live."""
        for collector in self._collectors.values():
            assert collector.poll() is None, f"the collector ended by itself: {self.log()[-2000:]}"
            status = Path(f"/proc/{collector.pid}/status").read_text()
            found = re.search(r"VmHWM:\s+(\d+) kB", status)
            assert found, status
            self.peak_mb = max(self.peak_mb, int(found[1]) / 1000)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for collector in self._collectors.values():
            collector.kill()
            collector.wait()
