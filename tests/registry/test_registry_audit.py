"""The audit trail on both kinds of registry: added to, chained, and any alteration is found."""

import threading
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from registry.audit import changed, first_broken, note_change
from registry.tables import Audit


def note(registry, number, **other):
    with registry.writing() as session:
        before = {"design_m3_per_day": 1.5, "since": date(2026, 1, number % 28 + 1)}
        after = {"design_m3_per_day": number / 3, "tags": ["南水北调保护区"], "x": None}
        whose = {"actor": "王", "action": "station.update", "subject": "410882-0001"}
        note_change(session, at_ms=number, before=before, after=after, **whose, **other)


def rows(registry):
    with registry.reading() as session:
        return list(session.scalars(select(Audit).order_by(Audit.id)))


def broken(registry):
    with registry.reading() as session:
        return first_broken(session)


def test_rows_hold_each_other(registry):
    for number in range(1, 6):
        note(registry, number, address="127.0.0.1")
    first, second, *_ = rows(registry)
    assert first.previous_sha256 == "0" * 64
    assert second.previous_sha256 == first.sha256
    assert first.before == {"design_m3_per_day": 1.5, "since": "2026-01-02"}
    assert broken(registry) is None


@pytest.mark.parametrize(
    "alteration",
    [
        update(Audit).where(Audit.id == 3).values(actor="李"),
        update(Audit).where(Audit.id == 3).values(after={"design_m3_per_day": 9}),
        update(Audit).where(Audit.id == 3).values(at_ms=4),
        update(Audit).where(Audit.id == 3).values(before=None),
        delete(Audit).where(Audit.id == 2),
    ],
)
def test_an_altered_or_missing_row_is_found(registry, alteration):
    for number in range(1, 6):
        note(registry, number)
    with registry.writing() as session:
        session.execute(alteration)
    assert broken(registry) == 3


def test_two_writers_make_one_chain(registry):
    def many(start):
        for number in range(start, start + 15):
            note(registry, number)

    writers = [threading.Thread(target=many, args=(start,)) for start in (1, 101)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(rows(registry)) == 30
    assert broken(registry) is None


values = st.none() | st.integers(0, 3) | st.text(max_size=2)
fields = st.dictionaries(st.sampled_from("abcd"), values)


@given(fields, fields)
def test_only_what_differs_is_kept(before, after):
    was, is_now = changed(before, after)
    assert was.keys() == is_now.keys()
    assert all(was[name] != is_now[name] for name in was)
    assert {name for name in "abcd" if before.get(name) != after.get(name)} == was.keys()
