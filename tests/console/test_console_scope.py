"""Whoever sees a part of the city never meets a station outside it: no page, fragment, JSON or download."""

import re
from contextlib import closing
from datetime import date
from typing import NamedTuple

import pytest
from console_alarms import an_alarm, an_event
from console_centre import DAY_MS, HOUR_MS, NOW_MS
from console_login import Limits, log_in
from console_months import OCTOBER, add_verdicts, made_report
from fastapi.testclient import TestClient
from fresh_registry import fresh_registry
from starlette.routing import Mount

from alerting.alarm_life import AREA_EVENT
from console.app import create_app
from history.embedded import EmbeddedHistory
from registry.exclusions import enter_exclusion
from registry.quarantine import Entry, put_aside
from registry.tables import Alarm, Company, County, Device, Presence, Quarantine, Report, StatePeriod, Station

COUNTIES = {"410823": "武陟县", "410882": "沁阳市"}
COMPANIES = {1: "甲运维（虚构）", 2: "乙运维（虚构）"}
LETTERS = {"R": "running", "S": "stopped"}
ONE_EACH = {"station_id", "exclusion_id", "alarm_id"}
"""Parts of addresses of which every station has its own."""
IN_EVENT = 77
SYSTEM_ALARM = 88


class Place(NamedTuple):
    """A station of the test: where it is and whose."""

    id: str
    county: str
    company: int

    @property
    def name(self) -> str:
        return f"名{self.id.replace('-', '')}站"


PLACES = [
    Place(f"{county}-{company}{number}", county, company)
    for county in COUNTIES for company in COMPANIES for number in (1, 2)
]  # fmt: skip
VIEWS = {
    "county": (("410823",), 0),
    "both counties": (("410823", "410882"), 0),
    "company": ((), 2),
    "company in a county": (("410882",), 1),
}


def seen_by(view):
    counties, company = VIEWS[view]
    return [
        place for place in PLACES
        if (not counties or place.county in counties) and company in (0, place.company)
    ]  # fmt: skip


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def two_counties(request, tmp_path_factory, console_settings_of):
    folder = tmp_path_factory.mktemp("two-counties")
    url = f"sqlite:///{folder}/registry.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").new_registry()
    settings = console_settings_of(folder)
    with closing(fresh_registry(url)) as registry, closing(EmbeddedHistory(folder / "history.db")) as history:
        with registry.writing() as session:
            fill(session, folder / "reports")
        yield create_app(settings, registry, history, lambda: NOW_MS, folder / "vega-0.js"), registry


def fill(session, reports):
    """Eight stations, each with a state, alarms on every list, a quarantine entry; area events; a report."""
    session.add_all(County(code=code, name=name) for code, name in COUNTIES.items())
    session.add_all(Company(id=number, name=name) for number, name in COMPANIES.items())
    session.flush()
    for number, place in enumerate(PLACES):
        session.add(
            Station(id=place.id, name=place.name, county_code=place.county, company_id=place.company,
                    design_m3_per_day=20.0)
        )  # fmt: skip
        session.flush()
        session.add(StatePeriod(station_id=place.id, state="stopped", start_ms=NOW_MS - DAY_MS,
                                decided_ms=NOW_MS, reason="as_expected", evidence={}))  # fmt: skip
        session.add(Presence(station_id=place.id, last_seen_ms=NOW_MS))
        session.add(Device(station_id=place.id, device="power-1", kind="power"))
        add_verdicts(session, place.id, OCTOBER, ("R" if place.company == 1 else "S") * 31)
        own = {"subject": place.id, "station_id": place.id}
        event = {"410823": 1, "410882": 2}[place.county]
        session.add_all(
            [
                an_alarm(100 + number, 1, **own),
                an_alarm(200 + number, 1, "idling", **own, severity="low"),
                an_alarm(
                    300 + number, 1, "meter_fault", **own, follow_up_ms=NOW_MS - HOUR_MS, due_ms=NOW_MS - 1
                ),
                an_alarm(400 + number, 1, "low_load", **own, shelved_until_ms=NOW_MS + HOUR_MS),
                an_alarm(500 + number, 1, "power_cut", **own, closed_ms=NOW_MS - 1),
            ]
        )
        enter_exclusion(session, place.id, date(2026, 11, 1), date(2026, 11, 9), reason="season",
                        applicant=f"请{place.name}", approver="李科", entered_ms=NOW_MS)  # fmt: skip
        session.flush()
        put_aside(session, [Entry(NOW_MS, place.id, "not_json", f"of {place.id}", place.name.encode())])
        if number % 4 == 0:
            session.add(an_event(event, place.county if event == 1 else f"{place.county}/一镇"))
            session.flush()
        session.add(
            an_alarm(
                600 + number, 1, "offline", **own, severity="low", suppressed_by=AREA_EVENT, parent_id=event
            )
        )
    session.add(an_alarm(SYSTEM_ALARM, 1, "broker_lost", subject="collector", station_id=None))
    put_aside(session, [Entry(NOW_MS, "410823-unknown", "unknown_station", "not on the register", b"{}")])
    report = made_report(reports, "2026-10", 1, "frozen", "0.500000", "0.500000")
    report.summary |= {"counties": {"410823": "0.111111", "410882": "0.222222"}}
    session.add(report)


