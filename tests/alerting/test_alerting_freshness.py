"""Quarter hours are recomputed from raw readings, whatever the order these arrive in."""

from contextlib import closing
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.freshness import recompute, runs
from collector.ingest import late_quarter_hours
from history.embedded import EmbeddedHistory
from history.port import QUARTER_HOUR_MS, QuarterHour, StationReading
from history.quarter_hours import floor_to_quarter, quarter_hours
from telemetry.reading import Reading

Q = QUARTER_HOUR_MS
MINUTE_MS = 60_000
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
    starts = range(floor_to_quarter(life[0].t), life[-1].t + 1, Q)
    wanted = quarter_hours(station, life, starts)
    kept = {
        row.start_ms: row
        for row in history.quarter_hours(starts[0] - 400 * Q, starts[-1] + 400 * Q, [station])
    }
    for row in wanted:
        assert kept.pop(row.start_ms, QuarterHour(station, row.start_ms)) == row
    assert all(row == QuarterHour(station, row.start_ms) for row in kept.values())


def test_a_reading_that_arrives_late_changes_the_gap_on_both_sides(history):
    def put(t, value):
        history.write([StationReading("late", Reading(t=t, d="power-1", k="power", x={"energy_kwh": value}))])

    put(0, 0.0)
    put(8 * Q, 80.0)
    recompute(history, "late", 8 * Q, 9 * Q)
    assert [row.energy_kwh for row in history.quarter_hours(0, 8 * Q, ["late"])] == [10.0] * 8
    put(4 * Q + 1, 0.0)
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
