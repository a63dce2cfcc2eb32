"""Stored text that is hostile, in every table: pages show it as text, and no download computes it."""

import csv
import io
import re
from collections import Counter
from urllib.parse import urljoin, urlsplit

import pytest
from console_login import ETERNAL_MS, log_in
from console_poison import poisoned
from fastapi.testclient import TestClient
from test_console_facility_file import enter_everything

from console.app import create_app

LEAST_PAGES = 30
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
EXTRA = ("/stations/410882-0001/file", "/stations/hostile", "/admin/audit.csv", "/stations.csv?q=", "/login",
         "/stations/410882-0001/months/2026-10", "/reports/months/2026-10", "/api/v1/stations/410882-0001",
         "/stations/410882-0001?fragment=1", "/quarantine/1", "/quarantine/2", "/quarantine/3")  # fmt: skip


def pages_of(browser, most: int) -> dict[str, object]:
    """Every page that links lead to, a few of each form, such as of a station."""
    waiting, answers, counted = ["/", *EXTRA], {}, Counter()
    seen = set(waiting)
    while waiting:
        path = waiting.pop(0)
        form = re.sub(r"\d+", "N", urlsplit(path).path)
        if counted[form] >= most and path not in EXTRA:
            continue
        counted[form] += 1
        answers[path] = answer = browser.get(path)
        if "html" not in answer.headers["content-type"]:
            continue
        for link in re.findall(r'(?:href|src|data-[a-z]+)="(/[^"#]*)', answer.text):
            target = urljoin(path, link.replace("&amp;", "&"))
            if not target.startswith("/static") and target not in seen and not urlsplit(target).netloc:
                seen.add(target)
                waiting.append(target)
    return answers


@pytest.mark.parametrize("words", [False, True], ids=["texts", "words of closed lists too"])
def test_no_page_shows_stored_text_as_anything_but_text(months, tmp_path, words):
    enter_everything(months.registry)
    poisoned(months.registry, words=words)
    app = create_app(months.settings, months.registry, months.history, months.clock, tmp_path / "vega-0.js")
    shown = set()
    with TestClient(app, raise_server_exceptions=False, headers={"accept-language": "en"}) as browser:
        log_in(browser, months.registry, at_ms=ETERNAL_MS)
        answers = pages_of(browser, 1 if words else 2)
    assert len(answers) > LEAST_PAGES
    for path, answer in answers.items():
        assert answer.status_code < 500, (path, answer.status_code)
        kind = answer.headers["content-type"].partition(";")[0]
        assert answer.headers["x-content-type-options"] == "nosniff", path
        assert kind in ("text/html", "application/json", "text/csv", "text/plain", "application/octet-stream",
                        "application/pdf", WORKBOOK), (path, kind)  # fmt: skip
        if kind == "text/html":
            assert "<i data-x" not in answer.text, path
            assert "]]></script" not in answer.text, path
            assert "<!--\u202e" not in answer.text, path
            assert 'data-x="' not in answer.text, path
        if kind == "text/csv":
            assert_inert(answer.text)
        if "1+1" in answer.text:
            shown.add(re.sub(r"\d+", "N", urlsplit(path).path))
            assert "49" not in answer.text.partition("1+1")[2][:60].partition("7*7")[0], path
    known = {
        "/stations",
        "/stations.csv",
        "/admin/audit.csv",
        "/alarms",
        "/quarantine",
        "/admin/users",
        "/exclusions",
    }
    assert known <= shown, shown


def assert_inert(text: str) -> None:
    """No cell is a formula."""
    cells = [cell for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"))) for cell in row]
    assert not [cell for cell in cells if cell.startswith(DANGEROUS) and len(cell) > 1]
