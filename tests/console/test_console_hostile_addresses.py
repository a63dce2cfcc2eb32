"""Hostile addresses: no path leads out of a folder, no question and no header breaks a page."""

import itertools
import re
from pathlib import Path
from urllib.parse import quote

import pytest
from console_login import ETERNAL_MS, log_in
from console_matrix import PARTS, routes_of
from fastapi.testclient import TestClient
from starlette.routing import Mount

from console.app import create_app
from registry.tables import Exclusion, Report

SECRET = b"nobody may read this"
NAMES = (
    "../secret.txt",
    "/etc/passwd",
    "..\\secret.txt",
    "a\x00b",
    "x" * 300,
    "x.xlsx/../../secret.txt",
    "..",
    ".",
)
UP = (
    "..", "../secret.txt", "../../secret.txt", "../../../../../../etc/passwd", "/etc/passwd", "//etc/passwd",
    "..\\secret.txt", "....//secret.txt", "secret.txt\x00.xlsx", "\x00", "\x00/../secret.txt", "~/secret.txt",
    "file:///etc/passwd", "CON", "a" * 5_000, "\udcff", "．．／secret.txt", ".", "", "%2e%2e%2fsecret.txt",
)  # fmt: skip
"""Ways out of a folder, raw; each is asked for as it stands, quoted once and quoted twice."""
VALUES = (
    "\x00", "\ud7ff", "-1", "9" * 99, "1e999", "NaN", "0x10", "١", "' OR 1=1--", "%", "_", "..", "x" * 3_000,
    "2026-13", "9999-12-31", "2026-02-30", "<script>", "\r\nSet-Cookie: a=b", "zh-CN,en;q=x", "[]", "",
)  # fmt: skip
HEADERS = (
    "accept-language", "host", "origin", "referer", "cookie", "x-forwarded-for", "x-csrf-token", "range",
    "content-type", "sec-fetch-site", "user-agent", "if-none-match",
)  # fmt: skip
QUESTION = re.compile(r'query_params(?:\.get\(|\[)"(\w+)"')


@pytest.fixture
def browser(months, tmp_path):
    app = create_app(months.settings, months.registry, months.history, months.clock, tmp_path / "vega-0.js")
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as client:
        log_in(client, months.registry, at_ms=ETERNAL_MS)
        yield client


def spelt(path: str) -> set[str]:
    once = quote(path, safe="", errors="surrogatepass")
    raw = {quote(path, safe="/.\\:~", errors="surrogatepass")} if path else set()
    return raw | {once, quote(once, safe=""), once.replace(".", "%2e").replace("%2F", "%2f")}


def downloads(app) -> set[str]:
    """Addresses below which a name or a number leads to a file."""
    paths = {route.path for route in routes_of(app) if not isinstance(route, Mount)}
    files = {path for path in paths if re.search(r"\{filename\}|attachment|proof|version", path)}
    assert len(files) == 4, f"a download more or less: try it here: {files}"
    return files


def test_no_address_of_a_download_leads_out_of_its_folder(browser, months):
    for folder in (months.settings.reporting.path, months.settings.console.uploads_path):
        Path(folder).mkdir(parents=True, exist_ok=True)
        (Path(folder).parent / "secret.txt").write_bytes(SECRET)
    patterns = [*downloads(browser.app), "/static/{name}", "/{name}", "/reports/1/{filename}"]
    for pattern, text in itertools.product(patterns, UP):
        names = re.findall(r"{(\w+)}", pattern)
        for way in spelt(text):
            path = pattern.format(**(dict.fromkeys(names, "1") | {names[-1]: way}))
            answer = browser.get(path)
            is_page = answer.headers.get("content-type", "").startswith(
                "text/html"
            )  # the client itself takes .. out
            assert is_page or answer.status_code in (303, 307, 404), (path, answer.status_code)
            assert answer.status_code < 500, path
            assert SECRET not in answer.content, path
            assert b"root:" not in answer.content, path


def test_a_name_that_the_registry_holds_leads_nowhere_else_either(browser, months):
    """Whoever could write to the registry still reads no file of the machine through the console."""
    for name in NAMES:
        read_through(browser, months, name)


def read_through(browser, months, name):
    folder = Path(months.settings.reporting.path)
    (folder.parent / "secret.txt").write_bytes(SECRET)
    with months.registry.writing() as session:
        for table in ("reports", "exclusions"):
            triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?"
            for (trigger,) in session.connection().exec_driver_sql(triggers, (table,)).all():
                session.connection().exec_driver_sql(f'DROP TRIGGER "{trigger}"')
        report, stop = session.query(Report).first(), session.query(Exclusion).first()
        report.files = {kind: each | {"name": name} if isinstance(each, dict) else name
                        for kind, each in (report.files or {}).items()}  # fmt: skip
        stop.attachment = name
        numbers = report.id, stop.id
    for path in (f"/reports/{numbers[0]}", f"/reports/{numbers[0]}/{quote(name, safe='')}",
                 f"/reports/{numbers[0]}/{quote(Path(name).name, safe='')}",
                 f"/exclusions/{numbers[1]}/attachment", "/reports", "/api/v1/reports"):  # fmt: skip
        answer = browser.get(path)
        assert answer.status_code in (200, 303, 307, 404), (path, answer.status_code)
        assert SECRET not in answer.content
        assert b"root:" not in answer.content


def test_no_question_in_an_address_breaks_a_page(browser):
    """Every page is asked with hostile values under every name that any page knows, in turn."""
    texts = [path.read_text("utf-8") for path in (Path(__file__).parents[2] / "console").glob("*.py")]
    names = {name for text in texts for name in QUESTION.findall(text)} | {"lang", "page", "fragment", "next"}
    assert len(names) > 10
    pages = [
        route.path
        for route in routes_of(browser.app)
        if not isinstance(route, Mount) and "GET" in route.methods
    ]
    for number, path in enumerate(pages):
        for turn in (number, number + 11):
            value = VALUES[turn % len(VALUES)]
            answer = browser.get(path.format(**PARTS), params=dict.fromkeys(sorted(names), value))
            assert answer.status_code < 500, (path, value)
            assert "a=b" not in answer.headers.get("set-cookie", "")


def test_no_header_breaks_a_page(browser):
    values = ("zh;q=x,en;q=,;;;", "x" * 9_000, "é", "\x01", "q=1,,,")
    for value, name in itertools.product(values, HEADERS):
        for method, path in (("GET", "/login"), ("POST", "/logout")):
            answer = browser.request(method, path, headers={name: value.encode("latin-1")})
            assert answer.status_code < 500, (name, method, path)


def test_a_session_s_cookie_is_the_one_that_was_given_and_no_other(browser):
    token = browser.cookies["session"]
    browser.cookies.clear()
    swapped = token.swapcase()
    for value in (
        token[:-1],
        f"{token}x",
        swapped,
        f" {token[1:]}",
        "null",
        "",
        "' OR 1=1--",
        "%00",
        "x" * 7_000,
    ):
        answer = browser.get("/", headers={"cookie": f"session={value}"})
        assert answer.status_code == 303, value[:60]
    assert browser.get("/", headers={"cookie": f"session={token}"}).status_code == 200
