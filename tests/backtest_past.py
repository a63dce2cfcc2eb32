"""A small past in files for the back-test, and its results read back."""

import csv
from datetime import datetime, timedelta, timezone

from qingliu.cli import main

CHINA = timezone(timedelta(hours=8))
START = datetime(2026, 9, 1, tzinfo=CHINA)
COLUMNS = ("station", "device", "kind", "time", "active_power_kw", "energy_kwh", "flow_m3h", "volume_m3")
OUTPUTS = {
    "states": ["station", "start", "end", "state", "reason"],
    "days": ["station", "date", "verdict", "energy_kwh", "volume_m3", "valid_hours", "reason"],
    "alarms": ["station", "type", "raised", "cleared", "reason"],
}


def at(hours):
    return (START + timedelta(hours=hours)).isoformat()


def readings(station, days=3, every_h=0.25, stops=(), kw=1.2, m3h=0.8):
    """A station's rows by time, both meters; it stands still between the hours of `stops`."""
    energy, volume, found = 100.0, 10.0, []
    for step in range(round(days * 24 / every_h)):
        hours = step * every_h
        if step and not any(start < hours <= end for start, end in stops):
            energy, volume = energy + kw * every_h, volume + m3h * every_h
        runs = not any(start <= hours < end for start, end in stops)
        power, flow = (kw, m3h) if runs else (0.0, 0.0)
        found.append([station, "power-1", "power", at(hours), power, round(energy, 3), "", ""])
        found.append([station, "flow-1", "flow", at(hours), "", "", flow, round(volume, 3)])
    return found


def by_time(*groups):
    return sorted((row for rows in groups for row in rows), key=lambda row: datetime.fromisoformat(row[3]))


def write(path, head, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    return path


def past(folder, stations, rows, head=COLUMNS, station_head=("station",)):
    """Writes both files; `stations` are rows of the station list."""
    write(folder / "stations.csv", station_head, stations)
    write(folder / "readings.csv", head, rows)
    return folder


def words(folder, *more, out="out"):
    files = ["--stations", str(folder / "stations.csv"), "--readings", str(folder / "readings.csv")]
    return ["alerting", "backtest", *files, "-o", str(folder / out), *more]


def judge(folder, *more, out="out", processes=1):
    """Runs the command in this process; returns its results as rows of dictionaries by file."""
    assert main([*words(folder, *more, out=out), "--processes", str(processes)]) == 0
    return results(folder / out)


def results(folder):
    found = {}
    for name, columns in OUTPUTS.items():
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            found[name] = list(reader)
            assert reader.fieldnames == columns
    assert sorted(each.name for each in folder.iterdir()) == ["alarms.csv", "days.csv", "states.csv"]
    return found
