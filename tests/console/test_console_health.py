"""`/health`: 200 only when every expected service reported lately and complains of nothing."""

import logging
import threading

from console_centre import MINUTE_MS, NOW_MS

from console.server import SERVICE, reporting_health
from registry.services import health, report_health
from service.conditions import Conditions


def problems(client):
    answer = client.get("/health")
    found = answer.json()
    assert answer.status_code == (503 if found["problems"] else 200)
    assert found["status"] == ("trouble" if found["problems"] else "ok")
    return [(problem["service"], problem["problem"]) for problem in found["problems"]]


def test_all_is_well(client):
    assert problems(client) == []


def test_a_silent_service_is_a_problem_just_after_its_time(client, centre):
    centre.clock.now_ms = NOW_MS + MINUTE_MS - 5_000
    assert problems(client) == []
    centre.clock.now_ms += 1
    assert problems(client) == [
        ("alerting", "silent"),
        ("collector", "silent"),
        ("reporting", "silent"),
    ]


def test_conditions_are_problems(client, centre):
    with centre.registry.writing() as session:
        report_health(session, "collector", NOW_MS, {"broker": "nobody listens there"})
    assert problems(client) == [("collector", "broker")]


def test_messages_that_are_not_delivered_are_told_by_name(client, centre):
    with centre.registry.writing() as session:
        report_health(
            session, "notify", NOW_MS, {"notify duty-desk": "not delivered, is tried again: HTTP 500"}
        )
    assert problems(client) == [("notify", "notify duty-desk")]
    text = client.get("/").text
    assert '<th scope="row">Notifications</th>' in text
    assert "<b>notify duty-desk</b> not delivered, is tried again: HTTP 500" in text
    assert '<th scope="row">消息通知</th>' in client.get("/", params={"lang": "zh-CN"}).text


def test_an_expected_service_that_never_reported_is_a_problem(client, centre):
    with centre.registry.writing() as session:
        for row in health(session):
            if row.name == "alerting":
                session.delete(row)
    assert problems(client) == [("alerting", "never_seen")]


def test_stores_that_fail_are_problems(client, centre):
    centre.history.close()
    with centre.registry.writing() as session:
        session.connection().exec_driver_sql("DROP TABLE service_health")
    assert problems(client) == [("console", "registry"), ("console", "history")]


def test_the_console_reports_itself_and_survives_failing_to(centre):
    reported = threading.Event()

    def clock():
        reported.set()
        return NOW_MS

    conditions = Conditions(logging.getLogger("test"))
    conditions.begin("charts", "no script")
    with reporting_health(centre.registry, clock, conditions):
        assert reported.wait(10)
    with centre.registry.reading() as session:
        row = next(row for row in health(session) if row.name == SERVICE)
    assert (row.seen_ms, row.conditions) == (NOW_MS, {"charts": "no script"})
    with centre.registry.writing() as session:
        session.connection().exec_driver_sql("DROP TABLE service_health")
    with reporting_health(centre.registry, clock, conditions):
        pass
    assert "health_report" in conditions.current()
