"""Quarter hours are recomputed from raw readings, whatever the order these arrive in."""

from contextlib import closing
from itertools import count, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.freshness import recompute, runs
from collector.ingest import late_quarter_hours
from history.embedded import EmbeddedHistory
from history.meter_events import NO_EVENTS, CtCorrection, Exchange, ManualReading, MeterEvents
from history.port import QUARTER_HOUR_MS, QuarterHour, StationReading
from history.quarter_hours import floor_to_quarter, quarter_hours
from telemetry.reading import Reading

Q = QUARTER_HOUR_MS
MINUTE_MS = 60_000
DAY_MS = 86_400_000
START_MS = 1_795_000_500_000
stations = count()


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    with closing(EmbeddedHistory(tmp_path_factory.mktemp("freshness") / "history.db")) as opened:
        opened._file._db.execute("PRAGMA synchronous = OFF")
        yield opened


@st.composite
def lives(draw):
    """Two or three meters' readings by time, with gaps, falls, failures; at most 12 days long."""
    found = []
    for device, kind, total, level in (
        ("power-1", "power", "energy_kwh", "active_power_kw"),
        ("power-2", "power", "energy_kwh", "active_power_kw"),
        ("flow-1", "flow", "volume_m3", "flow_m3h"),
    ):
        t, value = START_MS + draw(st.integers(0, 4 * Q)), draw(st.integers(0, 1000))
        for _ in range(draw(st.integers(1 if device == "power-1" else 0, 8))):
            t += draw(st.sampled_from([1, 5, 14, 15, 16, 60, 360, 2_000])) * MINUTE_MS
            value += draw(st.sampled_from([0, 1, 7, -500]))
            what = draw(st.sampled_from(["good", "good", "level", "missing"]))
            if not found:
                what = "good"  # the main meter is known from the start
            x = {"good": {total: float(value), level: 1.0}, "level": {level: 2.0}, "missing": {}}[what]
            quality = {"q": "missing", "why": "no_response"} if what == "missing" else {}
            found.append(Reading(t=t, d=device, k=kind, x=x, **quality))
    return sorted(found, key=lambda reading: reading.t)


@settings(max_examples=60)
@given(lives(), st.data())
def test_backfill_in_any_order_gives_what_one_computation_in_order_gives(history, life, data):
    station = f"station-{next(stations)}"
    first = next(reading for reading in life if reading.d == "power-1")
    arriving = [first, *data.draw(st.permutations([reading for reading in life if reading is not first]))]
    while arriving:
        size = data.draw(st.integers(1, len(arriving)))
        batch = [StationReading(station, reading) for reading in arriving[:size]]
        history.write(batch)
        late = late_quarter_hours(batch, 2**60)
        for start_ms, end_ms in runs(start for _, start in late):
            recompute(history, station, start_ms, end_ms)
        arriving = arriving[size:]
    assert kept(history, station) == wanted(station, life, NO_EVENTS)


def test_a_first_count_that_comes_late_ends_what_momentary_values_stood_for(history):
    def flow(minute, **x):
        return Reading(t=START_MS + minute * MINUTE_MS, d="flow-1", k="flow", x=x)

    life = [flow(1, flow_m3h=2.0), flow(2, flow_m3h=2.0), flow(400, flow_m3h=1.0, volume_m3=0.0)]
    for reading in life:
        history.write([StationReading("station-late-count", reading)])
        recompute(history, "station-late-count", reading.t, reading.t + 1)
    rows = kept(history, "station-late-count")
    assert rows == wanted("station-late-count", life, NO_EVENTS)
    assert [row.volume_m3 for row in rows] == [None, None]


@st.composite
def long_lives(draw):
    """A main meter that does all a counter can do, over more readings than any decision looks at."""
    t, value, found = START_MS, draw(st.sampled_from([0.0, 50.0, 9_990.0])), []
    for _ in range(draw(st.integers(1, 6))):
        apart_ms = draw(st.sampled_from([1, 15, 40, 1440])) * MINUTE_MS
        for _ in range(draw(st.integers(1, 40))):
            found.append((t, value))
            t += apart_ms
            value = (value + 1) % 10_000
        what = draw(st.sampled_from(["gap", "reset", "spike", "dip", "leap", "fall"]))
        if what == "gap":
            t += draw(st.sampled_from([1, 60, 3_000, 100_000])) * MINUTE_MS
        elif what in {"spike", "dip"}:
            for _ in range(draw(st.integers(1, 3))):
                found.append((t, 1e6 if what == "spike" else 0.0))
                t += apart_ms
        else:
            value = {"reset": 0.5, "leap": value + 10_000, "fall": value - 3}[what]
    return [Reading(t=t, d="power-1", k="power", x={"energy_kwh": value}) for t, value in found]


