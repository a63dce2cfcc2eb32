"""Which of the installed fonts the printed report takes."""

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting.fonts import SANS, SERIF, FontError, lettering

OTHERS = ("DejaVu Sans", "Noto Sans", "Noto Sans CJK JP", "Noto Sans SC Thin", "")
EMPTY = '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><dir>{}</dir></fontconfig>'


@given(st.lists(st.sampled_from([*SANS, *SERIF, *OTHERS]), unique=True))
def test_the_first_known_one_of_each_kind_is_taken_in_whatever_order_they_are_installed(families):
    sans = [name for name in SANS if name in families]
    serif = [name for name in SERIF if name in families]
    if sans or serif:
        assert lettering(families) == ((sans or serif)[0], (serif or sans)[0])
    else:
        with pytest.raises(FontError, match="apt-get install fonts-noto-cjk"):
            lettering(families)


@given(st.sampled_from([*SANS, *SERIF]), st.sampled_from([str.upper, str.lower, str.title]))
def test_a_family_is_called_as_the_system_calls_it(family, spelt):
    assert lettering([spelt(family)]) == (spelt(family), spelt(family))


def test_what_is_missing_is_said_in_one_line_with_the_remedy():
    with pytest.raises(FontError) as raised:
        lettering(OTHERS)
    told = str(raised.value)
    assert told.startswith("report as PDF: no font with Chinese letters is installed")
    assert told.endswith("Install one: apt-get install fonts-noto-cjk")
    assert len(told.splitlines()) == 1


def test_fonts_that_come_with_the_library_do_not_count(tmp_path):
    """They have no Chinese letters: where the system has no font, the report is refused."""
    (tmp_path / "fonts.conf").write_text(EMPTY.format(tmp_path), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", "from reporting.document import installed_letters; installed_letters()"],
        env={**os.environ, "FONTCONFIG_FILE": str(tmp_path / "fonts.conf"), "HOME": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "FontError: report as PDF: no font with Chinese letters" in done.stderr.splitlines()[-1]
