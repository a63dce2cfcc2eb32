"""Alarms of a county as the worker follows them: area events, mutes, grace, follow-up, messages."""

from contextlib import closing

import pytest
from alarm_stage import COUNTY, DAY_MS, HOUR_MS, MINUTE_MS, Stage
from fresh_registry import fresh_registry
from sqlalchemy.exc import IntegrityError

from alerting.alarm_round import AlarmRound
from alerting.desk import DeskError
from registry.alarm_settings import AlarmSettings
from registry.services import report_health
from registry.tables import Alarm, StationTag


@pytest.fixture
def registry(tmp_path):
    with closing(fresh_registry(f"sqlite:///{tmp_path}/registry.db")) as opened:
        yield opened


@pytest.fixture
def stage(registry):
    return Stage(registry)


def test_a_stop_rings_is_told_and_returns_and_waits_to_be_seen(stage):
    station = stage.stations[0]
    stage.be("stopped", [station], start_ms=stage.now_ms - 4 * HOUR_MS, reason="no_energy")
    stage.tick()
    stage.tick(10)
    stage.be("running", [station])
    stage.tick(9)
    assert stage.alarms("type", "cleared_ms", "closed_ms") == [("stopped", None, None)]
    stage.tick(1)
    assert stage.alarms("cleared_ms", "closed_ms") == [(stage.now_ms, None)]
    assert stage.events() == ["raised", "returned_to_normal"]
    assert [text.split(": ", 1)[0] for text in stage.told()] == [f"武陟县 镇0 站1 ({station})"] * 2
    assert "no energy used" in stage.told()[0]
    stage.desk("acknowledge", 1, "去看过")
    assert stage.alarms("closed_ms", "acknowledged_by") == [(stage.now_ms, "李四")]


def test_a_condition_that_comes_again_before_anybody_saw_it_takes_the_place_of_the_old_alarm(stage):
    station = stage.stations[0]
    for state in ("stopped", "running", "stopped"):
        stage.be(state, [station])
        stage.tick(11)
    (old, new) = stage.alarms(type="stopped")
    assert (old.closed_ms, old.acknowledged_ms, new.closed_ms) == (stage.now_ms, None, None)
    assert stage.events() == ["raised", "returned_to_normal", "superseded", "raised"]
    assert len(stage.alarms(closed_ms=None)) == 1


def test_the_table_itself_refuses_a_second_open_alarm_of_a_type(stage):
    stage.be("stopped", stage.stations[:1])
    stage.tick()
    second = Alarm(
        type="stopped", subject=stage.stations[0], severity="low", start_ms=0, raised_ms=0, reason="r"
    )
    with stage.registry.reading() as session:
        session.add(second)
        with pytest.raises(IntegrityError):
            session.flush()


def test_a_silence_waits_for_its_neighbours_before_it_rings(stage):
    stage.be("offline", stage.stations[:2])
    stage.tick(14)
    assert stage.alarms() == []
    stage.tick(1)
    assert stage.alarms("type", "severity") == [("offline", "low")] * 2


def test_a_county_s_outage_is_one_alarm_with_its_stations_beneath(stage):
    start_ms = stage.now_ms - 31 * MINUTE_MS
    stage.be("offline", stage.stations[:4], start_ms=start_ms)
    stage.be("power_cut", stage.stations[4:6], start_ms=start_ms + 5 * MINUTE_MS)
    stage.tick()
    area, *children = stage.alarms()
    assert (area.type, area.subject, area.station_id, area.severity) == ("area_event", COUNTY, None, "medium")
    assert (area.start_ms, area.reason) == (start_ms, "area_silent")
    assert {key: area.evidence[key] for key in ("stations", "of", "power_cut")} == {
        "stations": 6, "of": 10, "power_cut": 2}  # fmt: skip
    assert {child.parent_id for child in children} == {area.id}
    assert {child.suppressed_by for child in children} == {"area_event"}
    assert {child.rang_ms for child in children} == {None}
    assert len(children) == 6
    (told,) = stage.told()
    assert told.startswith("武陟县: area event since ")
    assert told.endswith(", many stations fell silent together (6 of 10 stations)")
    stage.be("offline", stage.stations[6:8], start_ms=start_ms + 20 * MINUTE_MS)
    stage.tick(1)
    assert stage.alarms("evidence", id=area.id)[0][0]["stations"] == 8
    assert len(stage.alarms(parent_id=area.id)) == 8
    assert len(stage.told()) == 1


