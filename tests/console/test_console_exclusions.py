"""Approved stops in the console: entered by one, the days over the ceiling approved by another, all noted."""

import re
from datetime import date

import pytest
from console_centre import DAY_MS, NOW_MS, RUNNING
from console_login import Limits, log_in
from console_months import OCTOBER, WELL, add_verdicts
from fastapi.testclient import TestClient
from test_console_registry import fields_of

from console.app import create_app
from registry.exclusion_days import closes_on
from registry.exclusions import enter_exclusion
from registry.tables import Audit, Exclusion
from service.civil import Month

OTHER = "410882-0002"
PDF = b"%PDF-1.4 an invented application"
OPERATOR, MANAGER = Limits("operator"), Limits("manager")
NEW = {"stations": RUNNING, "start": "2026-11-02", "end": "2026-11-10", "reason": "maintenance",
       "applicant": "清源（虚构）"}  # fmt: skip


@pytest.fixture
def console_settings(console_settings_of, tmp_path):
    settings = console_settings_of(tmp_path)
    uploads = type(settings.console)(uploads_path=str(tmp_path / "uploads"))
    return type(settings)(
        mqtt=settings.mqtt, centre=settings.centre, registry=settings.registry, history=settings.history,
        reporting=settings.reporting, console=uploads,
    )  # fmt: skip


@pytest.fixture
def browser(centre, tmp_path):
    app = create_app(centre.settings, centre.registry, centre.history, centre.clock, tmp_path / "vega-0.js")
    with TestClient(app, headers={"accept-language": "en"}) as opened:
        yield opened


def stops(centre):
    with centre.registry.reading() as session:
        return session.query(Exclusion).order_by(Exclusion.id).all()


def steps(centre):
    with centre.registry.reading() as session:
        found = session.query(Audit).filter(Audit.action.startswith("exclusion.")).order_by(Audit.id)
        return [(row.actor, row.address, row.action, row.object) for row in found]


def enter(browser, files=None, **typed):
    csrf = fields_of(browser.get("/exclusions/new").text)["csrf"]
    return browser.post("/exclusions/new", data={**NEW, "csrf": csrf, **typed}, files=files)


def act(browser, number, what, **typed):
    csrf = re.search(r'data-csrf="(\w+)"', browser.get("/exclusions").text)[1]
    return browser.post(f"/exclusions/{number}/{what}", data={"csrf": csrf, **typed})


def words(text):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


def test_a_stop_is_entered_waits_and_is_approved_by_somebody_else(centre, browser):
    log_in(browser, centre.registry, OPERATOR)
    answer = enter(browser, {"attachment": ("../../申请.pdf", PDF, "text/html")})
    assert answer.url.path == "/exclusions/1"
    text = words(answer.text)
    assert "Entered: 1 approved stops." in text
    assert "Beyond 5 days of a month: 4 days from 2026-11-07 on wait for a manager." in text
    assert "Whoever has the role of a manager decides." in text
    [row] = stops(centre)
    assert (row.start, row.end, row.applicant, row.approver, row.manager_ms) == (
        date(2026, 11, 2), date(2026, 11, 10), "清源（虚构）", "operator", None,
    )  # fmt: skip
    kept = browser.get("/exclusions/1/attachment")
    assert (kept.content, kept.headers["content-type"]) == (PDF, "application/pdf")
    assert kept.headers["content-disposition"] == 'attachment; filename="exclusion-1.pdf"'
    assert act(browser, 1, "approve").status_code == 403

    log_in(browser, centre.registry, MANAGER)
    listed = words(browser.get("/exclusions").text)
    assert "Waiting for a manager 1" in listed
    assert f"{RUNNING} 沁阳市 2026-11-02 2026-11-10 planned maintenance 清源（虚构） operator" in listed
    assert "November 2026 can be entered, and approved by a manager, until 2026-12-10." in listed
    text = words(act(browser, 1, "approve").text)
    assert "Approved: days beyond the ceiling count now." in text
    [row] = stops(centre)
    assert (row.manager, row.manager_ms) == ("manager", NOW_MS)
    assert "Waiting for a manager" not in browser.get("/exclusions").text
    assert "9 ✓ counts" in words(browser.get("/exclusions?month=2026-11").text)
    assert "manager has approved it already" in words(act(browser, 1, "approve").text)
    assert steps(centre) == [
        ("operator", "testclient", "exclusion.enter", RUNNING),
        ("manager", "testclient", "exclusion.approve", RUNNING),
    ]


def test_nobody_approves_or_refuses_their_own_entry(centre, browser):
    log_in(browser, centre.registry, MANAGER)
    text = enter(browser).text
    assert "another manager has to decide" in text
    assert act(browser, 1, "approve").status_code == 403
    assert act(browser, 1, "refuse", reason="x").status_code == 403
    assert stops(centre)[0].manager_ms is None


