"""Each rule of the findings from both sides, and ordinary stations, of which nothing is found."""

import random
from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest
from finding_seed import ZONE, Village, all_findings, day_number, marks_of, usual_of
from hypothesis import given
from hypothesis import strategies as st

from alerting.baseline import Baseline
from alerting.finding_counters import CounterFall
from alerting.finding_rules import CODES, findings
from alerting.marks import DayMarks
from service.civil import start_of
from telemetry.quantities import TOTAL_BY_KIND
from telemetry.reading import Reading

USUAL = Baseline(12.0, 20.0, 28)
BASE = DayMarks(
    energy_kwh=12.0, volume_m3=20.0, energy_step=0.01, volume_step=0.001, power_factor=0.8, near_one=0.0,
    cycling=1.0, running_kw=1.3, flow_variation=0.9,
)  # fmt: skip
TODAY = day_number(35)
FLAT = (1,) * 24
STORM = {30: 5.0, 31: 6.0, 32: 4.0, 33: 2.0}
EMPTY, FULL = (dict.fromkeys(range(22, 36), share) for share in (0.1, 2.0))


def weeks(today=(), base=BASE, days=36):
    """Days of which the last ones are given; the days before vary as a village does."""
    chance = random.Random(7)
    found = {}
    for number in range(days):
        sway = 1 + 0.1 * chance.uniform(-1, 1)
        volume_m3 = None if base.volume_m3 is None else base.volume_m3 * sway
        found[day_number(number)] = base._replace(volume_m3=volume_m3)
    for back, marks in enumerate(reversed(today)):
        found[day_number(days - 1 - back)] = marks
    return found


def found_in(days, process="A2O", usual=USUAL, **verdicts):
    told = dict.fromkeys(days, "running") | {
        TODAY - timedelta(days=int(k[1:])): v for k, v in verdicts.items()
    }
    return {found.code: found for found in findings(days, max(days), usual, process, told)}


ORDINARY = {
    "timer": Village(),
    "long pauses": Village(on_s=3_600, timer_s=18_000),
    "SBR": Village(process="SBR", on_s=7_200, timer_s=21_600, run_m3=4.0),
    "blower that never pauses": Village(on_s=4_100),
    "storm": Village(inflow=STORM),
    "empty festival": Village(inflow=EMPTY),
    "full festival": Village(inflow=FULL),
    "season": Village(season=0.6),
    "wetland with a lift pump": Village(process="wetland", blower_kw=0.0, pump_m3h=12.0, run_m3=3.0),
    "pond that flows by itself": Village(process="pond", blower_kw=0.0, pump_kw=0.0),
    "coarse counters": Village(steps=(1.0, 1.0)),
    "tiny, coarse": Village(
        steps=(1.0, 1.0), mean_m3=2.0, blower_kw=0.06, pump_kw=0.1, pump_m3h=1.5, run_m3=0.3
    ),
    "coarse, no momentary values": Village(steps=(1.0, 1.0), momentary=False),
    "hourly": Village(sampling_s=3_600),
    "six-hourly": Village(sampling_s=21_600),
    "daily": Village(sampling_s=86_400),
    "daily, storm": Village(sampling_s=86_400, inflow=STORM),
    "every five minutes": Village(sampling_s=300),
    "flow only": Village(meters=("flow",), inflow=FULL),
    "power only, festival": Village(meters=("power",), inflow=FULL),
    "power only, empty": Village(meters=("power",), inflow=EMPTY),
    "same water every day": Village(sway=0.01),
    "blower timer as long as the sampling": Village(on_s=450, timer_s=900),
}  # fmt: skip


@cache
def lived(name):
    return marks_of(ORDINARY[name].readings())


@pytest.mark.parametrize("name", ORDINARY)
def test_of_an_ordinary_station_nothing_is_found(name):
    assert all_findings(lived(name), ORDINARY[name].process) == {}


