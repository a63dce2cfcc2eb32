"""What a scan found, as a page in both languages and as JSON."""

import json
import re
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.commissioning import scan_words, wiring_words
from edge_agent.commissioning.findings import (
    Candidate,
    Evidence,
    FoundUnit,
    LineSettings,
    Remark,
    RemarkCode,
    Scan,
)
from edge_agent.commissioning.recognise import SURE_POINTS
from edge_agent.commissioning.scan_page import WIDTH, figures, page, scan_json, told
from edge_agent.language import LANGUAGES
from edge_agent.profile_file import load_profile, profile_names
from edge_agent.terminal import width

CHINT = Candidate(
    "chint-dtsu666", "CHINT 正泰 DTSU666 / DSSU666", "power", 52, ("mains", "power_agrees", "in_range"),
    {"voltage_l1_v": 0.0, "voltage_l2_v": 230.06, "frequency_hz": 50.01, "active_power_kw": 1.8412,
     "energy_kwh": 8412.6},
)  # fmt: skip
KROHNE = Candidate("krohne-ifc300", "Krohne IFC 300 Modbus", "flow", 10, ("in_range",), {"flow_m3h": 12.304, "volume_m3": 20411.25})  # noqa: E501 # fmt: skip
TWIN = KROHNE._replace(profile="krohne-ifc300-counter1")
UNITS = (
    FoundUnit(1, LineSettings(9600), 0.0312, (CHINT,)),
    FoundUnit(2, LineSettings(19200, "E"), 0.41, (KROHNE, TWIN)),
    FoundUnit(9, LineSettings(2400, "E"), 0.05),
)
SCAN = Scan("/dev/ttyUSB0", UNITS, (), echo=False, lines=(LineSettings(9600),), asked=64, took_s=12.34)
EVERY_REMARK = tuple(
    Remark(code, LineSettings(19200), 3, 12, "000012345678") for code in get_args(RemarkCode)
)


def plain(scan, language="en"):
    return page(scan, language, colours=False)


def test_the_page_says_what_answers_where_and_what_it_may_be():
    assert plain(SCAN).splitlines() == [
        "/dev/ttyUSB0: 3 meters in 12 s",
        "  unit 1  9600 8N1   looks like CHINT 正泰 DTSU666 / DSSU666",
        "    230.1 V  50.0 Hz  1.84 kW  8,412.6 kWh",
        "    chint-dtsu666: mains voltage, power agrees, values possible",
        "  unit 2  19200 8E1  perhaps Krohne IFC 300 Modbus (krohne-ifc300)",
        "                     or Krohne IFC 300 Modbus (krohne-ifc300-counter1)",
        "    12.30 m³/h  20,411.25 m³",
        "    krohne-ifc300: values possible",
        "  unit 9  2400 8E1   answers, but no profile fits; scan while water flows,",
        "      or see docs/profiles.md",
    ]


def test_the_page_in_chinese():
    lines = plain(SCAN, "zh-CN").splitlines()
    assert lines[0] == "/dev/ttyUSB0：12 秒，找到 3 台仪表"
    assert lines[1] == "  地址 1  9600 8N1   疑似 CHINT 正泰 DTSU666 / DSSU666"
    assert lines[3] == "    chint-dtsu666：市电电压、功率相符、数值合理"
    assert lines[4].split("  ")[-1] == "可能是 Krohne IFC 300 Modbus (krohne-ifc300)"


def test_a_unit_is_told_at_once_in_one_line():
    first, second, third = (told(unit, "en") for unit in UNITS)
    assert first == "answers at 9600 8N1 unit 1, looks like CHINT 正泰 DTSU666 / DSSU666"
    assert second.startswith(
        "answers at 19200 8E1 unit 2, perhaps Krohne IFC 300 Modbus (krohne-ifc300), or "
    )
    assert third == "answers at 2400 8E1 unit 9, but no profile fits"


def test_little_evidence_is_called_little():
    weak, sure = (CHINT._replace(points=points) for points in (SURE_POINTS - 1, SURE_POINTS))
    assert "perhaps" in told(UNITS[0]._replace(candidates=(weak,)), "en")
    assert "looks like" in told(UNITS[0]._replace(candidates=(sure,)), "en")


def test_every_remark_comes_with_its_place_and_what_to_do():
    for language in LANGUAGES:
        lines = plain(SCAN._replace(remarks=EVERY_REMARK), language).splitlines()
        for code in get_args(RemarkCode):
            what, remedy = scan_words.WORDS[language].remarks[code]
            [at] = [place for place, line in enumerate(lines) if line.startswith("! " + what.split("{")[0])]
            text = " ".join(lines[at : at + 3]).replace("  ", "")
            for each in ("19200 8N1", "12", remedy):
                assert each in text.replace("  ", " ")


def test_remarks_read_so():
    remarks = (Remark("no_frames", LineSettings(19200), times=12), Remark("dlt645", detail="000012345678"))
    assert plain(SCAN._replace(remarks=remarks)).splitlines()[10:14] == [
        "! bytes, but no valid answer (19200 8N1, 12 times)",
        "  swap A and B; check the termination",
        "! a meter speaks DL/T 645, not Modbus: 000012345678",
        "  set its menu to Modbus-RTU and scan again",
    ]


