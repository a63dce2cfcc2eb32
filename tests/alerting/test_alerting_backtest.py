"""The back-test from end to end: small files in, states, days and alarms out."""

import json
import os
import re
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from backtest_past import COLUMNS, START, at, by_time, judge, past, readings, words, write

from qingliu.cli import main

INSTANT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00"
NUMBER = r"\d+(\.\d+)?(e[+-]\d+)?"
EXCLUSIONS = ("station", "start", "end", "reason", "applicant", "approver", "entered")


def of(rows, station):
    return [row for row in rows if row["station"] == station]


def verdicts(found, station="A"):
    return {row["date"]: row["verdict"] for row in of(found["days"], station)}


def stopped_past(tmp_path, rows=None):
    """A station that stands still from the fourth day's noon on, for a day."""
    rows = rows or by_time(readings("A", days=7, stops=[(84, 108)]))
    return past(tmp_path, [["A"]], rows)


def test_the_three_files_have_their_columns_and_formats(tmp_path):
    found = judge(stopped_past(tmp_path))
    assert found["states"]
    for row in found["states"]:
        assert re.fullmatch(INSTANT, row["start"])
        assert re.fullmatch(INSTANT, row["end"])
        assert row["start"] <= row["end"]
        assert re.match(r"[a-z_]+( [a-z0-9_]+=\S+)*", row["reason"])
    for row in found["days"]:
        assert date.fromisoformat(row["date"])
        assert row["verdict"] in {"running", "stopped", "unknown", "excluded"}
        for name in ("energy_kwh", "volume_m3", "valid_hours"):
            assert row[name] == "" or re.fullmatch(NUMBER, row[name])
        assert re.fullmatch(r"[a-z_]+", row["reason"])
    (alarm,) = found["alarms"]
    assert alarm["type"] == "stopped"
    assert re.fullmatch(INSTANT, alarm["raised"])
    assert re.fullmatch(INSTANT, alarm["cleared"])
    assert at(84) < alarm["raised"] < at(96)
    assert at(108) < alarm["cleared"] < at(111)


def test_states_follow_one_another_to_the_end_of_the_readings(tmp_path):
    states = judge(stopped_past(tmp_path))["states"]
    for before, after in pairwise(states):
        assert before["end"] == after["start"]
    assert states[-1]["end"] == at(7 * 24 - 0.25)
    (stop,) = [row for row in states if row["state"] == "stopped"]
    assert abs(datetime.fromisoformat(stop["start"]) - datetime.fromisoformat(at(84))) <= timedelta(
        minutes=30
    )


def test_a_day_s_figures_are_the_counter_s(tmp_path):
    days = judge(stopped_past(tmp_path))["days"]
    first, whole = days[1], days[4]
    assert float(first["energy_kwh"]) == pytest.approx(24 * 1.2, rel=1e-4)
    assert float(first["volume_m3"]) == pytest.approx(24 * 0.8, rel=1e-4)
    assert float(first["valid_hours"]) == 24
    assert float(whole["energy_kwh"]) == pytest.approx(12 * 1.2, rel=1e-4)


def test_a_row_for_every_civil_day_from_commissioning_to_the_last_reading(tmp_path):
    stations = [["A", "2026-08-30"], ["B", ""], ["C", "2026-09-02"], ["D", ""], ["E", "2026-10-01"]]
    rows = by_time(readings("A", days=2), [row for row in readings("B", days=4) if row[3] >= at(24)])
    past(tmp_path, stations, rows, station_head=("station", "commissioned"))
    days = judge(tmp_path)["days"]
    found = {name: [row["date"] for row in of(days, name)] for name, *_ in stations}
    assert found["A"] == [f"2026-08-{day}" for day in (30, 31)] + [f"2026-09-0{day}" for day in range(1, 5)]
    assert found["B"] == ["2026-09-02", "2026-09-03", "2026-09-04"]
    assert found["C"] == ["2026-09-02", "2026-09-03", "2026-09-04"]
    assert found["D"] == ["2026-09-01", "2026-09-02", "2026-09-03", "2026-09-04"]
    assert found["E"] == []
    assert {row["verdict"] for row in of(days, "C")} == {"unknown"}
    assert {row["verdict"] for row in of(days, "A")[:2]} == {"unknown"}


