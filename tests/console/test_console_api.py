"""What other programs read: codes and instants, the pages' own searches, and what is wrong told as data."""

from datetime import date

import pytest
from console_centre import HOSTILE, NOW_MS, RUNNING, STATES
from console_login import Limits, log_in

from history.port import StationReading
from registry.tables import DayVerdict, Report
from telemetry.reading import Reading

STOPPED = "410882-0004"


@pytest.fixture
def ask(client):
    def answer(path, **question):
        response = client.get(f"/api/v1/{path}", params=question)
        assert response.status_code == 200
        assert response.headers["content-type"] == "application/json"
        return response.json()

    return answer


def test_the_stations_are_those_of_the_page_s_search(ask):
    found = ask("stations")["stations"]
    assert len(found) == len(STATES) + 2
    assert ask("stations", state="stopped")["stations"] == [
        {
            "station": STOPPED, "name": "西万村污水处理站", "county": "沁阳市", "town": "崇义镇",
            "company": "清源环保运维有限公司", "process": "contact_oxidation", "class": "in_use",
            "design_m3_per_day": 40.0, "state": "stopped", "state_since_ms": NOW_MS - 20 * 3_600_000,
            "last_reading_ms": NOW_MS - 36 * 60_000, "connected_from": "2026-03-01",
        }
    ]  # fmt: skip
    assert {each["name"] for each in found} > {HOSTILE}  # data, not a page: nothing is escaped twice


def test_a_station_tells_its_states_and_its_last_readings_as_they_were_sent(ask):
    found = ask(f"stations/{RUNNING}")
    assert (found["now_ms"], found["station"], found["county_code"]) == (NOW_MS, RUNNING, "410882")
    assert found["is_online"] is True
    present, before = found["states"]
    assert (present["state"], present["reason"], present["end_ms"]) == ("running", "as_expected", None)
    assert present["evidence"]["energy_kwh"] == 6.31
    assert before["end_ms"] == present["start_ms"]
    flow, power = found["readings"]
    assert (flow["d"], power["d"], power["k"]) == ("flow-1", "power-1", "power")
    assert power["x"]["energy_kwh"] == pytest.approx(20_000 + 1007 * 0.3)
    assert ask("stations/new-box")["is_online"] is None


def test_a_missing_reading_keeps_its_cause(ask, centre):
    reading = Reading(t=NOW_MS, d="flow-1", k="flow", q="missing", why="garbled")
    centre.history.write([StationReading(STOPPED, reading)])
    assert ask(f"stations/{STOPPED}")["readings"] == [
        {"t": NOW_MS, "d": "flow-1", "k": "flow", "q": "missing", "why": "garbled"}
    ]


def test_days_from_one_to_another(ask, centre):
    with centre.registry.writing() as session:
        for day, corrected_by in (("2026-10-30", None), ("2026-11-01", "王工"), ("2026-11-21", None)):
            session.merge(
                DayVerdict(station_id=STOPPED, day=date.fromisoformat(day), verdict="running",
                           energy_kwh=9.5, volume_m3=None, valid_hours=24.0, reason="energy_as_expected",
                           rule_version="1", computed_ms=1, corrected_by=corrected_by)
            )  # fmt: skip
    found = ask(f"stations/{STOPPED}/days", **{"from": "2026-10-30", "to": "2026-11-01"})
    assert found["station"] == STOPPED
    assert [(each["day"], each["is_corrected"]) for each in found["days"]] == [
        ("2026-10-30", False),
        ("2026-11-01", True),
    ]
    assert found["days"][0]["volume_m3"] is None
    whole = ask(f"stations/{STOPPED}/days")["days"]
    assert [each["day"] for each in whole] == ["2026-10-30", "2026-11-01", "2026-11-21"]
    assert ask(f"stations/{STOPPED}/days", **{"from": "tomorrow", "to": "9999-99-99"})["days"] == whole


def test_alarms_open_and_closed(ask):
    found = ask("alarms")["alarms"]
    assert len(found) == len(STATES) - 3
    assert found[-1]["type"] == "flow_without_power"  # it has returned to normal
    assert {each["type"]: each["acknowledged_by"] for each in found}["idling"] == "王工"
    (stopped,) = ask("alarms", type="stopped")["alarms"]
    assert (stopped["station"], stopped["reason"]) == (STOPPED, "no_energy_no_effluent")
    assert stopped["station_name"] == "西万村污水处理站"
    assert stopped["evidence"]["energy_kwh"] == 0.02
    closed = ask("alarms/closed")
    assert (closed["total"], closed["page"], closed["pages"]) == (len(STATES) - 3, 1, 1)
    assert all(each["closed_ms"] for each in closed["alarms"])


def test_reports_with_their_rates_and_files_and_a_part_of_the_city_gets_its_part(ask, client, centre):
    with centre.registry.writing() as session:
        session.add(
            Report(month="2026-09", revision=1, status="frozen", made_ms=1, frozen_ms=2, data_cutoff_ms=1,
                   rule_version="1", author="test", files={"xlsx": {"name": "r.xlsx"}},
                   summary={"by_number_strict": "0.900000", "by_days": None, "counties": {"410882": "0.5"}})
        )  # fmt: skip
    (found,) = [each for each in ask("reports")["reports"] if each["month"] == "2026-09"]
    assert found["rates"]["by_number_strict"] == "0.900000"
    assert found["rates"]["by_days"] is None
    assert found["files"] == ["r.xlsx"]
    log_in(client, centre.registry, Limits("viewer", ("410882",)))
    (part,) = [each for each in ask("reports")["reports"] if each["month"] == "2026-09"]
    assert part["rates"] == {**dict.fromkeys(found["rates"]), "by_number_strict": "0.500000"}
    assert part["files"] == []


def test_what_is_not_there_is_told_as_data(client):
    for path in ("stations/none", "stations/none/days"):
        answer = client.get(f"/api/v1/{path}")
        assert (answer.status_code, answer.json()) == (404, {"error": "no_station"})
    answer = client.get("/api/v1/nothing")
    assert (answer.status_code, answer.json()) == (404, {"error": "no_page"})
    assert client.post("/api/v1/stations").status_code == 405
