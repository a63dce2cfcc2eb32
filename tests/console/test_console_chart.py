"""The chart: few points, honest gaps, the centre's wall clock, and a script made once."""

import gzip
import subprocess
import sys
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from console_centre import DAY_MS, HOUR_MS, MINUTE_MS, NOW_MS, RUNNING, STATES
from fastapi.testclient import TestClient

from console import chart_bundle
from console.app import create_app
from console.charts import time_axis
from console.desk import FOLDER
from console.palette import PALETTES, ink_on
from console.series import MOST_POINTS, of_quarters, raw, shown_from, thinned
from console.station_means import day_means
from history.port import QUARTER_HOUR_MS, QuarterHour
from registry.exclusions import enter_exclusion
from telemetry.reading import Reading

START = NOW_MS - 7 * DAY_MS


def power(t, kw, device="power-1"):
    return Reading(t=t, d=device, k="power", x={} if kw is None else {"active_power_kw": kw})


def test_a_week_of_minutes_becomes_at_most_700_means_and_keeps_every_peak():
    readings = [power(START + n * MINUTE_MS, 1.0 if n % 2 else 3.0) for n in range(7 * 1440)]
    readings[4321] = power(START + 4321 * MINUTE_MS, 9.5)
    readings[7000] = power(START + 7000 * MINUTE_MS, 0.25)
    (series,) = thinned(readings, START, NOW_MS)
    assert len(series.points) <= MOST_POINTS
    known = [point for point in series.points if point.value is not None]
    assert max(point.high for point in known) == 9.5
    assert min(point.low for point in known) == 0.25
    assert all(point.low <= point.value <= point.high for point in known)
    assert [point.value for point in known[:2]] == [pytest.approx(2.0, abs=0.1)] * 2


def test_a_day_of_minutes_is_drawn_as_it_was_measured_with_its_gap():
    start = NOW_MS - DAY_MS
    times = [start + n * MINUTE_MS for n in range(1440) if not 100 <= n < 110]
    (series,) = raw([power(t, t / 1e12) for t in times], start, NOW_MS)
    assert [point.t for point in series.points if point.value is not None] == times
    assert [point.t for point in series.points if point.value is None] == [start + 99 * MINUTE_MS + 1]
    assert not series.is_thinned
    (fast,) = raw([power(start + n * 10_000, 1.0) for n in range(8640)], start, NOW_MS)
    assert (fast.is_thinned, len(fast.points) <= MOST_POINTS) == (True, True)
    (single,) = raw([power(start, 1.0)], start, NOW_MS)
    assert len(single.points) == 1


def test_quarter_hours_keep_their_highest_sample():
    rows = [
        QuarterHour(
            "s", START + n * QUARTER_HOUR_MS, power_mean_kw=1.0, power_max_kw=8.0 if n == 500 else 2.0
        )
        for n in range(31 * 96)
    ]
    (series,) = of_quarters(rows, START, START + 31 * DAY_MS)
    assert (series.kind, len(series.points) <= MOST_POINTS) == ("power", True)
    assert [point.high for point in series.points].count(8.0) == 1
    assert of_quarters([QuarterHour("s", START)], START, NOW_MS) == []