def spoilt(**how):
    """What is found of a station that changes on its 31st day."""
    return all_findings(marks_of(Village(from_day={30: how}).readings()))


def test_a_heater_in_place_of_the_blower_is_found():
    found = spoilt(blower_kw=0.0, pump_kw=0.0, heater_kw=1.1)
    days = [day for day, _ in found["heater_like_load"]]
    assert days == [day_number(n) for n in range(31, 40)]
    last = found["heater_like_load"][-1][1]
    assert last.first_day == day_number(30)
    assert last.evidence["power_factor"] > 0.98
    assert last.evidence["cycling"] < 0.05
    assert found["load_signature_changed"][-1][1].first_day == day_number(30)
    assert found.keys() == {"heater_like_load", "load_signature_changed"}


def test_a_blower_that_stands_while_water_goes_on_is_found():
    found = spoilt(blower_kw=0.0)
    assert [day for day, _ in found["under_powered"]] == [day_number(n) for n in range(31, 40)]
    assert found["under_powered"][0][1].first_day == day_number(30)
    assert "effluent_without_power" not in found


def test_a_by_passed_meter_is_found():
    found = spoilt(blower_kw=0.0, pump_kw=0.0)
    assert [day for day, _ in found["effluent_without_power"]] == [day_number(n) for n in range(31, 40)]
    assert found.keys() == {"effluent_without_power"}


def test_a_transformer_of_another_ratio_is_found_and_named():
    days = marks_of(Village().readings())
    halved = {
        day: marks._replace(energy_kwh=marks.energy_kwh / 2, running_kw=marks.running_kw / 2)
        if day >= day_number(30) else marks
        for day, marks in days.items()
    }  # fmt: skip
    found = all_findings(halved)
    assert found.keys() == {"load_signature_changed"}
    assert [day for day, _ in found["load_signature_changed"]] == [day_number(n) for n in range(32, 40)]
    assert found["load_signature_changed"][-1][1].evidence["scaled_by"] == pytest.approx(0.5, abs=0.03)
    powers = {day: marks._replace(volume_m3=None, flow_variation=None) for day, marks in halved.items()}
    assert all_findings(powers).keys() == {"load_signature_changed"}  # told without a flow meter too


def test_a_tap_at_the_flow_meter_is_found():
    hose = Village(by_hour=FLAT, sway=0.01, pump_m3h=0.8, run_m3=0.0)
    found = all_findings(marks_of(hose.readings()))
    first = min(day for day, _ in found["constant_volume"])
    assert day_number(9) <= first <= day_number(11)
    assert found["constant_volume"][-1][1].evidence["variation"] < 0.03
    assert "constant_volume" not in all_findings(marks_of(replace(hose, steps=(0.01, 1.0)).readings()))


def test_a_replayed_day_is_found():
    readings = Village(days=33).readings()
    starts_ms = [start_of(day_number(number), ZONE) for number in range(34)]
    source, copied = 9, 30
    shift_ms = starts_ms[copied] - starts_ms[source]
    replayed = [each for each in readings if each.t < starts_ms[copied]]
    for kind, total in TOTAL_BY_KIND.items():
        own = [each for each in readings if each.k == kind]
        last_before = [max(each.x[total] for each in own if each.t < starts_ms[n]) for n in (source, copied)]
        for each in own:
            if starts_ms[source] - 900_000 <= each.t < starts_ms[source + 1] + 900_000:
                value = each.x[total] - last_before[0] + last_before[1]
                replayed.append(Reading(t=each.t + shift_ms, d=each.d, k=kind, x=each.x | {total: value}))
    found = all_findings(marks_of(replayed))
    assert [day for day, _ in found["repeated_sequence"]] == [day_number(copied)]
    assert found["repeated_sequence"][0][1].evidence["like"] == day_number(source).isoformat()


