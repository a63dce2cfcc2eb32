"""Every page in a real browser, in both languages: names, order, contrast, focus, and room on every sheet."""

import re
from pathlib import Path

import pytest
from console_alarms import alarms_of_each_kind, beneath_events, put_alarms
from console_login import token_of
from console_matrix import PARTS, routes_of
from fastapi.testclient import TestClient
from playwright.sync_api import sync_playwright
from starlette.routing import Mount
from test_console_browser import FLAGS, serving

from console.app import create_app

RULES = (Path(__file__).parent / "accessibility_rules.js").read_text("utf-8")
DESK, PHONE, SHEET = (
    {"width": 1366, "height": 800},
    {"width": 360, "height": 740},
    {"width": 718, "height": 1000},
)
"""A usual screen, a small telephone, and what a printer leaves of A4 at 96 dots an inch."""
BROKEN_PAGES = ["/nowhere", "/stations/none"]
SPOILT = {
    "structure": "<h3>Leap</h3><p id='main'></p><section></section><svg></svg><ul><p>x</p></ul>",
    "controls": "<button></button><input type='text' placeholder='name'>"
    "<style>.bare:focus { outline: none }</style><a class='bare' href='/x'>x</a>",
    "tables": "<table><tr><th>a</th><td>1</td></tr><tr><td>2</td></tr></table>",
    "contrast": "<p style='color: #888; background: #fff'>pale</p>",
    "narrow": "<div style='width: 900px; height: 9px'></div>",
    "targets": "<a href='/a' style='display:inline-block;width:9px;height:9px'>a</a>"
    "<a href='/b' style='display:inline-block;width:9px;height:9px'>b</a>",
}


@pytest.fixture
def full(months):
    """A centre with something on every page."""
    put_alarms(months.registry, *alarms_of_each_kind(), *beneath_events())
    return months


@pytest.fixture
def addresses(full, tmp_path):
    """Every page that an administrator can open, and those that say what is wrong."""
    app = create_app(full.settings, full.registry, full.history, full.clock, tmp_path / "vega-0.js")
    asked = [
        route.path.format(**PARTS) for route in routes_of(app)
        if not isinstance(route, Mount) and "GET" in route.methods
    ]  # fmt: skip
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as client:
        client.cookies.set("session", token_of(full.registry))
        answers = {path: client.get(path) for path in asked}
    pages = [
        path for path, answer in answers.items()
        if answer.status_code == 200 and answer.headers["content-type"].startswith("text/html")
    ]  # fmt: skip
    assert {"/", "/stations", "/alarms", "/reports", "/quarantine", "/map"} <= set(pages)
    return [*pages, *BROKEN_PAGES]


@pytest.fixture
def opened(full, tmp_path, chromium):
    """A logged-in browser of a language: opens pages, and applies rules to what is open."""
    with serving(full, tmp_path / "vega-0.js", open_demo=False) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        try:
            yield lambda language: _Opened(browser, address, language, token_of(full.registry))
        finally:
            browser.close()


class _Opened:
    def __init__(self, browser, address, language, token):
        context = browser.new_context(locale=language, viewport=DESK)
        context.add_cookies([{"name": "session", "value": token, "url": address}])
        self.page = context.new_page()
        self._address = address.rstrip("/")
        self._asked = []
        self.page.on("request", lambda request: self._asked.append(request.url))

    def go(self, path):
        self.page.goto(self._address + path, wait_until="domcontentloaded")

    def named_outside(self):
        """Addresses that are not ours: those that the page asked for, and those that stand in it."""
        named = self.page.evaluate("""() => [...document.querySelectorAll("[src], [href], [action]")].map(
            each => each.src || each.action || each.href).filter(each => typeof each === "string")""")
        return sorted({each for each in self._asked + named if not each.startswith(self._address + "/")})

    def breaks(self, *names):
        code = f"names => {{ const rules = {RULES.strip()}; return names.flatMap(name => rules[name]()); }}"
        return self.page.evaluate(code, list(names))

    def see(self, viewport, media="screen", scheme="light"):
        self.page.set_viewport_size(viewport)
        self.page.emulate_media(media=media, color_scheme=scheme)


def test_every_page_can_be_used_by_everybody(addresses, opened):
    """In both languages: on a screen light and dark, on a telephone, and on paper."""
    broken = [
        f"{language} {path}: {fault}"
        for language in ("zh-CN", "en")
        for browser in [opened(language)]
        for path in addresses
        for fault in faults_of(browser, path, language)
    ]
    assert broken == []


def faults_of(browser, path, language):
    """All that is wrong with a page."""
    browser.go(path)
    faults = browser.breaks("structure", "controls", "tables", "contrast", "narrow", "targets")
    if browser.page.evaluate("document.documentElement.lang") != language:
        faults.append("the wrong language")
    faults += [f"leads outside: {each}" for each in browser.named_outside()]
    browser.see(DESK, scheme="dark")
    faults += [f"dark: {each}" for each in browser.breaks("contrast")]
    browser.see(PHONE)
    faults += [f"phone: {each}" for each in browser.breaks("narrow", "targets")]
    browser.see(SHEET, "print")
    faults += [f"print: {each}" for each in browser.breaks("narrow")]
    if browser.page.locator("header nav").is_visible():
        faults.append("print: the navigation is printed")
    browser.see(DESK)
    return faults


def test_the_rules_find_what_is_wrong(opened):
    browser = opened("en")
    browser.go("/account")
    assert browser.breaks(*SPOILT) == []
    for rule, spoilt in SPOILT.items():
        browser.go("/account")
        browser.page.evaluate(
            "html => document.querySelector('main').insertAdjacentHTML('beforeend', html)", spoilt
        )
        if rule == "narrow":
            browser.see(PHONE)
        found = browser.breaks(rule)
        assert found, rule
        if rule in ("structure", "controls", "tables"):
            assert len(found) >= 3, found
    assert any(re.search("contrast 3.5", each) for each in _contrast_of(browser, "#888", "#fff"))


def _contrast_of(browser, ink, ground):
    browser.see(DESK)
    browser.go("/account")
    browser.page.evaluate(
        "([ink, ground]) => { const p = document.createElement('p'); p.textContent = 'x';"
        " p.style.color = ink; p.style.background = ground; document.querySelector('main').append(p); }",
        [ink, ground],
    )
    return browser.breaks("contrast")


def test_the_keyboard_reaches_the_content_at_once(opened):
    browser = opened("zh-CN")
    browser.go("/")
    browser.page.keyboard.press("Tab")
    assert browser.page.evaluate("document.activeElement.className") == "skip"
    box = browser.page.locator(".skip").bounding_box()
    assert box["x"] >= 0  # it comes into sight
    browser.page.keyboard.press("Enter")
    assert browser.page.evaluate("document.activeElement.id") == "main"
