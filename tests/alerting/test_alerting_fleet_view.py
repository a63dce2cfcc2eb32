"""What a round reads for all stations together is what it would have read of each."""

from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerting.fleet_view import FEW, FleetView
from alerting.freshness import RECENT_MS, recompute
from history.embedded import EmbeddedHistory
from history.port import QUARTER_HOUR_MS, HistoryError, QuarterHour, StationReading
from telemetry.reading import Reading

Q = QUARTER_HOUR_MS
NOW_MS = 2_000_000 * Q + 400_000
NAMES = [f"s{number:02}" for number in range(FEW + 5)]


def reading(t, value, device="power-1"):
    kind = device.partition("-")[0]
    total, level = ("energy_kwh", "active_power_kw") if kind == "power" else ("volume_m3", "flow_m3h")
    return Reading(
        t=t,
        d=device,
        k=kind,
        x={total: value, level: 1.0, **({"voltage_l1_v": 230.0} if kind == "power" else {})},
    )


def mute(t, device="power-1"):
    return Reading(t=t, d=device, k=device.partition("-")[0], q="missing", why="no_response")


def polled(age_ms, value, device, is_mute):
    return mute(NOW_MS - age_ms, device) if is_mute else reading(NOW_MS - age_ms, value, device)


ages_ms = st.integers(-600_000, 5 * 3_600_000) | st.integers(0, 4 * 86_400_000)
polls = st.tuples(
    ages_ms, st.floats(0, 1e6), st.sampled_from(["power-1", "power-2", "flow-1"]), st.booleans()
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(of_some=st.lists(st.lists(polls, max_size=8), min_size=1, max_size=4))
def test_a_round_together_writes_what_single_ones_write(tmp_path_factory, of_some):
    folder = tmp_path_factory.mktemp("view")
    with (
        closing(EmbeddedHistory(folder / "a.db")) as single,
        closing(EmbeddedHistory(folder / "b.db")) as joint,
    ):
        for history in (single, joint):
            history._file._db.execute("PRAGMA synchronous = OFF")
            for name, some in zip(
                NAMES, [*of_some, *([of_some[0]] * (len(NAMES) - len(of_some)))], strict=True
            ):
                history.write([StationReading(name, polled(*poll)) for poll in some])
        start_ms = NOW_MS - RECENT_MS
        spans = {name: recompute(single, name, start_ms, NOW_MS) for name in NAMES}
        view = FleetView(joint)
        for _ in range(2):  # the second time it remembers which meters have no counter
            with view.together(start_ms, NOW_MS, joint.latest()):
                assert {name: recompute(view, name, start_ms, NOW_MS) for name in NAMES} == spans
            assert joint.quarter_hours(0, 2**60) == single.quarter_hours(0, 2**60)


def test_nothing_is_kept_of_a_block_whose_rows_were_not_written(tmp_path):
    class Full(EmbeddedHistory):
        def write_quarter_hours(self, rows):
            raise HistoryError("the disk is full")

    with closing(Full(tmp_path / "history.db")) as history:
        view = FleetView(history)
        view.use.begin(NOW_MS)
        with pytest.raises(HistoryError), view.together(NOW_MS - RECENT_MS, NOW_MS, {}):
            view.write_quarter_hours([QuarterHour("a", 2_000_000 * Q, 5.0)])
        assert view.use.ledger("a", NOW_MS).power.usage(NOW_MS - 4 * Q, NOW_MS).amount == 0
        with pytest.raises(HistoryError):
            view.write_quarter_hours([QuarterHour("a", 2_000_000 * Q, 5.0)])


@pytest.mark.parametrize("sampling_s", [60, 300, 900])
def test_a_round_asks_for_all_stations_together_however_seldom_they_are_read(tmp_path, sampling_s):
    asked = []

    class Told(EmbeddedHistory):
        def raw(self, station, device, start_ms, end_ms):
            asked.append(("raw", station))
            return super().raw(station, device, start_ms, end_ms)

        def edges(self, station, start_ms, end_ms):
            asked.append(("edges", station))
            return super().edges(station, start_ms, end_ms)

    with closing(Told(tmp_path / "a.db")) as history, closing(EmbeddedHistory(tmp_path / "b.db")) as single:
        for each in (history, single):
            each._file._db.execute("PRAGMA synchronous = OFF")
            each.write(
                StationReading(name, reading(NOW_MS - age_s * 1000, 1e6 - age_s / 100))
                for name in NAMES
                for age_s in range(40, 2 * 86_400, sampling_s)
            )
        view, start_ms = FleetView(history), NOW_MS - RECENT_MS
        with view.together(start_ms, NOW_MS, history.latest()):
            for name in NAMES:
                assert recompute(view, name, start_ms, NOW_MS) == recompute(single, name, start_ms, NOW_MS)
        assert history.quarter_hours(0, 2**60) == single.quarter_hours(0, 2**60)
    assert not asked
