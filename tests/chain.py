"""The whole chain with real parts: a simulated line, the agent, a broker, the centre's processes."""

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from servers import free_port
from two_meters import TWO_METERS

STATION = "410882-0001"

AGENT = (
    """
[station]
id = "{station}"
name = "北寨村污水处理站"
[bus.main]
port = "{port}"
timeout_s = 0.3
pause_s = 0.005
"""
    + TWO_METERS
    + """\
[sampling]
interval_s = 1
send_every_s = 1
[mqtt]
host = "127.0.0.1"
port = {broker_port}
tls = false
[outbox]
path = "{folder}/outbox.db"
"""
)

CENTRE = """
[mqtt]
host = "127.0.0.1"
port = {broker_port}
tls = false
[registry]
url = "sqlite:///{folder}/registry.db"
[history]
path = "{folder}/history.db"
[console]
port = {console_port}
[alerting]
round_s = 1
learn_s = 1
stop_window_s = 6
idle_window_s = 600
small_idle_window_s = 600
offline_after_s = 30
clear_after_s = 1
coverage = 0.5
"""


class Chain:
    """Child processes over one folder; whatever still runs at the end is killed."""

    def __init__(self, folder: Path, *, line: str, broker_port: int) -> None:
        self.folder = folder
        self.console_port = free_port()
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        values = {
            "station": STATION,
            "port": line,
            "broker_port": broker_port,
            "console_port": self.console_port,
            "folder": folder,
        }
        (folder / "agent.toml").write_text(AGENT.format(**values))
        (folder / "centre.toml").write_text(CENTRE.format(**values))
        (folder / "stations.csv").write_text(
            "station,name,county,county_name,town,process,design_m3_per_day\n"
            f"{STATION},北寨村污水处理站,410882,沁阳市,某镇,A2O,20\n"
        )
        self.run("stations", "import", str(folder / "stations.csv"))

    def run(self, *words: str) -> str:
        """Run a centre command to its end; returns what it printed."""
        command = [sys.executable, "-m", "qingliu", *words, "--config", str(self.folder / "centre.toml")]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def start(self, room: str) -> int:
        """Start `qingliu ROOM run`; returns its process id."""
        config = "agent.toml" if room == "agent" else "centre.toml"
        command = [sys.executable, "-m", "qingliu", room, "run", "--config", str(self.folder / config)]
        command += ["--open-demo"] if room == "console" else []
        with (self.folder / f"{room}.log").open("ab") as log:
            self._children[room] = subprocess.Popen(command, stdout=log, stderr=log)
        return self._children[room].pid

    def kill(self, room: str) -> None:
        """kill -9."""
        child = self._children.pop(room)
        child.kill()
        child.wait()

    def stop(self, room: str) -> int:
        """Ask politely; returns the exit code."""
        child = self._children.pop(room)
        child.send_signal(signal.SIGTERM)
        return child.wait(10)

    def log(self, room: str) -> str:
        return (self.folder / f"{room}.log").read_text()

    def rows(self, store: str, query: str) -> list[tuple]:
        """Look into one of the SQLite files; nothing while it is not there yet."""
        path = self.folder / f"{store}.db"
        if not path.exists():
            return []
        database = sqlite3.connect(path, timeout=10)
        try:
            return database.execute(query).fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return []
            raise
        finally:
            database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for child in self._children.values():
            child.kill()
            child.wait()
