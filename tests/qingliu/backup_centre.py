"""A centre to be backed up: a collector that really writes, a station that keeps what was acknowledged."""

import hashlib
import io
import json
import shutil
import subprocess
import sys
import threading
from contextlib import closing, redirect_stderr, redirect_stdout
from datetime import date
from pathlib import Path
from typing import NamedTuple

from servers import wait_until

from history.embedded import EmbeddedHistory
from qingliu.cli import main
from registry.audit import note_change
from registry.config import load_centre
from registry.database import open_registry
from registry.tables import (
    Alarm,
    AlarmEvent,
    Audit,
    County,
    DayVerdict,
    LoginSession,
    Notification,
    Presence,
    Quarantine,
    Report,
    Station,
    User,
)
from service.broker import Connection
from service.mqtt import Mqtt
from service.process import now_ms
from telemetry.ack import decode_ack
from telemetry.topics import topic

A = "410882-0001"
AT = 1_760_000_000_000
REPORT = b"a workbook, or as good as one"
SETTINGS = """
[centre]
name = "演示中心（虚构）"
[mqtt]
host = "127.0.0.1"
port = {port}
tls = false
username = "collector"
password_file = "{folder}/etc/collector.password"
[registry]
url = "{url}"
[history]
path = "{folder}/data/history.db"
[reporting]
path = "{folder}/data/reports"
[console]
uploads_path = "{folder}/data/uploads"
[identity]
path = "{folder}/data/ca"
passphrase_file = "{folder}/etc/passphrase"
[notify]
channels = ["{folder}/etc/wecom.url"]
"""


class Done(NamedTuple):
    """How a command ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


class Centre:
    """Files of a centre in one folder, and its registry wherever the URL says."""

    def __init__(self, folder: Path, url: str, broker_port: int = 1, registry: Path | None = None) -> None:
        """Make one; `registry` is the SQLite file of another one, to be taken as it is."""
        self.folder = folder
        self.url = url
        self.port = broker_port
        self.config = folder / "etc" / "centre.toml"
        self.archives = folder / "archives"
        self.write_files()
        self.settings = load_centre(self.config)
        if registry is not None:
            shutil.copy(registry, folder / "data" / "registry.db")
        else:
            self.fill()

    def write_files(self) -> None:
        files = {
            "etc/centre.toml": SETTINGS.format(folder=self.folder, url=self.url, port=self.port).encode(),
            "etc/collector.password": b"secret",
            "etc/passphrase": b"opens the authority",
            "etc/wecom.url": b"json://127.0.0.1:1/",
            "data/reports/operating-rate-2026-10-r1.xlsx": REPORT,
            "data/uploads/0123456789abcdef0123456789abcdef.png": b"\x89PNG proof",
            "data/ca/ca.crt": b"a certificate",
            "data/ca/issued/1.crt": b"another",
        }
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            path.chmod(0o640)

    def fill(self) -> None:
        """Rows of every type, and one that names a later one of its table."""
        digest = hashlib.sha256(REPORT).hexdigest()
        files = {"xlsx": {"name": "operating-rate-2026-10-r1.xlsx", "sha256": digest}}
        with closing(open_registry(self.url)) as registry, registry.writing() as session:
            session.add(County(code="410882", name="沁阳市"))
            session.flush()
            session.add(
                Station(id=A, name="北寨村污水处理站", county_code="410882", rated_kw=3.5, powered=False,
                        commissioned=date(2026, 10, 1), overrides={"甲": [1, 2.5, None]})
            )  # fmt: skip
            session.add(
                User(id=7, name="wang", password_hash="x", role="viewer", counties=["410882"], created_ms=AT)
            )
            session.flush()
            session.add(LoginSession(token_sha256="a" * 64, user_id=7, created_ms=AT, last_used_ms=AT))
            session.add(Presence(station_id=A, online=True, last_seen_ms=now_ms(), devices={"power-1": {}}))
            session.add(
                Quarantine(received_ms=AT, station_id=A, code="c", text="t", size_bytes=3, payload=b"\0\xff1")
            )
            for number in (3, 5):
                session.add(
                    Alarm(id=number, type=f"stopped-{number}", subject=A, station_id=A, severity="high",
                          start_ms=AT, raised_ms=AT, reason="no_energy", evidence={"h": 4})
                )  # fmt: skip
            session.flush()
            session.get(Alarm, 3).parent_id = 5
            session.flush()
            session.add(AlarmEvent(id=9, alarm_id=3, at_ms=AT, event="raised", details={"k": 1}))
            session.add(DayVerdict(station_id=A, day=date(2026, 10, 2), verdict="running", valid_hours=24.0,
                                   reason="", rule_version="1", computed_ms=AT))  # fmt: skip
            session.add(
                Report(month="2026-10", revision=1, status="draft", made_ms=AT, data_cutoff_ms=AT,
                       rule_version="1", author="reporting", files=files)
            )  # fmt: skip
            session.flush()
            session.add(Notification(alarm_event_id=9, channel="channel-1", created_ms=AT, due_ms=AT))
            note_change(session, at_ms=AT, actor="王芳", action="station.update", subject=A,
                        before={"rated_kw": None}, after={"rated_kw": 3.5})  # fmt: skip

    def run(self, *words: str, code: int | None = 0, config: bool = True) -> Done:
        """Run a command in this process."""
        out, errors = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(errors):
            given = main([*map(str, words), *(["--config", str(self.config)] if config else [])])
        done = Done(given, out.getvalue(), errors.getvalue())
        assert code in (None, done.returncode), done
        return done

    def rows(self, model, order) -> list[dict]:
        with closing(open_registry(self.url)) as registry, registry.reading() as session:
            found = session.query(model).order_by(order)
            return [
                {column.name: getattr(row, column.name) for column in model.__table__.columns}
                for row in found
            ]

    def everything(self) -> dict[str, list[dict]]:
        """What people would miss."""
        return {
            model.__tablename__: self.rows(model, next(iter(model.__table__.primary_key)))
            for model in (
                County,
                Station,
                User,
                Quarantine,
                Alarm,
                AlarmEvent,
                DayVerdict,
                Report,
                Notification,
            )
        }

    def actions(self) -> list[str]:
        return [row["action"] for row in self.rows(Audit, Audit.id)]

    def stored(self) -> set[int]:
        """The times of the station's readings."""
        with closing(EmbeddedHistory(Path(self.settings.history.path))) as history:
            return {reading.t for reading in history.raw(A, None, 0, 2**60)}


