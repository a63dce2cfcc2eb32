"""The two files of one month read back beside each other: cell for cell they say the same.

The document's cells are found by where its words stand: a row by the height of one of its words, a column by
its share of the page's width.
"""

import csv
import io
import shutil
import subprocess
from collections import defaultdict
from contextlib import closing
from datetime import date, datetime
from itertools import accumulate, pairwise
from typing import NamedTuple

import pytest
from openpyxl import load_workbook
from reporting_centre import IN_NOVEMBER, OCTOBER, ZONE, ReportedCentre

from registry.database import Registry
from reporting.document import monthly_document
from reporting.document_groups import companies_table, counties_table
from reporting.document_lists import stops_table
from reporting.document_stations import stations_table
from reporting.document_words import DocumentWords
from reporting.figures import month_figures
from reporting.layout import HEAD_ROW
from reporting.station_sheet import names_of
from reporting.workbook import Cover, monthly_workbook

MM = 72 / 25.4
LYING, UPRIGHT = (297 * MM, 14 * MM), (210 * MM, 22 * MM)
"""Width of a page and its margin, in points."""
PAPER_PT = 297 * MM
TITLE_PT, INSET_PT = 14, 5
REACH_PT = 10.5
"""How far the lines of a cell stand from the middle of its row, where there are two or three of them."""
DAYS = ("excluded", "countable", "running", "stopped_days", "unknown")


class Word(NamedTuple):
    page: int
    left: float
    top: float
    width: float
    height: float
    text: str

    @property
    def centre(self):
        return self.left + self.width / 2

    @property
    def middle(self):
        return self.top + self.height / 2


class Both(NamedTuple):
    """The month, and both of its files as they are read."""

    figures: object
    words: DocumentWords
    printed: list
    book: object


@pytest.fixture(scope="module")
def figures(city_file, tmp_path_factory):
    """The small city, with a year before, large amounts, stops over the month's edges, and a broken scale."""
    file = tmp_path_factory.mktemp("both") / "registry.db"
    shutil.copy(city_file, file)
    with closing(Registry(f"sqlite:///{file}")) as registry:
        city = ReportedCentre(registry, file.parent)
        city.verdicts("410882-0001", "R" * 31, date(2025, 10, 1))
        city.verdicts("410882-0002", "S" * 7, date(2026, 11, 1), reason="too_little_energy")
        city.station("410823-0011", "S" * 5 + "R" * 29, date(2026, 9, 28), kwh=1234.5, design_m3_per_day=12.5)
        city.station("410882-0011", "R" * 8 + "S" + "R" * 22, kwh=7.125, m3=0.04)
        with registry.reading() as session:
            return month_figures(session, OCTOBER, ZONE, IN_NOVEMBER)


@pytest.fixture(scope="module", params=["zh-CN", "en"])
def both(request, figures):
    cover = Cover("示例中心", 2, ZONE, request.param, "draft")
    book = load_workbook(io.BytesIO(monthly_workbook(figures, cover)), data_only=True)
    printed = words_of(monthly_document(figures, cover, ()))
    return Both(figures, DocumentWords(request.param), printed, book)


def words_of(content):
    if shutil.which("pdftotext") is None:
        pytest.skip(
            "poppler-utils is not installed; to enable this test run: sudo apt-get install poppler-utils"
        )
    done = subprocess.run(["pdftotext", "-tsv", "-", "-"], input=content, check=True, capture_output=True)
    rows = csv.DictReader(io.StringIO(done.stdout.decode()), delimiter="\t", quoting=csv.QUOTE_NONE)
    places = ("left", "top", "width", "height")
    return [
        Word(int(row["page_num"]), *(float(row[key]) for key in places), row["text"])
        for row in rows
        if row["level"] == "5"
    ]


def edges(widths, paper):
    """Where columns begin and end, which share what the margins leave of a page's width."""
    whole, margin = paper
    unit = (whole - 2 * margin) / sum(widths)
    return [margin + unit * end for end in accumulate(widths, initial=0)]


