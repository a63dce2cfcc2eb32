"""`qingliu stations exchange|ct|manual|inspect|exclude` from outside: options, files, lists, withdrawals."""

import json
import os
from contextlib import closing
from datetime import UTC, datetime, timedelta

import openpyxl
import pytest
from fresh_registry import fresh_registry
from record_entry_seed import A, B, marks, seed

from qingliu.cli import main
from registry import record_batch
from registry.audit import first_broken
from registry.database import Registry
from registry.record_cells import WHEN
from registry.record_kinds import SAMPLE_RULE
from registry.tables import Audit, Exclusion, Inspection, ManualReading, WaterSample

TODAY = datetime.now(UTC).date()
YESTERDAY, LAST_WEEK, LAST_MONTH = ((TODAY - timedelta(days=n)).isoformat() for n in (2, 7, 30))
REASONS = "maintenance 计划检修, rebuilding 改造, grid_outage 电网停电, season 季节性停运, no_inflow 无进水"
RATIO = "Give true CT ratio / ratio set in the meter."
KINDS = ("exchange", "ct", "manual", "inspect", "exclude")


class Command:
    def __init__(self, folder, capsys):
        self.folder, self._capsys = folder, capsys
        self.config = folder / "centre.toml"
        self.url = f"sqlite:///{folder}/registry.db"
        self.config.write_text(f'[mqtt]\nhost = "127.0.0.1"\ntls = false\n[registry]\nurl = "{self.url}"\n')

    def __call__(self, *words):
        code = main(["stations", *map(str, words), "--config", str(self.config)])
        said = self._capsys.readouterr()
        return code, said.out.splitlines(), said.err.splitlines()

    def rows(self, table):
        with closing(Registry(self.url)) as registry, registry.reading() as session:
            return list(session.query(table).order_by(table.id))

    def file(self, text, name="rows.csv", encoding="utf-8"):
        path = self.folder / name
        path.write_bytes(text.encode(encoding))
        return path


@pytest.fixture
def command(tmp_path, capsys):
    made = Command(tmp_path, capsys)
    with closing(fresh_registry(made.url)) as registry:
        seed(registry)
    return made


