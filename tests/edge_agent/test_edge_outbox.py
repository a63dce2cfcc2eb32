import json
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from edge_agent import outbox as outbox_module
from edge_agent.meter import Poll
from edge_agent.outbox import REFUSED_CAP, Outbox, OutboxError

OFFSET = 1_763_740_000_000


def poll(at_ms: int, device: str = "power-1", **more) -> Poll:
    return Poll(device, "power", at_ms, "good", None, {"energy_kwh": float(at_ms)})._replace(**more)


def open_outbox(folder: Path, boot: str = "boot-a", max_mb: int = 4) -> Outbox:
    return Outbox(folder / "outbox.db", boot=boot, max_mb=max_mb)


@pytest.fixture
def outbox(tmp_path: Path):
    with closing(open_outbox(tmp_path)) as opened:
        yield opened


def rows(outbox: Outbox, *, limit: int = 100_000, newest_first: bool = False, without=()) -> list[tuple]:
    found = outbox.waiting(limit=limit, newest_first=newest_first, without=without)
    for each in found:
        body = json.loads(bytes(each.json))
        assert (body["seq"], body["t"]) == (each.seq, each.t)
    return [(each.seq, each.t, json.loads(bytes(each.json))["d"]) for each in found]


def look(folder: Path, query: str) -> list[tuple]:
    with closing(sqlite3.connect(folder / "outbox.db")) as database:
        return database.execute(query).fetchall()


def test_a_reading_goes_out_as_a_batch_has_it(outbox):
    polls = [
        poll(5, values={"active_power_kw": 1.84, "energy_kwh": 20411.2}),
        poll(6, quality="suspect", why="implausible"),
        poll(7, "flow-1", kind="flow", quality="missing", why="no_response", values={}, text="never sent"),
        poll(8, quality="suspect", why="not_a_number", values={}),
    ]
    outbox.accept(polls, OFFSET)
    assert [json.loads(bytes(each.json)) for each in outbox.waiting(limit=9, newest_first=False)] == [
        {"seq": 1, "t": OFFSET + 5, "d": "power-1", "k": "power", "x": {"active_power_kw": 1.84, "energy_kwh": 20411.2}},  # noqa: E501
        {"seq": 2, "t": OFFSET + 6, "d": "power-1", "k": "power", "q": "suspect", "why": "implausible", "x": {"energy_kwh": 6.0}},  # noqa: E501
        {"seq": 3, "t": OFFSET + 7, "d": "flow-1", "k": "flow", "q": "missing", "why": "no_response"},
        {"seq": 4, "t": OFFSET + 8, "d": "power-1", "k": "power", "q": "suspect", "why": "not_a_number", "x": {}},  # noqa: E501
    ]  # fmt: skip


def test_everything_survives_a_reopening_but_no_number_is_used_again(tmp_path):
    with closing(open_outbox(tmp_path)) as first:
        name = first.id
        first.accept([poll(1), poll(2), poll(3)], OFFSET)
        first.drop([(2, 3)])
    assert len(name) == 8
    assert int(name, 16) >= 0
    with closing(open_outbox(tmp_path)) as second:
        assert second.id == name
        second.accept([poll(4)], OFFSET)
        assert [seq for seq, _, _ in rows(second)] == [1, 4]
        second.drop([(0, 99)])
    with closing(open_outbox(tmp_path)) as third:
        third.accept([poll(5)], OFFSET)
        assert [seq for seq, _, _ in rows(third)] == [5]


def test_a_killed_process_loses_nothing_that_was_accepted(tmp_path):
    with closing(open_outbox(tmp_path)) as writer:
        writer.accept([poll(1)], OFFSET)
        with closing(open_outbox(tmp_path)) as other:  # as after kill -9: nobody closed it
            assert len(rows(other)) == 1
        assert writer._file._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert writer._file._db.execute("PRAGMA synchronous").fetchone() == (2,)


def test_one_commit_a_round(outbox):
    told: list[str] = []
    outbox._file._db.set_trace_callback(told.append)
    outbox.accept([poll(number) for number in range(20)], OFFSET)
    outbox._file._db.set_trace_callback(None)
    assert [each for each in told if each in ("BEGIN IMMEDIATE", "COMMIT")] == ["BEGIN IMMEDIATE", "COMMIT"]


