"""The InfluxDB back end over a real influxd: what only it can do wrong."""

import time
from contextlib import closing
from dataclasses import replace

import pytest
from history_stores import InfluxStore
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from influx_server import InfluxServer, programs

from history.influx_place import InfluxPlace
from history.influxdb import InfluxHistory
from history.line_protocol import COUNTS, FIELDS, FIGURES, FLAGS
from history.port import (
    HistoryError,
    HistoryMisconfiguredError,
    QuarterHour,
    StationReading,
)
from telemetry.quantities import NAMES_BY_KIND
from telemetry.reading import Reading

A = "410882-0001"
DAY_MS = 86_400_000
FAR = 2**53


def power(t, d="power-1", **x):
    return StationReading(A, Reading(t=t, d=d, k="power", x=x or {"energy_kwh": float(t)}))


def flow(t, **x):
    return StationReading(A, Reading(t=t, d="flow-1", k="flow", x=x or {"volume_m3": float(t)}))


def times(history, station=A):
    return [reading.t for reading in history.raw(station, None, -FAR, FAR)]


@pytest.fixture
def history(influx):
    with closing(influx.open()) as opened:
        yield opened


@pytest.fixture
def own(tmp_path):
    """A server of this test's own, which may be killed."""
    server = InfluxServer(*programs(), tmp_path / "own")
    server.start()
    yield InfluxStore(server)
    server.stop()


def test_every_quantity_has_its_lasting_bit():
    """A name that moved would make stored readings lie: extend the lists below, never reorder them."""
    assert {
        "power": (
            *("active_power_kw", "voltage_l1_v", "voltage_l2_v", "voltage_l3_v", "current_l1_a"),
            *("current_l2_a", "current_l3_a", "power_factor", "frequency_hz", "energy_kwh"),
        ),
        "flow": ("flow_m3h", "level_m", "volume_m3"),
    } == FIELDS
    assert {kind: set(names) for kind, names in FIELDS.items()} == {
        kind: set(names) for kind, names in NAMES_BY_KIND.items()
    }
    assert QuarterHour._fields[2:] == (*FIGURES, *FLAGS, *COUNTS)


def test_the_fields_are_those_of_the_manual(influx, history):
    """Other programs draw their charts from them."""
    history.write([power(1), flow(2, flow_m3h=1.0, level_m=2.0, volume_m3=3.0)])
    mute = Reading(t=3, d="flow-1", k="flow", q="missing", why="no_response")
    history.write([StationReading(A, mute)])
    history.write_quarter_hours([QuarterHour(A, 900_000, 1.5)])
    database = influx.place.bucket.removesuffix("/raw")
    told = influx.server.query("SHOW FIELD KEYS", database)["series"]
    kinds = {each["name"]: dict(each["values"]) for each in told}
    assert kinds["power"] == {"energy_kwh": "float", "q": "integer", "known": "integer"}
    assert kinds["flow"] == {"q": "integer", "known": "integer", "why": "string"} | dict.fromkeys(
        FIELDS["flow"], "float"
    )
    assert kinds["quarter_hour"] == {"known": "integer"} | dict.fromkeys(FIGURES, "float") | dict.fromkeys(
        COUNTS, "integer"
    ) | dict.fromkeys(FLAGS, "boolean")
    tags = influx.server.query("SHOW TAG KEYS", database)["series"]
    assert {each["name"]: [key for (key,) in each["values"]] for each in tags} == {
        "flow": ["device", "station"],
        "power": ["device", "station"],
        "quarter_hour": ["station"],
    }


def test_a_point_that_another_program_wrote_is_read_as_far_as_it_goes(influx, history):
    database = influx.place.bucket.removesuffix("/raw")
    influx.server.write(database, f"flow,station={A},device=flow-1 volume_m3=5,colour=3i 7")
    assert history.raw(A, None, 0, 10) == [flow(7, volume_m3=5.0).reading]


def test_a_field_of_another_type_costs_only_the_readings_that_carry_it(influx, history):
    database = influx.place.bucket.removesuffix("/raw")
    influx.server.write(database, f"flow,station={A},device=flow-1 volume_m3=5i 1000")
    readings = [flow(t) if t % 3 == 0 else flow(t, level_m=1.0) for t in range(20)]
    rejected = history.write([*readings, power(5)])
    assert [each.reading for each in rejected] == readings[::3]
    for each in rejected:
        assert 'input field "volume_m3" on measurement "flow" is type float, already exists' in each.text
        assert "\n" not in each.text
    assert times(history) == sorted([*(t for t in range(20) if t % 3), 5, 1000])


