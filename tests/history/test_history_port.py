"""What every back end of the history can do."""

import threading
from contextlib import closing
from itertools import count, permutations

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from history.port import (
    NEAR_MS,
    QUARTER_HOUR_MS,
    HistoryError,
    HistoryMisconfiguredError,
    QuarterHour,
    StationReading,
)
from telemetry.quantities import NAMES_BY_KIND
from telemetry.reading import WHYS, NumberedReading, Reading

FAR = 2**53
LATEST = 2**43
"""The year 2248: all back ends hold it."""
A, B = "410882-0001", "410882-0002"


def power(t, d="power-1", **x):
    return Reading(t=t, d=d, k="power", x=x or {"energy_kwh": float(t)})


def flow(t, d="flow-1", **x):
    return Reading(t=t, d=d, k="flow", x=x or {"volume_m3": float(t)})


def mute(t, d="power-1", k="power"):
    return Reading(t=t, d=d, k=k, q="missing", why="no_response")


def write(history, station, *readings):
    return history.write([StationReading(station, reading) for reading in readings])


def everything(history, station=A):
    return history.raw(station, None, -FAR, FAR)


def test_an_empty_store_knows_nothing(history):
    assert everything(history) == []
    assert history.edges(A, 0, 1) == []
    assert history.latest() == {}
    assert history.quarter_hours(-FAR, FAR) == []
    history.write([])
    history.write_quarter_hours([])
    assert history.latest() == {}


@st.composite
def storable(draw):
    kind = draw(st.sampled_from(["power", "flow"]))
    quality = draw(st.sampled_from(["good", "suspect", "missing"]))
    finite = st.floats(allow_nan=False, allow_infinity=False)
    values = st.dictionaries(st.sampled_from(NAMES_BY_KIND[kind]), finite, min_size=quality == "good")
    return Reading(
        t=draw(st.integers(-(2**40), LATEST)),
        d=draw(st.sampled_from([f"{kind}-1", f"{kind}-2"])),
        k=kind,
        q=quality,
        why=None if quality == "good" else draw(st.sampled_from(sorted(WHYS))),
        x={} if quality == "missing" else draw(values),
    )


stations = count()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.lists(storable(), max_size=12))
def test_what_is_written_is_what_is_read(history, readings):
    station = f"station-{next(stations)}"
    assert write(history, station, *readings) == []
    kept = {(reading.d, reading.t): reading for reading in readings}
    in_order = sorted(kept.values(), key=lambda reading: (reading.t, reading.d))
    assert everything(history, station) == in_order
    newest = {reading.d: reading for reading in in_order}
    wanted = [newest[device] for device in sorted(newest)]
    assert history.latest([station]) == ({station: wanted} if wanted else {})


def test_absent_quantities_stay_absent_and_zero_stays_zero(history):
    write(
        history,
        A,
        power(1, active_power_kw=0.0),
        Reading(t=2, d="power-1", k="power", q="suspect", why="not_a_number", x={}),
        mute(3),
    )
    assert [(reading.q, reading.why, reading.x) for reading in everything(history)] == [
        ("good", None, {"active_power_kw": 0.0}),
        ("suspect", "not_a_number", {}),
        ("missing", "no_response", {}),
    ]


def test_a_numbered_reading_is_stored_as_the_plain_one(history):
    write(history, A, NumberedReading(seq=7, t=1, d="flow-1", k="flow", x={"volume_m3": 2.0}))
    assert everything(history) == [flow(1, volume_m3=2.0)]


def test_the_same_instant_of_a_device_overwrites_itself_whole(history):
    write(history, A, power(1, energy_kwh=5.0, voltage_l1_v=230.0), power(1, "power-2"))
    write(history, A, power(1, energy_kwh=6.0))
    write(history, B, power(1, energy_kwh=7.0))
    assert everything(history) == [power(1, energy_kwh=6.0), power(1, "power-2")]
    assert everything(history, B) == [power(1, energy_kwh=7.0)]


def test_within_one_write_the_last_of_an_instant_stays(history):
    write(history, A, power(1, energy_kwh=5.0), power(1, energy_kwh=6.0))
    assert everything(history) == [power(1, energy_kwh=6.0)]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_order_of_arrival_does_not_matter(history, order):
    batches = [[power(1), flow(2)], [mute(5), flow(4)], [power(3), flow(6), power(1)]]
    for index in order:
        write(history, A, *batches[index])
    assert everything(history) == [power(1), flow(2), power(3), flow(4), mute(5), flow(6)]
    assert history.latest() == {A: [flow(6), mute(5)]}


def test_raw_holds_its_start_and_not_its_end_and_one_device_if_asked(history):
    write(history, A, *(power(t) for t in range(10)), *(flow(t) for t in range(10)), power(4, "power-2"))
    assert [reading.t for reading in history.raw(A, "power-1", 3, 6)] == [3, 4, 5]
    assert history.raw(A, "power-2", 0, 10) == [power(4, "power-2")]
    assert history.raw(A, None, 4, 5) == [flow(4), power(4), power(4, "power-2")]
    assert history.raw(A, "power-1", 3, 3) == []
    assert history.raw(B, None, 0, 10) == []


