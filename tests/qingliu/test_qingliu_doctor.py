"""The doctor: every part of a centre with real stores and a real broker, well and broken one by one."""

import json
import os
import shutil
import sqlite3
import threading
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from certificates import Authority
from servers import Mosquitto, Tls

from history.embedded import EmbeddedHistory
from qingliu import doctor_machine, doctor_stores
from qingliu.cli import main
from qingliu.doctor import exit_code
from qingliu.doctor_finding import Finding
from qingliu.doctor_influxd import influxd
from qingliu.doctor_machine import backup, can, clock
from registry.config import CentreSettings, HistorySettings, RegistrySettings
from registry.database import open_registry
from registry.identity.authority_folder import make_authority
from registry.services import report_health
from registry.tables import Notification, ServiceHealth
from service.account import User, user_named
from service.mqtt import Mqtt
from service.process import now_ms

DAY = 86_400_000
DROP_IN = (Path(__file__).parents[2] / "configs" / "influxdb" / "qingliu.conf").read_text()
NOW = 1_793_000_000_000
ENDS = datetime.now(UTC).replace(hour=20) + timedelta(days=20)
"""Of the broker's certificate: in Shanghai the next day has begun."""
SETTINGS = """
[mqtt]
host = "127.0.0.1"
port = {port}
ca_file = "{folder}/broker/ca.crt"
username = "collector"
password_file = "{folder}/password"
[registry]
url = "{url}"
[history]
path = "{folder}/history.db"
[reporting]
path = "{folder}/reports"
[console]
port = {console}
uploads_path = "{folder}/uploads"
[identity]
path = "{folder}/ca"
[notify]
channels = ["{folder}/channel.url"]
"""


class Console(BaseHTTPRequestHandler):
    """Answers /health with the server's `status`; without one as what is no web server."""

    def do_GET(self):
        if not self.server.status:
            self.wfile.write(b"SSH-2.0-OpenSSH_9.2p1\r\n")
            return
        self.send_response(self.server.status if self.path == "/health" else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_args):
        pass


@pytest.fixture(scope="module")
def console():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Console)
    server.status = 200
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def broker(mosquitto_program, tmp_path_factory):
    """A broker with TLS and a password, its certificate good for 20 days more."""
    folder = tmp_path_factory.mktemp("broker")
    authority = Authority(folder / "own")
    server = authority.server("127.0.0.1", ends=ENDS)
    tls = Tls(authority.ca_file, server.cert_file, server.key_file)
    running = Mosquitto(mosquitto_program, folder / "mosquitto", tls=tls, passwords={"collector": "secret"})
    running.start()
    yield running, authority.ca_file
    running.kill()


class Centre:
    def __init__(self, folder, broker, console, url):
        self.folder, self.url = folder, url
        running, ca_file = broker
        (folder / "broker").mkdir()
        (folder / "broker" / "ca.crt").write_bytes(ca_file.read_bytes())
        for name, text in {"password": "secret", "channel.url": "json://127.0.0.1:1/"}.items():
            (folder / name).write_text(text)
            (folder / name).chmod(0o600)
        self.config = folder / "centre.toml"
        self.config.write_text(
            SETTINGS.format(folder=folder, url=url, port=running.tls_port, console=console.server_port)
        )
        make_authority(folder / "ca", "演示", b"passphrase", now_ms(), 3650, 400)
        EmbeddedHistory(folder / "history.db").close()
        (folder / "archives").mkdir()
        (folder / "archives" / "qingliu-20260101-000000.tar.gz").write_bytes(b"")
        with self.writing() as session:
            for name in ("collector", "alerting", "reporting", "console", "notify"):
                report_health(session, name, now_ms(), {})

    @contextmanager
    def writing(self):
        with closing(open_registry(self.url)) as registry, registry.writing() as session:
            yield session

    def replace(self, old, new):
        text = self.config.read_text()
        assert old in text
        self.config.write_text(text.replace(old, new))


@pytest.fixture
def centre(tmp_path, broker, console):
    console.status = 200
    return Centre(tmp_path, broker, console, f"sqlite:///{tmp_path}/registry.db")


