"""What one message means; no I/O, time by hand."""

import json
import zlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.ingest import AHEAD_MS, OLDEST_MS, Answer, Work, late_quarter_hours, reject, take
from history.port import QUARTER_HOUR_MS, Rejected, StationReading
from registry.quarantine import PAYLOAD_CAP_BYTES
from telemetry.ack import decode_ack, encode_ack
from telemetry.batch import compress
from telemetry.quantities import NAMES_BY_KIND
from telemetry.reading import WHYS, NumberedReading, Reading

NOW_MS = 1_795_000_000_000
STATION, OUTBOX = "410882-0001", "9f3c21ab"


def good(seq, t=NOW_MS, **other):
    return {"seq": seq, "t": t, "d": "power-1", "k": "power", "x": {"energy_kwh": 1.5}} | other


def payload(*readings, sent=NOW_MS, outbox=OUTBOX, **other):
    return json.dumps({"v": 1, "outbox": outbox, "sent": sent, "readings": list(readings)} | other).encode()


def taken(*payloads, known=(STATION,), station=STATION, work=None):
    work = work or Work()
    for each in payloads:
        take(work, station, each, known=known, now_ms=NOW_MS)
    return work


def stored(answer):
    """The numbers that an answer names as stored, in their order."""
    return [reading.seq for reading in answer.stored]


def put_aside(work):
    return [(entry.station, entry.code, entry.text) for entry in work.quarantine]


def test_a_batch_is_stored_and_answered_with_its_numbers():
    work = taken(payload(good(1041), good(1042, d="flow-1", k="flow", x={"volume_m3": 2})))
    assert work.readings == [
        StationReading(
            STATION, NumberedReading(seq=1041, t=NOW_MS, d="power-1", k="power", x={"energy_kwh": 1.5})
        ),
        StationReading(
            STATION, NumberedReading(seq=1042, t=NOW_MS, d="flow-1", k="flow", x={"volume_m3": 2.0})
        ),
    ]
    (answer,) = work.answers
    assert (answer.station, answer.outbox, stored(answer)) == (STATION, OUTBOX, [1041, 1042])
    assert (work.quarantine, work.seen) == ([], {STATION: 0})
    assert work != Work()


def test_a_hello_is_answered_with_its_sent_by_itself():
    work = taken(
        payload(good(1)), payload(sent=NOW_MS - 70_000), payload(good(2)), payload(sent=NOW_MS - 60_000)
    )
    assert [stored(answer) for answer in work.answers] == [[1, 2]]
    assert work.prompt == [
        Answer(STATION, OUTBOX, sent=NOW_MS - 70_000),
        Answer(STATION, OUTBOX, sent=NOW_MS - 60_000),
    ]
    ack = decode_ack(encode_ack(work.prompt[0].ack(NOW_MS + 3)))
    assert (ack.sent, ack.now, ack.stored, ack.hold, ack.outbox) == (
        NOW_MS - 70_000,
        NOW_MS + 3,
        [],
        None,
        OUTBOX,
    )


def test_data_are_never_answered_with_their_sent():
    """Else a box might take its time from an answer that waited for a disk."""
    work = taken(payload(good(1)), payload({"seq": 2}), payload(good(3, t=0)))
    assert [answer.sent for answer in work.answers] == [None]


@pytest.mark.parametrize("data", [payload(), payload(good(1)), payload({"seq": 1})])
def test_an_unknown_station_is_held_and_noted(data):
    work = taken(data, known=())
    assert [(a.hold, a.outbox, a.stored, a.refused) for a in work.answers] == [
        ("unknown_station", OUTBOX, [], [])
    ]
    assert put_aside(work) == [(STATION, "unknown_station", "enrolled, but not on the register")]
    assert (work.readings, work.seen) == ([], {})


def test_the_hello_of_an_unknown_station_tells_it_the_time():
    assert taken(payload(sent=5), known=()).answers == [Answer(STATION, OUTBOX, 5, hold="unknown_station")]


@pytest.mark.parametrize(("ahead_ms", "held"), [(AHEAD_MS, False), (AHEAD_MS + 1, True), (-(2**52), False)])
def test_a_box_more_than_ten_minutes_ahead_is_held_and_not_put_aside(ahead_ms, held):
    work = taken(payload(good(1), sent=NOW_MS + ahead_ms))
    assert [answer.hold for answer in work.prompt + work.answers] == ["clock" if held else None]
    assert [len(work.readings), len(work.quarantine)] == [0 if held else 1, 0]
    assert work.seen == {STATION: ahead_ms}


