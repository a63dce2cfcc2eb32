"""A backup of a centre that runs, the centre wrecked, and the centre restored: on both databases."""

import gzip
import hashlib
import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tarfile
from contextlib import closing, suppress
from pathlib import Path
from unittest.mock import Mock

import pytest
from backup_centre import REPORT, A, Centre, Feeding
from hypothesis import given, settings
from hypothesis import strategies as st
from servers import wait_until
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from qingliu import backup_copy
from qingliu.backup_archive import packing
from qingliu.backup_error import BackupError
from qingliu.backup_manifest import Manifest
from qingliu.backup_reading import read_archive
from registry.database import open_registry
from registry.schema import revisions
from registry.tables import DirtyQuarterHour, Lease, LoginSession


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/data/registry.db"
    return request.getfixturevalue("postgres").new_database()


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A registry that is made only once."""
    folder = tmp_path_factory.mktemp("filled")
    Centre(folder, f"sqlite:///{folder}/data/registry.db")
    return folder / "data" / "registry.db"


@pytest.fixture
def centre(tmp_path, filled):
    return Centre(tmp_path, f"sqlite:///{tmp_path}/data/registry.db", registry=filled)


@pytest.fixture
def archive(centre):
    centre.run("backup", "-o", str(centre.folder / "one.tar.gz"), code=1)  # there are no readings yet
    return centre.folder / "one.tar.gz"


def wreck(centre):
    """All that a centre has, but its settings."""
    if centre.url.startswith("sqlite"):
        Path(centre.url.removeprefix("sqlite:///")).write_bytes(b"no database any more" * 1000)
    else:
        with closing(open_registry(centre.url)) as registry, registry.writing() as session:
            session.execute(text("TRUNCATE stations, alarms, reports, audit, users, counties CASCADE"))
    for name in ("history.db", "history.db-wal", "history.db-shm"):
        (centre.folder / "data" / name).unlink(missing_ok=True)
    for name in ("reports", "uploads", "ca"):
        shutil.rmtree(centre.folder / "data" / name)


def test_all_that_was_acknowledged_before_the_backup_is_there_after_the_restore(tmp_path, url, mosquitto):
    centre = Centre(tmp_path, url, mosquitto.port)
    (tmp_path / "etc" / "centre.toml").write_text(
        (tmp_path / "etc" / "centre.toml").read_text().replace('username = "collector"\n', "").replace(
            f'password_file = "{tmp_path}/etc/collector.password"\n', "")
    )  # fmt: skip
    with Feeding(centre) as feeding:
        safe = set(feeding.acknowledged)
        done = centre.run("backup", "-o", f"{centre.archives}/", "--keep", "2")
        refused = centre.run("restore", str(*centre.archives.iterdir()), "--yes", code=1)
        wait_until(lambda: len(feeding.acknowledged) > len(safe), "the collector went on meanwhile")
    assert "systemctl stop qingliu.target" in refused.stderr
    before = centre.everything()
    (archive,) = centre.archives.iterdir()
    assert str(archive) in done.stdout
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    assert f"{archive}: whole" in centre.run("backup", "verify", str(archive), config=False).stdout

    wreck(centre)
    asked = centre.run("restore", str(archive), code=1) if url.startswith("sqlite") else None
    assert asked is None or "With --yes" in asked.stderr
    done = centre.run("restore", str(archive), "--yes", "--by", "王芳")
    assert done.stderr == ""
    assert safe <= centre.stored()
    assert centre.everything() == before
    assert centre.actions()[-1] == "registry.restore"
    assert (tmp_path / "data/reports/operating-rate-2026-10-r1.xlsx").read_bytes() == REPORT
    assert (tmp_path / "data/ca/issued/1.crt").read_bytes() == b"another"
    assert "1 files" in centre.run("report", "verify", code=None).stdout
    assert centre.rows(LoginSession, LoginSession.token_sha256) == []
    assert centre.rows(Lease, Lease.name) == []
    marks = {row["station_id"] for row in centre.rows(DirtyQuarterHour, DirtyQuarterHour.start_ms)}
    assert marks == {A}
    with closing(open_registry(url)) as registry, registry.writing() as session:  # new rows get new numbers
        session.execute(text("INSERT INTO towns (county_code, name) VALUES ('410882', '崇义镇')"))
        session.execute(
            text(
                "INSERT INTO quarantine (received_ms, station_id, code, text, count, size_bytes, payload)"
                " VALUES (1, 'x', 'c', 't', 1, 0, '')"
            )
        )


def test_what_was_there_is_kept_beside(centre, archive):
    for _ in range(2):
        done = centre.run("restore", str(archive), "--yes", code=1)
    data = centre.folder / "data"
    assert {path.name for path in data.iterdir()} == {
        name + end for name in ("registry.db", "reports", "uploads", "ca")
        for end in ("", ".before-restore", ".before-restore-2")
    }  # fmt: skip
    assert "all restored but the readings, for the archive has none" in done.stderr
    assert backup_copy.faults(data / "registry.db.before-restore", thorough=True) == []
    assert (data / "ca.before-restore" / "ca.crt").read_bytes() == b"a certificate"
    assert stat.S_IMODE((data / "ca").stat().st_mode) == 0o700
    assert stat.S_IMODE((data / "ca" / "ca.crt").stat().st_mode) == 0o640


def test_a_bare_machine_gets_its_settings_and_secrets_back(centre, archive):
    shutil.rmtree(centre.folder / "etc")
    shutil.rmtree(centre.folder / "data")
    (centre.folder / "etc").mkdir()
    (centre.folder / "etc" / "passphrase").write_bytes(b"")  # which is never taken
    done = centre.run("restore", str(archive), code=1)
    assert f"put back   {centre.folder}/etc/collector.password" in done.stdout
    assert (centre.folder / "etc" / "collector.password").read_bytes() == b"secret"
    assert (centre.folder / "etc" / "wecom.url").read_bytes().startswith(b"json://")
    assert centre.everything()["stations"][0]["name"] == "北寨村污水处理站"


def test_a_database_that_fails_under_a_restore_is_told_in_one_line_and_the_old_registry_stays(
    centre, archive, monkeypatch
):
    before = centre.everything()
    failure = OperationalError("UPDATE", {}, sqlite3.OperationalError("database or disk is full"))
    monkeypatch.setattr("qingliu.restore.mark_dirty", Mock(side_effect=failure))
    done = centre.run("restore", str(archive), "--yes", code=1)
    assert done.stderr.strip().startswith("registry: (sqlite3.OperationalError) database or disk is full")
    assert "Traceback" not in done.stderr
    assert centre.everything() == before


def test_settings_that_are_there_win(centre, archive):
    (centre.folder / "etc" / "collector.password").write_bytes(b"changed since")
    centre.run("restore", str(archive), "--yes", code=1)
    assert (centre.folder / "etc" / "collector.password").read_bytes() == b"changed since"


def test_the_passphrase_of_the_authority_is_not_in_it(archive):
    with tarfile.open(archive) as tar:
        assert b"opens the authority" not in b"".join(tar.extractfile(each).read() for each in tar)
        assert {"identity/ca.crt", "settings/centre.toml"} <= set(tar.getnames())
        assert tar.getnames()[-1] == "manifest.json"


@pytest.mark.parametrize("place", ["data/ca/passphrase", "etc/../data/ca/passphrase", "link/passphrase"])
def test_not_even_if_it_lies_among_the_authority_s_files(centre, place):
    (centre.folder / "link").symlink_to(centre.folder / "data" / "ca")
    text_ = centre.config.read_text().replace("etc/passphrase", place)
    centre.config.write_text(text_)
    (centre.folder / "data" / "ca" / "passphrase").write_bytes(b"opens the authority")
    centre.run("backup", "-o", str(centre.folder / "one.tar.gz"), code=1)
    with tarfile.open(centre.folder / "one.tar.gz") as tar:
        assert [name for name in tar.getnames() if "passphrase" in name] == []


def test_only_unpacked(centre, archive):
    into = centre.folder / "look"
    done = centre.run("restore", str(archive), "--into", str(into))
    assert f"{into}: unpacked and checked" in done.stdout
    assert (into / "uploads" / "0123456789abcdef0123456789abcdef.png").read_bytes() == b"\x89PNG proof"
    assert backup_copy.row_counts(into / "registry.db")["alarms"] == 2
    again = centre.run("restore", str(archive), "--into", str(into), code=1)
    assert again.stderr == f"{into}: is not empty. Name a folder that is not there yet.\n"


def test_old_archives_go_and_nothing_else_does(centre):
    for name in ("qingliu-20260101-000000.tar.gz", "qingliu-20260102-000000.tar.gz", "mine.tar.gz"):
        centre.archives.mkdir(exist_ok=True)
        (centre.archives / name).write_bytes(b"")
    done = centre.run("backup", "-o", f"{centre.archives}", "--keep", "2", "--json", code=1)
    told = json.loads(done.stdout)
    assert told["dropped"] == [f"{centre.archives}/qingliu-20260101-000000.tar.gz"]
    assert told["missing"] == [f"{centre.folder}/data/history.db: there are no readings yet"]
    left = sorted(path.name for path in centre.archives.iterdir())
    assert left == ["mine.tar.gz", "qingliu-20260102-000000.tar.gz", Path(told["file"]).name]


def test_a_registry_moves_from_sqlite_to_postgresql(tmp_path, centre, archive, postgres):
    before = centre.everything()
    centre.url = postgres.new_database()
    centre.config.write_text(
        centre.config.read_text().replace(f"sqlite:///{tmp_path}/data/registry.db", centre.url)
    )
    done = centre.run("restore", str(archive), "--yes", code=1)
    assert "all restored but the readings" in done.stderr
    assert centre.everything() == before
    again = centre.run("restore", str(archive), "--yes", code=1)
    assert f"kept       {tmp_path}/data/registry.db.before-restore" in again.stdout
    assert backup_copy.row_counts(tmp_path / "data" / "registry.db.before-restore")["alarms"] == 2


def test_a_centre_with_influxdb_is_told_to_back_that_up_too(centre):
    text_ = centre.config.read_text().replace("[history]", '[history]\nbackend = "influxdb"')
    centre.config.write_text(text_)
    done = centre.run("backup", "-o", str(centre.folder / "one.tar.gz"))
    told = "The readings are in InfluxDB: back it up too (influxd backup -portable DIR; docs/backup.md).\n"
    assert done.stderr == told
    assert "readings   not in it: the influxdb store keeps them" in done.stdout
    done = centre.run("restore", str(centre.folder / "one.tar.gz"), "--yes")
    assert done.stderr == ""
    told = "The readings have a backup of their own: restore InfluxDB from it (docs/backup.md).\n"
    assert done.stdout.endswith(told)


def test_one_that_another_process_has_open_is_found_even_if_it_was_deleted(centre, archive):
    path = centre.folder / "data" / "registry.db"
    held = "import sqlite3, sys; d = sqlite3.connect(sys.argv[1]); d.execute('SELECT 1 FROM alarms')"
    held += "; print(1, flush=True); sys.stdin.read()"
    words = [sys.executable, "-c", held, str(path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        refused = [centre.run("restore", str(archive), "--yes", code=1).stderr]
        path.unlink()
        refused.append(centre.run("restore", str(archive), "--yes", code=1).stderr)
        other.stdin.close()
    start = f"{path}: is in use by process {other.pid} ("
    assert [line.startswith(start) for line in refused] == [True, True]
    assert refused[0].endswith("Stop the services first: systemctl stop qingliu.target\n")
    assert not path.exists()


@settings(max_examples=60)
@given(st.data())
def test_whatever_an_archive_holds_is_an_archive_or_one_error(small_archive, data):
    content = bytearray(small_archive.read_bytes())
    plain = bytearray(gzip.decompress(content))
    for _ in range(data.draw(st.integers(1, 3))):
        plain[data.draw(st.integers(0, len(plain) - 1))] = data.draw(st.integers(0, 255))
    spoilt = small_archive.with_name("spoilt.tar.gz")
    spoilt.write_bytes(gzip.compress(plain[: data.draw(st.integers(1, len(plain)))], 1))
    with suppress(BackupError):
        manifest = read_archive(spoilt, None, lambda _name: False, lambda _share: None)
        assert [member.sha256 for member in manifest.members] == [hashlib.sha256(b"proof").hexdigest()]


@pytest.fixture(scope="module")
def small_archive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    (folder / "proof.pdf").write_bytes(b"proof")
    made = folder / "small.tar.gz"
    with packing(made, lambda _octets: None) as archive:
        archive.add("uploads/proof.pdf", folder / "proof.pdf", folder / "proof.pdf")
        archive.close(
            Manifest(
                format=1, made_ms=1, centre="", version="", revision="", registry="", history="", config="",
                rows={}, missing=[], members=archive.members,
            )
        )  # fmt: skip
    return made


@pytest.mark.parametrize(
    "name", ["../x", "/etc/x", "uploads/../../x", "uploads", "other/x", "uploads//x", "registry.db/x", ""]
)
def test_names_that_lead_elsewhere_are_refused(tmp_path, name):
    made = tmp_path / "bad.tar.gz"
    with tarfile.open(made, "w:gz") as tar:
        tar.addfile(tarfile.TarInfo(name))
    with pytest.raises(BackupError, match="which no backup holds"):
        read_archive(made, tmp_path / "into", lambda _name: True, lambda _share: None)
    assert not (tmp_path / "into").exists()


def repacked(archive, change):
    """The archive with its members changed by `change(name, content)`; None leaves one out."""
    made = archive.with_name("changed.tar.gz")
    with tarfile.open(archive) as source, tarfile.open(made, "w:gz") as target:
        for info in source:
            content = change(info.name, source.extractfile(info).read())
            if content is not None:
                info.size = len(content)
                path = archive.with_name("member")
                path.write_bytes(content)
                with path.open("rb") as opened:
                    target.addfile(info, opened)
    return made


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda n, c: c + b"x" if n == "identity/ca.crt" else c,
            "identity/ca.crt is not what was put into it",
        ),
        (lambda n, c: None if n == "identity/ca.crt" else c, "identity/ca.crt is missing from it"),
        (lambda n, c: None if n == "manifest.json" else c, "has no manifest: it is cut short or no backup"),
        (
            lambda n, c: c.replace(b'"format": 1', b'"format": 2'),
            "is of format 2. Use the program that made it",
        ),
        (lambda n, c: b"{" if n == "manifest.json" else c, "its manifest cannot be read"),
    ],
)
def test_an_archive_that_was_altered_is_refused_before_anything_is_touched(centre, archive, change, said):
    bad = repacked(archive, change)
    before = {path: path.read_bytes() for path in (centre.folder / "data").rglob("*") if path.is_file()}
    for words in (
        ["restore", str(bad), "--yes", "--config", str(centre.config)],
        ["backup", "verify", str(bad)],
    ):
        done = centre.run(*words, code=1, config=False)
        assert said in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert before == {path: path.read_bytes() for path in before}


def test_a_newer_release_s_archive_is_refused_with_its_version(centre, archive):
    def newer(name, content):
        if name != "registry.db":
            return content
        path = archive.with_name("newer.db")
        path.write_bytes(content)
        with closing(sqlite3.connect(path)) as database:
            database.execute("UPDATE alembic_version SET version_num = '9999'")
            database.commit()
        return path.read_bytes()

    def honest(name, content):
        """As a program of that release would have written it."""
        if name == "manifest.json":
            said = json.loads(content)
            said["revision"], said["version"] = "9999", "8.0"
            path = archive.with_name("newer.db")
            for member in said["members"]:
                if member["name"] == "registry.db":
                    member["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
            return json.dumps(said).encode()
        return newer(name, content)

    bad = repacked(archive, honest)
    done = centre.run("restore", str(bad), "--yes", code=1)
    assert done.stderr == (
        f"{bad}: made by qingliu 8.0, whose tables are of 9999; this program knows up to {revisions()[-1]}."
        " Install that version or a newer one, then restore.\n"
    )


@pytest.mark.parametrize("cut", [0, 1, 100, -1, -300])
def test_an_archive_that_was_cut_short_is_told(centre, archive, cut):
    short = archive.with_name("short.tar.gz")
    short.write_bytes(archive.read_bytes()[:cut])
    done = centre.run("backup", "verify", str(short), code=1, config=False)
    assert done.stderr.startswith(f"{short}: ")
    assert done.stderr.endswith("Take another backup.\n")
    assert len(done.stderr.splitlines()) == 1


def test_a_damaged_registry_is_not_backed_up_and_nothing_is_left(centre):
    path = Path(centre.url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = DELETE")
        pages = database.execute("PRAGMA page_size").fetchone()[0]
    content = bytearray(path.read_bytes())
    content[pages * 20 : pages * 40] = os.urandom(pages * 20)
    path.write_bytes(content)
    done = centre.run("backup", "-o", f"{centre.archives}/", code=1)
    assert "damaged" in done.stderr or "malformed" in done.stderr
    assert list(centre.archives.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["backup"], 2, "qingliu backup: -o is required: the archive, or a folder for it. See --help."),
        (
            ["backup", "-o", "{folder}/a.tar.gz", "--keep", "3"],
            2,
            "qingliu backup: --keep: -o must be a folder",
        ),
        (["backup", "-o", "{folder}/etc/centre.toml"], 1, "{folder}/etc/centre.toml: is there already."),
        (["backup", "-o", "/proc/nowhere/a.tar.gz"], 1, "/proc/nowhere: "),
        (["restore", "{folder}/none.tar.gz"], 1, "{folder}/none.tar.gz: there is no such file."),
        (["restore", "{folder}/etc/centre.toml", "--yes"], 1, "{folder}/etc/centre.toml: "),
    ],
)
def test_what_cannot_be_is_told_in_one_line(centre, words, code, said):
    done = centre.run(*(word.format(folder=centre.folder) for word in words), code=code)
    assert done.stderr.startswith(said.format(folder=centre.folder))
    assert len(done.stderr.splitlines()) == 1


def test_a_file_that_cannot_be_read_is_told_and_the_rest_is_kept(centre):
    (centre.folder / "data" / "ca" / "gone.pem").symlink_to(centre.folder / "nowhere")
    done = centre.run("backup", "-o", f"{centre.archives}/", "--json", code=1)
    assert f"{centre.folder}/data/ca/gone.pem: cannot be read" in json.loads(done.stdout)["missing"]
    assert len(list(centre.archives.iterdir())) == 1
