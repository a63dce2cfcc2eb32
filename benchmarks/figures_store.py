"""The figures of the last run of every benchmark, kept in `docs/figures.json` beside the page."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from machine import HARDWARE


@dataclass
class BenchRun:
    """What one benchmark came to.

    Attributes:
        date: the day on which it ran, in UTC.
        took_s: seconds from start to end.
        busy_percent: of all cores' time just before it, what other programs used.
        commit: the state of the program.
        machine: what it ran on.
        figures: as `figures.show` and `figures.lacking` record them; those told before a failure stand too.
        failed: why it did not come to its end; empty where it did.
    """

    date: str
    took_s: float
    busy_percent: float
    commit: str
    machine: dict[str, str]
    figures: list[dict[str, Any]] = field(default_factory=list)
    failed: str = ""


def read_figures(path: Path) -> list[dict[str, Any]]:
    """The lines that a benchmark appended; one that was cut short by its end is left out."""
    if not path.exists():
        return []
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            found.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return found


def read_store(path: Path) -> dict[str, BenchRun]:
    """The runs by benchmark; empty where there is no file yet.

    Raises:
        ValueError: the file is not one of ours.
    """
    if not path.exists():
        return {}
    try:
        return {name: BenchRun(**run) for name, run in json.loads(path.read_text(encoding="utf-8")).items()}
    except (TypeError, AttributeError, json.JSONDecodeError) as error:
        raise ValueError(
            f"{path.name}: is no file of figures ({error}). Remove it, then measure again."
        ) from error


def write_store(path: Path, runs: dict[str, BenchRun]) -> None:
    """Put the file in place whole."""
    put(
        path,
        json.dumps({name: asdict(runs[name]) for name in sorted(runs)}, ensure_ascii=False, indent=1) + "\n",
    )


def put(path: Path, text: str) -> None:
    """Replace a file in one step, so that a run that is broken off leaves the old one."""
    new = path.with_name(f".{path.name}.new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def of_this_machine(runs: dict[str, BenchRun], here: dict[str, str]) -> dict[str, BenchRun]:
    """Without the figures of other hardware: they must not stand beside those of this one."""
    return {
        name: run
        for name, run in runs.items()
        if all(run.machine.get(each) == here.get(each) for each in HARDWARE)
    }
