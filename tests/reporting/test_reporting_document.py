"""The printed report, read back by pdftotext: the same figures as the month's and as the workbook's."""

import csv
import io
import re
import shutil
import subprocess
from collections import defaultdict
from datetime import date
from fractions import Fraction

import pytest
from reporting_centre import IN_NOVEMBER, OCTOBER, ZONE

from registry.tables import Finding
from reporting import document
from reporting.document import FontError, monthly_document
from reporting.document_words import DocumentWords
from reporting.figures import month_figures
from reporting.fonts import lettering
from reporting.month_lines import Change, PlanLine
from reporting.shares import per_cent
from reporting.workbook import Cover

PLAN = [PlanLine("410882", "沁阳市", 329, 150, Fraction(1, 2))]
CHANGES = [
    Change("city", "", "rate_strict", "0.500000", "0.625000"),
    Change("410882-0002", "410882-0002站", "verdict", "normal", "not_normal"),
]
JUDGEMENTS = {
    "zh-CN": {"normal": "正常", "not_normal": "非正常", "not_assessable": "数据不足", "not_counted": "不计"},
    "en": {
        "normal": "normal", "not_normal": "not normal", "not_assessable": "not assessable",
        "not_counted": "not counted",
    },
}  # fmt: skip
TREND = [(OCTOBER.after(-1), Fraction(1, 3)), (OCTOBER, Fraction(3, 8))]
FINDING = {"energy_kwh": 0.1, "floor_kwh": 1, "volume_m3": 18.5, "usual_m3": 20, "first_noted": ""}


def cover(language="zh-CN", **more):
    return Cover("示例中心", **{"revision": 2, "zone": ZONE, "language": language, **more})


@pytest.fixture
def rich(city):
    """The small city with a plan, changes and a finding."""
    days = {"first_day": date(2026, 10, 7), "last_day": date(2026, 11, 5)}
    city.add(
        Finding(station_id="410882-0002", code="effluent_without_power", evidence=FINDING, noted_ms=1, **days)
    )
    with city.registry.reading() as session:
        return month_figures(session, OCTOBER, ZONE, IN_NOVEMBER, plan=PLAN, changes=CHANGES)


def ran(program, content, *options):
    if shutil.which(program) is None:
        pytest.skip(
            "poppler-utils is not installed; to enable this test run: sudo apt-get install poppler-utils"
        )
    command = [program, *options, "-", *([] if program == "pdffonts" else ["-"])]
    return subprocess.run(command, input=content, check=True, capture_output=True).stdout.decode()


def plain(content):
    """The text in order of reading, without the places where a long word may break."""
    return ran("pdftotext", content).replace("\u200b", "")


def lines(content):
    """The words of each line that stand at the same height on the same page, from left to right."""
    found = defaultdict(list)
    rows = csv.DictReader(
        io.StringIO(ran("pdftotext", content, "-tsv")), delimiter="\t", quoting=csv.QUOTE_NONE
    )
    for row in rows:
        if row["level"] == "5":
            place = (int(row["page_num"]), round(float(row["top"])))
            found[place].append((float(row["left"]), row["text"].replace("\u200b", "")))
    return [[text for _, text in sorted(words)] for _, words in sorted(found.items())]


def holds(words, wanted):
    """Whether words that follow one another say this."""
    joined, said = " ".join(words), " ".join(wanted)
    return re.search(rf"(^|\s){re.escape(said)}($|\s)", joined) is not None


def share(value):
    return [] if value is None else [f"{per_cent(value)}%"]


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_figure_of_the_month_stands_in_the_document(rich, language):
    content = monthly_document(rich, cover(language), TREND)
    text, rows = plain(content), lines(content)
    city = rich.city
    for rate in (city.by_number_strict, city.by_number_lenient, city.by_days, city.by_capacity):
        assert f"{per_cent(rate)}%" in text
    for group in [*rich.counties, *rich.companies, rich.whole]:
        counts = [group.registered, group.registered - group.rate.due, group.rate.due, group.rate.normal]
        counts += [group.rate.not_normal, group.rate.not_assessable]
        wanted = [str(count) for count in counts] + share(group.rate.by_number_strict)
        assert any(holds(row, wanted) for row in rows), (group.code, wanted)
    for line in rich.stations:
        month = line.month
        days = [month.countable_days, month.excluded_days, month.running, month.stopped, month.unknown]
        wanted = [*map(str, days), *share(month.running_share), str(line.stops), str(month.longest_stop_days)]
        of_station = [row for row in rows if line.id in row and holds(row, wanted)]
        assert len(of_station) == 1, (line.id, wanted)
        (row,) = of_station
        assert JUDGEMENTS[language][month.judgement].split()[0] in row
    for stop in rich.stops:
        assert any(stop.station.id in row and stop.first.isoformat() in row for row in rows)
    pages = text.rstrip("\f").split("\f")
    said = "第{}页共{}页" if language == "zh-CN" else "page{}of{}"
    assert all(said.format(n, len(pages)) in "".join(page.split()) for n, page in enumerate(pages, start=1))


