"""`qingliu alerting run` as a process: alarm and digest reach a real web hook and a real mailbox, once."""

import json
import signal
import subprocess
import sys
from contextlib import closing, contextmanager

from notify_receivers import Mailbox, WebReceiver
from servers import wait_until
from sqlalchemy import select

from alerting.freshness import recompute
from history.embedded import EmbeddedHistory
from history.port import StationReading
from registry.database import open_registry
from registry.tables import Alarm, County, Device, Notification, Presence, ServiceHealth, Station
from service.process import now_ms
from telemetry.reading import Reading

STATION = "410823-0001"
CENTRE = """
[centre]
name = "监管中心"
[mqtt]
host = "127.0.0.1"
tls = false
[registry]
url = "sqlite:///{folder}/registry.db"
[history]
path = "{folder}/history.db"
[alerting]
round_s = 1
[alarms]
silence_raise_after_s = 0
grace_s = 0
[notify]
digest_at = "00:00"
channels = [
  {{ name = "desk", url = "{folder}/hook.url", severity = "low", tells = ["alarms"] }},
  {{ name = "chief", url = "{folder}/mail.url", tells = ["digest"] }},
]
"""


@contextmanager
def alerting(folder):
    command = [sys.executable, "-m", "qingliu", "alerting", "run", "--config", str(folder / "centre.toml")]
    with (folder / "log").open("ab") as log, subprocess.Popen(command, stderr=log) as child:
        try:
            yield child
        finally:
            child.send_signal(signal.SIGTERM)
            assert child.wait(20) == 0


def test_an_alarm_and_the_digest_arrive_once_also_over_a_restart(tmp_path):
    (tmp_path / "centre.toml").write_text(CENTRE.format(folder=tmp_path))
    heard_ms = now_ms() - 3 * 3_600_000
    with (
        closing(WebReceiver()) as hook,
        closing(Mailbox()) as mailbox,
        closing(open_registry(f"sqlite:///{tmp_path}/registry.db")) as registry,
    ):
        (tmp_path / "hook.url").write_text(f"{hook.url}\n")
        (tmp_path / "mail.url").write_text(f"{mailbox.url}\n")
        with registry.writing() as session:
            session.add(County(code="410823", name="武陟县"))
            session.flush()
            session.add(Station(id=STATION, name="北寨村站", county_code="410823"))
            session.flush()
            session.add(
                Device(
                    station_id=STATION,
                    device="power-1",
                    kind="power",
                    first_seen_ms=heard_ms - 3 * 86_400_000,
                )
            )
            session.add(Presence(station_id=STATION, last_seen_ms=heard_ms))
        with closing(EmbeddedHistory(tmp_path / "history.db")) as history:
            readings = [
                Reading(t=heard_ms - ago * 300_000, d="power-1", k="power", x={"energy_kwh": 100.0 - ago})
                for ago in range(12)
            ]
            history.write([StationReading(STATION, reading) for reading in readings])
            recompute(history, STATION, heard_ms - 3_600_000, heard_ms + 1)
        with alerting(tmp_path):
            wait_until(lambda: hook.got and mailbox.got, "both messages", 30)
            wait_until(lambda: all_sent(registry) == 2, "they are marked")
        ended_ms = now_ms()
        with alerting(tmp_path):
            wait_until(lambda: have_said(registry, ended_ms + 1), "the second one works", 30)
        assert len(hook.got) == len(mailbox.got) == 1
        told = json.dumps(hook.got[0], ensure_ascii=False)
        assert f"武陟县 北寨村站 ({STATION}) 离线" in told
        assert "监管中心" in str(mailbox.got[0]["subject"])
        assert "离线 1" in mailbox.got[0].get_content()
        with registry.reading() as session:
            assert list(session.scalars(select(Alarm.type))) == ["offline"]
    log = (tmp_path / "log").read_text()
    assert "tok3n" not in log
    assert "Traceback" not in log


def all_sent(registry):
    with registry.reading() as session:
        return sum(row.sent_ms is not None for row in session.scalars(select(Notification)))


def have_said(registry, since_ms):
    with registry.reading() as session:
        rows = {row.name: row.seen_ms for row in session.scalars(select(ServiceHealth))}
    return rows.keys() >= {"alerting", "notify"} and min(rows.values()) >= since_ms
