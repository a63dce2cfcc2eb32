"""Reports that are due, made once, and never half; the clock is moved by hand."""

import hashlib
import os
from datetime import date
from fractions import Fraction

import pytest
from openpyxl import load_workbook
from report_life import small_contents
from reporting_centre import IN_NOVEMBER, OCTOBER, ZONE, at
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

import reporting.monthly
from registry.tables import Report
from reporting.drawing import draw
from reporting.headline import decimal
from reporting.monthly import Freezing, freeze_report, write_draft
from reporting.rate import RULE_VERSION
from reporting.report_files import ReportError, report_file, staged
from reporting.report_rows import due_months
from service.civil import Month

SEPTEMBER, NOVEMBER = Month(2026, 9), Month(2026, 11)
SUMMARY = "汇总"


@pytest.fixture
def small(monkeypatch):
    """Small files in the place of those that people read."""
    monkeypatch.setattr(reporting.monthly, "contents", small_contents)


def due(centre, now_ms, hour=7):
    return centre.ask(due_months, ZONE, now_ms, hour)


def make(centre, month=OCTOBER, now_ms=IN_NOVEMBER):
    drawn = draw(centre.registry, centre.settings, month, now_ms)
    return write_draft(centre.registry, centre.settings, drawn, "王工")


def names(folder):
    return sorted(each.name for each in folder.iterdir())


def rows(centre):
    with centre.registry.reading() as session:
        return list(session.scalars(select(Report).order_by(Report.id)))


def test_a_month_is_due_from_the_first_at_the_hour_on(centre):
    centre.station("410882-0001", "R" * 31)
    assert due(centre, at(2026, 11, 1, 6, 59)) == []
    assert due(centre, at(2026, 11, 1, 7, 0)) == [OCTOBER]
    assert due(centre, at(2026, 11, 1, 0, 0), hour=0) == [OCTOBER]
    assert due(centre, at(2026, 11, 30, 23, 59)) == [OCTOBER]
    assert due(centre, at(2026, 12, 1, 7, 0)) == [OCTOBER, NOVEMBER]


def test_nothing_is_due_before_there_is_a_verdict(centre):
    assert due(centre, IN_NOVEMBER) == []
    centre.station("410882-0001")
    assert due(centre, IN_NOVEMBER) == []


def test_what_was_missed_is_caught_up_once(centre, small):
    centre.station("410882-0001", "R" * 90, date(2026, 7, 15))
    august = Month(2026, 8)
    assert due(centre, IN_NOVEMBER) == [Month(2026, 7), august, SEPTEMBER, OCTOBER]
    make(centre, august)
    assert due(centre, IN_NOVEMBER) == [Month(2026, 7), SEPTEMBER, OCTOBER]
    for month in due(centre, IN_NOVEMBER):
        make(centre, month)
    assert due(centre, IN_NOVEMBER) == []


def test_a_report_has_a_file_and_a_row_that_names_it(city):
    report = make(city)
    assert (report.month, report.scope, report.revision, report.status) == ("2026-10", "city", 1, "draft")
    assert (report.made_ms, report.data_cutoff_ms, report.frozen_ms) == (IN_NOVEMBER, IN_NOVEMBER, None)
    assert (report.rule_version, report.author) == (RULE_VERSION, "王工")
    assert sorted(report.files) == ["data", "pdf", "xlsx"]
    for kind, said in report.files.items():
        content = report_file(city.settings, report, kind).read_bytes()
        assert (said["sha256"], said["size_bytes"]) == (hashlib.sha256(content).hexdigest(), len(content))
    file = report_file(city.settings, report, "xlsx")
    assert file.name.startswith("operating-rate-2026-10-r1-draft-")
    assert "第 1 版，草稿，尚未定稿" in load_workbook(file)[SUMMARY]["A3"].value
    assert report_file(city.settings, report, "pdf").read_bytes().startswith(b"%PDF")
    assert [each.id for each in rows(city)] == [report.id]
    assert names(city.folder) == sorted(each["name"] for each in report.files.values())


def test_a_month_that_is_not_over_gets_no_report(city, small):
    with pytest.raises(ReportError, match="report of 2026-10: the month is not over"):
        make(city, now_ms=at(2026, 10, 31, 23, 59))
    assert rows(city) == []
    assert make(city, now_ms=at(2026, 11, 1)).revision == 1