def test_an_exchange_that_nobody_told_is_found():
    readings = Village(days=33).readings()
    since_ms = readings[0].t + 30 * 86_400_000 + 40_000_000
    new = [
        type(each)(t=each.t, d=each.d, k=each.k, x=each.x | {"energy_kwh": each.x["energy_kwh"] - 4_500})
        if each.k == "power" and each.t > since_ms else each
        for each in readings
    ]  # fmt: skip
    found = all_findings(marks_of(new))
    assert found.keys() == {"unannounced_exchange"}
    assert [day for day, _ in found["unannounced_exchange"]] == [day_number(30)]


HEATER = BASE._replace(power_factor=0.99, near_one=1.0, cycling=0.02, running_kw=1.0)


@pytest.mark.parametrize(
    ("today", "is_found"),
    [
        ([HEATER, HEATER], True),
        ([HEATER], False),
        ([HEATER, BASE, HEATER], False),
        ([HEATER._replace(near_one=0.95)] * 2, True),
        ([HEATER._replace(near_one=0.949)] * 2, False),
        ([HEATER._replace(cycling=0.099)] * 2, True),
        ([HEATER._replace(cycling=0.10)] * 2, False),
        ([HEATER._replace(cycling=None)] * 2, False),
        ([HEATER._replace(near_one=None)] * 2, False),
    ],
)
def test_heater_like_load_at_its_limits(today, is_found):
    days = weeks(today)
    assert ("heater_like_load" in found_in(days)) is is_found
    assert "heater_like_load" not in found_in(days, "wetland")
    assert "heater_like_load" not in found_in(days, d0="excluded")


DRY = BASE._replace(energy_kwh=0.59, power_factor=None, near_one=None, cycling=None, running_kw=None)


@pytest.mark.parametrize(
    ("today", "is_found"),
    [
        ([DRY, DRY], True),
        ([DRY], False),
        ([DRY._replace(energy_kwh=0.601)] * 2, False),  # 5 % of the usual
        ([DRY._replace(volume_m3=6.0)] * 2, True),
        ([DRY._replace(volume_m3=5.99)] * 2, False),
        ([DRY._replace(volume_m3=None)] * 2, False),
        ([DRY._replace(energy_kwh=None)] * 2, False),
    ],
)
def test_effluent_without_power_at_its_limits(today, is_found):
    days = weeks(today)
    usual = USUAL._replace(standby_kwh=0.1)
    found = found_in(days, usual=usual)
    assert ("effluent_without_power" in found) is is_found
    if is_found:
        assert found["effluent_without_power"].first_day == TODAY - timedelta(days=1)
        assert "under_powered" not in found
    for process in ("wetland", "pond"):
        assert "effluent_without_power" not in found_in(days, process, usual)
    coarse = {day: marks._replace(energy_step=5.0) for day, marks in days.items()}
    assert "effluent_without_power" not in found_in(coarse, usual=usual)


def test_a_floor_given_is_taken():
    days = weeks([DRY, DRY])
    verdicts = dict.fromkeys(days, "running")
    for floor_kwh, wanted in ((0.58, 0), (0.60, 1)):
        found = findings(days, TODAY, USUAL, "A2O", verdicts, floor_kwh=floor_kwh)
        assert sum(each.code == "effluent_without_power" for each in found) == wanted


WEAK = BASE._replace(energy_kwh=3.4)


@pytest.mark.parametrize(
    ("today", "is_found"),
    [
        ([WEAK, WEAK], True),
        ([WEAK], False),
        ([WEAK._replace(energy_kwh=3.8)] * 2, False),
        ([WEAK._replace(energy_kwh=1.7, volume_m3=10.0)] * 2, True),
        ([WEAK._replace(energy_kwh=1.7, volume_m3=9.99)] * 2, False),
        ([WEAK._replace(energy_kwh=5.9, volume_m3=60.0)] * 2, True),
        ([WEAK._replace(energy_kwh=6.1, volume_m3=60.0)] * 2, False),  # a storm
        ([WEAK._replace(volume_m3=None)] * 2, False),
    ],
)
def test_under_powered_at_its_limits(today, is_found):
    days = weeks(today)
    found = found_in(days)
    assert ("under_powered" in found) is is_found
    if is_found:
        assert found["under_powered"].evidence["usual_kwh_per_m3"] == pytest.approx(0.6, abs=0.03)
    assert "under_powered" not in found_in(days, "pond")
    assert "under_powered" not in found_in(days, d1="excluded")


