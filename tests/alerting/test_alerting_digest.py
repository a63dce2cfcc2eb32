"""What the morning digest says, line by line, in both languages."""

from contextlib import closing
from datetime import date

import pytest
from alarm_stage import HOUR_MS, MINUTE_MS, ZONE, Stage
from fresh_registry import fresh_registry

from alerting.digest import DigestOf, digest, put_digest, summary
from alerting.fleet_cards import fleet_cards
from notify.post import post_of
from registry.notify_settings import Channel, NotifySettings

DAY = date(2026, 11, 18)
HEARS = NotifySettings(channels=[Channel(url="json://127.0.0.1", name="chief", tells=["digest"])])


@pytest.fixture
def stage(tmp_path):
    with closing(fresh_registry(f"sqlite:///{tmp_path}/registry.db")) as registry:
        yield Stage(registry)


def said(stage):
    with stage.registry.reading() as session:
        cards = fleet_cards(session, stage.rules.alarms)
        return digest(summary(session, stage.now_ms), cards, ZONE, "监管中心", DAY).text


def test_one_of_each_is_said_as_well_as_many(stage):
    stopped, silent, mute, back, *_ = stage.stations
    stage.be("stopped", [stopped, back], start_ms=stage.now_ms - 4 * HOUR_MS, reason="no_energy")
    stage.tick()
    stage.be("offline", [silent])
    stage.be("meter_fault", [mute])
    stage.be("running", [back])
    stage.tick(20)
    assert said(stage)["en"].splitlines() == [
        "监管中心, 2026-11-18",
        "Stations 10: running 7, meter fault 1, offline 1, stopped 1",
        "Standing alarms: 1 (0 high, 1 medium), 1 unacknowledged",
        "Notices: 2",
        "Last 24 hours: 2 raised, 1 returned to normal",
        "Follow-up: 0, overdue 0; quiet 0",
        "· 武陟县 站1: stopped since 11-18 15:10",
    ]
    assert said(stage)["zh-CN"].splitlines() == [
        "监管中心 2026-11-18 早报",
        "站点 10 座：运行 7，仪表故障 1，离线 1，停运 1",
        "未恢复告警 1 条（高 0，中 1），未确认 1 条；提示 2 条",
        "过去 24 小时：新增 2，恢复 1",
        "跟踪整改 0 条，逾期 0 条；静默 0 条",
        "· 武陟县 站1 停运，自 11-18 15:10",
    ]


def test_what_is_quiet_is_counted_apart_and_an_hour_before_yesterday_is_not_counted(stage):
    stage.be("stopped", stage.stations[:2])
    stage.tick()
    stage.desk("shelve", 1, "repair_ordered")
    stage.tick(24 * 60)
    with stage.registry.reading() as session:
        found = summary(session, stage.now_ms)
    assert (len(found.standing), found.raised, found.quiet) == (2, 0, 0)  # the shelf has run out
    assert found.followed_up == 1


def test_it_is_put_once_a_day_and_only_where_a_channel_hears_it(stage):
    def is_put(post, now_ms):
        with stage.registry.writing() as session:
            return put_digest(session, {}, post, DigestOf("监管中心", "07:30"), now_ms)

    nobody, chief = stage.post, post_of(HEARS, ZONE, "zh-CN")
    morning_ms = stage.now_ms - stage.now_ms % (24 * HOUR_MS) + 23 * HOUR_MS + 30 * MINUTE_MS  # 07:30
    assert not is_put(nobody._replace(channels=[]), morning_ms)
    assert not is_put(chief, morning_ms - 1)
    assert is_put(chief, morning_ms)
    assert not is_put(chief, morning_ms + HOUR_MS)
    assert is_put(chief, morning_ms + 24 * HOUR_MS)
