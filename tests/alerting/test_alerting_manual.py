"""`docs/detection.md` is under test: states, reasons, settings, figures and commands are the code's."""

import argparse
import re
import shlex
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from alerting_reasons import day_reasons, state_reasons

from alerting import (
    backtest_command,
    baseline,
    case,
    holidays,
    last,
    meter_faults,
    stops,
    verdict,
    verdicts_command,
)
from alerting.alarms import SEVERITIES
from alerting.baseline import WINDOWS_H, Baseline
from alerting.corrections import CORRECTED
from alerting.files import StationFile
from alerting.known import STATES, Known, Memory, Thresholds
from alerting.ledger import Ledger
from alerting.parameters import settings_with
from alerting.verdict import Verdict, judge_day
from console import words
from console.language import load_languages
from console.reader import Reader
from console.reasons import sentence
from registry.config import AlertingSettings
from registry.day_reasons import DAY_REASONS
from registry.tables import Station

PAGE = (Path(__file__).parent.parent.parent / "docs" / "detection.md").read_text()
PLAIN = " ".join(PAGE.split())
SETTINGS = AlertingSettings()


def section(title):
    """The text of one section, of its heading's level."""
    found = re.search(rf"^(##+) {re.escape(title)}$\n(.*?)(?=^##? |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, f"docs/detection.md has no section {title!r}"
    return found[2]


def rows(title):
    """The rows of a section's tables, without heads."""
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    heads = {n - 1 for n, line in enumerate(lines) if set(line) <= set("|-")}
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for n, line in enumerate(lines)
        if n not in heads and n - 1 not in heads
    ]


def code(cell):
    return cell.strip("`")


def test_every_state_stands_there_with_its_name_and_how_loud_it_is():
    shown = {code(row[1]): row for row in rows("States")}
    assert set(shown) == set(STATES)
    reader = Reader(load_languages()["zh-CN"], ZoneInfo("Asia/Shanghai"), 0)
    for state, row in shown.items():
        assert row[2] == reader.state(state)
        assert row[4] == SEVERITIES.get(state, "no"), state


def test_every_reason_of_a_state_stands_there_as_the_console_says_it():
    shown = {code(row[0]): row for row in rows("Reasons")}
    assert state_reasons() <= set(shown)
    assert {code(row[1]) for row in shown.values()} == set(STATES)
    reader = Reader(load_languages()["en"], ZoneInfo("Asia/Shanghai"), 0)
    for reason, row in shown.items():
        assert row[2].startswith(sentence(reader, reason, {})), reason


def test_every_reason_of_a_day_stands_there_with_its_words_and_its_verdict():
    shown = rows("Day verdicts")
    assert {code(row[2]) for row in shown} == day_reasons() | {CORRECTED} == set(DAY_REASONS)
    for row in shown:
        assert (row[4], row[3]) == DAY_REASONS[code(row[2])]
    judged = [row for row in shown if code(row[2]) != CORRECTED]
    assert {row[1] for row in judged} == set(Verdict.__args__) == set(words.VERDICTS)


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        (verdict.StationDay(None, None, excluded="season"), "approved_stop"),
        (verdict.StationDay(verdict.MeterDay(), None), "no_data"),
        (verdict.StationDay(verdict.MeterDay(9.0, 17, share=0.9), None), "too_little_data"),
        (verdict.StationDay(None, verdict.MeterDay(9.0, 24, share=1.0)), "effluent_as_expected"),
        (verdict.StationDay(None, verdict.MeterDay(0.0, 24, share=1.0)), "no_effluent"),
    ],
)
def test_the_verdict_of_a_reason_is_the_page_s(day, reason):
    judged = judge_day(day, Baseline(48.0, 40.0, 28), 2.4)
    assert judged.reason == reason
    assert {row[1] for row in rows("Day verdicts") if code(row[2]) == reason} == {judged.verdict}


