import ctypes
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.city import CityStation, Event, city
from simulator.course import Course, counters_at, readings, silences
from simulator.plant import plant
from telemetry.batch import decode_batch, encode_batch
from telemetry.quantities import QUANTITIES
from telemetry.reading import NumberedReading, Reading

BEGUN_S = datetime(2026, 11, 22, 2, 0, tzinfo=UTC).timestamp()
STATIONS = city(BEGUN_S)
ORDINARY = STATIONS[4]
PAST_S = int(ORDINARY.past_start_s)
DAY_MS = 86_400_000
QUARTER_MS = 900_000
INF = float("inf")


def at(day: float) -> float:
    """So many days after the past began, seconds."""
    return PAST_S + 86_400 * day


def befallen(kind: str, first_day: float, last_day: float, of: CityStation = ORDINARY) -> CityStation:
    return replace(of, events=(Event(kind, at(first_day), at(last_day) if last_day < INF else INF),))


def told(station: CityStation, first_day: float, last_day: float) -> list[Reading]:
    return list(readings(Course(station), int(at(first_day) * 1000), int(at(last_day) * 1000)))


def of_kind(some: list[Reading], kind: str) -> list[Reading]:
    return [reading for reading in some if reading.k == kind]


def day_of(course: Course, day: int):
    return course.day(course.first_day + day)


def float32(value: float) -> float:
    return ctypes.c_float(value).value


def test_every_reading_of_every_station_is_accepted_and_no_counter_falls():
    begun = (BEGUN_S - PAST_S) / 86_400
    for station in STATIONS:
        accepted(station, [*told(station, 44, 45.3), *told(station, begun - 1, begun + 0.25)])


def accepted(station: CityStation, some: list[Reading]) -> None:
    numbered = [
        NumberedReading(seq=seq, t=each.t, d=each.d, k=each.k, q=each.q, why=each.why, x=each.x)
        for seq, each in enumerate(some)
    ]
    for start in range(0, len(numbered), 200):
        batch = numbered[start : start + 200]
        received = decode_batch(encode_batch("0123abcd", 0, batch))
        assert (received.readings, received.refused, received.unnumbered) == (batch, [], [])
    assert [each.t for each in some] == sorted({each.t for each in some})
    assert {each.k for each in some} <= set(station.meters)
    for kind, total in (("power", "energy_kwh"), ("flow", "volume_m3")):
        counted = [each.x[total] for each in of_kind(some, kind) if each.q == "good"]
        assert counted == sorted(counted)
    for each in some:
        assert each.q == "missing" or each.x.keys() == {
            quantity.name for quantity in QUANTITIES if quantity.kind == each.k and quantity.name != "level_m"
        }


@given(first=st.floats(0, 70), length=st.floats(0, 3), cut=st.floats(0, 1), station=st.sampled_from(STATIONS))
@settings(max_examples=25)
def test_a_span_may_be_told_in_pieces(first, length, cut, station):
    start_ms = int(at(first) * 1000)
    end_ms = start_ms + int(length * DAY_MS)
    middle_ms = start_ms + int(cut * (end_ms - start_ms))
    course = Course(station)
    pieces = [*readings(course, start_ms, middle_ms), *readings(course, middle_ms, end_ms)]
    assert pieces == list(readings(Course(station), start_ms, end_ms))


def test_a_box_samples_both_meters_every_quarter_hour_at_a_moment_of_its_own():
    offsets = set()
    for station in STATIONS:
        if station.meters == ("power", "flow") and not station.events and station.connected_from:
            day = told(station, 80, 81)
            assert len(day) == (0 if station.class_change else 192)
            for power, flow in zip(day[::2], day[1::2], strict=True):
                assert (power.d, flow.d, flow.t - power.t) == ("power-1", "flow-1", 200)
            if day:
                offsets |= {each.t % QUARTER_MS for each in of_kind(day, "power")}
                assert 3_000 <= day[0].t % QUARTER_MS < 50_000
    assert len(offsets) == 7


@pytest.mark.parametrize("number", [0, 4, 5, 7, 9, 19, 28])
def test_counters_are_the_sums_of_the_quarter_hours(number):
    station = STATIONS[number]
    course = Course(station)
    energy_kwh = sum(sum(day_of(course, day).energy_kwh) for day in range(70))
    volume_m3 = sum(sum(day_of(course, day).volume_m3) for day in range(70))
    start, end = counters_at(course, at(0)), counters_at(Course(station), at(70))
    assert start == (station.plant.energy_kwh, station.plant.volume_m3) == counters_at(course, at(-9))
    assert end[0] - start[0] == pytest.approx(energy_kwh)
    assert end[1] - start[1] == pytest.approx(volume_m3)
    half = counters_at(course, at(3) + 450)
    assert half[0] - counters_at(course, at(3))[0] == pytest.approx(day_of(course, 3).energy_kwh[0] / 2)


