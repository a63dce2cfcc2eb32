"""The charts of the report: exact data, honest gaps, rounding as printed, equal drawings of equal charts."""

import xml.etree.ElementTree as ET
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.palette import PALETTES, frame
from reporting.amounts import of_many
from reporting.chart_drawing import DrawingError, as_svgs
from reporting.chart_look import DASH, Look
from reporting.group_figures import GroupFigures
from reporting.month_columns import TrendMonth, TrendWords, month_columns
from reporting.rate import RULES, Rate
from reporting.report_charts import county_chart, printed_rate, trend_chart
from service.civil import Month

TWELVE = [(Month(2025, 11).after(n), Fraction(n, 11)) for n in range(12)]
HOSTILE = '</text><script>"\\ ${x}\x00\n\u2028#$*&\ud800'


def county(name, strict, code="410801"):
    rate = Rate(1, 1, 0, 0, strict, None, None, None, None)
    return GroupFigures(code, name, 1, 1, rate, of_many([]), 0, 0, None)


def rows(spec):
    return spec["data"]["values"]


def lines(drawing):
    texts = [each for each in drawing.iter() if each.tag.endswith("text")]
    return [line for each in texts for line in each.itertext()]


LONG = "某某经济技术开发示范区" * 5
NAMES = {"1": f"{LONG}（2）", "2": LONG, "3": HOSTILE, "4": "同名", "5": "同名"}
SPECS = {
    "zh-CN": trend_chart(TWELVE),
    "en": trend_chart(TWELVE, "en"),
    **{f"all {share}": trend_chart([(month, share) for month, _ in TWELVE]) for share in (0, 1, None)},
    **{f"{count} counties": county_chart([county(f"{n}号县", Fraction(n, count)) for n in range(count)])
       for count in (1, 11, 40)},
    "nameless": county_chart([county("沁阳市", None), county("", Fraction(1, 2), "")], "en"),
    "named": county_chart([county("", Fraction(1), code) for code in NAMES], names=NAMES),
}  # fmt: skip


@pytest.fixture(scope="module")
def drawn():
    """Each chart as the root of its drawing."""
    svgs = as_svgs(list(SPECS.values()))
    return {name: ET.fromstring(svg) for name, svg in zip(SPECS, svgs, strict=True)}


def test_every_month_from_the_first_to_the_last_has_a_place():
    spec = trend_chart(
        [(Month(2026, 2), Fraction(1)), (Month(2025, 11), Fraction(1, 3)), (Month(2026, 1), None)]
    )
    assert [(row["month"], row["rate"], row["label"], row["is_met"]) for row in rows(spec)] == [
        ("2025-11", 100 / 3, "33.33", False),
        ("2025-12", None, DASH, None),
        ("2026-01", None, DASH, None),
        ("2026-02", 100.0, "100.00", True),
    ]
    assert rows(trend_chart([])) == []


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("zh-CN", {"考核目标 90 %", "11月", "2025年", "1月", "2026年", "10月", "100.00", "▼"}),
        ("en", {"Target 90 %", "Nov", "2025", "Jan", "2026", "Oct", "100.00", "▼"}),
    ],
)
def test_the_trend_is_drawn_in_both_languages(drawn, language, said):
    texts = lines(drawn[language])
    assert said <= set(texts)
    assert texts.count("▼") == 10  # 10/11 and 11/11 reach 90 %
    assert len([text for text in texts if text.endswith(("2025", "2025年", "2026", "2026年"))]) == 2


@pytest.mark.parametrize("count", [1, 11, 40])
def test_counties_stand_in_the_order_given_on_one_page(drawn, count):
    assert [(row["county"], row["rate"]) for row in rows(SPECS[f"{count} counties"])] == [
        (f"{n}号县", float(Fraction(100 * n, count))) for n in range(count)
    ]
    drawing = drawn[f"{count} counties"]
    assert float(drawing.get("width")) == 482
    assert float(drawing.get("height")) <= 660
    assert [text for text in lines(drawing) if text.endswith("号县")] == [f"{n}号县" for n in range(count)]


