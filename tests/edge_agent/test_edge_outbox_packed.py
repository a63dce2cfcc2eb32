"""Rows and instants: what goes in comes out, bit for bit; no instant of a device is given twice."""

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.instants import Instants
from edge_agent.meter import Poll
from edge_agent.packed import Shape, Shapes, UnpackError, pack, shape_of

finite = st.floats(allow_nan=False, allow_infinity=False)
float32 = st.floats(width=32, allow_nan=False, allow_infinity=False)
names = st.lists(st.sampled_from(["energy_kwh", "flow_m3h", "power_factor", "x%d", "ü"]), unique=True)


class Table:
    """Stands in for the shape table: it gives the next number."""

    def __init__(self) -> None:
        self.lastrowid = 0

    def execute(self, query: str, row: tuple) -> "Table":
        self.lastrowid += 1
        return self


@given(names, st.lists(finite | float32, min_size=5, max_size=5), st.sampled_from(["good", "suspect"]))
def test_a_row_comes_back_bit_for_bit(names, values, quality):
    poll = Poll("power-1", "power", 1, quality, None, dict(zip(names, values, strict=False)))
    shapes = Shapes([])
    number = shapes.number(Table(), shape_of(poll))
    again = json.loads(shapes.unpack(7, 8, number, pack(poll)))
    assert list(again) == ["seq", "t", "d", "k", *(["q"] if quality != "good" else []), "x"]
    assert (again["seq"], again["t"], list(again["x"])) == (7, 8, names)
    for name, value in poll.values.items():
        assert struct.pack("<d", again["x"][name]) == struct.pack("<d", value)


def test_a_shape_is_stored_once_and_read_again():
    table, shapes = Table(), Shapes([])
    polls = [
        Poll("a", "power", 1, "good", None, {"energy_kwh": 1.0, "power_factor": 1.0}),
        Poll("a", "power", 1, "missing", "echo", {}),
        Poll("a", "power", 1, "suspect", "implausible", {}),
        Poll("b", "power", 1, "good", None, {"power_factor": 1.0, "energy_kwh": 1.0}),
    ]
    numbers = [shapes.number(table, shape_of(poll)) for poll in polls * 2]
    assert numbers == [1, 2, 3, 4] * 2
    rows = [
        (1, "a", "power", "good", None, "energy_kwh power_factor"),
        (2, "a", "power", "missing", "echo", None),
        (3, "a", "power", "suspect", "implausible", ""),
        (4, "b", "power", "good", None, "power_factor energy_kwh"),
    ]
    again = Shapes(rows)
    assert [again.number(table, shape_of(poll)) for poll in polls] == [1, 2, 3, 4]
    assert (again.of_device("a"), again.of_device("b"), again.of_device("c")) == ([1, 2, 3], [4], [])
    shapes.forget_beyond(3)
    assert (len(shapes), shapes.of_device("b")) == (3, [])


@pytest.mark.parametrize(("number", "body"), [(1, b"1.0,2.0"), (3, b"1.0"), (9, b"1.0"), (1, "1.0")])
def test_a_row_that_does_not_go_with_its_shape(number, body):
    shapes = Shapes(
        [(1, "a", "power", "good", None, "energy_kwh"), (2, "a", "power", "missing", "echo", None)]
    )
    with pytest.raises(UnpackError, match=rf"^reading 5 does not go with its shape {number}$"):
        shapes.unpack(5, 1, number, body)
    with pytest.raises(UnpackError, match=r"^there is no shape 9$"):
        shapes.device(9)


def test_the_template_of_a_missing_reading():
    shape = Shape("flow-1", "flow", "missing", "no_response", None)
    assert shape.template() % (1, 2) == (
        b'{"seq":1,"t":2,"d":"flow-1","k":"flow","q":"missing","why":"no_response"}'
    )


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 30), st.booleans()), max_size=60))
def test_an_instant_is_the_first_that_is_free(wishes):
    """Against the plain rule: the first millisecond that neither waits nor is the newest ever given."""
    waits: set[tuple[str, int]] = set()
    newest: dict[str, int] = {}
    instants = Instants({}, lambda device, t: sorted(at for name, at in waits if name == device and at >= t))
    for device, t, drops in wishes:
        wanted = t
        while (device, wanted) in waits or wanted == newest.get(device):
            wanted += 1
        given_t = instants.free(device, t)
        # What was dropped since the table was last asked may still count as taken.
        assert given_t >= wanted
        assert (device, given_t) not in waits
        if not any(drops for _, _, drops in wishes):
            assert given_t == wanted
        waits.add((device, given_t))
        newest[device] = max(given_t, newest.get(device, given_t))
        if drops:
            waits = {each for each in waits if each[1] % 3}
