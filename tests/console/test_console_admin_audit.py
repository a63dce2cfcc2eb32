"""The audit trail in the console: filter, pages, difference, CSV, limits, and the chain's verification."""

import csv
import io
import re
from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from console_admin_browser import AdminBrowser
from console_centre import DAY_MS, HOSTILE, NOW_MS, RUNNING
from console_login import SEES_ALL, Limits, user_of
from fresh_registry import fresh_registry
from sqlalchemy import text as sql

from console.admin_difference import Field, fields_of, in_one_line
from console.admin_trail import PAGE_ROWS, Asked, trail_page
from console.admin_words import ACTIONS
from console.language import load_languages
from console.person import Person
from console.reader import Reader
from registry.audit import note_change
from registry.scope import Scope
from registry.tables import Audit, County, Station
from service.civil import clock_of

ROOT = Path(__file__).parents[2]
ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def admin(centre, tmp_path):
    browser = AdminBrowser(centre, tmp_path)
    with browser.client:
        yield browser


def note(registry, action="station.update", subject=RUNNING, at_ms=NOW_MS, actor="王工", **sides):
    with registry.writing() as session:
        note_change(session, at_ms=at_ms, actor=actor, action=action, subject=subject, **sides)


def rows_in(text):
    table = text.partition('<table class="trail">')[2].partition("</table>")[0]
    return table.partition("<tbody>")[2].count("<tr>")


def test_a_change_is_told_with_what_was_and_what_is(admin, centre):
    note(
        centre.registry,
        before={"process": "A2O", "rated_kw": 3.5, "village": ""},
        after={"process": "wetland", "rated_kw": 4.0, "village": HOSTILE},
    )
    text = admin.get("/admin/audit").text
    assert "<del>A²/O</del> → <ins>Constructed wetland</ins>" in text
    assert "<del>3.5</del> → <ins>4</ins>" in text
    assert "<del>–</del> → <ins>&lt;script&gt;" in text
    assert HOSTILE not in text
    assert "2026-11-21 14:05:00" in text


def test_the_filter_takes_who_what_to_what_and_when(admin, centre):
    registry = centre.registry
    note(registry, "exclusion.enter", "410882-0002", NOW_MS - 3 * DAY_MS, "李工")
    note(registry, "exclusion.approve", "410882-0002", NOW_MS - 2 * DAY_MS, "王工")
    note(registry, "report.freeze", "report-2026-10-r1", NOW_MS, "王_工")
    yesterday = clock_of(NOW_MS - 2 * DAY_MS, centre.settings.zone).date()
    for question, count in {
        "": 4,  # with the making of the user who asks
        "actor=王工": 1,
        "actor=_": 1,
        "actor=%25": 0,
        "action=exclusion.enter": 1,
        "action=exclusion.": 2,
        "object=410882-0002": 2,
        "object=REPORT": 1,
        f"object=0002&from={yesterday}": 1,
        f"object=0002&until={yesterday}": 2,
        f"object=0002&from={yesterday}&until={yesterday}": 1,
        "from=nonsense": 4,
        "actor=%00": 4,
    }.items():
        text = admin.get(f"/admin/audit?{question}").text
        assert rows_in(text) == count, question
    assert "Nothing in the trail fits" in admin.get("/admin/audit?actor=nobody").text


def test_pages_go_back_to_the_first_row_without_a_gap(admin, centre):
    for number in range(2 * PAGE_ROWS):
        note(centre.registry, subject=f"410882-{number:04d}")
    path, numbers = "/admin/audit?actor=王工", []
    while path:
        text = admin.get(path).text
        numbers += [int(n) for n in re.findall(r'data-label="No\.">(\d+)</td>', text)]
        found = re.search(r'rel="next" href="([^"]+)"', text)
        path = found[1].replace("&amp;", "&") if found else ""
    assert numbers == list(range(numbers[0], numbers[0] - 2 * PAGE_ROWS, -1))


def test_the_table_for_a_spreadsheet_has_every_row_and_no_formula(admin, centre):
    note(centre.registry, actor="=1+1", after={"note": "=2+2", "sent": True})
    answer = admin.get("/admin/audit.csv?object=410882")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="audit-2026-11-21.csv"' in answer.headers["content-disposition"]
    assert answer.text.startswith("\ufeff")
    head, row = csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert (head[0], row[2], row[5], row[6]) == ("No.", "'=1+1", "station.update", RUNNING)
    assert row[7] == "Note: =2+2; Sent: yes"
    assert len(row[8]) == 64


