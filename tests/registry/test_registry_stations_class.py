"""Changes that a facility file brings: classes as dated history, an audit row a station, days judged anew."""

from contextlib import closing
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from fresh_registry import fresh_registry
from sqlalchemy import select

from alerting.judging import Rules
from alerting.worker import Worker
from history.embedded import EmbeddedHistory
from history.port import QUARTER_HOUR_MS, StationReading
from registry.audit import first_broken
from registry.config import AlertingSettings
from registry.dirty import dirty, mark_dirty
from registry.stations import import_csv, note_pending
from registry.stations_import import carry_out, plan_import, read_stations
from registry.stations_records import classes_on, station_records
from registry.tables import Audit, County, DayVerdict, Device, Station, StationClass, StationTag
from service.civil import ONE_DAY, start_of
from service.settings import SettingsError
from telemetry.reading import Reading

ZONE = ZoneInfo("Asia/Shanghai")
AT_MS = start_of(date(2026, 10, 15), ZONE)
HEAD = "station,class,class_since,class_document,class_approver\n"


def put(tmp_path, text):
    path = tmp_path / "f.csv"
    path.write_text(text)
    return path


def bring_in(registry, tmp_path, text):
    with registry.writing() as session:
        return import_csv(session, put(tmp_path, text), at_ms=AT_MS, actor="王")


def plan(registry, tmp_path, text):
    with registry.writing() as session:
        planned = plan_import(session, read_stations(put(tmp_path, text)))
        carry_out(session, planned, at_ms=AT_MS, actor="王", zone=ZONE)
    return planned


def refused(registry, tmp_path, text):
    with pytest.raises(SettingsError) as caught, registry.writing() as session:
        import_csv(session, put(tmp_path, text))
    return [line.removeprefix(f"{tmp_path}/f.csv: ") for line in caught.value.lines()]


def classes(registry, station="a"):
    with registry.reading() as session:
        rows = session.scalars(
            select(StationClass).where(StationClass.station_id == station).order_by(StationClass.since)
        )
        return [(row.class_, str(row.since), row.document, row.approver) for row in rows]


def trail(registry):
    with registry.reading() as session:
        assert first_broken(session) is None
        return [
            (row.action, row.object, row.before, row.after)
            for row in session.scalars(select(Audit).order_by(Audit.id))
        ]


def test_classes_follow_each_other_and_none_is_overwritten(registry, tmp_path):
    bring_in(registry, tmp_path, HEAD + "a,在用,2024-06-01,,\n")
    bring_in(registry, tmp_path, HEAD + "a,改造,2026-03-01,文〔2026〕1号,李\n")
    bring_in(registry, tmp_path, HEAD + "a,rebuilding,,,\n")
    assert classes(registry) == [
        ("in_use", "2024-06-01", "", ""),
        ("rebuilding", "2026-03-01", "文〔2026〕1号", "李"),
    ]
    with registry.reading() as session:
        assert [classes_on(session, day).get("a") for day in (date(2024, 5, 31), date(2026, 2, 28),
                date(2026, 3, 1))] == [None, "in_use", "rebuilding"]  # fmt: skip
    assert [action for action, *_ in trail(registry)] == ["station.add", "station.class"]
    assert trail(registry)[1][2:] == (
        {"class": "in_use", "class_since": "2024-06-01", "class_document": "", "class_approver": ""},
        {
            "class": "rebuilding",
            "class_since": "2026-03-01",
            "class_document": "文〔2026〕1号",
            "class_approver": "李",
        },
    )


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ("改造,2025-01-01,,", ('class: the class is in_use from this day on already, and history is never '
         'overwritten (got "rebuilding"). Give the new class a later class_since.')),
        ("改造,2024-12-31,,", ('class_since: must lie after 2025-01-01, when the present class (in_use) '
         'began (got "2024-12-31"). Write a later day, or leave the class\'s cells empty.')),
        ("在用,2026-01-01,,", ('class_since: the class is in_use since 2025-01-01 already '
         '(got "2026-01-01"). Leave it empty, or write that day.')),
        ("改造,,,", "class_since: is required when the class changes. Write the day from which it holds."),
        (",2026-01-01,,", "class: is required with class_since. Write the class."),
        ("在用,,另一文件,", ('class_document: is written down as 文件, and history is never overwritten '
         '(got "另一文件"). Leave it empty, or enter a new class from its own day.')),
        ("报废,2026-01-01,,", ("class: must be one of in_use (在用), rebuilding (改造), to_sewer (纳管), "
         'retired (退出), shut (停用) (got "报废"). Correct it.')),
        ("改造,2026-13-01,,", ('class_since: must be a date of the calendar such as 2025-06-30 '
         '(got "2026-13-01"). Correct it.')),
    ],
)  # fmt: skip
def test_what_would_overwrite_the_history_is_refused(sqlite_registry, tmp_path, cells, said):
    bring_in(sqlite_registry, tmp_path, HEAD + "a,在用,2025-01-01,文件,\n")
    assert refused(sqlite_registry, tmp_path, HEAD + f"a,{cells}\n") == [f"row 2: column {said}"]
    assert classes(sqlite_registry) == [("in_use", "2025-01-01", "文件", "")]


