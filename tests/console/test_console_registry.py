"""A station's file changed in the console: the rules of an import, nothing lost, nobody overwrites others."""

import html
import re
from datetime import date

import pytest
from console_centre import RUNNING
from console_login import Limits, log_in
from fastapi.testclient import TestClient

from console.app import create_app
from console.person import csrf_of
from console.registry_faults import rule_text
from registry.stations_records import Wanted, station_records
from registry.tables import Audit, County, Station, StationClass

PATH = f"/stations/{RUNNING}/edit"


def fields_of(text):
    """What a browser would send of the form that posts to the page's own address."""
    form = re.search(r'<form class="record".*?</form>', text, re.DOTALL)[0]
    found = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = (re.search(rf'{key}="([^"]*)"', tag) for key in ("name", "value"))
        if name and 'type="checkbox"' not in tag:
            found[name[1]] = html.unescape(value[1]) if value else ""
    for name, body in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', body)
        found[name] = chosen[1] if chosen else re.search(r'<option value="([^"]*)"', body)[1]
    for name, body in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', form, re.DOTALL):
        found[name] = html.unescape(body)
    return found


def record_of(centre, station=RUNNING):
    with centre.registry.reading() as session:
        return station_records(session, Wanted(station=station))[station]


def post(client, **typed):
    return client.post(PATH, data=fields_of(client.get(PATH).text) | typed, follow_redirects=False)


def changes(centre):
    with centre.registry.reading() as session:
        return [
            (row.actor, row.address, row.action, row.before, row.after)
            for row in session.query(Audit).filter(Audit.object == RUNNING)
        ]


def test_a_form_that_is_sent_as_it_came_changes_nothing(client, centre):
    before = record_of(centre)
    answer = client.post(PATH, data=fields_of(client.get(PATH).text))
    assert "Nothing was changed: the facility file is as it was." in answer.text
    assert record_of(centre) == before
    assert changes(centre) == []


def test_fields_are_changed_emptied_and_noted_with_name_and_address(client, centre):
    answer = post(client, name="新名称污水处理站", rated_kw="5.5", village="", tags="甲；乙", powered="no")
    assert answer.headers["location"] == f"/stations/{RUNNING}/file"
    assert f"The facility file of {RUNNING} is changed." in client.get(answer.headers["location"]).text
    now = record_of(centre)
    assert (now["name"], now["rated_kw"], now["village"]) == ("新名称污水处理站", 5.5, "")
    assert (now["tags"], now["powered"]) == (["乙", "甲"], False)
    [(actor, address, action, before, after)] = changes(centre)
    assert (actor, address, action) == ("admin", "testclient", "station.update")
    assert before["rated_kw"] == 3.5
    assert set(after) == {"name", "rated_kw", "village", "tags", "powered"}
    post(client, tags="")
    assert record_of(centre)["tags"] == []


def test_a_class_is_added_with_its_day_document_and_approver(client, centre):
    post(client, **{"class": "rebuilding", "class_since": "2026-11-20",
                    "class_document": "文〔2026〕1号（虚构）", "class_approver": "李（虚构）"})  # fmt: skip
    with centre.registry.reading() as session:
        [row] = session.query(StationClass).filter_by(station_id=RUNNING)
    assert (row.class_, row.since, row.document) == (
        "rebuilding",
        date(2026, 11, 20),
        "文〔2026〕1号（虚构）",
    )
    assert changes(centre)[0][2] == "station.class"
    answer = post(client, **{"class": "retired", "class_since": "2026-11-19"})
    assert answer.status_code == 422
    assert "Must lie after 2026-11-20, when the present class (Rebuilding) began." in answer.text
    assert 'name="class_since" type="date" value="2026-11-19" aria-invalid="true"' in answer.text


def test_all_faults_stand_beside_their_fields_and_what_was_typed_stays(client, centre):
    before = record_of(centre)
    typed = {"name": "新" * 201, "rated_kw": "很大", "latitude": "95", "commissioned": "昨天",
             "class_since": "2026-11-01"}  # fmt: skip
    answer = post(client, **typed)
    assert answer.status_code == 422
    for field, said in {
        "name": "At most 200 letters.", "rated_kw": "Must be a number from 0 to 100000.",
        "latitude": "Must lie between -90 and 90.", "commissioned": "Must be a day of the calendar",
        "class": "Choose the class as well.",
    }.items():  # fmt: skip
        assert re.search(rf'id="fault-{field}">[^<]*{re.escape(said)}', answer.text), field
    assert {**fields_of(answer.text), **typed} == fields_of(answer.text)
    assert record_of(centre) == before
    chinese = client.post(PATH + "?lang=zh-CN", data=fields_of(answer.text)).text
    faults = re.findall(r'class="fault"[^>]*>([^<]*)<', chinese)
    assert len(faults) == 5
    assert all(re.search("[一-鿿]", each) and not re.search("[a-z]{4}", each) for each in faults), faults


def test_the_second_of_two_is_told_what_changed_and_keeps_what_was_typed(client, centre):
    first, second = fields_of(client.get(PATH).text), fields_of(client.get(PATH).text)
    client.post(PATH, data=first | {"name": "先改的名称", "rated_kw": "7"})
    answer = client.post(PATH, data=second | {"village": "后改的村", "rated_kw": "9"})
    assert answer.status_code == 409
    text = re.sub(r"<[^>]+>", "", answer.text)
    assert "somebody else changed this station while the form was open. admin at 2026-11-21 14:05." in text
    assert "Name: 北寨村污水处理站 → 先改的名称" in text
    assert "Rated power: 3.5 → 7" in text
    kept = fields_of(answer.text)
    assert (kept["name"], kept["village"], kept["rated_kw"]) == ("先改的名称", "后改的村", "9")
    assert record_of(centre)["rated_kw"] == 7
    assert client.post(PATH, data=kept, follow_redirects=False).status_code == 303
    now = record_of(centre)
    assert (now["name"], now["village"], now["rated_kw"]) == ("先改的名称", "后改的村", 9)


def test_a_station_is_not_moved_out_of_what_one_sees(centre, tmp_path):
    with centre.registry.writing() as session:
        session.add(County(code="410823", name="武陟县"))
    app = create_app(centre.settings, centre.registry, centre.history, centre.clock, tmp_path / "vega-0.js")
    with TestClient(app, headers={"accept-language": "en"}, follow_redirects=False) as browser:
        log_in(browser, centre.registry, Limits("manager", ("410882",)))
        fields = fields_of(browser.get(PATH).text)
        answer = browser.post(PATH, data=fields | {"county": "410823", "town": "某镇"})
        assert answer.status_code == 422
        assert "Must be one of the counties that you see." in answer.text
        log_in(browser, centre.registry, Limits("manager", ("410823",)))
        csrf = csrf_of(browser.cookies["session"])
        assert browser.get(PATH).status_code == 404
        assert browser.post(PATH, data=fields | {"csrf": csrf}).status_code == 404
        log_in(browser, centre.registry, Limits("operator"))
        assert browser.get(PATH).status_code == 403
    with centre.registry.reading() as session:
        assert session.get(Station, RUNNING).county_code == "410882"


@pytest.mark.parametrize("rule", ["a rule of tomorrow", "is required with a bang"])
def test_a_rule_that_is_not_known_is_shown_as_it_is(rule):
    assert rule_text(None, rule) == rule