def test_meters_show_the_counters_as_the_real_ones_do():
    course = Course(STATIONS[0])
    for reading in islice(readings(course, int(at(80) * 1000), int(at(90) * 1000)), 400):
        energy_kwh, volume_m3 = counters_at(course, reading.t / 1000)
        if reading.k == "power":
            assert reading.x["energy_kwh"] == pytest.approx(float32(energy_kwh), abs=1e-4)
        else:
            assert reading.x["volume_m3"] == pytest.approx(volume_m3, abs=1e-6)


def test_a_live_station_goes_on_where_its_past_ends():
    for station in STATIONS[:2]:
        *_, power, flow = told(station, 80, 82)
        energy_kwh, volume_m3 = counters_at(Course(station), at(82))
        assert power.x["energy_kwh"] <= float32(energy_kwh)
        assert flow.x["volume_m3"] <= int(volume_m3) + float32(volume_m3 % 1)
        assert 14 < (energy_kwh - 42) / 82 < 18
        assert energy_kwh < 8192
        assert (volume_m3 - 60) / 82 == pytest.approx(station.population * 0.0685, rel=0.06)


@pytest.mark.parametrize("number", [0, 5, 28, 29])
def test_momentary_values_have_the_mean_of_what_is_counted(number):
    station = replace(STATIONS[number], events=())
    some = told(station, 0, 40)
    energy_kwh, volume_m3 = (
        after - before
        for before, after in zip(
            counters_at(Course(station), at(0)), counters_at(Course(station), at(40)), strict=True
        )
    )
    powers = [each.x["active_power_kw"] for each in of_kind(some, "power")]
    flows = [each.x["flow_m3h"] for each in of_kind(some, "flow")]
    assert sum(powers) / len(powers) == pytest.approx(energy_kwh / 960, rel=0.05)
    assert sum(flows) / len(flows) == pytest.approx(volume_m3 / 960, rel=0.06)


def test_samples_show_blower_pump_and_mains():
    some = told(ORDINARY, 0, 10)
    for each in of_kind(some, "power"):
        volts = [each.x[f"voltage_l{phase}_v"] for phase in (1, 2, 3)]
        amperes = [each.x[f"current_l{phase}_a"] for phase in (1, 2, 3)]
        apparent_kva = sum(v * a for v, a in zip(volts, amperes, strict=True)) / 1000
        assert all(220 <= volt <= 235 for volt in volts)
        assert apparent_kva * each.x["power_factor"] == pytest.approx(each.x["active_power_kw"], abs=0.01)
    watts = {round(each.x["active_power_kw"] * 1000) for each in of_kind(some, "power")}
    plant = ORDINARY.plant
    assert min(watts) == round(plant.standby_kw * 1000)
    assert max(watts) == pytest.approx(1000 * (plant.blower_kw + plant.pump_kw), rel=0.05)
    assert {each.x["flow_m3h"] for each in of_kind(some, "flow")} == {0.0, float32(plant.pump_m3h)}


@pytest.mark.parametrize(
    ("kind", "blower", "effluent", "standby"),
    [
        ("stop", 0, 0, 1),
        ("low_load", 0.18, 0.2, 1),
        ("under_powered", 0.15, 1, 1),
        ("bypass", 0, 1, 1),
        ("power_cut", 0, 0, 0),
    ],
)
def test_events_change_the_quarter_hours_they_cover(kind, blower, effluent, standby):
    usual, changed = day_of(Course(ORDINARY), 5), day_of(Course(befallen(kind, 5.25, 5.5)), 5)
    assert changed.energy_kwh[:24] + changed.energy_kwh[48:] == usual.energy_kwh[:24] + usual.energy_kwh[48:]
    assert changed.usual_kwh == usual.energy_kwh
    assert changed.usual_m3 == usual.volume_m3
    assert changed.motor_kwh[24:48] == pytest.approx([blower * kwh for kwh in usual.motor_kwh[24:48]])
    assert changed.volume_m3[24:48] == pytest.approx([effluent * m3 for m3 in usual.volume_m3[24:48]])
    standby_kwh = standby * ORDINARY.plant.standby_kw / 4
    assert sum(changed.energy_kwh[24:48]) == pytest.approx(sum(changed.motor_kwh[24:48]) + 24 * standby_kwh)


def test_idling_leaves_the_blower_only():
    day = day_of(Course(befallen("idle", 5, 6)), 5)
    assert sum(day.volume_m3) == 0
    assert 0.7 < sum(day.motor_kwh) / sum(day.usual_kwh) < 0.95
    assert all(each.x["flow_m3h"] == 0 for each in of_kind(told(befallen("idle", 5, 6), 5, 6), "flow"))


def test_in_a_stop_nothing_moves_and_only_the_standby_is_drawn():
    some = told(befallen("stop", 5, 8), 5.1, 8)
    assert {each.x["active_power_kw"] for each in of_kind(some, "power")} == {ORDINARY.plant.standby_kw}
    assert len({each.x["volume_m3"] for each in of_kind(some, "flow")}) == 1


