"""Counters that survive: a real meter keeps its totals over a power cut, so a simulated one does too."""

import json
from dataclasses import replace
from pathlib import Path

from simulator.errors import ParameterError
from simulator.life import Snapshot
from simulator.parameters import StationParameters


def recall(path: Path, parameters: StationParameters) -> StationParameters:
    """Begin with the counters that the file remembers; unchanged where there is no file.

    Raises:
        ParameterError: the file is not one of ours.
    """
    if not path.exists():
        return parameters
    try:
        counters = json.loads(path.read_text(encoding="utf-8"))
        return replace(
            parameters, energy_kwh=float(counters["energy_kwh"]), volume_m3=float(counters["volume_m3"])
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        rule = "a file of counters as this program writes it"
        raise ParameterError("memory", rule, str(path), "Move it away to begin anew.") from error


def remember(path: Path, snapshot: Snapshot) -> None:
    """Write the counters down in one step."""
    new = path.with_name(f".{path.name}.new")
    counters = {"energy_kwh": snapshot.energy_kwh, "volume_m3": snapshot.volume_m3}
    new.write_text(json.dumps(counters), encoding="utf-8")
    new.replace(path)
