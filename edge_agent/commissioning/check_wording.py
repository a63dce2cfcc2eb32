"""From what a check found to what the reader is told, in the words of the reader's language."""

from collections.abc import Mapping
from datetime import datetime

from edge_agent.civil_time import civil
from edge_agent.commissioning.broker_fault_words import BROKER_FAULTS, Said
from edge_agent.commissioning.check_meters import in_short
from edge_agent.commissioning.check_result import Figure, Finding, Name, Result
from edge_agent.commissioning.check_words import Words
from edge_agent.language import Language
from edge_agent.status_words import WORDS as STATUS_WORDS
from telemetry.quantities import BY_NAME

_INSTANTS = {"begins", "ends", "now", "centre_now"}


def labelled(name: Name, place: str, words: Words) -> str:
    """What a result is about: `meter power-1`."""
    return words.labels[name].format(place=place).rstrip()


def worded(finding: Finding, words: Words, language: Language) -> Result:
    """A finding in the reader's language."""
    text, remedy = _said(finding, words, language)
    told = _told(finding.figures, words, language)
    return Result(
        finding.name,
        finding.state,
        finding.said or text.format_map(told).strip(),
        "" if finding.said else remedy.format_map(told).rstrip("."),
        finding.figures,
        finding.code,
        finding.place,
        labelled(finding.name, finding.place, words),
    )


def _said(finding: Finding, words: Words, language: Language) -> Said:
    why = STATUS_WORDS[language].why
    if finding.code in words.meter_said:
        is_silent = finding.state == "fail"
        text = why[finding.code] if is_silent else f"{{values}}{words.comma}{why[finding.code]}"
        return text, words.meter_said[finding.code]
    faults = BROKER_FAULTS[language]
    if finding.code in faults:
        return faults[finding.code]
    return words.said[finding.code]  # type: ignore[index]  # the rest of all codes


def _told(figures: Mapping[str, Figure], words: Words, language: Language) -> dict[str, Figure]:
    """The figures as people read them."""
    told: dict[str, Figure] = dict(figures)
    for name in _INSTANTS & told.keys():
        told[name] = _local(str(told[name]))
    told["values"] = in_short({name: float(value) for name, value in figures.items() if name in BY_NAME})
    if "cause" in told:
        told["cause"] = words.labels[told["cause"]].format(place="").rstrip()  # type: ignore[index]  # a name
    if "what" in told:
        told["what"] = words.steps.get(str(told["what"]), told["what"])
    if "why" in told:
        told["why"] = STATUS_WORDS[language].why[str(told["why"])]
    return told


def _local(instant: str) -> str:
    return f"{civil(datetime.fromisoformat(instant)):%Y-%m-%d %H:%M %z}"
