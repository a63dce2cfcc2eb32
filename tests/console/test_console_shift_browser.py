"""A whole shift in a real browser: an operator, the manager who approves, a server that goes away."""

import re
from datetime import date
from pathlib import Path

from console_alarms import an_alarm
from console_centre import HOUR_MS, NOW_MS, RUNNING
from console_login import PASSWORD, Limits, user_of
from playwright.sync_api import expect
from test_console_alarm_browser import raise_alarm
from test_console_browser import PATIENCE_MS, RENEW, browsing, serving

from registry.tables import Alarm, Audit, Exclusion

COUNTY, OTHERS_STATION = "410882", "410822-0001"
OPERATOR, MANAGER = "王工（虚构）", "赵科（虚构）"
STOP_ALARM, OTHERS_ALARM, LATE_ALARM = 801, 802, 803
LAST_REPORT = "qingliu-2026-10-r1.xlsx"
EIGHT_DAYS = (date(2026, 11, 2), date(2026, 11, 9))  # three more than count without a manager


def told_by(page):
    """What goes wrong in a page, as it comes: errors of scripts, of the policy, of what was asked for."""
    told = []
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("console", lambda message: told.append(message.text) if message.type == "error" else None)
    return told


def log_in(page, address, name):
    page.goto(address)
    page.get_by_label("用户名").fill(name)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page).to_have_url(address)
    expect(page.locator(".who")).to_contain_text(name)


def turn_to(page, name):
    page.get_by_role("navigation", name="页面").get_by_role("link", name=name).click()


def sees_the_own_county_only(page, address):
    turn_to(page, "站点")
    expect(page.locator("#list .found")).to_contain_text("10 座站点")
    stations = page.locator("table.stations tbody th").all_inner_texts()
    assert sorted(stations) == [f"{COUNTY}-{number:04d}" for number in range(1, 11)]
    assert page.goto(f"{address}stations/{OTHERS_STATION}").status == 404
    expect(page.locator("main")).to_contain_text("台账中没有该站点")
    expect(page.locator("main")).not_to_contain_text("博爱县")


def shelves_a_new_alarm(page, centre):
    turn_to(page, "告警")
    row, ringing = page.locator(f"#alarm-{STOP_ALARM}"), page.locator("#active-head .faint")
    before = int(ringing.inner_text())
    with centre.registry.writing() as session:
        place = {"subject": OTHERS_STATION, "station_id": OTHERS_STATION}
        session.add(an_alarm(OTHERS_ALARM, 1, raised_ms=NOW_MS, rang_ms=NOW_MS, **place))
    raise_alarm(centre, STOP_ALARM, int(RUNNING[-4:]), evidence={"window_s": 14400, "energy_kwh": 0.02})
    page.evaluate(RENEW)
    expect(page.locator("#active").locator(row)).to_be_visible(timeout=PATIENCE_MS)
    expect(row).to_contain_text("北寨村污水处理站")
    expect(ringing).to_have_text(str(before + 1), timeout=PATIENCE_MS)
    expect(page.locator(f"#alarm-{OTHERS_ALARM}")).to_have_count(0)  # another county's, raised before
    row.get_by_role("checkbox").check()
    page.locator("#acts-more summary").click()
    shelve = page.get_by_role("group", name="搁置：暂时静默")
    shelve.get_by_label("原因").select_option(label="已派修")
    shelve.get_by_label("时长").select_option(label="8 小时")
    page.get_by_label("备注").fill("检修班已出发")
    shelve.get_by_role("button", name="搁置", exact=True).click()
    expect(page.locator("p.right")).to_contain_text("已搁置：北寨村污水处理站 停运")
    expect(page.locator("#quiet").locator(row)).to_contain_text("搁置至 2026-11-21 22:05：已派修")
    expect(page.locator("#active").locator(row)).to_have_count(0)
    expect(ringing).to_have_text(str(before))
    with centre.registry.reading() as session:
        alarm = session.get_one(Alarm, STOP_ALARM)
        assert (alarm.shelved_until_ms, alarm.shelve_reason) == (NOW_MS + 8 * HOUR_MS, "repair_ordered")
        [noted] = session.query(Audit).filter_by(action="alarms.shelved")
        assert (noted.actor, noted.object) == (OPERATOR, RUNNING)
    row.locator("a.own").click()
    expect(page.locator("#life")).to_contain_text("检修班已出发")
    a_curve_is_drawn(page)
    page.get_by_role("link", name="2026-11-21 的站点页").click()
    expect(page).to_have_url(re.compile(rf"/stations/{RUNNING}\?day=2026-11-21#chart-head$"))
    expect(page.locator("#chart-head")).to_contain_text("2026-11-21")
    a_curve_is_drawn(page)