def test_too_few_days_before_tell_no_change():
    changed = [BASE._replace(running_kw=2.6)] * 3
    assert "load_signature_changed" in found_in(weeks(changed, days=17))
    assert "load_signature_changed" not in found_in(weeks(changed, days=16))


@pytest.mark.parametrize(
    ("change", "is_found"),
    [
        ({"running_kw": 1.3 * 1.41}, True),
        ({"running_kw": 1.3 * 1.39}, False),
        ({"running_kw": 1.3 * 0.59}, True),
        ({"running_kw": 1.3 * 0.61}, False),
        ({"running_kw": None}, False),
        ({"power_factor": 0.951}, True),
        ({"power_factor": 0.949}, False),
        ({"power_factor": 0.649}, True),
        ({"power_factor": 0.651}, False),
        ({"cycling": 1.41}, True),
        ({"cycling": 1.39}, False),
        ({"cycling": 0.59}, True),
        ({"cycling": 0.61}, False),
        ({"running_kw": 2.6, "volume_m3": 10.1}, True),
        ({"running_kw": 2.6, "volume_m3": 9.0}, False),
        ({"running_kw": 2.6, "volume_m3": 31.0}, False),  # a storm
        ({"running_kw": 2.6, "volume_m3": None}, False),
    ],
)
def test_load_signature_changed_at_its_limits(change, is_found):
    changed = BASE._replace(**change)
    assert ("load_signature_changed" in found_in(weeks([changed] * 3))) is is_found
    assert "load_signature_changed" not in found_in(weeks([changed] * 2))
    assert "load_signature_changed" not in found_in(weeks([changed] * 3), d1="stopped")


def test_a_steady_load_may_cycle_a_little_more():
    steady = BASE._replace(cycling=0.1)
    assert found_in(weeks([BASE._replace(cycling=0.39)] * 3, steady)) == {}
    assert "load_signature_changed" in found_in(weeks([BASE._replace(cycling=0.41)] * 3, steady))


def test_what_was_so_before_is_no_change():
    old, new = BASE, BASE._replace(running_kw=2.6)
    assert "load_signature_changed" in found_in(weeks([old] * 10 + [new] * 12))
    assert found_in(weeks([new] * 5 + [old] * 15 + [new] * 4)) == {}


def test_everything_scaled_by_one_factor_is_said():
    scaled = BASE._replace(running_kw=2.6, energy_kwh=24.0)
    evidence = found_in(weeks([scaled] * 4))["load_signature_changed"].evidence
    assert evidence == {"what": "running_kw", "before": 1.3, "now": 2.6, "scaled_by": 2.0}
    for other in ({"energy_kwh": 19.0}, {"cycling": 0.7}, {"power_factor": 0.74}):
        found = found_in(weeks([scaled._replace(**other)] * 4))["load_signature_changed"]
        assert "scaled_by" not in found.evidence


@pytest.mark.parametrize(("energy_kwh", "is_found"), [(24.0, True), (19.0, False)])
def test_without_a_flow_meter_only_a_common_factor_counts(energy_kwh, is_found):
    base = BASE._replace(volume_m3=None, flow_variation=None)
    changed = base._replace(running_kw=2.6, energy_kwh=energy_kwh)
    assert ("load_signature_changed" in found_in(weeks([changed] * 3, base))) is is_found


