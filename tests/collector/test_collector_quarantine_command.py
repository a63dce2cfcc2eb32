"""`qingliu collector quarantine …` from outside: what it prints, what it changes, how it ends."""

import base64
import io
import json
import os
import pty
import shutil
import subprocess
import sys
import zlib
from contextlib import closing

import pytest
from fresh_registry import fresh_registry

from history.embedded import EmbeddedHistory
from qingliu.cli import main
from registry.database import Registry
from registry.quarantine import EVERYTHING as ALL
from registry.quarantine import Entry, find_ids, put_aside
from registry.tables import Audit, Station
from service.process import now_ms

A = "410882-0001"
DAY = 86_400_000
NOW = now_ms()


def batch(*quantities):
    readings = [
        {"seq": n, "t": NOW - 9_000 + n, "d": "power-1", "k": "power", "x": {name: 1.5}}
        for n, name in enumerate(quantities)
    ]
    return json.dumps({"v": 1, "outbox": "9f3c21ab", "sent": NOW, "readings": readings}).encode()


ENTRIES = [
    Entry(NOW - 9 * DAY, A, "not_json", "报文有误 x", b"poison\x00\xff"),
    Entry(NOW - 5 * DAY, "new-box", "too_large", "300000 bytes", b"x" * 300_000),
    Entry(NOW, "new-box", "unknown_station", "not on the register", batch()),
    Entry(NOW, A, "wrong_version", "unknown quantity 'energy_kwh'", zlib.compress(batch("energy_kwh"))),
    Entry(NOW, A, "wrong_version", "unknown quantity 'energy_kwh'", zlib.compress(batch("energy_kwh"))),
    Entry(NOW, A, "malformed", "rule", batch("energy_kwh", "foo")),
]


class Command:
    """Runs the command in this process and remembers what it printed."""

    def __init__(self, folder, capsys):
        self.config = folder / "centre.toml"
        self.url, self.path = f"sqlite:///{folder}/registry.db", folder / "history.db"
        self.config.write_text(
            f'[mqtt]\nhost = "127.0.0.1"\ntls = false\n[registry]\nurl = "{self.url}"\n'
            f'[history]\npath = "{self.path}"\n'
        )
        self._capsys = capsys

    def __call__(self, *words):
        code = main(["collector", "quarantine", *words, "--config", str(self.config)])
        self.out, self.err = self._capsys.readouterr()
        return code

    def json(self, *words):
        self(*words, "--json")
        return json.loads(self.out)

    def trail(self):
        with closing(Registry(self.url)) as registry, registry.reading() as session:
            return [(row.action, row.object, row.actor[:4], row.before) for row in session.query(Audit)]

    def ids(self):
        with closing(Registry(self.url)) as registry, registry.reading() as session:
            return find_ids(session, ALL)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory):
    """The registry with its entries, made once; a test takes a copy."""
    path = tmp_path_factory.mktemp("seeded") / "registry.db"
    with closing(fresh_registry(f"sqlite:///{path}")) as registry, registry.writing() as session:
        session.add(Station(id=A))
        put_aside(session, ENTRIES)
    return path


@pytest.fixture
def command(seeded, tmp_path, capsys):
    shutil.copy(seeded, tmp_path)
    return Command(tmp_path, capsys)


def test_the_list_stands_in_columns_whatever_it_says(command):
    assert command("list") == 0
    head, *lines = command.out.splitlines()
    assert head.split() == ["id", "last", "received", "station", "code", "text"]
    assert [line.split()[0] for line in lines] == ["5", "4", "3", "2", "1"]
    assert {line.index(word) for line, word in zip(lines, [A, A, "new-box", "new-box", A], strict=True)} == {
        head.index("station")
    }
    assert lines[1].endswith("   2 x  wrong_version      unknown quantity 'energy_kwh'")
    assert lines[4].endswith("not_json           报文有误 x")


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        (["--station", A], [5, 4, 1]),
        (["--station", A, "--code", "not_json"], [1]),
        (["--limit", "2"], [5, 4]),
        (["--since", "2020-01-01"], [5, 4, 3, 2, 1]),
        (["--since", "2099-01-01T00:00:00+08:00"], []),
        (["--code", "nothing"], []),
    ],
)
def test_the_list_is_filtered(command, words, ids):
    assert [row["id"] for row in command.json("list", *words)] == ids
    assert command("list", *words) == 0
    assert ("nothing in quarantine fits" in command.err) == (not ids)