def a_curve_is_drawn(page):
    chart = page.locator("#chart svg")
    expect(chart).to_be_visible(timeout=PATIENCE_MS)
    lines = chart.locator(".mark-line path").evaluate_all("all => all.map(p => p.getAttribute('d') || '')")
    assert any(line.count("L") > 10 for line in lines)


def enters_a_stop_of_eight_days(page):
    """Its page's address."""
    turn_to(page, "停运审批")
    page.get_by_role("link", name="录入批准停运").click()
    page.get_by_label("站点").fill(RUNNING)
    page.get_by_label("起始日").fill(EIGHT_DAYS[0].isoformat())
    page.get_by_label("截止日（含）").fill(EIGHT_DAYS[1].isoformat())
    page.get_by_label("原因").select_option(label="计划检修")
    page.get_by_label("申请人").fill("清源（虚构）")
    page.get_by_role("button", name="录入", exact=True).click()
    expect(page).to_have_url(re.compile(r"/exclusions/\d+$"))
    expect(page.locator("main")).to_contain_text("自 2026-11-07 起 3 天待主管批准")
    expect(page.locator(".present .status")).to_have_text("◔ 3 天待主管批准")
    expect(page.get_by_role("button", name="批准")).to_have_count(0)
    return page.url


def approves_it(page, centre, stop):
    turn_to(page, "停运审批")
    page.locator("#waiting").get_by_role("link", name="北寨村污水处理站").click()
    expect(page).to_have_url(stop)
    page.locator("#decide").get_by_role("button", name="批准").click()
    expect(page.locator("p.right")).to_contain_text("超出上限的天数现已计入")
    expect(page.locator(".present .status")).to_have_text("✓ 计入")
    turn_to(page, "停运审批")
    expect(page.locator("#stops tr", has_text=RUNNING).locator("td.number")).to_have_text("8")
    with centre.registry.reading() as session:
        found = session.get_one(Exclusion, int(stop.rpartition("/")[2]))
        assert (found.start, found.end) == EIGHT_DAYS
        assert (found.approver, found.manager, found.manager_ms) == (OPERATOR, MANAGER, NOW_MS)


def takes_last_month_s_report(page, centre):
    turn_to(page, "报表")
    page.locator("#newest").get_by_role("link", name="查看内容").click()
    title = page.locator("h1")
    expect(title).to_contain_text(re.compile("2026.*10.*月报第 1 版"))
    with page.expect_download() as coming:
        page.get_by_role("link", name="下载 XLSX").click()
    assert coming.value.suggested_filename == LAST_REPORT
    folder = Path(centre.settings.reporting.path)
    assert coming.value.path().read_bytes() == (folder / LAST_REPORT).read_bytes()
    where = page.url
    page.locator(".languages").get_by_role("link", name="English").click()
    expect(title).to_contain_text("Report of October 2026, revision 1")
    page.goto(where)  # the choice is kept
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.locator(".languages").get_by_role("link", name="中文").click()
    expect(title).to_contain_text("月报第 1 版")


def test_a_shift_of_an_operator_and_the_manager(months, chart_script, chromium):
    user_of(months.registry, Limits("operator", (COUNTY,)), OPERATOR, PASSWORD)
    user_of(months.registry, Limits("manager"), MANAGER, PASSWORD)
    with browsing(chromium) as page:
        told = told_by(page)
        with serving(months, chart_script, open_demo=False) as address:
            log_in(page, address, OPERATOR)
            sees_the_own_county_only(page, address)
            told[:] = [line for line in told if "404" not in line]
            shelves_a_new_alarm(page, months)
            stop = enters_a_stop_of_eight_days(page)
            with page.context.browser.new_context(locale="zh-CN") as second:
                office = second.new_page()
                told_there = told_by(office)
                log_in(office, address, MANAGER)
                approves_it(office, months, stop)
                takes_last_month_s_report(office, months)
                assert told_there == []

            turn_to(page, "告警")
            page.evaluate(RENEW)
            expect(page.locator("#renewed")).not_to_be_empty(timeout=PATIENCE_MS)
            lost, port = page.locator("#lost"), int(address.rstrip("/").rpartition(":")[2])
            expect(lost).to_be_hidden()
            assert told == []
        page.evaluate(RENEW)
        expect(lost).to_contain_text("与中心失去连接", timeout=PATIENCE_MS)
        raise_alarm(months, LATE_ALARM, 60)
        with serving(months, chart_script, port, open_demo=False):
            expect(lost).to_be_hidden(timeout=PATIENCE_MS)  # by itself, and still logged in
            expect(page.locator(f"#active #alarm-{LATE_ALARM}")).to_be_visible()
    assert all("net::ERR_" in line for line in told)