def said(words):
    """What words say together, without spaces, divisions, and places where a word may break."""
    ordered = sorted(words, key=lambda word: (round(word.top), word.left))
    return bare("".join(word.text for word in ordered))


def bare(text):
    return "".join(letter for letter in str(text) if not letter.isspace() and letter not in "\u00ad\u200b")


def within(words, left, right):
    return [word for word in words if left < word.centre < right]


def anchored(words, anchors, ends, below=REACH_PT, above=REACH_PT):
    """The texts of the cells of each row: of the words that stand closest to its anchor and within reach."""
    rows = [[] for _ in anchors]
    for word in words:
        from_it = [(word.page, word.middle - anchor.middle, anchor.page) for anchor in anchors]
        near = [n for n, (page, down, own) in enumerate(from_it) if page == own and -above <= down <= below]
        if near:
            rows[min(near, key=lambda n: abs(from_it[n][1]))].append(word)
    return [[said(within(own, *pair)) for pair in pairwise(ends)] for own in rows]


def section(printed, title):
    """The words on the page of a title that stand below it and above the next one."""
    titles = {(word.page, round(word.top)) for word in printed if round(word.height) == TITLE_PT}
    for page, top in sorted(titles):
        of_page = [word for word in printed if word.page == page]
        if bare(title) in said([word for word in of_page if round(word.top) == top]):
            next_top = min((other for on, other in titles if on == page and other > top), default=PAPER_PT)
            return [word for word in of_page if top < round(word.top) < next_top]
    raise AssertionError(title)


def heads(words, first, ends):
    """The texts over a first row, by column."""
    over = [word for word in words if word.page == first.page and word.top < first.top - 1]
    return [said(within(over, *pair)) for pair in pairwise(ends)]


def sheet_rows(sheet):
    """The rows of a sheet's table, each a cell by its column's head."""
    rows = sheet.iter_rows(min_row=HEAD_ROW + 1, values_only=True)
    named = [bare(head or "") for head in next(rows)]
    found = []
    for row in rows:
        if all(value is None for value in row):
            break
        found.append(dict(zip(named, row, strict=True)))
    return found


def agrees(text, value):
    """Whether a printed text is what a cell of the workbook holds, rounded to the digits that are printed."""
    if value is None or value == "":
        return text in ("", "—")
    if isinstance(value, datetime):
        return text == f"{value:%Y-%m-%d}"
    if isinstance(value, str):
        return text == bare(value)
    is_share = text.endswith("%")
    plain = text.removesuffix("%").replace(",", "")
    try:
        shown = float(plain)
    except ValueError:
        return False
    digits = len(plain.partition(".")[2])
    exact = value * 100 if is_share else value
    return abs(shown - exact) <= (0.5 / 10**digits + 1e-9 if digits else 1e-9)


def differing(printed, stored):
    """Heads of the columns in which a printed row is not the workbook's."""
    return {
        head: (printed[head], stored[head]) for head in printed if not agrees(printed[head], stored[head])
    }


def test_the_main_figures_are_those_of_the_first_sheet(both):
    words, ends = both.words, edges([1.5, 1] * 3, UPRIGHT)
    own = section(both.printed, words.said("title_figures"))
    found = {}
    for row in anchored(own, within(own, *ends[1:3]), ends, below=15, above=3):
        found |= dict(zip(row[::2], row[1::2], strict=True))
    sheet, stored = both.book.worksheets[0], defaultdict(list)
    for cell in (cell for row in sheet.iter_rows() for cell in row):
        stored[bare(cell.value)].append(sheet.cell(cell.row, cell.column + 1).value)
    assert len(found) == 24
    for label, text in found.items():
        assert stored[label], label
        assert all(agrees(text, value) for value in stored[label]), (label, text, stored[label])
    assert found[bare(words.label("due"))] == str(both.figures.city.due) == "10"
    assert found[bare(words.label("change_year_points"))] == "+40.00"


