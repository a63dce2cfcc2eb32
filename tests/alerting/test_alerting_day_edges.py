"""Edges of civil days: where they begin, when they idle, and when samples are believed against a counter."""

from datetime import date

import pytest
from synthetic_station import DAY, FIRST, START, ZONE, approved_stop, fill, station_file

from alerting.baseline import WINDOWS_H, Baseline, DayTraits, learn
from alerting.day import judge
from alerting.known import Thresholds
from alerting.ledger import Ledger
from alerting.verdict import MeterDay, StationDay, judge_day
from service.civil import start_of

USUAL = Baseline(energy_kwh=10.0, volume_m3=20.0, days=28)
"""Its stop floor is 0.5 kWh a day."""
UNKNOWN_M3 = USUAL._replace(volume_m3=None)
LIMITS = Thresholds(1_800, 14_400, 86_400, 86_400, 0.5, 0.75)
WORKS = [0.1, 0.15] * 48
"""12 kWh in a day of quarter hours."""
BUSY_MORNING = [0.02] * 40 + [0.15] * 4 + [0.02] * 52
"""2.4 kWh: low, with an hour of a machine."""
DRY = [0.0] * 192


def judgement_of(power, flow=None, *, usual=USUAL, limits=LIMITS, **file):
    """Of a civil day; amounts end at its end, levels follow them unless given as `(amounts, levels)`."""
    ledger = Ledger()
    for meter, amounts in ((ledger.power, power), (ledger.flow, flow)):
        if amounts is not None:
            own, levels = amounts if isinstance(amounts, tuple) else (amounts, True)
            fill(meter, own, START + DAY, levels=levels)
    file.setdefault("meters", [kind for kind, own in (("power", power), ("flow", flow)) if own is not None])
    return judge(station_file(**file), ledger, FIRST, usual, limits, ZONE)


def day_of(*meters, **facts):
    judgement = judgement_of(*meters, **facts)
    return judgement.verdict, judgement.reason


def wavering(amount, count=96):
    """Momentary values that are not one answer repeated; so much in a whole day, kWh or m³."""
    level = amount / 24
    return ([0.9 * level, 1.1 * level] * 48)[:count] + [None] * (96 - count)


def test_a_civil_day_begins_at_midnight_of_the_centre():
    assert day_of([0.1] * 96 + [0.1] * 32 + [0.0] * 64) == ("running", "energy_as_expected")
    assert day_of([0.1] * 96 + [0.0] * 96) == ("stopped", "no_energy")


def test_an_approved_stop_that_was_entered_at_the_end_of_the_tenth_came_too_late():
    """The tenth of the next month by the centre's clock; it is still the tenth elsewhere."""
    closed_ms = start_of(date(2026, 4, 11), ZONE)
    for entered_ms, verdict in ((closed_ms - 1, "excluded"), (closed_ms, "stopped")):
        stop = approved_stop(FIRST, FIRST, entered_ms)
        assert day_of([0.0] * 96, exclusions=[stop])[0] == verdict


# idling


@pytest.mark.parametrize(("m3", "wanted"), [(0.4 - 1e-6, "stopped"), (0.4 + 1e-6, "running")])
def test_a_day_idles_up_to_two_hundredths_of_the_usual_effluent(m3, wanted):
    assert day_of(WORKS, [0.2] * 96 + [m3 / 96] * 96)[0] == wanted


@pytest.mark.parametrize(("m3", "wanted"), [(0.8 - 1e-6, "stopped"), (0.8 + 1e-6, "running")])
def test_a_small_station_idles_when_two_days_are_dry(m3, wanted):
    limits = LIMITS._replace(idle_window_s=172_800)
    assert day_of(WORKS, [0.2] * 96 + [m3 / 192] * 192, limits=limits)[0] == wanted


def test_where_no_effluent_is_usual_a_day_idles_without_a_drop():
    assert day_of(WORKS, DRY, usual=UNKNOWN_M3) == ("stopped", "idling")
    assert day_of(WORKS, [*DRY[:-1], 0.01], usual=UNKNOWN_M3) == ("running", "energy_as_expected")


