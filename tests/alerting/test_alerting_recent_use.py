"""What is kept of the last days beside the history is what the history has."""

from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.ledger import Ledger
from alerting.recent_use import KEPT_IF_SPARSE_MS, KEPT_MS, LONG_MS, SPARE_MS, SPARSE, RecentUse
from history.embedded import EmbeddedHistory
from history.port import QUARTER_HOUR_MS, QuarterHour

Q = QUARTER_HOUR_MS
NOW_MS = 2_000_000 * Q + 400_000
FIRST = NOW_MS // Q
KEPT = KEPT_MS // Q
amounts = st.none() | st.floats(0, 100)
rows = st.lists(st.tuples(st.integers(-KEPT - 20, 3), amounts, amounts), max_size=40)


@pytest.fixture
def history(tmp_path):
    with closing(EmbeddedHistory(tmp_path / "history.db")) as opened:
        yield opened


def row(number, station="a", energy=1.0, volume=2.0, good=3):
    return QuarterHour(station, (FIRST + number) * Q, energy, volume, power_good=good, flow_good=good)


class Memory:
    """A history of quarter hours that needs no disk."""

    def __init__(self):
        self.rows = {}

    def write_quarter_hours(self, rows):
        self.rows |= {(row.station, row.start_ms): row for row in rows}

    def quarter_hours(self, start_ms, end_ms, stations=None):
        names = {row.station for row in self.rows.values()} if stations is None else stations
        found = (
            row for row in self.rows.values() if row.station in names and start_ms <= row.start_ms < end_ms
        )
        return sorted(found)


@given(before=rows, after=rows, window_q=st.integers(1, KEPT), later_ms=st.integers(0, 3 * Q))
def test_a_window_that_is_kept_is_the_history_s(before, after, window_q, later_ms):
    history = Memory()
    history.write_quarter_hours(row(n, "a", *both) for n, *both in before)
    use = RecentUse(history)
    use.begin(NOW_MS)
    changed = [row(n, "a", *both) for n, *both in after]
    history.write_quarter_hours(changed)
    use.note(changed)
    now_ms = NOW_MS + later_ms
    start_ms = max(NOW_MS - KEPT_MS, now_ms - window_q * Q)
    known = Ledger(history.quarter_hours(start_ms - start_ms % Q, now_ms, ["a"]))
    kept = use.ledger("a", now_ms)
    assert kept.power.usage(start_ms, now_ms) == pytest.approx(known.power.usage(start_ms, now_ms))
    assert kept.flow.usage(start_ms, now_ms) == pytest.approx(known.flow.usage(start_ms, now_ms))
    assert len(use.ledger("nobody", now_ms).power) == 0


def test_stations_that_are_read_seldom_are_kept_longer(history):
    days = KEPT_IF_SPARSE_MS // Q
    history.write_quarter_hours(row(-n, good=1) for n in range(0, days, 96))
    history.write_quarter_hours(row(-n, "b") for n in range(days))
    use = RecentUse(history)
    use.begin(NOW_MS)
    assert len(use.ledger("a", NOW_MS).power) == days - 95
    assert len(use.ledger("b", NOW_MS).power) == KEPT + 1
    assert use.ledger("a", NOW_MS) is use.ledger("a", NOW_MS)  # read once
    use.note([row(-days + 96, energy=7.0), row(-days + 96, "b", energy=7.0)])
    since_ms = NOW_MS - KEPT_IF_SPARSE_MS
    assert use.ledger("a", NOW_MS).power.usage(since_ms, NOW_MS).amount == 11 + 7.0
    assert use.ledger("b", NOW_MS).power.usage(since_ms, NOW_MS).amount == KEPT + 1


@pytest.mark.parametrize(("samples", "is_sparse"), [(SPARSE - 1, True), (SPARSE, False)])
def test_few_samples_are_seldom(history, samples, is_sparse):
    old = QuarterHour("a", (FIRST - KEPT - 50) * Q, 1.0)
    recent = [QuarterHour("a", (FIRST - n) * Q, 1.0, power_good=1) for n in range(samples)]
    history.write_quarter_hours([old, *recent])
    use = RecentUse(history)
    use.begin(NOW_MS)
    assert (use.ledger("a", NOW_MS).starts_ms == old.start_ms) == is_sparse


def test_what_is_old_is_given_back(history):
    history.write_quarter_hours(row(-n) for n in range(KEPT))
    use = RecentUse(history)
    use.begin(NOW_MS)
    for later_ms, is_kept in ((SPARE_MS - Q, True), (SPARE_MS, False)):
        use.begin(NOW_MS + later_ms)
        starts_ms = use.ledger("a", NOW_MS + later_ms).starts_ms
        assert (starts_ms < NOW_MS + later_ms - KEPT_MS - Q) == is_kept


def test_after_somebody_else_wrote_all_is_read_anew(history):
    use = RecentUse(history)
    use.begin(NOW_MS)
    history.write_quarter_hours([row(-n) for n in range(9)])
    assert len(use.ledger("a", NOW_MS).power) == 0
    use.forget()
    use.begin(NOW_MS)
    assert len(use.ledger("a", NOW_MS).power) == 9


def test_the_last_weeks_of_one_station(history):
    weeks = LONG_MS // Q
    history.write_quarter_hours(row(-n, name) for name in "ab" for n in (0, 96, weeks, weeks + 1))
    use = RecentUse(history)
    use.begin(NOW_MS)
    found = use.long("a", NOW_MS)
    assert (found.starts_ms, found.power.usage(0, NOW_MS + Q).amount) == ((FIRST - weeks) * Q, 3.0)