def test_when_the_outage_ends_those_that_stay_silent_ring_for_themselves(stage):
    stage.be("offline", stage.stations[:6])
    stage.tick()
    stage.be("running", stage.stations[:3])
    stage.tick(11)
    assert stage.alarms("closed_ms", type="area_event") == [(None,)]
    stage.be("running", stage.stations[3:4])
    stage.tick(11)
    (area,) = stage.alarms(type="area_event")
    assert area.cleared_ms == stage.now_ms
    loud = [each.subject for each in stage.alarms(closed_ms=None, type="offline")]
    assert loud == stage.stations[4:6]
    assert stage.events().count("rang_again") == 2
    assert [text.split(":")[0] for text in stage.told()] == [
        "武陟县",
        "武陟县",
        f"武陟县 镇0 站5 ({COUNTY}-0005)",
        f"武陟县 镇0 站6 ({COUNTY}-0006)",
    ]


def test_stations_that_rang_alone_go_beneath_the_event_and_a_town_s_event_into_the_county_s(registry):
    stage = Stage(registry, stations=20, alarms=AlarmSettings(grace_s=0, silence_raise_after_s=0))
    stage.be("offline", stage.stations[:5])
    stage.tick()
    assert stage.alarms("type", "suppressed_by") == [("offline", None)] * 5
    stage.be("offline", stage.stations[5:6])
    stage.tick(5)
    (county,) = stage.alarms(type="area_event", closed_ms=None)
    assert county.subject == COUNTY  # six of twenty are thirty percent, so that no town's stands beside it
    assert {each for (each,) in stage.alarms("suppressed_by", type="offline")} == {"area_event"}


def test_a_town_s_event_gives_way_to_the_county_s(registry):
    stage = Stage(registry, stations=20, alarms=AlarmSettings(grace_s=0, county_share=0.5))
    stage.be("offline", stage.stations[:6])
    stage.tick()
    assert stage.alarms("subject", type="area_event") == [(f"{COUNTY}/镇0",)]
    stage.be("offline", stage.stations[10:15])
    stage.tick(5)
    town, county = stage.alarms(type="area_event")
    assert (town.closed_ms, county.subject, county.closed_ms) == (stage.now_ms, COUNTY, None)
    assert {each for (each,) in stage.alarms("parent_id", type="offline")} == {county.id}
    assert len(stage.alarms(type="offline", closed_ms=None)) == 11


def test_a_deaf_centre_raises_no_silence_and_no_event(stage):
    stage.hears = False
    stage.be("offline", stage.stations)
    stage.be("stopped", stage.stations[:1], reason="no_energy")
    stage.tick(60)
    assert stage.alarms("type") == [("stopped",)]
    stage.hears = True
    stage.tick()
    assert [type_ for (type_,) in stage.alarms("type", closed_ms=None)].count("area_event") == 1


def test_deafness_is_told_although_the_round_that_found_it_was_not_written(stage):
    look = AlarmRound(stage.rules, stage.post)
    with stage.registry.writing() as session:
        report_health(session, "collector", stage.now_ms, {"broker": "connection refused"}, {})

    def follow(now_ms):
        with stage.registry.writing() as session:
            look.follow(session, {}, now_ms, is_round=False)
            if is_lost:
                raise TimeoutError

    is_lost = False
    follow(stage.now_ms)
    look.written()
    later_ms = stage.now_ms + 20 * MINUTE_MS
    is_lost = True
    with pytest.raises(TimeoutError):
        follow(later_ms)
    assert stage.told() == []
    is_lost = False
    for _ in range(2):
        follow(later_ms)
        look.written()
    assert len(stage.told()) == 1


def test_a_shelf_that_ends_over_a_standing_alarm_rings_again(stage):
    stage.be("stopped", stage.stations[:1])
    stage.tick()
    stage.desk("acknowledge", 1)
    stage.desk("shelve", 1, "repair_ordered", stage.now_ms + 3 * HOUR_MS)
    stage.tick(179)
    assert stage.alarms("shelve_reason", "acknowledged_by") == [("repair_ordered", "李四")]
    assert len(stage.told()) == 1
    stage.tick(1)
    (alarm,) = stage.alarms()
    assert (alarm.shelved_until_ms, alarm.acknowledged_ms, alarm.rang_ms) == (None, None, stage.now_ms)
    assert stage.events() == ["raised", "acknowledged", "shelved", "unshelved", "rang_again"]
    assert "still stopped" in stage.told()[-1]
    assert stage.mutes() == []


