"""`qingliu report`, as a process where that matters."""

import json
import re
import signal
import subprocess
import sys
from datetime import date

import pytest
from openpyxl import load_workbook
from report_life import Life, small_contents
from reporting_centre import OCTOBER, at
from servers import wait_until
from sqlalchemy import select

import reporting.monthly
from qingliu.cli import main
from registry.services import health
from registry.tables import DayVerdict, Lease, Report
from reporting.verify import verify


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


def test_a_month_by_hand_writes_the_files_and_prints_the_figures(city, config, tmp_path):
    done = report("month", OCTOBER, "-o", tmp_path / "out", "--config", config)
    file = tmp_path / "out" / "operating-rate-2026-10.xlsx"
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        str(file),
        str(file.with_suffix(".pdf")),
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
    assert file.with_suffix(".pdf").read_bytes().startswith(b"%PDF")
    with city.registry.reading() as session:
        assert list(session.scalars(select(Report))) == []


def test_for_machines(config, tmp_path, capsys):
    words = [
        "report",
        "month",
        "2026-10",
        "-o",
        str(tmp_path),
        "--config",
        str(config),
        "--format",
        "xlsx,data",
    ]
    assert main([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    stem = tmp_path / "operating-rate-2026-10"
    assert (told["month"], told["file"]) == ("2026-10", f"{stem}.xlsx")
    assert told["files"] == {"xlsx": f"{stem}.xlsx", "data": f"{stem}.json"}
    assert (told["due"], told["by_number_strict"], told["meets_target"]) == (8, "0.500000", False)
    data = json.loads(stem.with_suffix(".json").read_bytes())
    assert data["report"]["revision"] is None
    assert data["figures"]["whole"]["rate"]["by_number_strict"] == "1/2"


def test_one_county_in_english(config, tmp_path, capsys):
    words = ["--county", "410823", "--language", "en", "--format", "xlsx", "--json", "-o", str(tmp_path)]
    assert main(["report", "month", "2026-10", *words, "--config", str(config)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["due"], told["by_number_strict"], list(told["counties"])) == (4, "0.750000", ["410823"])
    book = load_workbook(tmp_path / "operating-rate-2026-10-410823.xlsx")
    assert "Summary" in book.sheetnames


def test_the_plan_s_targets_stand_in_the_report(city, config, tmp_path, capsys):
    targets = tmp_path / "targets.csv"
    targets.write_text("county,name,villages,treated,target\n410882,沁阳市,40,10,0.45\n", encoding="utf-8")
    config.write_text(config.read_text() + f'targets_file = "{targets}"\n')
    words = ["--format", "data", "-o", str(tmp_path), "--config", str(config)]
    assert main(["report", "month", "2026-10", *words]) == 0
    capsys.readouterr()
    data = json.loads((tmp_path / "operating-rate-2026-10.json").read_bytes())
    assert data["figures"]["plan"][0]["treated"] == 10
    targets.write_text("county,name,villages,treated,target\n410882,沁阳市,many,10,0.45\n", encoding="utf-8")
    assert main(["report", "month", "2026-10", *words]) == 2
    assert "targets.csv" in capsys.readouterr().err
    targets.unlink()
    assert main(["report", "month", "2026-10", *words]) == 2
    assert "reporting.targets_file: there is no such file (got " in capsys.readouterr().err


def test_a_month_that_cannot_be_reported_is_one_line(config, tmp_path, capsys):
    for month, line, code in (
        ("2026-13", "month: must be a month such as 2026-10 (got '2026-13')", 2),
        ("9999-12", "month: must lie in the years 2000 to 2999 (got '9999-12')", 2),
        ("2025-01", "report of 2025-01: no day of this month has a verdict yet", 1),
        (
            "2026-10 --county 1",
            "--county: must be a known county's code (got '1'). Choose of: 410823, 410882.",
            2,
        ),
        ("2026-10 --format xls", "month: --format must be any of xlsx,pdf,data (got 'xls')", 2),
    ):
        words = [*month.split(), "-o", str(tmp_path / "out"), "--config", str(config)]
        assert main(["report", "month", *words]) == code
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
            wait_until(lambda: "2026-10" in made(), "the report is made", 60)
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=15)
        finally:
            process.kill()
    assert process.returncode == 0
    assert "Traceback" not in errors
    assert re.search(r"report of 2026-10 (drafted|frozen), revision 1", errors)
    with city.registry.reading() as session:
        assert list(session.scalars(select(Lease))) == []
        assert verify(session, city.settings).faults == []


# --- what was made --------------------------------------------------------------------------------------


@pytest.fixture
def life(city, monkeypatch):
    """October frozen as it fell on the 12th of November; then a verdict was corrected."""
    monkeypatch.setattr(reporting.monthly, "contents", small_contents)
    life = Life(city)
    life.live(2026, 11, 12, 2)
    return life


def asked(config, capsys, *words):
    code = main(["report", *words, "--config", str(config)])
    said = capsys.readouterr()
    return code, said.out, said.err


def correct(life, verdict="stopped"):
    with life.centre.registry.writing() as session:
        row = session.get_one(DayVerdict, ("410882-0001", date(2026, 10, 30)))
        row.verdict, row.computed_ms = verdict, at(2026, 11, 20)


def test_the_list_has_every_revision_with_its_files(life, config, capsys):
    correct(life)
    life.live(2026, 11, 21, 2)
    code, out, err = asked(config, capsys, "list")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    sha256 = life.rows()[0].files["xlsx"]["sha256"][:12]
    assert lines[0].split() == [
        "MONTH", "REV", "STATUS", "MADE", "FROZEN", "BY", "STRICT", "LENIENT", "SHA-256", "FILE",
    ]  # fmt: skip
    found = next(line for line in lines if "operating-rate-2026-10-r1.xlsx" in line)
    assert re.sub(r" +", " ", found) == (
        f"2026-10 1 frozen 2026-11-12 02:00 2026-11-12 02:00 reporting 50.00% 66.67% {sha256} "
        "operating-rate-2026-10-r1.xlsx"
    )
    assert sum("operating-rate-2026-10-r2-draft-" in line for line in lines) == 3
    code, out, _ = asked(config, capsys, "list", "--json")
    first = next(each for each in json.loads(out) if each["month"] == "2026-10")
    assert (first["revision"], first["frozen_by"], first["status"]) == (1, "reporting", "frozen")
    assert first["files"] == life.rows()[0].files


def test_an_empty_list(config, capsys):
    assert asked(config, capsys, "list") == (0, "no report has been made yet\n", "")
    assert asked(config, capsys, "list", "--json") == (0, "[]\n", "")
    code, out, _ = asked(config, capsys, "verify")
    assert (code, out) == (0, "0 revisions, 0 files: all as they were made\n")


def test_a_person_freezes_at_the_command_line(life, config, capsys):
    code, out, err = asked(config, capsys, "freeze", "2026-10", "--by", "王芳")
    told = "report of 2026-10: revision 1 is frozen, and the figures are still its own\n"
    assert (code, out, err) == (1, "", told)
    correct(life)
    code, _, err = asked(config, capsys, "freeze", "2026-10", "--by", "王芳")
    assert code == 1
    assert "the draft of revision 2 was made just now. Look at it, then freeze it" in err
    code, out, err = asked(config, capsys, "freeze", "2026-10", "--by", "王芳", "--note", "更正")
    assert (code, err) == (0, "")
    row = life.rows()[-1]
    assert out.splitlines()[0] == "report of 2026-10: revision 2 is frozen"
    assert f"  {row.files['xlsx']['sha256']}  operating-rate-2026-10-r2.xlsx" in out.splitlines()
    assert (row.frozen_by, row.note) == ("王芳", "更正")
    code, out, _ = asked(config, capsys, "verify", "2026-10")
    assert (code, out) == (0, "2 revisions, 6 files: all as they were made\n")


def test_what_is_wrong_with_a_freeze_is_said_at_once(config, capsys):
    code, out, err = asked(
        config, capsys, "freeze", "10", "--by", " ", "--note", "a\nb", "--early", "x" * 1001
    )
    assert (code, out) == (2, "")
    assert err.splitlines() == [
        "month: must be a month such as 2026-10 (got '10')",
        "--by: must name a person (got nothing)",
        "--note: must be a line of text (got 'a\\nb')",
        "--early: must have at most 1000 letters (got 1001). Shorten it.",
    ]


def test_a_file_that_was_altered_ends_verify_with_1(life, config, capsys):
    file = life.folder / "operating-rate-2026-10-r1.pdf"
    file.unlink()
    told = f"report-2026-10-r1: {file.name}: the file is not there"
    assert asked(config, capsys, "verify") == (1, "", told + "\n")
    code, out, _ = asked(config, capsys, "verify", "--json")
    assert (code, json.loads(out)["faults"]) == (1, [told])
    assert asked(config, capsys, "verify", "2026-13")[0] == 2


@pytest.mark.parametrize("name", ["explain", "rate", "year", "list", "freeze", "verify", "month", "run"])
def test_every_command_has_a_help(name, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["report", name, "--help"])
    assert ended.value.code == 0
    assert f"usage: qingliu report {name}" in capsys.readouterr().out
