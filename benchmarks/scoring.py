"""How well a back-test judged a trial set: `scoring.py TRIALDIR OUTDIR [--json] [--lines N]`.

Found is a stop of six hours and more if an alarm rings while it lasts or within an hour after it, or, where
the centre heard less than half of it, if it is among the states in the end. Stops the centre cannot know of
stand beside it. `tellable` leaves out stops shorter than two duty cycles of their station or two samples.
"""

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from statistics import median, quantiles
from typing import Any, NamedTuple

from scoring_days import Amount, Verdict, amounts, verdicts
from scoring_set import Period, Station, read_days, read_said, read_stations
from scoring_states import right_share, state_hours
from scoring_stops import Stop, false_alarms, stops

LONG_H = 24
MONTH_S = 30 * 86_400
CHINA = timezone(timedelta(hours=8))
LINES = 30


class Score(NamedTuple):
    """Everything that can be told of a back-test."""

    stations: dict[str, Station]
    stops: list[Stop]
    false_alarms: list[tuple[Station, Period]]
    hours: dict[str, Counter[tuple[str, str]]]
    verdicts: list[Verdict]
    amounts: list[Amount]


def score(trial: Path, out: Path) -> Score:
    """Read a set and what was said of it, and hold one against the other.

    Raises:
        OSError: a file is missing.
    """
    stations, days, said = read_stations(trial), read_days(trial), read_said(out)
    kinds = sorted({station.kind for station in stations.values()})
    return Score(
        stations=stations,
        stops=stops(stations.values(), said),
        false_alarms=false_alarms(stations.values(), said),
        hours={
            kind: state_hours((each for each in stations.values() if each.kind == kind), said)
            for kind in kinds
        },
        verdicts=verdicts(days, stations, said),
        amounts=amounts(days, stations, said),
    )


def row(of: Score, belongs: Callable[[Station], bool]) -> dict[str, Any]:
    """The figures of some stations; shares are None where there is nothing to count."""
    stations = {name for name, station in of.stations.items() if belongs(station)}
    months = sum(of.stations[name].end_s - of.stations[name].begins_s for name in stations) / MONTH_S
    counted = [each for each in of.stops if each.station.id in stations and _counts(each)]
    unknowable = [each for each in of.stops if each.station.id in stations and not each.is_knowable]
    delays = [each.delay_h for each in counted if each.delay_h is not None]
    alarms = sum(station.id in stations for station, _ in of.false_alarms)
    hours: Counter[tuple[str, str]] = Counter()
    for kind in {of.stations[name].kind for name in stations}:
        hours.update(of.hours[kind])
    judged = [each for each in of.verdicts if each.day.station in stations]
    measured = [each for each in of.amounts if each.day.station in stations]
    return {
        "stations": len(stations),
        "stops": len(counted),
        "recall": _share(bool(each.found_by) for each in counted),
        "long": sum(each.hours >= LONG_H for each in counted),
        "recall_long": _share(bool(each.found_by) for each in counted if each.hours >= LONG_H),
        "tellable": sum(each.is_tellable for each in counted),
        "recall_tellable": _share(bool(each.found_by) for each in counted if each.is_tellable),
        "unknowable": len(unknowable),
        "delay_median_h": median(delays) if delays else None,
        "delay_p95_h": _p95(delays),
        "false_alarms": alarms,
        "false_per_month": alarms / months if months else None,
        "states": right_share(hours),
        "verdicts": _share(each.is_right for each in judged),
        "amounts": _share(each.is_right for each in measured),
    }


def table(of: Score) -> dict[str, dict[str, Any]]:
    """The figures by kind of scenario, then in total and by what is measured."""
    kinds = sorted({station.kind for station in of.stations.values()})
    rows = {kind: row(of, lambda station, kind=kind: station.kind == kind) for kind in kinds}  # type: ignore[misc]
    return rows | {
        "ALL": row(of, lambda _: True),
        "  without night_off": row(of, lambda station: station.kind != "night_off"),
        "  power and flow": row(of, lambda station: len(station.meters) > 1),
        "  power alone": row(of, lambda station: station.meters == {"power"}),
        "  flow alone": row(of, lambda station: station.is_flow_only),
    }


def _counts(stop: Stop) -> bool:
    return stop.is_knowable and (stop.is_tellable or not stop.station.is_flow_only)


def _share(results: Iterable[bool]) -> float | None:
    known = list(results)
    return sum(known) / len(known) if known else None


def _p95(values: Sequence[float]) -> float | None:
    if len(values) < 2:
        return values[0] if values else None
    return quantiles(values, n=20, method="inclusive")[-1]


_COLUMNS = (
    ("stations", "n", "d"), ("stops", "stops", "d"), ("recall", "found", "%"), ("long", ">=24h", "d"),
    ("recall_long", "found", "%"), ("tellable", "tellable", "d"), ("recall_tellable", "found", "%"),
    ("unknowable", "unknowable", "d"), ("delay_median_h", "delay h", ".1f"), ("delay_p95_h", "p95 h", ".1f"),
    ("false_alarms", "false", "d"), ("false_per_month", "/month", ".3f"), ("states", "states", "%"),
    ("verdicts", "verdicts", "%"), ("amounts", "amounts", "%"),
)  # fmt: skip


