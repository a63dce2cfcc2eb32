"""Costly figures are computed by one thread at a time, kept for half a minute, and never waited for twice."""

import threading

import pytest

from console.kept import KEPT_MS, Kept


def test_a_value_is_kept_for_half_a_minute():
    kept, made = Kept(), []

    def compute():
        made.append(len(made))
        return len(made)

    assert [kept.get("a", now, compute) for now in (0, 1, KEPT_MS - 1)] == [1, 1, 1]
    assert kept.get("a", KEPT_MS, compute) == 2
    assert kept.get("b", KEPT_MS, compute) == 3
    assert kept.get("a", KEPT_MS + 1, compute) == 2


def test_a_clock_that_was_put_back_does_not_keep_a_value_for_ever():
    kept = Kept()
    kept.get("a", 1_000_000, lambda: "old")
    assert kept.get("a", 999_999, lambda: "new") == "new"


def test_what_fails_is_not_kept_and_blocks_nobody():
    kept = Kept()
    with pytest.raises(ZeroDivisionError):
        kept.get("a", 0, lambda: 1 // 0)
    assert kept.get("a", 0, lambda: "well") == "well"


def test_only_the_newest_keys_are_kept():
    kept = Kept()
    for number in range(100):
        kept.get(number, number, lambda: "x")
    assert len(kept._kept) == 8


def test_while_one_computes_others_get_the_value_before_or_wait_for_the_first():
    kept, begun, go = Kept(), threading.Event(), threading.Event()
    answers = []

    def slowly():
        begun.set()
        assert go.wait(10)
        return "new"

    def never():
        raise AssertionError("computed twice")

    for now, expected_meanwhile in ((0, None), (KEPT_MS, "new")):
        begun.clear()
        go.clear()
        first = threading.Thread(target=lambda now=now: answers.append(kept.get("a", now, slowly)))
        first.start()
        assert begun.wait(10)
        second = threading.Thread(target=lambda now=now: answers.append(kept.get("a", now, never)))
        second.start()
        if expected_meanwhile:
            second.join(10)
            assert answers[-1] == expected_meanwhile
        go.set()
        first.join(10)
        second.join(10)
    assert answers == ["new"] * 4
