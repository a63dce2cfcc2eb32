import csv
import itertools
from datetime import datetime

import pytest
from trial_stations import WINDOW, between, day, station

from simulator.trial_box import COLUMNS, FURTHER_COLUMNS, deliver
from simulator.trial_life import live
from simulator.trial_station import Register


def delivered(*happenings, is_plain=False, **drawn):
    """What arrived, in order of arrival; and what can be known."""
    at = station(*happenings, **drawn)
    delivery = deliver(at, live(at, WINDOW, 3), WINDOW, 3, is_plain=is_plain)
    names = COLUMNS if is_plain else COLUMNS + FURTHER_COLUMNS
    rows = []
    for arrived_ms, line in sorted(delivery.rows):
        [cells] = csv.reader([line])
        row = dict(zip(names, cells, strict=True))
        row["at"] = datetime.fromisoformat(row["time"]).timestamp()
        row["came"] = arrived_ms / 1000
        if not is_plain:
            assert datetime.fromisoformat(row["arrived"]).timestamp() == pytest.approx(row["came"], abs=1e-6)
        assert row["came"] > row["at"]
        rows.append(row)
    return rows, delivery.known


def of_kind(rows, kind, start_day=0.0, end_day=float(WINDOW.days)):
    return [row for row in rows if row["kind"] == kind and day(start_day) <= row["at"] < day(end_day)]


def totals(rows, kind):
    column = "energy_kwh" if kind == "power" else "volume_m3"
    found = {row["at"]: float(row[column]) for row in rows if row["kind"] == kind and row[column]}
    return [found[at] for at in sorted(found)]


@pytest.mark.parametrize("is_plain", [True, False])
@pytest.mark.parametrize("sampling_s", [60, 900, 21_600])
def test_counters_tell_what_passed(is_plain, sampling_s):
    rows, known = delivered(is_plain=is_plain, sampling_s=sampling_s)
    for kind, start in (("power", 100.0), ("flow", 50.0)):
        shown = totals(rows, kind)
        assert shown == sorted(shown)
        assert shown[0] - start == pytest.approx(known[kind][0].amount, abs=0.011)
        assert shown[-1] - start == pytest.approx(known[kind][-1].amount, abs=0.011)
        due = WINDOW.days * 86_400 / sampling_s
        assert 0.97 * due <= len(known[kind]) <= due
    assert any(len(list(same)) > 1 for _, same in itertools.groupby(sorted(row["at"] for row in rows))) or (
        sampling_s > 900
    ), "some rows are repeated"


def test_a_silence_that_is_not_back_filled_leaves_no_row():
    rows, known = delivered(between("link", 3, 4.5, 0.0))
    assert not [row for row in rows if day(3) <= row["came"] < day(4.5)]
    assert len(of_kind(rows, "power", 3, 4.49)) == 0
    assert not [each for each in known["power"] if day(3) < each.time_s < day(4.49)]


def test_a_silence_that_is_back_filled_comes_newest_first_when_the_link_is_back():
    rows, known = delivered(between("link", 3, 4.5, 1.0))
    late = of_kind(rows, "power", 3.01, 4.49)
    assert 140 <= len(late) <= 143
    assert min(row["came"] for row in late) >= day(4.5)
    assert max(row["came"] for row in late) < day(4.5) + 120
    assert [row["at"] for row in late] == sorted((row["at"] for row in late), reverse=True)
    assert [each.time_s for each in known["power"]] == sorted(each.time_s for each in known["power"])


def test_a_short_silence_comes_in_order():
    rows, _ = delivered(between("link", 3, 3 + 0.9 / 24, 1.0), sampling_s=300)
    late = of_kind(rows, "flow", 3.002, 3.035)
    assert len(late) >= 9
    assert [row["at"] for row in late] == sorted(row["at"] for row in late)


@pytest.mark.parametrize(("empty_rows", "count"), [(True, 48), (False, 0)])
def test_a_mute_meter_has_empty_rows_or_none_where_there_is_no_quality(empty_rows, count):
    rows, known = delivered(between("power_mute", 3, 3.5), is_plain=True, box={"empty_rows": empty_rows})
    mute = of_kind(rows, "power", 3, 3.5)
    assert count - 2 <= len({row["at"] for row in mute}) <= count
    assert {row["energy_kwh"] + row["active_power_kw"] for row in mute} <= {""}
    assert len(of_kind(rows, "flow", 3, 3.5)) >= 46
    assert not [each for each in known["power"] if day(3) <= each.time_s < day(3.5)]


