"""`qingliu history`: check, export, import, over both back ends."""

import io
import json
import subprocess
import sys
from contextlib import closing

import pytest
from history_stores import EmbeddedStore

from history.opening import open_history
from history.port import HistoryMisconfiguredError, StationReading
from qingliu.cli import main
from registry.config import load_centre
from registry.database import open_registry
from registry.dirty import dirty
from registry.stations import import_csv
from registry.tables import Device
from service.progress import Progress
from telemetry.reading import Reading

A = "410882-0001"
START = 1_793_462_400_000  # midnight of 1 November 2026 in Jiaozuo
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
DONE = "{} readings imported, {} wrong rows left out, {} refused by the store\n"
HEADER = "station,device,kind,time,quality,energy_kwh\n"


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def centre(store, tmp_path):
    """A `centre.toml` whose history is the back end's."""
    stations = tmp_path / "stations.csv"
    stations.write_text(
        f"station,county,town,process,design_m3_per_day,rated_kw,commissioned\n{A},410882,x,,,,\n"
    )
    registry = f"sqlite:///{tmp_path}/registry.db"
    with closing(open_registry(registry)) as opened, opened.writing() as session:
        import_csv(session, stations)
    if isinstance(store, EmbeddedStore):
        history = f'path = "{store.path}"'
    else:
        history = f'backend = "influxdb"\nurl = "{store.place.url}"\nbucket = "{store.place.bucket}"'
    path = tmp_path / "centre.toml"
    path.write_text(f'[mqtt]\nhost = "127.0.0.1"\n[registry]\nurl = "{registry}"\n[history]\n{history}\n')
    return path


def run(centre, *words):
    return main(["history", *words, "--config", str(centre)])


def some_days(count=3):
    power = [
        Reading(
            t=START + h * HOUR_MS, d="power-1", k="power", x={"energy_kwh": h * 0.1, "frequency_hz": 50.0}
        )
        for h in range(24 * count)
    ]
    mute = [
        Reading(t=START + h * HOUR_MS + 7, d="flow-1", k="flow", q="missing", why="garbled")
        for h in range(0, 24 * count, 5)
    ]
    return sorted([*power, *mute], key=lambda each: each.t)


@pytest.fixture
def filled(store):
    with closing(store.open()) as history:
        history.write([StationReading(A, reading) for reading in some_days()])


def everything(store):
    with closing(store.open()) as history:
        return history.raw(A, None, 0, 2**45)


def test_check_says_that_all_is_well(centre, store, filled, capsys):
    assert run(centre, "check") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [
        [s, "yes:"] for s in ("reachable", "readable", "writable")
    ]
    if isinstance(store, EmbeddedStore):
        assert "SQLite 3." in lines[0]
        assert lines[1].endswith("1 station has readings")
    else:
        assert "InfluxDB 1.x, version 1.6.7" in lines[0]
        assert lines[1].endswith(f"bucket {store.place.bucket} holds flow, power")


def test_what_is_exported_can_be_imported_and_that_changes_nothing(centre, store, filled, tmp_path, capsys):
    out = tmp_path / "november.csv"
    words = ["export", "--station", A, "--from", "2026-11-01", "--to", "2026-11-02", "-o", str(out)]
    assert run(centre, *words) == 0
    lines = out.read_text().splitlines()
    assert len(lines) == 1 + sum(reading.t < START + 2 * DAY_MS for reading in some_days())
    assert lines[0].startswith("station,device,kind,time,quality,active_power_kw,")
    assert lines[1].startswith(f"{A},power-1,power,2026-10-31T16:00:00.000Z,good,,")
    before = everything(store)
    for _ in range(2):
        assert run(centre, "import", str(out)) == 0
        assert everything(store) == before == some_days()
    told = capsys.readouterr()
    assert (
        told.out == f"{len(lines) - 1} readings imported, 0 wrong rows left out, 0 refused by the store\n" * 2
    )
    assert told.err == ""
    assert sorted(path.name for path in tmp_path.iterdir() if "part" in path.name) == []


def test_a_history_moves_by_export_and_import(centre, store, filled, tmp_path, capsys):
    assert run(centre, "export", "--station", A, "--from", "2026-11-01", "--to", "2026-11-30", "--why") == 0
    text = capsys.readouterr().out
    assert text.splitlines()[0].endswith(",volume_m3,why")
    moved = tmp_path / "moved.csv"
    moved.write_text(text)
    with closing(store.open()) as history:  # as if they were never there
        history.write([StationReading(A, Reading(t=r.t, d=r.d, k=r.k, q="suspect")) for r in some_days()])
    assert run(centre, "import", str(moved)) == 0
    assert everything(store) == some_days()