def test_each_kind_is_entered_listed_and_removed(command):
    entries = {
        "exchange": ["power-1", "--at", f"{YESTERDAY} 08:30", "--old-final", "500.5", "--new-initial", "0"],
        "ct": ["power-1", "--since", YESTERDAY, "--factor", "40", "--note", "铭牌 200/5"],
        "manual": ["flow-1", "--at", f"{YESTERDAY}T08:30:00+08:00", "--value", "812.4", "--reader", "李"],
        "inspect": ["--day", YESTERDAY, "--result", "非正常", "--occasion", "四不两直", "--findings",
                    "风机停转", "--inspector", "李", "--sample", "COD=75:mg/L:60", "--sample", "氨氮=3.2"],
        "exclude": ["--from", YESTERDAY, "--to", YESTERDAY, "--reason", "电网停电", "--applicant", "甲",
                    "--approver", "乙", "--attachment", "files/31.pdf"],
    }  # fmt: skip
    nouns = ("exchange", "CT correction", "manual reading", "inspection", "approved stop")
    for (kind, words), noun in zip(entries.items(), nouns, strict=True):
        assert command(kind, A, *words) == (0, [f"{noun} 1 entered"], [])
        code, (head, line), _ = command(kind, "--list", A)
        assert (code, head.split()[:2], line.split()[:2]) == (0, ["id", "station"], ["1", A])
        [record] = json.loads(command(kind, "--list", "--json")[1][0])
        assert (record["id"], record["station_id"]) == (1, A)
        assert command(kind, "--list", B) == (0, [], [f"no {noun} is on record"])
        refused = command(kind, "--remove", "1")
        assert refused[0] == 2
        assert refused[2] == [f"qingliu stations {kind}: --reason: is required. Fill it in."]
        assert command(kind, "--remove", "1", "--reason", "误录", "--actor", "王")[0] == 0
    assert command("inspect", "--list")[2] == ["no inspection is on record"]
    [stop] = command.rows(Exclusion)
    assert stop.withdrawn_ms is not None
    assert (command.rows(ManualReading), command.rows(WaterSample)) == ([], [])
    trail = command.rows(Audit)
    assert {row.actor for row in trail[1::2]} == {"王"}
    assert all(row.actor.startswith("cli:") for row in trail[::2])
    with closing(Registry(command.url)) as registry, registry.reading() as session:
        assert first_broken(session) is None
        assert marks(registry)


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        (["exchange"],
         [f"{name}: is required. Fill it in."
          for name in ("STATION", "DEVICE", "--at", "--old-final", "--new-initial")]),
        (["exchange", A, "power-1", "--at", YESTERDAY, "--old-final", "x", "--new-initial", "-3"],
         ['--old-final: must be a number (got "x"). Give it without unit and without separators.',
          "--new-initial: must be a number from 0 to 1e12 (got -3.0). Give what the counter shows."]),
        (["ct", A, "power-9", "--since", "soon", "--factor", "0"],
         [f'--since: must be a civil day or a time {WHEN} (got "soon"). Correct it.',
          'DEVICE: is no device of this station (got "power-9"). It has flow-1, power-1.',
          f"--factor: must be above 0 and at most 10000 (got 0.0). {RATIO}"]),
        (["inspect", "nobody", "--day", YESTERDAY, "--result", "abnormal", "--occasion", "patrol",
          "--sample", "COD=x"],
         ["--inspector: is required. Fill it in.",
          f'--sample: {SAMPLE_RULE} (got "COD=x"). Correct it.',
          'STATION: is not on the register (got "nobody"). See qingliu stations list, or import it first.',
          "--findings: are required when the result is abnormal. Say what was found."]),
        (["exclude", A, "--from", "2026-10-04", "--to", "2026-10-01", "--reason", "holiday",
          "--applicant", "甲", "--approver", "甲"],
         [f'--reason: must be one of {REASONS} (got "holiday"). Use one of these.',
          '--to: must not lie before the start 2026-10-04 (got "2026-10-01"). Correct one of them.',
          '--approver: nobody approves an application of their own (got "甲"). Name who decided.']),
        (["manual", "--list", A, "power-1", "--value", "3"],
         ["DEVICE: does not go with --list. Leave one of them out.",
          "--value: does not go with --list. Leave one of them out."]),
        (["manual", A, "power-1", "--skip-bad", "--json", "--reason", "x", "--actor", " "],
         ["--reason: goes with --remove only. Leave it out.",
          "--skip-bad: goes with --file only. Leave it out.",
          "--json: goes with --list only. Leave it out.", "--actor: must have 1 to 64 letters. Correct it."]),
        (["ct", "--remove", "0", "--reason", "x"],
         ["--remove: there is no such record (got 0). See --list."]),
    ],
)  # fmt: skip
def test_everything_wrong_is_said_at_once(command, words, lines):
    assert command(*words) == (2, [], [f"qingliu stations {words[0]}: {line}" for line in lines])
    assert command.rows(Audit) == []


def test_a_file_is_entered_whole_or_not_at_all(command):
    rows = (
        "站点编号,仪表,抄表时间,读数,抄表人\n"
        f"{A},flow-1,{LAST_MONTH} 8:30,812.4,李\n"
        f"{A},flow-1,{LAST_WEEK} 8:30,800,李\n"
        f"{B},flow-1,{LAST_WEEK.replace('-', '/')},九,\n"
        f"nobody,flow-1,{LAST_WEEK},1,李\n"
        f"{B},power-1,{LAST_WEEK},5,李\n"
    )
    path = command.file(rows, encoding="gb18030")
    lines = [
        f"{path}: row 3: column 读数: must not lie below 812.4, the manual reading of {LAST_MONTH} 08:30",
        f'{path}: row 4: column 读数: must be a number (got "九").',
        f"{path}: row 4: column 抄表人: is required.",
        f'{path}: row 5: column 站点编号: is not on the register (got "nobody").',
        f"{path}: nothing entered, because 3 rows are wrong. Mend them, or leave them out with --skip-bad.",
    ]
    code, out, err = command("manual", "--file", path)
    assert (code, out, len(err)) == (2, [], len(lines))
    for said, line in zip(err, lines, strict=True):
        assert said.startswith(line)
    assert command.rows(ManualReading) == command.rows(Audit) == []
    code, out, _ = command("manual", "--file", path, "--skip-bad")
    assert (code, out) == (1, ["2 manual readings entered, wrong rows left out: 3, 4, 5"])
    assert [(row.station_id, row.value) for row in command.rows(ManualReading)] == [(A, 812.4), (B, 5.0)]


