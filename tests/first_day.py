"""The parts of a first day: a centre set up by its commands and shipped files, and a bare box."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.parse
import urllib.request
from contextlib import closing
from datetime import UTC, datetime
from http.cookiejar import CookieJar
from pathlib import Path
from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo

from clean_root import CleanRoot
from servers import free_port, listens, wait_until
from shipped_broker import placed
from sqlalchemy import update

from edge_agent.meter import Poll
from edge_agent.outbox import open_outbox
from registry.database import open_registry
from registry.tables import Device
from telemetry.quantities import Kind

SHIPPED = Path(__file__).parent.parent / "configs"
STATION = "410882-0001"
NAME = "北寨村污水处理站"
STATIONS = f"""station,name,county,county_name,town,process,design_m3_per_day
{STATION},{NAME},410882,沁阳市,某镇,A2O,20
"""
USER, PASSWORD = "王工", "made up for this test"
FAST_ALERTING = {
    "round_s": 1,
    "learn_s": 1,
    "stop_window_s": 6,
    "idle_window_s": 600,
    "small_idle_window_s": 600,
    "offline_after_s": 30,
    "clear_after_s": 1,
    "coverage": 0.5,
}
"""A stop is seen within seconds."""
HOUR_MS = 3_600_000
BY_AN_HOUR: dict[str, tuple[Kind, dict[str, float], dict[str, float]]] = {
    "power-1": (
        "power",
        {"active_power_kw": 1.1, "voltage_l1_v": 230.0, "voltage_l2_v": 229.0, "voltage_l3_v": 231.0},
        {"energy_kwh": 1.1},
    ),
    "flow-1": ("flow", {"flow_m3h": 0.7}, {"volume_m3": 0.7}),
}
"""What a station that runs tells: kind, levels, and what its totals rise by in an hour."""


class Transcript:
    """What was typed and what it said; `places` of this test are shown under the names they usually have."""

    def __init__(self, places: dict[str, str]) -> None:
        self._places = places

    def note(self, prompt: str, words: list[str], said: str) -> str:
        """Write one command down, shown by `pytest -s`; returns what it said."""
        text = f"{prompt} {' '.join(words)}\n{said.strip()}\n"
        for here, there in self._places.items():
            text = text.replace(here, there)
        sys.stdout.write(f"\n{text}")
        return said


def edited(text: str, table: str, **values: object) -> str:
    """A shipped settings file with keys of a table given values, which it must show, commented out or not."""
    start = re.search(rf"^\[{table}\].*\n", text, re.MULTILINE)
    assert start is not None, table
    end = text.find("\n[", start.end()) + 1 or len(text)
    part = text[start.end() : end]
    for key, value in values.items():
        line = f"{key} = {json.dumps(value, ensure_ascii=False)}"
        part, count = re.subn(
            rf"^(# )?{key} = .*$", lambda _, line=line: line, part, count=1, flags=re.MULTILINE
        )
        assert count == 1, (table, key)
    return text[: start.end()] + part + text[end:]


class Centre:
    """A supervision centre in a folder: registry, authority, broker, and `qingliu serve`."""

    def __init__(self, folder: Path, mosquitto: str) -> None:
        self.folder, self._mosquitto = folder, mosquitto
        self.broker_folder = folder / "mosquitto"
        folder.mkdir()
        self.ports = {name: free_port() for name in ("tls", "plain", "password", "console")}
        self.transcript = Transcript({str(folder): "/srv", str(self.broker_folder): "/etc/mosquitto/qingliu"})
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def configure(self) -> None:
        """The shipped settings with the places and ports of this test, and limits that fit its patience."""
        here = self.folder
        (here / "stations.csv").write_text(STATIONS, encoding="utf-8")
        text = (SHIPPED / "centre.toml").read_text(encoding="utf-8")
        for table, values in {
            "registry": {"url": f"sqlite:///{here}/registry.db"},
            "history": {"path": f"{here}/history.db"},
            "mqtt": {
                "port": self.ports["plain"],
                "username": "collector",
                "password_file": self.secret("collector.password"),
            },
            "identity": {
                "path": f"{here}/ca",
                "passphrase_file": self.secret("ca.passphrase"),
                "broker_host": "127.0.0.1",
                "broker_port": self.ports["tls"],
            },
            "alerting": FAST_ALERTING,
            "console": {"port": self.ports["console"], "uploads_path": f"{here}/uploads"},
        }.items():
            text = edited(text, table, **values)
        (here / "centre.toml").write_text(text, encoding="utf-8")

    def secret(self, name: str) -> str:
        """A file that holds the invented password, for nobody else; its path."""
        path = self.folder / name
        path.write_text(PASSWORD)
        path.chmod(0o600)
        return str(path)

    def run(self, *words: str) -> str:
        """Run a centre command that must succeed; what it said."""
        return self.transcript.note("centre$", ["qingliu", *words], self.asked(*words))

    def asked(self, *words: str) -> str:
        """The same, left out of the transcript."""
        command = [sys.executable, "-m", "qingliu", *words, "--config", str(self.folder / "centre.toml")]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    def start_broker(self) -> None:
        """mosquitto on the shipped files, the collector's login made by mosquitto's own program."""
        passwords = self.broker_folder / "passwords"
        command = ["mosquitto_passwd", "-c", "-b", str(passwords), "collector", PASSWORD]
        subprocess.run(command, check=True, env=os.environ | {"PATH": f"{os.environ['PATH']}:/usr/sbin"})
        passwords.chmod(0o600)
        text = (SHIPPED / "mosquitto" / "mosquitto.conf").read_text(encoding="utf-8")
        for shipped, here in placed(self.broker_folder, self.ports).items():
            assert shipped in text, shipped
            text = text.replace(shipped, here)
        (self.broker_folder / "mosquitto.conf").write_text(text, encoding="utf-8")
        acl = (SHIPPED / "mosquitto" / "acl").read_bytes()
        (self.broker_folder / "acl").write_bytes(acl)
        self._start("mosquitto", [self._mosquitto, "-c", str(self.broker_folder / "mosquitto.conf")])
        wait_until(lambda: listens(self.ports["tls"]) and listens(self.ports["plain"]), "mosquitto listens")

    def serve(self) -> None:
        """Start `qingliu serve`."""
        words = ["serve", "--config", str(self.folder / "centre.toml")]
        self._start("serve", [sys.executable, "-m", "qingliu", *words])

    def was_known_since(self, at_ms: int) -> None:
        """Have the station first heard at that time: days before that are nobody's."""
        with (
            closing(open_registry(f"sqlite:///{self.folder}/registry.db")) as registry,
            registry.writing() as session,
        ):
            session.execute(update(Device).values(first_seen_ms=at_ms))

    def stop(self, name: str) -> int:
        """Ask a process to end; its exit code."""
        child = self._children.pop(name)
        child.send_signal(signal.SIGTERM)
        return child.wait(20)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(encoding="utf-8")

    def _start(self, name: str, command: list[str]) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self._children[name] = subprocess.Popen(command, stdout=log, stderr=log)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name in reversed(list(self._children)):
            self.stop(name)


