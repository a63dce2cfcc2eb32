"""From counts to remarks: each cause alone, and what may never be said of any line."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.commissioning.diagnosis import diagnose, echoes, trails
from edge_agent.commissioning.findings import FoundUnit, LineSettings
from edge_agent.commissioning.tally import Tally

A, B = LineSettings(9600), LineSettings(2400, "E")
UNIT = FoundUnit(1, A, 0.05)


def said(tallies, units=()):
    return [(each.code, each.line, each.unit_id) for each in diagnose(tallies, units)]


def garbled(*ids: int, **more) -> Tally:
    return Tally(asked=30, garbled=Counter(ids), **more)


CASES = [
    ({A: Tally(asked=5)}, [], [("silence", None, None)]),
    ({A: Tally(asked=5, echoed=5)}, [], [("echo", None, None), ("silence", None, None)]),
    ({A: Tally(asked=5, echoed=3, plain=2)}, [], [("silence", None, None)]),
    ({A: Tally(asked=30, echoed=3)}, [], [("echo", None, None), ("silence", None, None)]),
    ({A: garbled(1, 2, 3), B: garbled(1, 4)}, [], [("no_frames", None, None)]),
    ({A: garbled(1, 2, 3), B: Tally(asked=30)}, [], [("no_frames", A, None)]),
    ({A: garbled(1, 2), B: garbled(1), LineSettings(1200): Tally(asked=1)}, [], [("no_frames", None, None)]),
    ({A: garbled(7, 7, 7), B: Tally(asked=3)}, [UNIT, FoundUnit(7, B, 0.1)], []),
    ({A: Tally(asked=30, unasked=2)}, [], [("no_frames", A, None)]),
    (
        {A: garbled(3, 3, 3, 7, 7), B: Tally(asked=3, garbled=Counter([3, 3, 3]))},
        [],
        [("no_frames", None, None)],
    ),
    ({A: garbled(1, 2)}, [UNIT], [("noise", A, None)]),
    ({A: garbled(1, 2), B: garbled(7)}, [UNIT], [("noise", A, None)]),
    ({A: Tally(asked=9), B: garbled(2, 3)}, [UNIT], []),
    ({A: garbled(4, 4, 4)}, [], [("duplicate", A, 4)]),
    ({A: garbled(4, 4, 4)}, [UNIT], [("duplicate", A, 4)]),
    ({A: garbled(4, 4)}, [UNIT], [("noise", A, None)]),
    ({A: garbled(4, 4, 4, 5)}, [UNIT], [("duplicate", A, 4)]),
    ({A: garbled(4, 4, 4, 5, 6)}, [UNIT], [("noise", A, None)]),
    ({A: garbled(4, 4, 4, unasked=2)}, [UNIT], [("noise", A, None)]),
    ({A: Tally(asked=9, answered=Counter({5: 1}))}, [], [("noise", A, 5)]),
    ({A: Tally(asked=9, doubled=Counter({1: 2}))}, [UNIT], [("duplicate", A, 1)]),
    ({A: garbled(1, 1, 1), B: Tally(asked=3)}, [FoundUnit(1, B, 0.1)], []),
    ({A: Tally(asked=9), B: Tally(asked=9)}, [UNIT, FoundUnit(1, B, 0.1)], [("duplicate", None, 1)]),
    ({A: Tally(asked=9, foreign=2)}, [], [("foreign_master", A, None)]),
    ({A: Tally(asked=9, foreign=2, unasked=4)}, [], [("foreign_master", A, None)]),
    ({A: Tally(asked=9)}, [UNIT._replace(delay_s=0.41)], [("slow", A, 1)]),
    ({A: Tally(asked=9), B: Tally(asked=1, addresses=Counter(["1" * 12]))}, [], [("dlt645", B, None)]),
    ({}, [], []),
]


@pytest.mark.parametrize(("tallies", "units", "remarks"), CASES)
def test_each_cause_is_named(tallies, units, remarks):
    assert said(tallies, units) == remarks


def test_an_id_that_is_garbled_every_time_is_a_trail():
    def followed(tally, units=()):
        return trails({A: Tally(asked=3), B: tally}, units)

    assert followed(garbled(4, 4, 4, 5)) == [(B, 4)]
    assert followed(garbled(4, 4, 5)) == []
    assert followed(garbled(4, 4, 4, 1, 2, 3)) == []
    assert followed(garbled(4, 4, 4), [FoundUnit(4, A, 0.1)]) == []
    assert followed(garbled(4, 4, 4, answered=Counter([4]))) == []


def test_a_meter_that_speaks_dlt645_is_named_by_its_address():
    (remark,) = diagnose({B: Tally(asked=1, addresses=Counter(["202611220001"]))}, [])
    assert remark.detail == "202611220001"


IDS = st.integers(1, 6)
COUNTS = st.builds(Counter, st.lists(IDS, max_size=8))
TALLIES = st.builds(
    Tally,
    asked=st.integers(1, 60),
    echoed=st.integers(0, 60),
    answered=COUNTS,
    doubled=COUNTS,
    garbled=COUNTS,
    unasked=st.integers(0, 3),
    foreign=st.integers(0, 3),
    addresses=st.builds(Counter, st.lists(st.sampled_from(["1" * 12, "2" * 12]), max_size=2)),
)
LINES = st.dictionaries(st.sampled_from([A, B, LineSettings(4800)]), TALLIES)
UNITS = st.lists(
    st.builds(FoundUnit, IDS, st.sampled_from([A, B]), st.floats(0, 2)),
    max_size=4,
    unique_by=lambda unit: unit[:2],
)


@given(LINES, UNITS)
def test_remarks_never_contradict_each_other(tallies, units):
    remarks = diagnose(tallies, units)
    codes = Counter(each.code for each in remarks)
    assert codes["silence"] <= 1
    if codes["silence"]:
        assert not codes.keys() - {"silence", "echo"}
    assert not (codes["no_frames"] and units)
    if codes["noise"] and not units:
        assert any(tally.answered for tally in tallies.values())
    assert bool(codes["echo"]) == echoes(tallies)
    assert len({(each.code, each.line, each.unit_id, each.detail) for each in remarks}) == len(remarks)
    shared = [each.unit_id for each in remarks if each.code == "duplicate"]
    assert len(set(shared)) == len(shared)


@given(LINES)
def test_a_line_where_nobody_is_found_is_never_left_without_a_word(tallies):
    if tallies:
        assert diagnose(tallies, [])
