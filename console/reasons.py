"""Why a station is said to be in a state: reason codes and evidence figures turned into sentences.

The registry keeps code and parameters; every reader gets the sentence in their own language.
A code this version does not know is shown as it is, with its figures: never an empty cell.
"""

from collections.abc import Callable, Mapping

from console.area_reasons import area_power, area_silent
from console.evidence import Evidence, figures, numbers_of, readable
from console.reader import Reader
from console.words import N_

_LEADS = {
    "as_expected": N_("Energy and effluent as expected."),
    "no_energy_no_effluent": N_("Neither energy nor effluent."),
    "little_energy_no_effluent": N_("Hardly any energy and no effluent: only the standby load is left."),
    "no_energy": N_("No energy used."),
    "no_effluent": N_("No effluent."),
    "effluent_without_energy": N_("Effluent goes on, but no energy is used."),
    "energy_without_effluent": N_("Energy is used, but no effluent comes."),
    "low_energy": N_("Energy is far below the usual."),
    "not_connected": N_("No box is connected yet."),
    "no_longer_in_use": N_("No longer in use: connected to the sewer, retired or shut."),
    "no_voltage": N_("No phase has voltage."),
    "no_mains_in_gap": N_("While nothing was heard, the meters counted not even the standby load: no mains."),
    "stood_while_silent": N_("The counters show that it stood while nothing was heard."),
}
"""What is said first; the amounts measured follow."""
_IN_THE_LAST = N_("In the last %(window)s: %(figures)s.")
_OF_A_SILENCE = ("no_mains_in_gap", "stood_while_silent")
"""Their window lies where nothing was heard, not at the end."""


def sentence(reader: Reader, code: str, evidence: Evidence) -> str:
    """The reason as one or two sentences."""
    if code in _LEADS:
        when = N_("Over %(window)s: %(figures)s.") if code in _OF_A_SILENCE else _IN_THE_LAST
        measured = _measured(reader, readable(reader, evidence), when)
        return _joined(reader, reader.text(_LEADS[code]), measured)
    written = _WRITTEN.get(code)
    if written is not None:
        return written(reader, evidence)
    shown = reader.text("; ").join(f"{label} {value}" for label, value in figures(reader, evidence))
    return f"{code} ({shown})" if shown else code


def _joined(reader: Reader, first: str, second: str) -> str:
    return reader.text("%(first)s %(second)s", first=first, second=second) if second else first


def _measured(reader: Reader, shown: Mapping[str, str], when: str) -> str:
    parts = []
    if "energy_kwh" in shown:
        used = reader.text("%(energy)s used", energy=shown["energy_kwh"])
        parts.append(
            used
            + _held_against(reader, shown, N_("stop floor %(floor)s"), "energy_floor_kwh", "expected_kwh")
        )
    if "volume_m3" in shown:
        let_out = reader.text("%(volume)s let out", volume=shown["volume_m3"])
        parts.append(
            let_out + _held_against(reader, shown, N_("floor %(floor)s"), "volume_floor_m3", "expected_m3")
        )
    if not parts:
        return ""
    joined = reader.text(", ").join(parts)
    if "window_s" in shown:
        return reader.text(when, window=shown["window_s"], figures=joined)
    return reader.text("%(figures)s.", figures=joined)


def _held_against(reader: Reader, shown: Mapping[str, str], least: str, floor: str, expected: str) -> str:
    """In brackets, what an amount is compared with."""
    notes = []
    if floor in shown:
        notes.append(reader.text(least, floor=shown[floor]))
    if expected in shown:
        notes.append(reader.text("expected %(expected)s", expected=shown[expected]))
    return reader.text(" (%(notes)s)", notes=reader.text(", ").join(notes)) if notes else ""


def _nothing_heard(reader: Reader, evidence: Evidence) -> str:
    known = numbers_of(evidence)
    said = reader.text("Nothing heard.")
    if "last_seen_ms" in known:
        said = reader.text("Nothing heard since %(time)s.", time=reader.instant(int(known["last_seen_ms"])))
    elif "age_s" in known:
        said = reader.text("Nothing heard for %(age)s.", age=reader.span(known["age_s"]))
    if "limit_s" in known:
        limit = reader.text("Limit: %(limit)s.", limit=reader.span(known["limit_s"]))
        return _joined(reader, said, limit)
    return said


