"""The centre of the month and its boxes: real servers, and each part a process of its own."""

import json
import signal
import subprocess
import sys
import threading
import urllib.request
from contextlib import closing
from datetime import date
from pathlib import Path
from queue import Empty, Queue
from types import TracebackType
from typing import IO, TYPE_CHECKING, Self
from zoneinfo import ZoneInfo

import msgspec
import psutil
from influx_server import InfluxServer
from month_cast import Cast
from month_clock import MonthClock
from postgres_server import Postgres
from shipped_broker import ShippedBroker

from registry.database import Registry, open_registry
from registry.tables import County, Station, Town
from simulator.trial_station import TrialStation

if TYPE_CHECKING:
    from service.mqtt import Mqtt

ZONE = ZoneInfo("Asia/Shanghai")
HERE = Path(__file__).parent
POISONER, STRANGER = "410882-P001", "410882-U001"
"""A station that sends nothing but poison, and one that is on no register."""
CENTRE = """
[centre]
name = "虚构的监管中心"
[registry]
url = "{registry}"
[history]
backend = "influxdb"
url = "{influx}"
bucket = "{bucket}"
[mqtt]
host = "127.0.0.1"
port = {port}
tls = false
username = "collector"
password_file = "{password_file}"
[reporting]
path = "{folder}/reports"
"""
ANSWER_S = 300.0


class MonthPostgres(Postgres):
    """One that can be restarted as an upgrade would."""

    def restart(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self._folder} -c fsync=off"
        words = ["-D", str(self._folder / "data"), "-w", "-m", "fast", "-l", str(self._folder / "log")]
        self._run("pg_ctl", *words, "-o", options, "restart")


class Part:
    """A child process that is told things line by line, and answers in JSON."""

    def __init__(self, name: str, words: list[str], log: Path) -> None:
        self.name = name
        self._log = log
        with log.open("ab") as stream:
            self.process = subprocess.Popen(
                [sys.executable, *words],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stream,
                cwd=HERE,
            )
        self._answers: Queue[str] = Queue()
        assert self.process.stdout is not None
        self._reader = threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True)
        self._reader.start()

    def tell(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()

    def answer(self, within_s: float = ANSWER_S) -> dict:
        try:
            text = self._answers.get(timeout=within_s)
        except Empty:
            text = ""
        assert text, f"{self.name} gave no answer: {self._log.read_text()[-2000:]}"
        return json.loads(text)

    def kill(self) -> None:
        self.process.kill()
        self._close()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self._close()

    def rss_mb(self) -> float:
        return psutil.Process(self.process.pid).memory_info().rss / 1e6

    def _close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(30)
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def _read(self, stream: IO[bytes]) -> None:
        for line in stream:
            self._answers.put(line.decode())
        self._answers.put("")


class MonthCentre:
    """Everything that runs; whatever still does at the end is killed."""

    def __init__(
        self, folder: Path, cast: Cast, arguments: dict, programs: dict[str, str], boxes: int
    ) -> None:
        self.folder, self.cast, self.box_processes = folder, cast, boxes
        self.clock = MonthClock(folder / "clock")
        self.clock.move_to(cast.window.start_s * 1000)
        self._boots = [0] * boxes
        self.parts: dict[str, Part] = {}
        self.poisoner: Mqtt
        self.postgres = MonthPostgres(Path(programs["initdb"]).parent)
        self.influx = InfluxServer(programs["influxd"], programs["nginx"], folder / "influx")
        self.broker = ShippedBroker(programs["mosquitto"], folder / "broker")
        (folder / "cast.json").write_text(json.dumps(arguments))

    def __enter__(self) -> Self:
        self.postgres.start()
        self.influx.start()
        self.broker.start()
        self.bucket = self.influx.new_database("10000d")
        url = self.postgres.new_registry()
        values = {
            "registry": url, "influx": self.influx.url, "bucket": self.bucket,
            "port": self.broker.ports["plain"], "folder": self.folder,
            "password_file": self.broker.folder / "collector.password",
        }  # fmt: skip
        (self.folder / "centre.toml").write_text(CENTRE.format(**values))
        self.registry: Registry = open_registry(url)
        self._register()
        links = {each.id: msgspec.to_builtins(self.broker.enrol(each.id)) for each in self.cast.stations}
        (self.folder / "links.json").write_text(json.dumps(links))
        self.poisoner, self.stranger = self.broker.enrol(POISONER), self.broker.enrol(STRANGER)
        for name in ("collector", "alerting", "reporting", "console"):
            self.start(name)
        for number in range(self.box_processes):
            self.start_boxes(number)
        for part in self.parts.values():
            part.hello = part.answer()  # type: ignore[attr-defined]
        return self

    def start(self, name: str) -> None:
        """Start a part of the centre; its first answer is still to be heard."""
        words = [str(HERE / "month_part.py"), name, str(self.folder)]
        self.parts[name] = Part(name, words, self.folder / f"{name}.log")

    def start_boxes(self, number: int) -> None:
        """Start a process of boxes."""
        name = f"boxes-{number}"
        words = [str(HERE / "month_boxes.py"), str(self.folder), str(number), str(self.box_processes)]
        words.append(str(self._boots[number]))
        self._boots[number] += 100
        self.parts[name] = Part(name, words, self.folder / f"{name}.log")

    @property
    def boxes(self) -> list[Part]:
        return [self.parts[f"boxes-{number}"] for number in range(self.box_processes)]

    def page(self, path: str) -> tuple[int, int]:
        """Ask the console for a page; returns status and size."""
        port = self.parts["console"].hello["port"]  # type: ignore[attr-defined]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
            return answer.status, len(answer.read())

    def memory_mb(self) -> dict[str, float]:
        """Resident memory of every part."""
        return {name: part.rss_mb() for name, part in self.parts.items()}

    def logs(self) -> dict[str, str]:
        """What each part said."""
        return {name: (self.folder / f"{name}.log").read_text() for name in self.parts}

    def add_station(self, station: TrialStation) -> None:
        """Put one on the register."""
        with self.registry.writing() as session:
            session.add(self._row(station, self._towns[station.county, station.town]))

    def _register(self) -> None:
        places = {(each.county, each.town) for each in self.cast.stations}
        with self.registry.writing() as session:
            for code in {*(code for code, _ in places), POISONER[:6]}:
                session.add(County(code=code, name=f"虚构县{code}"))
            session.flush()
            towns = {place: Town(county_code=place[0], name=place[1]) for place in sorted(places)}
            session.add_all(towns.values())
            session.flush()
            self._towns = {place: town.id for place, town in towns.items()}
        for station in self.cast.stations:
            if station.id != self.cast.late:
                self.add_station(station)
        with self.registry.writing() as session:
            session.add(Station(id=POISONER, name="虚构的毒站", county_code=POISONER[:6], overrides={}))

    def _row(self, station: TrialStation, town: int) -> Station:
        process, design, _, commissioned = station.columns
        return Station(
            id=station.id, name=f"虚构站{station.id}", county_code=station.county, town_id=town,
            process=process, design_m3_per_day=float(design), commissioned=date.fromisoformat(commissioned),
            connected_from=date.fromisoformat(commissioned), overrides={},
        )  # fmt: skip

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for part in self.parts.values():
            part.kill()  # those that have ended by themselves are closed by it
        with closing(self.clock):
            if hasattr(self, "registry"):
                self.registry.close()
            self.broker.stop()
            self.influx.stop()
            self.postgres.stop()