@pytest.mark.parametrize(
    ("language", "count", "sentence"),
    [
        ("en", 1, "1 value differs from the revision before; see the table of changes."),
        ("en", 2, "2 values differ from the revision before; see the table of changes."),
        ("zh-CN", 1, "与上一版相比有 1 处变更，见变更表。"),
    ],
)
def test_a_sentence_agrees_with_its_number(language, count, sentence):
    assert DocumentWords(language).said("said_changes", count=count) == sentence


def test_one_county_is_not_all_of_them():
    words = DocumentWords("en")
    assert words.said("none_missed", count=1, target="90%").startswith("The county with facilities")
    assert words.said("none_missed", count=3, target="90%").startswith("All 3 counties with facilities")


def test_the_smaller_tables_are_printed(rich):
    text = "".join(plain(monthly_document(rich, cover(), [])).split())
    for said in ("行政村", "45.59%", "50.00%", "62.50%", "变更", "暗访", "制表", "审核", "签发", "盖章"):
        assert said in text, said
    assert "全市" in text


@pytest.mark.parametrize(
    ("about", "mark", "missing"),
    [
        ({"revision": None}, "预览", "草稿"),
        ({"status": "draft"}, "草稿", "预览"),
        ({"status": "frozen", "frozen_by": "赵工", "frozen_ms": IN_NOVEMBER}, "赵工", "草稿"),
    ],
)
def test_it_says_what_it_is(centre, about, mark, missing):
    text = plain(monthly_document(centre.figures(), cover(**about), []))
    assert mark in text
    assert missing not in text


def test_the_signatures_stay_on_the_cover_however_long_the_names(centre):
    about = Cover("中" * 45, 12, ZONE, "en", "frozen", "张三", "李四", IN_NOVEMBER)
    first, second = plain(monthly_document(centre.figures(), about, [])).split("\f")[:2]
    assert "Date:" in first
    assert "Summary" in second


def test_a_month_without_stations_says_so(centre):
    text = "".join(plain(monthly_document(centre.figures(), cover(), [])).split())
    assert "没有应运行的设施" in text
    assert "没有设施" in text


NAMES = [
    "#panic()",
    "$x^2$ *站*",
    "</svg><b>&amp;",
    "\\u{200b} `raw` @ref",
    "甲\n乙\t丙\x00\x1b",
    "很长" * 60,
    "Q" * 200,
    "站🙂",
]


def test_names_are_text_whatever_they_hold(centre):
    for n, name in enumerate(NAMES):
        centre.station(f"410882-{n:04}", "R" * 31, name=name)
    content = monthly_document(centre.figures(), cover(), [])
    text = "".join(plain(content).split())
    for name in ("#panic()", "$x^2$*站*", "</svg><b>&amp;", "`raw`@ref", "甲乙丙"):
        assert name in text, name
    assert (text.count("很长"), text.count("Q")) == (60, 200)


def test_equal_figures_make_equal_bytes_and_all_fonts_are_inside(rich):
    first, second = (monthly_document(rich, cover(), TREND) for _ in range(2))
    assert first == second
    fonts = ran("pdffonts", first).splitlines()[2:]
    assert fonts
    assert all(font.split()[-5] == "yes" for font in fonts), fonts


def test_without_a_chinese_font_one_line_says_what_to_install(monkeypatch, centre):
    monkeypatch.setattr(document, "installed_letters", lambda: lettering(["DejaVu Sans"]))
    with pytest.raises(FontError, match=r"^report as PDF: .* Install one: apt-get install fonts-noto-cjk$"):
        monthly_document(centre.figures(), cover(), [])


def test_one_font_serves_for_both_and_any_case_of_letters():
    assert lettering(["noto sans cjk sc", "DejaVu Sans"]) == ("noto sans cjk sc", "noto sans cjk sc")
    assert lettering(["SimSun", "SimHei"]) == ("SimHei", "SimSun")
