"""What a day tells for the findings: from whole readings, from the ledger alone, and as it is kept."""

import json
from dataclasses import replace

import pytest
from finding_seed import FIRST, ZONE, Village, day_number, ledger_of, marks_of
from hypothesis import given
from hypothesis import strategies as st

from alerting.finding_counters import CounterFall
from alerting.ledger import Ledger
from alerting.marks import DayMarks, day_marks, readings_since_ms, sequence_hash
from history.meter_events import NO_EVENTS, CtCorrection, Exchange, MeterEvents
from history.port import QUARTER_HOUR_MS, QuarterHour
from service.civil import start_of
from telemetry.reading import Reading

START = start_of(FIRST, ZONE)
HOUR = 3_600_000
figures = st.one_of(st.none(), st.floats(0, 1e9))
hashes = st.one_of(st.none(), st.text("0123456789abcdef", min_size=8, max_size=8))
instants = st.integers(0, 4_000_000_000).map(lambda s: s * 1000)
falls = st.builds(
    CounterFall, st.text("abcdefgh-", min_size=1, max_size=24), instants, *[st.floats(0, 1e12)] * 2
)  # fmt: skip
any_marks = st.builds(
    DayMarks, *[figures] * 9, hashes, hashes, st.lists(falls, max_size=3).map(tuple)
)  # fmt: skip


@given(any_marks)
def test_what_is_kept_is_small_and_comes_back(marks):
    text = json.dumps(marks.to_json())
    assert len(text) <= 400
    back = DayMarks.from_json(json.loads(text))
    assert back.to_json() == marks.to_json()
    assert [fall[:2] for fall in back.falls] == [fall[:2] for fall in marks.falls]
    for name in ("energy_kwh", "volume_step", "flow_variation"):
        value = getattr(marks, name)
        assert getattr(back, name) == (None if value is None else pytest.approx(value, rel=1e-4, abs=1e-5))


def test_a_day_of_which_nothing_is_known_tells_nothing():
    assert day_marks(Ledger(), [], FIRST, ZONE, NO_EVENTS) == DayMarks()
    assert DayMarks().to_json() == {}
    assert DayMarks.from_json(None) == DayMarks.from_json({}) == DayMarks()


def test_a_plain_day():
    marks = marks_of(Village(days=3).readings())[day_number(1)]
    assert marks.energy_kwh == pytest.approx(12.2, rel=0.1)
    assert marks.volume_m3 == pytest.approx(20, rel=0.15)
    assert marks.kwh_per_m3 == pytest.approx(0.61, rel=0.2)
    assert (marks.energy_step, marks.volume_step) == (0.01, 0.001)
    assert marks.power_factor == pytest.approx(0.795, abs=0.01)
    assert marks.near_one == 0
    assert 0.8 < marks.cycling < 1.4
    assert 1.1 < marks.running_kw < 1.6
    assert marks.flow_variation > 0.5
    assert marks.energy_hash is not None
    assert marks.volume_hash not in {None, marks.energy_hash}
    assert marks.falls == ()


def test_without_readings_the_ledger_tells_what_it_can():
    readings = Village(days=2).readings()
    ledger = ledger_of(readings)
    whole = day_marks(ledger, readings, FIRST, ZONE, NO_EVENTS)
    alone = day_marks(ledger, [], FIRST, ZONE, NO_EVENTS)
    same = ("energy_kwh", "volume_m3", "flow_variation", "energy_hash", "volume_hash")
    assert [getattr(alone, name) for name in same] == [getattr(whole, name) for name in same]
    assert alone.running_kw == pytest.approx(whole.running_kw)
    assert alone.cycling == pytest.approx(whole.cycling)
    assert alone[2:6] == (None, None, None, None)
    assert alone.falls == ()


def test_a_counter_without_momentary_power_tells_the_running_power_by_the_hour():
    marks = marks_of(Village(days=2, momentary=False).readings())[FIRST]
    assert 0.4 < marks.running_kw < 0.9
    assert (marks.cycling, marks.power_factor) == (None, None)
    coarse = marks_of(Village(days=2, momentary=False, steps=(1.0, 1.0)).readings())[FIRST]
    assert coarse.running_kw is None
    assert (coarse.energy_step, coarse.volume_step) == (1.0, 1.0)


def test_hourly_and_daily_sampling_tell_amounts_but_no_shape():
    hourly = marks_of(Village(days=3, sampling_s=3_600).readings())[day_number(1)]
    assert hourly.energy_kwh == pytest.approx(12.2, rel=0.15)
    assert hourly.cycling is None
    steady = marks_of(Village(days=3, sampling_s=3_600, on_s=4_100).readings())[day_number(1)]
    assert steady.running_kw == pytest.approx(1.2, abs=0.15)
    assert steady.cycling is None
    daily = marks_of(Village(days=6, sampling_s=86_400).readings())[day_number(3)]
    assert daily.energy_kwh == pytest.approx(12.2, rel=0.15)
    assert daily[4:11] == (None,) * 7


