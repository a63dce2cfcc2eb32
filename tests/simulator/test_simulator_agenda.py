import math

from hypothesis import given
from hypothesis import strategies as st

from simulator.agenda import Agenda

entries = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 1000)), max_size=60)


def test_the_earliest_is_due_first_and_only_once():
    agenda = Agenda[str]()
    assert agenda.next_ms() == math.inf
    agenda.enter("late", 30)
    agenda.enter("early", 10)
    agenda.enter("late", 20)  # brought forward
    agenda.enter("early", 40)  # put off: found out when 10 comes
    assert agenda.next_ms() == 10
    assert list(agenda.due(9, 9)) == []
    assert list(agenda.due(20, 9)) == ["early", "late"]
    assert list(agenda.due(1000, 9)) == []


def test_no_more_are_taken_than_wanted():
    agenda = Agenda[int]()
    for who in range(5):
        agenda.enter(who, who)
    assert list(agenda.due(10, 2)) == [0, 1]
    assert list(agenda.due(10, 9)) == [2, 3, 4]


@given(entries, entries)
def test_everybody_is_due_once_at_the_earliest_instant_entered(before, after):
    agenda = Agenda[int]()
    for batch in (before, after):
        for who, due_ms in batch:
            agenda.enter(who, due_ms)
        earliest = {who: min(ms for each, ms in batch if each == who) for who, _ in batch}
        taken = []
        for now_ms in range(0, 1001, 50):
            for who in agenda.due(now_ms, 100):
                assert now_ms - 50 < earliest[who] <= now_ms
                taken.append(who)
        assert sorted(taken) == sorted(earliest)