def missing(some: list[Reading]) -> list[tuple[str, float]]:
    """Kind and hour of the reports on mute meters, hours after the past began."""
    return [
        (each.k, each.t // QUARTER_MS / 4 - PAST_S / 3600)
        for each in some
        if (each.q, each.why, each.x) == ("missing", "no_response", {})
    ]


def test_in_a_power_cut_both_meters_are_reported_mute_at_once_and_hourly():
    station = befallen("power_cut", 5.25, 5.5)
    some = told(station, 5, 6)
    hours = [126, 127, 128, 129, 130, 131]
    assert missing(some) == [(kind, hour) for hour in hours for kind in ("power", "flow")]
    assert len(some) == 192 - 2 * 24 + 2 * 6
    before, after = (counters_at(Course(station), at(day)) for day in (5.25, 5.5))
    assert before == after
    assert silences(station) == []


def test_a_mute_power_meter_counts_on_and_the_flow_meter_is_heard():
    station = befallen("power_meter_mute", 5.25, 5.5)
    some = told(station, 5, 6)
    assert missing(some) == [("power", hour) for hour in (126, 127, 128, 129, 130, 131)]
    assert len(of_kind(some, "flow")) == 96
    usual = told(ORDINARY, 5, 6)
    assert some[-2:] == usual[-2:]
    assert missing(told(station, 5.4, 6)) == [("power", hour) for hour in (130, 131)]


def test_a_dead_box_is_never_heard_and_the_meters_count_on():
    station = befallen("box_dead", 5.25, 7)
    assert len(told(station, 5, 6)) == 48
    assert told(station, 6, 7) == []
    assert told(station, 7, 8) == told(ORDINARY, 7, 8)
    assert silences(station) == [(at(5.25) * 1000, at(7) * 1000)]


def test_a_mast_that_is_down_loses_nothing():
    station = befallen("mast_down", 5, 9)
    assert told(station, 4, 10) == told(ORDINARY, 4, 10)
    assert silences(station) == [(at(5) * 1000, at(9) * 1000)]


def test_a_station_is_heard_while_its_box_is_there():
    connected = date(2026, 9, 16)
    station = replace(
        ORDINARY, connected_from=connected, class_change=(connected + timedelta(days=10), "to_sewer")
    )
    assert told(station, 0, 15) == told(station, 25, 80) == []
    assert told(station, 15, 25) == told(ORDINARY, 15, 25)
    assert silences(station) == [(at(0) * 1000, at(15) * 1000), (at(25) * 1000, INF)]
    assert counters_at(Course(station), at(80))[1] == counters_at(Course(station), at(25))[1]


def test_a_station_without_a_box_is_never_heard():
    station = replace(ORDINARY, connected_from=None)
    assert told(station, 0, 90) == []
    assert silences(station) == [(at(0) * 1000, INF)]


def test_a_day_depends_on_nothing_but_station_and_number():
    course = Course(ORDINARY)
    later = day_of(course, 77)
    assert day_of(Course(ORDINARY), 77) == later
    assert day_of(course, 3) != day_of(course, 4)
    other = replace(ORDINARY, seed=ORDINARY.seed + 1)
    assert day_of(Course(other), 77).energy_kwh != later.energy_kwh


def test_a_village_sleeps_but_a_large_basin_does_not():
    night = slice(8, 16)
    a2o = Course(STATIONS[7])
    wetland = next(station for station in STATIONS if station.process == "wetland")
    assert sum(day_of(a2o, 9).volume_m3[night]) == 0
    assert min(day_of(Course(wetland), 9).volume_m3) * 96 > 0.5 * sum(day_of(Course(wetland), 9).volume_m3)


@given(
    process=st.sampled_from(["A2O", "AO", "contact_oxidation", "SBR", "MBR"]),
    design=st.sampled_from([10, 20, 50, 100, 200, 500]),
    load=st.floats(0.3, 0.8),
)
def test_energy_per_cubic_metre_lies_in_the_known_bands(process, design, load):
    parameters = plant(process, design, round(design * load / 0.0685), days_old=0)
    blowing = parameters.blower_on_s / (parameters.blower_on_s + parameters.blower_off_s)
    daily_kwh = 24 * (parameters.blower_kw * blowing + parameters.standby_kw)
    per_m3 = daily_kwh / (design * load) + parameters.pump_kw / parameters.pump_m3h
    assert (0.5 if process == "MBR" else 0.25) < per_m3 < (4 if process == "MBR" else 2.0)


def test_quarter_hours_sway_by_three_per_cent_and_rise_evenly_on_the_timer():
    course = Course(replace(ORDINARY, plant=replace(ORDINARY.plant, blower_off_s=0.0, pump_kw=0.0)))
    kwh = day_of(course, 1).motor_kwh
    mean = sum(kwh) / 96
    assert all(abs(value / mean - 1) < 0.04 for value in kwh)
    assert max(kwh) / min(kwh) > 1.03
    assert len({round(b - a, 9) for a, b in pairwise(kwh)}) > 90