def test_the_lists_that_the_rate_reads_are_taken_as_they_are(command):
    stops = command.file(
        "station,start,end,reason,applicant,approver,entered\n"
        f"{A},2024-08-01,2024-08-03,maintenance,甲,乙,2024-08-02\n"
        f"{B},2024-08-01,2024-09-03,season,甲,乙,2024-10-05T09:00:00+08:00\n"
        f"{B},2024-09-04,2024-09-05,season,甲,乙,\n"
    )
    code, out, err = command("exclude", "--file", stops)
    assert (code, out) == (0, ["3 approved stops entered"])
    assert err[0] == f"{stops}: row 3: warning: too late to count for 2024-08"
    given, late, now = command.rows(Exclusion)
    assert given.entered_ms == int(datetime(2024, 8, 1, 16, tzinfo=UTC).timestamp() * 1000)
    assert late.entered_ms == int(datetime(2024, 10, 5, 1, tzinfo=UTC).timestamp() * 1000)
    assert now.entered_ms > late.entered_ms
    visits = command.file(f"station,result,date\n{A},非正常,2024-08-05\n{B},normal,2024-08-06\n")
    assert command("inspect", "--file", visits)[:2] == (0, ["2 inspections entered"])
    assert [(row.result, row.occasion) for row in command.rows(Inspection)] == [
        ("abnormal", "unannounced"), ("normal", "unannounced"),
    ]  # fmt: skip
    full = command.file(f"station,result,date,inspector\n{A},非正常,2024-08-09,\n")
    code, _, err = command("inspect", "--file", full)
    assert (code, len(err)) == (2, 4)  # occasion, inspector, findings, and that nothing was entered


def test_a_workbook_with_dates_and_numbers_as_cells(command):
    book = openpyxl.Workbook()
    page = book.active
    page.append(["设施编码", "设备", "换表时间", "旧表止码（kWh）", "新表起码", "备注"])
    page.append([A, "power-1", datetime.fromisoformat(f"{LAST_WEEK}T08:30"), 20411.25, 0, "烧毁"])
    page.append([B, "power-1", f"{LAST_WEEK} 09:00", "17", 3.5, None])
    path = command.folder / "换表.xlsx"
    book.save(path)
    assert command("exchange", "--file", path) == (0, ["2 exchanges entered"], [])
    first, second = reversed(json.loads(command("exchange", "--list", "--json")[1][0]))
    at = datetime.fromisoformat(f"{LAST_WEEK}T08:30+08:00").timestamp()
    assert (first["at_ms"], first["old_final"], first["note"]) == (at * 1000, 20411.25, "烧毁")
    assert (second["old_final"], second["new_initial"]) == (17.0, 3.5)


def test_a_file_that_is_no_such_list(command, monkeypatch):
    code, _, err = command("ct", "--file", command.file("station,device,factor,colour\na,b,1,red\n"))
    assert code == 2
    assert "unknown column" in err[0]
    assert command("ct", "--file", command.folder / "missing.csv")[0] == 2
    monkeypatch.setattr(record_batch, "MOST_ROWS", 1)
    path = command.file(
        f"station,device,since,factor\n{A},power-1,{LAST_WEEK},2\n{B},power-1,{LAST_WEEK},2\n"
    )
    assert command("ct", "--file", path)[2] == [f"{path}: has more than 1 rows (got 2). Split it."]


def test_a_list_is_aligned_though_chinese_letters_are_wide(command):
    for day, reader in ((LAST_WEEK, "李"), (YESTERDAY, "long name")):
        assert command("manual", A, "flow-1", "--at", day, "--value", "3", "--reader", reader)[0] == 0
    assert command("manual", "--list")[1] == [
        "id  station      device  at                value  reader",
        f" 2  {A}  flow-1  {YESTERDAY} 00:00      3  long name",
        f" 1  {A}  flow-1  {LAST_WEEK} 00:00      3  李",
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_the_help_says_what_a_file_holds(kind, capsys, monkeypatch):
    monkeypatch.setitem(os.environ, "COLUMNS", "100")
    with pytest.raises(SystemExit) as ended:
        main(["stations", kind, "--help"])
    assert ended.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "--file takes CSV or XLSX with the columns station, " in text