def test_when_all_readings_are_refused_one_request_tells(influx, history):
    database = influx.place.bucket.removesuffix("/raw")
    influx.server.write(database, f"flow,station={A},device=flow-1 volume_m3=5i 1000000")
    many = [flow(t) for t in range(2_000)]
    asked = []
    post = history._writer._post
    history._writer._post = lambda body: (asked.append(body), post(body))
    assert [each.reading for each in history.write(many)] == many
    assert len(asked) == 1


def test_what_is_older_than_the_retention_comes_back_and_the_rest_is_kept(influx_server):
    name = influx_server.new_database("30d")
    now = time.time_ns() // 1_000_000
    with closing(InfluxHistory(replace(InfluxStore(influx_server).place, bucket=name))) as history:
        old, new = [power(now - 40 * DAY_MS + t) for t in range(5)], [power(now - t) for t in range(5)]
        rejected = history.write([*old[:2], *new[:3], *old[2:], *new[3:]])
        assert [each.reading for each in rejected] == old
        assert {each.text for each in rejected} <= {
            f"partial write: points beyond retention policy dropped={count}" for count in range(1, 6)
        }
        assert times(history) == sorted(each.reading.t for each in new)
        with pytest.raises(HistoryMisconfiguredError, match="Let the bucket keep at least 5 years"):
            history.write_quarter_hours([QuarterHour(A, now - 40 * DAY_MS)])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(st.sets(st.integers(0, 49)), st.integers(200, 3_000))
def test_whichever_lines_are_bad_they_come_back_and_no_others(influx, bad, most_bytes):
    store = InfluxStore(influx.server)
    with closing(store.open()) as history:
        history._writer._most_bytes = most_bytes
        readings = [power(t, energy_kwh=float("nan") if t in bad else 1.0) for t in range(50)]
        assert [each.reading.reading.t for each in history.write(readings)] == sorted(
            bad - set(range(50, 61))
        )
        assert times(history) == [t for t in range(50) if t not in bad]


junk = st.text(st.characters(codec="utf-8"), max_size=12)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(junk, junk)
def test_whatever_a_station_is_called_its_readings_are_its_own_or_come_back(history, name, device):
    """The contract allows plain names only; should another ever come, it must not spoil its neighbours."""
    odd = StationReading(name, Reading(t=1, d=device, k="power", x={"energy_kwh": 1.0}))
    rejected = history.write([power(1), odd, power(2)])
    assert times(history) == [1, 2]
    assert len(history.raw(A, None, -FAR, FAR)) == 2
    if rejected:
        (only,) = rejected
        assert only.reading is odd
        assert only.text.endswith("cannot be a tag's value")
        assert history.latest([name]) == {}
    else:
        assert odd.reading in history.raw(name, device, 0, 9)
        assert odd.reading in history.latest([name])[name]
        assert odd.reading in history.edges(name, 5, 6)


def test_names_that_need_care_are_kept_letter_by_letter(history):
    names = ["a b", "a,b", "a=b", "a'b", 'a"b', "a\\b", "\\a", "a\\,b", "污水站", "' OR station =~ /.*/ --"]
    history.write([StationReading(name, power(1).reading) for name in names])
    assert sorted(history.latest()) == sorted(names)
    assert all(times(history, name) == [1] for name in names)
    for name in ("", "a\n", "a\\", "a\x00", "\ud800"):
        (rejected,) = history.write([StationReading(name, power(1).reading)])
        assert rejected.text == f"{name!a} cannot be a tag's value"


def test_a_server_that_dies_and_returns_has_all_that_was_acknowledged(own):
    with closing(own.open()) as history:
        history.write([power(t) for t in range(100)])
        own.server.kill()
        for use in (lambda: history.write([power(100)]), lambda: history.raw(A, None, 0, 9)):
            with pytest.raises(HistoryError) as caught:
                use()
            assert str(caught.value) == f"history {own.server.url}: HTTP 502: 502 Bad Gateway"
        own.server.start()
        assert history.write([power(100)]) == []
        assert times(history) == list(range(101))


def test_a_server_that_hangs_is_given_up_and_may_still_store_what_it_got(own):
    with closing(InfluxHistory(replace(own.place, timeout_s=0.2))) as history:
        history.write([power(1)])
        own.server.freeze()
        try:
            with pytest.raises(HistoryError) as caught:
                history.write([power(2)])
            assert str(caught.value) == f"history {own.server.url}: no answer within 0.2 s"
            with pytest.raises(HistoryError, match=r"no answer within 0\.8 s"):
                history.latest()
        finally:
            own.server.thaw()
    with closing(own.open()) as history:
        assert history.write([power(2)]) == []
        assert times(history) == [1, 2]


