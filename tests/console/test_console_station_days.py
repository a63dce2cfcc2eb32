"""The days of a station: what each counts as, in squares, in words and as a table; stations without a box."""

import re
from datetime import date

from console_centre import DAY_MS, HOUR_MS, NOW_MS, RUNNING
from console_months import EXCLUDED, STATIONS, UNCONNECTED

from registry.tables import DayVerdict, Inspection, Station

NOVEMBER_6 = date(2026, 11, 6)
LETTER = {"running": "R", "stopped": "S", "unknown": "U", "excluded": "X", "off": "-", "open": " "}


def strips(text):
    """The marks of each month's squares, as letters."""
    found = re.findall(r'<div class="strip".*?</div>', text, re.DOTALL)
    return [
        "".join(LETTER[mark] for mark in re.findall(r'<span class="day d-(\w+)"', strip)) for strip in found
    ]


def facts(text, month):
    """The figures under a month's squares."""
    part = text[text.index(f"<h3>{month}") :]
    part = part[: part.index("</dl>")]
    return re.findall(r"<dd>(.*?)</dd>", part), re.search(r"j-(\w+)", part)[1]


def test_each_day_is_a_square(months_client):
    for station in STATIONS.keys() - {EXCLUDED, UNCONNECTED}:
        november, october = strips(months_client.get(f"/stations/{station}").text)
        assert november == STATIONS[station].november + " " * 10
        assert october == STATIONS[station].october


def test_a_month_is_counted_and_judged(months_client):
    text = months_client.get("/stations/410822-0002").text
    # countable, running, stopped, unknown, excluded, share, longest stop
    assert facts(text, "November 2026") == (["20", "18", "2", "0", "0", "90.00 %", "1 d"], "normal")
    assert facts(text, "October 2026") == (["31", "27", "4", "0", "0", "87.10 %", "1 d"], "not_normal")
    text = months_client.get("/stations/410822-0004").text
    assert facts(text, "October 2026") == (["31", "23", "0", "8", "0", "100.00 %", "0 d"], "not_assessable")


def test_approved_days_are_marked_with_their_reason(months_client):
    text = months_client.get(f"/stations/{EXCLUDED}").text
    assert strips(text)[0] == "X" * 5 + "R" * 15 + " " * 10
    assert 'title="2026-11-01: Excluded, planned maintenance"' in text
    assert 'title="2026-11-06: Running, energy as expected"' in text
    assert 'title="2026-11-21: not over yet"' in text
    assert 'aria-label="Days of November 2026: Running 15, Excluded 5"' in text
    chinese = months_client.get(f"/stations/{EXCLUDED}", params={"lang": "zh-CN"}).text
    assert 'title="2026-11-01：剔除，计划检修"' in chinese
    assert 'aria-label="2026年11月各日：运行 15，剔除 5"' in chinese


def test_the_table_has_the_figures_of_every_day_that_counts(months_client):
    text = months_client.get("/stations/410822-0003").text
    table = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text[text.index('class="verdicts"') :]))
    assert "2026-11-20 Stopped neither energy nor effluent 0.04 0.00 24" in table
    assert "2026-11-16 Running energy as expected 13.50 18.25 24" in table
    assert table.index("2026-11-20") < table.index("2026-11-01") < table.index("2026-10-31")
    assert "2026-11-21" not in table[: table.index("Live values")]


def test_a_station_without_a_box_is_unknown_day_by_day_and_says_why(months_client):
    text = months_client.get(f"/stations/{UNCONNECTED}").text
    assert strips(text)[0] == "U" * 20 + " " * 10
    assert 'title="2026-11-03: Too little data, no data"' in text
    listed = months_client.get("/stations?county=410883").text
    assert listed.count("No box connected yet") == 1
    assert "尚未接入" in months_client.get("/stations?county=410883&lang=zh-CN").text


def test_days_before_commissioning_are_off_the_register(months_client, months):
    with months.registry.writing() as session:
        session.get(Station, "410802-0001").commissioned = NOVEMBER_6
    text = months_client.get("/stations/410802-0001").text
    assert strips(text) == ["-" * 5 + "R" * 15 + " " * 10, "-" * 31]
    assert 'title="2026-11-05: not on the register"' in text
    assert facts(text, "October 2026")[1] == "not_counted"


def test_an_inspection_that_found_a_station_not_normal_is_named(months_client, months):
    with months.registry.writing() as session:
        session.add(
            Inspection(station_id=RUNNING, day=NOVEMBER_6, occasion="unannounced", result="abnormal",
                       entered_ms=NOW_MS)
        )  # fmt: skip
    text = months_client.get(f"/stations/{RUNNING}").text
    assert facts(text, "November 2026") == (
        ["20", "20", "0", "0", "0", "100.00 %", "0 d", "found not normal"],
        "not_normal",
    )


def test_on_the_first_the_new_month_is_empty_and_the_old_one_whole(months_client, months):
    months.clock.now_ms = NOW_MS + 9 * DAY_MS + 10 * HOUR_MS
    december, november = strips(months_client.get(f"/stations/{RUNNING}").text)
    assert december == " " * 31
    assert november == "R" * 20 + "U" * 10


def test_a_station_to_be_checked_does_not_count(client):
    text = client.get("/stations/new-box").text
    assert "This station does not count before it has been checked and imported." in text
    assert strips(text) == []


def test_a_reason_of_a_later_version_is_shown_as_it_is(months_client, months):
    with months.registry.writing() as session:
        session.get(DayVerdict, (RUNNING, NOVEMBER_6)).reason = "not_yet_named"
    assert 'title="2026-11-06: Running, not_yet_named"' in months_client.get(f"/stations/{RUNNING}").text


def test_stations_are_filtered_by_county_together_with_state_and_words(months_client):
    text = months_client.get("/stations", params={"county": "410822", "state": "stopped", "q": "号"}).text
    assert re.findall(r'<th scope="row"><a href="/stations/([\w-]+)"', text) == ["410822-0003"]
    assert '<option value="410822" selected>博爱县</option>' in text
    assert 'href="/stations?q=%E5%8F%B7&amp;county=410822&amp;state=running"' in text
    assert '<input type="hidden" name="state" value="stopped">' in text
    assert "No station fits." in months_client.get("/stations", params={"county": "' OR 1=1 --"}).text