@st.composite
def told(draw, life):
    """Exchanges and counts by eye anywhere in and around a life."""
    instants = st.integers(life[0].t - 3 * DAY_MS, life[-1].t + 3 * DAY_MS)
    values = st.sampled_from([0.0, 30.0, 60.0, 9_999.0])
    exchanges = draw(st.lists(st.builds(Exchange, st.just("power-1"), instants, values, values), max_size=2))
    manual = draw(st.lists(st.builds(ManualReading, st.just("power-1"), instants, values), max_size=3))
    corrections = draw(
        st.lists(st.builds(CtCorrection, st.just("power-1"), instants, st.just(2.0)), max_size=1)
    )
    return MeterEvents(tuple(exchanges), tuple(corrections), tuple(manual))


def kept(history, station):
    """What was written, without rows that say nothing."""
    rows = history.quarter_hours(-(2**60), 2**60, [station])
    return [row for row in rows if row != QuarterHour(station, row.start_ms)]


def wanted(station, life, events):
    instants = [each.t for each in life] + [each.at_ms for each in (*events.exchanges, *events.manual)]
    starts = range(floor_to_quarter(min(instants)), max(instants) + 1, Q)
    rows = quarter_hours(station, life, starts, events)
    return [row for row in rows if row != QuarterHour(station, row.start_ms)]


@settings(max_examples=12)
@given(long_lives(), st.booleans(), st.data())
def test_rows_do_not_depend_on_how_and_in_which_order_time_was_cut(history, life, are_told, data):
    station = f"station-{next(stations)}"
    events = data.draw(told(life)) if are_told else NO_EVENTS
    history.write([StationReading(station, reading) for reading in life])
    cuts = sorted(data.draw(st.sets(st.integers(life[0].t, life[-1].t), max_size=4)))
    pieces = list(pairwise([life[0].t - 4 * DAY_MS, *cuts, life[-1].t + 4 * DAY_MS]))
    for start_ms, end_ms in data.draw(st.permutations(pieces)):
        recompute(history, station, start_ms, end_ms, events)
    assert kept(history, station) == wanted(station, life, events)


@settings(max_examples=6)
@given(long_lives(), st.booleans(), st.data())
def test_rows_do_not_depend_on_the_order_of_arrival(history, life, are_told, data):
    station = f"station-{next(stations)}"
    events = data.draw(told(life)) if are_told else NO_EVENTS
    pace = data.draw(st.integers(1, 5))
    lots = data.draw(st.permutations([life[n::pace] for n in range(pace)]))
    for lot in lots:
        batch = [StationReading(station, reading) for reading in lot]
        history.write(batch)
        for start_ms, end_ms in runs(start for _, start in late_quarter_hours(batch, 2**60)):
            recompute(history, station, start_ms, end_ms, events)
    for each in (*events.exchanges, *events.manual):  # as whoever keeps them does when they are told
        recompute(history, station, each.at_ms, each.at_ms + 1, events)
    assert kept(history, station) == wanted(station, life, events)


def test_what_is_told_later_changes_what_it_touches(history):
    life = [Reading(t=n * DAY_MS, d="power-1", k="power", x={"energy_kwh": 50.0 + n}) for n in range(60)]
    history.write([StationReading("told", reading) for reading in life])
    recompute(history, "told", 0, 60 * DAY_MS)
    events = MeterEvents(
        manual=(ManualReading("power-1", 40 * DAY_MS + Q, 90.9), ManualReading("power-1", 70 * DAY_MS, 130.0))
    )
    for manual in events.manual:
        recompute(history, "told", manual.at_ms, manual.at_ms + 1, events)
    assert kept(history, "told") == wanted("told", life, events)