def test_the_chain_is_verified_on_demand_and_a_change_behind_its_back_is_found(admin, centre):
    note(centre.registry, after={"village": "北寨村"})
    assert "never been verified" in admin.get("/admin/audit").text
    text = admin.post("/admin/audit/verify").text
    assert "The chain holds: 2 rows." in text
    assert "The chain holds up to row 2." in text
    assert "Verified 2026-11-21 14:05 by admin." in text
    with centre.registry.reading() as session:
        assert session.get_one(Audit, 2).sha256 in text
    assert "verified up to row 2 of 3" in admin.get("/admin").text
    with centre.registry.writing() as session:
        session.execute(sql("UPDATE audit SET actor = '别人' WHERE id = 2"))
    text = admin.post("/admin/audit/verify").text
    assert text.count("The chain is broken at row 2.") == 2  # what was done, and how it stands
    assert "broken at row 2" in admin.get("/admin").text


def test_whoever_is_limited_sees_what_was_done_within_the_limits(centre, tmp_path):
    registry = centre.registry
    with registry.writing() as session:
        session.add(County(code="410823", name="武陟县"))
        session.flush()
        session.add(Station(id="410823-0001", county_code="410823"))
    user_of(registry, Limits("viewer", ("410882",)), "内人")
    user_of(registry, Limits("viewer"), "外人")
    for subject in (
        RUNNING, f"{RUNNING}/note/1", "410882/崇义镇", "410882", "410823-0001", "410823-0001/note/2",
        "410823", "410823/木城", "report-2026-10-r1", "channel:desk", "user:unknown", "410882-00011",
    ):  # fmt: skip
        note(registry, subject=subject)
    browser = AdminBrowser(centre, tmp_path, Limits("admin", ("410882",)))
    with browser.client:
        for text in (browser.get("/admin/audit").text, browser.get("/admin/audit.csv").text):
            for shown in (f"{RUNNING}/note/1", "410882/崇义镇", "user:内人"):
                assert shown in text
            hidden = ("410823", "user:外人", "user:unknown", "report-2026", "channel:desk", "410882-00011")
            for each in hidden:
                assert each not in text


@pytest.fixture
def postgres_registry(postgres):
    with closing(fresh_registry(postgres.new_registry())) as registry:
        yield registry


def test_the_same_on_postgresql(postgres_registry):
    with postgres_registry.writing() as session:
        session.add(County(code="410882", name="沁阳市"))
        session.flush()
        session.add(Station(id=RUNNING, county_code="410882"))
    for subject in (RUNNING, f"{RUNNING}/note/1", "410823", "410882/崇义镇", "Report_1"):
        note(postgres_registry, subject=subject)
    limited = Person(7, "县管", "admin", Scope(frozenset({"410882"})), "")
    with postgres_registry.reading() as session:
        for person, asked, count in [
            (limited, Asked(), 3),
            (SEES_ALL, Asked(), 5),
            (SEES_ALL, Asked(object="report_"), 1),
            (SEES_ALL, Asked(action="station.", from_ms=NOW_MS, until_ms=NOW_MS + 1), 5),
        ]:
            assert len(trail_page(session, person, asked, None).rows) == count


def test_a_difference_reads_well_in_both_languages():
    languages = load_languages()
    row = Audit(
        before={"role": "operator", "counties": ["410882"], "until_ms": None},
        after={"role": "manager", "counties": [], "until_ms": NOW_MS, "odd": {"a": [1.0, True]}},
    )
    english, chinese = (Reader(languages[tag], ZONE, NOW_MS) for tag in ("en", "zh-CN"))
    assert fields_of(english, row) == [
        Field("Role", "operator", "manager"),
        Field("Counties", "410882", "–"),
        Field("Until", "–", "2026-11-21 14:05"),
        Field("odd", None, "a=1, yes"),
    ]
    assert in_one_line(chinese, row).startswith("角色: 值班员 → ")


def test_every_action_that_the_code_names_has_a_word():
    pattern = re.compile(r'action="([a-z]+\.[a-z_.]+)"|_note\(session, (?:by, )?"([a-z_.]+)"')
    named = set()
    for package in ("registry", "alerting", "reporting", "console", "collector", "qingliu"):
        for path in (ROOT / package).rglob("*.py"):
            named |= {one or other for one, other in pattern.findall(path.read_text())}
    assert {"user.logout", "user.disable", "verdict.correct", "county.update"} <= named
    assert named <= set(ACTIONS), sorted(named - set(ACTIONS))
