from collections import Counter
from datetime import date
from itertools import pairwise

import pytest

from simulator.errors import ParameterError
from simulator.trial_cast import cast
from simulator.trial_kinds import KINDS
from simulator.trial_station import PLANT
from simulator.trial_truth import states

HOUR_S = 3600


def test_the_same_seed_makes_the_same_set_and_another_one_another():
    assert cast(1, 40, 30) == cast(1, 40, 30)
    (window, one), (other_window, other) = cast(1, 40, 30), cast(2, 40, 30)
    assert window != other_window
    assert {each.plant for each in one}.isdisjoint({each.plant for each in other})
    assert [each.happenings for each in one] != [each.happenings for each in other]


def test_a_set_of_150_stations_shows_every_kind_and_enough_stops():
    for seed in (1, 2, 3):
        window, stations = cast(seed, 150, 60)
        assert len({each.id for each in stations}) == len(stations) == 150
        assert set(KINDS) == {each.kind for each in stations}
        assert {each.plant.process for each in stations} == {
            *("A2O", "AO", "contact_oxidation", "MBR", "SBR", "biofilter", "wetland", "pond", ""),
        }
        assert {each.box.sampling_s for each in stations} == {60, 300, 900, 3600, 21_600, 86_400}
        assert {each.box.meters for each in stations} == {("power", "flow"), ("power",), ("flow",)}
        stops = [
            period.end_s - period.start_s
            for station in stations
            for period in states(station, window)
            if period.what == "stopped" and station.kind != "night_off"
        ]
        assert sum(length_s >= 6 * HOUR_S for length_s in stops) >= 80
        assert max(stops) > 5 * 24 * HOUR_S
        assert min(stops) < 6 * HOUR_S
        hours = Counter(
            int((each.start_s - window.start_s) % 86_400 // (6 * HOUR_S))
            for station in stations
            for each in station.of("stop")
        )
        assert all(hours[quarter] >= 10 for quarter in range(4))


def test_plants_lie_within_the_bands_of_village_stations():
    for seed in range(4):
        for station in cast(seed, 150, 60)[1]:
            plant = station.plant
            assert 5 <= plant.design_m3_per_day <= 300
            assert 0.15 <= plant.load <= 0.90
            assert plant.off_s == 0 or 590 <= plant.off_s <= 7_200
            assert 600 <= plant.on_s <= 21_600
            assert 24 * plant.standby_kw <= min(0.5, 0.15 * plant.usual_kwh) + 1e-9
            assert plant.night_h == 0 or 6 <= plant.night_h <= 10
            assert plant.usual_kwh > 0.02
            for kind, register in station.box.registers.items():
                usual = plant.usual_kwh if kind == "power" else plant.mean_m3
                assert register.step <= 0.04 * usual or register.step <= 0.01


def test_nothing_befalls_a_plant_twice_at_a_time():
    for seed in range(6):
        window, stations = cast(seed, 100, 40)
        for station in stations:
            own = sorted(each[1:3] for each in station.happenings if each.what in PLANT)
            assert all(before[1] <= after[0] for before, after in pairwise(own)), station.kind
            for each in station.happenings:
                assert window.start_s <= each.start_s <= each.end_s <= window.end_s, station.kind


def test_a_town_s_stations_lose_their_mains_together():
    _, stations = cast(5, 24, 60, ["town_cut"])
    by_town = {}
    for station in stations:
        by_town.setdefault(station.town, []).append(tuple(station.of("cut")))
    assert len(by_town) == 3
    for cuts in by_town.values():
        assert len(cuts) >= 4
        assert len(set(cuts)) == 1
        assert all(HOUR_S <= each.end_s - each.start_s + 300 <= 10.2 * HOUR_S for each in cuts[0])


def test_new_stations_begin_within_the_set_on_the_day_they_are_commissioned():
    window, stations = cast(5, 10, 60, ["new"])
    for station in stations:
        assert window.start_s + 5 * 86_400 < station.begins_s < window.end_s - 20 * 86_400
        commissioned = date.fromisoformat(station.columns[3])
        assert commissioned == window.dates()[int((station.begins_s - window.start_s) // 86_400)]
        assert all(each.start_s > station.begins_s for each in station.happenings)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((1, 0, 60), "--stations: 1 to 2000 (got 0). Choose a number of these."),
        ((1, 2001, 60), "--stations: 1 to 2000 (got 2001). Choose a number of these."),
        ((1, 10, 7), "--days: 8 to 366 (got 7). Choose a number of these."),
        ((1, 10, 400), "--days: 8 to 366 (got 400). Choose a number of these."),
        (
            (1, 10, 60, ["stop", "flood"]),
            "--kinds: names of kinds (got 'flood'). Choose of: ordinary, storm, ",
        ),
    ],
)
def test_sets_that_cannot_be_made_are_refused(arguments, said):
    with pytest.raises(ParameterError) as caught:
        cast(*arguments)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_fits_into_the_shortest_set_and_into_a_long_one(kind):
    for days in (8, 120):
        window, stations = cast(3, 3, days, [kind])
        assert {each.kind for each in stations} == {kind}
        for station in stations:
            assert states(station, window)[-1].end_s == window.end_s
