"""`qingliu stations import | export | template | list | show` as they are typed."""

import json
from contextlib import closing
from datetime import date

import openpyxl
import pytest
from sqlalchemy import select

from qingliu.cli import main
from registry.database import Registry
from registry.stations_columns import STATION_COLUMNS
from registry.tables import (
    Audit,
    CtCorrection,
    Device,
    Exclusion,
    Inspection,
    ManualReading,
    MeterExchange,
    Presence,
    Station,
    WaterSample,
)
from service.columns import aligned, width

GOOD = (
    "station,name,county,county_name,town,process,design_m3_per_day,company,class,class_since\n"
    "410882-0001,北寨村污水处理站,410882,沁阳市,崇义镇,A2O,20,清源运维,in_use,2024-06-01\n"
    "410882-0002,靳作村污水处理站,410882,,,,,,retired,2024-06-01\n"
    "wetland_1,,410822,博爱县,,wetland,5.5,,,\n"
)
SHOWN = (
    "北寨村污水处理站", "沁阳市", "A2O (A²/O)", "in_use (在用)", "2024-06-01", "正泰", "1234.5", "1.5",
    "77.25", "maintenance", "风机停", "COD", "0.1.0", "2025-10-09 16:53:20", "station.add", "cli:wang",
)  # fmt: skip