def test_an_import_has_its_quarter_hours_computed_anew_and_its_days_judged(centre, store, tmp_path):
    path = tmp_path / "late.csv"
    path.write_text(f"{HEADER}{A},power-1,power,2026-11-01T00:16:00+08:00,good,5\n")
    assert run(centre, "import", str(path)) == 0
    with closing(open_registry(load_centre(centre).registry.url)) as registry, registry.reading() as session:
        assert dirty(session) == [(A, START + 900_000)]
        assert session.get_one(Device, (A, "power-1")).first_seen_ms == START + 960_000


def test_instants_devices_and_lines_of_json(centre, filled, capsys):
    span = ["--from", "2026-11-01T00:00:00+08:00", "--to", "2026-10-31T17:00:00.001Z"]
    assert run(centre, "export", "--station", A, *span, "--device", "power-1", "--format", "jsonl") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(each["station"], each["d"], each["t"]) for each in lines] == [
        (A, "power-1", START), (A, "power-1", START + HOUR_MS)]  # fmt: skip
    assert lines[1]["x"] == {"energy_kwh": 0.1, "frequency_hz": 50.0}


def test_an_export_of_nothing_says_so(centre, capsys):
    assert run(centre, "export", "--station", "nobody", "--from", "2026-11-01", "--to", "2026-11-01") == 0
    told = capsys.readouterr()
    assert told.out.count("\n") == 1
    assert told.err == "no reading of nobody in this span\n"


def test_a_bad_file_changes_nothing_unless_bad_rows_may_be_left_out(centre, store, tmp_path, capsys):
    path = tmp_path / "bad.csv"
    row = f"{A},power-1,power,2026-11-01T00:0{{}}:00+08:00,good,{{}}\n"
    path.write_text(HEADER + row.format(1, 5) + row.format(2, "five") + row.format(3, 6))
    assert run(centre, "import", str(path)) == 1
    told = capsys.readouterr()
    flaw = f"{path}: line 3: energy_kwh: must be a finite number such as 1.84 (got 'five')\n"
    remedy = "Mend them, or leave them out with --skip-bad.\n"
    assert told.err == f"{flaw}{path}: nothing imported, because 1 row is wrong. {remedy}"
    assert everything(store) == []
    assert run(centre, "import", str(path), "--skip-bad") == 0
    told = capsys.readouterr()
    assert (told.out, told.err) == (
        "2 readings imported, 1 wrong row left out, 0 refused by the store\n",
        flaw,
    )
    assert [reading.x["energy_kwh"] for reading in everything(store)] == [5.0, 6.0]


def test_files_that_cannot_be_read_are_told(centre, tmp_path, capsys):
    path = tmp_path / "x.csv"
    assert run(centre, "import", str(path)) == 1
    path.write_bytes(HEADER.encode() + "焦作".encode("gbk"))
    assert run(centre, "import", str(path)) == 1
    path.write_text("a;b\n")
    assert run(centre, "import", str(path)) == 1
    for text in ('{"station":"a","d":"power-1"}\n', ""):
        path.write_text(text)
        assert run(centre, "import", str(path)) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == f"{path}: cannot be read: No such file or directory"
    assert lines[1] == f"{path}: line 2: is not UTF-8 text. Save the file as CSV UTF-8."
    assert lines[2].startswith(
        f"{path}: line 1: lacks column 'station', 'device', 'kind', 'time'. Known are: "
    )
    assert lines[3] == f"{path}: line 1: is JSON, not CSV. Export it again with --format csv."
    assert lines[4] == f"{path}: has no header: the file is empty. Export it again as CSV."


def test_what_the_store_refuses_is_told_by_its_line(centre, store, tmp_path, capsys):
    if isinstance(store, EmbeddedStore):
        return  # it refuses nothing
    store.server.write(store.place.bucket[:-4], f"power,station={A},device=power-1 energy_kwh=5i {START}")
    path = tmp_path / "two.csv"
    row = f"{A},power-1,power,2026-11-01T00:01:00+08:00,good,5\n"
    path.write_text(f"{HEADER.strip()}\n\n{row}")
    assert run(centre, "import", str(path)) == 1
    told = capsys.readouterr()
    assert told.err.startswith(f"{path}: line 3: the store refuses it: partial write: field type conflict: ")
    assert told.out == DONE.format(0, 0, 1)


@pytest.mark.parametrize(
    "words",
    [
        ["--from", "november", "--to", "2026-11-01"],
        ["--from", "2026-11-01", "--to", "x"],
        ["--from", "2026-11-01", "--to", "9999-12-31"],
    ],
)
def test_times_that_are_none_end_with_2(centre, words, capsys):
    assert run(centre, "export", "--station", A, *words) == 2
    assert "must be such as 2026-10-01 or 2026-10-01T08:00:00+08:00 (got " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("start", "end"), [("2026-11-02", "2026-11-01"), ("2026-11-01T08:00:00Z", "2026-11-01T08:00:00Z")]
)
def test_a_span_that_ends_before_it_begins_is_no_span(centre, tmp_path, start, end, capsys):
    out = tmp_path / "out.csv"
    assert run(centre, "export", "--station", A, "--from", start, "--to", end, "-o", str(out)) == 2
    said = capsys.readouterr().err
    assert said == f"qingliu history export: --to: must lie after --from (got {end!r})\n"
    assert not out.exists()


