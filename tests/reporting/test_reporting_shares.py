"""Shares as they are printed: rounded half up, and never across a border that they do not reach."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting.shares import per_cent


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (Fraction(0), "0.00"),
        (Fraction(1), "100.00"),
        (Fraction(9, 10), "90.00"),
        (Fraction(89_996, 100_000), "89.996"),
        (Fraction(900_001, 1_000_000), "90.0001"),
        (Fraction(1, 32), "3.13"),
        (Fraction(2, 3), "66.67"),
        (Fraction(12_345, 100), "12,345.00"),
    ],
)
def test_a_share_is_said_as_people_read_it(share, said):
    assert per_cent(share) == said


def test_without_a_border_it_has_two_decimals():
    assert per_cent(Fraction(89_996, 100_000), None) == "90.00"


@given(st.fractions(0, 1, max_denominator=100_000), st.sampled_from([Fraction(9, 10), Fraction(1, 4)]))
def test_what_is_printed_stands_on_the_same_side_of_the_border(share, border):
    printed = Fraction(per_cent(share, border)) / 100
    assert (printed < border) == (share < border)
    assert (printed > border) == (share > border)