@pytest.fixture
def as_(two_counties):
    """Somebody's browser, by role and view."""
    app, registry = two_counties
    opened = []

    def browser(role, view):
        counties, company = VIEWS[view]
        client = TestClient(app, headers={"accept-language": "en"}, follow_redirects=False)
        opened.append(client)
        log_in(client, registry, Limits(role, counties, COMPANIES[company] if role == "contractor" else ""))
        return client

    yield browser
    for client in opened:
        client.close()


def addresses(app, registry):
    """Every address there is: each GET route with each of its stations, reports, entries; and fragments."""
    with registry.reading() as session:
        files = [(report.id, report.files["xlsx"]["name"]) for report in session.query(Report)]
        entries = [number for (number,) in session.query(Quarantine.id)]
    for route in app.routes:
        if isinstance(route, Mount) or "GET" not in route.methods:
            continue
        for place in PLACES if ONE_EACH & set(re.findall(r"\{(\w+)\}", route.path)) else PLACES[:1]:
            for report, file in files:
                for entry in entries if "{entry_id}" in route.path else [1]:
                    path = route.path.format(
                        station_id=place.id,
                        report_id=report,
                        filename=file,
                        entry_id=entry,
                        exclusion_id=PLACES.index(place) + 1,
                        alarm_id=100 + PLACES.index(place),
                        event_id=1,
                        version="0",
                        user_id=1,
                        month="2026-10",
                    )
                    yield path
                    yield f"{path}?fragment=1"
    for question in ("q=站", "county=410823", "county=410882", "state=stopped"):
        yield f"/stations?{question}"
    for question in ("q=站", "county=410823", "county=410882", "month=2026-11&page=2", "company=甲运维"):
        yield f"/alarms?{question}"
    yield "/quarantine?station=4108"
    yield "/map?county=410823"
    yield "/map?county=410882"


LIMITED = [
    ("viewer", "county"),
    ("admin", "both counties"),
    ("contractor", "company"),
    ("contractor", "company in a county"),
]


@pytest.mark.parametrize("two_counties", ["sqlite"], indirect=True)  # the counts below are of both
@pytest.mark.parametrize(("role", "view"), LIMITED)
def test_nothing_of_a_station_outside_is_ever_told(two_counties, as_, role, view):
    browser, seen = as_(role, view), seen_by(view)
    outside = [place for place in PLACES if place not in seen]
    met = set()
    for path in addresses(*two_counties):
        answer = browser.get(path)
        text = answer.content.decode()
        # what was asked for stands in the links of the languages, and in what is searched for
        text = text.replace(path.partition("?")[0], "")
        for place in outside:
            assert place.id not in text, path
            assert place.name not in text, path
        assert "410823-unknown" not in text, path
        met |= {place for place in seen if place.name in text}
        if any(place.id in path for place in outside):
            assert answer.status_code in (403, 404), path  # 403: the role may not ask for any station's
        if re.match(r"/reports/\d+/", path):
            assert answer.status_code == 403
    assert met == set(seen)  # the search would have found them