@pytest.fixture
def centre(tmp_path, monkeypatch):
    path = tmp_path / "centre.toml"
    path.write_text(
        f'[mqtt]\nhost = "127.0.0.1"\ntls = false\n[registry]\nurl = "sqlite:///{tmp_path}/r.db"\n'
    )
    monkeypatch.setenv("QINGLIU_CONFIG", str(path))
    monkeypatch.setenv("LOGNAME", "wang")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(centre, capsys):
    def typed(*words):
        code = main(["stations", *map(str, words)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return typed


@pytest.fixture
def filled(run, centre):
    (centre / "good.csv").write_text(GOOD)
    assert run("import", "good.csv")[0] == 0
    return centre


def actors(folder):
    with closing(Registry(f"sqlite:///{folder}/r.db")) as registry, registry.reading() as session:
        return list(session.scalars(select(Audit.actor).order_by(Audit.id)))


def test_import_says_how_many_and_by_whom(run, centre):
    (centre / "good.csv").write_text(GOOD)
    assert run("import", "good.csv", "--dry-run") == (
        0, "dry run, nothing changed. Would be: 3 stations imported: 3 added, 0 changed, 0 unchanged\n", "",
    )  # fmt: skip
    assert run("list", "--json") == (0, "[]\n", "")
    assert run("import", "good.csv") == (0, "3 stations imported: 3 added, 0 changed, 0 unchanged\n", "")
    (centre / "more.csv").write_text("station,name\nwetland_1,湿地\n410882-0001,\n")
    assert run("import", "more.csv", "--actor", "李") == (
        0, "2 stations imported: 0 added, 1 changed, 1 unchanged\n", "",
    )  # fmt: skip
    assert actors(centre) == ["cli:wang"] * 3 + ["李"]


def test_bad_rows_are_told_and_skipped_only_when_asked(run, centre):
    (centre / "bad.csv").write_text("station,经度\na,112.9\nb,1131\n,1\n")
    told = (
        "bad.csv: row 3: column 经度: must lie between -180 and 180 (got 1131). Correct it.\n"
        'bad.csv: row 4: column station: must be 1 to 32 letters, digits, - or _ (got ""). Correct it.\n'
    )
    assert run("import", "bad.csv") == (2, "", told)
    assert run("list", "--json") == (0, "[]\n", "")
    code, out, err = run("import", "bad.csv", "--json")
    answer = json.loads(out)
    assert (code, err, answer["imported"], answer["added"]) == (2, told, False, ["a"])
    assert answer["bad"][0] == {"row": 3, "station": "b", "faults": [told.splitlines()[0]]}
    assert run("import", "bad.csv", "--skip-bad") == (
        1,
        "skipped: row 3 (b), row 4 (no id)\n1 station imported: 1 added, 0 changed, 0 unchanged, 2 skipped\n",
        told,
    )
    code, out, _ = run("import", "bad.csv", "--skip-bad", "--json")
    answer = json.loads(out)
    assert (code, answer["imported"], answer["added"], answer["unchanged"]) == (1, True, [], ["a"])


def test_the_template_as_it_is_imports_nothing_with_a_word(run, centre):
    assert run("template") == (
        0, "stations.xlsx: fill it in, then: qingliu stations import stations.xlsx\n", "")  # fmt: skip
    assert run("import", "stations.xlsx") == (
        0,
        (
            "rows 2, 3: the template's examples, left out\n"
            "0 stations imported: 0 added, 0 changed, 0 unchanged\n"
        ),
        "",
    )
    assert run("template") == (1, "", "stations.xlsx: is there already. Name another file, or remove it.\n")
    assert run("template", "-o", "t.csv")[0] == 2
    assert run("template", "-o", "no/t.xlsx") == (
        1, "", "no/t.xlsx: cannot be written: No such file or directory\n")  # fmt: skip


def test_export_to_the_screen_and_to_files(run, filled):
    code, out, err = run("export", "--county", "沁阳市", "--class", "在用")
    head, row = out.splitlines()
    assert (code, err, head) == (0, "", ",".join(column.name for column in STATION_COLUMNS))
    assert row.startswith("410882-0001,北寨村污水处理站,410882,沁阳市,崇义镇,,A2O,20,")
    assert run("export", "-o", "all.csv") == (0, "", "all.csv: 3 stations\n")
    assert (filled / "all.csv").read_bytes().startswith(b"\xef\xbb\xbfstation,")
    assert run("export", "--class", "in_use", "-o", "all.XLSX") == (0, "", "all.XLSX: 2 stations\n")
    page = openpyxl.load_workbook(filled / "all.XLSX")["站点"]
    assert [page.cell(2, n).value for n in (1, 4, 7, 8)] == ["410882-0001", "沁阳市", "A²/O", 20]
    for name, many in (("all.csv", 3), ("all.XLSX", 2)):
        said = f"{many} stations imported: 0 added, 0 changed, {many} unchanged\n"
        assert run("import", name) == (0, said, "")
    code, _, err = run("export", "-o", "all.ods")
    assert (code, err) == (
        2, "qingliu stations export: -o: must end with .csv or .xlsx (got all.ods)\n")  # fmt: skip
    assert sorted(path.name for path in filled.iterdir() if path.name.startswith("all")) == [
        "all.XLSX", "all.csv"]  # fmt: skip


def test_the_list_is_aligned_also_with_chinese(run, filled):
    code, out, _ = run("list")
    head, first, second, third = lines = out.splitlines()
    assert code == 0
    starts = {width(line[: line.index(word)]) for line, word in
              ((head, "class"), (first, "在用"), (second, "退出"), (third, "在用"))}  # fmt: skip
    assert len(starts) == 1
    assert " ".join(lines[1].split()) == "410882-0001 沁阳市 崇义镇 A2O 20 在用 - 清源运维 北寨村污水处理站"


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (("--county", "410822"), ["wetland_1"]),
        (("--county", "沁阳市", "--process", "A²/O"), ["410882-0001"]),
        (("--company", "清源运维"), ["410882-0001"]),
        (("--class", "退出"), ["410882-0002"]),
        (("--class", "in_use"), ["410882-0001", "wetland_1"]),
        (("--review", "pending"), []),
    ],
)
def test_the_list_is_narrowed(run, filled, options, wanted):
    code, out, err = run("list", *options, "--json")
    assert (code, [each["id"] for each in json.loads(out)], err) == (0, wanted, "")
    code, out, err = run("list", *options)
    assert [line.split()[0] for line in out.splitlines()[1:]] == wanted
    assert err == ("" if wanted else "no station fits\n")


