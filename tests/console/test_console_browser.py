"""A real browser: the chart is drawn, the page renews itself, and says when the centre is gone."""

import threading
from contextlib import contextmanager

from console_alarms import COUNTY_EVENT, beneath_events, put_alarms
from console_centre import NOW_MS, RUNNING, change_state
from playwright.sync_api import expect, sync_playwright

from console.app import create_app
from console.server import address_of, listen, serve
from registry.tables import DayVerdict

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PATIENCE_MS = 15_000
RENEW = "document.dispatchEvent(new Event('visibilitychange'))"


@contextmanager
def serving(centre, chart_script, port=0, *, open_demo=True):
    """A real server; without the demo's freedom one has to log in."""
    app = create_app(
        centre.settings, centre.registry, centre.history, centre.clock, chart_script, open_demo=open_demo
    )
    stop = threading.Event()
    with listen("127.0.0.1", port) as taken:
        thread = threading.Thread(target=serve, args=(app, taken, stop))
        thread.start()
        try:
            yield address_of(taken)
        finally:
            stop.set()
            thread.join()


@contextmanager
def browsing(executable):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        try:
            context = browser.new_context(locale="zh-CN", timezone_id="America/New_York")
            yield context.new_page()
        finally:
            browser.close()


def test_the_overview_draws_its_trend_and_renews_its_figures(months, chart_script, chromium):
    told = []
    with serving(months, chart_script) as address, browsing(chromium) as page:
        page.on("pageerror", lambda error: told.append(str(error)))
        page.on("console", lambda message: told.append(message.text))
        page.goto(address)
        chart = page.locator("#chart svg")
        expect(chart).to_be_visible(timeout=PATIENCE_MS)
        columns = chart.locator("g.mark-rect.role-mark path").evaluate_all(
            "all => all.map(p => p.getBoundingClientRect().height)"
        )
        assert [round(height / max(columns), 2) for height in columns] == [0.88, 0.94, 0.94, 1.0]
        for said in ("目标 90 %", "78.9", "85.0", "90.0", "▼", "2026-08", "2026-11"):
            expect(chart).to_contain_text(said)
        box, place = chart.bounding_box(), page.locator("#chart").bounding_box()
        assert box["height"] <= place["height"]  # nothing of it is cut off
        means = page.locator("#means")
        expect(means).not_to_have_attribute("open", "")
        headline = page.locator("#rates .headline").first
        expect(headline).to_contain_text("90.00 %")
        chart.evaluate("c => { window.kept = c; }")
        means.locator("summary").click()
        with months.registry.writing() as session:
            session.query(DayVerdict).filter_by(station_id=RUNNING).update({"verdict": "stopped"})
        months.clock.now_ms += 31_000
        page.evaluate(RENEW)
        expect(headline).to_contain_text("85.00 %", timeout=PATIENCE_MS)
        expect(headline).to_contain_text("未达标")
        expect(page.locator("#trend-table")).to_contain_text("85.00 %")
        expect(means).to_have_attribute("open", "")  # what was opened stays open
        assert chart.evaluate("c => c === window.kept")
    assert told == []


def test_a_station_page_draws_renews_and_survives_a_restart(centre, chart_script, chromium):
    told = []
    with browsing(chromium) as page:
        page.on("pageerror", lambda error: told.append(str(error)))
        with serving(centre, chart_script) as address:
            page.on("console", lambda message: told.append(message.text))
            page.goto(f"{address}stations/{RUNNING}")
            chart = page.locator("#chart svg")
            expect(chart).to_be_visible(timeout=PATIENCE_MS)
            assert chart.bounding_box()["width"] > 600
            drawn = chart.locator(".mark-line path").evaluate_all(
                "all => all.map(p => p.getAttribute('d')).filter(Boolean)"
            )
            assert [line.count("M") for line in drawn] == [2, 2]  # each line is broken once, by the gap
            assert all(line.count("L") > 400 for line in drawn)
            expect(chart).to_contain_text("功率，kW")
            expect(page.locator("#means")).not_to_have_attribute("open", "")
            badge = page.locator("#state .badge")
            expect(badge).to_have_text("运行")
            chart.evaluate("c => { window.kept = c; }")
            change_state(centre, RUNNING, "stopped", "no_energy_no_effluent", NOW_MS)
            expect(badge).to_have_text("停运", timeout=PATIENCE_MS)
            assert chart.evaluate("c => c === window.kept")  # the chart is left alone
            expect(page.locator("#lost")).to_be_hidden()
            port = int(address.rstrip("/").rpartition(":")[2])
        assert told == []
        page.evaluate(RENEW)
        expect(page.locator("#lost")).to_contain_text("与中心失去连接", timeout=PATIENCE_MS)
        with serving(centre, chart_script, port):
            page.evaluate(RENEW)
            expect(page.locator("#lost")).to_be_hidden(timeout=PATIENCE_MS)
    assert all("ERR_CONNECTION_REFUSED" in line for line in told)


def test_what_was_unfolded_stays_unfolded_when_the_alarms_are_renewed(centre, chart_script, chromium):
    put_alarms(centre.registry, *beneath_events(1, 3))
    with serving(centre, chart_script) as address, browsing(chromium) as page:
        page.goto(f"{address}alarms")
        fold = page.locator(f"#beneath-{COUNTY_EVENT}")
        summary = fold.locator("summary")
        expect(summary).to_have_text("其下静默 3 站")
        summary.click()
        put_alarms(centre.registry, *beneath_events(1, 4))
        page.evaluate(RENEW)
        expect(summary).to_have_text("其下静默 4 站", timeout=PATIENCE_MS)
        expect(fold).to_have_attribute("open", "")
        expect(summary).to_be_focused()
        fold.evaluate("f => { window.kept = f; }")
        with page.expect_response(lambda answer: "fragment=1" in answer.url):
            page.evaluate(RENEW)
        assert fold.evaluate("f => f === window.kept")  # nothing changed, nothing is swapped