def test_instants_of_a_device_are_unique(outbox):
    outbox.accept([poll(5), poll(5), poll(6), poll(5, "flow-1"), poll(5)], OFFSET)
    assert [t - OFFSET for _, t, device in rows(outbox) if device == "power-1"] == [5, 6, 7, 8]
    assert [t - OFFSET for _, t, device in rows(outbox) if device == "flow-1"] == [5]
    outbox.drop([(1, 99)])
    outbox.accept([poll(5)], OFFSET + 3)  # the last one said, gone or not, is not said again
    assert rows(outbox)[0][1] == OFFSET + 9


def test_what_was_read_without_a_clock_is_dated_once_it_is_known(outbox):
    outbox.accept([poll(5), poll(5)], None)
    outbox.accept([poll(6, "flow-1")], None)
    assert (rows(outbox), outbox.backlog(), outbox.oldest_t()) == ([], 3, None)
    assert outbox.date(OFFSET) == 0
    assert rows(outbox) == [(1, OFFSET + 5, "power-1"), (2, OFFSET + 6, "power-1"), (3, OFFSET + 6, "flow-1")]
    assert outbox.date(OFFSET + 1000) == 0
    assert outbox.oldest_t() == OFFSET + 5


def test_what_another_boot_read_without_a_clock_is_refused(tmp_path):
    with closing(open_outbox(tmp_path, "boot-a")) as before:
        before.accept([poll(5), poll(6)], None)
        before.accept([poll(7)], OFFSET)
    with closing(open_outbox(tmp_path, "boot-b")) as after:
        after.accept([poll(1)], None)
        assert after.backlog() == 4
        assert after.date(OFFSET) == 2
        assert rows(after) == [(3, OFFSET + 7, "power-1"), (4, OFFSET + 1, "power-1")]
        assert after.refused_count() == 2
    assert look(tmp_path, "SELECT seq, t, device, code, text FROM refused") == [
        (1, None, "power-1", "undated", "read before a reboot without a clock"),
        (2, None, "power-1", "undated", "read before a reboot without a clock"),
    ]


def test_only_what_is_named_leaves(outbox):
    outbox.accept([poll(number) for number in range(10)], OFFSET)
    outbox.drop([(2, 3), (9, 10**9), (7, 6), (-5, 0)])
    outbox.refuse([(5, 5), (3, 3), (100, 200)], "unknown_quantity", "unknown quantity 'foo'")
    assert [seq for seq, _, _ in rows(outbox)] == [1, 4, 6, 7, 8]
    assert (outbox.backlog(), outbox.refused_count()) == (5, 1)
    outbox.drop([])
    outbox.refuse([], "x", "y")
    assert (outbox.backlog(), outbox.refused_count()) == (5, 1)


def test_the_refused_table_keeps_the_newest_and_counts_all(tmp_path, outbox):
    for start in range(0, 2 * REFUSED_CAP, 250):
        outbox.accept([poll(start + number) for number in range(250)], OFFSET)
        outbox.refuse([(start + 1, start + 250)], "x", "y")
    assert outbox.refused_count() == 2 * REFUSED_CAP
    assert look(tmp_path, "SELECT count(*), min(seq), max(seq) FROM refused") == [
        (REFUSED_CAP, REFUSED_CAP + 1, 2 * REFUSED_CAP)
    ]


def test_the_order_of_what_waits(outbox):
    outbox.accept([poll(number) for number in range(9)], OFFSET)
    outbox.accept([poll(99)], None)
    assert [seq for seq, _, _ in rows(outbox, limit=3)] == [1, 2, 3]
    assert [seq for seq, _, _ in rows(outbox, limit=3, newest_first=True)] == [9, 8, 7]
    assert [seq for seq, _, _ in rows(outbox, limit=3, without={1, 3, 77})] == [2, 4, 5]
    assert [seq for seq, _, _ in rows(outbox, limit=3, newest_first=True, without=set(range(2, 10)))] == [1]


def fill(outbox: Outbox, offset_ms: int | None = OFFSET) -> int:
    """Accept rounds until it is full; returns how many readings were accepted."""
    for number in range(0, 100_000, 2):
        at = [number * 10 + step for step in range(20)]
        try:
            outbox.accept([poll(ms, device) for ms in at for device in ("power-1", "flow-1")], offset_ms)
        except OutboxError as error:
            assert str(error).endswith("outbox.db: full, max_mb allows no more")  # noqa: PT017 - it ends the loop
            return 20 * number
    raise AssertionError("it never ran full")


