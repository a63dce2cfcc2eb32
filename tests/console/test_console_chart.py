"""The chart: few points, honest gaps, the centre's wall clock, and a script made once."""

import gzip
import subprocess
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from console_centre import DAY_MS, HOUR_MS, MINUTE_MS, NOW_MS, RUNNING, STATES
from fastapi.testclient import TestClient

from console import chart_bundle
from console.app import create_app
from console.charts import station_chart
from console.desk import FOLDER
from console.language import load_languages
from console.palette import PALETTES
from console.reader import Reader
from console.series import MOST_POINTS, day_means, shown_from, thinned
from telemetry.reading import Reading

START = NOW_MS - 7 * DAY_MS


def power(t, kw, device="power-1"):
    return Reading(t=t, d=device, k="power", x={} if kw is None else {"active_power_kw": kw})


def test_a_week_of_minutes_becomes_at_most_700_means():
    readings = [power(START + n * MINUTE_MS, 1.0 if n % 2 else 3.0) for n in range(7 * 1440)]
    (series,) = thinned(readings, START, NOW_MS)
    assert len(series.points) <= MOST_POINTS
    assert {value for _, value in series.points if value is not None} <= {1.8, 1.9333, 2.0, 2.0667}


@pytest.mark.parametrize("spacing_ms", [MINUTE_MS, 15 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS])
def test_a_gap_is_one_break_whatever_the_sampling(spacing_ms):
    times = [START + n * spacing_ms for n in range(7 * DAY_MS // spacing_ms)]
    readings = [power(t, 1.0) for t in times if not 2 * DAY_MS < t - START < 5 * DAY_MS]
    (series,) = thinned(readings, START, NOW_MS)
    breaks = [number for number, (_, value) in enumerate(series.points) if value is None]
    assert len([number for number in breaks if number > 0]) == 1
    assert [t for t, _ in series.points] == sorted(t for t, _ in series.points)


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


def test_the_specification_is_in_the_readers_language_and_local_time(client):
    spec = client.get(f"/stations/{RUNNING}/chart.json", params={"days": "7"}).json()
    band, upper, lower = spec["layer"]
    assert spec["width"] == "container"
    assert (upper["encoding"]["y"]["axis"]["title"], lower["encoding"]["y"]["axis"]["title"]) == (
        "Power, kW",
        "Flow, m³/h",
    )
    assert max(row["t"] for row in upper["data"]["values"]) == NOW_MS + 8 * HOUR_MS
    assert any(row["v"] is None for row in upper["data"]["values"])
    assert len(upper["data"]["values"]) <= MOST_POINTS + 2
    assert {row["state"] for row in band["data"]["values"]} == {"Running"}
    chinese = client.get(f"/stations/{RUNNING}/chart.json", params={"lang": "zh-CN", "theme": "dark"}).json()
    assert chinese["layer"][1]["encoding"]["y"]["axis"]["title"] == "功率，kW"
    assert chinese["config"] != spec["config"]


def test_a_station_without_readings_has_a_chart_that_says_so(client):
    spec = client.get("/stations/410882-0004/chart.json").json()
    assert [row["said"] for row in spec["layer"][1]["data"]["values"]] == [
        "",
        "",
        "No readings in this time.",
    ]
    assert client.get("/stations/410882-4711/chart.json").json() == {"error": "no_station"}
    assert client.get("/stations/new-box/chart.json", params={"days": "9" * 30}).status_code == 200


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
    assert shown_from([power(first_ms, 1.0)], 0, 7 * DAY_MS) == begins_ms
    assert shown_from([], 0, 7 * DAY_MS) == 0


def test_less_than_two_days_are_ticked_by_the_clock():
    reader = Reader(load_languages()["en"], ZoneInfo("Asia/Shanghai"), NOW_MS)
    formats = [
        station_chart(reader, [], [], 0, span, "light")["encoding"]["x"]["axis"]["format"]
        for span in (DAY_MS, 7 * DAY_MS)
    ]
    assert formats == ["%H:%M", "%m-%d"]