def test_every_setting_stands_there_with_its_default_and_whether_a_station_may_have_its_own():
    shown = {code(row[0]): row for row in rows("Settings")}
    fields = msgspec.structs.fields(AlertingSettings)
    assert list(shown) == [
        field.name for field in sorted(fields, key=lambda each: list(shown).index(each.name))
    ]
    file = StationFile(Station(id="a", overrides={}), [], None, [], [], Memory())
    for name, row in shown.items():
        default = getattr(SETTINGS, name)
        assert row[1] == (f'"{default}"' if isinstance(default, str) else f"{default:g}"), name
        file.station.overrides = {name: 7}
        assert row[2] == ("yes" if name in file.thresholds(SETTINGS).own else "no"), name
    for key in re.findall(r"`([a-z_]+_(?:s|share|day|file)|coverage)`", PAGE):
        assert key in shown, key


@pytest.mark.parametrize(
    "said",
    [
        f"no phase has {last.LEAST_VOLTAGE_V:g} V",
        f"mute for {meter_faults.POWER_CUT_AFTER_MS // 60_000} min while the box is heard",
        f"mute for {meter_faults.METER_FAULT_AFTER_MS // 60_000} min, but not all",
        f"less than {meter_faults.FROZEN_SHARE:.0%} of".replace("%", " %"),
        f"over {meter_faults.FROZEN_AFTER_MS // case.HOUR_MS} h or more",
        f"effluent at most {stops.BY_PASS_SHARE:.0%} of the usual".replace("%", " %"),
        f"or for {case.INTERVALS} of its own sampling intervals",
        f"shorter ({case.DRY_AT_LEAST_MS // case.HOUR_MS} h at least)",
        f"For {case.DRAIN_MS // case.HOUR_MS} h (or half the window",
        f"when {stops.RETURN_SHARE:.0%} of the usual energy".replace("%", " %"),
        f"last {baseline.DAYS_LEARNT_FROM} accepted days",
        f"The first {baseline.DAYS_NEEDED} days",
        f"Until {baseline.DAYS_TO_GUESS_FROM} days are accepted",
        f"or {baseline.STANDBY_FACTOR} × the standby load",
        f"last {baseline.STANDING_DAYS} days on which it stood",
        f"is {baseline.FLOOR_SHARE:.0%} of the usual day".replace("%", " %"),
        f"energy below {baseline.LOW_SHARE:.0%} of the usual over `low_load".replace("%", " %"),
        f"for wetland and pond {baseline.FRUGAL_FLOOR_KWH} kWh",
        f"by a factor of {baseline.CLEAR_OF_FLOOR:g}",
        ", ".join(map(str, WINDOWS_H[:-1])) + f" and {WINDOWS_H[-1]} h",
        f"{verdict.HOURS_NEEDED} valid hours",
        f"at least {verdict.SHARE_NEEDED:.0%} of its time".replace("%", " %"),
        f"effluent above {verdict.LOW_EFFLUENT_SHARE:.0%}".replace("%", " %"),
        f"effluent above {verdict.EFFLUENT_FLOOR_SHARE:.0%} of the usual".replace("%", " %"),
        f"window is {case.PAUSES_LONG_H} h or more",
        f"window counts {case.LONG_PAUSES_VARY} times",
        f"it is {case.LONGEST_WINDOW_H} h",
    ],
)
def test_the_figures_are_those_of_the_code(said):
    assert said in PLAIN


def test_what_a_process_uses_and_pauses_is_the_code_s():
    told = re.search(r"of the process \((.*?)\)", PLAIN)[1].replace("contact oxidation", "contact_oxidation")
    shown = {}
    for part in told.split("; "):
        *names, last = part.split(", ")
        name, _, amount = last.rpartition(" ")
        shown |= dict.fromkeys([*names, name], float(amount))
    assert shown == baseline.KWH_PER_M3
    by_hours = {8: "for SBR", 48: "for wetland and pond"}
    assert baseline.UNLEARNT_WINDOW_H == {"SBR": 8, "wetland": 48, "pond": 48}
    assert f"but {', '.join(f'{hours} h {whom}' for hours, whom in by_hours.items())}" in PLAIN


