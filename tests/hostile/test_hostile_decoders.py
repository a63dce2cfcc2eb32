"""Every decoder of foreign bytes: what is valid passes, what is spoilt is refused or keeps the contract."""

import hostile_targets
import pytest
from hostile_target import made
from hypothesis import given, note, settings
from hypothesis import strategies as st

NAMES = sorted(hostile_targets.BY_NAME)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_valid_passes(name):
    target = hostile_targets.BY_NAME[name]
    for seed in made(target):
        target.check(seed)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_spoilt_is_refused_in_the_documented_way(name):
    target = hostile_targets.BY_NAME[name]

    @settings(max_examples=target.examples)
    @given(st.integers(0, 2**64 - 1))
    def spoilt(number: int) -> None:
        data = target.spoilt(number)
        note(f"{len(data)} bytes: {data[:2_000]!r}")
        target.check(data)

    spoilt()
