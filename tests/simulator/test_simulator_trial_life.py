import pytest
from trial_stations import HOUR_S, WINDOW, between, day, station

from simulator.trial_life import live

STANDBY_KWH = 0.24


def used(life, start_day, end_day):
    return life.between(life.energy_kwh, day(start_day), day(end_day))


def flowed(life, start_day, end_day):
    return life.between(life.volume_m3, day(start_day), day(end_day))


def lived(*happenings, **drawn):
    return live(station(*happenings, **drawn), WINDOW, 1)


def test_an_ordinary_day_brings_what_the_plant_is_made_for():
    life = lived()
    for number in range(1, WINDOW.days):
        usual_kwh = 24 * 0.6 * 2 / 3 + 0.1 * life.usual_m3[number]
        assert used(life, number, number + 1) == pytest.approx(usual_kwh + STANDBY_KWH, rel=0.04)
        assert flowed(life, number, number + 1) == pytest.approx(life.usual_m3[number], rel=0.05)
        assert life.usual_m3[number] == pytest.approx(15, rel=0.25)
        assert life.usual_kwh[number] == pytest.approx(usual_kwh, rel=0.02)


@pytest.mark.parametrize("sampling_s", [60, 900])
@pytest.mark.parametrize("effluent", ["gravity", "pumped", "decanted"])
def test_a_stop_leaves_the_standby_alone_and_soon_no_effluent(effluent, sampling_s):
    sbr = {"on_s": 4 * HOUR_S, "off_s": 2 * HOUR_S} if effluent == "decanted" else {}
    drawn = {"effluent": effluent, **sbr}
    life = lived(between("stop", 3.25, 5.125), plant=drawn, sampling_s=sampling_s)
    assert used(life, 3.25, 5.125) == pytest.approx(1.875 * STANDBY_KWH, rel=1e-3)
    assert flowed(life, 3.25 + 3 / 24, 5.125) == 0.0
    assert flowed(life, 6, 7) > 10
    assert used(life, 6, 7) > 8


def test_with_the_mains_gone_not_even_the_standby_is_used():
    assert used(lived(between("cut", 3.0, 3.5)), 3.0, 3.5) == 0.0


def test_a_by_pass_flows_without_power():
    life = lived(between("bypass", 3, 5))
    assert used(life, 3, 5) == pytest.approx(2 * STANDBY_KWH)
    assert flowed(life, 3, 5) == pytest.approx(life.usual_m3[3] + life.usual_m3[4], rel=0.02)


def test_idling_uses_the_blower_s_energy_and_lets_nothing_go():
    life = lived(between("idle", 3, 6))
    assert used(life, 4, 5) == pytest.approx(24 * 0.6 * 2 / 3 + STANDBY_KWH, rel=0.03)
    assert flowed(life, 4, 6) == 0.0


def test_an_under_powered_plant_lets_go_as_usual_and_a_lowly_loaded_one_does_not():
    weak, low = lived(between("weak", 3, 6, 0.2)), lived(between("low", 3, 6, 0.2))
    for life, effluent in ((weak, 1.0), (low, 0.2)):
        assert used(life, 4, 5) - STANDBY_KWH == pytest.approx(0.2 * life.usual_kwh[4], rel=0.1)
        assert flowed(life, 4, 5) == pytest.approx(effluent * life.usual_m3[4], rel=0.1)


def test_a_heater_draws_as_much_as_the_blower_but_without_a_break():
    life = lived(between("heater", 3, 6))
    step = life.step(day(4))
    assert life.blower_kw[step : step + 200] == pytest.approx([0.4] * 200)
    assert used(life, 4, 5) == pytest.approx(used(lived(), 4, 5), rel=0.03)


def test_motors_that_fade_use_less_every_day():
    life = lived(between("fade", 2, 10, 0.1))
    days = [used(life, number, number + 1) for number in range(2, 10)]
    assert days == sorted(days, reverse=True)
    assert days[0] > 4 * days[-1]


def test_a_storm_brings_more_water_and_more_blowing():
    storm = lived(between("inflow", 3, 5, 4.0))
    assert flowed(storm, 4, 5) == pytest.approx(4 * flowed(lived(), 4, 5), rel=0.1)
    assert used(storm, 4, 5) > 1.15 * used(lived(), 4, 5)


def test_nights_without_inflow_have_no_effluent():
    life = lived(plant={"night_h": 8.0, "tank_s": 600.0})
    assert flowed(life, 4 + 1 / 24, 4 + 6 / 24) == 0.0
    assert flowed(life, 4, 5) == pytest.approx(life.usual_m3[4], rel=0.05)