def test_the_row_holds_the_headline_figures_as_decimals(city, small):
    assert rows(city) == []
    assert make(city).summary == {
        "until": "2026-10-31",
        "due": 8,
        "normal": 4,
        "not_normal": 2,
        "not_assessable": 2,
        "by_number_strict": "0.500000",
        "by_number_lenient": "0.666667",
        "by_days": decimal(city.figures().city.by_days),
        "by_capacity": "0.571429",
        "completeness": decimal(city.figures().city.completeness),
        "meets_target": False,
        "connected": 7,
        "due_for_connection": 8,
        "counties": {"410823": "0.750000", "410882": "0.250000"},
    }


def test_a_report_of_nothing_has_no_figures(centre, small):
    centre.station("410882-0001", commissioned=date(2027, 1, 1))
    summary = make(centre).summary
    assert (summary["due"], summary["by_number_strict"], summary["meets_target"]) == (0, None, None)


def test_a_draft_takes_the_place_of_the_one_before(city, small):
    first = make(city)
    city.exclude("410882-0002", date(2026, 10, 26), date(2026, 10, 31))
    second = make(city, now_ms=IN_NOVEMBER + 1)
    assert (second.id, second.revision) == (first.id, 1)
    assert second.summary["normal"] == first.summary["normal"] + 1
    assert names(city.folder) == sorted(each["name"] for each in second.files.values())


def test_what_follows_a_frozen_revision_leaves_its_files_as_they_are(city, small):
    drawn = draw(city.registry, city.settings, OCTOBER, IN_NOVEMBER)
    first = freeze_report(city.registry, city.settings, drawn, "王工", Freezing("李工"))
    before = report_file(city.settings, first, "xlsx").read_bytes()
    city.exclude("410882-0002", date(2026, 10, 26), date(2026, 10, 31))
    second = make(city)
    assert (first.status, second.status, second.revision) == ("frozen", "draft", 2)
    assert second.files["xlsx"]["name"].startswith("operating-rate-2026-10-r2-draft-")
    assert report_file(city.settings, first, "xlsx").read_bytes() == before


def test_a_row_that_cannot_be_written_leaves_no_file(city, small):
    drawn = draw(city.registry, city.settings, OCTOBER, IN_NOVEMBER)
    with pytest.raises(IntegrityError):
        write_draft(city.registry, city.settings, drawn, None)
    assert (rows(city), names(city.folder)) == ([], [])


def test_a_folder_that_cannot_be_written_is_said_in_one_line(city, small):
    city.folder.write_text("in the way")
    with pytest.raises(ReportError) as caught:
        make(city)
    assert str(caught.value).startswith(f"report {city.folder}/operating-rate-2026-10-r1-draft-")
    assert str(caught.value).endswith(".xlsx: File exists")
    assert rows(city) == []


def test_a_full_disk_leaves_the_old_file_whole(tmp_path, monkeypatch):
    file = tmp_path / "report.xlsx"
    file.write_bytes(b"old")

    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ReportError, match="No space left on device"), staged(file, b"new"):
        pass
    assert (file.read_bytes(), names(tmp_path)) == (b"old", ["report.xlsx"])


def test_a_file_that_is_not_published_is_gone(tmp_path):
    with staged(tmp_path / "deep" / "report.xlsx", b"new") as publish:
        assert not (tmp_path / "deep" / "report.xlsx").exists()
    assert names(tmp_path / "deep") == []
    with staged(tmp_path / "deep" / "report.xlsx", b"new") as publish:
        publish()
    assert (tmp_path / "deep" / "report.xlsx").read_bytes() == b"new"


def test_a_report_without_such_a_file(city):
    for xlsx in ({}, {"name": ""}, {"name": ".."}, {"name": "."}):
        report = Report(month="2026-10", revision=1, files={"xlsx": xlsx, "pdf": {"name": "x"}})
        with pytest.raises(ReportError, match="2026-10 revision 1: has no xlsx file"):
            report_file(city.settings, report, "xlsx")


def test_a_report_s_file_never_lies_outside_its_folder(city, small):
    make(city)
    (city.folder.parent / "secret").write_text("secret")
    (city.folder / "link").symlink_to(city.folder.parent / "secret")
    for name in ("../secret", "/etc/passwd", "a/../../secret", "gone.xlsx", "link"):
        report = Report(month="2026-10", revision=1, files={"xlsx": {"name": name}})
        with pytest.raises(ReportError):
            report_file(city.settings, report, "xlsx")


def test_decimals_have_six_digits():
    assert decimal(Fraction(1)) == "1.000000"
    assert decimal(Fraction(0)) == "0.000000"
    assert decimal(Fraction(2, 3)) == "0.666667"
    assert decimal(Fraction(1, 2_000_000)) == "0.000001"
    assert decimal(Fraction(8_999_999, 10_000_000)) == "0.900000"
    assert decimal(None) is None