@pytest.mark.parametrize(("times", "is_found"), [(9, False), (10, True), (20, True)])
@pytest.mark.parametrize(
    ("sway", "hours", "step", "is_constant"),
    [
        (0.029, 0.079, 0.2, True),
        (0.031, 0.05, 0.001, False),
        (0.02, 0.08, 0.001, False),
        (0.02, None, 0.001, False),
        (0.02, 0.05, 0.21, False),
    ],
)
def test_constant_volume_at_its_limits(times, is_found, sway, hours, step, is_constant):
    today = [
        BASE._replace(volume_m3=20 * (1 + sway * (-1) ** n), flow_variation=hours) for n in range(times)
    ]  # fmt: skip
    days = {day: marks._replace(volume_step=step) for day, marks in weeks(today).items()}
    found = found_in(days)
    assert ("constant_volume" in found) is (is_found and is_constant)
    if is_found and is_constant:
        assert found["constant_volume"].first_day == TODAY - timedelta(days=times - 1 - times % 2)
        assert "constant_volume" not in found_in(days, d0="stopped")


@given(st.lists(st.floats(0.85, 1.15), min_size=36, max_size=36))
def test_volumes_vary_as_far_as_their_variation_says(shares):
    days = {
        day_number(n): BASE._replace(volume_m3=20 * each, flow_variation=0.01)
        for n, each in enumerate(shares)
    }
    last = shares[-10:]
    mean = sum(last) / 10
    variation = (sum((each - mean) ** 2 for each in last) / 10) ** 0.5 / mean
    if abs(variation - 0.03) > 1e-9:
        assert ("constant_volume" in found_in(days)) is (variation < 0.03)


@pytest.mark.parametrize(("back", "is_found"), [(1, True), (28, True), (29, False)])
@pytest.mark.parametrize("name", ["energy_hash", "volume_hash"])
def test_repeated_sequence_at_its_limits(back, is_found, name):
    days = weeks()
    for day in (TODAY, TODAY - timedelta(days=back)):
        days[day] = days[day]._replace(**{name: "0badcafe"})
    found = found_in(days)
    assert ("repeated_sequence" in found) is is_found
    other = {"energy_hash": "volume_hash", "volume_hash": "energy_hash"}[name]
    days[TODAY] = days[TODAY]._replace(**{name: None, other: "0badcafe"})
    assert found_in(days) == {}


def test_an_exchange_is_found_on_its_day_only():
    fall = CounterFall("power-1", 1_790_000_000_000, 4_321.5, 0.25)
    days = weeks([BASE._replace(falls=(fall,))])
    found = found_in(days)["unannounced_exchange"]
    figures = {"at_ms": 1_790_000_000_000.0, "before": 4_321.5, "after": 0.25, "count": 1.0}
    assert found == ("unannounced_exchange", TODAY, {"device": "power-1"} | figures)
    days[TODAY + timedelta(days=1)] = BASE
    assert found_in(days) == {}


def test_nothing_is_found_of_a_day_that_is_not_known():
    assert findings({}, TODAY, Baseline(), "", {}) == []
    days = weeks([HEATER] * 5)
    del days[TODAY]
    assert findings(days, TODAY, USUAL, "A2O", dict.fromkeys(days, "running")) == []


any_value = st.one_of(st.none(), st.floats(0, 1e6))


@given(st.lists(st.builds(DayMarks, *[any_value] * 9), max_size=40), st.sampled_from(["", "A2O", "pond"]))
def test_whatever_the_days_tell_there_is_at_most_one_of_a_code(told, process):
    days = {day_number(n): marks for n, marks in enumerate(told)}
    found = findings(days, TODAY, usual_of(days, TODAY), process, dict.fromkeys(days, "running"))
    codes = [each.code for each in found]
    assert len(set(codes)) == len(codes)
    assert set(codes) <= set(CODES)
    assert all(TODAY - timedelta(days=35) <= each.first_day <= TODAY for each in found)
