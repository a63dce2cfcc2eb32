from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.silence import FAILURES_BEFORE_BACKING_OFF, LONGEST_BACK_OFF_MS, REPEAT_MS, Silence

MINUTE = 60_000


def watch(whys: dict[int, str | None], rounds: int, interval_ms: int = MINUTE):
    """Play rounds; `whys` says from which round on a poll fails so (None: it answers)."""
    silence, told, polled, why = Silence(interval_ms), [], [], None
    for number in range(rounds):
        now_ms = number * interval_ms
        why = whys.get(number, why)
        if silence.may_poll(now_ms):
            polled.append(number)
            due = silence.failed(why, now_ms) if why else silence.succeeded() and None
        else:
            due = silence.passed_over(now_ms)
        if due:
            told.append((number, due))
    return silence, told, polled


def test_a_missing_reading_at_the_first_failure_at_each_change_and_hourly():
    silence = Silence(MINUTE)
    assert silence.failed("no_response", 0) == "no_response"
    assert silence.failed("no_response", 1) is None
    assert silence.failed("garbled", 2) == "garbled"
    assert silence.failed("no_response", 3) == "no_response"
    assert silence.failed("no_response", 2 + REPEAT_MS) is None
    assert silence.failed("no_response", 3 + REPEAT_MS) == "no_response"
    assert silence.lasts


def test_an_answer_ends_the_silence_and_the_next_one_is_told_anew():
    silence = Silence(MINUTE)
    assert not silence.succeeded()
    silence.failed("no_response", 0)
    assert silence.succeeded()
    assert not silence.lasts
    assert not silence.succeeded()
    assert silence.failed("no_response", 1) == "no_response"


def test_after_ten_failures_the_back_off_doubles_up_to_five_minutes():
    silence, told, polled = watch({0: "no_response"}, 60)
    assert polled[:FAILURES_BEFORE_BACKING_OFF] == list(range(10))
    gaps = [after - before for before, after in pairwise(polled[9:])]
    assert gaps[:3] == [2, 4, 5]
    assert set(gaps[2:]) == {LONGEST_BACK_OFF_MS // MINUTE}
    assert told == [(0, "no_response"), (10, "backing_off")]
    assert silence.backing_off


def test_a_device_left_alone_is_reported_hourly_and_once_whatever_its_cause():
    whys = {number: ("garbled", "no_response")[number % 2] for number in range(30, 300)}
    _, told, _ = watch({0: "no_response", **whys}, 200)
    assert told == [(0, "no_response"), *((number, "backing_off") for number in (10, 70, 130, 190))]


def test_a_device_that_comes_back_is_polled_at_once_again():
    silence, told, polled = watch({0: "no_response", 20: None, 40: "echo"}, 60)
    back = next(number for number in polled if number >= 20)
    assert back <= 25
    assert polled[polled.index(back) :][:20] == list(range(back, back + 20))
    assert told == [(0, "no_response"), (10, "backing_off"), (40, "echo"), (50, "backing_off")]
    assert silence.lasts


@pytest.mark.parametrize("interval_ms", [600_000, 3_600_000, 86_400_000])
def test_a_slow_station_is_not_polled_more_slowly(interval_ms):
    _, _, polled = watch({0: "no_response"}, 40, interval_ms)
    assert polled == list(range(40))


@given(st.lists(st.sampled_from(["no_response", "garbled", None]), max_size=80), st.integers(1000, 900_000))
def test_however_it_fails_the_rule_holds(outcomes, interval_ms):
    silence, last, last_ms, failures = Silence(interval_ms), None, 0, 0
    for number, why in enumerate(outcomes):
        now_ms = number * interval_ms
        if silence.may_poll(now_ms):
            failures = failures + 1 if why else 0
            due = silence.failed(why, now_ms) if why else None
            if why is None:
                silence.succeeded()
                last = None
                continue
            now = "backing_off" if failures > 10 else why
        else:
            assert failures >= 10
            due, now = silence.passed_over(now_ms), "backing_off"
        expected = now if now != last or now_ms - last_ms >= REPEAT_MS else None
        assert due == expected
        if due:
            last, last_ms = due, now_ms


def test_a_port_that_is_gone_is_no_reason_to_back_off():
    silence, told, polled = watch({0: "port_gone", 40: "no_response"}, 55)
    assert told == [(0, "port_gone"), (40, "no_response"), (49, "backing_off")]
    assert polled == [*range(49), 50, 54]
    assert silence.backing_off
