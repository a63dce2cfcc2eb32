"""The overview's figures: equal to rates worked out by hand, in both languages, at every edge of a month."""

import re
from contextlib import closing
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import pytest
from console_alarms import (
    COUNTY_EVENT,
    TOWN_EVENT,
    alarms_of_each_kind,
    an_event,
    beneath_events,
    put_alarms,
)
from console_centre import DAY_MS, HOUR_MS, NOW_MS, RUNNING, seed
from console_months import STATIONS, add_verdicts, made_report, seed_months, without_report
from fastapi.testclient import TestClient
from fresh_registry import fresh_registry

from console.app import create_app
from console.counties import ranks
from console.palette import PALETTES
from history.embedded import EmbeddedHistory
from registry.services import report_health
from registry.tables import County, DayVerdict, Report, Station

LAST_DAYS = (date(2026, 11, 18), date(2026, 11, 20))
THE_FIRST_MS = NOW_MS + 9 * DAY_MS + 10 * HOUR_MS  # 2026-12-01 00:05 in Shanghai
TAGS = re.compile(r"<[^>]+>")


def words_of(html):
    return re.sub(r"\s+", " ", TAGS.sub(" ", html)).strip()


def part(html, name):
    """The text of a section, or of the card of a month."""
    found = re.search(rf'<(section|article|div)[^>]*(?:id|aria-labelledby)="{name}".*?</\1>', html, re.DOTALL)
    assert found, name
    return words_of(found[0])


def county_rows(html):
    table = html[html.index('class="counties"') : html.index('id="services"')]
    return [words_of(row) for row in re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)][2:]


def test_this_month_and_last_are_what_the_hand_works_out(months_client):
    text = months_client.get("/").text
    november, october = part(text, "card-2026-11"), part(text, "card-2026-10")
    assert november.startswith("This month so far November 2026 90.00 % target met")
    assert "target 90 % lenient: 94.74 %" in november
    # one of twenty stopped four days in a row, one has no box
    assert "due to run 18 / 20 Not normal 1 Not assessable 1" in november
    assert "Connected 19 / 20 95.00 % Counted until 2026-11-20." in november
    assert october.startswith("Last month October 2026 85.00 % target missed")
    assert "lenient: 94.44 %" in october
    # one ran 27 of 31 days, of one 8 of 31 are unknown, one has no box
    assert "due to run 17 / 20 Not normal 1 Not assessable 2" in october
    assert "Connected 19 / 20 95.00 %" in october
    # 20 stations of 20 days, 5 of them excluded; 20 without a box and 5 unknown. Then 20 of 31; 31 and 8.
    assert f"Data completeness {100 * (400 - 5 - 25) / (400 - 5):.2f} %" in november
    assert f"Data completeness {100 * (620 - 39) / 620:.2f} %" in october
    assert 'href="#m-met"' in text
    assert 'href="#m-missed"' in text


def test_the_same_figures_in_chinese(months_client):
    text = months_client.get("/", params={"lang": "zh-CN"}).text
    november, october = part(text, "card-2026-11"), part(text, "card-2026-10")
    assert "本月至今 2026年11月 90.00 % 达标 正常运行率（从严）" in november
    assert "从宽：94.74 %" in november
    assert "正常 / 应运行 18 / 20" in november
    assert "上月 2026年10月 85.00 % 未达标" in october
    assert "月报第 1 版（已定稿）： 下载 XLSX" in october


def test_counties_stand_side_by_side_in_the_order_of_their_codes(months_client):
    text = months_client.get("/").text
    missed = "target missed"
    assert county_rows(text) == [
        "解放区 410802 3 0 0 3 3 0 0 100.00 % 1 100.00 %",
        f"博爱县 410822 4 1 0 4 3 1 0 75.00 % {missed} 3 50.00 % {missed}",
        "沁阳市 410882 10 1 2 10 10 0 0 100.00 % 1 100.00 %",
        f"孟州市 410883 3 0 0 3 2 0 1 66.67 % {missed} 4 66.67 % {missed}",
        "no county 2 0 0 0 0 0 0 – –",
        f"Whole city 22 2 2 20 18 1 1 90.00 % 85.00 % {missed}",
    ]
    listed = months_client.get("/stations?county=410883")
    assert 'href="/stations?county=410883"' in text
    assert "3 stations<" in listed.text


@pytest.mark.parametrize("subject", ["410822", "410822/月山镇"])
def test_an_area_event_is_an_alarm_of_its_county(months_client, months, subject):
    with months.registry.writing() as session:
        session.add(an_event(COUNTY_EVENT, subject))
        session.add(an_event(TOWN_EVENT, "999999/nowhere"))
    rows = county_rows(months_client.get("/").text)
    assert "博爱县 410822 4 1 1 4" in rows[1]
    assert "no county 2 0 1 0" in rows[4]