def test_edges_are_the_nearest_counter_readings_outside_the_span(history):
    write(history, A, power(10), power(20), power(30), power(40), flow(5), flow(35))
    edges = history.edges(A, 20, 40)
    assert sorted((reading.d, reading.t) for reading in edges) == [
        ("flow-1", 5),
        ("power-1", 10),
        ("power-1", 40),
    ]


def test_edges_pass_over_readings_without_a_counter(history):
    write(history, A, power(10), power(15, active_power_kw=1.0), mute(16), mute(41), power(50))
    assert sorted(reading.t for reading in history.edges(A, 20, 40)) == [10, 50]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    st.lists(st.tuples(st.sampled_from(["power-1", "power-2", "flow-1"]), st.integers(0, 40), st.booleans())),
    st.tuples(st.integers(-5, 45), st.integers(0, 20)),
)
def test_edges_are_what_the_whole_series_shows(history, made, span):
    """Days apart and hours apart: what is far is looked for otherwise than what is near."""
    station, quarter_day_ms = f"station-{next(stations)}", 6 * 3_600_000
    readings = {}
    for d, n, is_counted in made:
        t = n * quarter_day_ms
        make = flow if d == "flow-1" else power
        readings[d, t] = make(t, d) if is_counted else mute(t, d, "flow" if d == "flow-1" else "power")
    write(history, station, *readings.values())
    start = span[0] * quarter_day_ms
    end = start + span[1] * quarter_day_ms
    wanted = []
    for device in sorted({d for d, _ in readings}):
        series = sorted((t for (d, t), each in readings.items() if d == device and each.x))
        wanted += [readings[device, t] for t in [t for t in series if t < start][-1:]]
        wanted += [readings[device, t] for t in [t for t in series if t >= end][:1]]
    assert sorted(history.edges(station, start, end), key=lambda each: (each.d, each.t)) == wanted


def test_latest_follows_a_missing_reading_and_can_be_asked_for_some_stations(history):
    write(history, A, power(10), mute(20))
    write(history, B, flow(3))
    assert history.latest() == {A: [mute(20)], B: [flow(3)]}
    assert history.latest([B, "nobody"]) == {B: [flow(3)]}
    assert history.latest([]) == {}


def test_latest_never_names_a_station_without_a_reading(history):
    """A device that once said it was the other kind, in a reading that arrived late, hides nothing."""
    write(history, A, power(100, "x"))
    write(history, A, flow(50, "x"))
    assert history.latest() == {A: [power(100, "x")]}
    assert history.edges(A, 200, 300) == [power(100, "x")]
    write(history, A, flow(150, "x"))
    assert history.latest() == {A: [flow(150, "x")]}


FULL = QuarterHour(A, QUARTER_HOUR_MS, 1.5, 0.0, 0.4, 0.9, 0.1, 0.2, *(True, False), 14, 1, 15, 0)


def test_quarter_hours_come_back_whole_by_station_and_time(history):
    rows = [FULL._replace(start_ms=n * QUARTER_HOUR_MS, station=s) for s in (B, A) for n in (2, 0, 1)]
    history.write_quarter_hours(iter(rows))
    assert history.quarter_hours(0, 3 * QUARTER_HOUR_MS) == sorted(rows)
    assert history.quarter_hours(QUARTER_HOUR_MS, 2 * QUARTER_HOUR_MS, [A]) == [FULL]
    assert history.quarter_hours(0, 3 * QUARTER_HOUR_MS, [B, A, "nobody"]) == sorted(rows)
    assert history.quarter_hours(0, 3 * QUARTER_HOUR_MS, []) == []


def test_a_quarter_hour_written_again_keeps_nothing_of_before(history):
    history.write_quarter_hours([FULL])
    empty = QuarterHour(A, QUARTER_HOUR_MS)
    history.write_quarter_hours([empty])
    found = history.quarter_hours(0, FAR)
    assert found == [empty]
    assert [found[0].energy_kwh, found[0].volume_m3, found[0].power_bridged] == [None, None, False]


def test_what_was_written_is_there_after_reopening(store):
    with closing(store.open()) as history:
        write(history, A, power(1), mute(2), flow(3))
        history.write_quarter_hours([FULL])
    for _ in range(2):
        with closing(store.open()) as history:
            assert everything(history) == [power(1), mute(2), flow(3)]
            assert history.latest() == {A: [flow(3), mute(2)]}
            assert history.quarter_hours(0, FAR) == [FULL]


def test_one_open_store_sees_what_another_writes(store):
    with closing(store.open()) as one, closing(store.open()) as other:
        write(one, A, power(1))
        assert everything(other) == [power(1)]
        write(other, A, power(2))
        assert everything(one) == [power(1), power(2)]