def test_an_empty_document_or_approver_may_be_filled_later(registry, tmp_path):
    bring_in(registry, tmp_path, HEAD + "a,在用,2025-01-01,文件,\n")
    bring_in(registry, tmp_path, HEAD + "a,在用,2025-01-01,,李\n")
    assert classes(registry) == [("in_use", "2025-01-01", "文件", "李")]
    assert trail(registry)[1] == ("station.update", "a", {"class_approver": ""}, {"class_approver": "李"})


def test_the_first_class_in_use_begins_with_the_commissioning(sqlite_registry, tmp_path):
    head = "station,commissioned,class\n"
    bring_in(sqlite_registry, tmp_path, head + "a,2024-06-01,在用\n")
    assert classes(sqlite_registry) == [("in_use", "2024-06-01", "", "")]
    assert refused(sqlite_registry, tmp_path, head + "b,,在用\nc,2024-06-01,停用\nd,x,在用\n") == [
        "row 2: column class_since: is required when the class changes. Write the day from which it holds.",
        "row 3: column class_since: is required when the class changes. Write the day from which it holds.",
        'row 4: column commissioned: must be a date such as 2025-06-30 (got "x"). Correct it.',
        "row 4: column class_since: is required when the class changes. Write the day from which it holds.",
    ]


def test_each_changed_station_is_one_audit_row_of_what_changed(registry, tmp_path):
    bring_in(registry, tmp_path, "station,name,county,tags\na,甲,410882,山区\nb,乙,,\n")
    bring_in(registry, tmp_path, "station,name,tags\na,甲,南水北调保护区、山区\nb,丙,\n")
    bring_in(registry, tmp_path, "station,name,tags\na,甲,-\nb,,\n")
    assert trail(registry) == [
        ("station.add", "a", None, {"name": "甲", "county": "410882", "tags": ["山区"]}),
        ("station.add", "b", None, {"name": "乙"}),
        ("station.update", "a", {"tags": ["山区"]}, {"tags": ["南水北调保护区", "山区"]}),
        ("station.update", "b", {"name": "乙"}, {"name": "丙"}),
        ("station.update", "a", {"tags": ["南水北调保护区", "山区"]}, {"tags": []}),
    ]
    with registry.reading() as session:
        assert list(session.scalars(select(StationTag))) == []


def test_a_county_that_gets_another_name_is_audited_once(sqlite_registry, tmp_path):
    bring_in(sqlite_registry, tmp_path, "station,county,county_name\na,410882,\nb,410882,\n")
    bring_in(sqlite_registry, tmp_path, "station,county,county_name\na,410882,沁阳市\nb,410882,沁阳市\n")
    assert trail(sqlite_registry)[2:] == [("county.update", "410882", {"name": "410882"}, {"name": "沁阳市"})]


def test_a_county_is_known_by_its_code_its_name_or_from_another_row(registry, tmp_path):
    head = "station,区县代码,区县,town\n"
    rows = "a,410882,沁阳市,崇义镇\nb,沁阳市,,崇义镇\nc,,沁阳市,崇义镇\nd,,410883,\n"
    assert bring_in(registry, tmp_path, head + rows) == 4
    with registry.reading() as session:
        records = station_records(session)
        assert {row.code: row.name for row in session.scalars(select(County))} == {
            "410882": "沁阳市",
            "410883": "410883",
        }
    assert [records[station]["county"] for station in "abcd"] == ["410882"] * 3 + ["410883"]
    assert [records[station]["town"] for station in "abcd"] == ["崇义镇"] * 3 + [""]


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ("沁阳县,,", "county: must be a county's code or a known name; known are 博爱县, 沁阳市 (got "),
        (",沁阳县,", "county_name: must be a county's code or a known name; known are 博爱县, 沁阳市 (got "),
        ("410822,沁阳市,", 'county_name: is the name of 410882 (got "沁阳市").'),
        ("410822,,", "town: is required when the county changes."),
    ],
)  # fmt: skip
def test_a_county_that_cannot_be_meant_is_refused(sqlite_registry, tmp_path, cells, said):
    head = "station,county,county_name,town\n"
    bring_in(sqlite_registry, tmp_path, head + "a,410882,沁阳市,崇义镇\nb,410822,博爱县,\n")
    (line,) = refused(sqlite_registry, tmp_path, head + f"a,{cells}\n")
    assert line.startswith(f"row 2: column {said}")


def test_two_names_for_a_county_in_one_file_are_refused(sqlite_registry, tmp_path):
    text = "station,county,county_name\na,410882,沁阳市\nb,410882,沁阳\nc,1,甲\nd,2,甲\ne,甲,\n"
    assert refused(sqlite_registry, tmp_path, text) == [
        'row 3: column county_name: 410882 is called 沁阳市 further up (got "沁阳"). Correct it.',
        'row 6: column county: is the name of 1, 2; give the code (got "甲"). Correct it.',
    ]