def test_the_list_for_machines_says_what_is_capped(command):
    rows = {row["id"]: row for row in command.json("list")}
    assert rows[2] == {
        "id": 2, "received_ms": NOW - 5 * DAY, "station_id": "new-box", "code": "too_large",
        "text": "300000 bytes", "count": 1, "size_bytes": 300_000, "kept_bytes": 4_096, "is_capped": True,
    }  # fmt: skip
    assert (rows[4]["count"], rows[4]["is_capped"]) == (2, False)


def test_one_entry_is_shown_with_its_payload_readable(command):
    assert command("show", "4") == 0
    for said in (
        f"station        {A}",
        "times          2, the payload is the first one's",
        '      "seq": 0,',
        " inflated",
    ):
        assert said in command.out
    command("show", "1")
    assert "000000  70 6f 69 73 6f 6e 00 ff " in command.out
    command("show", "2")
    assert "size           300,000 bytes, of which 4096 were kept" in command.out
    assert command.out.endswith("… the copy is capped\n")
    shown = command.json("show", "4")
    assert base64.b64decode(shown["payload_base64"]) == ENTRIES[3].payload
    assert json.loads(shown["view"]["text"])["outbox"] == "9f3c21ab"


def test_raw_bytes_come_out_as_they_came(command):
    words = [sys.executable, "-m", "qingliu", "collector", "quarantine", "show", "--raw", "--config"]
    done = subprocess.run([*words, str(command.config), "1"], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"poison\x00\xff", b"")
    assert command("show", "--raw", "2") == 0
    assert command.out == "x" * 4_096
    assert command.err == "entry 2: only 4096 of 300000 bytes were kept\n"


def test_replay_says_what_became_of_each(command):
    assert command("replay", "--dry-run") == 1
    assert "dry run, nothing changed" in command.out
    assert command.ids() == [1, 2, 3, 4, 5]
    assert command("replay") == 1
    lines = command.out.splitlines()
    assert lines[1] == "   2  new-box           stays: only 4096 of 300000 bytes were kept"
    assert lines[2].endswith("stays: unknown_station: enrolled, but not on the register")
    assert lines[3].endswith("1 reading stored, entry removed; its 1 repetition never kept")
    assert lines[4].endswith("1 reading stored; stays: unknown_quantity: unknown quantity 'foo'")
    assert lines[5] == "5 entries: 1 replayed, 4 to stay; 2 readings stored"
    assert command.ids() == [1, 2, 3, 5]
    assert [each[:3] for each in command.trail()] == [
        ("quarantine.replay", f"quarantine:{number}", "cli:") for number in range(1, 6)
    ]
    with closing(EmbeddedHistory(command.path)) as history:
        assert len(history.raw(A, None, 0, 2**60)) == 1  # the two are the same reading


def test_replay_of_some_ends_well_and_for_machines(command):
    done = command.json("replay", "--station", A, "--code", "wrong_version")
    assert (done["replayed"], done["readings"], done["error"], done["dry_run"]) == (1, 1, None, False)
    assert done["entries"][0]["fate"] == "replayed"
    assert command("replay", "--code", "wrong_version") == 0
    assert command.out == "0 entries: 0 replayed, 0 to stay; 0 readings stored\n"


