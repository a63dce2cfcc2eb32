"""Whole stations that live for weeks: nothing rings that is usual, and stops are found in time."""

import pytest
from synthetic_station import FIRST, START, Life, approved_stop

from service.civil import ONE_DAY

LEARNT_H = 40 * 24
WEEKS_H = 35 * 24
QUARTERS_A_DAY = 96


def steady(amount):
    return lambda _: amount


nothing = steady(0.0)


def of_day(number):
    """The hour of the day of a quarter hour."""
    return number % QUARTERS_A_DAY / 4


STATIONS = {
    "that never pauses": {"power": steady(0.1), "flow": steady(0.2)},
    "on a timer of 2 h": {"power": lambda n: 0.25 * (n // 8 % 2 == 0), "flow": steady(0.2)},
    "with an SBR": {
        "power": lambda n: 0.5 if n % 24 < 12 else 0.01,
        "flow": lambda n: 1.0 if n % 24 in (15, 16, 17) else 0.0,
        "process": "SBR",
    },
    "with a float pump that waits for 9 h at night": {
        "power": lambda n: 0.4 * (n // 2 % 2) * (6 <= of_day(n) < 21) + 0.002,
        "flow": lambda n: 0.3 * (6 <= of_day(n) < 21),
    },
    "with a coarse counter": {
        "power": lambda n: 1.0 * (n % 64 == 5),
        "flow": steady(0.05),
        "design": 8.0,
    },
    "that is a wetland with a pump every other day": {
        "power": lambda n: 0.2 * (n % 192 in range(30, 34)),
        "flow": steady(0.1),
        "process": "wetland",
    },
    "that is a wetland without a flow meter": {
        "power": lambda n: 0.2 * (n % 192 in range(30, 34)),
        "flow": None,
        "process": "wetland",
    },
    "that has a flow meter alone": {"power": None, "flow": lambda n: 0.3 * (5 <= of_day(n) < 23)},
}
PAUSES_LONGER_THAN_A_GUESS = {
    "with a float pump that waits for 9 h at night": 5 * 24,
    "with a coarse counter": 5 * 24,
    "that is a wetland with a pump every other day": 15 * 24,
    "that is a wetland without a flow meter": 27 * 24,
}
"""Until its own days tell, these ring; hours."""
WINDOW_H = {
    "that never pauses": 4,
    "on a timer of 2 h": 4,
    "with an SBR": 4,
    "with a float pump that waits for 9 h at night": 15,
    "with a coarse counter": 24,
    "that is a wetland with a pump every other day": 48,
    "that is a wetland without a flow meter": 48,
    "that has a flow meter alone": 16,
}


def station(name, **other):
    return Life(**(STATIONS[name] | other))


@pytest.mark.parametrize("name", STATIONS)
def test_nothing_rings_at_a_station(name):
    life = station(name).live(LEARNT_H)
    assert life.alarms(since=PAUSES_LONGER_THAN_A_GUESS.get(name, 0.0)) == []
    if life.flow or life.file.station.process != "wetland":
        assert {life.verdict(number)[0] for number in range(30, 40)} == {"running"}


def learnt(name, hours=0):
    """A station that has lived for five weeks and some hours; judged by the hour, which is quick."""
    return station(name).live(WEEKS_H + hours, every=4)


def last_use(amount, life):
    """The hour when a meter last counted before now."""
    number = life.number - 1
    while amount(number) < 0.02:
        number -= 1
    return (number + 1) / 4


def stand(life, hours):
    """The whole plant stands."""
    return life.live(hours, life.power and nothing, life.flow and nothing)


WITH_WATER_FOR_LONG = (
    "with a coarse counter",  # when its energy was used is not known to the hour
    "that is a wetland with a pump every other day",
)


@pytest.mark.parametrize("name", [each for each in STATIONS if each not in WITH_WATER_FOR_LONG])
@pytest.mark.parametrize("at_h", [0, 10])
def test_a_stop_of_three_days_is_found_when_the_window_has_passed(name, at_h):
    life = learnt(name, at_h)
    used_h = last_use(life.power or life.flow, life)
    ((type_, start_h, raised_h),) = stand(life, 72).alarms("stopped", "flow_without_power", since=WEEKS_H)
    assert type_ == "stopped"
    assert used_h + WINDOW_H[name] - 0.5 <= raised_h <= used_h + WINDOW_H[name] + 0.25
    assert start_h == pytest.approx(used_h, abs=0.5)
    stood = stand(life, 14 - at_h).verdict(WEEKS_H // 24 + 1)
    assert stood[0] == "stopped"
    life.live(60)
    assert life.rows.alarms[-1].cleared_ms is not None
    assert life.states()[-1][0] == "running"


@pytest.mark.parametrize("name", WITH_WATER_FOR_LONG)
def test_a_stop_is_found_though_the_last_use_lies_before_it(name):
    life = learnt(name)
    rang = stand(life, 72).alarms("stopped", since=WEEKS_H)
    assert len(rang) == 1
    assert rang[0][2] <= WEEKS_H + 48
    assert life.states()[-1][0] == "stopped"


@pytest.mark.parametrize("name", STATIONS)
def test_a_stop_of_six_hours_rings_where_pauses_are_short_and_else_is_a_pause(name):
    life = learnt(name, 12 if "SBR" in name else 10)  # so that it begins again with energy
    used_h = last_use(life.power or life.flow, life)
    rang = stand(life, 6).live(30).alarms("stopped", since=WEEKS_H)
    if WINDOW_H[name] > 6:
        assert life.alarms(since=WEEKS_H) == []
    else:
        assert [type_ for type_, _, _ in rang] == ["stopped"]
        assert used_h + WINDOW_H[name] - 0.5 <= rang[0][2] <= used_h + WINDOW_H[name] + 0.25
        assert rang[0][1] == pytest.approx(used_h, abs=0.25)
        assert {alarm.cleared_ms is None for alarm in life.rows.alarms} == {False}


def test_a_slow_death_is_first_a_low_load_and_then_a_stop():
    """The blower loses 4 % of what it did at first each day."""
    life = learnt("that never pauses")

    def weaker(number):
        return max(0.0, 0.1 * (1 - 0.04 * (number / QUARTERS_A_DAY - WEEKS_H / 24)))

    life.live(30 * 24, power=weaker, every=4)
    low, stopped = life.alarms(since=WEEKS_H)
    assert (low[0], stopped[0]) == ("low_load", "flow_without_power")
    assert WEEKS_H + 14 * 24 < low[2] < WEEKS_H + 20 * 24
    assert WEEKS_H + 22 * 24 < stopped[2] < WEEKS_H + 26 * 24


@pytest.mark.parametrize("name", ["that never pauses", "on a timer of 2 h"])
def test_a_storm_rings_nothing(name):
    life = learnt(name)
    power, flow = life.power, life.flow
    life.live(48, power=lambda n: 1.4 * power(n), flow=lambda n: 6 * flow(n)).live(72)
    assert life.alarms(since=WEEKS_H) == []


def test_a_plant_that_is_switched_off_at_night_rings_every_night():
    life = learnt("that never pauses")

    def by_day(amount):
        return lambda n: amount * (6 <= of_day(n) < 22)

    life.live(4 * 24, by_day(0.1), by_day(0.2))
    rang = life.alarms("stopped", since=WEEKS_H)
    assert [(type_, raised % 24) for type_, _, raised in rang] == [
        ("stopped", 4.0), *[("stopped", 2.0)] * 3]  # fmt: skip
    assert [start % 24 for _, start, _ in rang] == [0.0, 22.0, 22.0, 22.0]
    life.live(5 * 24, by_day(0.1), by_day(0.2))
    assert len(life.alarms("stopped", since=WEEKS_H)) == 9  # stopped nights are not learnt


def test_water_goes_by_without_energy():
    life = learnt("that never pauses")
    life.live(48, power=nothing)
    assert life.alarms(since=WEEKS_H) == [("flow_without_power", WEEKS_H, WEEKS_H + 4)]
    life.live(48)
    assert life.states()[-1][0] == "running"


def test_a_by_pass_that_pauses_at_night_is_one_alarm():
    life = learnt("that never pauses", 8)
    life.live(96, power=nothing, flow=lambda n: 0.25 * (6 <= of_day(n) < 22))
    assert [type_ for type_, _, _ in life.alarms(since=WEEKS_H)] == ["flow_without_power"]


def test_a_plant_that_treats_nothing_idles():
    life = learnt("that never pauses")
    life.live(48, flow=nothing)
    assert life.alarms(since=WEEKS_H) == [("idling", WEEKS_H, pytest.approx(WEEKS_H + 24, abs=0.75))]


def test_a_test_run_of_a_quarter_hour_does_not_end_a_stop():
    life = learnt("that never pauses")
    stand(life, 20).live(0.25)
    stand(life, 20)
    assert life.alarms(since=WEEKS_H) == [("stopped", WEEKS_H, WEEKS_H + 4)]
    assert life.states(since=WEEKS_H) == [("stopped", WEEKS_H, None)]


def test_a_town_without_mains_is_no_stop():
    life = learnt("that never pauses")
    life.live(10, nothing, nothing, voltage=False)
    assert [type_ for type_, _, _ in life.alarms(since=WEEKS_H)] == ["power_cut"]
    life.live(3.75, nothing, nothing, voltage=True)  # the breaker fell, nobody came
    assert life.alarms("stopped", since=WEEKS_H) == []
    life.live(0.5, nothing, nothing, voltage=True)
    ((_, start_h, raised_h),) = life.alarms("stopped", since=WEEKS_H)
    assert start_h == pytest.approx(WEEKS_H + 10, abs=0.25)
    assert raised_h == pytest.approx(WEEKS_H + 14, abs=0.25)


def test_after_a_power_cut_all_is_well_at_once():
    life = learnt("that never pauses")
    life.live(10, nothing, nothing, voltage=False).live(48, voltage=True)
    assert [type_ for type_, _, _ in life.alarms(since=WEEKS_H)] == ["power_cut"]
    assert [state for state, _, _ in life.states(since=WEEKS_H + 1)] == ["power_cut", "running"]


def test_a_link_that_fails_hides_nothing_of_a_station_that_works():
    life = learnt("that never pauses")
    life.live(20, is_linked=False).live(40)
    assert [type_ for type_, _, _ in life.alarms(since=WEEKS_H)] == ["offline"]
    assert life.states(since=WEEKS_H + 1) == [
        ("offline", WEEKS_H, WEEKS_H + 20.25),
        ("running", WEEKS_H + 20.25, None),
    ]
    assert life.verdict(WEEKS_H // 24) == ("running", "energy_as_expected")


def test_a_stop_behind_a_link_that_failed_is_told_later_and_does_not_ring():
    life = learnt("that never pauses")
    life.live(4, is_linked=False).live(10, nothing, nothing, is_linked=False).live(6, is_linked=False)
    assert [state for state, _, _ in life.states(since=WEEKS_H + 1)] == ["offline"]
    life.live(30)
    assert [type_ for type_, _, _ in life.alarms(since=WEEKS_H)] == ["offline"]
    assert life.states(since=WEEKS_H + 1) == [
        ("offline", WEEKS_H, WEEKS_H + 4),
        ("stopped", WEEKS_H + 4, WEEKS_H + 14),
        ("offline", WEEKS_H + 14, WEEKS_H + 20.25),
        ("running", WEEKS_H + 20.25, None),
    ]


def test_a_stop_behind_a_link_that_still_stands_rings_an_hour_after_it_is_heard():
    life = learnt("that never pauses")
    life.live(4, is_linked=False).live(10, nothing, nothing, is_linked=False).live(2, nothing, nothing)
    assert life.alarms("stopped", since=WEEKS_H) == [("stopped", WEEKS_H + 4, WEEKS_H + 15)]
    assert life.states(since=WEEKS_H + 1) == [
        ("offline", WEEKS_H, WEEKS_H + 4),
        ("stopped", WEEKS_H + 4, None),
    ]


def test_an_approved_stop_rings_nothing_and_teaches_nothing():
    first = FIRST + WEEKS_H // 24 * ONE_DAY
    stop = approved_stop(first, first + 2 * ONE_DAY, START)
    life = station("that never pauses", exclusions=[stop]).live(WEEKS_H, every=4)
    stand(life, 70).live(26)
    assert life.alarms() == []
    assert [state for state, _, _ in life.states(since=WEEKS_H)] == ["planned_stop", "running"]
    assert {life.verdict(WEEKS_H // 24 + n)[0] for n in range(3)} == {"excluded"}


def test_an_approved_stop_that_is_entered_on_its_second_day_rings_until_then():
    first = FIRST + WEEKS_H // 24 * ONE_DAY
    stop = approved_stop(first, first + 2 * ONE_DAY, START + (WEEKS_H + 30) * 3_600_000)
    life = station("that never pauses", exclusions=[stop]).live(WEEKS_H, every=4)
    stand(life, 70).live(26)
    assert life.alarms() == [("stopped", WEEKS_H, WEEKS_H + 4)]
    assert [state for state, _, _ in life.states(since=WEEKS_H + 1)] == ["planned_stop", "running"]
    assert life.rows.alarms[0].cleared_ms is not None
    assert {life.verdict(WEEKS_H // 24 + n)[0] for n in range(3)} == {"excluded"}


def test_a_festival_rings_nothing_though_pauses_are_longer():
    name = "with a float pump that waits for 9 h at night"
    festival = frozenset(FIRST + n * ONE_DAY for n in range(WEEKS_H // 24, WEEKS_H // 24 + 7))

    def life_with(holidays):
        life = station(name, holidays=holidays).live(WEEKS_H, every=4)
        power, flow = life.power, life.flow

        def in_the_evening(amount):
            return lambda n: amount(n) * (15 <= of_day(n) < 21)

        return life.live(72, in_the_evening(power), in_the_evening(flow))

    assert life_with(festival).alarms("stopped", since=WEEKS_H) == []
    assert len(life_with(frozenset()).alarms("stopped", since=WEEKS_H)) > 0