def test_threads_may_write_and_read_at_once(store):
    failures = []

    def work(history, number):
        try:
            for t in range(30):
                write(history, A, power(t, f"power-{number}"), power(1000 + t % 3, "shared"))
                assert history.raw(A, f"power-{number}", t, t + 1)
                assert history.latest([A])
        except Exception as error:  # noqa: BLE001 - told below
            failures.append(error)

    with closing(store.open()) as one, closing(store.open()) as other:
        threads = [threading.Thread(target=work, args=((one, other)[n % 2], n)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert len(everything(one)) == 4 * 30 + 3


def test_a_store_that_fails_says_so_and_takes_the_same_again_when_it_is_well(store, history):
    write(history, A, power(1))
    many = [power(t, "power-2", **dict.fromkeys(NAMES_BY_KIND["power"], 1.5)) for t in range(5_000)]
    rows = [QuarterHour(A, n * QUARTER_HOUR_MS, 1.0) for n in range(6_000)]
    with store.failing(history):
        for failing in (lambda: write(history, A, *many), lambda: history.write_quarter_hours(rows)):
            with pytest.raises(HistoryError) as caught:
                failing()
            assert "\n" not in str(caught.value)
            assert str(caught.value).startswith("history ")
            assert caught.value.retry_after_s is None
            assert not isinstance(caught.value, HistoryMisconfiguredError)
    for _ in range(2):
        assert write(history, A, *many) == []
        history.write_quarter_hours(iter(rows))
        assert len(everything(history)) == 5_001
        assert history.quarter_hours(-FAR, FAR) == rows


def test_a_closed_store_says_so(store):
    history = store.open()
    history.close()
    with pytest.raises(HistoryError):
        write(history, A, power(1))
    with pytest.raises(HistoryError):
        history.latest()


def test_counts_are_what_raw_and_edges_say_without_the_rest(history):
    span = 1_000_000_000
    write(history, A, power(span - NEAR_MS, energy_kwh=1.0), mute(span - 400),
          power(span - 500, energy_kwh=2.0, voltage_l1_v=230.0),
          power(span, active_power_kw=1.5, voltage_l1_v=231.0),
          power(span + 10, energy_kwh=3.0, active_power_kw=1.0), mute(span + 20), power(span + 99),
          flow(span + 5, level_m=1.0), flow(span + 6, flow_m3h=2.0, volume_m3=9.0))  # fmt: skip
    write(history, B, flow(span - NEAR_MS - 1), flow(span + 100))
    write(history, "far", flow(span - NEAR_MS, volume_m3=5.0))
    found = history.counts(span, span + 99)
    assert found[A] == [
        power(span - 500, energy_kwh=2.0), power(span, active_power_kw=1.5),
        Reading(t=span + 5, d="flow-1", k="flow"), flow(span + 6, flow_m3h=2.0, volume_m3=9.0),
        power(span + 10, energy_kwh=3.0, active_power_kw=1.0), mute(span + 20),
    ]  # fmt: skip
    assert found["far"] == [flow(span - NEAR_MS, volume_m3=5.0)]
    assert found.keys() == {A, "far"}
    assert history.counts(span, span + 99, [A]) == {A: found[A]}
    assert history.counts(span, span + 99, []) == {}
    many = {A, *(f"s{number}" for number in range(60))}
    assert history.counts(span, span + 99, many) == {A: found[A]}
    assert history.counts(0, 1) == {}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(
    times=st.lists(st.integers(0, 60), unique=True, max_size=12), start=st.integers(0, 60), number=st.uuids()
)
def test_counts_hold_the_edge_before_and_all_within(history, times, start, number):
    station = f"s{number.hex[:12]}"
    readings = [power(t, energy_kwh=float(t)) if t % 3 else mute(t) for t in times]
    write(history, station, *readings)
    found = history.counts(start, 61, [station]).get(station, [])
    before = [reading for reading in history.edges(station, start, 61) if reading.t < start]
    assert found == before + [msgspec.structs.replace(each) for each in history.raw(station, None, start, 61)]


def test_what_is_old_is_dropped_and_what_is_younger_stays(history):
    write(history, A, power(1_000), power(2_000), flow(1_500), flow(2_500))
    write(history, B, power(10))
    history.write_quarter_hours(
        QuarterHour(station, n * QUARTER_HOUR_MS, 1.0) for station in (A, B) for n in (1, 2, 3)
    )
    for _ in history.drop(2_000, 2 * QUARTER_HOUR_MS):
        pass
    assert [(reading.d, reading.t) for reading in everything(history)] == [
        ("power-1", 2_000),
        ("flow-1", 2_500),
    ]
    assert everything(history, B) == []
    assert {station: [r.t for r in found] for station, found in history.latest().items()} == {
        A: [2_500, 2_000]
    }
    kept = [(row.station, row.start_ms // QUARTER_HOUR_MS) for row in history.quarter_hours(-FAR, FAR)]
    assert kept == [(A, 2), (A, 3), (B, 2), (B, 3)]
    write(history, B, power(3_000))
    assert [reading.t for reading in everything(history, B)] == [3_000]