def _too_little_data(reader: Reader, evidence: Evidence) -> str:
    shown = readable(reader, evidence)
    if "coverage" not in shown:
        return reader.text("Too little data to say.")
    if "window_s" in shown:
        return reader.text(
            "Too little data to say: only %(share)s of the last %(window)s is known.",
            share=shown["coverage"],
            window=shown["window_s"],
        )
    return reader.text("Too little data to say: only %(share)s is known.", share=shown["coverage"])


def _new_station(reader: Reader, evidence: Evidence) -> str:
    shown = readable(reader, evidence)
    if "limit_s" in shown and "age_s" in shown:
        return reader.text(
            "New station: observed for %(age)s, judged after %(limit)s.",
            age=shown["age_s"],
            limit=shown["limit_s"],
        )
    if "limit_s" in shown:
        return reader.text("New station: judged after %(limit)s.", limit=shown["limit_s"])
    return reader.text("New station, not yet judged.")


def _planned_stop(reader: Reader, evidence: Evidence) -> str:
    shown = readable(reader, evidence)
    if {"reason", "start", "end"} <= shown.keys():
        return reader.text(
            "Inside an approved stop: %(reason)s, %(start)s to %(end)s.",
            reason=shown["reason"],
            start=shown["start"],
            end=shown["end"],
        )
    return reader.text("Inside an approved stop.")


def _all_meters_mute(reader: Reader, evidence: Evidence) -> str:
    shown = readable(reader, evidence)
    said = reader.text("No meter answers while the box is heard.")
    since = reader.text("Since %(time)s.", time=shown["since_ms"]) if "since_ms" in shown else ""
    return _joined(reader, said, since)


def _meter_mute(reader: Reader, evidence: Evidence) -> str:
    shown = readable(reader, evidence)
    if "device" not in shown:
        return reader.text("A meter does not answer.")
    if "since_ms" not in shown:
        return reader.text("Meter %(device)s does not answer.", device=shown["device"])
    return reader.text(
        "Meter %(device)s has not answered since %(time)s.", device=shown["device"], time=shown["since_ms"]
    )


def _counter_frozen(reader: Reader, evidence: Evidence) -> str:
    """A counter that contradicts the momentary values of its own meter."""
    shown = readable(reader, evidence)
    if "device" in shown:
        said = reader.text(
            "The counter of meter %(device)s stands, although momentary values show that something passes.",
            device=shown["device"],
        )
    else:
        said = reader.text("A counter stands, although momentary values show that something passes.")
    moved = shown.get("energy_kwh", shown.get("volume_m3"))
    if moved is None or "sampled" not in shown or "window_s" not in shown:
        return said
    told = reader.text(
        "In the last %(window)s: %(moved)s counted, %(sampled)s by momentary values.",
        window=shown["window_s"],
        moved=moved,
        sampled=shown["sampled"],
    )
    return _joined(reader, said, told)


def _counter_unreadable(reader: Reader, evidence: Evidence) -> str:
    shown = readable(reader, evidence)
    if "device" not in shown:
        return reader.text("A meter answers, but its counter makes no sense.")
    if "since_ms" not in shown:
        return reader.text(
            "Meter %(device)s answers, but its counter makes no sense.", device=shown["device"]
        )
    return reader.text(
        "Meter %(device)s answers, but its counter has made no sense since %(time)s.",
        device=shown["device"],
        time=shown["since_ms"],
    )


_WRITTEN: Mapping[str, Callable[[Reader, Evidence], str]] = {
    "nothing_heard": _nothing_heard,
    "too_little_data": _too_little_data,
    "new_station": _new_station,
    "planned_stop": _planned_stop,
    "all_meters_mute": _all_meters_mute,
    "meter_mute": _meter_mute,
    "power_counter_frozen": _counter_frozen,
    "flow_counter_frozen": _counter_frozen,
    "counter_unreadable": _counter_unreadable,
    "area_power": area_power,
    "area_silent": area_silent,
}
"""Reasons whose sentence depends on what is known."""