# its meters


def test_a_station_is_judged_by_the_meters_it_has():
    assert day_of(None, [0.2] * 96) == ("running", "effluent_as_expected")
    assert day_of([0.0] * 96, [0.2] * 96, process="wetland") == ("running", "effluent_as_expected")
    assert day_of([0.0] * 96, [0.2] * 96, process="A2O") == ("stopped", "no_energy")


def test_the_figures_of_a_meter_that_is_not_there_are_not_told():
    assert judgement_of(WORKS).evidence == pytest.approx(
        {"energy_kwh": 12.0, "energy_floor_kwh": 0.5, "expected_kwh": 10.0, "valid_hours": 24.0}
    )
    assert judgement_of(None, [0.2] * 96).evidence == pytest.approx(
        {"volume_m3": 19.2, "expected_m3": 20.0, "valid_hours": 24.0}
    )


def test_the_valid_hours_are_those_of_the_main_meter():
    flow = MeterDay(20.0, 24, spans_day=True, share=1.0)
    day = StationDay(MeterDay(10.0, 20, spans_day=True, share=1.0), flow)
    assert judge_day(day, USUAL, 0.5).evidence["valid_hours"] == 20.0


# samples against a counter that rests


@pytest.mark.parametrize(
    ("counted", "sampled", "wanted"),
    [
        (0.0, 4.0, ("running", "energy_as_expected")),
        (0.0, 1.04, ("running", "low_load")),  # more than twice the floor
        (0.0, 0.96, ("stopped", "no_energy")),
        (0.6, 5.0, ("running", "low_load")),  # the counter moved by more than a tenth of it
        (0.6, 7.0, ("running", "energy_as_expected")),
    ],
)
def test_what_samples_say_of_a_resting_power_counter(counted, sampled, wanted):
    # samples hold a tenth longer than they are apart, but not beyond the day
    assert day_of(([counted / 96] * 96, wavering(sampled))) == wanted


@pytest.mark.parametrize(("sampled", "wanted"), [(10.4, "running"), (9.6, "stopped")])
def test_what_samples_say_of_a_resting_flow_counter(sampled, wanted):
    """Half the usual effluent."""
    assert day_of(None, ([0.0] * 96, wavering(sampled)))[0] == wanted


def test_low_energy_and_effluent_that_only_samples_tell():
    assert day_of(BUSY_MORNING, ([0.0] * 96, wavering(10.4))) == ("stopped", "too_little_energy")
    assert day_of(BUSY_MORNING, ([0.0] * 96, wavering(9.6))) == ("running", "low_load")


def test_where_no_effluent_is_usual_any_sample_counts():
    assert day_of(None, ([0.0] * 96, wavering(0.3)), usual=UNKNOWN_M3) == ("running", "effluent_as_expected")
    assert day_of(None, ([0.0] * 96, [0.0] * 96), usual=UNKNOWN_M3) == ("stopped", "no_effluent")


def test_samples_of_a_part_of_the_day_are_held_against_that_part():
    """76 of 96 quarter hours, which hold for 20.9 h: 2.79 kWh, where 2.61 are a low load's limit."""
    assert day_of(([0.0] * 96, wavering(3.2, 76))) == ("running", "energy_as_expected")
    assert day_of(([0.0] * 96, wavering(2.95, 76))) == ("running", "low_load")


def test_a_meter_that_repeats_its_last_answer_has_no_valid_hour():
    judgement = judgement_of(([0.0] * 96, [0.5] * 96))
    assert (judgement.reason, judgement.evidence["valid_hours"]) == ("no_data", 0.0)
    assert "energy_kwh" not in judgement.evidence


# what is learnt


LEAST = [float(hours) for hours in WINDOWS_H]


def days(count, energy=10.0, **traits):
    return [DayTraits(energy, 20.0, **({"least_kwh": LEAST, "least_m3": LEAST} | traits))] * count