def test_only_what_rings_above_a_notice_is_an_alarm_of_a_county(months_client, months):
    put_alarms(months.registry, *alarms_of_each_kind(), *beneath_events())
    rows = county_rows(months_client.get("/").text)
    assert "沁阳市 410882 10 1 6 10" in rows[2]
    assert "Whole city 22 2 6 20" in rows[-1]


def test_last_month_leads_to_its_report_and_says_where_it_differs(months_client, months):
    october = part(months_client.get("/").text, "card-2026-10")
    assert "Report, revision 1 (Final): download XLSX" in october
    assert "The report says" not in october
    with months.registry.writing() as session:
        folder = Path(months.settings.reporting.path)
        session.add(made_report(folder, "2026-10", 2, "draft", "0.900000", "1.000000"))
    text = months_client.get("/").text
    assert "The report says 90.00 %; data have come or been corrected since." in part(text, "card-2026-10")
    (link,) = re.findall(r'href="(/reports/\d+/[^"]+)"', text)
    assert months_client.get(link).content.startswith(b"workbook of 2026-10, revision 2")


def test_the_trend_is_that_of_the_newest_reports_and_of_this_month(months_client):
    spec = months_client.get("/overview/trend.json").json()
    rows = [(row["month"], row["label"], row["is_met"], row["is_over"]) for row in spec["data"]["values"]]
    assert rows == [
        ("2026-08", "78.9", False, True),
        ("2026-09", "85.0", False, True),
        ("2026-10", "85.0", False, True),
        ("2026-11", "90.0", True, False),
    ]
    assert [layer["data"]["values"][0]["rate"] for layer in spec["layer"] if "data" in layer] == [90.0]
    table = part(months_client.get("/").text, "trend-table")
    assert "November 2026 so far 90.00 % 94.74 % target met October 2026 85.00 % 94.44 %" in table
    dark = months_client.get("/overview/trend.json", params={"theme": "dark", "lang": "zh-CN"})
    assert PALETTES["dark"].power in dark.text
    assert "目标 90 %" in dark.text


def test_the_trend_has_twelve_months_at_most_and_needs_no_report(months_client, months):
    rates = {f"2025-{month:02d}": "0.95" for month in range(1, 13)} | {"2026-01": None}
    with months.registry.writing() as session:
        session.add_all(
            Report(month=month, revision=1, status="draft", made_ms=NOW_MS, data_cutoff_ms=NOW_MS,
                   rule_version="1", author="reporting", summary={"by_number_strict": strict})
            for month, strict in rates.items()
        )  # fmt: skip
    shown = [row["month"] for row in months_client.get("/overview/trend.json").json()["data"]["values"]]
    assert shown == [f"2025-{month:02d}" for month in range(5, 13)] + [f"2026-{n:02d}" for n in range(8, 12)]
    with months.registry.writing() as session:
        without_report(session)
    shown = [row["month"] for row in months_client.get("/overview/trend.json").json()["data"]["values"]]
    assert shown == ["2026-10", "2026-11"]
    assert "No report of this month has been made yet." in part(months_client.get("/").text, "card-2026-10")


def test_on_the_first_of_a_month_no_day_is_over_and_no_number_is_shown(months_client, months):
    months.clock.now_ms = THE_FIRST_MS
    with months.registry.writing() as session:
        for station in (*STATIONS, *(f"410882-{n:04d}" for n in range(1, 11))):
            if STATIONS.get(station, "R") != ("", ""):
                add_verdicts(session, station, date(2026, 11, 21), "R" * 10)
    text = months_client.get("/").text
    december = part(text, "card-2026-12")
    assert "No day of this month is over yet. The first figure comes with tomorrow." in december
    assert "%" not in december
    assert "90.00 % target met" in part(text, "card-2026-11")
    assert county_rows(text)[-1].endswith("– – – – – 90.00 %")
    chinese = part(months_client.get("/", params={"lang": "zh-CN"}).text, "card-2026-12")
    assert "本月尚无已结束的日期，明日起有数据。" in chinese
    shown = [row["month"] for row in months_client.get("/overview/trend.json").json()["data"]["values"]]
    assert shown[-1] == "2026-11"


def test_a_new_verdict_shows_within_half_a_minute(months_client, months):
    assert "18 / 20" in part(months_client.get("/").text, "card-2026-11")
    with months.registry.writing() as session:
        session.query(DayVerdict).filter_by(station_id=RUNNING).filter(
            DayVerdict.day.between(*LAST_DAYS)
        ).update({"verdict": "stopped"})
    months.clock.now_ms += 29_999
    assert "18 / 20" in part(months_client.get("/").text, "card-2026-11")
    months.clock.now_ms += 1
    assert "85.00 % target missed" in part(months_client.get("/").text, "card-2026-11")