def test_the_same_remark_at_several_settings_is_one():
    settings = (LineSettings(9600), LineSettings(2400, "E"))
    remarks = tuple(Remark("noise", line, times=2) for line in settings)
    assert plain(SCAN._replace(remarks=remarks)).splitlines()[10:12] == [
        "! noise beside good answers (9600 8N1, 2400 8E1, 4 times)",
        "  check termination and common ground",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_wiring_is_shown_where_it_may_be_the_cause(language):
    title = wiring_words.WORDS[language].title
    for remark in EVERY_REMARK:
        is_shown = title in plain(SCAN._replace(remarks=(remark,)), language).splitlines()
        assert is_shown == (remark.code in wiring_words.WIRED), remark.code
    nothing = SCAN._replace(units=())
    assert title in plain(nothing, language).splitlines()
    assert title not in plain(SCAN, language).splitlines()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_fits_a_small_terminal(language):
    text = plain(SCAN._replace(remarks=EVERY_REMARK, units=()), language)
    assert max(map(width, text.splitlines())) <= WIDTH
    for name in profile_names():
        profile = load_profile(name)
        candidate = Candidate(
            name, f"{profile.maker} {profile.model}", profile.kind, 50, get_args(Evidence), CHINT.values
        )
        units = (FoundUnit(247, LineSettings(115200, "E"), 0.1, (candidate,)),)
        lines = plain(SCAN._replace(units=units), language).splitlines()
        assert max(map(width, lines)) <= WIDTH, name


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_advice_is_torn_and_none_lost(language):
    lines = plain(SCAN._replace(units=()), language).splitlines()
    advice = lines[lines.index(wiring_words.WORDS[language].title) + 1 :]
    joined = re.sub(r"\n  (?! )", " " if language == "en" else "", "\n".join(advice)).split("\n")
    assert [each.removeprefix("- ").replace(" ", "") for each in joined] == [
        each.replace(" ", "") for each in wiring_words.WORDS[language].advice
    ]
    assert not any(line.strip()[0] in "，。、：；？！）" for line in advice)


def test_colours_are_only_for_who_wants_them():
    scan = SCAN._replace(remarks=EVERY_REMARK)
    assert "\x1b" not in plain(scan)
    assert re.sub(r"\x1b\[[0-9;]*m", "", page(scan, "en", colours=True)) == plain(scan)
    assert page(scan, "en", colours=True).count("\x1b[33m!") == len(EVERY_REMARK)


def test_what_comes_from_the_line_commands_no_terminal():
    evil = "\x1b[2J\r\n"
    candidate = CHINT._replace(profile=evil, title=evil)
    scan = SCAN._replace(
        port=evil,
        units=(UNITS[0]._replace(candidates=(candidate,)),),
        remarks=(Remark("dlt645", detail=evil),),
    )
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", plain(scan))
    assert not re.search(r"[\x00-\x1f]", told(scan.units[0], "en"))


def test_json_says_everything():
    scan = SCAN._replace(remarks=(EVERY_REMARK[0], Remark("silence")), echo=True)
    data = json.loads(json.dumps(scan_json(scan)))
    assert data["units"][0] == {
        "unit_id": 1, "baudrate": 9600, "parity": "N", "stopbits": 1, "delay_s": 0.031,
        "candidates": [{
            "profile": CHINT.profile, "title": CHINT.title, "kind": "power", "points": 52,
            "evidence": ["mains", "power_agrees", "in_range"], "values": CHINT.values,
        }],
    }  # fmt: skip
    assert data["units"][2]["candidates"] == []
    assert data["remarks"] == [
        {"code": "echo", "line": "19200 8N1", "unit_id": 3, "times": 12, "detail": "000012345678"},
        {"code": "silence", "line": None, "unit_id": None, "times": 0, "detail": ""},
    ]
    assert {key: data[key] for key in ("port", "echo", "took_s", "asked", "lines")} == {
        "port": "/dev/ttyUSB0", "echo": True, "took_s": 12.3, "asked": 64, "lines": ["9600 8N1"],
    }  # fmt: skip


def test_figures_show_a_living_phase_first():
    assert figures({}) == ""
    assert figures({"voltage_l1_v": 0.0, "voltage_l3_v": 229.96}) == "230.0 V"
    assert figures({"level_m": 0.2504, "flow_m3h": -0.004}) == "-0.00 m³/h  0.250 m"


@given(st.text(max_size=40), st.floats(), st.integers(1, 247))
def test_any_finding_can_be_shown(text, number, unit_id):
    candidate = CHINT._replace(title=text, values=dict.fromkeys(CHINT.values, number))
    unit = FoundUnit(unit_id, LineSettings(9600), 0.1, (candidate, candidate))
    scan = SCAN._replace(port=text, units=(unit,), remarks=(Remark("dlt645", detail=text),))
    for language in LANGUAGES:
        assert len(plain(scan, language).splitlines()) >= 6


@pytest.mark.parametrize("room", [scan_words, wiring_words])
def test_both_languages_have_the_same_fields(room):
    english, chinese = (leaves(room.WORDS[language]) for language in ("en", "zh-CN"))
    assert english.keys() == chinese.keys()
    for key, text in english.items():
        fields = [sorted(re.findall(r"\{\w*\}", each)) for each in (text, chinese[key])]
        assert fields[0] == fields[1], key
        assert text
        said = [re.sub(r"\{\w*\}", "", each) for each in (text, chinese[key])]
        assert re.search(r"[\u3000-\u9fff]", said[1]) or not re.search(r"[a-z]{3}", said[0]), key


def leaves(words, at=""):
    """Every text of a table of words by its place."""
    if isinstance(words, str):
        return {at: words}
    inner = words.items() if isinstance(words, dict) else enumerate(words)
    return {place: text for key, each in inner for place, text in leaves(each, f"{at}/{key}").items()}


def test_every_code_has_its_words():
    for words in scan_words.WORDS.values():
        assert set(words.remarks) == set(get_args(RemarkCode))
        assert set(words.evidence) == set(get_args(Evidence))
