"""Replay: the collector's own check once more, with the clock of the moment when it came."""

import json
import zlib
from contextlib import closing

import pytest
from fresh_registry import fresh_registry

from collector.ingest import OLDEST_MS
from collector.replay import replay
from history.embedded import EmbeddedHistory
from history.port import HistoryError, Rejected
from registry.dirty import dirty
from registry.quarantine import EVERYTHING as ALL
from registry.quarantine import PAYLOAD_CAP_BYTES, Entry, find_ids, newest, put_aside
from registry.quarantine_trail import Actor
from registry.tables import Audit, Station

NOW = 1_795_241_100_000
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
A = "410882-0001"


def reading(seq=1, t=NOW - HOUR, **other):
    return {"seq": seq, "t": t, "d": "power-1", "k": "power", "x": {"energy_kwh": float(seq)}} | other


def batch(*readings, sent=NOW - HOUR, v=1):
    return json.dumps({"v": v, "outbox": "9f3c21ab", "sent": sent, "readings": readings}).encode()


class Refusing:
    """A history that never takes a device called `bad`, fails when told to, and notes how it was called."""

    def __init__(self, real):
        self._real, self.calls, self.fails_at = real, 0, 0

    def write(self, readings):
        self.calls += 1
        if self.calls == self.fails_at:
            raise HistoryError("history: the disk is full")
        bad = [each for each in readings if each.reading.d == "bad"]
        self._real.write([each for each in readings if each not in bad])
        return [Rejected(each, "field type conflict") for each in bad]


class Place:
    def __init__(self, registry, history):
        self.registry, self.real, self.history = registry, history, Refusing(history)
        with registry.writing() as session:
            session.add(Station(id=A))

    def aside(self, payload, code="unknown_quantity", received_ms=NOW - HOUR, station=A, text="some text"):
        with self.registry.writing() as session:
            put_aside(session, [Entry(received_ms, station, code, text, payload)])

    def replay(self, known=(A,), now=NOW, *, is_dry=False):
        with self.registry.reading() as session:
            ids = find_ids(session, ALL)
        history = None if is_dry else self.history
        return list(replay(self.registry, history, ids, set(known), Actor("somebody", now)))

    def trail(self):
        with self.registry.reading() as session:
            return [(row.action, row.object, row.actor, row.after["fate"]) for row in session.query(Audit)]

    def stored(self, station=A):
        return [each.t for each in self.real.raw(station, None, 0, 2**60)]

    def left(self):
        with self.registry.reading() as session:
            return [(row.code, row.text) for row in newest(session)]

    def dirty(self):
        with self.registry.reading() as session:
            return dirty(session)


@pytest.fixture
def place(tmp_path):
    with (
        closing(fresh_registry(f"sqlite:///{tmp_path}/registry.db")) as registry,
        closing(EmbeddedHistory(tmp_path / "history.db")) as history,
    ):
        yield Place(registry, history)


