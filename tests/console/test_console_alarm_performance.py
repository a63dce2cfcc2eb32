"""The figures of alarms on the page: those of the command line, by month and desk, beside their targets."""

import re

import pytest
from console_alarms import an_alarm, put_alarms
from console_centre import DAY_MS, HOUR_MS, NOW_MS
from console_login import Limits, log_in

from alerting.performance import FIGURES as OF_ALERTING
from alerting.performance_words import NAMES
from console.alarm_performance_words import FIGURES, GROUPS
from console.language import load_languages
from registry.tables import AlarmEvent, AlarmMute, County, Station

OTHER = "410823-0001"


def words(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


@pytest.fixture
def rang(centre):
    """Twelve within ten minutes of one day, and one of another county."""
    with centre.registry.writing() as session:
        session.add(County(code="410823", name="武陟县"))
        session.flush()
        session.add(Station(id=OTHER, name="五里铺站", county_code="410823"))
    at_ms = NOW_MS - 3 * DAY_MS
    alarms = [
        an_alarm(n, n, raised_ms=at_ms + n * 20_000, rang_ms=at_ms + n * 20_000, cleared_ms=at_ms + HOUR_MS,
                 closed_ms=at_ms + HOUR_MS, severity="high" if n == 1 else "medium")
        for n in range(1, 13)
    ]  # fmt: skip
    alarms.append(an_alarm(50, 1, subject=OTHER, station_id=OTHER, raised_ms=at_ms + DAY_MS))
    put_alarms(centre.registry, *alarms)
    with centre.registry.writing() as session:
        for alarm in [*range(1, 13), 50]:
            own = at_ms + DAY_MS if alarm == 50 else at_ms + alarm * 20_000
            session.add(
                AlarmEvent(alarm_id=alarm, at_ms=own, event="raised", details={"reason": "no_energy"})
            )
        shelf = {"kind": "shelved", "reason": "testing", "by": "赵工", "since_ms": NOW_MS - DAY_MS}
        session.add(AlarmMute(subject="410882-0002", type="stopped", **shelf))
    return centre


def test_the_figures_stand_beside_their_targets(client, rang):
    text = client.get("/alarms/performance").text
    said = words(text)
    assert "Alarm performance November 2026" in said
    assert "Alarms that rang 13 – –" in said
    assert "Most in a 10-minute period 12 ≤ 10 target missed" in said
    assert "Alarms a day, on average 0.63 ≤ 144 target met" in said
    assert "Shelved, longest 24 hours – –" in said
    assert "武陟县 1 0" in said
    assert "410882-0002 Stopped 2026-11-20 14:05 24 hours testing" in said
    assert "the standard asks for 30 days" in said
    chart = client.get("/alarms/performance.json?month=2026-11").json()
    columns = chart["layer"][0]["data"]["values"]
    assert {(each["day"], each["order"]): each["count"] for each in columns if each["count"]} == {
        ("11-18", 0): 1, ("11-18", 1): 11, ("11-19", 1): 1,
    }  # fmt: skip
    assert len(columns) == 2 * 21
    empty = words(client.get("/alarms/performance?month=2026-10").text)
    assert "Alarms that rang 0 " in empty
    assert "not over" not in empty
    for wrong in ("month=2026-12", "month=x", "county=999999"):
        assert client.get(f"/alarms/performance?{wrong}").status_code == 404
    assert 'href="/alarms/performance"' in client.get("/alarms").text


def test_one_county_is_one_desk_and_a_limited_person_sees_theirs(client, rang):
    assert "Alarms that rang 1 " in words(client.get("/alarms/performance?county=410823").text)
    log_in(client, rang.registry, Limits("viewer", ("410823",)))
    text = client.get("/alarms/performance").text
    assert "Alarms that rang 1 " in words(text)
    assert "the whole centre" not in text
    assert "410882" not in text
    assert client.get("/alarms/performance?county=410882").status_code == 404
    assert client.get("/alarms/performance.json?county=410882").status_code == 404
    log_in(client, rang.registry, Limits("contractor", company="清源环保运维有限公司"))
    assert client.get("/alarms/performance").status_code == 403
    assert "/alarms/performance" not in client.get("/alarms").text


def test_every_figure_has_its_place_and_the_name_of_the_command_line():
    assert sorted(name for _, names in GROUPS for name in names) == sorted(OF_ALERTING)
    assert set(FIGURES) == set(OF_ALERTING)
    texts = load_languages()["zh-CN"].texts
    for name in (
        "alarms",
        "peak_hour",
        "flood_time",
        "chattering",
        "standing_red",
        "top_ten",
        "returned_median",
    ):
        assert texts.gettext(FIGURES[name][0]) == NAMES[name][0]
