"""How a station's month came about, as a page: calendar, conditions, days, stops; and the chart of a day."""

import re
from datetime import date
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from console_centre import DAY_MS, HOSTILE, HOUR_MS, NOW_MS, RUNNING
from console_months import EXCLUDED, STATIONS, UNCONNECTED
from playwright.sync_api import expect
from test_console_browser import PATIENCE_MS, browsing, serving

from registry.tables import DayVerdict, Exclusion, Inspection, Station, VerdictRevision
from reporting.records import station_months
from service.civil import Month

ZONE = ZoneInfo("Asia/Shanghai")
LETTER = {"running": "R", "stopped": "S", "unknown": "U", "excluded": "X", "off": "-", "open": " "}
MISSED = "410822-0003"
"""Stopped for the last four days of November."""


def page(client, station, month="2026-11", **asked):
    answer = client.get(f"/stations/{station}/months/{month}", params=asked)
    assert answer.status_code == 200
    return answer.text


def plain(html):
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", html).split()))


def calendar(text):
    table = re.search(r'<table id="calendar".*?</table>', text, re.DOTALL)[0]
    return "".join(LETTER[mark] for mark in re.findall(r'<a class="day d-(\w+)"', table))


def part(text, name):
    return plain(re.search(rf'<section id="{name}".*?</section>', text, re.DOTALL)[0])


def test_each_day_stands_in_the_calendar_and_leads_to_its_chart(months_client):
    for station in STATIONS.keys() - {EXCLUDED, UNCONNECTED}:
        text = page(months_client, station)
        assert calendar(text) == STATIONS[station].november + " " * 10
        assert calendar(page(months_client, station, "2026-10")) == STATIONS[station].october
    assert f'href="/stations/{MISSED}?day=2026-11-17#chart-head" aria-label="2026-11-17 Stopped, ' in page(
        months_client, MISSED
    )
    weeks = re.findall(r"<tr>(.*?)</tr>", text[text.index('id="calendar"') :].partition("</table>")[0])
    assert [len(re.findall(r"<t[dh]", week)) for week in weeks] == [7] * 7  # the heads, and six weeks
    assert weeks[1].count("<td></td>") == 6  # the 1st was a Sunday


def test_the_conditions_say_what_decided(months_client):
    text = part(page(months_client, MISSED), "month")
    assert "Not normal Missed: running days, longest stop." in text
    assert "running days R / (K − U) 16 / 20 = 80.00 % ≥ 90 % missed decides" in text
    assert "longest stop (over the month's edges) 4 d 2026-11-17 to 2026-11-20 < 4 d missed decides" in text
    assert "unknown days U / K 0 / 20 = 0.00 % ≤ 25 % met" in text
    exactly = part(page(months_client, "410822-0002"), "month")
    assert "Normal All conditions are met." in exactly
    assert "18 / 20 = 90.00 % ≥ 90 % met" in exactly
    chinese = part(page(months_client, "410822-0004", "2026-10", lang="zh-CN"), "month")
    assert "数据不足 数据不足天数超过应运行天数的 25 %" in chinese
    assert "8 / 31 = 25.81 % ≤ 25 % 不符合 决定判定" in chinese


def test_its_counts_are_the_rate_s(months_client, months):
    with months.registry.reading() as session:
        rated = station_months(session, Month(2026, 11), ZONE, NOW_MS)
    for each in rated:
        facts = re.findall(r"<dd>(.*?)</dd>", page(months_client, each.facility.id))
        counts = (each.calendar_days, each.excluded_days, each.countable_days, each.running, each.stopped,
                  each.unknown)  # fmt: skip
        assert [int(fact) for fact in facts[:6]] == list(counts)


def test_the_table_has_every_day_with_what_was_corrected_and_replaced(months_client, months):
    with months.registry.writing() as session:
        row = session.get(DayVerdict, (RUNNING, date(2026, 11, 6)))
        row.corrected_by, row.correction_reason, row.reason = "王工", HOSTILE, "corrected"
        session.add(
            VerdictRevision(station_id=RUNNING, day=row.day, verdict="stopped", reason="no_energy",
                            rule_version="1", computed_ms=NOW_MS, replaced_ms=NOW_MS)
        )  # fmt: skip
        session.add(
            Inspection(station_id=RUNNING, day=date(2026, 11, 9), occasion="patrol", result="abnormal",
                       findings=HOSTILE, inspector="李工", entered_ms=NOW_MS)
        )  # fmt: skip
    text = page(months_client, RUNNING)
    assert HOSTILE not in text
    days = plain(text[text.index('id="all-days"') :])
    assert "2026-11-06 Running corrected by hand 17.50 18.25 24 – 王工: " in days
    assert "stopped (no energy) until 2026\N{NON-BREAKING HYPHEN}11\N{NON-BREAKING HYPHEN}21 14:05" in days
    assert "2026-11-09 patrol not normal" in part(text, "inspections")
    assert "Missed: inspection." in part(text, "month")


def test_what_waits_for_a_manager_is_counted(months_client, months):
    with months.registry.writing() as session:
        session.add(
            Exclusion(station_id=MISSED, start=date(2026, 11, 14), end=date(2026, 11, 22), reason="season",
                      applicant="甲", approver="乙", entered_ms=NOW_MS - DAY_MS)
        )  # fmt: skip
    text = page(months_client, MISSED)
    assert calendar(text) == "R" * 13 + "X" * 5 + "SS" + " " * 10
    assert part(text, "stops").endswith("2026-11-14 2026-11-22 seasonal stop 甲 乙 – 2026-11-20 14:05 5 4")
    assert "beyond 5 days of the month: waits for a manager" in plain(text)
    assert "No approved stop touches this month." in page(months_client, MISSED, "2026-10")


