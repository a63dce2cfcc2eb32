import argparse
import bisect
import csv
import subprocess
import sys
from collections import defaultdict
from datetime import datetime

import pytest

from simulator import cli
from simulator.trial_cast import cast
from simulator.trial_files import HEADS, write_trials

SIMPLE = ("ordinary", "stop", "link", "link_and_stop", "storm", "town_cut", "idling")


def made(folder, *words):
    parser = argparse.ArgumentParser(prog="qingliu simulate")
    cli.register(parser)
    args = parser.parse_args(["trials", "-o", str(folder), *words])
    return args.run(args)


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def seconds(text):
    return datetime.fromisoformat(text).timestamp()


@pytest.fixture(scope="module")
def trial(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trial")
    assert made(folder, "--seed", "4", "--stations", "14", "--days", "12", "--kinds", *SIMPLE) == 0
    return folder


def test_a_set_holds_the_contract_s_files(trial):
    assert {each.name for each in trial.iterdir()} == {f"{name}.csv" for name in (*HEADS, "readings")}
    for name, head in HEADS.items():
        assert (trial / f"{name}.csv").read_text("utf-8").partition("\n")[0] == head
    stations = {row["station"] for row in rows(trial / "stations.csv")}
    assert len(stations) == 14
    for name in ("readings", "truth_states", "truth_days", "truth_stations"):
        assert {row["station"] for row in rows(trial / f"{name}.csv")} == stations


def test_readings_stand_in_order_of_arrival_over_all_stations(trial):
    readings = rows(trial / "readings.csv")
    arrived = [row["arrived"] for row in readings]
    assert arrived == sorted(arrived)
    assert all(row["time"] < row["arrived"] for row in readings)
    late = [row for row in readings if seconds(row["arrived"]) - seconds(row["time"]) > 3600]
    assert late
    assert len({(row["station"], row["device"], row["time"]) for row in readings}) < len(readings)


def test_days_with_evidence_are_as_the_readings_around_their_midnights_say(trial):
    counted = defaultdict(dict)
    for row in rows(trial / "readings.csv"):
        for column in ("energy_kwh", "volume_m3"):
            if row[column]:
                counted[row["station"], column][seconds(row["time"])] = float(row[column])
    curves = {key: sorted(found.items()) for key, found in counted.items()}
    steps = {row["station"]: row for row in rows(trial / "truth_stations.csv")}
    checked = 0
    for row in rows(trial / "truth_days.csv"):
        midnight_s = seconds(f"{row['date']}T00:00:00+08:00")
        for column, step in (("energy_kwh", "energy_step_kwh"), ("volume_m3", "volume_step_m3")):
            if row["evidence"] == "true" and row[column]:
                curve, true = curves[row["station"], column], float(row[column])
                told = total(curve, midnight_s + 86_400) - total(curve, midnight_s)
                most = max(0.005 * true, 0.02 + float(steps[row["station"]][step]))
                assert told == pytest.approx(true, abs=most + 1e-6), row
                checked += 1
    assert checked > 150


def total(curve, time_s):
    place = bisect.bisect(curve, (time_s,))
    (before_s, before), (after_s, after) = curve[place - 1 : place + 1]
    return before + (after - before) * (time_s - before_s) / (after_s - before_s)


def test_the_same_seed_writes_the_same_files(tmp_path):
    words = ("--seed", "7", "--stations", "3", "--days", "8", "--kinds", "stop", "odd")
    for name in ("one", "two"):
        assert made(tmp_path / name, *words) == 0
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()
    assert made(tmp_path / "other", "--seed", "8", *words[2:]) == 0
    assert (tmp_path / "one" / "readings.csv").read_bytes() != (tmp_path / "other/readings.csv").read_bytes()


def test_a_plain_set_has_the_eight_columns_alone(tmp_path):
    told = []
    window, stations = cast(1, 3, 8, ["power_mute"])
    count = write_trials(tmp_path, window, stations, 1, is_plain=True, progress=told.append)
    lines = (tmp_path / "readings.csv").read_text("utf-8").splitlines()
    assert lines[0] == "station,device,kind,time,active_power_kw,energy_kwh,flow_m3h,volume_m3"
    assert {line.count(",") for line in lines} == {7}
    assert count == len(lines) - 1
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_what_cannot_be_made_is_said_in_one_line(tmp_path, capsys):
    assert made(tmp_path / "x", "--stations", "0") == 2
    assert capsys.readouterr().err == "--stations: 1 to 2000 (got 0). Choose a number of these.\n"
    (tmp_path / "file").write_text("")
    assert made(tmp_path / "file", "--stations", "1", "--days", "8") == 1
    said = f"{tmp_path}/file: cannot be written (File exists). Choose another folder with -o.\n"
    assert capsys.readouterr().err == said


def test_its_help_has_an_example_and_imports_no_set(tmp_path):
    program = (
        "import argparse, sys\nfrom simulator import cli\n"
        "parser = argparse.ArgumentParser()\ncli.register(parser)\n"
        "try:\n    parser.parse_args(['trials', '--help'])\nexcept SystemExit:\n"
        "    print('MODULES', *sorted(sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30
    )
    text, _, modules = done.stdout.partition("MODULES")
    assert "qingliu simulate trials -o trials --seed 1" in text
    assert not {"simulator.trial_cast", "simulator.trial_files"} & set(modules.split())
