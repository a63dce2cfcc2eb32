"""What the registry learns of who was heard; time by hand."""

from contextlib import closing

import pytest

from collector.presence import PresenceBook
from history.port import StationReading
from registry.database import open_registry
from registry.tables import Device, Presence, Station
from telemetry.reading import Reading
from telemetry.status import Status

A = "410882-0001"
NOW_MS = 1_795_000_000_000
MINUTE_MS = 60_000


@pytest.fixture
def registry(tmp_path):
    with closing(open_registry(f"sqlite:///{tmp_path}/registry.db")) as opened:
        with opened.writing() as session:
            session.add(Station(id=A))
        yield opened


def told(registry):
    with registry.reading() as session:
        return session.get(Presence, A)


def device(registry, name="power-1"):
    with registry.reading() as session:
        return session.get_one(Device, (A, name))


def heard(book, now_ms, *readings, lead_ms=0):
    book.heard({A: lead_ms}, [StationReading(A, each) for each in readings], now_ms)


def power(t, d="power-1", k="power"):
    return Reading(t=t, d=d, k=k, q="missing", why="no_response")


def written(book, registry, now_ms):
    """Do as the collector does at each step; whether there was something to write."""
    if not book.is_due(now_ms):
        return False
    book.write(registry, now_ms)
    assert not book.is_due(now_ms)
    return True


def test_the_first_word_is_written_at_once_and_then_by_the_minute(registry):
    book = PresenceBook()
    assert not written(book, registry, NOW_MS)
    heard(book, NOW_MS, power(NOW_MS - 5), lead_ms=-250)
    assert written(book, registry, NOW_MS)
    first = told(registry)
    assert (first.online, first.online_changed_ms, first.last_seen_ms) == (True, NOW_MS, NOW_MS)
    assert (first.last_reading_ms, first.clock_offset_ms) == (NOW_MS - 5, -250)
    writes = 0
    for second in range(1, 241):
        now_ms = NOW_MS + second * 1000
        heard(book, now_ms, power(now_ms))
        writes += written(book, registry, now_ms)
    assert writes == 4
    assert told(registry).last_seen_ms == NOW_MS + 240_000
    assert told(registry).online_changed_ms == NOW_MS


def test_a_silent_station_is_not_written_again(registry):
    book = PresenceBook()
    heard(book, NOW_MS)
    assert written(book, registry, NOW_MS)
    assert not any(written(book, registry, NOW_MS + n * MINUTE_MS) for n in range(1, 5))


def test_going_offline_and_coming_back_are_written_at_once(registry):
    book = PresenceBook()
    heard(book, NOW_MS)
    written(book, registry, NOW_MS)
    book.told(A, Status(online=False), NOW_MS + 1, retained=False)
    assert written(book, registry, NOW_MS + 1)
    gone = told(registry)
    assert (gone.online, gone.online_changed_ms, gone.last_seen_ms) == (False, NOW_MS + 1, NOW_MS)
    heard(book, NOW_MS + 2)
    assert written(book, registry, NOW_MS + 2)
    assert (told(registry).online, told(registry).online_changed_ms) == (True, NOW_MS + 2)


def test_the_last_will_leaves_what_the_station_said_of_itself(registry):
    book = PresenceBook()
    book.told(A, Status(online=True, version="0.1.0", backlog=5), NOW_MS, retained=False)
    book.told(A, Status(online=False), NOW_MS + 1, retained=False)
    written(book, registry, NOW_MS + 1)
    assert (told(registry).version, told(registry).backlog, told(registry).online) == ("0.1.0", 5, False)


def test_a_retained_status_is_no_sign_of_life(registry):
    book = PresenceBook()
    book.told(A, Status(online=True), NOW_MS, retained=True)
    assert written(book, registry, NOW_MS)
    assert (told(registry).online, told(registry).last_seen_ms) == (True, None)
    book.told(A, Status(online=True), NOW_MS + 1, retained=False)
    written(book, registry, NOW_MS + MINUTE_MS)
    assert told(registry).last_seen_ms == NOW_MS + 1


def test_the_newest_reading_counts_whatever_the_order(registry):
    book = PresenceBook()
    heard(book, NOW_MS, power(NOW_MS - 10), power(NOW_MS - 99))
    written(book, registry, NOW_MS)
    assert told(registry).last_reading_ms == NOW_MS - 10


def test_a_device_is_registered_once_and_keeps_its_first_day(registry):
    book = PresenceBook()
    heard(book, NOW_MS, power(NOW_MS), power(NOW_MS, "flow-1", "flow"))
    written(book, registry, NOW_MS)
    heard(book, NOW_MS + 5, power(NOW_MS + 5))
    assert not written(book, registry, NOW_MS + 5)
    book = PresenceBook()  # the collector starts anew
    heard(book, NOW_MS + 10, power(NOW_MS + 10))
    assert written(book, registry, NOW_MS + 10)
    assert (device(registry).kind, device(registry).first_seen_ms) == ("power", NOW_MS)
    assert device(registry, "flow-1").kind == "flow"


def test_a_restart_of_the_collector_changes_nothing_that_did_not_change(registry):
    book = PresenceBook()
    heard(book, NOW_MS, power(NOW_MS))
    written(book, registry, NOW_MS)
    book = PresenceBook()
    later = NOW_MS + 5 * MINUTE_MS
    heard(book, later, power(NOW_MS - 10 * MINUTE_MS))  # of its backlog
    assert written(book, registry, later)
    again = told(registry)
    assert (again.online, again.online_changed_ms) == (True, NOW_MS)
    assert again.last_reading_ms == NOW_MS
    assert again.last_seen_ms == later


def test_a_restart_notices_what_changed_meanwhile(registry):
    book = PresenceBook()
    heard(book, NOW_MS)
    written(book, registry, NOW_MS)
    book = PresenceBook()
    book.told(A, Status(online=False), NOW_MS + 7, retained=True)
    written(book, registry, NOW_MS + 7)
    assert (told(registry).online, told(registry).online_changed_ms) == (False, NOW_MS + 7)


def test_a_registry_that_fails_keeps_the_news(registry):
    book = PresenceBook()
    heard(book, NOW_MS, power(NOW_MS))
    registry.close()

    class Broken:
        def writing(self):
            raise RuntimeError("no disk")

    with pytest.raises(RuntimeError):
        book.write(Broken(), NOW_MS)
    assert written(book, registry, NOW_MS + 1)
    assert told(registry).online is True
    assert device(registry).kind == "power"
