import json
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from edge_agent.meter import Poll
from edge_agent.outbox import DATED_AT_ONCE, Outbox, OutboxError, Refused
from edge_agent.outbox_file import PAGE_BYTES
from edge_agent.refused import CAP as REFUSED_CAP
from edge_agent.refused import LONGEST_TEXT

OFFSET = 1_763_740_000_000


def poll(at_ms: int, device: str = "power-1", **more) -> Poll:
    return Poll(device, "power", at_ms, "good", None, {"energy_kwh": float(at_ms)})._replace(**more)


def open_outbox(folder: Path, boot: str = "boot-a", max_mb: float = 4) -> Outbox:
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


def test_the_json_is_that_of_a_reading_to_the_letter(outbox):
    values = {"active_power_kw": 0.044, "voltage_l1_v": 230.1, "energy_kwh": 20411.25}
    outbox.accept([poll(5, values=values, quality="suspect", why="implausible")], OFFSET)
    assert [bytes(each.json) for each in outbox.waiting(limit=9, newest_first=False)] == [
        (
            b'{"seq":1,"t":1763740000005,"d":"power-1","k":"power","q":"suspect","why":"implausible",'
            b'"x":{"active_power_kw":0.044,"voltage_l1_v":230.1,"energy_kwh":20411.25}}'
        )
    ]


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


def test_what_is_found_at_opening_is_what_was_there(tmp_path, monkeypatch):
    with closing(open_outbox(tmp_path)) as outbox:
        outbox.accept([poll(number, f"power-{number % 3}") for number in range(100)], OFFSET)
        outbox.accept([poll(number) for number in range(30)], None)
        outbox.accept([poll(1_000)], OFFSET)
        outbox.drop([(1, 7), (40, 70)])
        before = outbox._stock
    for at_once in (1, 7, 131, 10**6):
        monkeypatch.setattr("edge_agent.stock.LOOKED_AT_ONCE", at_once)
        with closing(open_outbox(tmp_path)) as again:
            assert again._stock == before
            newest = {"power-0": OFFSET + 99, "power-1": OFFSET + 1_000, "power-2": OFFSET + 98}
            assert again._instants.mark() == newest


def test_numbers_and_counts_go_on_after_all_has_left(tmp_path):
    with closing(open_outbox(tmp_path)) as first:
        first.accept([poll(1), poll(2), poll(3)], OFFSET)
        first.refuse([(3, 3)], "x", "y")
        first.drop([(1, 2)])
    for number in (4, 5):
        with closing(open_outbox(tmp_path)) as again:
            assert (again.backlog(), again.oldest_t(), again.refused_count()) == (0, None, 1)
            again.accept([poll(number)], OFFSET)
            assert [seq for seq, _, _ in rows(again)] == [number]
            again.drop([(number, number)])
    assert look(tmp_path, "SELECT seq FROM accepted") == [(5,)]


def test_the_views_show_what_waits(tmp_path, outbox):
    outbox.accept([poll(1), poll(2, "flow-1", kind="flow", quality="missing", why="echo", values={})], OFFSET)
    outbox.accept([poll(3)], None)
    assert look(tmp_path, "SELECT * FROM reading ORDER BY seq") == [
        (1, OFFSET + 1, "power-1", "power", "good", None, "energy_kwh", "1.0"),
        (2, OFFSET + 2, "flow-1", "flow", "missing", "echo", None, ""),
        (3, None, "power-1", "power", "good", None, "energy_kwh", "3.0"),
    ]
    assert look(tmp_path, "SELECT seq FROM accepted") == [(3,)]


def test_two_who_write_to_one_file_do_not_disturb_each_other(tmp_path, outbox):
    with closing(open_outbox(tmp_path)) as other:
        for number in range(3):
            outbox.accept([poll(number)], OFFSET)
            other.accept([poll(number, "flow-1"), poll(number)], OFFSET)
        assert [seq for seq, _, _ in rows(outbox)] == list(range(1, 10))
        outbox.drop([(1, 4)])
        other.drop([(3, 5)])
        assert other.backlog() == 4
    assert [t - OFFSET for _, t, device in rows(outbox) if device == "power-1"] == [3, 4, 5]


def test_an_accept_that_fails_changes_nothing(tmp_path, outbox):
    outbox.accept([poll(1)], OFFSET)
    outbox.accept([poll(2)], None)
    with pytest.raises(OverflowError):
        outbox.accept([poll(3, "new-one", values={"power_factor": 1.0}), poll(2**80)], OFFSET)
    outbox.accept([poll(4, "new-one", values={"power_factor": 1.0})], OFFSET)
    assert (outbox.backlog(), outbox.date(OFFSET)) == (3, 0)
    assert rows(outbox) == [
        (1, OFFSET + 1, "power-1"),
        (2, OFFSET + 2, "power-1"),
        (3, OFFSET + 4, "new-one"),
    ]
    assert look(tmp_path, "SELECT device FROM shape") == [("power-1",), ("new-one",)]


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


def test_a_clock_set_back_searches_the_table_once(outbox):
    outbox.accept([poll(number * 10) for number in range(100)], OFFSET)
    told: list[str] = []
    outbox._file._db.set_trace_callback(told.append)
    for number in range(50, 110):
        outbox.accept([poll(number * 10)], OFFSET)
    outbox._file._db.set_trace_callback(None)
    assert len([each for each in told if "ORDER BY t" in each]) == 1
    later = [t - OFFSET for seq, t, _ in rows(outbox) if seq > 100]
    assert later == [number * 10 + (number < 100) for number in range(50, 110)]


