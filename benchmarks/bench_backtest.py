"""The back-test of 40 stations over 30 days at 5 min, and smaller sets at 60 min and 1 min: speed, memory."""

import csv
import json
import os
import random
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import NamedTuple

from figures import show

QINGLIU = [sys.executable, "-m", "qingliu"]
START = datetime(2026, 9, 1, tzinfo=timezone(timedelta(hours=8)))
STOPPED_FROM = 0.6
"""From so much of the span on every tenth station stands still."""
GOAL = 1_000_000
HEAD = "station,device,kind,time,active_power_kw,energy_kwh,flow_m3h,volume_m3\n"


class Size(NamedTuple):
    """Of a set: every station has a power and a flow meter."""

    stations: int
    days: int
    sampling_s: int


def main() -> None:
    """Run and print."""
    for size in (Size(40, 30, 300), Size(40, 30, 3_600), Size(4, 20, 60)):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            make(folder, size)
            took, peak_mb = back_test(folder)
            told = json.loads((folder / "summary.json").read_text("utf-8"))
            with (folder / "out" / "days.csv").open(encoding="utf-8", newline="") as file:
                days = sum(1 for _ in csv.DictReader(file))
            if days != size.stations * size.days:
                raise SystemExit(f"{days} days judged of {size.stations * size.days}")
        what = f"back-test of {size.stations} stations, {size.days} days, {size.sampling_s // 60} min"
        show(f"{what}, {told['readings']:,} readings", f"{took:.1f} s", "-")
        show("  readings a minute", f"{60 * told['readings'] / took:,.0f}", f">= {GOAL:,}")
        show("  peak memory of its largest process", f"{peak_mb:.0f} MB", "-")


def make(folder: Path, size: Size, seed: int = 1) -> None:
    """Write `stations.csv` and `readings.csv`, rows in order of arrival."""
    chance = random.Random(seed)
    names = [f"410882-{number:04}" for number in range(size.stations)]
    head = "station,county,town,process,design_m3_per_day,rated_kw,commissioned\n"
    rows = [f"{name},410882,,A2O,20,2.2,{START.date()}\n" for name in names]
    (folder / "stations.csv").write_text(head + "".join(rows), "utf-8")
    energy, volume = [100.0] * size.stations, [10.0] * size.stations
    polls = size.days * 86_400 // size.sampling_s
    hours = size.sampling_s / 3_600
    with (folder / "readings.csv").open("w", encoding="utf-8") as file:
        file.write(HEAD)
        for poll in range(polls):
            time = (START + timedelta(seconds=poll * size.sampling_s)).isoformat()
            for number, name in enumerate(names):
                stands = number % 10 == 3 and poll > STOPPED_FROM * polls
                kw = 0.01 if stands else 1.1 + 0.3 * chance.random()
                m3h = 0.0 if stands else 0.6 + 0.5 * chance.random()
                energy[number] += kw * hours
                volume[number] += m3h * hours
                file.write(f"{name},power-1,power,{time},{kw:.3f},{energy[number]:.3f},,\n")
                file.write(f"{name},flow-1,flow,{time},,,{m3h:.3f},{volume[number]:.3f}\n")


def back_test(folder: Path) -> tuple[float, float]:
    """Run the command; returns its seconds and the MB of its largest process."""
    files = ["--stations", str(folder / "stations.csv"), "--readings", str(folder / "readings.csv")]
    began = os.times().elapsed
    with (folder / "summary.json").open("wb") as summary:
        child = subprocess.Popen(
            [*QINGLIU, "alerting", "backtest", *files, "-o", str(folder / "out"), "--json"], stdout=summary
        )
        _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit("the back-test failed")
    return os.times().elapsed - began, used.ru_maxrss / 1024


if __name__ == "__main__":
    main()