@pytest.mark.parametrize("spacing_ms", [MINUTE_MS, 15 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS])
def test_a_gap_is_one_break_whatever_the_sampling(spacing_ms):
    times = [START + n * spacing_ms for n in range(7 * DAY_MS // spacing_ms)]
    readings = [power(t, 1.0) for t in times if not 2 * DAY_MS < t - START < 5 * DAY_MS]
    for (series,) in (thinned(readings, START, NOW_MS), raw(readings, START, NOW_MS)):
        breaks = [number for number, point in enumerate(series.points) if point.value is None and number]
        assert len(breaks) == 1
        assert [point.t for point in series.points] == sorted(point.t for point in series.points)


def test_readings_without_a_value_are_no_points():
    assert thinned([power(NOW_MS - 1, None)], START, NOW_MS) == []


def test_a_day_is_the_centres_civil_day():
    midnight = NOW_MS - 14 * HOUR_MS - 5 * MINUTE_MS  # in Shanghai
    readings = [
        power(midnight - 1, 1.0),
        power(midnight, 2.0),
        power(midnight + 1, 4.0),
        power(midnight, 1.0, "power-2"),
    ]
    today, yesterday = day_means(readings, ZoneInfo("Asia/Shanghai"))
    assert (today.day.isoformat(), today.power_mean_kw, today.samples) == ("2026-11-21", 4.0, 3)
    assert (yesterday.day.isoformat(), yesterday.power_mean_kw, yesterday.power_max_kw) == (
        "2026-11-20",
        1.0,
        1.0,
    )


def layers(spec):
    return {layer["name"]: layer for layer in spec["layer"]}


def axis_title(layer):
    return layer["layer"][-1]["encoding"]["y"]["axis"]["title"]


def test_the_specification_is_in_the_readers_language_and_local_time(client):
    spec = client.get(f"/stations/{RUNNING}/chart.json", params={"days": "7"}).json()
    assert list(layers(spec)) == ["power", "flow", "band"]
    upper, lower = layers(spec)["power"], layers(spec)["flow"]
    assert spec["width"] == "container"
    assert (axis_title(upper), axis_title(lower)) == ("Power, kW", "Flow, m³/h")
    assert max(row["t"] for row in upper["data"]["values"]) == NOW_MS + 8 * HOUR_MS
    assert any(row["v"] is None for row in upper["data"]["values"])
    assert len(upper["data"]["values"]) <= MOST_POINTS + 2
    states = layers(spec)["band"]["layer"][0]["data"]["values"]
    assert {row["state"] for row in states} == {"Running"}
    chinese = client.get(f"/stations/{RUNNING}/chart.json", params={"lang": "zh-CN", "theme": "dark"}).json()
    assert axis_title(layers(chinese)["power"]) == "功率，kW"
    assert chinese["config"] != spec["config"]


def test_a_day_shows_every_reading_and_a_week_its_least_and_most(client):
    address = f"/stations/{RUNNING}/chart.json"
    day = layers(client.get(address, params={"range": "24h"}).json())["power"]
    assert len([row for row in day["data"]["values"] if row["v"] is not None]) == 144
    assert "hi" not in day["data"]["values"][0]
    week = layers(client.get(address, params={"range": "7d"}).json())["power"]
    assert all(row["lo"] <= row["v"] <= row["hi"] for row in week["data"]["values"] if row["v"] is not None)


def test_a_month_is_read_from_quarter_hours_and_a_quarter_from_whole_days(months_client, months, monkeypatch):
    first = NOW_MS - 31 * DAY_MS
    first -= first % QUARTER_HOUR_MS
    months.history.write_quarter_hours(
        QuarterHour(
            RUNNING, first + n * QUARTER_HOUR_MS, 0.3, 0.1, 1.2, 4.5, 0.4, 0.6, power_good=15, flow_good=15
        )
        for n in range(31 * 96)
    )
    monkeypatch.setattr(months.history, "raw", None)  # no reading is read
    address = f"/stations/{RUNNING}/chart.json"
    month = layers(months_client.get(address, params={"range": "31d"}).json())
    assert list(month)[:4] == ["power", "flow", "energy", "volume"]
    assert {row["hi"] for row in month["power"]["data"]["values"] if row["v"]} == {4.5}
    assert len([row for row in month["energy"]["data"]["values"] if row["v"]]) == 30  # today is not over
    months.history.close()
    quarter = layers(months_client.get(address, params={"range": "90d"}).json())
    assert list(quarter)[:2] == ["energy", "volume"]
    bars = [row for row in quarter["energy"]["data"]["values"] if row["v"]]
    assert (len(bars), bars[0]["d"], bars[-1]["d"]) == (51, "2026-10-01", "2026-11-20")
    assert (
        min(bar["t"] for bar in bars) - min(row["t"] for row in quarter["energy"]["data"]["values"]) > DAY_MS
    )


def test_alarms_and_approved_stops_are_marked_where_they_were(client, centre):
    with centre.registry.writing() as session:
        enter_exclusion(
            session, "410882-0004", date(2026, 11, 17), date(2026, 11, 18), reason="maintenance",
            applicant="王工", approver="李科", entered_ms=NOW_MS,
        )  # fmt: skip
    spec = client.get("/stations/410882-0004/chart.json", params={"range": "7d"}).json()
    shown = layers(spec)
    (stop,) = shown["stops"]["data"]["values"]
    assert (stop["why"], stop["end"] - stop["t"]) == ("planned maintenance", 2 * DAY_MS)
    offline, stopped = shown["alarms"]["data"]["values"]
    assert (offline["kind"], offline["end"] - offline["t"]) == ("notice", 2 * HOUR_MS)
    assert (stopped["kind"], stopped["what"], stopped["until"]) == ("alarm", "Stopped", "stands")
    earlier = client.get(
        "/stations/410882-0004/chart.json", params={"from": "2026-11-01", "to": "2026-11-10"}
    )
    assert "alarms" not in layers(earlier.json())
    assert "stops" not in layers(earlier.json())


def test_a_station_without_readings_has_a_chart_that_says_so(client):
    spec = client.get("/stations/410882-0004/chart.json").json()
    assert [row["said"] for row in layers(spec)["nothing"]["data"]["values"]] == [
        "",
        "",
        "No readings in this time.",
    ]
    assert client.get("/stations/410882-4711/chart.json").json() == {"error": "no_station"}
    assert client.get("/stations/new-box/chart.json", params={"days": "9" * 30}).status_code == 200


def test_a_name_in_the_band_is_read_on_its_colour():
    assert {ink_on(tone) for tone in ("#b3261e", "#2f7d4f", "#7a4fa3")} == {"#ffffff"}
    assert {ink_on(tone) for tone in ("#d9a400", "#c9ced3")} == {"#12171b"}


def test_state_colours_are_those_of_the_style_sheet():
    sheet = (FOLDER / "static" / "console.css").read_text(encoding="utf-8")
    for theme in PALETTES.values():
        assert set(theme.tones) == set(STATES)
        for state, colour in theme.tones.items():
            assert f"--s-{state}: {colour};" in sheet


def test_the_script_is_made_once_and_served_compressed_for_long(centre, chart_script):
    made = chart_script.stat().st_mtime_ns
    chart_bundle.ensure(chart_script)
    assert chart_script.stat().st_mtime_ns == made
    assert gzip.decompress(chart_bundle.compressed(chart_script).read_bytes()) == chart_script.read_bytes()
    app = create_app(
        centre.settings, centre.registry, centre.history, centre.clock, chart_script, open_demo=True
    )
    with TestClient(app, base_url="http://127.0.0.1") as client:
        page = client.get(f"/stations/{RUNNING}").text
        assert f'<script src="/static/{chart_script.name}" defer>' in page
        assert "<noscript>" in page
        small = client.get(f"/static/{chart_script.name}")
        plain = client.get(f"/static/{chart_script.name}", headers={"accept-encoding": "identity"})
    assert small.headers["content-encoding"] == "gzip"
    assert "immutable" in small.headers["cache-control"]
    assert small.content == plain.content == chart_script.read_bytes()
    assert b"vegaEmbed" in small.content


def test_a_script_that_cannot_be_made_is_said_in_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "vega-1.js"
    with pytest.raises(chart_bundle.BundleError, match=r"chart script .*vega-1.js: .*File exists"):
        chart_bundle.ensure(path)
    usage = subprocess.run(
        [sys.executable, "-m", "console.chart_bundle"], capture_output=True, check=False, timeout=60
    )
    assert usage.returncode == 2


def test_the_script_is_kept_where_the_system_wants_it(monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert chart_bundle.bundle_path().parent == Path("/x/qingliu")
    monkeypatch.setenv("CACHE_DIRECTORY", "/var/cache/qingliu:/other")
    assert chart_bundle.bundle_path().parent == Path("/var/cache/qingliu")
    assert chart_bundle.bundle_path().name.startswith("vega-")


@pytest.mark.parametrize(
    ("first_ms", "begins_ms"),
    [(0, 0), (3 * DAY_MS, 0), (5 * DAY_MS, 5 * DAY_MS), (7 * DAY_MS - 1, 7 * DAY_MS - 15 * MINUTE_MS)],
)
def test_the_chart_of_a_young_station_begins_with_its_readings(first_ms, begins_ms):
    assert shown_from(first_ms, 0, 7 * DAY_MS) == begins_ms
    assert shown_from(None, 0, 7 * DAY_MS) == 0


def test_an_axis_is_ticked_by_the_clock_by_days_or_by_months():
    formats = [time_axis(days * DAY_MS)["format"] for days in (1, 7, 90, 365)]
    assert formats == ["%H:%M", "%m-%d", "%m-%d", "%Y-%m"]