def test_a_month_nothing_is_known_of_has_no_rate(client):
    november = part(client.get("/").text, "card-2026-11")
    assert "No day verdict of this month is known yet, so there is no rate." in november
    assert "Normal / due to run 0 / 11" in november
    assert "No month has a rate yet." in client.get("/").text
    assert client.get("/overview/trend.json").json()["data"]["values"] == []


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            ("No station was due to run", "No month has a rate yet.", "No county is on the register yet."),
        ),
        ("zh-CN", ("该月无应运行站点。", "尚无任何月份的正常运行率。", "台账中尚无县（市、区）。")),
    ],
)
def test_an_empty_register_is_said_in_words(console_settings, tmp_path, language, said):
    with (
        closing(fresh_registry(console_settings.registry.url)) as registry,
        closing(EmbeddedHistory(tmp_path / "history.db")) as history,
    ):
        app = create_app(
            console_settings, registry, history, lambda: NOW_MS, tmp_path / "vega-0.js", open_demo=True
        )
        with TestClient(app, base_url="http://127.0.0.1") as browser:
            text = browser.get("/", headers={"accept-language": language}).text
    for words in said:
        assert words in text


def test_two_thousand_stations_fit_into_the_budget(months_client, months):
    with months.registry.writing() as session:
        session.add_all(County(code=f"4109{n:02d}", name=f"{n}号县（市、区）") for n in range(11))
        session.flush()
        session.add_all(
            Station(id=f"4109{n % 11:02d}-{n:04d}", name=f"{n}号污水处理站", county_code=f"4109{n % 11:02d}")
            for n in range(2000)
        )
    text = months_client.get("/").text
    assert "2,022 stations by state" in text
    assert "Normal / due to run 18 / 2,020" in part(text, "card-2026-11")
    assert len(text.encode()) <= 300_000


def test_postgresql_gives_the_same_figures(postgres, console_settings, tmp_path):
    with (
        closing(fresh_registry(postgres.new_registry())) as registry,
        closing(EmbeddedHistory(tmp_path / "history.db")) as history,
    ):
        seed(registry, history)
        seed_months(registry, tmp_path / "reports")
        app = create_app(
            console_settings, registry, history, lambda: NOW_MS, tmp_path / "vega-0.js", open_demo=True
        )
        with TestClient(app, base_url="http://127.0.0.1", headers={"accept-language": "en"}) as browser:
            text = browser.get("/").text
            assert "due to run 18 / 20" in part(text, "card-2026-11")
            assert county_rows(text)[2] == "沁阳市 410882 10 1 2 10 10 0 0 100.00 % 1 100.00 %"
            for path in (
                "/stations?county=410883",
                "/reports",
                f"/stations/{RUNNING}",
                "/overview/trend.json",
            ):
                assert browser.get(path).status_code == 200


@pytest.mark.parametrize(
    ("rates", "places"),
    [
        ({"a": 9, "b": 8, "c": 9, "d": 1}, {"a": 1, "b": 3, "c": 1, "d": 4}),
        ({"a": None, "b": 5}, {"b": 1}),
        ({"": 9, "a": 5}, {"a": 1}),
        ({}, {}),
    ],
)
def test_equal_rates_share_a_place_and_who_has_none_has_no_place(rates, places):
    rows = [NamedRate(code, None if share is None else Fraction(share, 10)) for code, share in rates.items()]
    assert ranks(rows) == places


class NamedRate(NamedTuple):
    """What a place is told by."""

    code: str
    strict: Fraction | None


WELL = {"lag_s": 0.4, "waiting_messages": 3}


@pytest.mark.parametrize(
    ("said", "broker", "collector", "store"),
    [
        ({"collector": ({}, WELL)}, "connected", "0.4 s behind, 3 waiting", "takes readings"),
        (
            {
                "collector": ({"broker": "refused"}, WELL),
                "collector-2": ({}, {"lag_s": 71, "waiting_messages": 9}),
            },
            "not connected: refused", "71.0 s behind, 12 waiting", "takes readings",
        ),
        (
            {"collector": ({"store": "disk full"}, {})},
            "connected", "0.0 s behind, 0 waiting", "takes no readings: disk full",
        ),
    ],
)  # fmt: skip
def test_the_way_of_the_data_is_told_by_the_worst_of_the_collectors(
    client, centre, said, broker, collector, store
):
    with centre.registry.writing() as session:
        for name, (conditions, figures) in said.items():
            report_health(session, name, NOW_MS - 1_000, conditions, figures)
    way = re.search(r'<dl class="facts way">.*?</dl>', client.get("/").text, re.DOTALL)[0]
    assert words_of(way) == (
        f"Broker {broker} Collector {collector} Store of the readings {store}"
        " Stations heard in the last hour 6 / 12"
    )
    assert ("missed" in way) == (broker != "connected" or store != "takes readings" or "71" in collector)


def test_who_has_not_spoken_for_a_minute_says_nothing(client, centre):
    centre.clock.now_ms = NOW_MS + 61_000
    way = re.search(r'<dl class="facts way">.*?</dl>', client.get("/").text, re.DOTALL)[0]
    assert words_of(way).startswith("Broker not known Collector not known Store of the readings not known")
    chinese = client.get("/?lang=zh-CN").text
    assert "消息服务器" in chinese