def test_the_pauses_of_the_effluent_are_learnt_like_those_of_the_energy():
    found = learn(days(14, least_m3=[2 * hours for hours in LEAST]), "A2O", 20.0)
    assert (found.least_kwh, found.least_m3) == (LEAST, [2 * hours for hours in LEAST])


def test_a_station_without_a_power_meter_keeps_the_guess_of_its_energy():
    assert learn(days(20, energy=None, least_kwh=[]), "MBR", 40.0).energy_kwh == 20.0


def test_an_unheard_of_process_is_another():
    assert learn([], "lagoon", 40.0).energy_kwh == learn([], "other", 40.0).energy_kwh == 8.0


@pytest.mark.parametrize(
    ("least", "count", "standby"),
    [
        ([0.05, *[None] * 11], 14, 1.2),
        ([None, *[1.0] * 11], 14, None),
        ([0.05] * 12, 5, 1.2),
        ([], 14, None),
    ],
)
def test_the_standby_load_is_told_by_the_quietest_hour_alone(least, count, standby):
    found = learn(days(count, least_kwh=least), "A2O", 20.0).standby_kwh
    assert found == (None if standby is None else pytest.approx(standby))


def test_without_a_usual_energy_there_is_no_standby_load():
    some = days(4, least_kwh=[0.05] * 12) + days(2, energy=None, least_kwh=[0.05] * 12)
    assert learn(some, "A2O", None).standby_kwh is None


def test_a_counter_of_coarse_steps_that_rests_between_two_of_them_repeats_nothing():
    """Whole kWh, and an air pump of 40 W that never varies: 0.96 kWh in a day without a step."""
    usual = Baseline(energy_kwh=1.0, volume_m3=2.0, days=28)
    steps = [0.0] * 95 + [1.0] + [0.0] * 96
    assert day_of((steps, [0.04] * 192), usual=usual) == ("running", "energy_as_expected")  # by its samples
    fine = [0.01] * 96 + [0.0] * 96
    assert day_of((fine, [0.04] * 192), usual=usual) == ("unknown", "no_data")


@pytest.mark.parametrize(("sampled", "wanted"), [(0.3, "unknown"), (0.29, "stopped")])
def test_what_is_repeated_for_a_part_of_a_day_must_say_that_part_of_twice_the_stop_floor(sampled, wanted):
    """1 kWh in a day; after 17 hours, in which 0.3 kWh were counted, 7 hours are left: 0.2917 kWh."""
    counted = [0.3 / 68] * 68
    levels = [4 * amount for amount in counted] + [sampled / 7] * 28
    assert day_of(([*counted, *[0.0] * 28], levels))[0] == wanted


def test_of_a_counter_that_never_moved_the_samples_alone_are_asked():
    assert day_of(([0.0] * 192, [0.06] * 192)) == ("unknown", "no_data")


def test_a_stop_beside_repetitions_is_told_with_what_the_flow_meter_says():
    power = ([0.0] * 96, [0.0] * 76 + [0.8] * 20)
    assert day_of(power, DRY) == ("stopped", "no_energy_no_effluent")
    assert day_of(power, [0.2] * 192) == ("stopped", "no_energy")
    assert day_of(power, (DRY, [0.8] * 192)) == ("stopped", "no_energy")  # nothing is known of the effluent
    frozen = (DRY, [0.7, 0.9] * 96)
    assert day_of(power, frozen) == ("stopped", "no_energy")  # its samples say that effluent came


@pytest.mark.parametrize("absurd", [6_553.5, 4e9])
def test_absurd_samples_do_not_make_a_load_of_a_day(absurd):
    """Two quarter hours with such an answer, in a day that runs and in one that stands."""
    levels = [0.5] * 96
    levels[20] = levels[70] = absurd
    assert judgement_of((WORKS, levels)).evidence["energy_kwh"] == pytest.approx(12.0)
    levels = [0.0] * 96
    levels[20] = levels[70] = absurd
    assert day_of(([0.0] * 96, levels)) == ("stopped", "no_energy")