def window_h(usual, *, process="", is_holiday=False):
    known = Known(
        has_power_meter=True,
        has_flow_meter=True,
        first_heard_ms=0,
        last_heard_ms=0,
        design_m3_per_day=None,
        ledger=Ledger(),
        process=process,
        usual=usual,
        is_holiday=is_holiday,
    )
    file = StationFile(Station(id="a", overrides={}), [], None, [], [], Memory())
    return case.Case(known, file.thresholds(SETTINGS), 0).stop_window_ms / case.HOUR_MS


def test_the_worked_example_comes_out_as_told():
    least = [float(row[1].removesuffix(" kWh")) for row in rows("The stop window: an example")]
    usual = Baseline(48.0, None, 28, 1.2, least_kwh=[0.05, *least, *[9.0] * (len(WINDOWS_H) - 4)])
    floor_kwh = usual.floor_kwh(SETTINGS.stop_floor_kwh_per_day)
    assert floor_kwh == pytest.approx(2.4)
    for window, amount, needed, clear in rows("The stop window: an example"):
        hours = float(window.removesuffix(" h"))
        least_kwh = 2 * floor_kwh * hours / 24
        assert needed == f"{least_kwh:.2f} kWh"
        assert (clear == "yes") == (float(amount.removesuffix(" kWh")) > least_kwh)
    assert window_h(usual) == window_h(usual, is_holiday=True) == 6
    assert "The stop window is **6 h**" in PAGE
    assert floor_kwh * 6 / 24 == pytest.approx(0.6)


def test_a_long_window_is_longer_still_as_told():
    usual = Baseline(48.0, None, 28, 1.2, least_kwh=[0.05] * 7 + [9.0] * 5)
    assert WINDOWS_H[7] == 16
    assert (window_h(usual), window_h(usual, is_holiday=True)) == (24, 32)
    assert "16 h become **24 h**, and **32 h** in a festival" in PAGE
    assert window_h(usual._replace(least_kwh=[0.05] * 12)) == 48


def test_when_a_station_s_own_days_tell_its_window_is_as_told():
    own = Baseline(48.0, None, least_kwh=[0.05, 0.2, 0.25, *[9.0] * 9])
    by_days = [window_h(own._replace(days=days), process="SBR") for days in range(15)]
    assert by_days == [8] * 5 + [6] * 10
    assert [window_h(Baseline(), process=process) for process in ("A2O", "", "wetland")] == [4, 4, 48]
    assert "From 5 days on its own days tell the usual, the floor and the window." in PAGE


def test_the_festivals_reach_as_far_as_told():
    days = holidays.holidays_from("")
    assert date(2026, 10, 1) in days
    assert f"to {max(days).year};" in PAGE
    rule = "name,first,last\nx,2026-01-01,2026-03-{:02}\n"  # 61 days end on March 2nd
    assert holidays.holidays_of(rule.format(2).splitlines())[1] == []
    assert holidays.holidays_of(rule.format(3).splitlines())[1] != []


def commands():
    blocks = re.findall(r"^```\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]


def test_there_are_commands_to_try():
    assert len(commands()) == 7


@pytest.mark.parametrize("line", commands())
def test_every_command_is_one(line):
    program, room, name, *rest = shlex.split(line)
    assert (program, room) == ("qingliu", "alerting")
    parser = argparse.ArgumentParser()
    {"verdicts": verdicts_command, "backtest": backtest_command}[name].register(parser)
    parsed = parser.parse_args(rest)
    assert settings_with(getattr(parsed, "params", [])) is not None


def test_the_station_s_own_keys_are_those_that_thresholds_know():
    own = {code(row[0]) for row in rows("Settings") if row[2] == "yes"}
    assert own == set(Thresholds._fields) - {"own"}