def test_the_months_beside_it_are_linked_up_to_the_present(months_client):
    october, november = (page(months_client, RUNNING, month) for month in ("2026-10", "2026-11"))
    assert f'href="/stations/{RUNNING}/months/2026-09" rel="prev"' in october
    assert f'href="/stations/{RUNNING}/months/2026-11" rel="next"' in october
    assert 'rel="next"' not in november
    assert 'rel="prev"' not in page(months_client, RUNNING, "2000-01")
    future = page(months_client, RUNNING, "2026-12")
    assert "No day of this month is over yet." in future
    assert "There is no countable day." in future


@pytest.mark.parametrize(
    "path",
    [f"/stations/{RUNNING}/months/2026-13", f"/stations/{RUNNING}/months/1999-12",
     f"/stations/{RUNNING}/months/9999-12", "/stations/nobody/months/2026-11", "/reports/months/2026-1"],
)  # fmt: skip
def test_what_is_not_there(months_client, path):
    assert months_client.get(path).status_code == 404


def test_a_station_to_be_checked_and_one_with_a_hostile_name(client):
    assert "does not count before it has been checked and imported" in page(client, "new-box")
    text = page(client, "hostile")
    assert HOSTILE not in text


def test_days_off_the_register_and_the_facility(months_client, months):
    with months.registry.writing() as session:
        session.get(Station, "410802-0001").commissioned = date(2026, 11, 6)
    text = page(months_client, "410802-0001", lang="zh-CN")
    assert calendar(text) == "-" * 5 + "R" * 15 + " " * 10
    assert 'aria-label="2026-11-05 不在册"' in text
    assert "位置 解放区" in plain(text)
    assert "设计规模 20 m³/d" in plain(text)


def test_the_way_to_it_from_the_station_and_from_the_reports(months_client):
    station = months_client.get(f"/stations/{MISSED}").text
    assert f'href="/stations/{MISSED}/months/2026-11"' in station
    assert f'href="/stations/{MISSED}/months/2026-10"' in station
    reports = months_client.get("/reports").text
    assert reports.count('href="/reports/months/2026-10"') == 2
    listed = months_client.get("/reports/months/2026-10").text
    assert re.findall(r'<th scope="row"><a href="([^"]+)"', listed) == [
        "/stations/410822-0002/months/2026-10", "/stations/410822-0004/months/2026-10",
        "/stations/410883-0003/months/2026-10",
    ]  # fmt: skip
    assert "410822-0002 博爱县 Not normal 87.10 % 1 d 0" in plain(listed)
    assert (
        "Every station that was due to run was normal." in months_client.get("/reports/months/2024-01").text
    )


@pytest.mark.parametrize("day", ["2026-11-22", "1999-12-31", "yesterday", "2026-11-31", ""])
def test_a_day_that_cannot_be_shown_is_passed_over(client, day):
    text = client.get(f"/stations/{RUNNING}", params={"day": day}).text
    assert '<h2 id="chart-head">Last 7 days</h2>' in text


def test_the_chart_of_a_day_goes_from_midnight_to_midnight(client):
    text = client.get(f"/stations/{RUNNING}", params={"day": "2026-11-20"}).text
    assert '<h2 id="chart-head">2026-11-20</h2>' in text
    assert 'href="?day=2026-11-19#chart-head"' in text
    assert 'href="?day=2026-11-21#chart-head"' in text
    assert 'rel="next"' not in client.get(f"/stations/{RUNNING}", params={"day": "2026-11-21"}).text
    means = re.search(r'<table class="means">.*?</table>', text, re.DOTALL)[0]
    assert re.findall(r'<th scope="row"><a href="[^"]+">(.*?)</a></th>', means) == ["2026-11-20"]
    spec = client.get(f"/stations/{RUNNING}/chart.json", params={"day": "2026-11-20"}).json()
    times = [row["t"] for layer in spec["layer"] for row in layer.get("data", {}).get("values", ())]
    assert max(times) - min(times) == 24 * HOUR_MS
    assert min(times) % DAY_MS == 0  # the wall clock's midnight


def test_in_a_browser_on_a_phone_a_day_is_chosen(months, chart_script, chromium):
    with serving(months, chart_script) as address, browsing(chromium) as shown:
        shown.set_viewport_size({"width": 360, "height": 800})
        shown.goto(f"{address}stations/{RUNNING}/months/2026-11")
        assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth")
        boxes = shown.locator("#calendar tbody tr:nth-child(2) td").evaluate_all(
            "all => all.map(td => [td.getBoundingClientRect().top, td.getBoundingClientRect().width])"
        )
        assert len({top for top, _ in boxes}) == 1  # a week stays a row
        assert all(width > 30 for _, width in boxes)
        day = shown.locator("#calendar a[href*='day=2026-11-16']")
        expect(day).to_contain_text("运")
        day.click()
        expect(shown.locator("#chart svg").first).to_be_visible(timeout=PATIENCE_MS)
        expect(shown.locator("#chart-head")).to_have_text("2026-11-16")
        source = f"/stations/{RUNNING}/chart.json?day=2026-11-16"
        expect(shown.locator("#chart")).to_have_attribute("data-src", source)
