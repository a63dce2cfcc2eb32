"""Texts: the Chinese catalogue is complete and true to its placeholders; sentences and figures read well."""

import re
from fractions import Fraction
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from alerting_reasons import day_reasons, state_reasons
from babel import Locale
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from console_centre import HOSTILE, HOUR_MS, MINUTE_MS, NOW_MS, STATES

from alerting.corrections import CORRECTED
from console import formats, words
from console.desk import FOLDER
from console.evidence import LABELS, figures
from console.language import load_languages
from console.reader import Reader
from console.reasons import sentence
from registry.day_reasons import DAY_REASONS
from registry.exclusions import REASONS
from registry.stations import PROCESSES
from reporting.rate import Judgement
from reporting.words import CODES
from service.civil import Month
from telemetry.quantities import BY_NAME
from telemetry.reading import WHYS

KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None, "text": None}
METHODS = [("templates/**.html", "jinja2.ext:babel_extract"), ("**.py", "python")]
LANGUAGES = load_languages()


def reader(tag="en"):
    return Reader(LANGUAGES[tag], ZoneInfo("Asia/Shanghai"), NOW_MS)


def used():
    found = extract_from_dir(FOLDER, METHODS, {}, keywords=KEYWORDS)
    return {message for _, _, message, _, _ in found}


def has_chinese(text):
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)


def translated():
    with (FOLDER / "locale" / "zh_CN.po").open("rb") as file:
        return {
            message.id: message for message in read_po(file, locale="zh_CN", abort_invalid=True) if message.id
        }


def test_every_text_is_translated_and_no_translation_is_stale():
    assert used() == set(translated())


def test_translations_are_given_and_keep_their_placeholders():
    placeholder = re.compile(r"%\(\w+\)s|\{\w+\}")
    for message in translated().values():
        english = message.id if isinstance(message.id, str) else message.id[-1]
        for chinese in message.string if isinstance(message.string, tuple) else (message.string,):
            assert chinese, english
            assert not message.fuzzy, english
            assert sorted(placeholder.findall(chinese)) == sorted(placeholder.findall(english)), english


def test_the_vocabulary_covers_the_contract():
    assert set(words.QUANTITIES) == set(BY_NAME)
    assert set(words.CAUSES) == WHYS
    assert set(words.PROCESSES) == set(PROCESSES)
    assert set(words.STATES) == set(STATES)
    assert set(words.APPROVED_STOPS) == set(REASONS)
    assert set(words.JUDGEMENTS) == set(get_args(Judgement))


def test_pages_and_reports_call_a_thing_by_the_same_name():
    chinese = reader("zh-CN")
    for table, of_reports in (
        (words.DAY_REASONS, "reason"),
        (words.APPROVED_STOPS, "exclusion"),
        (words.JUDGEMENTS, "judgement"),
    ):
        printed = {code: chinese_word for code, (chinese_word, _) in CODES[of_reports].items()}
        assert {code: chinese.word(table, code) for code in table} == printed