class Browser:
    """Somebody at the console, with a cookie."""

    def __init__(self, port: int) -> None:
        self._site = f"http://127.0.0.1:{port}"
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def page(self, path: str, **form: str) -> str:
        """A page, or where a form leads."""
        sent = urllib.parse.urlencode(form).encode() if form else None
        with self._opener.open(f"{self._site}{path}", sent, timeout=10) as answer:
            return answer.read().decode()

    def is_served(self) -> bool:
        """Whether the console answers at all."""
        try:
            return bool(self.page("/login"))
        except OSError:
            return False

    def log_in(self) -> None:
        token = re.search(r'name="csrf" value="([^"]+)"', self.page("/login"))
        assert token is not None
        self.page("/login", csrf=token[1], next="/", name=USER, password=PASSWORD)


class Box:
    """The station's box: a clean root with this machine's network."""

    def __init__(self, root: CleanRoot, transcript: Transcript) -> None:
        self.root, self._transcript = root, transcript

    def run(self, *words: str, user: str = "root", code: int = 0) -> str:
        """Run a command in there that must end with this code; what it said."""
        done = self.root.run(*words, user=user)
        shown = ["sudo", *words] if user == "root" else list(words)
        self._transcript.note("box$", shown, done.stdout + done.stderr)
        assert done.returncode == code, (words, done.stdout, done.stderr)
        return done.stdout

    def fill_outbox(self, path: Path, first_ms: int, last_ms: int, totals: dict[str, float]) -> int:
        """Have it keep readings since `first_ms` that it could not deliver; how many.

        The totals rise to what the meters show at `last_ms`; readings are 15 minutes apart.
        """
        outbox, _ = open_outbox(path, boot="of the day before", max_mb=256, now_ms=last_ms)
        polls = [
            Poll(
                device, kind, t, "good", None,
                levels | {name: totals[name] - by * (last_ms - t) / HOUR_MS for name, by in rising.items()},
            )
            for t in range(first_ms, last_ms, HOUR_MS // 4)
            for device, (kind, levels, rising) in BY_AN_HOUR.items()
        ]  # fmt: skip
        try:
            outbox.accept(polls, 0)
        finally:
            outbox.close()
        (self.root.given / "outbox.db").write_bytes(path.read_bytes())
        place = "/var/lib/qingliu-agent/outbox.db"
        self.root.said(
            "install", "-o", "qingliu", "-g", "qingliu", "-m", "600", "/media/given/outbox.db", place
        )
        return len(polls)


def yesterday_began(now_ms: int, zone: str) -> int:
    """When the civil day before today's began, ms since the epoch; days of 24 hours."""
    here = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(ZoneInfo(zone))
    today = here.replace(hour=0, minute=0, second=0, microsecond=0)
    return round(today.timestamp() * 1000) - 24 * HOUR_MS