def test_the_hello_of_a_box_that_is_ahead_tells_it_the_time():
    sent = NOW_MS + 10 * AHEAD_MS
    assert taken(payload(sent=sent)).prompt == [Answer(STATION, OUTBOX, sent, hold="clock")]


@pytest.mark.parametrize(
    ("t", "text"),
    [
        (NOW_MS + AHEAD_MS, None),
        (NOW_MS + AHEAD_MS + 1, "$.t: lies more than 10 min ahead of the centre (got 1795000600001)"),
        (NOW_MS - OLDEST_MS, None),
        (NOW_MS - OLDEST_MS - 1, "$.t: lies more than 400 days back (got 1760439999999)"),
        (-(10**18), "$.t: lies more than 400 days back (got -1000000000000000000)"),
    ],
)
def test_a_reading_dated_outside_the_bounds_is_refused(t, text):
    work = taken(payload(good(7, t=t)))
    if text is None:
        assert [each.reading.seq for each in work.readings] == stored(work.answers[0]) == [7]
        return
    assert work.readings == []
    assert work.answers == [Answer(STATION, OUTBOX, refused=[(7, 7, "implausible_time", text)])]
    assert put_aside(work) == [(STATION, "implausible_time", text)]


def test_a_time_of_thousands_of_digits_makes_no_long_text():
    raw = payload(good(1, t=777)).replace(b"777", b"9" * 4_000)
    work = taken(raw)
    assert len(work.answers[0].refused[0][3]) <= 200
    assert len(work.quarantine[0].text) <= 200


def test_one_bad_reading_in_a_good_batch_is_refused_alone():
    bad = [
        good(2, x={"energy_kwh": "1.8"}),
        good(3, x={"foo": 1}),
        good(4, x={"volume_m3": 1}),
        good(5, x={}),
        good(6, q="missing"),
        good(7, t=1.5),
        good(8, x={"energy_kwh": True}),
        {"seq": 9},
    ]
    work = taken(payload(good(1), *bad, good(10)))
    assert stored(work.answers[0]) == [1, 10]
    assert [each.reading.seq for each in work.readings] == [1, 10]
    assert [(first, last, code) for first, last, code, _ in sorted(work.answers[0].refused)] == [
        (2, 2, "malformed"), (3, 3, "unknown_quantity"), (4, 4, "unknown_quantity"), (5, 5, "malformed"),
        (6, 6, "malformed"), (7, 7, "malformed"), (8, 8, "malformed"), (9, 9, "malformed"),
    ]  # fmt: skip
    assert {code for _, code, _ in put_aside(work)} == {"malformed", "unknown_quantity"}


def test_a_payload_is_put_aside_once_for_each_kind_of_fault():
    """Ten thousand bad readings fit into one payload, and would push everybody else's out of quarantine."""
    old = [good(n, t=n) for n in range(3_000)]
    broken = [good(n, x={"energy_kwh": None}) for n in range(3_000, 4_000)]
    foo = [good(n, x={f"foo{n}": 1}) for n in range(4_000, 5_000)]
    data = payload(*old, *broken, *foo)
    work = taken(zlib.compress(data))
    assert len(work.answers[0].refused) == 5_000
    assert sorted(code for _, code, _ in put_aside(work)) == [
        "implausible_time",
        "malformed",
        "unknown_quantity",
    ]
    assert all(entry.payload == zlib.compress(data)[:PAYLOAD_CAP_BYTES] for entry in work.quarantine)


