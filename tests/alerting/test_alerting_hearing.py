"""Whether a silence says something of the stations, or of the centre."""

import pytest

from alerting.hearing import Hearing
from registry.tables import ServiceHealth

MINUTE_MS = 60_000


def collector(seen_ms, name="collector", conditions=None, **figures):
    return ServiceHealth(name=name, seen_ms=seen_ms, conditions=conditions or {}, figures=figures)


def test_after_a_start_it_waits_out_the_grace():
    hearing = Hearing(600)
    hearing.look([collector(0)], 0)
    assert not hearing.hears(599_999)
    assert hearing.hears(600_000)


@pytest.mark.parametrize(
    "ill",
    [
        {"seen_ms": 10 * MINUTE_MS - 60_001},
        {"conditions": {"broker": "connection refused"}},
        {"lag_s": 61.0},
    ],
)
def test_a_collector_that_is_ill_makes_it_deaf_until_it_has_been_well_for_the_grace(ill):
    now_ms = 10 * MINUTE_MS
    hearing = Hearing(600)
    hearing.look([collector(0)], 0)
    assert hearing.hears(now_ms)
    hearing.look([collector(**{"seen_ms": now_ms, **ill})], now_ms)
    assert not hearing.hears(now_ms)
    assert hearing.deaf_since_ms == min(now_ms, ill.get("seen_ms", now_ms) + 60_000)
    hearing.look([collector(now_ms + 1_000, lag_s=0.2)], now_ms + 1_000)
    assert hearing.deaf_since_ms is None
    assert not hearing.hears(now_ms + 600_999)
    assert hearing.hears(now_ms + 601_000)


def test_one_deaf_collector_of_several_is_enough():
    hearing = Hearing(0)
    hearing.look([collector(0), collector(0, "collector-2", {"store": "full"})], 0)
    assert not hearing.hears(0)


def test_deafness_that_lasts_is_told_once_and_its_end_too():
    hearing = Hearing(0)
    hearing.look([collector(0)], 0)
    assert hearing.news(0) is None
    ill = collector(0, conditions={"broker": "connection refused"})
    for minute in (2, 15):
        hearing.look([ill], minute * MINUTE_MS)
        assert hearing.news(minute * MINUTE_MS) is None
    hearing.look([ill], 16 * MINUTE_MS)
    told = hearing.news(16 * MINUTE_MS)
    assert told == (MINUTE_MS, "broker: connection refused", False)
    assert hearing.news(17 * MINUTE_MS) == told  # as long as nobody could be told
    hearing.told(told)
    assert hearing.news(17 * MINUTE_MS) is None
    hearing.look([collector(18 * MINUTE_MS)], 18 * MINUTE_MS)
    over = hearing.news(18 * MINUTE_MS)
    assert over == told._replace(is_over=True)
    hearing.told(over)
    assert hearing.news(18 * MINUTE_MS) is None


def test_a_restart_dates_a_dead_collector_as_before():
    hearing = Hearing(0)
    hearing.look([collector(0)], 60 * MINUTE_MS)
    assert hearing.news(60 * MINUTE_MS).since_ms == MINUTE_MS


def test_a_short_deafness_is_not_told():
    hearing = Hearing(0)
    hearing.look([collector(0)], 5 * MINUTE_MS)
    hearing.look([collector(6 * MINUTE_MS)], 6 * MINUTE_MS)
    assert hearing.news(6 * MINUTE_MS) is None


def test_other_services_and_a_centre_without_a_collector_do_not_matter():
    hearing = Hearing(0)
    hearing.look([collector(-(10**9), "reporting", {"x": "y"})], 0)
    assert hearing.hears(0)
