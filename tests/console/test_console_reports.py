"""The reports: listed newest first, downloaded whole under their names, and nothing else by any address."""

import hashlib
import re
from pathlib import Path
from urllib.parse import quote

import pytest
from console_centre import DAY_MS, HOUR_MS, NOW_MS
from console_months import made_report, without_report

from registry.tables import Report

NOWHERE = (
    "/reports/99/qingliu-2026-10-r1.xlsx",
    "/reports/1/qingliu-2026-10-r1.xlsx",
    "/reports/1/other.xlsx",
    "/reports/-1/x.xlsx",
    "/reports/1e3/x.xlsx",
    f"/reports/{'9' * 40}/x.xlsx",
    "/reports/%D9%A1/x.xlsx",
    "/reports/1/%00",
    "/reports/1/..%5Cregistry.db",
    "/reports/1/<script>",
)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def folder(months):
    return Path(months.settings.reporting.path)


def rows(text):
    table = text[text.index('class="reports"') :].partition("</table>")[0]
    return [
        re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)).strip()
        for row in re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
    ][1:]


def links(text):
    return list(dict.fromkeys(re.findall(r'href="(/reports/\d[^"]+)"', text)))


def test_reports_are_listed_newest_first(months_client, months):
    text = months_client.get("/reports").text
    assert [row.split(" Final ")[0] for row in rows(text)] == [
        "2026-10 1",
        "2026-09 2",
        "2026-09 1",
        "2026-08 1",
    ]
    content = next(folder(months).glob("*2026-10-r1*")).read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    assert f'<code title="{digest}">{digest[:12]}…</code>' in text
    assert "85.00 % target missed 94.44 % 2026-11-10 14:05 1 qingliu-2026-10-r1.xlsx 9,300 B" in rows(text)[0]
    assert "90.00 % 94.74 %" in rows(text)[2]
    assert 'aria-current="page">Reports</a>' in text


def test_the_newest_revision_of_last_month_stands_out(months_client, months):
    with months.registry.writing() as session:
        session.add(made_report(folder(months), "2026-10", 2, "draft", "0.9", "1"))
    text = months_client.get("/reports", params={"lang": "zh-CN"}).text
    newest = text[text.index('id="newest"') : text.index('id="reports"')]
    assert "90.00 %" in newest
    assert "达标" in newest
    assert "第 2 版，草稿" in newest
    assert re.search(r'class="button" href="/reports/\d+/qingliu-2026-10-r2.xlsx" download>下载 XLSX', newest)


def test_who_froze_a_report_and_why_is_said_and_what_waits_for_a_person(months_client, months):
    with months.registry.writing() as session:
        frozen = made_report(folder(months), "2026-11", 1, "frozen", "0.9", "1")
        frozen.frozen_ms, frozen.frozen_by, frozen.note = NOW_MS, "王芳", "<b>更正</b>"
        session.add_all([frozen, made_report(folder(months), "2026-10", 2, "draft", "0.9", "1")])
    text = months_client.get("/reports").text
    assert "Final final since 2026-11-21 14:05, by 王芳 &lt;b&gt;更正&lt;/b&gt;" in rows(text)[0]
    newest = text[text.index('id="newest"') : text.index('id="reports"')]
    assert "no longer those of revision 1: a manager looks at this draft and makes it final." in newest
    chinese = months_client.get("/reports", params={"lang": "zh-CN"}).text
    assert "2026-11-21 14:05 由 王芳 定稿" in chinese


def test_all_files_of_a_report_are_offered_by_the_end_of_their_names(months_client, months):
    report = made_report(folder(months), "2026-10", 2, "draft", "0.9", "1")
    for kind, ending in (("pdf", "pdf"), ("data", "json")):
        name = f"qingliu-2026-10-r2.{ending}"
        (folder(months) / name).write_bytes(kind.encode())
        report.files[kind] = {"name": name, "sha256": "0" * 64, "size_bytes": len(kind)}
    with months.registry.writing() as session:
        session.add(report)
    text = months_client.get("/reports").text
    assert re.findall(r"Download (\w+)", text) == ["XLSX", "PDF", "JSON"]
    types = {
        link.rpartition(".")[2]: months_client.get(link).headers["content-type"]
        for link in links(text)
        if "r2" in link
    }
    assert types == {"xlsx": XLSX, "pdf": "application/pdf", "json": "application/json"}