def test_readings_before_commissioning_give_no_days(tmp_path):
    past(tmp_path, [["A", "2026-09-03"]], readings("A", days=4), station_head=("station", "commissioned"))
    assert [row["date"] for row in judge(tmp_path)["days"]] == ["2026-09-03", "2026-09-04"]


def test_late_and_repeated_rows_end_at_the_same_days(tmp_path):
    rows = by_time(readings("A", days=6, stops=[(84, 108)]))
    late = [row for row in rows if at(40) <= row[3] < at(44)]
    others = [row for row in rows if row not in late]
    place = next(number for number, row in enumerate(others) if row[3] >= at(55))
    plain = judge(stopped_past(tmp_path, rows))
    moved = judge(stopped_past(tmp_path, [*others[:place], *late[::-1], *late, *others[place:]]))
    assert [{**row, "reason": ""} for row in moved["days"]] == [
        {**row, "reason": ""} for row in plain["days"]
    ]
    assert [row["type"] for row in moved["alarms"]] == ["offline", "stopped"]
    assert moved["alarms"][1:] == plain["alarms"]
    assert "offline" in {row["state"] for row in moved["states"]}
    assert "offline" not in {row["state"] for row in plain["states"]}


def test_the_last_row_of_an_instant_stands(tmp_path):
    rows = by_time(readings("A", days=2))
    wrong = [["A", "power-1", "power", row[3], row[4], 7.0, "", ""] for row in rows if row[2] == "power"]
    again = [row for row in rows if row[2] == "power"]
    spoilt = [row for pair in zip(wrong, again, strict=True) for row in pair]
    spoilt += [row for row in rows if row[2] == "flow"]
    assert (
        judge(stopped_past(tmp_path, by_time(spoilt)))["days"] == judge(stopped_past(tmp_path, rows))["days"]
    )


def test_arrived_is_the_clock(tmp_path):
    rows = by_time(readings("A", days=6, stops=[(84, 108)]))
    late = [[*row, (datetime.fromisoformat(row[3]) + timedelta(minutes=30)).isoformat()] for row in rows]
    prompt = judge(past(tmp_path, [["A"]], [[*row, ""] for row in rows], (*COLUMNS, "arrived")))
    delayed = judge(past(tmp_path, [["A"]], late, (*COLUMNS, "arrived")))
    moments = [datetime.fromisoformat(found["alarms"][0]["raised"]) for found in (prompt, delayed)]
    assert moments[1] - moments[0] == timedelta(minutes=30)
    assert verdicts(prompt) == {day: verdicts(delayed)[day] for day in verdicts(prompt)}
    assert prompt == judge(stopped_past(tmp_path, rows))


@pytest.mark.parametrize(
    "empty", [["", "missing"], ["", ""], ["nan", "good"], ["inf", ""], ["-inf", "suspect"]]
)
def test_a_mute_meter_has_an_empty_row_or_none(tmp_path, empty):
    """What is not measured is no zero: the station is not taken for stopped."""
    value, quality = empty
    head = (*COLUMNS, "q")
    rows = [[*row, ""] for row in by_time(readings("A", days=5))]
    mute = [
        [*row[:4], value if row[2] == "power" else "", "", "", "", quality] if row[3] >= at(72) else row
        for row in rows
    ]
    found = judge(past(tmp_path, [["A"]], mute, head))
    assert [row["energy_kwh"] for row in found["days"][3:]] == ["", ""]
    assert "stopped" not in {row["state"] for row in found["states"]}
    assert "stopped" not in verdicts(found).values()


