"""The edges of an outbox: what two devices say at once, how little room there is, what an error owes."""

import random
from contextlib import closing
from pathlib import Path

from edge_agent.delivery import LONGEST_WAIT_MS, STRIKES, Delivery
from edge_agent.meter import Poll
from edge_agent.outbox import Outbox, Refused
from edge_agent.refused import LONGEST_TEXT


def poll(at_ms: int, device: str = "power-1") -> Poll:
    return Poll(device, "power", at_ms, "good", None, {"energy_kwh": float(at_ms)})


def opened(folder: Path, max_mb: float = 4) -> Outbox:
    return Outbox(folder / "outbox.db", boot="boot-a", max_mb=max_mb)


def test_readings_of_one_instant_are_refused_each_for_itself(tmp_path):
    with closing(opened(tmp_path)) as outbox:
        outbox.accept([poll(0, "power-1"), poll(0, "flow-1")], 0)
        outbox.refuse([(1, 2)], "c", "t")
        assert outbox.refused(9) == [Refused(2, 0, "flow-1", "c", "t"), Refused(1, 0, "power-1", "c", "t")]


def test_an_instant_is_free_whatever_the_shapes_that_hold_the_others(tmp_path):
    with closing(opened(tmp_path)) as outbox:
        missing = poll(11)._replace(quality="missing", why="no_response", values={})
        outbox.accept([poll(10), missing, poll(20), poll(11, "flow-1")], 0)
        outbox.accept([poll(10)], 0)  # the clock was set back
        assert [each.t for each in outbox.waiting(limit=9, newest_first=False)] == [10, 11, 20, 11, 12]
    with closing(opened(tmp_path)) as again:
        again.accept([poll(20)], 0)
        assert again.waiting(limit=1, newest_first=True)[0].t == 21


def test_even_the_very_first_number_is_never_used_again(tmp_path):
    with closing(opened(tmp_path)) as outbox:
        outbox.accept([poll(1)], 0)
        outbox.drop([(1, 1)])
    with closing(opened(tmp_path)) as again:
        again.accept([poll(2)], 0)
        assert [each.seq for each in again.waiting(limit=9, newest_first=False)] == [2]


def test_long_words_of_a_refusal_find_room_in_a_full_outbox(tmp_path):
    with closing(opened(tmp_path, 0.1)) as outbox:
        number = 0
        while not outbox.thinned_count():
            outbox.accept([poll(60_000 * (number + each)) for each in range(20)], 0)
            number += 20
        thinned = outbox.thinned_count()
        last = outbox.waiting(limit=1, newest_first=True)[0].seq
        outbox.refuse([(last - 19, last)], "c" * 999, "清" * 999)
        kept = outbox.refused(99)
        assert [each.seq for each in kept] == list(range(last, last - 20, -1))
        assert {(each.code, each.text) for each in kept} == {("c" * LONGEST_TEXT, "清" * LONGEST_TEXT)}
        assert outbox.thinned_count() > thinned
        assert outbox._file.used_pages() <= outbox._file.most_pages
        counts = (outbox.backlog(), outbox.oldest_t(), outbox.thinned_count(), outbox.refused_count())
    with closing(opened(tmp_path, 0.1)) as again:
        assert counts == (again.backlog(), again.oldest_t(), again.thinned_count(), again.refused_count())


def test_what_was_thinned_is_found_again_in_its_tiers(tmp_path):
    with closing(opened(tmp_path, 0.1)) as outbox:
        for day in range(60):
            outbox.accept([poll(60_000 * (1440 * day + minute)) for minute in range(0, 1440, 12)], 0)
        outbox.accept([poll(0), poll(1)], None)
        stock = outbox._stock
        assert min(stock.tiers.counts) > 0
    with closing(opened(tmp_path, 0.1)) as again:
        assert again._stock == stock
        assert again.backlog() == sum(stock.tiers.counts)
        assert again._file.rows("SELECT count(*) FROM waiting") == [(again.backlog(),)]


def test_figures_of_the_disk_are_whole_megabytes(tmp_path, monkeypatch):
    with closing(opened(tmp_path)) as outbox:
        monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 12_000_000}))
        free = outbox.disk_free_mb()
        monkeypatch.undo()
    assert free == 12
    assert isinstance(free, int)
    assert not (tmp_path / "outbox.db-wal").exists()
    assert outbox.size_mb() > 0


def test_the_errors_owed_are_forgotten_when_the_wait_is_over():
    some = Delivery(random.Random(1))
    some.sent(range(10), 0)
    some.sent(range(10, 20), 0)
    assert some.error() == []
    some.sent([0], 0)
    assert some.expire(2 * LONGEST_WAIT_MS)
    for strike in range(STRIKES):
        some.sent([0], 0)
        assert some.error() == ([(0, 0)] if strike == STRIKES - 1 else [])
