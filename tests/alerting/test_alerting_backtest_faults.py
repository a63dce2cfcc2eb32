"""What the back-test says of files and options that cannot be used: a line each, exit 2, nothing written."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest
from backtest_past import COLUMNS, by_time, judge, past, readings, words, write
from servers import wait_until

from qingliu.cli import main
from registry.stations_cells import EARLIEST, LATEST

GOOD = ["A", "power-1", "power", "2026-09-01T00:00:00+08:00", "1.0", "100.0", "", ""]
TIME = "must be ISO 8601 with offset, such as 2026-10-01T08:00:00+08:00, of 2000 to 2099"
LINE = "Correct it, or remove the line."
CELL = "Correct it, or leave the cell empty."
EXCLUSIONS = ("station", "start", "end", "reason", "applicant", "approver")


def with_cell(column, text):
    return [text if name == column else cell for name, cell in zip(COLUMNS, GOOD, strict=True)]


def refused(capsys, folder, *more, out="out"):
    """Runs the command on what cannot be used; returns what it said."""
    capsys.readouterr()
    assert main(words(folder, *more, out=out)) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert not (folder / out).exists()
    return said.err.splitlines()


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ([with_cell("kind", "gas")], f'kind: must be power or flow (got "gas"). {LINE}'),
        ([with_cell("station", "")], f'station and device: must not be empty (got ""). {LINE}'),
        ([with_cell("time", "2026-09-01T00:00:00")], f'time: {TIME} (got "2026-09-01T00:00:00"). {LINE}'),
        ([with_cell("time", "yesterday")], f'time: {TIME} (got "yesterday"). {LINE}'),
        ([with_cell("time", "")], f'time: {TIME} (got "nothing"). {LINE}'),
        ([with_cell("time", "1970-01-01T00:00:00Z")], f'time: {TIME} (got "1970-01-01T00:00:00Z"). {LINE}'),
        ([with_cell("energy_kwh", "1,5")], f'energy_kwh: must be a number or empty (got "1,5"). {LINE}'),
        ([GOOD[:-1]], f'must have 8 cells like the header (got "7"). {LINE}'),
    ],
)
def test_a_fault_of_the_readings_is_named(tmp_path, capsys, rows, fault):
    past(tmp_path, [["A"]], [GOOD, *rows])
    assert refused(capsys, tmp_path) == [f"{tmp_path}/readings.csv: line 3: {fault}"]


def test_all_faults_come_at_once_up_to_twenty(tmp_path, capsys):
    past(tmp_path, [["A"]], [with_cell("kind", "gas"), GOOD, with_cell("energy_kwh", "x")])
    said = refused(capsys, tmp_path)
    assert [line.split(": ")[1] for line in said] == ["line 2", "line 4"]
    past(tmp_path, [["A"]], [with_cell("kind", "gas")] * 50)
    assert len(refused(capsys, tmp_path)) == 20


@pytest.mark.parametrize(
    ("head", "fault"),
    [
        (COLUMNS[1:], "line 1: lacks the column station"),
        ((*COLUMNS, "time"), "line 1: has twice the column time"),
        (COLUMNS[:4], "line 1: has none of the columns active_power_kw, energy_kwh, flow_m3h, volume_m3"),
    ],
)
def test_a_header_that_cannot_be_is_named(tmp_path, capsys, head, fault):
    past(tmp_path, [["A"]], [], head)
    (line,) = refused(capsys, tmp_path)
    assert line.startswith(f"{tmp_path}/readings.csv: {fault}")


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "line 1: lacks the column station, device, kind, time"),
        ("站点,设备\n".encode("gbk"), "must be UTF-8 text"),
        (",".join(COLUMNS).encode() + b'\n"A"x,\n', "must be CSV"),
    ],
)
def test_what_is_no_table_is_named(tmp_path, capsys, content, fault):
    past(tmp_path, [["A"]], [])
    (tmp_path / "readings.csv").write_bytes(content)
    (line,) = refused(capsys, tmp_path)
    assert fault in line


def test_a_wrong_quality_is_named(tmp_path, capsys):
    past(tmp_path, [["A"]], [[*GOOD, "fine"]], (*COLUMNS, "q"))
    rule = f'q: must be good, suspect, missing or empty (got "fine"). {LINE}'
    assert refused(capsys, tmp_path) == [f"{tmp_path}/readings.csv: line 2: {rule}"]


@pytest.mark.parametrize(
    ("head", "rows", "fault"),
    [
        (["name"], [], 'line 1: lacks the column station (got "name"). Add it.'),
        (["station"], [["A"], ["A"]], 'line 3: station: stands twice (got "A"). Remove one of them.'),
        (
            ["station", "commissioned"],
            [["A", "2026-13-01"]],
            f'line 2: commissioned: must be a day such as 2026-10-01 (got "2026-13-01"). {CELL}',
        ),
        (
            ["station", "commissioned"],
            [["A", "0206-10-01"]],
            f'line 2: commissioned: must lie between {EARLIEST} and {LATEST} (got "0206-10-01"). {CELL}',
        ),
        (
            ["station", "rated_kw"],
            [["A", "-1"]],
            f'line 2: rated_kw: must be a number, 0 or more (got "-1"). {CELL}',
        ),
        (
            ["station", "design_m3_per_day"],
            [["A", "nan"]],
            f'line 2: design_m3_per_day: must be a number, 0 or more (got "nan"). {CELL}',
        ),
    ],
)
def test_a_fault_of_the_stations_is_named(tmp_path, capsys, head, rows, fault):
    past(tmp_path, rows, [GOOD], station_head=head)
    assert refused(capsys, tmp_path) == [f"{tmp_path}/stations.csv: {fault}"]


@pytest.mark.parametrize(
    ("start", "end", "fault"),
    [
        ("2026-09-02", "2026-09-01", "line 2: end: must not lie before the start 2026-09-02"),
        ("", "2026-09-01", "line 2: start: start and end must be given"),
        ("x", "2026-09-01", "line 2: start: must be a day such as 2026-10-01"),
    ],
)
def test_a_fault_of_the_exclusions_is_named(tmp_path, capsys, start, end, fault):
    past(tmp_path, [["A"]], [GOOD])
    stops = write(tmp_path / "stops.csv", EXCLUSIONS, [["A", start, end, "检修", "赵工", "住建局"]])
    (line,) = refused(capsys, tmp_path, "--exclusions", str(stops))
    assert line.startswith(f"{stops}: {fault}")


@pytest.mark.parametrize("name", ["stations", "readings", "exclusions"])
def test_a_missing_file_is_one_line(tmp_path, capsys, name):
    past(tmp_path, [["A"]], [GOOD])
    (tmp_path / f"{name}.csv").unlink(missing_ok=True)
    more = ["--exclusions", str(tmp_path / "exclusions.csv")] if name == "exclusions" else []
    assert refused(capsys, tmp_path, *more) == [
        f"{tmp_path}/{name}.csv: No such file or directory. Mend the path or the file."
    ]


@pytest.mark.parametrize(
    ("params", "fault"),
    [
        (["stop_windw_s=1"], "--params: stop_windw_s: "),
        (["stop_window_s=-1"], "--params: stop_window_s: "),
        (["coverage=much"], "--params: coverage: "),
        (["nothing"], "--params: nothing: "),
        (["absent.toml"], "absent.toml: there is no such file"),
        (["empty.toml"], "empty.toml: alerting: is required"),
        (["wrong.toml"], "wrong.toml: alerting.coverage: "),
        (["wrong.toml", "coverage=0.9"], "wrong.toml: alerting.coverage: "),
        (["other.toml"], "other.toml: alerting.covrage: unknown key. Did you mean 'coverage'?"),
    ],
)
def test_thresholds_that_cannot_be_are_one_line(tmp_path, capsys, monkeypatch, params, fault):
    past(tmp_path, [["A"]], [GOOD])
    monkeypatch.chdir(tmp_path)
    Path("empty.toml").write_text("[centre]\nname = 'x'\n", "utf-8")
    Path("wrong.toml").write_text("[alerting]\ncoverage = 2\n", "utf-8")
    Path("other.toml").write_text("[alerting]\ncovrage = 0.5\n", "utf-8")
    (line,) = refused(capsys, tmp_path, "--params", *params)
    assert line.startswith(fault)


@pytest.mark.parametrize(
    ("option", "value", "rule"),
    [
        ("--timezone", "Asia/Nowhere", "must be a known time zone (got 'Asia/Nowhere')"),
        ("--timezone", "../etc/passwd", "must be a known time zone (got '../etc/passwd')"),
        ("--timezone", "", "must be a known time zone (got '')"),
        ("--processes", "0", "must be 1 or more (got 0)"),
    ],
)
def test_an_option_that_cannot_be_is_one_line(tmp_path, capsys, option, value, rule):
    past(tmp_path, [["A"]], [GOOD])
    (line,) = refused(capsys, tmp_path, option, value)
    assert line.startswith(f"qingliu alerting backtest: {option}: {rule}")


def test_old_results_stay_when_the_new_ones_fail(tmp_path, capsys):
    past(tmp_path, [["A"]], by_time(readings("A", days=2)))
    judge(tmp_path)
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    past(tmp_path, [["A"]], [with_cell("kind", "gas")])
    assert main(words(tmp_path)) == 2
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path, capsys):
    past(tmp_path, [["A"]], [GOOD])
    (tmp_path / "out").write_text("", "utf-8")
    assert main(words(tmp_path)) == 2
    assert capsys.readouterr().err.splitlines() == [
        f"{tmp_path}/out: File exists. Mend the path or the file."
    ]


HASTY = """
import os, signal, sys
from concurrent.futures.process import _ExecutorManagerThread
begin = _ExecutorManagerThread.start
def interrupted(thread):
    os.kill(os.getpid(), signal.SIGINT)
    begin(thread)