def test_a_mute_meter_is_missing_at_once_and_hourly():
    rows, _ = delivered(between("power_mute", 3, 3.5))
    mute = of_kind(rows, "power", 3, 3.5)
    assert {(row["q"], row["why"], row["energy_kwh"]) for row in mute} == {("missing", "no_response", "")}
    assert 9 <= len({row["at"] for row in mute}) <= 13


def test_a_box_without_battery_is_silent_in_a_power_cut_and_one_with_it_says_so():
    cut = between("cut", 3, 3.25)
    assert not of_kind(delivered(cut, box={"battery": False})[0], "power", 3, 3.25)
    assert {row["q"] for row in of_kind(delivered(cut)[0], "power", 3, 3.25)} == {"missing"}
    volts = [
        row["voltage_l1_v"] for row in of_kind(delivered(cut, box={"voltages": True})[0], "power", 3, 3.25)
    ]
    assert len(volts) >= 20
    assert set(volts) == {"0"}


def test_a_counter_rolls_over_and_goes_on():
    rolling = {"power": Register(0.1, 9_980.0, 10_000.0), "flow": Register(0.01, 99_990.0, 100_000.0)}
    rows, known = delivered(box={"registers": rolling})
    for kind, wrap in (("power", 10_000), ("flow", 100_000)):
        shown = totals(rows, kind)
        assert max(shown) < wrap
        assert sum(after < before for before, after in itertools.pairwise(shown)) == 1
        assert {each.era for each in known[kind]} == {0}


def test_a_counter_that_begins_anew_begins_a_new_era():
    rows, known = delivered(between("power_new", 5.2, 5.2, 812.4))
    before = [each for each in known["power"] if each.time_s < day(5.2)]
    after = [each for each in known["power"] if each.time_s >= day(5.2)]
    assert ({each.era for each in before}, {each.era for each in after}) == ({0}, {1})
    first = min(of_kind(rows, "power", 5.2), key=lambda row: row["at"])
    assert 812.4 <= float(first["energy_kwh"]) < 813


def test_a_stuck_register_lives_on_in_its_samples_and_a_held_answer_does_not():
    stuck, known = delivered(between("power_frozen", 3, 4))
    rows = of_kind(stuck, "power", 3, 4)
    assert len({row["energy_kwh"] for row in rows}) == 1
    assert len({row["active_power_kw"] for row in rows}) > 10
    assert not [each for each in known["power"] if day(3) <= each.time_s < day(4)]
    assert known["power"][-1].era == 1
    held, known = delivered(between("power_gateway", 3, 4))
    assert len({(row["energy_kwh"], row["active_power_kw"]) for row in of_kind(held, "power", 3.05, 4)}) == 1
    assert known["power"][-1].era == 0


def test_a_wrong_ratio_multiplies_energy_and_power():
    rows, known = delivered(between("power_ct", 0, 0, 20.0))
    shown = totals(rows, "power")
    assert shown[-1] - 100 == pytest.approx(20 * known["power"][-1].amount, abs=0.02)
    assert max(float(row["active_power_kw"]) for row in of_kind(rows, "power")) > 15


def test_odd_answers_and_counters_that_fall_back_are_known_to_be_wrong():
    rows, known = delivered(between("power_odd", 3, 3, 4e9), between("flow_dip", 4, 4.02, 2.0))
    odd = [row for row in rows if "4000000000" in row["energy_kwh"] or row["active_power_kw"] == "4e+09"]
    assert len({row["at"] for row in odd}) == 1
    assert odd[0]["at"] not in {each.time_s for each in known["power"]}
    shown = totals(rows, "flow")
    falls = [before - after for before, after in itertools.pairwise(shown) if after < before]
    assert len(falls) == 1
    assert 1.5 < falls[0] <= 2.0


def test_meters_that_only_count_have_no_power_and_no_flow():
    rows, _ = delivered(box={"momentary": False})
    assert {row["active_power_kw"] + row["flow_m3h"] for row in rows} == {""}
    assert all(row["energy_kwh"] or row["volume_m3"] for row in rows)