def test_the_list_for_machines_has_the_whole_record(run, filled):
    first = json.loads(run("list", "--json")[1])[0]
    told = {"id": "410882-0001", "county_code": "410882", "process": "A2O", "design_m3_per_day": 20.0,
            "rated_kw": None, "review": "confirmed", "class": "in_use"}  # fmt: skip
    assert told.items() <= first.items()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--county", "郑州市"),
         "--county: must be a known code or name; known are 410822 博爱县, 410882 沁阳市 (got 郑州市)"),
        (("--review", "perhaps"), "--review: must be one of confirmed (已核), pending (待核) (got perhaps)"),
    ],
)  # fmt: skip
def test_a_choice_that_there_is_not_ends_with_2(run, filled, options, said):
    assert run("list", *options) == (2, "", f"qingliu stations list: {said}\n")


def test_show_says_everything(run, filled):
    station = "410882-0001"
    entered = {"station_id": station, "entered_ms": 1_760_000_000_000}
    by_wang = {"entered_by": "王", **entered}
    with closing(Registry(f"sqlite:///{filled}/r.db")) as registry, registry.writing() as session:
        at = 1_760_000_000_000
        session.add_all([
            Device(station_id=station, device="power-1", kind="power", make="正泰", first_seen_ms=at),
            MeterExchange(device="power-1", at_ms=at, old_final=1234.5, new_initial=0, **by_wang),
            CtCorrection(device="power-1", since_ms=at, factor=1.5, **by_wang),
            ManualReading(device="power-1", at_ms=at, value=77.25, reader="赵", **entered),
            Exclusion(start=date(2026, 1, 1), end=date(2026, 1, 5), reason="maintenance", applicant="甲",
                      approver="乙", **entered),
            Inspection(id=1, day=date(2026, 2, 2), occasion="patrol", result="abnormal", findings="风机停",
                       inspector="丙", **entered),
            Presence(station_id=station, online=True, version="0.1.0", last_seen_ms=at),
        ])  # fmt: skip
        session.flush()
        session.add(WaterSample(inspection_id=1, parameter="COD", value=45, unit="mg/L", limit=60))
        session.get_one(Station, station).overrides = {"learn_s": 60}
    code, out, err = run("show", station)
    assert (code, err) == (0, "")
    for told in SHOWN:
        assert told in out, told
    file = json.loads(run("show", station, "--json")[1])
    counts = {key: len(value) for key, value in file.items() if isinstance(value, list) and key != "tags"}
    parts = ["classes", "devices", "exchanges", "ct_corrections", "manual_readings", "exclusions",
             "inspections", "samples", "changes"]  # fmt: skip
    assert counts == dict.fromkeys(parts, 1)
    assert (file["overrides"], file["presence"]["online"]) == ({"learn_s": 60}, True)
    assert file["classes"][0]["class"] == "in_use"


def test_show_of_a_box_that_counts_in_other_ages(run, filled):
    """The contract takes any instant below 2**53 ms of a box's word on itself."""
    with closing(Registry(f"sqlite:///{filled}/r.db")) as registry, registry.writing() as session:
        session.add(Presence(station_id="410882-0001", oldest_unsent_ms=2**53 - 1, last_seen_ms=1))
    code, out, err = run("show", "410882-0001")
    assert (code, err) == (0, "")
    assert "9007199254740991" in out


def test_show_of_nobody(run, centre):
    said = "qingliu stations show: nobody: no such station. See qingliu stations list.\n"
    assert run("show", "nobody") == (1, "", said)


def test_a_long_import_shows_a_bar_where_somebody_watches(run, centre, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    (centre / "many.csv").write_text("station\n" + "".join(f"s{n}\n" for n in range(501)))
    code, out, err = run("import", "many.csv")
    assert (code, out) == (0, "501 stations imported: 501 added, 0 changed, 0 unchanged\n")
    assert "importing [###" in err


def test_columns_count_what_a_terminal_shows():
    assert [width(text) for text in ("abc", "沁阳", "（", "é", "e\u0301")] == [3, 4, 2, 1, 1]
    assert list(aligned([("沁阳", "1", "x"), ("a", "10", "\x1b[31m")], {1})) == [
        "沁阳   1  x", "a     10   [31m"]  # fmt: skip