@pytest.mark.parametrize("pack", [bytes, zlib.compress])
def test_what_is_good_now_is_stored_marked_dirty_and_gone(place, pack):
    place.aside(pack(batch(reading(1), reading(2, NOW - 3 * DAY))), "unknown_station")
    [done] = place.replay()
    assert (done.fate, done.stored, done.code) == ("replayed", 2, "unknown_station")
    assert place.stored() == [NOW - 3 * DAY, NOW - HOUR]
    assert place.dirty() == [(A, t // 900_000 * 900_000) for t in (NOW - 3 * DAY, NOW - HOUR)]
    assert place.left() == []
    assert place.replay() == []


def test_a_station_that_is_still_unknown_stays(place):
    place.aside(batch(reading()), "unknown_station", station="new-box")
    [done] = place.replay()
    assert (done.fate, done.stored, done.code) == ("kept", 0, "unknown_station")
    assert (place.stored("new-box"), place.dirty(), place.history.calls) == ([], [], 0)


def test_the_good_part_is_stored_and_the_entry_stays_with_its_reason_of_today(place):
    place.aside(batch(reading(1), reading(2, NOW - DAY, x={"foo": 1})), "unknown_station")
    [done] = place.replay()
    assert (done.fate, done.stored, done.code) == ("partly", 1, "unknown_quantity")
    assert place.left() == [("unknown_quantity", "unknown quantity 'foo'")]
    assert place.stored() == [NOW - HOUR]


def test_of_several_reasons_it_keeps_the_one_it_lies_here_for(place):
    payload = batch(reading(1, x={"foo": 1}), reading(2, x={"energy_kwh": "x"}))
    place.aside(payload, "malformed", text="old")
    place.aside(payload, "unknown_quantity", text="old")
    place.replay()
    assert [code for code, _ in place.left()] == ["unknown_quantity", "malformed"]


def test_a_hello_leaves_nothing_behind(place):
    place.aside(batch(), "unknown_station")
    [done] = place.replay()
    assert (done.fate, done.stored, place.left()) == ("replayed", 0, [])


@pytest.mark.parametrize(
    "payload", [b"", b"poison", b"x\x9cjunk", b"[" * 3_000, batch(v=2), b'{"t":1,"d":"power-1","k":"power"}']
)
def test_what_was_never_a_batch_stays(place, payload):
    place.aside(payload, "not_json")
    [done] = place.replay()
    assert (done.fate, done.stored) == ("kept", 0)
    assert len(place.left()) == 1


def test_a_capped_copy_is_never_tried_and_keeps_its_reason(place):
    place.aside(batch(*(reading(n, NOW - n) for n in range(100))), "unknown_station", text="why")
    [done] = place.replay()
    assert (done.fate, done.stored) == ("capped", 0)
    assert done.text.startswith(f"only {PAYLOAD_CAP_BYTES} of ")
    assert place.left() == [("unknown_station", "why")]


def test_times_are_judged_by_the_clock_of_the_moment_it_came(place):
    """Today nothing of it is ahead any more, yet the box's clock was wrong then."""
    came = NOW - 30 * DAY
    place.aside(batch(reading(1, came + 11 * MINUTE), sent=came), "implausible_time", came, text="1")
    place.aside(batch(reading(2, came), sent=came + 11 * MINUTE), "unknown_station", came, text="2")
    place.aside(
        batch(reading(3, came + 9 * MINUTE), sent=came + 9 * MINUTE), "unknown_station", came, text="3"
    )
    assert [done.fate for done in place.replay()] == ["kept", "kept", "replayed"]
    assert [code for code, _ in place.left()] == ["implausible_time", "implausible_time"]
    assert place.stored() == [came + 9 * MINUTE]


def test_400_days_count_from_now(place):
    came = NOW - 2 * DAY
    old, new = NOW - OLDEST_MS - 1, NOW - OLDEST_MS
    place.aside(batch(reading(1, old), reading(2, new), sent=came), "unknown_station", came)
    [done] = place.replay()
    assert (done.fate, done.code, done.stored) == ("partly", "implausible_time", 1)
    assert f"400 days back (got {old})" in done.text
    assert place.stored() == [new]


def test_a_repetition_gives_the_first_payload_no_later_clock(place):
    """The copy is the first one's, the instant the last one's."""
    first = NOW - 3 * DAY
    payload = batch(reading(1, first + HOUR), sent=first)
    place.aside(payload, "wrong_version", received_ms=first)
    place.aside(payload, "wrong_version", received_ms=NOW - DAY)
    [done] = place.replay()
    assert (done.fate, done.code, done.repetitions) == ("kept", "implausible_time", 1)
    assert place.stored() == []


def test_a_centre_whose_clock_ran_ahead_does_not_store_the_future(place):
    ahead = NOW + DAY
    place.aside(batch(reading(1, ahead), sent=ahead), received_ms=ahead)
    [done] = place.replay()
    assert (done.fate, done.code) == ("kept", "implausible_time")


def test_a_reading_that_the_store_refused_is_tried_alone(place):
    place.aside(json.dumps(reading(7)).encode(), "store_refuses")
    [done] = place.replay()
    assert (done.fate, done.stored, place.stored()) == ("replayed", 1, [NOW - HOUR])


def test_a_reading_that_is_refused_again_can_be_tried_again(place):
    """Whatever the reason has become: the code says that the payload is one reading."""
    place.aside(json.dumps(reading(7, d="bad")).encode(), "store_refuses")
    place.aside(json.dumps(reading(8, NOW - OLDEST_MS - 1)).encode(), "store_refuses", text="other")
    for _ in range(2):
        assert [(done.fate, done.code) for done in place.replay()] == [("kept", "store_refuses")] * 2
    assert [text.partition(" (")[0] for _, text in place.left()] == [
        "$.t: lies more than 400 days back", "field type conflict",
    ]  # fmt: skip


def test_a_batch_of_which_the_store_refuses_a_part_stays_whole(place):
    place.aside(batch(reading(1), reading(2, d="bad")), "unknown_station")
    for _ in range(2):
        [done] = place.replay()
        assert (done.fate, done.stored, done.code, done.text) == (
            "partly",
            1,
            "store_refuses",
            "field type conflict",
        )
    assert place.stored() == [NOW - HOUR]


def test_a_dry_run_tells_the_same_and_touches_nothing(place):
    place.aside(batch(reading(1)), "unknown_station")
    place.aside(b"poison", "not_json")
    told = place.replay(is_dry=True)
    assert (place.stored(), place.dirty(), len(place.left())) == ([], [], 2)
    assert place.left()[0] == ("not_json", "some text")
    assert place.trail() == []
    assert place.replay() == told
    assert place.trail() == [
        ("quarantine.replay", "quarantine:1", "somebody", "replayed"),
        ("quarantine.replay", "quarantine:2", "somebody", "kept"),
    ]


def test_an_entry_leaves_only_when_its_readings_are_safe(place):
    """The store fails in the second lot: the first is done, the rest as it was."""
    many = [reading(n, NOW - HOUR - n) for n in range(40)]
    for n in range(200):
        place.aside(zlib.compress(batch(*many)), text=f"{n}")
    place.history.fails_at = 2
    with pytest.raises(HistoryError):
        place.replay()
    assert (len(place.left()), len(place.trail())) == (100, 100)
    place.history.fails_at = 0
    assert {done.fate for done in place.replay()} == {"replayed"}
    assert (place.left(), len(place.stored())) == ([], 40)
