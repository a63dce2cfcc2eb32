import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.clock import Clock, boot_id
from edge_agent.meter import boot_ms
from service.system_clock import ntp_synchronised

HOUR, YEAR = 3_600_000, 365 * 86_400_000
TRUE_MS = 1_763_740_805_000


class Box:
    """A box's two clocks and NTP, moved by hand."""

    def __init__(self, wall_ms: int = TRUE_MS, *, ntp: bool = False) -> None:
        self.monotonic_ms, self.wall_ms, self.ntp = 5_000_000, wall_ms, ntp
        self.clock = Clock(
            monotonic_ms=lambda: self.monotonic_ms,
            wall_ms=lambda: self.wall_ms,
            synchronised=lambda: self.ntp,
        )

    def passes(self, milliseconds: int) -> None:
        self.monotonic_ms += milliseconds
        self.wall_ms += milliseconds


def test_a_clock_nobody_sets_is_not_trusted():
    box = Box(wall_ms=0)
    assert (box.clock.trust, box.clock.offset_ms()) == (None, None)
    assert box.clock.now_ms() == 0


def test_ntp_makes_it_trusted_and_its_loss_untrusted():
    box = Box(ntp=True)
    assert (box.clock.trust, box.clock.offset_ms()) == ("ntp", TRUE_MS - 5_000_000)
    box.passes(HOUR)
    assert box.clock.now_ms() == TRUE_MS + HOUR
    box.ntp = False
    assert (box.clock.trust, box.clock.offset_ms()) == (None, None)


@pytest.mark.parametrize("step_ms", [HOUR, -HOUR, YEAR, -YEAR])
def test_a_step_of_the_wall_clock_does_not_move_what_the_centre_told(step_ms):
    box = Box(wall_ms=0)
    assert box.clock.centre_says(TRUE_MS, box.monotonic_ms - 2000, box.monotonic_ms)
    assert (box.clock.trust, box.clock.now_ms()) == ("centre", TRUE_MS + 1000)
    box.wall_ms += step_ms
    box.passes(10 * 60_000)
    assert box.clock.now_ms() == TRUE_MS + 1000 + 10 * 60_000
    assert box.clock.offset_ms() == TRUE_MS + 1000 - 5_000_000


@pytest.mark.parametrize("step_ms", [HOUR, -HOUR, YEAR, -YEAR])
def test_a_step_that_ntp_makes_is_followed(step_ms):
    box = Box(wall_ms=TRUE_MS - step_ms, ntp=True)
    box.wall_ms += step_ms
    assert box.clock.now_ms() == TRUE_MS
    assert box.clock.offset_ms() == TRUE_MS - box.monotonic_ms


@given(asked=st.integers(0, 10**12), trip=st.integers(0, 20_000), now=st.integers(TRUE_MS, TRUE_MS + YEAR))
def test_the_centres_time_holds_at_the_middle_of_a_short_trip(asked, trip, now):
    box = Box(wall_ms=0)
    heard = asked + trip
    assert box.clock.centre_says(now, asked, heard) == (trip <= 5000)
    if trip > 5000:
        assert box.clock.offset_ms() is None
    else:
        assert box.clock.offset_ms() + (asked + heard) / 2 == pytest.approx(now, abs=0.5)


def test_a_long_trip_does_not_undo_what_is_known():
    box = Box(wall_ms=0)
    box.clock.centre_says(TRUE_MS, box.monotonic_ms, box.monotonic_ms)
    before = box.clock.offset_ms()
    assert not box.clock.centre_says(TRUE_MS + HOUR, box.monotonic_ms - 5001, box.monotonic_ms)
    assert box.clock.offset_ms() == before


def test_with_ntp_the_centre_is_heard_but_not_followed():
    box = Box(ntp=True)
    assert box.clock.centre_says(TRUE_MS + HOUR, box.monotonic_ms, box.monotonic_ms)
    assert (box.clock.trust, box.clock.now_ms()) == ("ntp", TRUE_MS)


def test_ntp_that_comes_later_takes_over_from_the_centre():
    """What the centre told weeks ago has drifted since."""
    box = Box(wall_ms=0)
    box.clock.centre_says(TRUE_MS, box.monotonic_ms, box.monotonic_ms)
    box.passes(30 * 24 * HOUR)
    box.wall_ms, box.ntp = TRUE_MS + 30 * 24 * HOUR + 52_000, True
    assert (box.clock.trust, box.clock.now_ms()) == ("ntp", box.wall_ms)


def test_distrust_forgets_the_centre_until_it_tells_again():
    box = Box(wall_ms=0)
    box.clock.centre_says(TRUE_MS, box.monotonic_ms, box.monotonic_ms)
    box.clock.distrust()
    assert (box.clock.trust, box.clock.offset_ms()) == (None, None)
    assert box.clock.centre_says(TRUE_MS, box.monotonic_ms, box.monotonic_ms)
    assert box.clock.trust == "centre"


@pytest.mark.parametrize("now_ms", [0, -TRUE_MS, 10**12, 2**53, 10**30])
def test_a_time_that_cannot_be_is_not_believed(now_ms):
    """A centre that woke in 1970, or a garbled figure, must not date readings for good."""
    box = Box(wall_ms=0)
    assert not box.clock.centre_says(now_ms, box.monotonic_ms, box.monotonic_ms)
    assert box.clock.offset_ms() is None


def test_many_threads_may_ask_and_tell():
    box, wrong = Box(wall_ms=0), []

    def ask() -> None:
        seen = {box.clock.offset_ms() for _ in range(2000)}
        wrong.extend(seen - {None, TRUE_MS - 5_000_000})

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(500):
        box.clock.centre_says(TRUE_MS, 5_000_000, 5_000_000)
        box.clock.distrust()
    for thread in threads:
        thread.join()
    assert not wrong


def test_the_real_box():
    assert isinstance(ntp_synchronised(), bool)
    assert boot_id() == boot_id()
    assert len(boot_id()) == 36
    before = boot_ms()
    assert Clock(synchronised=lambda: True).offset_ms() > TRUE_MS - boot_ms()
    assert boot_ms() >= before
