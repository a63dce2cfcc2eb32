"""The judge sees each way in which the promise can be broken; and packets survive however they are cut."""

import json
from collections.abc import Callable
from random import Random

import mqtt_wire
import pytest
from hypothesis import given
from hypothesis import strategies as st
from judge import acknowledged_but_absent, late_but_unmarked, verdict
from outside_station import OutsideStation
from poison import Poison
from readings_made import QUARTER_MS, Made
from stores_seen import Key, Point

NAME, OUTBOX, T = "410882-0001", "9f3c21ab", 1_763_740_800_000
Points = list[tuple[Key, Point]]
KEY: Key = ("power", NAME, "power-1", T + 1)


class ListedStore:
    """A store made of a list."""

    def __init__(self, points: Points) -> None:
        self._points = points

    def keys(self) -> set[Key]:
        return {key for key, _ in self._points}

    def points(self) -> Points:
        return self._points


def made(seq: int, refusal: str | None = None) -> Made:
    text = json.dumps({"seq": seq, "t": T + seq})
    return Made(seq, T + seq, "power-1", "power", "good", None, {"energy_kwh": 1.5}, text, refusal)


def ack(**words: object) -> bytes:
    return json.dumps({"v": 1, "now": T, "outbox": OUTBOX, **words}).encode()


@pytest.fixture
def station() -> OutsideStation:
    """It has sent two good readings, a bad one and a poison."""
    station = OutsideStation(NAME, OUTBOX, Random(1))
    station.take([made(1), made(2), made(3, "malformed")])
    station.poison(Poison("not_json", b"hello"))
    assert list(station.payloads(0.0, T))
    return station


STORED = ack(stored=[[1, 2]])
REFUSED = ack(refused=[[3, 3, "malformed", "bad"]])
ERROR = json.dumps({"v": 1, "now": T, "error": "not_json"}).encode()


def points() -> Points:
    return [(("power", NAME, "power-1", T + seq), Point("good", None, {"energy_kwh": 1.5})) for seq in (1, 2)]


def hear(station: OutsideStation, *payloads: bytes) -> OutsideStation:
    for payload in payloads:
        station.hear(payload, 0.0)
    return station


def test_what_keeps_the_promise_is_not_complained_of(station: OutsideStation):
    hear(station, STORED, REFUSED, ERROR, STORED)
    assert station.is_done
    assert verdict([station], ListedStore(points())) == []
    assert acknowledged_but_absent([(station, [1, 2])], ListedStore(points()).keys()) == []


@pytest.mark.parametrize(
    "answers",
    [
        (REFUSED, ERROR),
        (STORED, ERROR),
        (STORED, REFUSED),
        (STORED, REFUSED, ERROR, ERROR),
        (STORED, REFUSED, ERROR, ack(stored=[[3, 3]])),
        (STORED, REFUSED, ERROR, ack(stored=[[4, 4]])),
        (STORED, REFUSED, ERROR, ack(refused=[[1, 1, "malformed", "bad"]])),
        (STORED, ack(refused=[[3, 3, "implausible_time", "bad"]]), ERROR),
        (STORED, ack(refused=[[3, 3, "malformed", ""]]), ERROR),
        (STORED, REFUSED, ERROR.replace(b"not_json", b"too_large")),
        (STORED, REFUSED, ERROR, ack(hold="clock")),
        (STORED, REFUSED, ERROR, ack(sent=5)),
        (STORED, REFUSED, ERROR, STORED.replace(b"9f", b"00")),
        (STORED, REFUSED, ERROR, b"{}"),
        (STORED, REFUSED, ERROR, b"{"),
    ],
)
def test_a_wrong_or_missing_answer_is_seen(station: OutsideStation, answers: tuple[bytes, ...]):
    assert verdict([hear(station, *answers)], ListedStore(points())) != []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda found: found[1:],
        lambda found: [*found, found[0]],
        lambda found: [*found, (("flow", NAME, "flow-1", T), Point("good", None, {}))],
        lambda found: [(KEY, Point("good", None, {"energy_kwh": 1.25})), *found[1:]],
        lambda found: [(KEY, Point("good", None, {"energy_kwh": 1.5, "voltage_l1_v": 0.0})), *found[1:]],
        lambda found: [(KEY, Point("suspect", None, {"energy_kwh": 1.5})), *found[1:]],
        lambda found: [(KEY, Point("good", "garbled", {"energy_kwh": 1.5})), *found[1:]],
    ],
)
def test_a_lost_doubled_invented_or_altered_reading_is_seen(
    station: OutsideStation, spoil: Callable[[Points], Points]
):
    hear(station, STORED, REFUSED, ERROR)
    assert verdict([station], ListedStore(spoil(points()))) != []


def test_an_ack_before_its_reading_and_an_unmarked_quarter_hour_are_seen(station: OutsideStation):
    assert len(acknowledged_but_absent([(station, [1, 2])], {KEY})) == 1
    mark = {(NAME, T - T % QUARTER_MS)}
    assert late_but_unmarked([station], mark, T + 9) == []
    assert len(late_but_unmarked([station], set(), T + 2)) == 1


@given(st.lists(st.binary(max_size=300), max_size=5), st.lists(st.integers(1, 400)))
def test_packets_survive_however_they_are_cut(payloads: list[bytes], cuts: list[int]):
    stream = b"".join(mqtt_wire.publish("a/水", payload, 7) for payload in payloads)
    packets, found, place = mqtt_wire.Packets(), [], 0
    for cut in [*cuts, len(stream)]:
        found += packets.of(stream[place : place + cut])
        place += cut
    head = len("a/水".encode()) + 4
    assert [body[head:] for _, _, body in found] == payloads
