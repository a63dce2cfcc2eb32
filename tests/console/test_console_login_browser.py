"""A real browser logs in, is made to wait, is logged out by the clock and by itself, and comes back."""

import re

from console_centre import MINUTE_MS
from console_login import PASSWORD, Limits, user_of
from playwright.sync_api import expect
from test_console_browser import PATIENCE_MS, RENEW, browsing, serving


def log_in(page, password):
    page.get_by_label("用户名").fill("王工")
    page.get_by_label("密码").fill(password)
    page.get_by_role("button", name="登录").click()


def test_a_day_of_logging_in_and_out(centre, tmp_path, chromium):
    user_of(centre.registry, Limits("operator"), "王工", PASSWORD)
    with serving(centre, tmp_path / "vega-0.js", open_demo=False) as address, browsing(chromium) as page:
        refused = []
        page.on("pageerror", lambda error: refused.append(str(error)))
        page.goto(f"{address}stations?state=stopped")
        expect(page).to_have_url(re.compile(r"/login\?next="))
        expect(page.get_by_role("navigation")).to_have_count(0)
        for _ in range(3):
            log_in(page, "wrong password")
            expect(page.get_by_role("alert")).to_contain_text("用户名或密码不正确")
            expect(page.get_by_label("密码")).to_be_focused()
        expect(page.get_by_role("alert")).to_contain_text("请在 2 秒钟后重试")
        centre.clock.now_ms += 2_000
        log_in(page, PASSWORD)
        expect(page).to_have_url(f"{address}stations?state=stopped")
        expect(page.locator(".who")).to_contain_text("王工 值班员")

        renewed = page.locator("#renewed")
        page.evaluate(RENEW)
        expect(renewed).not_to_be_empty(timeout=PATIENCE_MS)
        centre.clock.now_ms += 31 * MINUTE_MS
        page.evaluate(RENEW)
        lost = page.locator("#lost")
        expect(lost).to_contain_text("登录已过期", timeout=PATIENCE_MS)
        expect(lost).not_to_contain_text("连接")
        lost.get_by_role("link", name="重新登录").click()
        log_in(page, PASSWORD)
        expect(page).to_have_url(f"{address}stations?state=stopped")

        page.get_by_role("button", name="退出").click()
        expect(page).to_have_url(f"{address}login")
        page.goto(f"{address}alarms")
        expect(page).to_have_url(re.compile("/login"))
        assert refused == []