@pytest.fixture
def ask(capsys, monkeypatch):
    """The doctor's findings, by part; and its exit code. The machine's clock is none of our business."""
    monkeypatch.setattr(doctor_machine, "ntp_synchronised", lambda: True)

    def ask(centre):
        words = ["--config", str(centre.config), "--backups", str(centre.folder / "archives")]
        code = main(["doctor", "--json", *words])
        found = [Finding(**each) for each in json.loads(capsys.readouterr().out)["findings"]]
        by_part = {}
        for each in found:
            by_part.setdefault(each.part, []).append(each)
        return code, by_part

    return ask


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_centre_that_is_well(tmp_path, broker, console, ask, request, database):
    url = f"sqlite:///{tmp_path}/registry.db"
    if database == "postgresql":
        url = request.getfixturevalue("postgres").new_database()
    code, found = ask(Centre(tmp_path, broker, console, url))
    assert code == 0
    assert {part: [each.state for each in own] for part, own in found.items()} == {
        **{
            part: ["ok"]
            for part in ("configuration", "files", "secrets", "clock", "fonts", "backup", "registry", "disk",
                         "alerting", "collector", "console", "notify", "reporting", "messages", "history",
                         "broker")
        },
        "console": ["ok", "ok"],
        "certificate": ["ok", "ok", "ok"],
        "broker's certificate": ["warn"],
    }  # fmt: skip
    assert found["registry"][0].text.endswith(", whole")
    assert found["broker's certificate"][0].remedy.startswith("Make a new one in time")
    assert found["broker's certificate"][0].text.endswith(f", until {ENDS + timedelta(days=1):%Y-%m-%d}")


def silent(centre):
    with centre.writing() as session:
        report_health(session, "reporting", now_ms() - 90_000, {})


def troubled(centre):
    with centre.writing() as session:
        report_health(session, "collector", now_ms(), {"store": "history: the disk is full"})


def waiting(centre):
    with centre.writing() as session:
        report_health(session, "reporting", now_ms(), {}, {"due": 0, "waiting": ["2026-09 r2"]})


def undelivered(centre):
    with centre.writing() as session:
        session.add(
            Notification(channel="channel-1", created_ms=1, due_ms=1, attempts=3, last_error="refused: 403")
        )


def damaged(name):
    def damage(centre):
        path = centre.folder / name
        with closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA journal_mode = DELETE")
        path.write_bytes(path.read_bytes()[:100] + b"\xff" * 8000)

    return damage


def removed(name):
    return lambda centre: (centre.folder / name).unlink()


def emptied(name):
    return lambda centre: (centre.folder / name).write_bytes(b"")


def opened(centre):
    (centre.folder / "password").chmod(0o644)


def grown_old(centre):
    os.utime(centre.folder / "archives" / "qingliu-20260101-000000.tar.gz", (1, 1))


def older(centre):
    with closing(sqlite3.connect(centre.folder / "registry.db")) as database:
        database.execute("UPDATE alembic_version SET version_num = '0001'")
        database.commit()