def test_an_export_that_fails_leaves_no_half_file(centre, store, filled, tmp_path, capsys):
    out = tmp_path / "no" / "such" / "folder.csv"
    words = ["export", "--station", A, "--from", "2026-11-01", "--to", "2026-11-02", "-o"]
    assert run(centre, *words, str(out)) == 1
    assert capsys.readouterr().err == f"{out}: cannot be written: No such file or directory\n"


def test_a_bar_is_drawn_on_a_terminal_only():
    screen = Terminal()
    with Progress(screen, "checking") as bar:
        for n in range(1_001):
            bar.at(n / 1_000)
        bar.say("bad")
    assert screen.getvalue().count("\r") < 110
    assert f"\rchecking [{'#' * 30}] 100 %" in screen.getvalue()
    assert screen.getvalue().endswith("\rbad\n")
    quiet = io.StringIO()
    with Progress(quiet, "checking") as bar:
        bar.at(0.5)
        bar.say("bad")
    assert quiet.getvalue() == "bad\n"


@pytest.mark.parametrize("back_end", ["influxdb"], indirect=True, scope="session")
class TestInfluxOnly:
    def test_check_says_what_is_wrong_and_how_to_mend_it(self, centre, store, capsys):
        text = centre.read_text()
        for old, new, code, step, said in (
            (
                "/raw",
                "/nowhere",
                2,
                "readable",
                "retention policy not found: nowhere. Check url",
            ),
            (store.place.url, "http://127.0.0.1:1", 1, "reachable", "cannot connect: Connection refused"),
            ("http://", "https://", 2, "reachable", "TLS fails: [SSL: WRONG_VERSION_NUMBER]"),
        ):
            centre.write_text(text.replace(old, new))
            assert run(centre, "check") == code
            last = capsys.readouterr().out.splitlines()[-1]
            assert last.startswith(f"{step:<10} no: history http")
            assert said in last

    def test_a_store_that_is_away(self, centre, store, tmp_path, capsys):
        path = tmp_path / "one.csv"
        path.write_text(f"{HEADER}{A},power-1,power,2026-11-01T00:01:00+08:00,good,5\n")
        day, out = "2026-11-01", tmp_path / "out.csv"
        words = ["--station", A, "--from", day, "--to", day, "-o", str(out)]
        with store.server.away():
            for command in (["check"], ["import", str(path)], ["export", *words]):
                assert run(centre, *command) == 1
        told = capsys.readouterr()
        assert told.out.count("HTTP 503") == 1
        assert told.err.count("HTTP 503") == 2
        assert not out.exists()
        assert list(tmp_path.glob("*out.csv*")) == []

    def test_the_secrets_are_read_from_their_files(self, centre, store, tmp_path):
        secret = tmp_path / "token"
        text = centre.read_text()
        centre.write_text(f'{text}token_file = "{secret}"\n')
        for content in ("", "a\nb", "焦", b"\xff"):
            secret.write_bytes(content if isinstance(content, bytes) else content.encode())
            with pytest.raises(HistoryMisconfiguredError, match=r"history\.token_file .*/token: "):
                open_history(load_centre(centre).history)
        secret.write_text("centre:word\n")
        with closing(open_history(load_centre(centre).history)) as history:
            assert history._place.token == "centre:word"
            assert history.write([]) == []


YEAR = """
import resource, sys
from qingliu.cli import main
code = main(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
sys.exit(code)
"""


def test_a_long_export_takes_no_more_memory_than_a_short_one(centre, store):
    """Thirty days at one reading in two minutes here; a day is a page."""
    with closing(store.open()) as history:
        for first in range(0, 30 * 720, 10_800):
            readings = [
                Reading(t=START + n * 120_000, d="power-1", k="power", x={"energy_kwh": n * 0.1})
                for n in range(first, first + 10_800)
            ]
            history.write([StationReading(A, reading) for reading in readings])
    peaks = []
    for last in ("2026-11-01", "2026-11-30"):
        words = ["export", "--station", A, "--from", "2026-11-01", "--to", last, "--config", str(centre)]
        done = subprocess.run(
            [sys.executable, "-c", YEAR, "history", *words], capture_output=True, text=True, check=True
        )
        peaks.append(int(done.stderr.split()[-1]))
        rows = done.stdout.count("\n") - 1
    assert rows == 30 * 720
    assert peaks[1] - peaks[0] < 5_000  # kB; as objects all rows take more than ten thousand