def test_voltages_tell_a_power_cut_from_a_stop(tmp_path):
    head = (*COLUMNS, "voltage_l1_v", "voltage_l2_v", "voltage_l3_v")

    def with_voltage(volts):
        rows = by_time(readings("A", days=6, stops=[(84, 108)]))
        return [
            [*row, *([volts if at(84) <= row[3] < at(108) else 230.0] * 3 if row[2] == "power" else [""] * 3)]
            for row in rows
        ]

    cut = judge(past(tmp_path, [["A"]], with_voltage(0.0), head))
    stop = judge(past(tmp_path, [["A"]], with_voltage(231.0), head))
    assert {row["type"] for row in cut["alarms"]} == {"power_cut"}
    assert {row["type"] for row in stop["alarms"]} == {"stopped"}


@pytest.mark.parametrize(
    ("people", "entered", "verdict", "alarms"),
    [
        (("赵工", "住建局"), "2026-09-01T08:00:00+08:00", "excluded", 0),
        (("赵工", "住建局"), "", "excluded", 0),
        (("赵工", "住建局"), "2027-03-01", "stopped", 1),
        (("赵工", ""), "2026-09-01", "stopped", 1),
        (("", "住建局"), "2026-09-01", "stopped", 1),
    ],
)
def test_an_approved_stop_counts_if_entered_in_time(tmp_path, people, entered, verdict, alarms):
    stopped_past(tmp_path, by_time(readings("A", days=7, stops=[(72, 120)])))
    rows = [["A", "2026-09-04", "2026-09-06", "检修", *people, entered]]
    exclusions = write(tmp_path / "exclusions.csv", EXCLUSIONS, rows)
    found = judge(tmp_path, "--exclusions", str(exclusions))
    assert verdicts(found)["2026-09-04"] == verdicts(found)["2026-09-05"] == verdict
    assert [row["type"] for row in found["alarms"]] == ["stopped"] * alarms


def test_a_stop_out_of_a_list_knows_no_manager_and_counts_whole(tmp_path):
    stopped_past(tmp_path, by_time(readings("A", days=9, stops=[(24, 192)])))
    rows = [["A", "2026-09-02", "2026-09-08", "检修", "赵工", "住建局", ""]]
    exclusions = write(tmp_path / "exclusions.csv", EXCLUSIONS, rows)
    found = verdicts(judge(tmp_path, "--exclusions", str(exclusions)))
    assert {found[f"2026-09-{day:02}"] for day in range(2, 9)} == {"excluded"}


def test_unknown_stations_are_left_out_and_told(tmp_path, capsys):
    past(tmp_path, [["A"]], by_time(readings("A"), readings("X", days=1), readings("Y", days=1)))
    found = judge(tmp_path)
    assert {row["station"] for name in found for row in found[name]} == {"A"}
    assert re.search(
        r"^left out +384 readings of unknown stations: X, Y$", capsys.readouterr().out, re.MULTILINE
    )


def test_thresholds_change_the_judgement(tmp_path):
    stopped_past(tmp_path)
    usual = judge(tmp_path)
    toml = tmp_path / "other.toml"
    toml.write_text(
        "[centre]\nname = 'x'\n[alerting]\nraise_after_s = 7200\nstop_window_s = 21600\n", "utf-8"
    )
    moments = {
        name: datetime.fromisoformat(found["alarms"][0]["raised"])
        for name, found in {
            "usual": usual,
            "words": judge(tmp_path, "--params", "raise_after_s=7200"),
            "file": judge(tmp_path, "--params", str(toml)),
            "both": judge(tmp_path, "--params", str(toml), "raise_after_s=0"),
        }.items()
    }
    hours = {name: (moment - moments["usual"]) / timedelta(hours=1) for name, moment in moments.items()}
    assert hours["words"] == 2
    assert hours["file"] == hours["both"] + 2
    assert hours["both"] >= 0


def test_processes_and_the_order_of_stations_change_nothing(tmp_path):
    names = ["A", "B", "C"]
    groups = [readings(name, days=5, stops=[(60 + 9 * n, 84)]) for n, name in enumerate(names)]
    past(tmp_path, [[name] for name in names], by_time(*groups))
    one, two = judge(tmp_path, out="one"), judge(tmp_path, out="two", processes=2)
    assert one == two
    for name in ("states", "days", "alarms"):
        assert (tmp_path / "one" / f"{name}.csv").read_bytes() == (
            tmp_path / "two" / f"{name}.csv"
        ).read_bytes()
    past(tmp_path, [[name] for name in reversed(names)], by_time(*groups))
    turned = judge(tmp_path, out="turned", processes=2)
    for name in names:
        assert {key: of(rows, name) for key, rows in turned.items()} == {
            key: of(rows, name) for key, rows in one.items()
        }
    assert list(dict.fromkeys(row["station"] for row in turned["days"])) == names[::-1]