def test_what_was_read_without_a_clock_is_dated_once_it_is_known(outbox):
    outbox.accept([poll(5), poll(5)], None)
    outbox.accept([poll(6, "flow-1")], None)
    assert (rows(outbox), outbox.backlog(), outbox.oldest_t()) == ([], 3, None)
    assert outbox.date(OFFSET) == 0
    assert rows(outbox) == [(1, OFFSET + 5, "power-1"), (2, OFFSET + 6, "power-1"), (3, OFFSET + 6, "flow-1")]
    assert outbox.date(OFFSET + 1000) == 0
    assert outbox.oldest_t() == OFFSET + 5


def test_many_are_dated_in_several_commits(tmp_path):
    count = 2 * DATED_AT_ONCE
    with closing(open_outbox(tmp_path, "boot-a")) as before:
        before.accept([poll(number) for number in range(DATED_AT_ONCE + 5)], None)
    with closing(open_outbox(tmp_path, "boot-b")) as outbox:
        outbox.accept([poll(number) for number in range(count)], None)
        outbox.accept([poll(5 * count)], OFFSET)
        told: list[str] = []
        outbox._file._db.set_trace_callback(told.append)
        assert outbox.date(OFFSET) == DATED_AT_ONCE + 5
        outbox._file._db.set_trace_callback(None)
        assert told.count("COMMIT") == 4
        assert len([each for each in told if "ORDER BY t" in each]) == 1
        assert [t - OFFSET for _, t, _ in rows(outbox)] == [*range(count), 5 * count]
        assert outbox.oldest_t() == OFFSET
        assert outbox.refused_count() == DATED_AT_ONCE + 5
        assert len(outbox.refused(10**6)) == REFUSED_CAP


def test_dating_and_accepting_by_turns_searches_the_table_once(outbox, monkeypatch):
    monkeypatch.setattr("edge_agent.outbox.DATED_AT_ONCE", 10)
    outbox.accept([poll(number) for number in range(200)], None)
    outbox.accept([poll(1_000)], OFFSET)
    later = iter(range(1_001, 2_000))
    monkeypatch.setattr("time.sleep", lambda _: outbox.accept([poll(next(later))], OFFSET))
    told: list[str] = []
    outbox._file._db.set_trace_callback(told.append)
    assert outbox.date(OFFSET) == 0
    outbox._file._db.set_trace_callback(None)
    assert len([each for each in told if "ORDER BY t" in each]) == 1
    assert [t - OFFSET for _, t, _ in rows(outbox)][:200] == list(range(200))
    assert outbox.backlog() == 200 + next(later) - 1_000


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


def test_the_refused_are_shown_newest_first(outbox):
    outbox.accept([poll(number) for number in range(4)], OFFSET)
    outbox.refuse([(2, 3)], "x" * 999, "清" * 999)
    outbox.refuse([(1, 1)], "implausible_time", "a year ahead")
    assert outbox.refused(2) == [
        Refused(seq, OFFSET + seq - 1, "power-1", "x" * LONGEST_TEXT, "清" * LONGEST_TEXT) for seq in (3, 2)
    ]
    assert outbox.refused(9)[2:] == [Refused(1, OFFSET, "power-1", "implausible_time", "a year ahead")]


def test_the_order_of_what_waits(outbox):
    outbox.accept([poll(number) for number in range(9)], OFFSET)
    outbox.accept([poll(99)], None)
    assert [seq for seq, _, _ in rows(outbox, limit=3)] == [1, 2, 3]
    assert [seq for seq, _, _ in rows(outbox, limit=3, newest_first=True)] == [9, 8, 7]
    assert [seq for seq, _, _ in rows(outbox, limit=3, without={1, 3, 77})] == [2, 4, 5]
    assert [seq for seq, _, _ in rows(outbox, limit=3, newest_first=True, without=set(range(2, 10)))] == [1]


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
    assert path.exists()


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutboxError, match=rf"^outbox {tmp_path}/file/outbox.db: .+$"):
        Outbox(tmp_path / "file" / "outbox.db", boot="b", max_mb=1)


def test_after_closing_it_says_so(tmp_path):
    outbox = open_outbox(tmp_path)
    outbox.close()
    for question in (outbox.oldest_t, lambda: outbox.accept([poll(1)], OFFSET), lambda: rows(outbox)):
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
    assert outbox._file._db.execute("PRAGMA page_size").fetchone()[0] == PAGE_BYTES


def test_what_it_takes_on_the_disk(tmp_path, outbox):
    outbox.accept([poll(number) for number in range(10_000)], OFFSET)
    taken = sum(each.stat().st_size for each in tmp_path.glob("outbox.db*"))
    assert outbox.size_mb() == round(taken / 1e6, 2) > 0.2


def test_no_question_scans_the_table(outbox):
    outbox.accept([poll(number) for number in range(5_000)], OFFSET)
    outbox.drop([(1, 10), (4_000, 4_100)])
    outbox.refuse([(20, 20)], "x", "y")
    steps: list[int] = []
    outbox._file._db.set_progress_handler(lambda: steps.append(1), 100)
    for _ in range(10):
        assert (outbox.backlog(), outbox.oldest_t(), outbox.refused_count()) == (4_888, OFFSET + 10, 1)
    outbox._file._db.set_progress_handler(None, 0)
    assert len(steps) < 10
