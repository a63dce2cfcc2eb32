"""The files of a trial set: readings in order of arrival, the station list, exclusions, and the truth."""

import csv
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from simulator.trial_box import COLUMNS, FURTHER_COLUMNS, Delivery, deliver
from simulator.trial_days import Days, DayTruth
from simulator.trial_life import live
from simulator.trial_station import TrialStation
from simulator.trial_time import DAY_S, Window, iso
from simulator.trial_truth import silences, states

_REASON, _APPLICANT, _APPROVER = "maintenance", "运维公司（虚构）", "主管部门（虚构）"
_STAMP = 14
"""Digits of an arrival, ms since the epoch, so that rows sort as text."""
_DRAWN_SHARE = 0.9
"""Of the work, what is done before the readings are put in order."""
HEADS = {
    "stations": "station,county,town,process,design_m3_per_day,rated_kw,commissioned",
    "exclusions": "station,start,end,reason,applicant,approver,entered",
    "truth_states": "station,start,end,state",
    "truth_heard": "station,start,end,what,back_filled",
    "truth_days": "station,date,verdict,energy_kwh,volume_m3,clear,evidence",
    "truth_stations": (
        "station,kind,process,meters,sampling_s,pause_h,design_m3_per_day,energy_step_kwh,volume_step_m3"
    ),
}
"""The tables of a set besides its readings."""


def write_trials(
    folder: Path,
    window: Window,
    stations: Sequence[TrialStation],
    seed: int,
    *,
    is_plain: bool = False,
    progress: Callable[[float], None] = lambda _: None,
) -> int:
    """Write a set; files of an earlier set in the folder are replaced.

    Args:
        folder: is made if it does not exist.
        window: of the set.
        stations: all of them.
        seed: of the set.
        is_plain: the readings have the eight columns every set has, and no more.
        progress: told how much is done, 0 to 1.

    Returns:
        How many readings there are.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tables: dict[str, list[Sequence[object]]] = defaultdict(list)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".arrivals-") as name:
        pile = _Pile(Path(name))
        for number, station in enumerate(stations):
            life = live(station, window, seed)
            delivery = deliver(station, life, window, seed, is_plain=is_plain)
            pile.add(delivery)
            _tell(tables, station, window, Days(station, life, delivery.known, window).all())
            progress(_DRAWN_SHARE * (number + 1) / len(stations))
        for each, head in HEADS.items():
            _write(folder / f"{each}.csv", head, tables[each])
        head = ",".join(COLUMNS if is_plain else COLUMNS + FURTHER_COLUMNS)
        return pile.write(folder / "readings.csv", head, progress)


class _Pile:
    """Readings of all stations, kept in a file per day of arrival, since they do not fit into memory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, delivery: Delivery) -> None:
        """Add what one box delivered."""
        by_day = defaultdict(list)
        for arrived_ms, row in delivery.rows:
            by_day[arrived_ms // (1000 * DAY_S)].append(f"{arrived_ms:0{_STAMP}}{row}\n")
        for day, lines in by_day.items():
            with (self._folder / f"{day:06}").open("a", encoding="utf-8") as file:
                file.writelines(lines)

    def write(self, path: Path, head: str, progress: Callable[[float], None]) -> int:
        """Write all in order of arrival; says how many there are."""
        count, days = 0, sorted(self._folder.iterdir())
        with path.open("w", encoding="utf-8", newline="\n") as file:
            file.write(f"{head}\n")
            for number, day in enumerate(days):
                lines = sorted(day.read_text("utf-8").splitlines(keepends=True))
                file.writelines(line[_STAMP:] for line in lines)
                count += len(lines)
                progress(_DRAWN_SHARE + (1 - _DRAWN_SHARE) * (number + 1) / len(days))
        return count


def _tell(
    tables: dict[str, list[Sequence[object]]], station: TrialStation, window: Window, days: Iterable[DayTruth]
) -> None:
    """One station's rows of every table."""
    tables["stations"].append((station.id, station.county, station.town, *station.columns))
    steps = [
        station.box.registers[kind].step if kind in station.box.meters else "" for kind in ("power", "flow")
    ]
    plant, box = station.plant, station.box
    told = (
        plant.process,
        "+".join(box.meters),
        box.sampling_s,
        f"{plant.pause_h:.2f}",
        plant.design_m3_per_day,
    )
    tables["truth_stations"].append((station.id, station.kind, *told, *steps))
    for each in station.approved:
        dates = (each.start.isoformat(), each.end.isoformat())
        row = (station.id, *dates, _REASON, _APPLICANT, _APPROVER, each.entered.isoformat())
        tables["exclusions"].append(row)
    for period in states(station, window):
        tables["truth_states"].append((station.id, iso(period.start_s), iso(period.end_s), period.what))
    for silence in silences(station, window.end_s):
        times = (iso(silence.start_s), iso(silence.end_s))
        tables["truth_heard"].append((station.id, *times, silence.what, _word(silence.back_filled)))
    for day in days:
        amounts = ("" if each is None else f"{each:.4f}" for each in (day.energy_kwh, day.volume_m3))
        words = (_word(day.is_clear), _word(day.has_evidence))
        tables["truth_days"].append((station.id, day.day.isoformat(), day.verdict, *amounts, *words))


def _write(path: Path, head: str, rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head.split(","))
        writer.writerows(rows)


def _word(value: bool) -> str:  # noqa: FBT001 - a cell
    return "true" if value else "false"