def test_no_server_no_name_no_tls():
    def said(url):
        with closing(InfluxHistory(InfluxPlace(url, "qingliu"))) as history:
            texts = set()
            for use in (lambda: history.write([power(1)]), history.latest):
                with pytest.raises(HistoryError) as caught:
                    use()
                texts.add(str(caught.value).removeprefix(f"history {url}: "))
            return texts

    assert said("http://127.0.0.1:1") == {"cannot connect: Connection refused"}
    assert said("http://nowhere.invalid") == {"the host's name cannot be resolved"}


def test_a_server_that_asks_for_a_password(tmp_path):
    server = InfluxServer(*programs(), tmp_path / "closed", user="root", password="root-word")
    server.start()
    try:
        url = server.url
        place = replace(InfluxStore(server).place, username="root", password="root-word")
        for query in ("CREATE USER reader WITH PASSWORD 'r'", f"GRANT READ ON {place.bucket[:-4]} TO reader"):
            server.query(query)
        with closing(InfluxHistory(place)) as history:
            assert history.write([power(1)]) == []
            assert times(history) == [1]
        wrong = replace(place, password="guess")
        for bad in (wrong, replace(place, username="", token="guess"), replace(place, username="")):
            with closing(InfluxHistory(bad)) as history:
                for use in (lambda: history.write([power(1)]), history.latest):
                    with pytest.raises(HistoryMisconfiguredError) as caught:
                        use()
                    assert str(caught.value).startswith(f"history {url}: HTTP 401: ")
                    assert "Check token_file, or username and password_file" in str(caught.value)
                    assert "guess" not in str(caught.value)
        with closing(InfluxHistory(replace(place, username="reader", password="r"))) as history:
            assert times(history) == [1]
            with pytest.raises(HistoryMisconfiguredError, match=r"HTTP 403: .*Give the token or user"):
                history.write([power(2)])
    finally:
        server.stop()


def test_a_bucket_that_is_not_there(influx):
    for bucket in ("nowhere", f"{influx.place.bucket[:-4]}/nowhere"):
        with closing(InfluxHistory(replace(influx.place, bucket=bucket))) as history:
            for use in (lambda: history.write([power(1)]), history.latest):
                with pytest.raises(HistoryMisconfiguredError, match=r"not found.*Check url, org and bucket"):
                    use()


def test_latest_of_all_sees_what_others_write_today_at_once_and_older_at_the_next_scan(influx, monkeypatch):
    now = time.time_ns() // 1_000_000
    with closing(influx.open()) as one, closing(influx.open()) as other:
        one.write([power(now - 10 * DAY_MS), power(now - 9 * DAY_MS, "power-2")])
        assert [reading.d for reading in other.latest()[A]] == ["power-1", "power-2"]
        one.write([power(now), power(now - 5 * DAY_MS, "power-2")])
        assert [reading.t for reading in other.latest()[A]] == [now, now - 9 * DAY_MS]
        assert [reading.t for reading in one.latest()[A]] == [now, now - 5 * DAY_MS]
        assert [reading.t for reading in other.latest([A])[A]] == [now, now - 5 * DAY_MS]
        many = [f"station-{n}" for n in range(60)]
        assert set(other.latest([A, *many])) == {A}
        monkeypatch.setattr("history.influx_latest.SCAN_EVERY_S", -1.0)
        assert [reading.t for reading in other.latest()[A]] == [now, now - 5 * DAY_MS]


def test_many_stations_are_asked_for_at_once(influx, monkeypatch):
    stations = [f"station-{n:03}" for n in range(120)]
    with closing(influx.open()) as opened:
        opened.write([StationReading(name, power(1).reading) for name in stations])
        opened.write_quarter_hours([QuarterHour(name, 0, 1.0) for name in stations])
        asked = []
        series = opened._querier.series
        monkeypatch.setattr(opened._querier, "series", lambda query: (asked.append(query), series(query))[1])
        assert set(opened.latest(stations[:100])) == set(stations[:100])
        assert [row.station for row in opened.quarter_hours(0, 1, stations[:100])] == stations[:100]
        assert len(asked) == 3


def test_a_counter_that_a_later_writing_took_away_is_no_edge(history):
    for t in (0, 10 * DAY_MS):
        history.write([power(t - 20), power(t - 10), power(t + 10), power(t + 20)])
    history.write([power(t, active_power_kw=1.0) for t in (-10, 10 * DAY_MS - 10, 10 * DAY_MS + 10)])
    assert [each.t for each in history.edges(A, 10 * DAY_MS, 10 * DAY_MS)] == [
        10 * DAY_MS - 20,
        10 * DAY_MS + 20,
    ]
    assert [each.t for each in history.edges(A, 0, 5 * DAY_MS)] == [-20, 10 * DAY_MS - 20]