def test_a_town_needs_no_county_where_the_station_has_one(sqlite_registry, tmp_path):
    bring_in(sqlite_registry, tmp_path, "station,county\na,410882\n")
    bring_in(sqlite_registry, tmp_path, "station,town\na,崇义镇\n")
    with sqlite_registry.reading() as session:
        assert station_records(session)["a"]["town"] == "崇义镇"


def test_who_is_imported_is_confirmed_unless_the_file_says_otherwise(sqlite_registry, tmp_path):
    with sqlite_registry.writing() as session:
        note_pending(session, "a")
        note_pending(session, "b")
    bring_in(sqlite_registry, tmp_path, "站点编号,审核\na,\nb,待核\n")
    with sqlite_registry.reading() as session:
        assert [station_records(session)[station]["review"] for station in "ab"] == ["confirmed", "pending"]
    assert trail(sqlite_registry) == [("station.update", "a", {"review": "pending"}, {"review": "confirmed"})]


def test_overrides_and_what_the_file_has_no_column_for_stay(registry, tmp_path):
    with registry.writing() as session:
        session.add(Station(id="a", overrides={"learn_s": 60}, powered=False, tier="town"))
    bring_in(registry, tmp_path, "station,name\na,甲\n")
    with registry.reading() as session:
        row = session.get_one(Station, "a")
    assert (row.name, row.overrides, row.powered, row.tier) == ("甲", {"learn_s": 60}, False, "town")


def test_another_process_or_capacity_has_the_judged_days_of_two_months_judged_anew(registry, tmp_path):
    bring_in(registry, tmp_path, "station,design_m3_per_day,rated_kw\na,10,3\nb,10,3\nc,10,3\n")
    days = [date(2026, 8, 31), date(2026, 9, 1), date(2026, 9, 2), date(2026, 10, 14)]
    with registry.writing() as session:
        session.add_all(
            DayVerdict(
                station_id=station, day=day, verdict="unknown" if day == date(2026, 9, 2) else "running",
                valid_hours=24, reason="as_usual", rule_version="1", computed_ms=1,
            )
            for station in "abc"
            for day in days
        )  # fmt: skip
    planned = plan(
        registry, tmp_path, "station,design_m3_per_day,rated_kw,process\na,30,3,\nb,10,4,\nc,,,AO\n"
    )
    assert (planned.added, planned.changed) == ([], ["a", "b", "c"])
    with registry.reading() as session:
        marked = dirty(session)
    assert marked == [
        (station, start_of(day, ZONE)) for station in "ac" for day in (date(2026, 9, 1), date(2026, 10, 14))
    ]


def test_good_rows_are_imported_without_the_bad_ones(registry, tmp_path):
    planned = plan(registry, tmp_path, "station,name\na,甲\n坏,乙\na,丙\nb,丁\n")
    assert (planned.added, planned.bad_stations) == (["a", "b"], {3: "坏", 4: "a"})
    with registry.reading() as session:
        assert {key: each["name"] for key, each in station_records(session).items()} == {"a": "甲", "b": "丁"}


def test_the_worker_judges_the_days_of_a_changed_station_anew(tmp_path):
    """A wetland needs next to no energy, so that a day with effluent alone counts as running."""
    day = date(2026, 10, 13)
    start_ms, end_ms = start_of(day, ZONE), start_of(day + ONE_DAY, ZONE)
    hour_ms = 3_600_000
    with (
        closing(fresh_registry(f"sqlite:///{tmp_path}/registry.db")) as registry,
        closing(EmbeddedHistory(tmp_path / "history.db")) as history,
    ):
        bring_in(registry, tmp_path, "station,design_m3_per_day\na,5\n")
        with registry.writing() as session:
            for name, kind in (("power-1", "power"), ("flow-1", "flow")):
                session.add(Device(station_id="a", device=name, kind=kind, first_seen_ms=start_ms))
            session.flush()
            mark_dirty(session, [("a", at_ms) for at_ms in range(start_ms, end_ms, QUARTER_HOUR_MS)])
        times = range(start_ms, end_ms + hour_ms, QUARTER_HOUR_MS)
        power = [Reading(t=at_ms, d="power-1", k="power", x={"energy_kwh": 7.0}) for at_ms in times]
        flow = [
            Reading(t=at_ms, d="flow-1", k="flow", x={"volume_m3": n / 40}) for n, at_ms in enumerate(times)
        ]
        history.write([StationReading("a", reading) for reading in (*power, *flow)])

        def judged(now_ms):
            worker = Worker(Rules(AlertingSettings(), ZONE), registry, history, lambda: now_ms, "one")
            worker.tick(now_ms)
            with registry.reading() as session:
                row = session.get_one(DayVerdict, ("a", day))
                return row.verdict, row.reason, row.computed_ms

        assert judged(end_ms + hour_ms) == ("stopped", "no_energy", end_ms + hour_ms)
        with registry.writing() as session:
            planned = plan_import(session, read_stations(put(tmp_path, "station,process\na,人工湿地\n")))
            carry_out(session, planned, at_ms=end_ms + 2 * hour_ms, actor="王", zone=ZONE)
        verdict, _, computed_ms = judged(end_ms + 2 * hour_ms)
        assert (verdict, computed_ms) == ("running", end_ms + 2 * hour_ms)