class Feeding:
    """A collector process, and a station that sends on and on; `acknowledged` are the times that are safe."""

    def __init__(self, centre: Centre) -> None:
        self.acknowledged: set[int] = set()
        self._stop = threading.Event()
        self._log = (centre.folder / "collector.log").open("wb")
        words = ["collector", "run", "--config", str(centre.config)]
        self._collector = subprocess.Popen([sys.executable, "-m", "qingliu", *words], stderr=self._log)
        self._port = centre.port
        self._thread = threading.Thread(target=self._send)

    def __enter__(self):
        self._thread.start()
        wait_until(lambda: self.acknowledged, "the collector acknowledges", 40)
        return self

    def __exit__(self, *_error):
        self._stop.set()
        self._thread.join(20)
        self._collector.terminate()
        self._collector.wait(20)
        self._log.close()

    def _send(self) -> None:
        sent: dict[int, int] = {}

        def heard(message) -> None:
            for first, last in decode_ack(message.payload).stored:
                self.acknowledged |= {sent[each] for each in range(first, last + 1)}

        mqtt = Mqtt(host="127.0.0.1", port=self._port, tls=False)
        connection = Connection(mqtt, "station", subscriptions=[(topic(A, "ack"), 0)], on_message=heard)
        number = 0
        while not self._stop.is_set():
            readings = []
            for _ in range(50):
                number += 1
                sent[number] = now_ms() - 60_000 + number
                readings.append({"seq": number, "t": sent[number], "d": "power-1", "k": "power",
                                 "x": {"energy_kwh": float(number)}})  # fmt: skip
            said = {"v": 1, "outbox": "9f3c21ab", "sent": now_ms(), "readings": readings}
            connection.publish(topic(A, "readings"), json.dumps(said).encode(), qos=1)
            connection.step(0.02)
        connection.close()