def test_a_report_is_downloaded_under_its_name(months_client, months):
    link = links(months_client.get("/reports").text)[0]
    answer = months_client.get(link)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == XLSX
    assert answer.headers["content-disposition"] == 'attachment; filename="qingliu-2026-10-r1.xlsx"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.content == (folder(months) / "qingliu-2026-10-r1.xlsx").read_bytes()
    assert months_client.head(link).headers["content-length"] == str(len(answer.content))


@pytest.mark.parametrize(("language", "said"), [("en", "There is no such report"), ("zh-CN", "没有该报表")])
def test_no_other_address_leads_to_a_file(months_client, language, said):
    for path in NOWHERE:
        answer = months_client.get(path, headers={"accept-language": language})
        assert answer.status_code == 404, path
        assert said in answer.text
        assert 'href="/reports"' in answer.text
        assert "<script>" not in answer.text.partition("<main")[2]


def test_a_path_in_the_address_is_no_page(months_client):
    for path in ("/reports/1/../registry.db", "/reports/1/..%2Fregistry.db"):
        assert months_client.get(path).status_code == 404


def test_a_row_that_names_no_file_of_the_folder_gives_none(months_client, months):
    with months.registry.writing() as session:
        session.add(made_report(folder(months), "2026-11", 1, "draft", "0.9", "1"))
    for name in ("../registry.db", "/etc/passwd", "\n", ".hidden", "gone.xlsx", "sub/r.xlsx"):
        with months.registry.writing() as session:
            report = session.query(Report).filter_by(month="2026-11").one()
            report.files = {"xlsx": {"name": name, "sha256": "", "size_bytes": 1}}
            number = report.id
        answer = months_client.get(f"/reports/{number}/{quote(name, safe='')}")
        assert answer.status_code == 404, name
        assert "SQLite" not in answer.text
        assert "root:" not in answer.text


def test_a_file_that_is_gone_is_said(months_client, months):
    link = links(months_client.get("/reports").text)[0]
    (folder(months) / "qingliu-2026-10-r1.xlsx").unlink()
    answer = months_client.get(link)
    assert answer.status_code == 404
    assert "The file of this report is not there" in answer.text


def test_odd_rows_do_not_break_the_list(months_client, months):
    odd = ({}, {"xlsx": None}, {"xlsx": {"sha256": "x"}}, {"xlsx": {"name": 7}})
    with months.registry.writing() as session:
        for revision, files in enumerate(odd, start=5):
            report = made_report(folder(months), "2026-10", revision, "odd", "x", "NaN")
            report.files = files
            session.add(report)
    assert len(rows(months_client.get("/reports").text)) == 8
    assert months_client.get("/").status_code == 200


@pytest.mark.parametrize(
    ("now_ms", "due"),
    [
        (NOW_MS, "2026-12-01 02:00"),
        (NOW_MS + 9 * DAY_MS + 11 * HOUR_MS, "2026-12-01 02:00"),  # 01:05 on the 1st
        (NOW_MS + 9 * DAY_MS + 13 * HOUR_MS, "2027-01-01 02:00"),  # 03:05 on the 1st
    ],
)
def test_without_a_report_it_is_said_when_the_first_comes(client, centre, now_ms, due):
    centre.clock.now_ms = now_ms
    text = client.get("/reports").text
    assert "No report has been made yet." in text
    assert f"The next report is made by itself: due {due}." in text
    assert f"预计时间 {due}" in client.get("/reports", params={"lang": "zh-CN"}).text
    assert links(text) == []


def test_a_report_that_is_late_is_said_to_be_due(months_client, months):
    with months.registry.writing() as session:
        without_report(session, "2026-10")
    assert (
        "It is due, and is made as soon as the reporting service runs." in months_client.get("/reports").text
    )
