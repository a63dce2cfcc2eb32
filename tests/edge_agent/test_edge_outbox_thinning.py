"""A full outbox loses the finer before the coarser, the older before the newer, and counts what it loses."""

import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.meter import Poll
from edge_agent.outbox import Outbox, OutboxError
from edge_agent.thinning import (
    DAY_MS,
    FINEST,
    HOUR_MS,
    MOST_ROWS,
    QUARTER_HOUR_MS,
    SHARE,
    SLOTS_MS,
    Row,
    Tiers,
    next_step,
    superfluous,
)

MINUTE_MS = 60_000
MIDNIGHT = 1_763_740_800_000 - 1_763_740_800_000 % DAY_MS - 8 * HOUR_MS
"""Of a day in China."""


def reading(at_ms: int, device: str = "power-1", **more) -> Poll:
    values = {"voltage_l1_v": 230.1, "energy_kwh": at_ms / 1000}
    return Poll(device, "power", at_ms, "good", None, values)._replace(**more)


def test_a_slot_keeps_its_first():
    times = [0, 1, 14, 15, 16, 30, 29, 31]
    rows = [Row(seq, MIDNIGHT + t * MINUTE_MS, "a") for seq, t in enumerate(times)]
    assert superfluous(rows, QUARTER_HOUR_MS, []) == [1, 2, 4]
    assert superfluous(rows, HOUR_MS, []) == [1, 2, 3, 4, 5, 6, 7]
    assert superfluous(rows[1:], QUARTER_HOUR_MS, rows[:1]) == [1, 2, 4]
    other = [row._replace(device="b") for row in rows]
    assert superfluous([rows[0], other[1], rows[1], other[2]], HOUR_MS, []) == [1, 2]


def test_a_day_begins_at_midnight_in_china():
    rows = [Row(seq, MIDNIGHT + t, "a") for seq, t in enumerate([-2, -1, 0, 1, DAY_MS - 1, DAY_MS])]
    assert superfluous(rows, DAY_MS, []) == [1, 3, 4]


@pytest.mark.parametrize(
    ("counts", "step"),
    [
        ((0, 0, 0, 0), None),
        ((0, 0, 0, 1), (3, 1)),
        ((1, 0, 0, 0), (0, 1)),
        ((0, 0, 0, 16_000), (3, MOST_ROWS)),
        ((0, 0, 12_000, 4_000), (2, MOST_ROWS)),
        ((0, 8_000, 4_000, 4_000), (1, MOST_ROWS)),
        ((4_000, 4_000, 4_000, 4_000), (0, MOST_ROWS)),
        ((0, 0, 600, 200), (2, 50)),
    ],
)
def test_the_finest_tier_beyond_its_share_comes_first(counts, step):
    assert next_step(Tiers(counts=counts)) == step


