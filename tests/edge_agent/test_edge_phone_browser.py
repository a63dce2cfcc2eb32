"""A whole visit in a real browser of a telephone's width: from the PIN to the signed checklist."""

import re
from contextlib import contextmanager
from pathlib import Path

from certificates import Authority
from edge_phone import METERS, PIN, STATION, config_in, phone_site
from playwright.sync_api import expect, sync_playwright

from edge_agent.phone.signature import verified
from simulator.meters import SimulatedStation

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
RULES = (Path(__file__).parents[1] / "console" / "accessibility_rules.js").read_text("utf-8").strip()
RULE_NAMES = ["structure", "controls", "tables", "contrast", "narrow", "targets"]
TOUCH_PX = 44
SMALL = """least => [...document.querySelectorAll("a, button, input:not([type=hidden]), select, summary")]
    .filter(e => e.checkVisibility() && !e.closest(".skip"))
    .filter(e => (e.closest("label") || e).getBoundingClientRect().height < least)
    .map(e => e.outerHTML.slice(0, 120))"""
PATIENCE_MS = 20_000


@contextmanager
def telephone(executable, **options):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        try:
            context = browser.new_context(viewport={"width": 360, "height": 740}, **options)
            yield context.new_page()
        finally:
            browser.close()


class Watched:
    """A page whose every state is looked at."""

    def __init__(self, page, address):
        self.page = page
        self.faults = []
        self._address = address
        page.on("console", lambda message: self.faults.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        page.on("request", lambda request: self._is_ours(request.url))

    def _is_ours(self, url):
        if not url.startswith(self._address):
            self.faults.append(f"asks outside: {url}")

    def enter(self):
        self.go("/pin")
        self.look()
        self.page.locator("#pin").fill(PIN)
        self.press("main button")
        expect(self.page.locator(".steps li")).to_have_count(6)
        self.look()

    def go(self, path):
        self.page.goto(self._address + path)

    def look(self):
        """At the page in both languages, light and dark."""
        for language in ("en", "zh-CN"):
            self.press(f"a.language[lang='{language}']")
            self._look(language)

    def _look(self, language):
        self.page.wait_for_load_state()
        code = f"names => {{ const rules = {RULES}; return names.flatMap(name => rules[name]()); }}"
        found = self.page.evaluate(code, RULE_NAMES)
        self.page.emulate_media(color_scheme="dark")
        found += self.page.evaluate(code, ["contrast"])
        self.page.emulate_media(color_scheme="light")
        found += self.page.evaluate(SMALL, TOUCH_PX)
        if self.page.evaluate("document.documentElement.lang") != language:
            found.append(f"is not in {language}")
        self.faults += [f"{self.page.url} {language}: {each}" for each in found]

    def press(self, selector):
        self.page.locator(selector).click()


def test_a_station_is_commissioned_on_a_phone(tmp_path, chromium):
    authority = Authority(tmp_path / "authority")
    identity = authority.client(STATION)
    keys = f'cert_file = "{identity.cert_file}"\nkey_file = "{identity.key_file}"\n'
    config = config_in(tmp_path, tmp_path / "line")
    text = config.read_text("utf-8").replace("tls = false\n", f'ca_file = "{authority.ca_file}"\n{keys}')
    config.write_text(text, "utf-8")
    station = SimulatedStation(link=tmp_path / "line")
    with station, phone_site(config) as server, telephone(chromium) as page:
        visit = Watched(page, f"http://127.0.0.1:{server.port}")
        visit.enter()
        find_meters(visit)
        see_values(visit)
        run_checks(visit)
        for path in ("/station", "/link"):
            visit.go(path)
            visit.look()
        octets = sign(visit)
        visit.go("/")
        expect(page.locator(".badge.done")).to_have_count(4)
        visit.look()
    assert not visit.faults, "\n".join(visit.faults)
    verdict = verified(octets, authority.ca_file.read_bytes())
    assert (verdict.station, verdict.is_issued, verdict.checklist.installer) == (STATION, True, "张三")
    assert all(verdict.checklist.items.values())
    assert [meter.quality for meter in verdict.checklist.meters] == ["good", "good"]
    assert verdict.checklist.meters[0].display == 8412.5


def find_meters(visit):
    page = visit.page
    visit.press(".steps a[href='/meters']")
    visit.look()
    visit.press("form[action='/meters/scan'] button")
    expect(page.locator("select")).to_have_count(2, timeout=PATIENCE_MS)
    assert page.locator("select").nth(0).input_value() == "chint-dtsu666"
    visit.look()
    visit.press("form[action='/meters/choose'] button")
    visit.look()
    page.locator("[name='0-ct']").fill("1")
    visit.press("form[action='/meters/save'] button")
    expect(page.locator("a.main[href='/live']")).to_be_visible()
    visit.look()


def see_values(visit):
    page = visit.page
    visit.press("a.main[href='/live']")
    expect(page.locator(".figures")).to_have_count(2)
    visit.look()
    before = page.locator("#values").inner_html()
    page.wait_for_function("old => document.getElementById('values').innerHTML !== old", arg=before)


def run_checks(visit):
    page = visit.page
    visit.press(".onward a")
    visit.press("form[action='/checks/run'] button")
    expect(page.locator("form[action='/checks/run']")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator(".lines li.fail")).to_have_count(1)  # no centre listens
    assert page.locator(".lines li.ok").count() >= 4
    visit.look()


def sign(visit):
    page = visit.page
    visit.go("/finish")
    visit.look()
    for each in page.locator(".tick").all():
        each.click()
    page.locator("#display-power-1").fill("8412.5")
    page.locator("#installer").fill("张三")
    visit.press("form[action='/finish/sign'] button")
    expect(page.locator(".paper")).to_be_visible()
    visit.look()
    assert one_sheet(page)
    with page.expect_download() as download:
        visit.press("a[download]")
    return Path(download.value.path()).read_bytes()


def one_sheet(page) -> bool:
    """Whether the page fits on one A4 sheet."""
    sheet = page.pdf(format="A4", prefer_css_page_size=True)
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", sheet)) == 1


def test_it_works_without_javascript_and_says_when_the_box_is_gone(tmp_path, chromium):
    config = config_in(tmp_path, more=METERS)
    with telephone(chromium) as page:
        with phone_site(config) as server:
            address = f"http://127.0.0.1:{server.port}/"
            plain = page.context.browser.new_context(java_script_enabled=False).new_page()
            for each in (plain, page):
                each.goto(address)
                each.locator("#pin").fill(PIN)
                each.locator("main button").click()
                expect(each.locator(".steps li")).to_have_count(6)
            plain.locator(".steps a[href='/station']").click()
            plain.locator("#name").fill("南村站")
            plain.locator("form[action='/station/name'] button").click()
            expect(plain.locator("header b")).to_have_text("南村站")
            expect(page.locator("#lost")).to_be_hidden()
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        expect(page.locator("#lost")).to_be_visible(timeout=PATIENCE_MS)