def test_a_shelf_holds_for_the_next_alarm_of_its_type_and_goes_silently_with_the_condition(stage):
    stage.be("stopped", stage.stations[:1])
    stage.tick()
    stage.desk("shelve", 1, "testing", stage.now_ms + 5 * HOUR_MS)
    stage.be("running", stage.stations[:1])
    stage.tick(30)
    assert stage.alarms("closed_ms") == [(stage.now_ms,)]
    stage.be("stopped", stage.stations[:1])
    stage.tick(30)
    assert stage.alarms("rang_ms", "shelve_reason")[1] == (None, "testing")
    assert len(stage.told()) == 1
    stage.tick(300)
    assert stage.alarms("rang_ms")[1] == (stage.now_ms,)


def test_an_approved_stop_suppresses_and_its_end_rings_again_if_it_still_stands(stage):
    stage.be("stopped", stage.stations[:2])
    stage.tick()
    stage.be("planned_stop", stage.stations[:2])
    stage.tick(2 * 24 * 60)
    assert stage.alarms("suppressed_by", "cleared_ms") == [("exclusion", None)] * 2
    stage.be("stopped", stage.stations[:1])
    stage.be("running", stage.stations[1:2])
    stage.tick(1)
    stage.tick(11)
    assert stage.events(1) == ["raised", "suppressed", "unsuppressed", "rang_again"]
    assert stage.events(2) == ["raised", "suppressed", "unsuppressed", "rang_again", "returned_to_normal"]
    assert stage.alarms("closed_ms")[0] == (None,)


def test_after_a_day_it_is_on_the_follow_up_list_and_told_upward(registry):
    stage = Stage(registry)
    with registry.writing() as session:
        session.add(StationTag(station_id=stage.stations[0], tag="南水北调保护区"))
    stage.be("stopped", stage.stations[:1])
    stage.tick()
    stage.tick(24 * 60)
    (alarm,) = stage.alarms()
    assert (alarm.severity, alarm.assigned_company_id) == ("high", 1)
    assert alarm.due_ms == stage.now_ms + 3 * DAY_MS
    assert stage.events() == ["raised", "escalated", "escalated", "followed_up"]
    last = stage.notifications()[-1].content
    assert (last["level"], last["severity"]) == (2, "high")
    assert "O&M company: 甲运维公司" in last["text"]["en"]
    stage.desk("assign", 1, cause="blower", due_ms=stage.now_ms + DAY_MS, note="换风机")
    stage.tick(24 * 60)
    assert stage.events()[-1] == "escalated"
    assert "follow-up overdue" in stage.told()[-1]


def test_a_restart_repeats_nothing(stage):
    stage.be("offline", stage.stations[:6])
    stage.be("stopped", stage.stations[6:8])
    stage.tick(20)
    before = (stage.events(), stage.told(), stage.alarms("id", "closed_ms"))
    for _ in range(3):
        stage.tick()
    assert (stage.events(), stage.told(), stage.alarms("id", "closed_ms")) == before


def test_out_of_service_is_quiet_from_birth_and_rings_when_put_back(stage):
    station = stage.stations[0]
    stage.desk("take_out_of_service", station, "", "testing")
    stage.be("stopped", [station])
    stage.tick()
    assert stage.alarms("out_of_service", "rang_ms") == [(True, None)]
    assert stage.told() == []
    stage.desk("return_to_service", station)
    assert stage.alarms("out_of_service", "rang_ms") == [(False, stage.now_ms)]
    assert stage.events() == ["raised", "returned_to_service", "rang_again"]
    assert len(stage.told()) == 1
    with pytest.raises(DeskError, match="not out of service"):
        stage.desk("return_to_service", station)


def test_two_thousand_stations_falling_silent_are_one_event_and_one_message(registry):
    stage = Stage(registry, stations=2_000)
    stage.be("offline", stage.stations)
    stage.tick()
    stage.tick(20)
    assert stage.alarms("subject", type="area_event") == [(COUNTY,)]
    assert len(stage.alarms(type="offline", suppressed_by="area_event")) == 2_000
    assert len(stage.notifications()) == 1