@pytest.mark.parametrize(("role", "view"), LIMITED)
def test_every_count_is_of_what_is_seen(as_, role, view):
    browser, seen = as_(role, view), seen_by(view)
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", browser.get("/").text))
    assert f"{len(seen)} stations by state" in words
    assert f"{len(seen)} of {len(seen)} heard in the last hour" in words
    normal = sum(place.company == 1 for place in seen)
    assert f"due to run {normal} / {len(seen)}" in words.partition("Last month")[2]
    counties = {place.county for place in PLACES if place in seen}
    for code, name in COUNTIES.items():
        assert (f"{name} {code}" in words) == (code in counties)
    whole = set() if role == "contractor" else counties
    events = len(whole)
    system = role != "contractor"
    assert f"{len(seen) + events + system} ringing" in words
    assert f"All you see {len(seen)} {len(seen)} {len(seen) + events + system} " in words
    shown = browser.get("/alarms").text
    assert (f'id="alarm-{SYSTEM_ALARM}"' in shown) == system
    assert len(re.findall(r'id="alarm-[12]"', shown)) == events


def test_a_county_s_report_is_its_own_figures_without_the_city_s_files(as_):
    text = as_("viewer", "county").get("/reports").text
    assert "11.11 %" in text
    assert "22.22 %" not in text
    assert "50.00 %" not in text
    assert ".xlsx" not in text
    both = as_("viewer", "both counties").get("/reports").text
    assert "11.11 %" in both
    assert "22.22 %" in both
    points = as_("viewer", "county").get("/overview/trend.json").text
    assert "11.1" in points
    assert "50.0" not in points


def test_who_sees_all_sees_the_system_s_alarms_and_unknown_stations(two_counties):
    app, registry = two_counties
    with TestClient(app, headers={"accept-language": "en"}) as browser:
        log_in(browser, registry, Limits("operator"))
        assert "410823-unknown" in browser.get("/quarantine").text
        text = browser.get("/alarms").text
        assert f'id="alarm-{SYSTEM_ALARM}"' in text
        with registry.reading() as session:
            open_ones = session.query(Alarm).filter(Alarm.closed_ms.is_(None), Alarm.suppressed_by.is_(None))
            assert len(re.findall(r'id="alarm-\d+"', text)) == open_ones.count()


def test_records_are_read_and_changed_within_the_limits_on_either_database(two_counties, as_):
    _, registry = two_counties
    browser = as_("manager", "county")
    listed = browser.get("/exclusions?month=2026-11&station=410823&who=李&reason=season").text
    assert sorted(set(re.findall(r'href="/exclusions/(\d+)"', listed))) == ["1", "2", "3", "4"]
    csrf = re.search(r'data-csrf="(\w+)"', listed)[1]
    own, outside = PLACES[0], PLACES[-1]
    new = {"csrf": csrf, "start": "2026-12-01", "end": "2026-12-02", "reason": "season", "applicant": "甲"}
    answer = browser.post("/exclusions/new", data=new | {"stations": outside.id})
    assert (answer.status_code, outside.name in answer.text) == (422, False)
    assert browser.post(f"/exclusions/{len(PLACES)}/withdraw", data={"csrf": csrf}).status_code == 404
    answer = browser.post("/exclusions/new", data=new | {"stations": own.name})
    number = answer.headers["location"].rpartition("/")[2]
    reason = {"csrf": csrf, "reason": "误录"}
    assert browser.post(f"/exclusions/{number}/withdraw", data=reason).status_code == 303
    edited = browser.get(f"/stations/{own.id}/edit").text
    seen = dict(re.findall(r'name="(was\.\w+)" value="([^"]*)"', edited))
    typed = {name.removeprefix("was."): text for name, text in seen.items()} | {"village": "新村"}
    saved = browser.post(f"/stations/{own.id}/edit", data={"csrf": csrf, **seen, **typed})
    assert saved.status_code == 303, saved.text
    with registry.reading() as session:
        assert session.get(Station, own.id).village == "新村"