def test_a_device_that_tells_of_both_kinds_is_two(tmp_path):
    rows = by_time(readings("A", days=3))
    plain = judge(stopped_past(tmp_path, rows))
    one = [["A", "meter", *row[2:]] for row in rows]
    assert judge(stopped_past(tmp_path, one))["days"] == plain["days"]


def test_readings_without_a_row_give_empty_results(tmp_path, capsys):
    past(tmp_path, [["A"]], [])
    assert judge(tmp_path) == {"states": [], "days": [], "alarms": []}
    assert re.search(r"^readings +0$", capsys.readouterr().out, re.MULTILINE)


def test_the_summary_is_aligned_or_for_machines(tmp_path, capsys):
    stopped_past(tmp_path)
    judge(tmp_path)
    lines = capsys.readouterr().out.splitlines()
    table = dict(re.split(r"\s{2,}", line, maxsplit=1) for line in lines)
    assert len({re.match(r"\S+( \S+)*\s+", line).end() for line in lines}) == 1
    assert table["stations"] == "1"
    assert table["readings"] == f"{7 * 96 * 2:,}"
    assert table["span"] == f"{at(0)} to {at(7 * 24 - 0.25)}"
    assert table["alarms"] == "1 stopped"
    assert table["stopped alarms"] == f"{30 / 7:.2f} a station-month"
    judge(tmp_path, "--json")
    told = json.loads(capsys.readouterr().out)
    assert told["readings"] == 7 * 96 * 2
    assert told["alarms"] == {"stopped": 1}
    assert sum(told["days"].values()) == 7
    assert told["running_share"] == pytest.approx(told["days"]["running"] / 7)
    assert told["stopped_alarms_per_station_month"] == pytest.approx(30 / 7)
    assert told["strangers"] == {}


def test_a_file_sorted_by_station_is_told_of(tmp_path, capsys):
    a, b = readings("A", days=5), readings("B", days=5)
    past(tmp_path, [["A"], ["B"]], [*a, *b])
    judge(tmp_path)
    told = capsys.readouterr().err
    assert f"{tmp_path}/readings.csv: most rows of B stand more than a day behind the clock" in told
    assert "sort it by time" in told
    past(tmp_path, [["A"], ["B"]], by_time(a, b))
    judge(tmp_path)
    past(tmp_path, [["A"], ["B"]], [[*row, row[3]] for row in [*a, *b]], (*COLUMNS, "arrived"))
    assert main([*words(tmp_path), "--processes", "1"]) == 0
    assert capsys.readouterr().err == ""


def test_days_are_those_of_the_zone(tmp_path):
    past(tmp_path, [["A"]], by_time(readings("A", days=2)))
    days = judge(tmp_path, "--timezone", "UTC")["days"]
    assert [row["date"] for row in days] == ["2026-08-31", "2026-09-01", "2026-09-02"]


def test_a_bar_shows_where_somebody_watches(tmp_path, monkeypatch):
    past(tmp_path, [["A"], ["B"]], by_time(readings("A"), readings("B")))
    ours, theirs = os.openpty()
    with os.fdopen(theirs, "w") as screen, os.fdopen(ours, "rb", 0) as watcher:
        monkeypatch.setattr("sys.stderr", screen)
        judge(tmp_path)
        shown = watcher.read(10_000).decode()
    assert "judging [" in shown
    assert "100 %" in shown


def test_stations_start_with_the_first_of_the_readings(tmp_path):
    found = judge(past(tmp_path, [["A"]], by_time(readings("A", days=2))))
    assert found["days"][0]["date"] == START.date().isoformat()
    assert found["states"][0]["state"] == "unknown"