UNREADABLE = {
    "empty": (b"", "not_json"),
    "text": (b"hello", "not_json"),
    "cut": (payload(good(1))[:-3], "not_json"),
    "utf-16": (payload(good(1)).decode().encode("utf-16"), "not_json"),
    "half a pair": (b'{"v":1,"outbox":"\\ud800"}', "not_json"),
    "deep": (b"[" * 100_000, "wrong_version"),
    "nan": (payload(good(1)).replace(b"1.5", b"NaN"), "not_json"),
    "list": (b"[]", "wrong_version"),
    "null": (b"null", "wrong_version"),
    "no version": (b"{}", "wrong_version"),
    "version 2": (payload(good(1), v=2), "wrong_version"),
    "no outbox": (b'{"v":1,"sent":1,"readings":[]}', "malformed"),
    "capitals": (payload(good(1), outbox="9F3C21AB"), "malformed"),
    "long outbox": (payload(good(1), outbox="9f3c21ab0"), "malformed"),
    "sent is text": (payload(good(1), sent="now"), "malformed"),
    "sent is huge": (payload(good(1), sent=2**53), "malformed"),
    "readings is text": (payload(readings="none"), "malformed"),
    "nothing numbered": (payload({"t": 1}, 7, None), "malformed"),
    "bad zlib": (b"x\x9cgarbage", "bad_zlib"),
    "cut zlib": (zlib.compress(payload(good(1)))[:-4], "bad_zlib"),
    "tail": (zlib.compress(payload(good(1))) + b"x", "bad_zlib"),
    "bomb": (zlib.compress(b" " * 50_000_000, 9), "too_large"),
    "large": (b" " * 256_001, "too_large"),
}


@pytest.mark.parametrize("known", [(), (STATION,)])
@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_put_aside_and_answered(name, known):
    data, code = UNREADABLE[name]
    work = taken(data, known=known)
    assert [(entry.station, entry.code, entry.payload) for entry in work.quarantine] == [
        (STATION, code, data[:PAYLOAD_CAP_BYTES])
    ]
    assert work.quarantine[0].text
    assert len(work.quarantine[0].text) <= 200
    assert work.answers == [Answer(STATION, error=code)]
    ack = json.loads(encode_ack(work.answers[0].ack(NOW_MS)))
    assert ack == {"v": 1, "now": NOW_MS, "error": code}
    assert (work.readings, work.seen) == ([], {})


def test_a_reading_without_a_number_is_put_aside_and_the_others_live():
    work = taken(payload(good(1), {"t": 5}, good(-1), good(2**53), good(2)))
    assert [stored(answer) for answer in work.answers] == [[1, 2]]
    assert [code for _, code, _ in put_aside(work)] == ["malformed"]


def test_batches_of_one_outbox_are_answered_together_and_others_apart():
    other = "00000001"
    work = taken(
        payload(good(5), good(6)), payload(good(5), outbox=other), payload(good(7), good(8, t=0)), b"poison",
        payload(good(1), good(6)),
    )  # fmt: skip
    taken(payload(good(5)), station="b", known=("b",), work=work)
    taken(payload(good(9)), work=work)
    assert [(a.station, a.outbox, a.error, stored(a)) for a in work.answers] == [
        (STATION, OUTBOX, None, [5, 6, 7, 1, 6, 9]), (STATION, other, None, [5]),
        (STATION, None, "not_json", []), ("b", OUTBOX, None, [5]),
    ]  # fmt: skip
    ack = work.answers[0].ack(NOW_MS)
    assert ack.stored == [(1, 1), (5, 7), (9, 9)]
    assert [seq for seq, *_ in ack.refused] == [8]


def test_a_held_batch_is_not_joined_with_a_stored_one():
    work = taken(payload(good(1)), payload(good(2), sent=NOW_MS + AHEAD_MS + 1), payload(good(3)))
    assert [(answer.hold, stored(answer)) for answer in work.answers] == [(None, [1, 3])]
    assert [(answer.hold, stored(answer)) for answer in work.prompt] == [("clock", [])]


def test_what_the_store_refuses_is_taken_back_from_the_right_outbox():
    other = "00000001"
    work = taken(payload(good(5), good(6)), payload(good(5, t=NOW_MS - 1), outbox=other))
    reject(work, [Rejected(work.readings[2], "field type conflict")], NOW_MS)
    assert [(a.outbox, stored(a), a.refused) for a in work.answers] == [
        (OUTBOX, [5, 6], []),
        (other, [], [(5, 5, "store_refuses", "field type conflict")]),
    ]
    assert [each.reading.t for each in work.readings] == [NOW_MS, NOW_MS]
    ((_, code, text),) = put_aside(work)
    assert (code, text) == ("store_refuses", "field type conflict")