@pytest.mark.parametrize(
    ("code", "evidence", "english", "chinese"),
    [
        ("as_expected", {}, "Energy and effluent as expected.", "用电、出水均符合预期。"),
        (
            "no_energy", {"energy_kwh": 0.0, "volume_m3": 3.25, "volume_floor_m3": 0.5},
            "No energy used. 0.00 kWh used, 3.25 m³ let out (floor 0.50 m³).",
            "无用电。用电 0.00 kWh，出水 3.25 m³（下限 0.50 m³）。",
        ),
        (
            "no_effluent", {"window_s": 172800, "volume_m3": 0},
            "No effluent. In the last 2 days: 0.00 m³ let out.",
            "无出水。近 2 天：出水 0.00 m³。",
        ),
        (
            "nothing_heard", {"last_seen_ms": NOW_MS - HOUR_MS, "limit_s": 1800},
            "Nothing heard since 2026-11-21 13:05. Limit: 30 minutes.",
            "自 2026-11-21 13:05 起未收到任何数据。限值 30 分钟。",
        ),
        ("nothing_heard", {"age_s": 5400}, "Nothing heard for 90 minutes.", "已有 90 分钟未收到任何数据。"),
        (
            "too_little_data", {"coverage": 0.4, "window_s": 14400},
            "Too little data to say: only 40 % of the last 4 hours is known.",
            "数据不足，无法判定：近 4 小时数据完整率仅 40 %。",
        ),
        ("too_little_data", {}, "Too little data to say.", "数据不足，无法判定。"),
        (
            "new_station", {"age_s": 18000, "limit_s": 86400},
            "New station: observed for 5 hours, judged after 24 hours.",
            "新接入站点：已观测 5 小时，满 24 小时后开始判定。",
        ),
        (
            "low_energy", {"window_s": 86400, "energy_kwh": 4.1, "expected_kwh": 20.0},
            "Energy is far below the usual. In the last 24 hours: 4.10 kWh used (expected 20.00 kWh).",
            "用电远低于平常。近 24 小时：用电 4.10 kWh（预期 20.00 kWh）。",
        ),
        ("not_connected", {}, "No box is connected yet.", "尚未接入采集终端。"),
        ("no_voltage", {}, "No phase has voltage.", "各相均无电压。"),
        (
            "planned_stop", {"reason": "grid_outage", "start": "2026-11-03", "end": "2026-11-05"},
            "Inside an approved stop: grid outage, 2026-11-03 to 2026-11-05.",
            "处于批准停运期内：电网停电，2026-11-03 至 2026-11-05。",
        ),
        ("planned_stop", {"reason": "season"}, "Inside an approved stop.", "处于批准停运期内。"),
        (
            "all_meters_mute", {"since_ms": NOW_MS - HOUR_MS},
            "No meter answers while the box is heard. Since 2026-11-21 13:05.",
            "采集终端有通信，但所有仪表均无应答。自 2026-11-21 13:05 起。",
        ),
        (
            "meter_mute", {"device": "power-1", "since_ms": NOW_MS - HOUR_MS},
            "Meter power-1 has not answered since 2026-11-21 13:05.",
            "仪表 power-1 自 2026-11-21 13:05 起无应答。",
        ),
        ("meter_mute", {"device": "power-1"}, "Meter power-1 does not answer.", "仪表 power-1 无应答。"),
        ("meter_mute", {}, "A meter does not answer.", "有仪表无应答。"),
        (
            "power_counter_frozen",
            {"device": "power-1", "window_s": 14400, "energy_kwh": 0.0, "sampled": 5.25},
            ("The counter of meter power-1 stands, although momentary values show that something passes."
            " In the last 4 hours: 0.00 kWh counted, 5.25 kWh by momentary values."),
            ("仪表 power-1 的累计值不变，但瞬时值表明有用量通过。"
             "近 4 小时：累计值计 0.00 kWh，按瞬时值推算为 5.25 kWh。"),
        ),
        (
            "flow_counter_frozen", {"device": "flow-1", "window_s": 14400, "volume_m3": 0.0, "sampled": 2.5},
            ("The counter of meter flow-1 stands, although momentary values show that something passes."
            " In the last 4 hours: 0.00 m³ counted, 2.50 m³ by momentary values."),
            ("仪表 flow-1 的累计值不变，但瞬时值表明有用量通过。"
             "近 4 小时：累计值计 0.00 m³，按瞬时值推算为 2.50 m³。"),
        ),
        (
            "flow_counter_frozen", {"sampled": 2.5},
            "A counter stands, although momentary values show that something passes.",
            "有仪表累计值不变，但瞬时值表明有用量通过。",
        ),
        (
            "counter_unreadable", {"device": "flow-1", "since_ms": NOW_MS - HOUR_MS},
            "Meter flow-1 answers, but its counter has made no sense since 2026-11-21 13:05.",
            "仪表 flow-1 有应答，但自 2026-11-21 13:05 起其累计值不可信。",
        ),
        (
            "counter_unreadable", {"device": "flow-1"},
            "Meter flow-1 answers, but its counter makes no sense.", "仪表 flow-1 有应答，但其累计值不可信。",
        ),
        (
            "little_energy_no_effluent", {"window_s": 86400, "energy_kwh": 1.5, "expected_kwh": 20.0},
            ("Hardly any energy and no effluent: only the standby load is left."
            " In the last 24 hours: 1.50 kWh used (expected 20.00 kWh)."),
            "用电极少且无出水，仅剩待机用电。近 24 小时：用电 1.50 kWh（预期 20.00 kWh）。",
        ),
        (
            "stood_while_silent", {"window_s": 432000, "energy_kwh": 0.5, "coverage": 1.0},
            "The counters show that it stood while nothing was heard. Over 5 days: 0.50 kWh used.",
            "计数器表明通信中断期间设施未运行。5 天内：用电 0.50 kWh。",
        ),
        ("not_yet_named", {"energy_kwh": 1, "odd": [1]}, "not_yet_named (Energy 1.00 kWh; odd [1])",
         "not_yet_named (用电量 1.00 kWh；odd [1])"),
    ],
)  # fmt: skip
def test_a_reason_is_a_sentence(code, evidence, english, chinese):
    assert sentence(reader("en"), code, evidence) == english
    assert sentence(reader("zh-CN"), code, evidence) == chinese


