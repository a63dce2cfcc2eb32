"""Every fault of the link has a code of its own, and figures that are what its text names."""

import re

from broker_faults import every_fault

from service.broker_words import CODES

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def test_every_code_is_said():
    assert {fault.code for fault in every_fault()} == CODES


def test_the_figures_are_those_of_the_text():
    for fault in every_fault():
        text = str(fault)
        assert text.isprintable()
        for name, value in fault.figures.items():
            if isinstance(value, float | int):
                assert f"{value:g} s" in text, (fault.code, name)
            elif _INSTANT.fullmatch(value):
                stamp = value[:16].replace("T", " ")
                assert stamp in text or name in {"begins", "ends"}, (fault.code, name)
            elif fault.kind != "configuration":
                assert value in text, (fault.code, name)
        if {"begins", "ends"} <= fault.figures.keys():
            told = "begins" if fault.code == "not_yet_valid" else "ends"
            assert str(fault.figures[told])[:16].replace("T", " ") in text


def test_a_fault_of_our_own_files_names_key_and_file():
    ours = [fault for fault in every_fault() if fault.kind == "configuration"]
    assert len(ours) == 10
    for fault in ours:
        assert str(fault).startswith(f"mqtt.{fault.figures['key']}: ")
        assert repr(fault.figures["value"]) in str(fault)