def test_thousands_of_refused_lines_are_taken_back_at_once():
    work = taken(
        *(payload(*(good(n, t=NOW_MS + n) for n in range(m, m + 200))) for m in range(0, 20_000, 200))
    )
    reject(work, [Rejected(each, "no") for each in work.readings[::2]], NOW_MS)
    assert [each.reading.seq for each in work.readings] == list(range(1, 20_000, 2))
    assert stored(work.answers[0]) == list(range(1, 20_000, 2))
    assert len(work.answers[0].refused) == 10_000


finite = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def bodies(draw):
    """A reading as a station might send it: right, or wrong in one of many ways."""
    kind = draw(st.sampled_from(["power", "flow"]))
    names = st.sampled_from([*NAMES_BY_KIND["power"], *NAMES_BY_KIND["flow"], "foo", ""])
    body = {
        "t": draw(st.one_of(st.integers(NOW_MS - OLDEST_MS, NOW_MS), st.integers(), finite, st.none())),
        "d": draw(st.sampled_from(["power-1", "flow-1", "x" * 24, "x" * 25, "A", ""])),
        "k": kind,
        "x": draw(st.dictionaries(names, st.one_of(finite, st.none(), st.booleans()), max_size=3)),
    }
    if draw(st.booleans()):
        body["q"] = draw(st.sampled_from(["good", "suspect", "missing", "fine"]))
        body["why"] = draw(st.sampled_from([*sorted(WHYS), "because"]))
    for name in draw(st.lists(st.sampled_from(sorted(body)), max_size=1)):
        del body[name]
    return body


@given(st.lists(bodies(), max_size=8), st.booleans())
def test_every_numbered_reading_is_either_stored_or_refused(readings, packed):
    numbers = range(100, 100 + len(readings))
    data = payload(*({"seq": n} | body for n, body in zip(numbers, readings, strict=True)))
    work = taken(compress(data) if packed else data)
    (answer,) = work.answers + work.prompt
    assert (answer.hold, answer.error) == (None, None)
    refused = [seq for first, last, _, _ in answer.refused for seq in range(first, last + 1)]
    assert sorted(stored(answer) + refused) == list(numbers)
    assert [each.reading.seq for each in work.readings] == stored(answer)
    assert bool(refused) == bool(work.quarantine)
    assert all(code and text and len(text) <= 200 for _, _, code, text in answer.refused)
    for station, reading in ((each.station, each.reading) for each in work.readings):
        assert station == STATION
        assert NOW_MS - OLDEST_MS <= reading.t <= NOW_MS + AHEAD_MS
        sent = readings[reading.seq - 100]
        assert (reading.t, reading.d, reading.k, reading.x) == (
            sent["t"],
            sent["d"],
            sent["k"],
            sent.get("x", {}),
        )


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_answered(data, packed):
    work = taken(zlib.compress(data) if packed else data)
    assert len(work.answers) == 1
    encode_ack(work.answers[0].ack(NOW_MS))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | finite | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(json_values, json_values, st.lists(json_values, max_size=3))
def test_any_json_is_answered(outbox, sent, readings):
    for data in (payload(*readings), payload(outbox=outbox), payload(sent=sent), payload(readings=outbox)):
        work = taken(data)
        (answer,) = work.answers + work.prompt
        assert msgspec.json.decode(encode_ack(answer.ack(NOW_MS)))["now"] == NOW_MS


def test_late_readings_name_the_quarter_hours_they_touch():
    def at(station, t):
        return StationReading(station, Reading(t=t, d="power-1", k="power", x={"energy_kwh": 1}))

    quarter = QUARTER_HOUR_MS
    readings = [
        at("a", 0),
        at("a", quarter - 1),
        at("a", quarter),
        at("b", 5),
        at("b", 3 * quarter),
        at("b", -1),
    ]
    assert late_quarter_hours(readings, 3 * quarter) == {("a", 0), ("a", quarter), ("b", 0), ("b", -quarter)}
    assert late_quarter_hours(readings, -quarter) == set()


def test_neighbours_refused_for_one_reason_are_one_range():
    unknown, other = ("unknown_quantity", "unknown quantity 'foo'"), ("malformed", "$.x: …")
    refused = [(9, 9, *unknown), (7, 7, *unknown), (8, 8, *unknown), (10, 10, *other), (12, 12, *unknown)]
    ack = Answer(STATION, OUTBOX, refused=refused).ack(0)
    assert ack.refused == [(7, 9, *unknown), (10, 10, *other), (12, 12, *unknown)]
