"""The facility file's page: every kind of record, who changed it, and nothing that must not get out."""

import re
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from console_centre import DAY_MS, HOSTILE, HOUR_MS, NOW_MS, RUNNING
from sqlalchemy import event

from console import trail_words, words
from console.facility_file import MOST_RECORDS
from registry import record_kinds
from registry.audit import note_change
from registry.exclusions import REASONS, NewExclusion, enter_approved_stop, withdraw_exclusion
from registry.inspections import (
    OCCASIONS,
    PARAMETERS,
    RESULTS,
    NewInspection,
    NewSample,
    enter_inspection,
    remove_inspection,
)
from registry.meter_records import enter_ct_correction, enter_exchange, enter_manual_reading
from registry.meter_rules import NewCtCorrection, NewExchange, NewManualReading
from registry.record_entry import By
from registry.stations_columns import STATION_COLUMNS
from registry.tables import StationClass, StationTag

PAGE = f"/stations/{RUNNING}/file"
BY = By("王工", NOW_MS, ZoneInfo("Asia/Shanghai"))
SAMPLES = (
    NewSample("COD", 75.0, "mg/L", 60.0),
    NewSample("NH3-N", 3.25, "mg/L", 8.0),
    NewSample("pH", 7.2, ""),
)


def enter_everything(registry, station=RUNNING, told=""):
    with registry.writing() as session:
        for class_, since, document in (
            ("rebuilding", date(2026, 3, 1), "焦环文〔2026〕7号"),
            ("in_use", date(2026, 5, 1), told),
        ):
            session.add(StationClass(station_id=station, class_=class_, since=since, document=document,
                                     approver="李局", entered_ms=NOW_MS - 30 * DAY_MS))  # fmt: skip
        session.add(StationTag(station_id=station, tag=told or "南水北调保护区"))
        at = NOW_MS - 40 * DAY_MS
        enter_exchange(session, NewExchange(station, "power-1", at, 20411.25, 0.5, f"旧表烧毁{told}"), BY)
        enter_ct_correction(session, NewCtCorrection(station, "power-1", at + HOUR_MS, 40, told), BY)
        enter_manual_reading(session, NewManualReading(station, "power-1", at + DAY_MS, 812.4, "赵工"), BY)
        seen = NewInspection(
            station, date(2026, 11, 3), "abnormal", "unannounced", f"风机停转{told}", "李工", SAMPLES
        )
        enter_inspection(session, seen, BY)
        again = seen._replace(
            day=date(2026, 11, 10), result="normal", occasion="patrol", samples=(), findings=""
        )
        patrol = enter_inspection(session, again, BY)
        stop = NewExclusion(station, date(2026, 9, 1), date(2026, 9, 3), "grid_outage", "甲", "乙", told)
        number = enter_approved_stop(session, stop, BY).id
        withdraw_exclusion(session, number, f"申请撤回{told}", BY)
        enter_approved_stop(session, stop._replace(reason="season", attachment="files/31.pdf"), BY)
        remove_inspection(session, patrol.id, "重复录入", BY)


def section(text, name):
    return re.search(rf'<section id="{name}".*?</section>', text, re.DOTALL)[0]


def cells(text, name):
    body = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", section(text, name).partition("<tbody>")[2], re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in body]


def test_every_kind_of_record_is_shown(client, centre):
    enter_everything(centre.registry)
    text = client.get(PAGE).text
    assert cells(text, "classes")[:4] == ["2026-05-01", "In use", "–", "李局"]
    assert cells(text, "classes")[5:8] == ["2026-03-01", "Rebuilding", "焦环文〔2026〕7号"]
    assert cells(text, "devices")[:3] == ["power-1", "Power meter", "安科瑞 DTSD1352"]
    assert cells(text, "exchanges") == [
        "2026-10-12 14:05", "power-1", "20,411.25", "0.5", "旧表烧毁", "王工",
    ]  # fmt: skip
    assert cells(text, "corrections") == ["2026-10-12 15:05", "power-1", "40", "–", "王工"]
    assert cells(text, "manual") == ["2026-10-13 14:05", "power-1", "812.4", "赵工"]
    assert cells(text, "inspections") == [
        "2026-11-03", "unannounced visit", "not normal", "风机停转",
        "COD 75 mg/L (above the limit of 60) ammonia nitrogen 3.25 mg/L (limit 8) pH 7.2", "李工",
    ]  # fmt: skip
    stops = cells(text, "exclusions")
    assert stops[:3] == ["2026-09-01", "2026-09-03", "seasonal stop"]
    assert stops[7] == "–"
    assert stops[8:12] == ["2026-09-01", "2026-09-03", "grid outage", "甲"]
    assert stops[15] == "2026-11-21 14:05"
    assert section(text, "exclusions").count('<tr class="over">') == 1
    assert "南水北调保护区" in text