@pytest.mark.parametrize(
    ("part", "break_it", "state", "said", "remedy"),
    [
        ("reporting", silent, "fail", "last reported 90 s ago", "systemctl status qingliu-report (or"),
        ("collector", troubled, "fail", "history: the disk is full", "journalctl -u qingliu-collector"),
        ("reporting", waiting, "warn", "waits for a person: 2026-09 r2", "qingliu report freeze MONTH"),
        ("messages", undelivered, "fail", "channel-1: refused: 403; 1 waits for", "qingliu alerting"),
        ("registry", older, "fail", "tables of 0001, this program's of", "Restart the services."),
        ("registry", damaged("registry.db"), "fail", "malformed", "docs/backup.md: restore it."),
        ("history", damaged("history.db"), "fail", "", ""),
        ("history", removed("history.db"), "fail", "there is no such file", "systemctl start"),
        ("registry", removed("registry.db"), "fail", "there is no such file", "systemctl start"),
        ("broker", lambda c: (c.folder / "password").write_text("wrong"), "fail", "refuses user name", ""),
        ("broker", lambda c: c.replace('[mqtt]\nhost = "127.0.0.1"', '[mqtt]\nhost = "localhost"'), "fail",
         "certificate", ""),
        ("secrets", opened, "warn", "can be read by everybody", "chmod o="),
        ("certificate", removed("ca/crl.pem"), "fail", "is not there", "qingliu stations ca crl"),
        ("certificate", emptied("ca/crl.pem"), "fail", "cannot be read", "qingliu stations ca crl"),
        ("backup", grown_old, "fail", "h old", "journalctl -u qingliu-backup"),
        ("configuration", lambda c: c.replace("[mqtt]", "[mqqt]"), "fail", "mqqt: unknown key", ""),
    ],
)  # fmt: skip
def test_what_is_broken_is_told_with_its_remedy(centre, ask, part, break_it, state, said, remedy):
    break_it(centre)
    code, found = ask(centre)
    worst = [each for each in found[part] if each.state == state]
    assert worst, found[part]
    assert said in worst[0].text
    assert worst[0].remedy.startswith(remedy) if remedy else True
    assert "\n" not in worst[0].text
    assert code == {"warn": 0, "fail": 2 if part == "configuration" else 1}[state]


@pytest.mark.parametrize(
    ("status", "state", "said"),
    [
        (503, "ok", "not all is well"),
        (404, "fail", "answers 404"),
        (None, "fail", "answers, but not as a console"),
    ],
)
def test_the_console_answers(centre, console, ask, status, state, said):
    console.status = status
    _, found = ask(centre)
    assert (found["console"][-1].state, said in found["console"][-1].text) == (state, True)


def test_a_console_that_does_not(centre, ask, console):
    centre.replace(f"port = {console.server_port}", "port = 1")
    code, found = ask(centre)
    assert code == 1
    assert found["console"][-1].text == "http://127.0.0.1:1/health: Connection refused"


