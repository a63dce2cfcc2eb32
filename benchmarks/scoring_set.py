"""A trial set's truth and what a back-test said of it, read from their files."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

HOUR_S = 3600.0
SMALL_M3_PER_DAY = 20
LEAST_STOP_H = 6.0
FLOW_ONLY_H, SMALL_FLOW_ONLY_H = 24.0, 48.0


class Period(NamedTuple):
    """From and to, seconds since the epoch, and what was the case or was said."""

    start_s: float
    end_s: float
    what: str
    why: str = ""

    def overlap_s(self, start_s: float, end_s: float) -> float:
        """How much of it lies between two instants."""
        return max(0.0, min(self.end_s, end_s) - max(self.start_s, start_s))


class Station(NamedTuple):
    """A station of the set.

    Attributes:
        id: its id.
        kind: of scenario.
        meters: kinds of meter.
        sampling_s: from sample to sample.
        pause_h: its longest duty cycle.
        design_m3_per_day: 0 where not told.
        steps: of the counters, by column of the day's amounts.
        begins_s, end_s: of what is known of it.
        truth: its true states.
        silences: when nothing was heard; why: "true" if it was delivered later.
    """

    id: str
    kind: str
    meters: frozenset[str]
    sampling_s: float
    pause_h: float
    design_m3_per_day: float
    steps: dict[str, float]
    truth: list[Period]
    silences: list[Period]

    @property
    def begins_s(self) -> float:
        """The beginning of what is known of it."""
        return self.truth[0].start_s

    @property
    def end_s(self) -> float:
        """The end of what is known of it."""
        return self.truth[-1].end_s

    @property
    def is_flow_only(self) -> bool:
        """Whether nothing tells of its energy."""
        return self.meters == {"flow"}

    @property
    def main_meter(self) -> str:
        """What `truth_heard.csv` calls the meter that its state rests on."""
        return "flow_meter" if self.is_flow_only else "power_meter"

    @property
    def tellable_h(self) -> float:
        """From which length on a stop can be told from a pause: two duty cycles, or two samples."""
        if self.is_flow_only:
            least_h = SMALL_FLOW_ONLY_H if self.design_m3_per_day < SMALL_M3_PER_DAY else FLOW_ONLY_H
        else:
            least_h = LEAST_STOP_H
        return max(least_h, 2 * self.pause_h + 1, 2 * self.sampling_s / HOUR_S + 1)


class Day(NamedTuple):
    """A true day."""

    station: str
    date: str
    verdict: str
    amounts: dict[str, float]
    is_clear: bool
    has_evidence: bool


class Said(NamedTuple):
    """What a back-test said.

    Attributes:
        states: by station.
        alarms: by station; what: their type, `end_s` infinite while open.
        days: by station and date.
    """

    states: dict[str, list[Period]]
    alarms: dict[str, list[Period]]
    days: dict[tuple[str, str], dict[str, str]]


AMOUNTS = ("energy_kwh", "volume_m3")


def read_stations(folder: Path) -> dict[str, Station]:
    """The stations of a set, by id.

    Args:
        folder: of the set.

    Raises:
        OSError: a file is missing.
    """
    truth = _periods(folder / "truth_states.csv", "start", "end", "state")
    silences = _periods(folder / "truth_heard.csv", "start", "end", "what", "back_filled")
    told = {row["station"]: row for row in _told(folder)}
    return {
        name: Station(
            id=name,
            kind=told[name].get("kind") or "-",
            meters=frozenset(told[name]["meters"].split("+")),
            sampling_s=float(told[name].get("sampling_s") or 0),
            pause_h=float(told[name].get("pause_h") or 0),
            design_m3_per_day=float(told[name].get("design_m3_per_day") or 0),
            steps={each: float(told[name].get(_STEPS[each]) or 0) for each in AMOUNTS},
            truth=sorted(periods),
            silences=sorted(silences.get(name, [])),
        )
        for name, periods in truth.items()
    }


_STEPS = {"energy_kwh": "energy_step_kwh", "volume_m3": "volume_step_m3"}


def _told(folder: Path) -> Iterable[dict[str, str]]:
    """What the set tells of each station; without its own file, what its readings show."""
    path = folder / "truth_stations.csv"
    if path.exists():
        return list(_rows(path))
    meters: dict[str, set[str]] = defaultdict(set)
    for row in _rows(folder / "readings.csv"):
        meters[row["station"]].add(row["kind"])
    listed = {row["station"]: row for row in _rows(folder / "stations.csv")}
    return [
        {**listed.get(name, {}), "station": name, "meters": "+".join(sorted(kinds)), "kind": "-"}
        for name, kinds in meters.items()
    ]


def read_days(folder: Path) -> list[Day]:
    """The true days of a set."""
    return [
        Day(
            row["station"],
            row["date"],
            row["verdict"],
            {each: float(row[each]) for each in AMOUNTS if row[each]},
            row["clear"] == "true",
            row["evidence"] == "true",
        )
        for row in _rows(folder / "truth_days.csv")
    ]


def read_said(folder: Path) -> Said:
    """What a back-test wrote."""
    return Said(
        states=_periods(folder / "states.csv", "start", "end", "state", "reason"),
        alarms=_periods(folder / "alarms.csv", "raised", "cleared", "type", "reason"),
        days={(row["station"], row["date"]): row for row in _rows(folder / "days.csv")},
    )


def _periods(path: Path, *columns: str) -> dict[str, list[Period]]:
    """Periods by station; what has no end goes on."""
    start, end, *words = columns
    found: dict[str, list[Period]] = defaultdict(list)
    for row in _rows(path):
        end_s = _seconds(row[end]) if row[end] else float("inf")
        found[row["station"]].append(Period(_seconds(row[start]), end_s, *(row[word] for word in words)))
    return dict(found)


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
