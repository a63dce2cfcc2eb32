"""The quarantine's table: what is put aside, how it is found again, and that a flood is no burden."""

import threading
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, event

from registry import quarantine
from registry.quarantine import (
    EVERYTHING,
    Entry,
    Wanted,
    counts_by_code,
    find,
    find_ids,
    give_reason,
    numbered,
    put_aside,
    remove,
)
from registry.tables import Quarantine


def put(registry, *entries):
    with registry.writing() as session:
        put_aside(session, entries)


def rows(registry, wanted=EVERYTHING, **page):
    with registry.reading() as session:
        return find(session, wanted, **page)


@contextmanager
def counting(registry):
    statements = []

    def listener(_connection, _cursor, statement, _parameters, _context, _many):
        statements.append(statement)

    event.listen(registry._engine, "before_cursor_execute", listener)
    try:
        yield statements
    finally:
        event.remove(registry._engine, "before_cursor_execute", listener)


def test_a_flood_takes_few_statements_however_many_entries_it_has(registry):
    def flood(start):
        return [
            Entry(n, f"410882-{n % 50:04}", "not_json", f"invalid character (byte {n})", b"x" * 5_000)
            for n in range(start, start + 1_000)
        ]

    put(registry, *flood(0))
    again = [Entry(n, f"410882-{n % 50:04}", "not_json", "the same", b"x") for n in range(2_000)]
    with counting(registry) as statements:
        put(registry, *flood(1_000), *again)
        put(registry, *again)
    sent = [each for each in statements if not each.startswith(("BEGIN", "SAVEPOINT", "RELEASE"))]
    assert len(sent) <= 10
    with registry.reading() as session:
        assert counts_by_code(session, EVERYTHING) == {"not_json": 2_050}
    assert {row.count for row in rows(registry, limit=50)} == {80}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(
    calls=st.lists(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xy")), max_size=6), max_size=4),
    cap=st.integers(1, 8),
)
def test_one_call_or_many_keep_the_same(registry, calls, cap):
    """Against a plain list: one entry after the other, and the cap at the end of each call."""
    model, at_ms = [], 0
    with registry.writing() as session:
        session.execute(delete(Quarantine))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quarantine, "ENTRIES_CAP", cap)
        for call in calls:
            entries = []
            for station, text in call:
                at_ms += 1
                entries.append(Entry(at_ms, station, "c", text, f"{at_ms}".encode()))
                last = next((row for row in reversed(model) if row[0] == station), None)
                if last is not None and last[1] == text:
                    last[2:4] = [last[2] + 1, at_ms]
                else:
                    model.append([station, text, 1, at_ms, f"{at_ms}".encode()])
            put(registry, *entries)
            del model[: max(0, len(model) - cap)]
    kept = [[r.station_id, r.text, r.count, r.received_ms, r.payload] for r in reversed(rows(registry))]
    assert kept == model


def test_a_repetition_of_what_is_just_being_removed_begins_an_entry(registry):
    """Else its count would be raised in a row that is gone, and the repetition lost."""
    put(registry, Entry(1, "a", "not_json", "text", b"first"))
    again = threading.Thread(target=put, args=(registry, Entry(2, "a", "not_json", "text", b"again")))
    with registry.writing() as session:
        remove(session, [rows(registry)[0].id])
        again.start()
        again.join(0.2)  # it waits for us, or comes later: both must end alike
    again.join()
    assert [(row.payload, row.count) for row in rows(registry)] == [(b"again", 1)]


def test_entries_are_found_by_station_code_and_time(registry):
    put(
        registry,
        Entry(1_000, "410882-0001", "not_json", "a", b""),
        Entry(2_000, "410882-0002", "malformed", "b", b""),
        Entry(3_000, "410882-0001", "malformed", "c", b""),
        Entry(4_000, "new_box", "not_json", "d", b""),
    )

    def texts(**wanted):
        return "".join(row.text for row in rows(registry, Wanted(**wanted)))

    assert texts() == "dcba"
    assert texts(station="410882-0001") == "ca"
    assert texts(station="410882") == ""
    assert texts(station_part="0882-") == "cba"
    assert texts(station_part="W_B") == "d"
    assert texts(station_part="%") == ""
    assert texts(code="malformed") == "cb"
    assert texts(since_ms=2_000, before_ms=4_000) == "cb"
    assert texts(station="410882-0001", code="not_json") == "a"
    assert "".join(row.text for row in rows(registry, limit=2, offset=1)) == "cb"
    with registry.reading() as session:
        assert counts_by_code(session, Wanted(station="410882-0001", code="x")) == {
            "malformed": 1,
            "not_json": 1,
        }
        assert find_ids(session, Wanted(code="malformed")) == [row.id for row in rows(registry)][2:0:-1]


def test_entries_are_named_changed_and_removed(registry):
    put(registry, *(Entry(n, f"s{n}", "not_json", "text", b"payload") for n in range(1_200)))
    ids = [row.id for row in rows(registry)]
    with registry.reading() as session:
        assert [row.id for row in numbered(session, [*ids, *ids, 2**40])] == sorted(ids)
    with registry.writing() as session:
        give_reason(session, ids[0], "malformed", "half \ud800")
        remove(session, ids[1:])
        remove(session, [])
    [left] = rows(registry)
    assert (left.id, left.code, left.text, left.payload) == (ids[0], "malformed", "half \ufffd", b"payload")


def test_what_may_be_stored_one_day_is_kept_each_time(registry):
    put(registry, *(Entry(n, "a", "unknown_quantity", "foo", b"%d" % n) for n in range(3)))
    assert sorted(row.payload for row in rows(registry)) == [b"0", b"1", b"2"]


def test_one_station_drives_nobody_else_out(registry):
    put(registry, Entry(0, "quiet", "malformed", "once", b"x"))
    for first in range(0, 2_000, 400):
        put(registry, *(Entry(n, "noisy", "not_json", f"byte {n}", b"") for n in range(first, first + 400)))
    kept = rows(registry)
    assert [row.text for row in kept if row.station_id == "quiet"] == ["once"]
    noisy = [row.received_ms for row in kept if row.station_id == "noisy"]
    assert sorted(noisy) == list(range(2_000 - quarantine.STATION_CAP, 2_000))


def test_of_a_huge_payload_only_the_beginning_is_held():
    entry = Entry(0, "a", "too_large", "text", b"x" * 10_000_000)
    assert (len(entry.payload), entry.size_bytes) == (quarantine.PAYLOAD_CAP_BYTES, 10_000_000)