def test_lines_for_people_are_one_for_each_part(centre, capsys):
    with centre.writing() as session:
        session.get(ServiceHealth, "alerting").conditions = {"stores": "away"}
    assert main(["doctor", "--config", str(centre.config), "--backups", str(centre.folder / "archives")]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "FAIL    alerting             away -> journalctl -u qingliu-alerting -n 50 says more." in lines
    assert all(line.split()[0] in ("ok", "warn", "FAIL", "skipped") for line in lines)


def test_rights_are_those_of_the_services_user(tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    uid, gid = path.stat().st_uid, path.stat().st_gid
    owner, member, other = (User("o", uid, frozenset()), User("m", 99_999, frozenset({gid})),
                            User("x", 99_999, frozenset()))  # fmt: skip
    if uid == 0:  # who may everything
        owner = owner._replace(uid=0)
    path.chmod(0o640)
    assert [can(each, path, "r") for each in (owner, member, other)] == [True, True, False]
    assert [can(each, path, "w") for each in (owner, member, other)] == [True, False, False]
    tmp_path.chmod(0o720)  # a folder that cannot be entered cannot be written either
    assert not can(member, tmp_path, "w")
    tmp_path.chmod(0o730)
    assert can(member, tmp_path, "w")
    assert not can(member, tmp_path / "none", "r")


def test_places_that_may_not_be_looked_at_are_told(tmp_path):
    """A name too long for the system fails like one below a folder that may not be entered, also for root."""
    folder = tmp_path / ("k" * 300)
    settings = CentreSettings(
        mqtt=Mqtt(host="127.0.0.1", key_file=f"{folder}/key"),
        registry=RegistrySettings(url=f"sqlite:///{folder}/registry.db"),
        history=HistorySettings(path=f"{folder}/history.db"),
    )
    usable, _ = doctor_machine.files(settings, tmp_path, User("x", 99_999, frozenset()))
    assert (usable.part, usable.state) == ("files", "fail")
    assert f"{folder}/key cannot be read" in usable.text
    assert [each.state for each in doctor_stores.registry(settings, now_ms())] == ["fail"]
    assert doctor_stores.history(settings).state == "fail"


def test_the_clock():
    assert clock(NOW, is_kept=True).state == "ok"
    assert clock(NOW, is_kept=False).state == "warn"
    assert clock(0, is_kept=True).state == "fail"


def test_the_newest_backup_counts(tmp_path):
    assert backup(tmp_path / "none", NOW).state == "warn"
    assert backup(tmp_path, NOW).state == "warn"
    for name, age_ms in (
        ("qingliu-20260101-000000.tar.gz", 9 * DAY),
        ("qingliu-20260102-000000.tar.gz", 2 * DAY),
    ):
        (tmp_path / name).write_bytes(b"")
        os.utime(tmp_path / name, ns=((NOW - age_ms) * 10**6,) * 2)
    (tmp_path / "other.tar.gz").write_bytes(b"")
    found = backup(tmp_path, NOW)
    assert (found.state, found.text) == ("ok", f"{tmp_path}/qingliu-20260102-000000.tar.gz, 48 h old, 2 kept")
    assert backup(tmp_path, NOW + DAY).state == "fail"


def test_archives_that_will_fill_the_disk_are_told_before(tmp_path, monkeypatch):
    for day, megabytes in ((1, 10), (2, 40)):
        path = tmp_path / f"qingliu-2026010{day}-000000.tar.gz"
        with path.open("wb") as file:
            file.truncate(megabytes * 1_000_000)  # a hole: it takes no room
        os.utime(path, ns=(NOW * 10**6,) * 2)
    needed = 15 * 40_000_000 - 50_000_000
    for free, state in ((needed, "ok"), (needed - 1, "warn")):
        monkeypatch.setattr(
            shutil, "disk_usage", lambda _folder, free=free: shutil._ntuple_diskusage(0, 0, free)
        )
        found = backup(tmp_path, NOW)
        assert found.state == state
    assert found.text.endswith("2 kept; 14 of 0.0 GB each will need 0.6 GB more, 0.5 GB are free")
    assert "--keep" in found.remedy


def test_as_many_archives_are_counted_on_as_the_unit_keeps():
    unit = (Path(__file__).parents[2] / "systemd" / "qingliu-backup.service").read_text()
    assert f"--keep {doctor_machine.NIGHTS_KEPT} " in unit


@pytest.mark.parametrize(
    ("url", "files", "states"),
    [
        ("http://127.0.0.1:8086", {"influxdb.service": "[Service]"}, ["warn"]),
        (
            "http://localhost:8086",
            {"influxdb.service": "", "influxdb.service.d/qingliu.conf": DROP_IN},
            ["ok"],
        ),
        ("http://127.0.0.1:8086", {}, []),
        ("http://192.0.2.7:8086", {"influxdb.service": "[Service]"}, []),
    ],
)
def test_an_influxd_of_this_machine_is_started_with_its_logs_sealed(tmp_path, url, files, states):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    settings = CentreSettings(
        mqtt=Mqtt(host="127.0.0.1"), history=HistorySettings(backend="influxdb", url=url)
    )
    found = list(influxd(settings, [tmp_path / "none", tmp_path]))
    assert [each.state for each in found] == states
    assert all(each.remedy for each in found if each.state == "warn")


def test_a_unit_of_influxd_that_cannot_be_read_says_nothing(tmp_path):
    (tmp_path / "influxdb.service").symlink_to("/proc/self/mem")
    settings = CentreSettings(mqtt=Mqtt(host="127.0.0.1"), history=HistorySettings(backend="influxdb"))
    assert list(influxd(settings, [tmp_path])) == []


def test_exit_codes():
    ok, warn, fail = Finding("a", "ok", ""), Finding("b", "warn", ""), Finding("c", "fail", "")
    assert [
        exit_code([ok, warn]),
        exit_code([ok, fail]),
        exit_code([fail._replace(part="configuration")]),
    ] == [0, 1, 2]


def test_a_machine_without_such_a_user(monkeypatch):
    monkeypatch.setattr(doctor_machine, "user_named", lambda: user_named("nobody-of-this-name"))
    assert doctor_machine.service_user().uid == os.geteuid()
    assert Path("/").exists()
