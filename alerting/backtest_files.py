"""What a back-test writes: `states.csv`, `days.csv`, `alarms.csv`."""

import csv
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

from alerting.backtest_station import Judged
from registry.cells import harmless_id
from service.civil import clock_of

STATES = ("station", "start", "end", "state", "reason")
DAYS = ("station", "date", "verdict", "energy_kwh", "volume_m3", "valid_hours", "reason")
ALARMS = ("station", "type", "raised", "cleared", "reason")


class Output:
    """The files of one back-test; they appear under their names only when all is written.

    Attributes:
        counts: of states, verdicts and alarms, each by its word.
    """

    def __init__(self, folder: Path, zone: ZoneInfo) -> None:
        self._folder = folder
        self._zone = zone
        self._open = ExitStack()
        self._made = False
        self._writers: dict[str, Any] = {}
        self.counts: Mapping[str, Counter[str]] = {
            "states": Counter(),
            "days": Counter(),
            "alarms": Counter(),
        }

    def __enter__(self) -> Self:
        self._made = not self._folder.exists()
        self._folder.mkdir(parents=True, exist_ok=True)
        for name, columns in (("states", STATES), ("days", DAYS), ("alarms", ALARMS)):
            part = self._folder / f"{name}.csv.part"
            file = self._open.enter_context(part.open("w", encoding="utf-8", newline=""))
            self._writers[name] = csv.writer(file, lineterminator="\n")
            self._writers[name].writerow(columns)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_failure: object) -> None:
        self._open.close()
        for name in self._writers:
            part = self._folder / f"{name}.csv.part"
            if kind is None:
                part.replace(self._folder / f"{name}.csv")
            else:
                part.unlink(missing_ok=True)
        if kind is not None and self._made:
            with suppress(OSError):  # somebody put something else there
                self._folder.rmdir()

    def write(self, judged: Judged, end_ms: int) -> None:
        """Write one station; a state that goes on ends with the back-test."""
        station = harmless_id(judged.station)
        for period in judged.states:
            until_ms = end_ms if period.end_ms is None else period.end_ms
            if until_ms <= period.start_ms and period.end_ms is not None:
                continue  # overtaken by one that began earlier
            self.counts["states"][period.state] += 1
            row = (self._time(period.start_ms), self._time(until_ms), period.state)
            self._writers["states"].writerow((station, *row, said(period.reason, period.evidence)))
        for day, verdict in sorted(judged.days.items()):
            self.counts["days"][verdict.verdict] += 1
            figures = verdict.evidence
            self._writers["days"].writerow(
                (
                    station,
                    day.isoformat(),
                    verdict.verdict,
                    _figure(figures.get("energy_kwh")),
                    _figure(figures.get("volume_m3")),
                    _figure(figures.get("valid_hours")),
                    verdict.reason,
                )
            )
        for alarm in judged.alarms:
            self.counts["alarms"][alarm.type] += 1
            cleared = "" if alarm.cleared_ms is None else self._time(alarm.cleared_ms)
            row = (alarm.type, self._time(alarm.raised_ms), cleared)
            self._writers["alarms"].writerow((station, *row, said(alarm.reason, alarm.evidence)))

    def _time(self, ms: int) -> str:
        return clock_of(ms, self._zone).isoformat(timespec="seconds")


def said(code: str, evidence: Mapping[str, object]) -> str:
    """A reason as one text: its code, and the figures it rests on."""
    return " ".join([code, *(f"{name}={_figure(value)}" for name, value in evidence.items())])


def _figure(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}" if abs(value) < 1e6 else f"{value:.3f}"
    return "" if value is None else str(value)
