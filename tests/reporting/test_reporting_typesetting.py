"""The child that sets a document: its bytes, and its failures in one line."""

import subprocess
import sys

import pytest

from reporting.typesetting import TypesettingError, as_pdf

TEMPLATE = "#let told = json(bytes(sys.inputs.data))\n#told.name"
MADE_S = 1_790_000_000


def test_data_are_set_and_equal_inputs_make_equal_bytes():
    made = as_pdf(TEMPLATE, '{"name": "北寨村 #panic() $x$"}', MADE_S)
    assert made.startswith(b"%PDF-")
    assert made == as_pdf(TEMPLATE, '{"name": "北寨村 #panic() $x$"}', MADE_S)


def test_what_is_no_document_is_told_in_one_line():
    with pytest.raises(TypesettingError) as caught:
        as_pdf("#panic[\n", "{}", MADE_S)
    assert str(caught.value).startswith("report as PDF: ")
    assert "\n" not in str(caught.value)


def test_nothing_of_it_stays_in_the_process_that_asked():
    seen = "; import psutil; print([each.path for each in psutil.Process().memory_maps()])"
    asked = f"from reporting.typesetting import as_pdf; as_pdf({TEMPLATE!r}, '{{\"name\": 1}}', 0){seen}"
    done = subprocess.run([sys.executable, "-c", asked], check=True, capture_output=True, text=True)
    assert "python" in done.stdout
    assert "typst" not in done.stdout
