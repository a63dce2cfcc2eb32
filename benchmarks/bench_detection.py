"""How well stops are found: a back-test of stations whose true condition is known."""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from figures import keeps, show
from scoring import Score, lines, row, score

QINGLIU = [sys.executable, "-m", "qingliu"]
STATIONS, DAYS, SEED = 150, 60, 1


class Goal(NamedTuple):
    """A figure of the quality table and what it should be."""

    what: str
    figure: str
    how: str
    goal: str


GOALS = (
    Goal("stops of 24 h and more that were found", "recall_long", "%", "100 %"),
    Goal("stops of 6 h and more that can be told from a pause, found", "recall_tellable", "%", ">= 98 %"),
    Goal("stops of 6 h and more, found", "recall", "%", ">= 98 %"),
    Goal("alarms `stopped` without a stop, per station and month", "false_per_month", ".3f", "<= 0.02"),
    Goal("from stop to alarm, median", "delay_median_h", ".1f h", "<= 4.5 h"),
    Goal("from stop to alarm, 95 of 100", "delay_p95_h", ".1f h", "-"),
    Goal("hours with the right state", "states", "%", "-"),
    Goal("clear days with the right verdict", "verdicts", "%", ">= 99.5 %"),
    Goal("amounts of a day within 0.5 %", "amounts", "%", "100 %"),
)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED, help="of the set [%(default)s]")
    parser.add_argument("--stations", type=int, default=STATIONS, help="of the set [%(default)s]")
    parser.add_argument("--days", type=int, default=DAYS, help="of the set [%(default)s]")
    parser.add_argument("--full", action="store_true", help="the table by kind, and what was wrong")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        trial, out = Path(name) / "trial", Path(name) / "out"
        size = ["--stations", str(args.stations), "--days", str(args.days)]
        subprocess.run(
            [*QINGLIU, "simulate", "trials", "-o", str(trial), "--seed", str(args.seed), *size], check=True
        )
        began = time.monotonic()
        subprocess.run(_back_test(trial, out), check=True)
        took_s = time.monotonic() - began
        result = score(trial, out)
    if args.full:
        print("\n".join(lines(result)))
    tell(result)
    show("back-test of it all", f"{took_s:.0f} s", "-")


def tell(result: Score) -> None:
    """Print the figures beside their goals: of all stations, and of those with both meters."""
    for title, belongs in (
        ("all stations", lambda _: True),
        ("stations with power and flow meter", lambda station: len(station.meters) > 1),
    ):
        figures = row(result, belongs)
        print(f"{title}: {figures['stations']}, {figures['stops']} stops, {figures['unknowable']} unknowable")
        for goal in GOALS:
            value = figures[goal.figure]
            show(f"  {goal.what}", _figure(value, goal.how), goal.goal, within=_is_kept(value, goal))


def _is_kept(value: float | None, goal: Goal) -> bool | None:
    """By the whole figure, not by what is printed of it: 99.96 % is not 100 %."""
    if value is None:
        return None
    exact = f"{100 * value:.9f} %" if goal.how == "%" else f"{value:.9f}"
    return keeps(exact, goal.goal.replace("100 %", ">= 100 %"))


def _back_test(trial: Path, out: Path) -> list[str]:
    files = [
        word
        for name in ("stations", "readings", "exclusions")
        for word in (f"--{name}", str(trial / f"{name}.csv"))
    ]
    return [*QINGLIU, "alerting", "backtest", *files, "-o", str(out)]


def _figure(value: float | None, how: str) -> str:
    if value is None:
        return "-"
    if how == "%":
        return f"{100 * value:.1f} %"
    digits, _, unit = how.partition(" ")
    return f"{value:{digits}} {unit}".rstrip()


if __name__ == "__main__":
    main()