@given(
    st.lists(st.tuples(st.integers(0, 40), st.sampled_from("abc")), min_size=1, max_size=300),
    st.integers(1, 200),
)
def test_steps_without_a_table(gaps, steps):
    """Tiers stay in order and hold what they should, nobody is treated unfairly, and the end is reached."""
    t, rows = MIDNIGHT, []
    for seq, (minutes, device) in enumerate(gaps, 1):
        t += minutes * MINUTE_MS
        rows.append(Row(seq, t, device))
    tiers = Tiers().added(FINEST, len(rows))
    firsts = {(row.device, row.t // QUARTER_HOUR_MS): row.seq for row in reversed(rows)}
    everything = {row.seq: row for row in rows}
    for _ in range(steps):
        step = next_step(tiers)
        if step is None:
            assert not rows
            break
        begin = tiers.begin(step.tier)
        seen = [row for row in rows if row.seq >= begin][: step.rows]
        before = [row for row in rows if row.seq < begin]
        gone = (
            {row.seq for row in seen}
            if step.tier == 0
            else set(superfluous(seen, SLOTS_MS[step.tier - 1], before))
        )
        rows = [row for row in rows if row.seq not in gone]
        tiers = tiers.moved(step.tier, seen=len(seen), gone=len(gone), end=seen[-1].seq + 1)
        assert list(tiers.ends) == sorted(tiers.ends)
        counted = [sum(first <= row.seq <= last for row in rows) for _, first, last in tiers.parts(0, 10**9)]
        assert [tiers.counts[tier] for tier, _, _ in tiers.parts(0, 10**9)] == counted
        assert tiers.total == len(rows)
        assert_fair(everything, firsts, {row.seq for row in rows})


def assert_fair(everything: dict[int, Row], firsts: dict, left: set[int]) -> None:
    """The first reading of a quarter hour went only if nothing finer is older than it."""
    lost = [seq for seq in firsts.values() if seq not in left]
    finer = [seq for seq in left if seq not in firsts.values()]
    assert not lost or not finer or max(lost) < min(finer)
    newest = len(left) // SHARE
    assert sorted(left)[len(left) - newest :] == list(everything)[len(everything) - newest :]


ROUND_OF = {"power-1": 0, "flow-1": 180}


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([1, 1, 5, 15, 60]), st.integers(10, 120), st.booleans(), st.booleans()),
        min_size=1,
        max_size=25,
    )
)
def test_a_tiny_outbox_after_any_sequence_of_accepts(sequence):
    everything: dict[int, Row] = {}
    at_ms, dropped = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "o.db"
        outbox = Outbox(path, boot="b", max_mb=0.09)
        for minutes, rounds, restarts, drops in sequence:
            polls = []
            for _ in range(rounds):
                at_ms += minutes * MINUTE_MS
                polls += [reading(at_ms + ms, device) for device, ms in ROUND_OF.items()]
            outbox.accept(polls, MIDNIGHT)
            for poll in polls:
                everything[len(everything) + 1] = Row(len(everything) + 1, poll.at_ms + MIDNIGHT, poll.device)
            if drops:
                before = outbox.backlog()
                outbox.drop([(len(everything) - 5, len(everything) - 3), (1, 3)])
                gone = before - outbox.backlog()
                dropped += gone
                for seq in (1, 2, 3, *range(len(everything) - 5, len(everything) - 2)):
                    everything[seq] = everything[seq]._replace(device="dropped")
            if restarts:
                outbox.close()
                outbox = Outbox(path, boot="b", max_mb=0.09)
        left = {each.seq: each.t for each in outbox.waiting(limit=10**6, newest_first=False)}
        assert all(everything[seq].t == t for seq, t in left.items())
        assert outbox.thinned_count() + outbox.backlog() + dropped == len(everything)
        assert outbox.backlog() == len(left)
        rows = {seq: row for seq, row in everything.items() if row.device != "dropped"}
        if dropped == 0:
            firsts = {(row.device, row.t // QUARTER_HOUR_MS): seq for seq, row in reversed(rows.items())}
            assert_fair(rows, firsts, left.keys())
        assert max(rows) in left
        outbox.close()


def full(folder: Path, days: int, max_mb: float = 0.2, offset_ms: int | None = MIDNIGHT) -> Outbox:
    """Two meters at one minute, an hour in a commit."""
    outbox = Outbox(folder / "outbox.db", boot="b", max_mb=max_mb)
    for hour in range(days * 24):
        at = [(hour * 60 + minute) * MINUTE_MS for minute in range(60)]
        outbox.accept([reading(ms, device) for ms in at for device in ("power-1", "flow-1")], offset_ms)
    return outbox


def sizes(folder: Path) -> int:
    return sum(each.stat().st_size for each in folder.glob("outbox.db*"))


def test_a_month_in_a_tiny_outbox(tmp_path):
    with closing(full(tmp_path, 30)) as outbox:
        accepted = 30 * 2 * 1440
        assert outbox.thinned_count() + outbox.backlog() == accepted
        left = [(each.t - MIDNIGHT) // MINUTE_MS for each in outbox.waiting(limit=10**6, newest_first=False)]
        assert left[-2:] == [30 * 1440 - 1] * 2
        newest = left[-len(left) // 5 :]
        assert newest == sorted([*newest[::2], *newest[1::2]])  # the newest are as fine as they were read
        assert set(newest) == set(range(min(newest), 30 * 1440))
        quarters = {minute for minute in left if minute % 15 == 0}
        assert len(quarters) > len(left) / 8  # before them one a quarter hour
        assert any(minute % 60 == 0 and minute - 60 in left and minute - 45 not in left for minute in left)
        for tier, slot_ms in enumerate(
            SLOTS_MS
        ):  # no slot holds two of a device, nor a tier what is not its own
            begin, end = outbox._stock.tiers.begin(tier), outbox._stock.tiers.ends[tier]
            rows = outbox._file.rows("SELECT device, t FROM reading WHERE seq >= ? AND seq < ?", begin, end)
            slots = [(device, (t + 8 * HOUR_MS) // slot_ms) for device, t in rows]
            assert len(slots) == len(set(slots)) == outbox._stock.tiers.counts[tier]
        assert sizes(tmp_path) <= 200_000
        assert outbox.oldest_t() == MIDNIGHT + left[0] * MINUTE_MS
    with closing(Outbox(tmp_path / "outbox.db", boot="b", max_mb=0.2)) as again:
        assert again.thinned_count() + again.backlog() == accepted
        assert again._stock == outbox._stock


def test_what_is_not_dated_yet_is_thinned_by_its_monotonic_time_and_dated_after(tmp_path):
    with closing(full(tmp_path, 8, offset_ms=None)) as outbox:
        assert outbox.thinned_count() > 10_000
        assert outbox.oldest_t() is None
        left = outbox.backlog()
        assert outbox.date(MIDNIGHT) == 0
        waiting = outbox.waiting(limit=10**6, newest_first=False)
        assert len(waiting) == left == outbox.backlog()
        assert waiting[-1].t == MIDNIGHT + 8 * DAY_MS - MINUTE_MS
        assert sizes(tmp_path) <= 220_000  # the WAL of one commit more


def test_missing_readings_are_thinned_like_others(tmp_path):
    with closing(Outbox(tmp_path / "outbox.db", boot="b", max_mb=0.1)) as outbox:
        for number in range(200):
            at = [(number * 30 + minute) * MINUTE_MS for minute in range(30)]
            silent = {"quality": "missing", "why": "no_response", "values": {}}
            outbox.accept([p for ms in at for p in (reading(ms), reading(ms, "flow-1", **silent))], MIDNIGHT)
        waiting = [bytes(each.json) for each in outbox.waiting(limit=10**6, newest_first=False)]
        silent = [each for each in waiting if b"missing" in each]
        assert 0.4 < len(silent) / len(waiting) < 0.6
        assert outbox.thinned_count() + len(waiting) == 200 * 60


@pytest.mark.parametrize("dated", [True, False])
def test_a_full_outbox_can_be_dated_refused_and_emptied(tmp_path, dated):
    with closing(full(tmp_path, 8, offset_ms=MIDNIGHT if dated else None)) as outbox:
        assert outbox.date(MIDNIGHT) == 0
        accepted = 8 * 2 * 1440
        for seq in range(accepted - 400, accepted):
            outbox.refuse([(seq, seq)], "implausible_time", "a year ahead")
        outbox.refuse([(1, accepted)], "implausible_time", "a year ahead")
        assert outbox.backlog() == 0
        assert outbox.refused_count() + outbox.thinned_count() == accepted
        assert outbox.refused(1)[0].seq == accepted
        assert outbox._file.used_pages() <= outbox._file._cap_pages
        outbox.accept([reading(1)], MIDNIGHT)
        assert outbox.backlog() == 1


def test_what_is_more_than_all_its_room_is_not_taken(tmp_path):
    with closing(full(tmp_path, 1)) as outbox:
        kept = outbox.backlog()
        with pytest.raises(OutboxError, match=r"outbox\.db: full, max_mb allows no more$"):
            outbox.accept([reading(10**9 + number) for number in range(20_000)], MIDNIGHT)
        assert (outbox.backlog(), outbox.thinned_count()) == (kept, 0)
        outbox.accept([reading(10**9)], MIDNIGHT)
        assert outbox.backlog() == kept + 1


def test_a_smaller_bound_is_reached_step_by_step_and_the_file_shrinks(tmp_path):
    with closing(full(tmp_path, 20, max_mb=2.5)) as outbox:
        count = outbox.backlog()
        assert outbox.thinned_count() == 0
    before = sizes(tmp_path)
    with closing(Outbox(tmp_path / "outbox.db", boot="b", max_mb=0.3)) as outbox:
        outbox.accept([reading(10**10)], MIDNIGHT)
        assert 0 < outbox.thinned_count() < count / 2  # not all at once
        for number in range(100):
            outbox.accept([reading(10**10 + number * MINUTE_MS)], MIDNIGHT)
        assert outbox._file.used_pages() <= outbox._file.most_pages
        assert outbox.thinned_count() + outbox.backlog() == count + 101
        left = [each.seq for each in outbox.waiting(limit=10**6, newest_first=False)]
    with closing(Outbox(tmp_path / "outbox.db", boot="b", max_mb=0.3)) as outbox:
        assert [each.seq for each in outbox.waiting(limit=10**6, newest_first=False)] == left
        assert outbox.thinned_count() + outbox.backlog() == count + 101
    assert sizes(tmp_path) <= 300_000 < before


def test_readings_rarer_than_a_quarter_hour_make_room_too(tmp_path):
    with closing(Outbox(tmp_path / "outbox.db", boot="b", max_mb=0.1)) as outbox:
        for number in range(3_000):
            outbox.accept([reading(number * 20 * MINUTE_MS)], MIDNIGHT)
        assert outbox.thinned_count() + outbox.backlog() == 3_000
        assert sizes(tmp_path) <= 110_000
        newest = [each.seq for each in outbox.waiting(limit=100, newest_first=True)]
        assert newest == list(range(3_000, 2_900, -1))


def test_a_thinning_that_fails_is_not_counted(tmp_path):
    with closing(full(tmp_path, 4)) as outbox:
        before = (outbox._stock, outbox.backlog(), outbox.thinned_count())
        with pytest.raises(OverflowError):
            outbox.accept([reading(number) for number in range(300)] + [reading(2**80)], MIDNIGHT)
        assert (outbox._stock, outbox.backlog(), outbox.thinned_count()) == before
        assert len(outbox.waiting(limit=10**6, newest_first=False)) == outbox.backlog()
