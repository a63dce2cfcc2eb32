from hypothesis import given
from hypothesis import strategies as st

from edge_agent.rtu import Question, Shape
from edge_agent.unanswered import FORGET_AFTER_S, Unanswered

ONE, TWO, OTHER = Shape(1, 3, 10), Shape(1, 3, 2), Shape(2, 3, 10)


def noted(*shapes: Shape) -> Unanswered:
    unanswered = Unanswered()
    for second, shape in enumerate(shapes):
        unanswered.add(shape, second)
    return unanswered


def held(unanswered: Unanswered) -> set[Shape]:
    return {shape for shape in (ONE, TWO, OTHER) if unanswered.holds(shape)}


def test_a_late_answer_ends_what_its_unit_was_asked_before_and_nothing_else():
    unanswered = noted(OTHER, ONE, TWO)
    assert unanswered.came(TWO)
    assert held(unanswered) == {OTHER}
    unanswered = noted(TWO, OTHER, ONE)
    assert unanswered.came(TWO)
    assert held(unanswered) == {OTHER, ONE}
    assert not unanswered.came(TWO)


def test_the_answer_waited_for_ends_all_of_its_unit():
    unanswered = noted(ONE, OTHER, TWO)
    unanswered.settled(1)
    assert held(unanswered) == {OTHER}


def test_a_refusal_ends_the_oldest_of_its_unit_and_function():
    unanswered = noted(OTHER, ONE, TWO)
    assert not unanswered.refused(1, 4)
    assert unanswered.refused(1, 3)
    assert held(unanswered) == {OTHER, TWO}
    assert unanswered.refused(1, 3)
    assert not unanswered.refused(1, 3)
    assert held(unanswered) == {OTHER}


def test_what_is_too_old_is_forgotten():
    unanswered = noted(ONE, TWO)
    unanswered.forget(FORGET_AFTER_S - 0.1)
    assert held(unanswered) == {ONE, TWO}
    unanswered.forget(FORGET_AFTER_S)
    assert held(unanswered) == {TWO}


def test_the_other_size_is_even_if_it_can_be_and_lies_within_the_block():
    unanswered, sizes = Unanswered(), []
    question = Question(1, 3, 100, 7)
    unanswered.add(question.shape, 0)
    for _ in range(10):
        other = unanswered.distinct(question)
        assert other[:3] == question[:3]
        sizes.append(other.size)
        unanswered.add(other.shape, 0)
    assert sizes == [2, 4, 6, 1, 3, 5, 8, 9, 10, 11]
    assert Unanswered().distinct(Question(1, 3, 0xFFFF, 1)).size == 1
    assert Unanswered().distinct(Question(1, 3, 0xFFFE, 1)).size == 2


@given(st.sets(st.integers(1, 125)), st.integers(1, 125), st.integers(0, 0xFF80))
def test_the_other_size_is_one_that_nobody_waits_for(open_sizes, size, address):
    unanswered = Unanswered()
    for each in open_sizes:
        unanswered.add(Shape(1, 3, each), 0)
    other = unanswered.distinct(Question(1, 3, address, size))
    assert 1 <= other.size <= 125
    if len(open_sizes | {size}) < 125:
        assert other.size not in open_sizes | {size}
