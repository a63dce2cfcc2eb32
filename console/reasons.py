"""Why a station is said to be in a state: reason codes and evidence figures turned into sentences.

The registry keeps code and parameters; every reader gets the sentence in their own language.
A code this version does not know is shown as it is, with its figures: never an empty cell.
"""

from collections.abc import Mapping
from typing import Any

from console.reader import Reader
from console.words import N_

_BEYOND_SENSE = 1e13
"""No instant in ms, and no span or amount, reaches this; NaN compares false and falls out too."""

Evidence = Mapping[str, Any]

_LEADS = {
    "as_expected": N_("Energy and effluent as expected."),
    "no_energy_no_effluent": N_("Neither energy nor effluent."),
    "no_energy": N_("No energy used."),
    "no_effluent": N_("No effluent."),
    "effluent_without_energy": N_("Effluent goes on, but no energy is used."),
    "energy_without_effluent": N_("Energy is used, but no effluent comes."),
}

_LABELS = {
    "window_s": N_("Window"),
    "energy_kwh": N_("Energy"),
    "energy_floor_kwh": N_("Stop floor, energy"),
    "volume_m3": N_("Effluent"),
    "volume_floor_m3": N_("Floor, effluent"),
    "coverage": N_("Share of the window known"),
    "last_seen_ms": N_("Last heard"),
    "limit_s": N_("Limit"),
    "age_s": N_("Age"),
}
"""Known figures in the order they are listed."""


def sentence(reader: Reader, code: str, evidence: Evidence) -> str:
    """The reason as one or two sentences."""
    known = _figures_of(evidence)
    if code in _LEADS:
        measured = _measured(reader, known)
        return _joined(reader, reader.text(_LEADS[code]), measured)
    if code == "nothing_heard":
        return _nothing_heard(reader, known)
    if code == "too_little_data":
        return _too_little_data(reader, known)
    if code == "new_station":
        return _new_station(reader, known)
    shown = reader.text("; ").join(f"{label} {value}" for label, value in figures(reader, evidence))
    return f"{code} ({shown})" if shown else code


def figures(reader: Reader, evidence: Evidence) -> list[tuple[str, str]]:
    """Label and value of every evidence figure, known ones first, for the facility file."""
    known = _figures_of(evidence)
    listed = [key for key in _LABELS if key in known]
    shown = [(reader.text(_LABELS[key]), _value(reader, key, known[key])) for key in listed]
    others = [(str(key), str(value)) for key, value in evidence.items() if key not in listed]
    return shown + others


def _joined(reader: Reader, first: str, second: str) -> str:
    return reader.text("%(first)s %(second)s", first=first, second=second) if second else first


def _figures_of(evidence: Evidence) -> dict[str, float]:
    """Only true numbers of a size that can be meant; evidence may come from any version."""
    return {
        key: value
        for key, value in evidence.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _BEYOND_SENSE
    }


def _value(reader: Reader, key: str, value: float) -> str:
    if key.endswith("_kwh"):
        return f"{reader.amount(value)} kWh"
    if key.endswith("_m3"):
        return f"{reader.amount(value)} m³"
    if key.endswith("_ms"):
        return reader.instant(int(value))
    if key == "coverage":
        return f"{reader.number(100 * value, 0)} %"
    return reader.span(value)


def _measured(reader: Reader, known: Mapping[str, float]) -> str:
    parts = []
    shown = {key: _value(reader, key, value) for key, value in known.items() if key in _LABELS}
    if "energy_kwh" in shown and "energy_floor_kwh" in shown:
        parts.append(
            reader.text(
                "%(energy)s used (stop floor %(floor)s)",
                energy=shown["energy_kwh"],
                floor=shown["energy_floor_kwh"],
            )
        )
    elif "energy_kwh" in shown:
        parts.append(reader.text("%(energy)s used", energy=shown["energy_kwh"]))
    if "volume_m3" in shown and "volume_floor_m3" in shown:
        parts.append(
            reader.text(
                "%(volume)s let out (floor %(floor)s)",
                volume=shown["volume_m3"],
                floor=shown["volume_floor_m3"],
            )
        )
    elif "volume_m3" in shown:
        parts.append(reader.text("%(volume)s let out", volume=shown["volume_m3"]))
    if not parts:
        return ""
    joined = reader.text(", ").join(parts)
    if "window_s" in shown:
        return reader.text("In the last %(window)s: %(figures)s.", window=shown["window_s"], figures=joined)
    return reader.text("%(figures)s.", figures=joined)


def _nothing_heard(reader: Reader, known: Mapping[str, float]) -> str:
    said = reader.text("Nothing heard.")
    if "last_seen_ms" in known:
        said = reader.text("Nothing heard since %(time)s.", time=reader.instant(int(known["last_seen_ms"])))
    elif "age_s" in known:
        said = reader.text("Nothing heard for %(age)s.", age=reader.span(known["age_s"]))
    if "limit_s" in known:
        limit = reader.text("Limit: %(limit)s.", limit=reader.span(known["limit_s"]))
        return _joined(reader, said, limit)
    return said


def _too_little_data(reader: Reader, known: Mapping[str, float]) -> str:
    if "coverage" not in known:
        return reader.text("Too little data to say.")
    share = _value(reader, "coverage", known["coverage"])
    if "window_s" in known:
        return reader.text(
            "Too little data to say: only %(share)s of the last %(window)s is known.",
            share=share,
            window=reader.span(known["window_s"]),
        )
    return reader.text("Too little data to say: only %(share)s is known.", share=share)


def _new_station(reader: Reader, known: Mapping[str, float]) -> str:
    if "limit_s" in known and "age_s" in known:
        return reader.text(
            "New station: observed for %(age)s, judged after %(limit)s.",
            age=reader.span(known["age_s"]),
            limit=reader.span(known["limit_s"]),
        )
    if "limit_s" in known:
        return reader.text("New station: judged after %(limit)s.", limit=reader.span(known["limit_s"]))
    return reader.text("New station, not yet judged.")