def test_the_last_changes_say_who_did_what(client, centre):
    enter_everything(centre.registry)
    changes = cells(client.get(PAGE).text, "changes")
    assert changes[:3] == ["2026-11-21 14:05", "王工", "inspection removed"]
    assert changes[3].endswith("Because 重复录入")
    assert "approved stop withdrawn" in changes
    withdrawn = changes[changes.index("approved stop withdrawn") + 1]
    assert "Withdrawn – → 2026-11-21 14:05" in withdrawn
    chinese = cells(client.get(PAGE, headers={"accept-language": "zh-CN"}).text, "changes")
    assert "录入换表" in chinese
    assert "旧表止码 20411.25" in chinese[chinese.index("录入换表") + 1]
    seen = chinese[chinese.index("录入检查", chinese.index("录入检查") + 1) + 1]
    assert "结果 非正常" in seen
    assert "水质 COD 75 mg/L 60, NH3-N" in seen


def test_a_change_of_the_station_shows_before_and_after(client, centre):
    with centre.registry.writing() as session:
        before, after = {"rated_kw": 3.5, "process": ""}, {"rated_kw": 4.0, "process": "A2O"}
        note_change(session, at_ms=NOW_MS, actor="cli:root", action="station.update", subject=RUNNING,
                    before=before, after=after)  # fmt: skip
        note_change(session, at_ms=NOW_MS, actor="x", action="station.update", subject="410882-00012")
    changes = cells(client.get(PAGE).text, "changes")
    assert changes == [
        "2026-11-21 14:05",
        "cli:root",
        "station changed",
        "Rated power 3.5 → 4; Process A²/O",
    ]


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_the_page_is_whole_and_safe_though_records_are_hostile(client, centre, language):
    enter_everything(centre.registry, told=HOSTILE)
    answer = client.get(PAGE, headers={"accept-language": language})
    assert answer.status_code == 200
    assert answer.text.rstrip().endswith("</html>")
    assert HOSTILE not in answer.text
    assert "&lt;script&gt;" in answer.text
    ids = re.findall(r'\bid="([^"]+)"', answer.text)
    assert len(ids) == len(set(ids))
    again = client.get(PAGE, headers={"accept-language": language, "if-none-match": answer.headers["etag"]})
    assert again.status_code == 304


def test_an_empty_file_says_so_and_the_station_page_leads_here(client):
    text = client.get(PAGE).text
    assert text.count("Nothing has been entered.") == 5
    assert "No change has been noted yet." in text
    assert f'href="{PAGE}"' in client.get(f"/stations/{RUNNING}").text
    assert client.get("/stations/hostile/file").status_code == 200
    missing = client.get("/stations/410882-4711/file")
    assert (missing.status_code, "There is no such station" in missing.text) == (404, True)


def test_long_lists_are_cut_and_cost_no_more_statements(client, centre):
    def statements():
        told = []

        def listener(*given):
            told.append(given[2])

        event.listen(centre.registry._engine, "before_cursor_execute", listener)
        try:
            assert client.get(PAGE).status_code == 200
        finally:
            event.remove(centre.registry._engine, "before_cursor_execute", listener)
        return len([each for each in told if each.startswith("SELECT")])

    few = statements()
    with centre.registry.writing() as session:
        for number in range(MOST_RECORDS + 5):
            at_ms = NOW_MS - (300 - number) * HOUR_MS
            enter_manual_reading(session, NewManualReading(RUNNING, "power-1", at_ms, number, "赵工"), BY)
    assert statements() == few
    text = client.get(PAGE).text
    assert len(cells(text, "manual")) == 4 * MOST_RECORDS
    assert f"The newest {MOST_RECORDS} are shown." in text


def test_the_vocabulary_covers_what_people_enter():
    assert set(words.INSPECTION_RESULTS) == set(RESULTS)
    assert set(words.OCCASIONS) == set(OCCASIONS)
    assert set(words.WATER_PARAMETERS) == set(PARAMETERS)
    assert set(words.APPROVED_STOPS) == set(REASONS)
    kinds = (record_kinds.EXCHANGE, record_kinds.CT_CORRECTION, record_kinds.MANUAL_READING,
             record_kinds.INSPECTION, record_kinds.EXCLUSION)  # fmt: skip
    columns = {name for kind in kinds for name in kind.columns} - {"station", "entered", "at", "since"}
    assert columns <= set(trail_words.FIELDS)
    assert {column.name for column in STATION_COLUMNS} - {"station"} <= set(trail_words.FIELDS)
