import sys
import threading

import pytest

from simulator import faults
from simulator.errors import ParameterError
from simulator.fault_words import named
from simulator.switchable import Switchable

FIRST = bytes.fromhex("01 03 00 00 00 02 C4 0B")
SECOND = bytes.fromhex("02 03 00 00 00 02 C4 38")
ANSWERS = {
    FIRST: bytes.fromhex("01 03 04 00 07 00 09 8B F4"),
    SECOND: bytes.fromhex("02 03 04 00 07 00 09 B8 F4"),
}


def well(switch: Switchable, request: bytes) -> bool:
    return switch(request, ANSWERS[request]) == ANSWERS[request]


def test_a_switch_that_was_not_touched_spoils_nothing():
    switch = Switchable()
    assert well(switch, FIRST)
    assert switch.words == "none"
    assert (switch.asked(), switch.asked(1), switch.asked(2)) == (1, 1, 0)


def test_it_starts_with_the_fault_it_is_given():
    switch = Switchable(faults.silence())
    assert switch(FIRST, ANSWERS[FIRST]) is None
    assert switch.words == "unnamed"


def test_a_unit_has_a_fault_of_its_own_until_all_are_switched():
    switch = Switchable()
    switch.set(named("silence"), unit_id=2)
    assert (well(switch, FIRST), well(switch, SECOND)) == (True, False)
    assert switch.words == "silence unit 2"
    switch.set(named("late 0.7"))
    assert switch.words == "late 0.7"
    switch.set(None, unit_id=1)
    assert (well(switch, FIRST), well(switch, SECOND)) == (True, False)
    assert switch.words == "late 0.7; none unit 1"
    switch.set(None)
    assert (well(switch, FIRST), well(switch, SECOND)) == (True, True)
    assert switch.words == "none"
    assert (switch.asked(), switch.asked(1), switch.asked(2)) == (6, 3, 3)


def test_after_its_requests_a_fault_gives_way():
    switch = Switchable()
    switch.set(named("bad_crc"), requests=2)
    switch.set(named("silence"), unit_id=1, requests=2)
    assert switch.words == "bad_crc times 2; silence unit 1 times 2"
    spoilt = [switch(FIRST, ANSWERS[FIRST]) for _ in range(5)]
    bad = ANSWERS[FIRST][:-1] + b"\x0b"
    assert spoilt == [None, None, bad, bad, ANSWERS[FIRST]]
    assert switch.words == "none"


def test_a_unit_that_is_well_again_is_not_named():
    switch = Switchable()
    switch.set(named("silence"), unit_id=2)
    for well_again in (None, named("none")):
        switch.set(well_again, unit_id=2)
        assert switch.words == "none"


def test_a_unit_that_is_not_there_and_less_than_one_request_are_refused():
    switch = Switchable(units=(1, 2))
    with pytest.raises(ParameterError) as caught:
        switch.set(None, unit_id=9)
    assert str(caught.value) == "unit: one on the line (got 9). Say unit 1 or 2."
    with pytest.raises(ParameterError, match=r"times: 1 or more \(got 0\)"):
        switch.set(None, requests=0)
    Switchable().set(None, unit_id=9)


def test_it_counts_what_many_threads_ask_while_it_is_switched():
    switch, interval = Switchable(), sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        askers = [
            threading.Thread(target=lambda: [well(switch, FIRST) for _ in range(500)]) for _ in range(4)
        ]
        for asker in askers:
            asker.start()
        for turn in range(200):
            switch.set(named("silence"), unit_id=1 + turn % 2, requests=3)
            assert switch.words
        for asker in askers:
            asker.join()
    finally:
        sys.setswitchinterval(interval)
    assert (switch.asked(), switch.asked(1)) == (2000, 2000)