def test_a_history_that_is_away_leaves_everything(command):
    command.path.mkdir()
    assert command("replay", "4") == 1
    assert command.err.startswith(f"history {command.path}: ")
    assert "Traceback" not in command.err
    assert command.ids() == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("words", "left"),
    [
        (["--all"], []),
        (["1", "3", "1"], [2, 4, 5]),
        (["--code", "malformed"], [1, 2, 3, 4]),
        (["--station", "new-box", "--older-than", "3"], [1, 3, 4, 5]),
        (["--before", "2020-01-01"], [1, 2, 3, 4, 5]),
        (["--older-than", "100000"], [1, 2, 3, 4, 5]),
    ],
)
def test_purge_removes_what_fits_and_nothing_else(command, words, left):
    told = command.json("purge", *words, "--dry-run")
    gone = [number for number in range(1, 6) if number not in left]
    assert told == {"dry_run": True, "removed": 0, "ids": gone}
    assert command.ids() == [1, 2, 3, 4, 5]
    assert command.trail() == []
    assert command("purge", *words, "--yes") == 0
    noted = command.trail()
    assert [each[:3] for each in noted] == [("quarantine.discard", f"quarantine:{n}", "cli:") for n in gone]
    assert all(before["size_bytes"] for *_, before in noted)
    assert command.out.startswith(f"{len(gone)} entr")
    assert command.ids() == left


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["purge"], "nothing says which entries. Give IDs, "),
        (["purge", "--yes"], "nothing says which entries. Give IDs, "),
        (["purge", "--all", "--code", "x"], "--all goes with nothing else"),
        (["purge", "1", "--station", A, "--yes"], "named either by ID or by options"),
        (["purge", "1", "9", "--yes"], "there is no such entry in quarantine (got 9)"),
        (["purge", "--before", "yesterday", "--yes"], "--before: must be such as 2026-10-01 or "),
        (["replay", "1", "8", "9"], "there is no such entry in quarantine (got 8, 9)"),
        (["show", "9223372036854775807"], "there is no such entry"),
        (["list", "--since", "2026-10-01T08:00:00"], "--since: must be such as 2026-10-01 or "),
    ],
)
def test_bad_usage_is_one_line_and_changes_nothing(command, words, said):
    assert command(*words) == 2
    assert command.out == ""
    assert said in command.err
    assert command.err.startswith(f"qingliu collector quarantine {words[0]}: ")
    assert command.err.count("\n") == 1
    assert command.ids() == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("word", ["0", "-1", "x", "99999999999999999999", "１"])
def test_a_number_that_is_none_is_refused(command, word, capsys):
    with pytest.raises(SystemExit) as ended:
        command("show", word)
    assert ended.value.code == 2


def test_purge_without_a_terminal_wants_a_yes(command, monkeypatch):
    with open(os.devnull) as nobody:  # noqa: PTH123 - it is to be standard input
        monkeypatch.setattr(sys, "stdin", nobody)
        assert command("purge", "--all") == 2
    assert command.err.endswith("would remove 5 entries, and nobody is there to be asked. Add --yes.\n")
    assert command.ids() == [1, 2, 3, 4, 5]


def test_at_a_terminal_purge_asks(command):
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "qingliu", "collector", "quarantine", "purge", "--all", "--config"]
    try:
        os.write(ours, b"y\n")
        done = subprocess.run(
            [*words, str(command.config)], stdin=theirs, capture_output=True, text=True, check=False
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert (done.returncode, done.stdout) == (0, "5 entries removed\n")
    assert done.stderr == "Remove 5 entries for good? [y/N] "
    assert command.ids() == []


@pytest.mark.parametrize(("answer", "code"), [("", 1), ("\n", 1), ("no\n", 1), ("是\n", 0), (" Yes \n", 0)])
def test_only_a_yes_is_a_yes(command, monkeypatch, answer, code):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    assert command("purge", "1") == code
    assert command.ids() == [1, 2, 3, 4, 5][1 - code :]
    assert command.err.endswith("nothing removed\n" if code else "[y/N] ")