def test_a_refusal_and_a_withdrawal_need_a_reason_and_stay_on_record(centre, browser):
    log_in(browser, centre.registry, OPERATOR)
    enter(browser)
    enter(browser, stations=OTHER, end="2026-11-03")
    assert "Nothing was changed: Is required." in words(act(browser, 2, "withdraw", reason=" ").text)
    assert "Withdrawn: the stop no longer counts." in words(act(browser, 2, "withdraw", reason="误录").text)
    log_in(browser, centre.registry, MANAGER)
    text = words(act(browser, 1, "refuse", reason="材料不全").text)
    assert "approved stop refused by a manager manager 材料不全" in text
    assert all(row.withdrawn_ms == NOW_MS for row in stops(centre))
    assert [step[2] for step in steps(centre)] == [
        "exclusion.enter", "exclusion.enter", "exclusion.withdraw", "exclusion.refuse",
    ]  # fmt: skip
    assert "It is withdrawn already." in words(act(browser, 1, "refuse", reason="again").text)


def test_an_operator_does_not_take_back_what_a_manager_approved(centre, browser):
    log_in(browser, centre.registry, OPERATOR)
    enter(browser)
    log_in(browser, centre.registry, MANAGER)
    act(browser, 1, "approve")
    log_in(browser, centre.registry, OPERATOR)
    assert act(browser, 1, "withdraw", reason="x").status_code == 403
    assert stops(centre)[0].withdrawn_ms is None


def test_several_stations_are_entered_together_or_not_at_all(centre, browser):
    log_in(browser, centre.registry, OPERATOR)
    answer = enter(browser, stations=f"{RUNNING}\n西万村污水处理站, nowhere", end="2026-11-03")
    assert answer.status_code == 422
    assert "You see no station with the number or the name nowhere." in answer.text
    assert stops(centre) == []
    answer = enter(browser, stations=f"{RUNNING}；西万村污水处理站\n{RUNNING}", end="2026-11-03")
    assert "Entered: 2 approved stops." in answer.text
    assert [row.station_id for row in stops(centre)] == [RUNNING, "410882-0004"]
    again = enter(browser, stations=f"{RUNNING}\n{OTHER}", end="2026-11-03")
    assert f"{RUNNING}: overlaps the approved stop no. 1 of 2026-11-02 to 2026-11-03." in again.text
    assert len(stops(centre)) == 2


def test_faults_are_told_at_once_in_both_languages_and_leave_no_file(centre, browser, tmp_path):
    log_in(browser, centre.registry, OPERATOR)
    wrong = {"stations": "", "end": "2026-11-31", "reason": "holiday", "applicant": " Operator "}
    answer = enter(browser, {"attachment": ("a.pdf", PDF, "application/pdf")}, **wrong)
    assert answer.status_code == 422
    assert set(re.findall(r'id="fault-(\w+)"', answer.text)) == {"stations", "end", "reason", "approver"}
    assert 'value="2026-11-31"' in answer.text
    assert list((tmp_path / "uploads").glob("*")) == []
    answer = enter(browser, {"attachment": ("a.html", b"<script>", "application/pdf")})
    assert "Only JPEG, PNG and PDF files are taken." in answer.text
    browser.headers["accept-language"] = "zh-CN"
    faults = re.findall(r'class="fault"[^>]*>([^<]*)<', enter(browser, **wrong).text)
    assert "必填。" in faults
    assert "须为日历上的日期，如 2026-11-05。" in faults
    assert "不得批准本人的申请。" in faults
    assert stops(centre) == []


def test_a_stop_entered_too_late_says_that_it_does_not_count(centre, browser):
    log_in(browser, centre.registry, OPERATOR)
    with centre.registry.writing() as session:
        add_verdicts(session, RUNNING, OCTOBER, WELL.october)
    text = words(enter(browser, start="2026-10-30", end="2026-11-01").text)
    assert "It comes too late to count for 2026-10." in text
    assert closes_on(Month(2026, 10)) == date(2026, 11, 10)
    assert "0 × too late, does not count" in words(browser.get("/exclusions?month=2026-10").text)
    assert "1 ✓ counts" in words(browser.get("/exclusions?month=2026-11").text)


def test_the_list_is_searched_and_holds_to_what_one_sees(centre, browser):
    with centre.registry.writing() as session:
        for station, reason in ((RUNNING, "season"), (OTHER, "no_inflow")):
            enter_exclusion(session, station, date(2026, 11, 3), date(2026, 11, 4), reason=reason,
                            applicant=f"{reason}（虚构）", approver="李科",
                            entered_ms=NOW_MS - DAY_MS)  # fmt: skip
    log_in(browser, centre.registry, Limits("viewer"))
    for question, found in {
        "": 2, "reason=season": 1, "station=0002": 1, "who=no_in": 1, "who=李科": 2, "county=410882": 2,
        "county=1": 0, "month=2026-09": 0, "month=nonsense": 2, "month=9999-12": 2, "who=%00": 2,
    }.items():  # fmt: skip
        text = browser.get(f"/exclusions?{question}").text
        assert len(re.findall(r'href="/exclusions/\d+"', text)) == found, question
    assert 'href="/exclusions/new"' not in text
    assert browser.get("/exclusions/new").status_code == 403
    for path in ("/exclusions/3", "/exclusions/0", "/exclusions/-1", "/exclusions/x"):
        answer = browser.get(path)
        assert (answer.status_code, "There is no such approved stop" in answer.text) == (404, True)
    log_in(browser, centre.registry, Limits("contractor", company="别家（虚构）"))
    assert browser.get("/exclusions/1").status_code == 404
    assert "/exclusions/1" not in browser.get("/exclusions?month=2026-11").text
