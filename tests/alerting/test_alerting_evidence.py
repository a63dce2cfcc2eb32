"""Consumption in a window: from quarter hours, and straight from raw readings."""

from contextlib import closing

import pytest

from alerting.evidence import gather
from alerting.fleet_view import FleetView
from alerting.freshness import recompute
from alerting.ledger import NOTHING_KNOWN, Ledger
from history.embedded import EmbeddedHistory
from history.port import QUARTER_HOUR_MS, QuarterHour, StationReading
from telemetry.reading import Reading

Q = QUARTER_HOUR_MS
A = "a"


def row(number, energy=1.0, volume=2.0):
    return QuarterHour(A, number * Q, energy, volume)


def test_no_rows_know_nothing():
    window = Ledger([]).window(0, 4 * Q)
    assert (window.energy, window.volume) == (NOTHING_KNOWN, NOTHING_KNOWN)
    assert window.seconds == 3_600


def test_whole_rows_are_summed():
    window = Ledger([row(n) for n in range(4)]).window(0, 4 * Q)
    assert (window.energy, window.volume) == ((4.0, 1.0), (8.0, 1.0))


def test_the_first_row_counts_in_proportion_to_what_lies_in_the_window():
    window = Ledger([row(n) for n in range(5)]).window(Q // 3, 5 * Q)
    assert window.energy == (pytest.approx(4 + 2 / 3), pytest.approx(1.0))


def test_the_last_row_still_runs_and_counts_whole():
    window = Ledger([row(0), row(1, energy=0.4)]).window(0, Q + Q // 3)
    assert window.energy == (pytest.approx(1.4), pytest.approx(1.0))


def test_rows_beside_the_window_are_left_out():
    window = Ledger([row(-1), row(0), row(1), row(2)]).window(Q, 2 * Q)
    assert window.energy == (1.0, 1.0)


def test_what_is_not_known_covers_nothing_and_zero_does():
    window = Ledger([row(0, None, 0.0), row(1, 3.0, 0.0), row(2, None, None), row(3)]).window(0, 4 * Q)
    assert window.energy == (4.0, 0.5)
    assert window.volume == (2.0, 0.75)


def test_a_window_within_one_quarter_hour():
    window = Ledger([row(0)]).window(Q // 4, Q // 2)
    assert window.energy.coverage == 1.0


def test_a_share_is_enough_from_its_limit_on():
    window = Ledger([row(n) for n in range(3)]).window(0, 4 * Q)
    assert window.energy.reaches(0.75)
    assert not window.energy.reaches(0.76)


@pytest.mark.parametrize("window_s", [60, 3_599, 3_600, 14_400])
def test_short_windows_come_from_raw_and_long_ones_from_quarter_hours_with_one_result(tmp_path, window_s):
    now_ms = 100 * Q + 700_000
    with closing(EmbeddedHistory(tmp_path / "history.db")) as history:
        history.write(
            StationReading(A, Reading(t=t, d=f"{kind}-1", k=kind, x={total: t / 60_000}))
            for t in range(now_ms - 20_000_000, now_ms + 1, 10_000)
            for kind, total in (("power", "energy_kwh"), ("flow", "volume_m3"))
        )
        recompute(history, A, now_ms - 20_000_000, now_ms)
        window = gather(FleetView(history), A, now_ms - window_s * 1000, now_ms)
        assert window.energy.amount == pytest.approx(window_s / 60, rel=0.01)
        assert window.volume.amount == pytest.approx(window_s / 60, rel=0.01)
        assert window.energy.coverage == pytest.approx(1, rel=0.01)
        assert (window.start_ms, window.end_ms) == (now_ms - window_s * 1000, now_ms)
        nobody = gather(FleetView(history), "nobody", now_ms - window_s * 1000, now_ms)
        assert (nobody.energy, nobody.volume) == (NOTHING_KNOWN, NOTHING_KNOWN)
