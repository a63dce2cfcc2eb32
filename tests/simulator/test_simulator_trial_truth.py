import itertools
from datetime import date

import pytest
from trial_stations import WINDOW, between, day, station

from simulator.trial_box import deliver
from simulator.trial_days import Days
from simulator.trial_life import live
from simulator.trial_station import Approved
from simulator.trial_truth import silences, states


def told(*happenings, **drawn):
    """The truth of each day of a station."""
    at = station(*happenings, **drawn)
    life = live(at, WINDOW, 3)
    known = deliver(at, life, WINDOW, 3, is_plain=True).known
    return Days(at, life, known, WINDOW).all()


def verdicts(days):
    return "".join(each.verdict[0] if each.is_clear else each.verdict[0].upper() for each in days)


def test_states_follow_each_other_without_a_gap():
    at = station(
        between("stop", 2, 2.5),
        between("cut", 2.5, 2.75),
        between("bypass", 3, 4),
        between("idle", 5, 6),
        between("fade", 7, 9, 0.1),
        between("stop", 9, 10),
    )
    found = states(at, WINDOW)
    assert [each.what for each in found] == [
        *("running", "stopped", "power_cut", "running", "flow_without_power", "running", "idling"),
        *("running", "low_load", "stopped", "running"),
    ]
    assert (found[0].start_s, found[-1].end_s) == (WINDOW.start_s, WINDOW.end_s)
    assert all(before.end_s == after.start_s for before, after in itertools.pairwise(found))
    low = found[8]
    assert (low.start_s, low.end_s) == (pytest.approx(day(7 + 2 * 0.7 / 0.9)), day(9))


@pytest.mark.parametrize(
    ("entered", "expected", "letters"),
    [
        (date(2026, 3, 1), ["running", "planned_stop", "running"], "RRrreeerrrrr"),
        (date(2026, 3, 7), ["running", "stopped", "planned_stop", "running"], "RRrreeerrrrr"),
        (date(2026, 4, 10), ["running", "stopped", "running"], "RRrreeerrrrr"),
        (date(2026, 4, 11), ["running", "stopped", "running"], "RRrrsssrrrrr"),
    ],
)
def test_an_approved_stop_counts_when_it_was_entered_in_time(entered, expected, letters):
    approved = Approved(date(2026, 3, 6), date(2026, 3, 8), entered)
    stop = between("stop", 4, 7)
    assert [each.what for each in states(station(stop, approved=(approved,)), WINDOW)] == expected
    assert verdicts(told(stop, approved=(approved,))) == letters


def test_what_the_centre_does_not_hear():
    happenings = (
        between("link", 2, 3, 1.0),
        between("cut", 4, 5),
        between("power_mute", 6, 7),
        between("flow_gateway", 8, 9),
        between("power_odd", 9, 9, 0.0),
    )
    heard = silences(station(*happenings), WINDOW.end_s)
    assert [(each.what, each.back_filled) for each in heard] == [
        *(("link", True), ("power_meter", False), ("flow_meter", False)),
    ]
    heard = silences(station(*happenings, meters=("flow",), box={"battery": False}), WINDOW.end_s)
    assert [each.what for each in heard] == ["link", "power_cut", "flow_meter"]


@pytest.mark.parametrize(
    ("happenings", "letters"),
    [
        ((), "RRrrrrrrrrrr"),
        ((between("stop", 4, 7),), "RRrrsssrrrrr"),
        ((between("bypass", 4, 7),), "RRrrsssrrrrr"),
        ((between("stop", 4.4, 4.8),), "RRrrrrrrrrrr"),
        ((between("weak", 4, 7, 0.2),), "RRrrsssrrrrr"),
        ((between("low", 4, 7, 0.2),), "RRrrrrrrrrrr"),
        ((between("heater", 4, 7),), "RRrrrrrrrrrr"),
        ((between("inflow", 4, 7, 4.0),), "RRrrrrrrrrrr"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(each.what for each in value),
)
def test_verdicts(happenings, letters):
    assert verdicts(told(*happenings)) == letters


def test_idling_counts_once_its_limit_has_passed():
    letters = verdicts(told(between("idle", 3.5, 7)))  # 30 m³/d: limit of 24 h
    assert letters == "RRrrSssrrrrr"
    small = {"design_m3_per_day": 18, "load": 0.8}
    assert verdicts(told(between("idle", 3.5, 8), plant=small)) == "RRrrrSssrrrr"
    alone = verdicts(told(between("idle", 3.5, 7), meters=("power",)))
    assert alone.lower() == "r" * 12


def test_energy_near_the_limit_is_not_clear():
    assert verdicts(told(between("weak", 4, 7, 0.3)))[4:7] in {
        "SSS",
        "RRR",
        "SSR",
        "SRS",
        "RSS",
        "RRS",
        "SRR",
        "RSR",
    }


def test_a_silence_is_bridged_by_counters_that_agree_with_the_truth_and_else_not():
    lost = between("link", 3.2, 6.8, 0.0)
    assert verdicts(told(lost)) == "RRrrrrrrrrrr"
    assert verdicts(told(lost, between("stop", 3.1, 6.9)))[4:6] == "ss"
    part = told(lost, between("stop", 4, 5))
    assert verdicts(part)[4].isupper()
    assert not any(each.has_evidence for each in part[3:7])
    back = told(between("link", 3.2, 6.8, 1.0), between("stop", 4, 5))
    assert verdicts(back) == "RRrrsrrrrrrr"
    assert all(each.has_evidence for each in back[1:11])


def test_a_silence_without_an_end_or_over_an_exchange_is_unknown():
    assert verdicts(told(between("link", 8.2, 12, 0.0)))[9:] == "uuu"
    exchanged = told(between("link", 3.2, 6.8, 0.0), between("power_new", 5, 5, 0.0))
    assert verdicts(exchanged)[4:6] == "uu"
    assert not exchanged[4].has_evidence


def test_flow_alone_is_judged_by_the_effluent():
    days = told(between("idle", 4, 7), meters=("flow",))
    assert verdicts(days)[:4] == "RRrr"
    assert verdicts(days)[5:7] == "ss"
    assert {each.energy_kwh for each in days} == {None}


def test_a_wrong_ratio_is_no_evidence_and_not_clear():
    days = told(between("power_ct", 5.5, 5.5, 0.05))
    assert verdicts(days) == "RRrrrRRRRRRR"
    assert [each.has_evidence for each in days[1:11]] == [True] * 4 + [False] * 6
    high = told(between("power_ct", 0, 0, 20.0))
    assert verdicts(high) == "RRrrrrrrrrrr"
    assert not any(each.has_evidence for each in high)


def test_a_sample_a_day_does_not_tell_on_which_side_of_midnight_a_stop_began():
    daily = {"sampling_s": 86_400, "box": {"offset_s": 20 * 3600.0}}
    days = told(between("stop", 3.9, 8), **daily)  # sampled at 20:00 each day
    assert days[4].verdict == "stopped"
    assert [each.is_clear for each in days[4:7]] == [False, True, True]