@pytest.mark.parametrize("which", ["county", "company"])
def test_the_groups_are_those_of_their_sheets(both, which):
    figures, words = both.figures, both.words
    names = names_of(figures, words)
    groups, called, sheet, table = {
        "county": (figures.counties, names.counties, 1, counties_table(figures, words, names.counties)),
        "company": (figures.companies, names.companies, 4, companies_table(figures, words, names.companies)),
    }[which]
    ends = edges([column["width"] for column in table["columns"]], LYING)
    own = section(both.printed, table["title"])
    labels = [*(called[group.code] for group in groups), words.text("all")]
    first_words = [word for word in own if ends[1] < word.left < ends[1] + INSET_PT]
    anchors = [word for word in first_words if any(word.text == label.split()[0] for label in labels)]
    assert len(anchors) == len(labels)
    shown, stored = heads(own, anchors[0], ends), sheet_rows(both.book.worksheets[sheet])
    assert shown == list(stored[0])[: len(shown)]
    for row, kept in zip(anchored(own, anchors, ends), stored[: len(labels)], strict=True):
        assert differing(dict(zip(shown, row, strict=True)), kept) == {}


def test_every_facility_is_that_of_its_sheet_and_of_the_month(both):
    figures, words = both.figures, both.words
    table = stations_table(figures, words, names_of(figures, words))
    ends = edges([column["width"] for column in table["columns"]], LYING)
    own, ids = section(both.printed, table["title"]), [line.id for line in figures.stations]
    found = [word for word in within(own, *ends[1:3]) if word.text in ids]
    assert [word.text for word in found] == ids
    counties = [word for word in own if ends[0] < word.left < ends[0] + INSET_PT]
    counties = [
        word for word in counties if any(bare(word.text).startswith(each.name) for each in figures.counties)
    ]
    assert len(counties) == 2
    shown, stored = heads(own, counties[0], ends), sheet_rows(both.book.worksheets[2])
    assert [head for head in shown if head not in stored[0]] == [words.said("remarks")]
    head = {key: bare(words.text(key)) for key in DAYS}
    rows = [row for row in anchored(own, found + counties, ends) if row[1] in ids]
    for row, kept, line in zip(rows, stored, figures.stations, strict=True):
        told = dict(zip(shown[:-1], row, strict=False))
        assert differing(told, kept) == {}, line.id
        month = line.month
        excluded, countable, *known = (int(told[head[key]]) for key in DAYS)
        assert (excluded, countable) == (month.excluded_days, month.countable_days)
        assert known == [month.running, month.stopped, month.unknown]
        assert excluded + countable == kept[bare(words.text("registered_days"))] == month.calendar_days
        assert countable == sum(known)
        share = month.running_share
        assert agrees(told[bare(words.text("running_share"))], None if share is None else float(share))
        assert told[bare(words.text("judgement"))] == bare(words.code("judgement", month.judgement))


def test_every_stop_is_that_of_its_sheet(both):
    figures, words = both.figures, both.words
    table = stops_table(figures, words, names_of(figures, words).companies)
    ends = edges([column["width"] for column in table["columns"]], LYING)
    own, ids = section(both.printed, table["title"]), [stop.station.id for stop in figures.stops]
    anchors = [word for word in within(own, *ends[1:3]) if word.text in ids]
    assert [word.text for word in anchors] == ids
    shown, stored = heads(own, anchors[0], ends), sheet_rows(both.book.worksheets[3])
    last, ongoing = bare(words.text("last_day")), bare(words.text("ongoing"))
    assert set(shown) <= set(stored[0])
    for row, kept, stop in zip(anchored(own, anchors, ends), stored, figures.stops, strict=True):
        told = dict(zip(shown, row, strict=True))
        if stop.is_ongoing:
            assert told.pop(last) == ongoing
        assert differing(told, kept) == {}
    assert sorted(stop.is_ongoing for stop in figures.stops) == [False, False, True]
