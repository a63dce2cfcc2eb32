"""The figures a judgement rests on, as label and value in the reader's language.

Evidence may come from any version: a figure this one does not know is shown as it is, an odd value never
breaks a page.
"""

from collections.abc import Mapping
from typing import Any

from console import words
from console.reader import Reader
from console.words import N_

Evidence = Mapping[str, Any]

_BEYOND_SENSE = 1e13
"""No instant in ms, and no span or amount, reaches this; NaN compares false and falls out too."""
_LONGEST_WORD = 64

LABELS = {
    "window_s": N_("Window"),
    "energy_kwh": N_("Energy"),
    "energy_floor_kwh": N_("Stop floor, energy"),
    "expected_kwh": N_("Expected energy"),
    "volume_m3": N_("Effluent"),
    "volume_floor_m3": N_("Floor, effluent"),
    "expected_m3": N_("Expected effluent"),
    "sampled": N_("By momentary values"),
    "standby_kwh": N_("Standby load"),
    "coverage": N_("Share of the window known"),
    "valid_hours": N_("Valid hours"),
    "device": N_("Meter"),
    "since_ms": N_("Since"),
    "last_seen_ms": N_("Last heard"),
    "limit_s": N_("Limit"),
    "age_s": N_("Age"),
    "reason": N_("Approved as"),
    "stop": N_("Approved as"),
    "start": N_("From"),
    "end": N_("Until"),
    "stations": N_("Stations affected"),
    "of": N_("Stations in the area"),
    "silent_now": N_("Still silent"),
    "power_cut": N_("Power cut reported by"),
    "last_ms": N_("The last fell silent"),
}
"""Known figures in the order they are listed."""
_COUNTS = ("stations", "of", "silent_now", "power_cut")
_TEXTS = ("device", "reason", "stop", "start", "end")


def figures(reader: Reader, evidence: Evidence) -> list[tuple[str, str]]:
    """Label and value of every evidence figure, known ones first, for the facility file."""
    known = readable(reader, evidence)
    shown = [(reader.text(LABELS[key]), known[key]) for key in LABELS if key in known]
    others = [(str(key), str(value)) for key, value in evidence.items() if key not in known]
    return shown + others


def readable(reader: Reader, evidence: Evidence) -> dict[str, str]:
    """Every figure that has a label and a sensible value, with its unit."""
    numbers = numbers_of(evidence)
    shown = {key: _number(reader, key, numbers[key]) for key in LABELS if key in numbers}
    if "sampled" in shown:  # in the unit of the counter it is held against
        unit = "kWh" if "energy_kwh" in numbers else "m³"
        shown["sampled"] = f"{reader.amount(numbers['sampled'])} {unit}"
    return shown | {key: _text(reader, key, value) for key, value in _texts_of(evidence).items()}


def numbers_of(evidence: Evidence) -> dict[str, float]:
    """Only true numbers of a size that can be meant."""
    return {
        key: value
        for key, value in evidence.items()
        if key not in _TEXTS
        and isinstance(value, int | float)
        and not isinstance(value, bool)
        and abs(value) < _BEYOND_SENSE
    }


def _texts_of(evidence: Evidence) -> dict[str, str]:
    """The values that are words: a meter's name, why a stop is approved, and civil days."""
    return {
        key: evidence[key]
        for key in _TEXTS
        if isinstance(evidence.get(key), str) and 0 < len(evidence[key]) <= _LONGEST_WORD
    }


def _number(reader: Reader, key: str, value: float) -> str:
    """A figure with the unit its name tells."""
    if key.endswith("_kwh"):
        return f"{reader.amount(value)} kWh"
    if key.endswith("_m3"):
        return f"{reader.amount(value)} m³"
    if key.endswith("_ms"):
        return reader.instant(int(value))
    if key in _COUNTS:
        return reader.number(value, 0)
    if key == "coverage":
        return f"{reader.number(100 * value, 0)} %"
    return reader.plain(value) if key == "valid_hours" else reader.span(value)


def _text(reader: Reader, key: str, value: str) -> str:
    """A word of the evidence in the reader's language."""
    if key in ("reason", "stop"):
        return reader.word(words.APPROVED_STOPS, value)
    return reader.visible(value)