def test_a_full_outbox_takes_nothing_by_halves_and_works_again(tmp_path):
    with closing(open_outbox(tmp_path, max_mb=1)) as outbox:
        count = fill(outbox)
        assert outbox.backlog() == count == len(rows(outbox))
        assert (tmp_path / "outbox.db").stat().st_size <= 1_000_000
        with pytest.raises(OutboxError):
            outbox.accept([poll(10**6 + number) for number in range(50)], OFFSET)
        assert outbox.backlog() == count
        outbox.drop([(1, 500)])
        outbox.accept([poll(10**7)], OFFSET)
        assert outbox.backlog() == count - 500 + 1


@pytest.mark.parametrize("max_mb", [1, 3])
def test_a_full_outbox_can_still_be_dated_refused_and_emptied(tmp_path, max_mb):
    with closing(open_outbox(tmp_path, max_mb=max_mb)) as outbox:
        count = fill(outbox, None)
        assert outbox.date(OFFSET) == 0
        assert len(rows(outbox)) == count
        for first in range(1, 100):
            outbox.refuse([(first, first)], "implausible_time", "a year ahead")
        outbox.refuse([(1, count)], "implausible_time", "a year ahead")
        assert (outbox.backlog(), outbox.refused_count()) == (0, count)
    assert (tmp_path / "outbox.db").stat().st_size <= max_mb * 1_000_000 * outbox_module.HEADROOM


def test_a_smaller_bound_does_not_hurt_what_is_there(tmp_path):
    with closing(open_outbox(tmp_path, max_mb=2)) as outbox:
        count = fill(outbox)
    with closing(open_outbox(tmp_path, max_mb=1)) as outbox:
        with pytest.raises(OutboxError):
            outbox.accept([poll(10**7 + number) for number in range(500)], OFFSET)
        outbox.drop([(1, count)])
        outbox.accept([poll(1)], OFFSET)
        assert outbox.backlog() == 1


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"this is no database, but it is long enough to be looked at" * 40, "file is not a database"),
        (None, "unable to open database file"),
    ],
)
def test_a_file_that_is_no_outbox(tmp_path, content, what):
    path = tmp_path / "outbox.db"
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises(OutboxError) as caught:
        open_outbox(tmp_path)
    assert str(caught.value) == f"outbox {path}: {what}"


def test_a_database_of_somebody_else(tmp_path):
    with closing(sqlite3.connect(tmp_path / "outbox.db")) as foreign:
        foreign.execute("CREATE TABLE meta (one TEXT)")
    with pytest.raises(OutboxError) as caught:
        open_outbox(tmp_path)
    assert (
        str(caught.value)
        == f"outbox {tmp_path}/outbox.db: table meta has 1 columns but 2 values were supplied"
    )


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutboxError, match=rf"^outbox {tmp_path}/file/outbox.db: .+$"):
        Outbox(tmp_path / "file" / "outbox.db", boot="b", max_mb=1)


def test_after_closing_it_says_so(tmp_path):
    outbox = open_outbox(tmp_path)
    outbox.close()
    for question in (outbox.backlog, lambda: outbox.accept([poll(1)], OFFSET), lambda: rows(outbox)):
        with pytest.raises(OutboxError, match=r"outbox.db: Cannot operate on a closed database"):
            question()


def test_threads_may_share_it(outbox):
    def write(device: str) -> None:
        for number in range(60):
            outbox.accept([poll(number, device)], OFFSET)

    threads = [threading.Thread(target=write, args=(f"power-{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        outbox.drop([(seq, seq) for seq, _, _ in rows(outbox, limit=5)])
    for thread in threads:
        thread.join()
    left = outbox.backlog()
    outbox.accept([poll(0, "x")], OFFSET)
    assert rows(outbox, newest_first=True)[0][0] == 241
    assert left <= 240
    assert outbox.disk_free_mb() > 0
    assert outbox._file._db.execute("PRAGMA page_size").fetchone()[0] == outbox_module.PAGE_BYTES