def lines(of: Score, most: int = LINES) -> Iterable[str]:
    """The table, what was confused, and what was wrong."""
    yield f"{'':<20}" + "".join(f"{head:>{max(len(head), 6) + 2}}" for _, head, _ in _COLUMNS)
    for name, figures in table(of).items():
        cells = (f"{_cell(figures[key], how):>{max(len(head), 6) + 2}}" for key, head, how in _COLUMNS)
        yield f"{name:<20}" + "".join(cells)
    yield from _confused("hours of state (true, said)", _all_hours(of), "10.0f")
    yield from _confused(
        "clear days (true, said)", Counter((each.day.verdict, each.said) for each in of.verdicts), "10d"
    )
    missed = [each for each in of.stops if _counts(each) and not each.found_by]
    yield from _listed("missed stops", [_stop_line(each) for each in missed], most)
    yield from _listed("false alarms", [_alarm_line(*each) for each in of.false_alarms], most)
    wrong = [each for each in of.verdicts if not each.is_right]
    yield from _listed("wrong verdicts", [_verdict_line(each) for each in wrong], most)
    off = sorted((each for each in of.amounts if not each.is_right), key=lambda each: -each.error)
    yield from _listed("wrong amounts", [_amount_line(each) for each in off], most)


def _all_hours(of: Score) -> Counter[tuple[str, str]]:
    return sum(of.hours.values(), Counter())


def _cell(value: float | None, how: str) -> str:
    if value is None:
        return "-"
    return f"{100 * value:.1f}%" if how == "%" else format(value, how)


def _confused(title: str, counts: Counter[tuple[str, str]], how: str) -> Iterable[str]:
    yield f"\n{title}"
    truths = sorted({truth for truth, _ in counts})
    saids = sorted({said for _, said in counts})
    yield f"  {'':<20}" + "".join(f"{said[:18]:>20}" for said in saids)
    for truth in truths:
        yield f"  {truth:<20}" + "".join(f"{format(counts[truth, said], how):>20}" for said in saids)


def _listed(title: str, found: Sequence[str], most: int) -> Iterable[str]:
    yield f"\n{title}: {len(found)}"
    yield from (f"  {line}" for line in found[:most])
    if len(found) > most:
        yield f"  … and {len(found) - most} more"


def _time(time_s: float) -> str:
    return f"{datetime.fromtimestamp(time_s, CHINA):%m-%d %H:%M}" if time_s != float("inf") else "open"


def _stop_line(stop: Stop) -> str:
    short = "" if stop.is_tellable else f" (two cycles: {stop.station.tellable_h:.0f} h)"
    where = f"{stop.station.id:<14}{stop.station.kind:<16}"
    return f"{where}{_time(stop.start_s)} - {_time(stop.end_s)} {stop.hours:6.1f} h{short}"


def _alarm_line(station: Station, alarm: Period) -> str:
    truth = next((each.what for each in station.truth if each.start_s <= alarm.start_s < each.end_s), "-")
    times = f"{_time(alarm.start_s)} - {_time(alarm.end_s)}"
    return f"{station.id:<14}{station.kind:<16}{times}  true: {truth}; {alarm.why}"


def _verdict_line(each: Verdict) -> str:
    where = f"{each.day.station:<14}{each.kind:<16}{each.day.date}"
    return f"{where}  true: {each.day.verdict}, said: {each.said}; {each.reason}"


def _amount_line(each: Amount) -> str:
    told = "nothing" if each.said is None else f"{each.said:g}"
    return (
        f"{each.day.station:<14}{each.kind:<16}{each.day.date}  {each.what}: true {each.true:g}, said {told}"
    )


def as_json(of: Score) -> str:
    """All figures and lists for machines."""
    return json.dumps(
        {
            "table": {name.strip(): figures for name, figures in table(of).items()},
            "state_hours": [[*key, round(hours, 2)] for key, hours in _all_hours(of).items()],
            "missed": [_stop_line(each) for each in of.stops if _counts(each) and not each.found_by],
            "false_alarms": [_alarm_line(*each) for each in of.false_alarms],
            "wrong_verdicts": [_verdict_line(each) for each in of.verdicts if not each.is_right],
            "wrong_amounts": [_amount_line(each) for each in of.amounts if not each.is_right],
        },
        ensure_ascii=False,
        indent=1,
    )


def main() -> None:
    """Score and print."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="example:\n  python benchmarks/scoring.py trials judged",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("trial", type=Path, metavar="TRIALDIR", help="of `qingliu simulate trials`")
    parser.add_argument("out", type=Path, metavar="OUTDIR", help="of `qingliu alerting backtest`")
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.add_argument("--lines", type=int, default=LINES, metavar="N", help="of each list [%(default)s]")
    args = parser.parse_args()
    result = score(args.trial, args.out)
    print(as_json(result) if args.json else "\n".join(lines(result, args.lines)))


if __name__ == "__main__":
    main()
