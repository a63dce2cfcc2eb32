"""What the registry learns of who was heard; time by hand."""

from contextlib import closing

import pytest
from fresh_registry import fresh_registry
from sqlalchemy import func, select

from collector.ingest import Work, take
from collector.presence import SILENT_AFTER_MS, PresenceBook, fall_silent, write_presence
from history.port import StationReading
from registry.tables import Device, Presence, Station
from telemetry.batch import encode_batch
from telemetry.reading import NumberedReading, Reading
from telemetry.status import Status

A = "410882-0001"
NOW_MS = 1_795_000_000_000
MINUTE_MS = 60_000


@pytest.fixture
def registry(tmp_path):
    with closing(fresh_registry(f"sqlite:///{tmp_path}/registry.db")) as opened:
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
    news = book.news(now_ms)
    if news is None:
        return False
    write_presence(registry, news)
    book.wrote(news, now_ms)
    assert book.news(now_ms) is None
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


def test_the_first_reading_after_a_hello_is_news(registry):
    book = PresenceBook()
    heard(book, NOW_MS)
    assert written(book, registry, NOW_MS)
    assert told(registry).last_reading_ms is None
    heard(book, NOW_MS + 1000, power(NOW_MS + 900))
    assert written(book, registry, NOW_MS + 1000)
    assert told(registry).last_reading_ms == NOW_MS + 900
    heard(book, NOW_MS + 2000, power(NOW_MS + 1900))
    assert not written(book, registry, NOW_MS + 2000)


def test_a_first_reading_that_comes_while_a_hello_is_being_written_is_not_forgotten(registry):
    book = PresenceBook()
    heard(book, NOW_MS)
    news = book.news(NOW_MS)
    heard(book, NOW_MS + 1, power(NOW_MS))
    book.told(A, Status(online=True, version="0.1.0"), NOW_MS + 2, retained=False)
    write_presence(registry, news)
    book.wrote(news, NOW_MS)
    assert written(book, registry, NOW_MS + 3)
    assert (told(registry).last_reading_ms, told(registry).version) == (NOW_MS, "0.1.0")


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
        write_presence(Broken(), book.news(NOW_MS))
    assert written(book, registry, NOW_MS + 1)
    assert told(registry).online is True
    assert device(registry).kind == "power"


def test_what_comes_while_news_are_being_written_is_news_again(registry):
    book = PresenceBook()
    heard(book, NOW_MS, power(NOW_MS))
    news = book.news(NOW_MS)
    book.told(A, Status(online=False), NOW_MS + 1, retained=False)
    heard(book, NOW_MS + 2, power(NOW_MS + 2, k="flow"))
    book.told(A, Status(online=False), NOW_MS + 3, retained=False)
    write_presence(registry, news)
    book.wrote(news, NOW_MS)
    assert told(registry).online is True
    assert written(book, registry, NOW_MS + 4)
    assert (told(registry).online, told(registry).online_changed_ms) == (False, NOW_MS + 3)
    assert device(registry).kind == "flow"


def test_the_first_word_after_a_retained_status_is_news(registry):
    book = PresenceBook()
    book.told(A, Status(online=True), NOW_MS, retained=True)
    written(book, registry, NOW_MS)
    heard(book, NOW_MS + 2_000, power(NOW_MS))
    assert written(book, registry, NOW_MS + 2_000)
    assert told(registry).last_seen_ms == NOW_MS + 2_000


def test_a_station_heard_while_it_is_set_offline_is_online_again(registry):
    book = PresenceBook()
    heard(book, NOW_MS)
    written(book, registry, NOW_MS)
    later = NOW_MS + SILENT_AFTER_MS + 1
    with registry.writing() as session:
        assert fall_silent(session, NOW_MS + SILENT_AFTER_MS) == []
        assert fall_silent(session, later) == [A]
        assert fall_silent(session, later) == []
    assert told(registry).online is False
    heard(book, later + 5)
    book.fell_silent([A], later)
    assert written(book, registry, later + 6)
    assert (told(registry).online, told(registry).last_seen_ms) == (True, later + 5)


def test_of_several_collectors_the_one_that_heard_last_is_right(registry):
    late, early = PresenceBook(), PresenceBook()
    heard(early, NOW_MS, power(NOW_MS - 1), lead_ms=1)
    heard(late, NOW_MS + 5_000, power(NOW_MS + 4_000), lead_ms=2)
    assert written(late, registry, NOW_MS + 6_000)
    assert written(early, registry, NOW_MS + 7_000)
    presence = told(registry)
    assert (presence.last_seen_ms, presence.clock_offset_ms) == (NOW_MS + 5_000, 2)
    assert presence.last_reading_ms == NOW_MS + 4_000


def test_a_clock_that_was_set_back_does_not_stop_the_news(registry):
    book = PresenceBook()
    heard(book, NOW_MS)
    assert written(book, registry, NOW_MS)
    earlier = NOW_MS - 3_600_000
    heard(book, earlier)
    assert written(book, registry, earlier)
    assert told(registry).last_seen_ms == NOW_MS


def test_many_stations_are_written_together(registry):
    names = [f"410882-{number:04}" for number in range(2, 1_302)]
    with registry.writing() as session:
        session.add_all(Station(id=name) for name in names)
    book = PresenceBook()
    heard(book, NOW_MS, power(NOW_MS))
    book.heard(dict.fromkeys(names, 5), [StationReading(name, power(NOW_MS)) for name in names], NOW_MS)
    book.told(names[0], Status(online=True, version="0.1.0"), NOW_MS, retained=False)
    assert written(book, registry, NOW_MS)
    with registry.reading() as session:
        rows = list(session.scalars(select(Presence)))
        assert {row.station_id for row in rows} == {A, *names}
        assert all(row.online and row.last_reading_ms == NOW_MS for row in rows)
        assert [row.station_id for row in rows if row.version] == [names[0]]
        assert session.scalar(select(func.count()).select_from(Device)) == len(names) + 1


GONE, THERE = Status(online=False), Status(online=True, version="0.1.0")


@pytest.mark.parametrize(
    ("messages", "is_online"),
    [
        (["readings", GONE], False),
        ([GONE, "readings"], True),
        ([THERE, "readings", GONE], False),
        ([GONE, THERE, "readings"], True),
        (["readings", GONE, THERE], True),
        ([GONE, "readings", GONE], False),
        ([THERE], True),
        ([GONE], False),
    ],
)
def test_what_came_last_says_whether_a_station_is_there_also_of_what_came_at_once(messages, is_online):
    work, book = Work(), PresenceBook()
    for number, message in enumerate(messages):
        if message == "readings":
            batch = encode_batch("9f3c21ab", NOW_MS, [NumberedReading(
                seq=number, t=NOW_MS, d="power-1", k="power", x={"energy_kwh": 1.0})])  # fmt: skip
            take(work, A, batch, known={A}, now_ms=NOW_MS)
        else:
            work.told(A, message, retained=False)
    book.note(work, NOW_MS)
    assert book.news(NOW_MS).stations[A]["online"] is is_online
