import inspect

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simulator import faults
from simulator.errors import ParameterError
from simulator.fault_words import KNOWN, named, order
from simulator.wire import Piece

READ = bytes.fromhex("01 03 00 00 00 02 C4 0B")
ANSWER = bytes.fromhex("01 03 04 00 07 00 09 8B F4")
REFUSAL = bytes.fromhex("01 83 02 C0 F1")

numbers = st.one_of(st.integers(-300, 300).map(str), st.floats().map(str), st.sampled_from(["00", "FF"]))
words = st.one_of(
    st.text(),
    st.lists(
        st.one_of(st.sampled_from([*KNOWN, "unit", "times"]), numbers, st.text(max_size=5)), max_size=6
    ).map(" ".join),
    st.tuples(st.sampled_from(list(KNOWN)), numbers, numbers).map(" ".join),
    st.tuples(st.sampled_from(list(KNOWN)), numbers).map(" ".join),
    st.sampled_from(list(KNOWN)),
)


@pytest.mark.parametrize(
    ("text", "spoilt"),
    [
        ("none", ANSWER),
        ("  silence ", None),
        ("late 0.7", (Piece(0.7, ANSWER),)),
        ("late\t1", (Piece(1.0, ANSWER),)),
        ("exception 6", bytes.fromhex("01 83 06 C1 32")),
        ("junk_before", b"\xff" + ANSWER),
        ("junk_before 00ff", b"\x00\xff" + ANSWER),
        ("other_unit 7", bytes.fromhex("07 03 04 00 07 00 09 ED F4")),
        ("wrong_length -1", bytes.fromhex("01 03 02 00 07 F9 86")),
        ("flipped_bit 0", b"\x00" + ANSWER[1:]),
        ("noise 7 3", faults.noise(7, 3)(READ, ANSWER)),
    ],
)
def test_words_make_a_fault(text, spoilt):
    fault = named(text)
    assert fault(READ, ANSWER) == spoilt
    assert fault.words == " ".join(text.split())


def test_every_fault_of_the_catalogue_can_be_said():
    makers = {
        name
        for name, value in inspect.getmembers(faults, inspect.isfunction)
        if value.__module__ == faults.__name__ and not name.startswith("_")
    }
    assert makers == set(KNOWN)
    for name, form in KNOWN.items():
        assert form.make is getattr(faults, name)
        assert named(form.example).words == form.example


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("late", "fault: said as late SECONDS (got 'late'). Say for example late 0.7."),
        ("late soon", "fault: said as late SECONDS (got 'late soon'). Say for example late 0.7."),
        ("late 1 2", "fault: said as late SECONDS (got 'late 1 2'). Say for example late 0.7."),
        ("noise 1.5", "fault: said as noise [OCTETS] [SEED] (got 'noise 1.5'). Say for example noise 32 1."),
        (
            "junk_after x",
            "fault: said as junk_after [HEX] (got 'junk_after x'). Say for example junk_after 00.",
        ),
        ("silence 3", "fault: said as silence (got 'silence 3'). Say for example silence."),
        ("late -1", "seconds: 0 to 3600 (got -1.0). Choose one of this range."),
        ("exception 99", "code: 1 to 11 (got 99). Choose one of this range."),
    ],
)
def test_words_that_do_not_fit_are_told_what_does(text, message):
    with pytest.raises(ParameterError) as caught:
        named(text)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "shown"),
    [("", ""), ("explode", "explode"), ("LATE 1", "LATE 1"), ("x" * 5000, "x" * 200 + "…")],
)
def test_an_unknown_fault_is_told_which_are_known(text, shown):
    with pytest.raises(ParameterError) as caught:
        named(text)
    told = str(caught.value)
    assert told.startswith(f"fault: one of the known ones (got {shown!r}). Say none, silence, late SECONDS, ")
    assert told.endswith(", exception CODE, wrong_length BY, wrong_function [FUNCTION], "
                         "noise [OCTETS] [SEED], slow [SECONDS].")  # fmt: skip


@given(words)
@example("unit 2")
@example("silence unit")
@example("noise " + "9" * 5000)
@example("late 1e400")
def test_no_words_ever_crash(text):
    """They make a fault that spoils any answer, or one line says why not; so do orders."""
    for read in (named, order):
        try:
            made = read(text)
        except ParameterError as error:
            assert len(str(error).splitlines()) == 1  # noqa: PT017 - either outcome is well
            continue
        fault = made if read is named else made.fault
        for answer in (ANSWER, REFUSAL):
            fault(READ, answer)
        assert read(made.words).words == made.words


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("late 0.7", ("late 0.7", None, None)),
        ("late 0.7 unit 2", ("late 0.7", 2, None)),
        ("late 0.7 times 3", ("late 0.7", None, 3)),
        ("late 0.7 unit 2 times 3", ("late 0.7", 2, 3)),
        ("late 0.7 times 3 unit 2", ("late 0.7", 2, 3)),
        ("none unit 247", ("none", 247, None)),
    ],
)
def test_an_order_says_whom_and_how_often(text, wanted):
    read = order(text)
    assert (read.fault.words, read.unit_id, read.requests) == wanted
    assert order(read.words).words == read.words


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("silence unit x", "unit: a whole number, 1 or more (got 'x'). Say unit 2."),
        ("silence unit 0", "unit: a whole number, 1 or more (got '0'). Say unit 2."),
        ("silence times ²", "times: a whole number, 1 or more (got '²'). Say times 2."),
        ("silence unit", "fault: said as silence (got 'silence unit'). Say for example silence."),
        (
            "silence unit 1 unit 2",
            "fault: said as silence (got 'silence unit 1'). Say for example silence.",
        ),
    ],
)
def test_an_order_that_does_not_fit_is_one_line(text, message):
    with pytest.raises(ParameterError) as caught:
        order(text)
    assert str(caught.value) == message