_ExecutorManagerThread.start = interrupted
from qingliu.cli import main
sys.exit(main(sys.argv[1:]))
"""


def test_an_interrupt_while_the_processes_start_is_one_too(tmp_path):
    names = ["S1", "S2"]
    past(tmp_path, [[name] for name in names], by_time(*(readings(name, days=3) for name in names)))
    command = [sys.executable, "-c", HASTY, *words(tmp_path), "--processes", "2"]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


@pytest.mark.parametrize("processes", [1, 2])
def test_an_interrupt_leaves_nothing_behind(tmp_path, processes):
    """While it judges: the results have begun, the readings lie in a temporary folder."""
    names = [f"S{number}" for number in range(20)]
    rows = by_time(*(readings(name, days=60, every_h=6) for name in names))
    past(tmp_path, [[name] for name in names], rows)
    spare = tmp_path / "spare"
    spare.mkdir()
    command = [sys.executable, "-m", "qingliu", *words(tmp_path), "--processes", str(processes)]
    with subprocess.Popen(
        command, env={**os.environ, "TMPDIR": str(spare)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        wait_until(
            lambda: (tmp_path / "out" / "days.csv.part").exists() or child.poll() is not None, "results begun"
        )
        workers = psutil.Process(child.pid).children()
        child.send_signal(signal.SIGINT)
        said = child.communicate()
    assert (child.returncode, *said) == (130, b"", b"")
    assert list(spare.iterdir()) == []
    assert not (tmp_path / "out").exists()
    assert not any(each.is_running() for each in workers)


def test_the_command_as_a_process(tmp_path):
    past(tmp_path, [["A"]], by_time(readings("A", days=2)))
    command = [sys.executable, "-m", "qingliu", *words(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("stations")
    assert done.stderr == ""
    (tmp_path / "stations.csv").unlink()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"{tmp_path}/stations.csv: No such file or directory. Mend the path or the file.\n"


def test_no_temporary_folder_stays(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    past(tmp_path, [["A"]], by_time(readings("A", days=1)))
    judge(tmp_path)
    assert not list(tmp_path.glob("qingliu-backtest-*"))