def test_a_county_without_a_station_due_has_a_dash_and_one_without_a_name_is_said(drawn):
    assert [(row["county"], row["figure"], row["is_met"]) for row in rows(SPECS["nameless"])] == [
        ("沁阳市", DASH, None),
        ("no county", "50.00 ▼", False),
    ]
    assert {"沁阳市", DASH, "no county", "50.00 ▼"} <= set(lines(drawn["nameless"]))


def test_names_of_any_letters_and_lengths_are_drawn_apart(drawn):
    first, second, third, *same = [row["county"] for row in rows(SPECS["named"])]
    assert first.endswith("（2）")
    assert not second.endswith("（2）")
    assert third == '</text><script>"\\ ${x} #$*&'
    assert same == ["同名", "同名"]
    texts = lines(drawn["named"])
    assert {first, second, third} <= set(texts)
    assert texts.count("同名") == 2


@pytest.mark.parametrize("strict", [0, 1, None])
def test_a_chart_of_equal_rates_is_drawn(drawn, strict):
    texts = lines(drawn[f"all {strict}"])
    assert texts.count(printed_rate(strict)) == 12
    assert texts.count("▼") == (12 if strict == 0 else 0)


def test_equal_charts_make_equal_drawings_in_the_font_asked_for():
    spec = trend_chart(TWELVE)
    drawn, again = as_svgs([spec, trend_chart(TWELVE)], "Noto Serif CJK SC")
    assert again == drawn
    assert 'font-family="Noto Serif CJK SC"' in drawn
    assert "Sans" not in drawn
    assert spec["config"]["font"] == "Noto Sans CJK SC"
    assert "http" not in drawn.replace("http://www.w3.org/", "")


def test_what_is_no_chart_is_an_error():
    said = (
        "charts of the report: Vega-Lite to SVG conversion failed: TypeError: e.layer.map is not a function"
    )
    with pytest.raises(DrawingError) as caught:
        as_svgs([{"layer": 3}])
    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("strict", "said"),
    [
        (Fraction(1, 32), "3.13"),
        (Fraction(9, 10), "90.00"),
        (Fraction(899_996, 1_000_000), "89.9996"),
        (Fraction(899_949, 1_000_000), "89.99"),
        (Fraction(900_004, 1_000_000), "90.0004"),
        (Fraction(2, 3), "66.67"),
        (Fraction(0), "0.00"),
        (None, DASH),
    ],
)
def test_a_rate_is_rounded_as_the_report_prints_it(strict, said):
    assert printed_rate(strict) == said


@given(st.fractions(0, 1, max_denominator=10_000))
def test_a_printed_rate_lies_on_its_side_of_the_target_and_near_the_rate(strict):
    said = Fraction(printed_rate(strict))
    assert abs(said - 100 * strict) <= Fraction(1, 200)
    assert (said >= 100 * RULES.target) == (strict >= RULES.target)


def test_the_consoles_trend_is_the_same_definition_in_other_colours():
    colours = PALETTES["light"]
    look = Look(colours.ink, colours.power, colours.flow, colours.faint, 12, frame(colours, 200, {}))
    words = TrendWords("Target", "90 %", "Month", "Strict", "Lenient", "met", "missed")
    months = [TrendMonth(str(month), str(month), share, "", "", "1.0") for month, share in TWELVE]
    here, printed = month_columns(months, words, RULES.target, look), trend_chart(TWELVE)
    assert [row["rate"] for row in rows(here)] == [row["rate"] for row in rows(printed)]
    assert here["layer"][0]["mark"] == printed["layer"][0]["mark"]
    assert "目标" not in str(here)


def luminance(colour):
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_met_and_missed_are_two_greys_on_paper_and_figures_can_be_read():
    bars = trend_chart(TWELVE)["layer"][0]["encoding"]["color"]
    figures = trend_chart(TWELVE)["layer"][2]["layer"][0]["encoding"]["color"]
    assert contrast(bars["condition"]["value"], bars["value"]) >= 3
    for ink in (figures["condition"]["value"], figures["value"]):
        assert contrast(ink, "#ffffff") >= 7