def test_a_day_over_which_the_box_was_silent_has_no_figures_of_its_own():
    readings = Village(days=4).readings()
    silent = [each for each in readings if not START + 24 * HOUR <= each.t < START + 72 * HOUR]
    marks = marks_of(silent)
    assert [marks[day_number(n)]._replace(energy_step=None, volume_step=None) for n in (1, 2)] == [
        DayMarks()
    ] * 2
    assert marks[FIRST].energy_kwh is not None


def test_a_stuck_meter_has_no_load_shape():
    stuck = [
        Reading(t=START + n * 900_000, d="power-1", k="power", x={"active_power_kw": 1.5, "energy_kwh": 70.0})
        for n in range(97)
    ]
    marks = day_marks(ledger_of(stuck), stuck, FIRST, ZONE, NO_EVENTS)
    assert (marks.energy_kwh, marks.running_kw, marks.cycling) == (0, None, None)


def test_samples_that_always_meet_the_blower_show_no_cycling():
    met = [
        Reading(
            t=START + n * 900_000,
            d="power-1",
            k="power",
            x={"active_power_kw": 1.5, "energy_kwh": 70 + n * 0.25},
        )
        for n in range(97)
    ]
    marks = day_marks(ledger_of(met), met, FIRST, ZONE, NO_EVENTS)
    assert (marks.energy_kwh, marks.running_kw, marks.cycling) == (pytest.approx(24), 1.5, None)


def counter(values, *, device="flow-1", every_ms=900_000, until_ms=START + 24 * HOUR):
    """Counts whose last one is read shortly before midnight."""
    first_ms = until_ms - 1_000 - (len(values) - 1) * every_ms
    return [
        Reading(t=first_ms + n * every_ms, d=device, k="flow", x={"volume_m3": value})
        for n, value in enumerate(values)
    ]


def fallen(values, told=NO_EVENTS, **how):
    readings = counter(values, **how)
    return [fall[2:] for fall in day_marks(ledger_of(readings), readings, FIRST, ZONE, told).falls]


RISING = [5_000 + 0.2 * n for n in range(40)]


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (RISING, []),
        ([*RISING, 0.1, 0.3, 0.5], [(RISING[-1], 0.1)]),
        ([*RISING, 0.1, 0.3], []),  # not confirmed yet
        ([*RISING[:20], 0.0, *RISING[20:]], []),  # an odd sample
        ([*RISING[:20], 0.0, 0.0, *RISING[20:]], []),
        ([*RISING[:20], 9e5, *RISING[20:]], []),
        ([*RISING[:20], *[0.0] * 6, *RISING[20:]], []),  # misread for a while
        ([*RISING[:20], *[-1.0] * 6, *RISING[20:]], []),  # no counter shows that
        ([*RISING[:20], 65_535.0, RISING[20], 4e9, *RISING[21:]], []),  # nonsense, good, nonsense
        ([*RISING[:20], *[0.0, 0.0, 0.0, 5_004.0] * 4, *RISING[20:]], []),  # a storm of falls is a fault
        ([*RISING, *[each + 40_000 for each in RISING]], [(RISING[-1], 45_000.0)]),
        ([*RISING, *[each + 90 for each in RISING]], []),  # a big gulp
        ([*RISING, *[each - 0.9 for each in RISING]], []),  # restored from its last saved count
        ([9_992 + 0.2 * n for n in range(40)] + [0.1, 0.3, 0.5], []),  # rolled over
        ([992 + 0.2 * n for n in range(40)] + [0.1, 0.3, 0.5], []),  # a small water meter did
        ([0.0] * 40, []),
        ([5_000.0] * 40 + [4_999.1] * 40, []),  # restored while nothing flowed
        ([*[-1.0] * 10, *RISING], []),  # nonsense at first
    ],
)
def test_counters_that_fall_or_leap(values, found):
    assert fallen(values) == [(pytest.approx(before), pytest.approx(after)) for before, after in found]


@pytest.mark.parametrize(("off_ms", "found"), [(0, 0), (23 * HOUR, 0), (-23 * HOUR, 0), (26 * HOUR, 1)])
def test_a_told_exchange_or_correction_explains(off_ms, found):
    values = [*RISING, 0.1, 0.3, 0.5]
    at_ms = counter(values)[40].t + off_ms
    told = MeterEvents(exchanges=(Exchange("flow-1", at_ms, RISING[-1], 0.0),))
    assert len(fallen(values, told)) == found
    corrected = MeterEvents(corrections=(CtCorrection("flow-1", at_ms, 40.0),))
    assert len(fallen(values, corrected)) == found
    other = MeterEvents(exchanges=(Exchange("power-1", at_ms, 1.0, 0.0),))
    assert len(fallen(values, other)) == 1


