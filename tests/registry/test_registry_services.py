"""Leases, health, dirty quarter hours, and what was put aside."""

import threading
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from registry import quarantine
from registry.database import Registry
from registry.dirty import clear_dirty, dirty, mark_dirty
from registry.quarantine import PAYLOAD_CAP_BYTES, Entry, newest, put_aside
from registry.services import health, release_lease, report_health, take_lease
from registry.tables import DirtyQuarterHour, Quarantine, Station


def take(registry, holder, now_ms, name="alerting"):
    with registry.writing() as session:
        return take_lease(session, name, holder, now_ms, 1_000)


def give(registry, holder):
    with registry.writing() as session:
        release_lease(session, "alerting", holder)


def test_a_lease_is_held_by_one_renewed_by_it_and_free_when_it_runs_out(registry):
    assert take(registry, "one", 0)
    assert not take(registry, "two", 999)
    assert take(registry, "two", 999, name="reporting")
    assert take(registry, "one", 500)
    assert not take(registry, "two", 1_499)
    assert take(registry, "two", 1_500)
    assert not take(registry, "one", 1_501)


def test_a_lease_is_given_back_by_its_holder_only(registry):
    assert take(registry, "one", 0)
    give(registry, "two")
    assert not take(registry, "two", 1)
    give(registry, "one")
    assert take(registry, "two", 1)
    give(registry, "nobody")


@pytest.mark.parametrize("earlier", ["nobody", "expired"])
def test_of_two_that_ask_at_once_one_gets_the_lease(registry, earlier):
    if earlier == "expired":
        assert take(registry, "old", -5_000)
    other, answers = Registry(registry.url), []
    with closing(other):
        rival = threading.Thread(target=lambda: answers.append(take(other, "two", 10)))
        with registry.writing() as session:
            assert take_lease(session, "alerting", "one", 10, 1_000)
            rival.start()
            rival.join(0.3)  # it asks before we have committed, and waits for that
            assert rival.is_alive()
        rival.join()
    assert answers == [False]


def test_health_keeps_the_last_word_of_each_service(registry):
    for now_ms, conditions in ((1, {"store": "full"}), (2, {})):
        with registry.writing() as session:
            report_health(session, "collector", now_ms, conditions, {"stored": now_ms})
            report_health(session, "alerting", 7, {})
    with registry.reading() as session:
        told = [(row.name, row.seen_ms, row.conditions, row.figures) for row in health(session)]
    assert told == [("alerting", 7, {}, {}), ("collector", 2, {}, {"stored": 2})]


def test_dirty_marks_are_set_once_listed_in_order_and_cleared(registry):
    with registry.writing() as session:
        session.add_all([Station(id="a"), Station(id="b")])
    for _ in range(2):
        with registry.writing() as session:
            mark_dirty(session, [("b", 0), ("a", 900_000), ("a", 0), ("a", 0)])
            mark_dirty(session, [])
    with registry.reading() as session:
        assert dirty(session) == [("a", 0), ("a", 900_000), ("b", 0)]
        assert dirty(session, limit=2) == [("a", 0), ("a", 900_000)]
    with registry.writing() as session:
        for station, start in (("a", 0), ("b", 0), ("nobody", 3)):
            clear_dirty(session, station, start, start + 1)
    with registry.reading() as session:
        assert dirty(session) == [("a", 900_000)]


def test_a_mark_made_while_another_is_being_cleared_is_not_lost(registry):
    """The collector marks what it has just stored, while the worker clears what it has computed before."""
    with registry.writing() as session:
        session.add(Station(id="a"))
        session.flush()
        mark_dirty(session, [("a", 0)])
    other = Registry(registry.url)

    def mark():
        with other.writing() as session:
            mark_dirty(session, [("a", 0)])

    with closing(other):
        collector = threading.Thread(target=mark)
        with registry.writing() as session:
            clear_dirty(session, "a", 0, 1)
            collector.start()
            collector.join(0.3)
            assert collector.is_alive()
        collector.join()
    with registry.reading() as session:
        assert list(session.scalars(select(DirtyQuarterHour.start_ms))) == [0]


def entry(n=0, station="a", code="not_json", text="broken", payload=b"{"):
    return Entry(n, station, code, text, payload)


def put(registry, *entries):
    with registry.writing() as session:
        put_aside(session, list(entries))


def kept(registry):
    with registry.reading() as session:
        return [(row.station_id, row.text, row.count, row.received_ms) for row in newest(session)]


def test_a_repetition_raises_the_count_and_anything_else_begins_an_entry(registry):
    put(registry, entry(1), entry(2), entry(3, station="b"))
    put(registry, entry(4), entry(5, text="otherwise"), entry(6), entry(7, station="b"))
    assert kept(registry) == [
        ("a", "broken", 1, 6), ("a", "otherwise", 1, 5), ("b", "broken", 2, 7), ("a", "broken", 3, 4),
    ]  # fmt: skip


def test_the_payload_is_capped_and_its_size_told(registry):
    put(registry, entry(payload=bytes(range(256)) * 100))
    with registry.reading() as session:
        row = session.scalars(select(Quarantine)).one()
        assert row.payload == (bytes(range(256)) * 100)[:PAYLOAD_CAP_BYTES]
        assert row.size_bytes == 25_600


def test_beyond_the_cap_the_oldest_leave(registry, monkeypatch):
    monkeypatch.setattr(quarantine, "ENTRIES_CAP", 5)
    put(registry, *(entry(n, text=f"fault {n}") for n in range(4)))
    put(registry, *(entry(n, text=f"fault {n}") for n in range(4, 12)))
    assert [text for _, text, _, _ in kept(registry)] == [f"fault {n}" for n in range(11, 6, -1)]


@pytest.mark.parametrize(
    "text", ["nul \x00 here", "bell \x07, escape \x1b[31m", "turned \u202e", "half \ud800"]
)
def test_a_hostile_text_is_kept_without_what_no_store_or_terminal_takes(registry, text):
    """PostgreSQL refuses NUL, and UTF-8 half a pair: a collector that met one would try again for ever."""
    put(registry, entry(text=text), entry(text=text, n=2))
    ((_, told, count, _),) = kept(registry)
    assert told.isprintable()
    assert told.split(" ")[0] == text.split(" ")[0]
    assert count == 2


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(text=st.text(st.characters(), max_size=20), payload=st.binary(max_size=20))
def test_any_text_and_payload_can_be_put_aside(registry, text, payload):
    put(registry, entry(text=text, payload=payload))
    assert kept(registry)[0][1].isprintable()