def test_a_station_without_a_box_lives_on_counts_by_eye(history):
    events = MeterEvents(manual=tuple(ManualReading("power-1", n * 30 * DAY_MS, 100.0 * n) for n in range(5)))
    last = events.manual[-1].at_ms
    assert recompute(history, "boxless", last, last + 1, events) == (0, last + Q)
    rows = kept(history, "boxless")
    assert rows == wanted("boxless", [], events)
    assert sum(row.energy_kwh for row in rows) == pytest.approx(400)
    assert all(row.power_bridged for row in rows)


def put(history, station, t, value, device="power-1"):
    history.write([StationReading(station, Reading(t=t, d=device, k="power", x={"energy_kwh": value}))])


def test_a_station_that_was_silent_for_months_has_its_energy_spread_over_all_of_it(history):
    for days in (60, 400):
        station = f"silent-{days}"
        for minute in range(5):
            put(history, station, minute * MINUTE_MS, 0.0)
            put(history, station, days * DAY_MS + minute * MINUTE_MS, 960.0)
        recompute(history, station, days * DAY_MS, days * DAY_MS + Q)
        rows = history.quarter_hours(0, days * DAY_MS, [station])
        assert len(rows) == days * 96
        assert sum(row.energy_kwh for row in rows) == pytest.approx(960)
        assert all(row.power_bridged for row in rows)
    put(history, "silent-60", 30 * DAY_MS, 900.0)
    assert recompute(history, "silent-60", 30 * DAY_MS, 30 * DAY_MS + Q) == (0, 60 * DAY_MS + Q)
    rows = history.quarter_hours(0, 60 * DAY_MS, ["silent-60"])
    assert sum(row.energy_kwh for row in rows[: 30 * 96]) == pytest.approx(900)
    assert sum(row.energy_kwh for row in rows) == pytest.approx(960)


def test_a_device_that_died_long_ago_costs_nothing(history):
    for minute in range(60):
        put(history, "dead", minute * MINUTE_MS, 1.0 + minute)
        put(history, "dead", 90 * DAY_MS + minute * MINUTE_MS, 2.0 * minute, "power-2")
    span = recompute(history, "dead", 90 * DAY_MS + 3 * Q, 90 * DAY_MS + 4 * Q)
    assert span == (90 * DAY_MS + 2 * Q, 90 * DAY_MS + 4 * Q)
    rows = history.quarter_hours(0, 2**60, ["dead"])
    assert [row.energy_kwh for row in rows] == [30.0, 28.0]


def test_a_sub_meter_is_found_out_by_its_counts_of_long_ago(history):
    for minute in range(60):
        put(history, "sub", minute * MINUTE_MS, 1.0 + minute)
        put(history, "sub", minute * MINUTE_MS, 1.0 + minute, "power-2")
        put(history, "sub", 90 * DAY_MS + minute * MINUTE_MS, 200.0 + minute, "power-2")
    recompute(history, "sub", 90 * DAY_MS + Q, 90 * DAY_MS + 2 * Q)
    assert {row.energy_kwh for row in history.quarter_hours(90 * DAY_MS, 2**60, ["sub"])} == {None}


def test_a_reading_that_arrives_late_changes_the_gap_on_both_sides(history):
    put(history, "late", 0, 0.0)
    put(history, "late", 8 * Q, 80.0)
    recompute(history, "late", 8 * Q, 9 * Q)
    assert [row.energy_kwh for row in history.quarter_hours(0, 8 * Q, ["late"])] == [10.0] * 8
    put(history, "late", 4 * Q + 1, 0.0)
    recompute(history, "late", 4 * Q, 5 * Q)
    rows = history.quarter_hours(0, 8 * Q, ["late"])
    assert [row.energy_kwh for row in rows][:4] == [0.0] * 4
    assert sum(row.energy_kwh for row in rows) == pytest.approx(80)


def test_a_station_without_readings_gets_empty_rows(history):
    recompute(history, "nobody", 5, Q)
    assert history.quarter_hours(0, 2 * Q, ["nobody"]) == [QuarterHour("nobody", 0)]


@pytest.mark.parametrize(
    ("starts", "joined"),
    [
        ([], []),
        ([0], [(0, Q)]),
        ([2 * Q, 0, Q], [(0, 3 * Q)]),
        ([5 * Q, 0, Q, 4 * Q], [(0, 2 * Q), (4 * Q, 6 * Q)]),
        ([-Q, 0], [(-Q, Q)]),
    ],
)
def test_neighbouring_quarter_hours_are_joined(starts, joined):
    assert runs(starts) == joined
