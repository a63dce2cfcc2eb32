"""`qingliu report`, as a process where that matters."""

import json
import signal
import subprocess
import sys

import pytest
from openpyxl import load_workbook
from reporting_centre import OCTOBER
from servers import wait_until
from sqlalchemy import select

from qingliu.cli import main
from registry.services import health
from registry.tables import Lease, Report


@pytest.fixture
def config(city, tmp_path):
    file = tmp_path / "centre.toml"
    file.write_text(
        '[mqtt]\nhost = "127.0.0.1"\ntls = false\n'
        f'[registry]\nurl = "sqlite:///{tmp_path}/registry.db"\n'
        f'[reporting]\npath = "{city.folder}"\n'
    )
    return file


def report(*words):
    command = [sys.executable, "-m", "qingliu", "report", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_a_month_by_hand_writes_the_file_and_prints_the_figures(city, config, tmp_path):
    done = report("month", OCTOBER, "-o", tmp_path / "out", "--config", config)
    file = tmp_path / "out" / "operating-rate-2026-10.xlsx"
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        str(file),
        "operating rate of 2026-10, counted until 2026-10-31",
        "  due to run               8",
        "  normal                   4",
        "  not normal               2",
        "  not assessable           2",
        "  strict              50.00%",
        "  lenient             66.67%",
        "  by days             96.47%",
        "  by capacity         57.14%",
        "  completeness        76.92%",
    ]
    assert "预览" in load_workbook(file)["汇总"]["A3"].value
    with city.registry.reading() as session:
        assert list(session.scalars(select(Report))) == []


def test_for_machines(config, tmp_path, capsys):
    assert main(["report", "month", "2026-10", "-o", str(tmp_path), "--config", str(config), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["month"], told["file"]) == ("2026-10", str(tmp_path / "operating-rate-2026-10.xlsx"))
    assert (told["due"], told["by_number_strict"], told["meets_target"]) == (8, "0.500000", False)


def test_a_month_that_cannot_be_reported_is_one_line(config, tmp_path, capsys):
    for month, line, code in (
        ("2026-13", "month: must be a month such as 2026-10 (got '2026-13')", 2),
        ("9999-12", "month: must lie in the years 2000 to 2999 (got '9999-12')", 2),
        ("2025-01", "report of 2025-01: no day of this month has a verdict yet", 1),
    ):
        assert main(["report", "month", month, "-o", str(tmp_path / "out"), "--config", str(config)]) == code
        assert capsys.readouterr() == ("", line + "\n")
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_one_line(config, tmp_path, capsys):
    (tmp_path / "out").write_text("in the way")
    words = ["report", "month", "2026-10", "-o", str(tmp_path / "out"), "--config", str(config)]
    assert main(words) == 1
    told = f"report {tmp_path}/out/operating-rate-2026-10.xlsx: File exists\n"
    assert capsys.readouterr() == ("", told)


def test_help_has_examples(capsys):
    with pytest.raises(SystemExit):
        main(["report", "month", "--help"])
    assert "qingliu report month 2026-10 -o /tmp" in capsys.readouterr().out


def test_the_worker_makes_what_is_due_and_ends_with_0_when_asked(city, config):
    command = [sys.executable, "-m", "qingliu", "report", "run", "--config", str(config)]

    def made():
        with city.registry.reading() as session:
            return list(session.scalars(select(Report.month))) if health(session) else []

    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            wait_until(lambda: "2026-10" in made(), "the report is made")
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=15)
        finally:
            process.kill()
    assert process.returncode == 0
    assert "Traceback" not in errors
    assert "report of 2026-10 made, revision 1" in errors
    assert (city.folder / "operating-rate-2026-10-r1.xlsx").exists()
    with city.registry.reading() as session:
        assert list(session.scalars(select(Lease))) == []