@pytest.mark.parametrize("sampling_ms", [60_000, 900_000, HOUR, 6 * HOUR, 24 * HOUR])
@pytest.mark.parametrize("place", range(50, 57))
def test_a_fall_is_told_on_one_day_whenever_it_was(sampling_ms, place):
    values = [*[5_000 + 0.2 * n for n in range(place)], *[0.2 * n for n in range(120 - place)]]
    readings = counter(values, every_ms=sampling_ms, until_ms=START + 60 * sampling_ms)
    ledger = Ledger()
    for reading in readings:
        start_ms = reading.t - reading.t % QUARTER_HOUR_MS
        ledger.put(
            QuarterHour("a", start_ms, volume_m3=0.2, flow_good=max(1, QUARTER_HOUR_MS // sampling_ms))
        )
    told = []
    for number in range(-130, 65):
        day = day_number(number)
        since_ms, end_ms = readings_since_ms(ledger, day, ZONE), start_of(day_number(number + 1), ZONE)
        given = [reading for reading in readings if since_ms <= reading.t < end_ms]
        told += day_marks(ledger, given, day, ZONE, NO_EVENTS).falls
    assert [fall[2:] for fall in told] == [(pytest.approx(values[place - 1]), 0.0)]


def test_the_largest_three_falls_are_kept():
    readings = [
        reading
        for n, drop in enumerate((100, 400, 300, 200))
        for reading in counter([*[drop + 0.1 * m for m in range(20)], 0.0, 0.1, 0.2], device=f"flow-{n}")
    ]
    marks = day_marks(Ledger(), readings, FIRST, ZONE, NO_EVENTS)
    assert [(fall.device, round(fall.before)) for fall in marks.falls] == [
        ("flow-1", 402), ("flow-2", 302), ("flow-3", 202)]  # fmt: skip


varied = st.lists(st.integers(1, 10_000).map(lambda n: n / 1_000), min_size=30, max_size=96, unique=True)


@given(varied, st.floats(-1e-9, 1e-9), st.integers(0, 66))
def test_the_same_amounts_have_the_same_hash_and_others_another(amounts, noise, rest):
    day = [*[0.0] * rest, *amounts]
    found = sequence_hash(day)
    assert found is not None
    assert len(found) == 8
    assert sequence_hash([each + noise for each in day]) == found
    assert sequence_hash([day[0] + 0.002, *day[1:]]) != found
    assert sequence_hash(day[::-1]) != found


@pytest.mark.parametrize("part", [0.0, 0.00025, 0.0005, 0.00075])
def test_the_noise_of_sums_does_not_change_a_hash_where_counts_were_spread(part):
    amounts = [0.1 + part + 0.001 * n for n in range(40)]
    hashes_of_both = {sequence_hash([each + noise for each in amounts]) for noise in (-1e-9, 1e-9)}
    assert len(hashes_of_both - {None}) == 1


@pytest.mark.parametrize(
    "amounts",
    [
        [0.0] * 96,
        [0.25] * 96,
        [0.18, 0.0, 0.0, 0.19] * 24,
        [1.0 * (n % 7 == 0) for n in range(96)],  # a coarse counter
        [round(0.27 + 0.01 * (n % 3), 2) for n in range(96)],
        [0.3 + 0.001 * n if n < 23 else 0.0 for n in range(96)],  # moved too seldom
        [0.3 + 0.001 * (n % 15) for n in range(96)],  # 15 different amounts
        [0.3 + 0.001 * n if n % 3 else 0.3 for n in range(96)],  # a third of them alike
        [None, *[0.3 + 0.001 * n for n in range(95)]],
    ],
)
def test_days_that_cannot_be_told_apart_have_no_hash(amounts):
    assert sequence_hash(amounts) is None


def test_days_at_the_edge_of_being_told_apart_have_one():
    assert sequence_hash([0.3 + 0.001 * n if n < 24 else 0.0 for n in range(96)]) is not None
    assert sequence_hash([0.3 + 0.001 * (n % 16) for n in range(96)]) is not None


def test_a_told_correction_scales_the_load():
    readings = Village(days=2).readings()
    plain = day_marks(ledger_of(readings), readings, FIRST, ZONE, NO_EVENTS)
    told = MeterEvents(corrections=(CtCorrection("power-1", START - HOUR, 40.0),))
    scaled = day_marks(ledger_of(readings), readings, FIRST, ZONE, told)
    assert scaled.running_kw == pytest.approx(40 * plain.running_kw, rel=0.03)
    assert scaled.power_factor == pytest.approx(plain.power_factor, abs=0.01)


def test_a_sub_meter_is_not_the_load():
    village = replace(Village(), days=2)
    readings = village.readings()
    sub = [
        Reading(
            t=each.t,
            d="power-9",
            k="power",
            x={"active_power_kw": 9.0, "energy_kwh": 1.0, "power_factor": 1.0},
        )
        for each in readings
        if each.k == "power"
    ]
    ledger = ledger_of(readings)
    with_it, without = (
        day_marks(ledger, each, FIRST, ZONE, NO_EVENTS) for each in (readings + sub, readings)
    )
    assert with_it[4:8] == without[4:8]
