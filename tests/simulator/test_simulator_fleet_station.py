"""The invented stations of a fleet, and what the centre's register makes of them."""

import csv
import io
from contextlib import closing
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.database import open_registry
from registry.stations import COLUMNS as IMPORTED
from registry.stations import import_csv
from registry.tables import Station
from simulator.errors import ParameterError
from simulator.fleet_register import COLUMNS, stations_csv
from simulator.fleet_station import FleetStation, fleet_stations, station_ids
from telemetry.reading import fault_of

NOW_S = 1_795_305_600.0
TODAY = date(2026, 11, 22)


def fleet(count: int, prefix: str = "410882-F", pace: float = 60) -> list[FleetStation]:
    return list(fleet_stations(station_ids(prefix, count), now_s=NOW_S, pace=pace))


@settings(max_examples=25)
@given(st.integers(1, 500), st.lists(st.integers(-3_000, 90_000), min_size=2, max_size=30))
def test_totals_only_rise_and_no_instant_is_given_twice_even_by_a_clock_that_is_set_back(number, steps_ms):
    station = FleetStation(f"410882-F{number:04}", number, now_s=NOW_S, pace=60)
    wall_ms, read = int(NOW_S * 1000), []
    for step_ms in steps_ms:
        wall_ms += step_ms
        read.append(station.readings(wall_ms))
    for (power, flow), (later_power, later_flow) in pairwise(read):
        assert later_power.t > power.t
        assert later_flow.t > flow.t
        assert later_power.x["energy_kwh"] >= power.x["energy_kwh"]
        assert later_flow.x["volume_m3"] >= flow.x["volume_m3"]
    assert all(fault_of(each) is None for pair in read for each in pair)


def test_energy_is_the_integral_of_the_power_at_any_pace():
    for pace in (1, 60):
        station = fleet(7, pace=pace)[6]
        start_ms, steps = int(NOW_S * 1000), range(0, 3_600_000, 1_000)
        read = [station.readings(start_ms + ms) for ms in steps]
        used_kwh = read[-1][0].x["energy_kwh"] - read[0][0].x["energy_kwh"]
        mean_kw = sum(power.x["active_power_kw"] for power, _ in read) / len(read)
        assert used_kwh == pytest.approx(mean_kw, rel=0.03, abs=0.01)
        pumped_m3 = read[-1][1].x["volume_m3"] - read[0][1].x["volume_m3"]
        mean_m3h = sum(flow.x["flow_m3h"] for _, flow in read) / len(read)
        assert pumped_m3 == pytest.approx(mean_m3h, rel=0.05, abs=0.02)


def test_a_fleet_started_later_stands_higher():
    early = fleet(30)
    late = fleet_stations(station_ids("410882-F", 30), now_s=NOW_S + 86_400, pace=60)
    for before, after in zip(early, late, strict=True):
        assert after.plant.energy_kwh > before.plant.energy_kwh
        assert after.plant.volume_m3 > before.plant.volume_m3


def test_ids_are_numbered_from_1_and_stay_ids_beyond_9999():
    ids = station_ids("410882-F", 12_000)
    assert (ids[0], ids[9_998], ids[-1]) == ("410882-F0001", "410882-F9999", "410882-F12000")
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("prefix", ["", "a b", "410882/F", "x" * 28, "虚构"])
def test_a_prefix_that_makes_no_ids_is_refused(prefix):
    with pytest.raises(ParameterError, match="--prefix: 1 to 27 letters"):
        station_ids(prefix, 1)


def test_the_register_imports_what_is_written_and_every_name_says_that_it_is_invented(tmp_path):
    text = stations_csv(fleet(40), TODAY)
    assert COLUMNS == IMPORTED
    path = tmp_path / "stations.csv"
    path.write_text(text, encoding="utf-8")
    with closing(open_registry(f"sqlite:///{tmp_path}/registry.db")) as registry:
        with registry.writing() as session:
            assert import_csv(session, path) == 40
            assert import_csv(session, path) == 40
        with registry.reading() as session:
            station = session.get_one(Station, "410882-F0040")
            assert (station.county_code, station.connected_from) == ("410882", TODAY)
            assert "演示" in station.name
            assert "虚构" in station.name


def test_a_prefix_without_a_county_gives_stations_without_one():
    rows = list(csv.DictReader(io.StringIO(stations_csv(fleet(2, "load-"), TODAY))))
    assert [(row["station"], row["county"], row["town"]) for row in rows] == [
        ("load-0001", "", ""),
        ("load-0002", "", ""),
    ]