def test_every_reason_of_alerting_is_said_in_both_languages():
    states, days = state_reasons(), day_reasons()
    assert {"as_expected", "no_longer_in_use", "power_counter_frozen", "too_little_data"} <= states
    assert {"approved_stop", "no_data", "low_load", "idling"} <= days
    for code in states | {"no_mains_in_gap", "stood_while_silent"}:
        english, chinese = (sentence(reader(tag), code, {}) for tag in ("en", "zh-CN"))
        assert code not in english, f"console.reasons has no sentence for {code}"
        assert has_chinese(chinese), code
    for code in days | {CORRECTED}:
        assert code in words.DAY_REASONS, f"console.words has no word for {code}"
        assert has_chinese(reader("zh-CN").word(words.DAY_REASONS, code)), code
        assert code in CODES["reason"], f"reporting.words has no word for {code}"


def test_the_command_line_says_the_reasons_of_days_as_the_pages_do():
    assert set(DAY_REASONS) == set(words.DAY_REASONS)
    for code, said in DAY_REASONS.items():
        assert said == (reader("zh-CN").word(words.DAY_REASONS, code), words.DAY_REASONS[code])


def test_why_a_day_was_excluded_is_among_its_figures():
    assert ("Approved as", "grid outage") in figures(reader(), {"stop": "grid_outage"})
    assert ("批准事由", "电网停电") in figures(reader("zh-CN"), {"stop": "grid_outage"})


@pytest.mark.parametrize("odd", [None, "x", "x" * 999, HOSTILE, True, float("nan"), float("inf"), [], 10**30])
@pytest.mark.parametrize(
    "code",
    ["as_expected", "nothing_heard", "too_little_data", "new_station", "low_energy", "planned_stop",
     "all_meters_mute", "meter_mute", "power_counter_frozen", "flow_counter_frozen", "counter_unreadable",
     "little_energy_no_effluent", "no_mains_in_gap", "stood_while_silent",
     "other"],
)  # fmt: skip
def test_odd_evidence_never_breaks_a_sentence(code, odd):
    for key in LABELS:
        assert sentence(reader(), code, {key: odd})
        figures(reader(), {key: odd})


@pytest.mark.parametrize(
    ("gone_ms", "english", "chinese"),
    [
        (0, "just now", "刚刚"),
        (59_999, "just now", "刚刚"),
        (12 * MINUTE_MS, "12 minutes ago", "12 分钟前"),
        (119 * MINUTE_MS, "119 minutes ago", "119 分钟前"),
        (30 * HOUR_MS, "30 hours ago", "30 小时前"),
        (-10 * MINUTE_MS, "in 10 minutes", "10 分钟后"),
    ],
)
def test_ages(gone_ms, english, chinese):
    assert reader("en").age(NOW_MS - gone_ms) == english
    assert reader("zh-CN").age(NOW_MS - gone_ms) == chinese


def test_what_is_missing_is_a_dash_never_a_zero():
    assert {
        reader().number(None),
        reader().plain(float("nan")),
        reader().instant(None),
        reader().age(None),
    } == {"–"}


def test_foreign_text_is_made_visible_and_cut():
    assert formats.visible(b"a\x00\x1b[31m" + "水\u2028".encode()) == "a\\x00\\x1b[31m水\\u2028"
    assert formats.visible(b"x" * 300) == "x" * 200 + "…"
    assert formats.visible("水".encode()[:2]) == "\\xe6\\xb0"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.0, "0.00"), (0.000347222, "0.000347"), (0.02, "0.02"), (-0.0012, "-0.0012"), (12.345, "12.34")],
)
def test_a_small_amount_keeps_its_figures(value, shown):
    assert formats.amount(value, Locale("en")) == shown


@pytest.mark.parametrize(
    ("share", "digits", "shown"),
    [
        (Fraction(9, 10), 2, "90.00 %"),
        (Fraction(11, 12), 2, "91.67 %"),
        (Fraction(89_999, 100_000), 2, "89.999 %"),
        (Fraction(8_996, 10_000), 1, "89.96 %"),
        (Fraction(9_004, 10_000), 1, "90.04 %"),
        (Fraction(1), 2, "100.00 %"),
        (None, 2, "–"),
    ],
)
def test_a_rate_is_never_printed_as_the_target_it_misses(share, digits, shown):
    assert reader().rate(share, digits) == shown


def test_months_have_names():
    assert reader().month(Month(2026, 2)) == "February 2026"
    assert reader("zh-CN").month(Month(2026, 2)) == "2026年2月"
