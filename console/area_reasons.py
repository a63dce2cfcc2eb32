"""Why a county or a town is said to have an outage: sentences of area events. Pure."""

from console.evidence import Evidence, numbers_of, readable
from console.reader import Reader
from console.words import N_


def area_power(reader: Reader, evidence: Evidence) -> str:
    """Most of them said that the mains had gone."""
    return _together(
        reader,
        evidence,
        N_("Many stations lost power together."),
        N_("%(stations)s of %(of)s stations lost power together."),
        N_("%(stations)s of %(of)s stations lost power together; %(cut)s of them reported a power cut."),
    )


def area_silent(reader: Reader, evidence: Evidence) -> str:
    """They are no more heard."""
    return _together(
        reader,
        evidence,
        N_("Many stations fell silent together."),
        N_("%(stations)s of %(of)s stations fell silent together."),
        N_("%(stations)s of %(of)s stations fell silent together; %(cut)s of them reported a power cut."),
    )


def _together(reader: Reader, evidence: Evidence, many: str, counted: str, some_cut: str) -> str:
    """The outage of a county or a town, as precisely as it is known."""
    shown = readable(reader, evidence)
    if not {"stations", "of"} <= shown.keys():
        return reader.text(many)
    has_cut = numbers_of(evidence).get("power_cut", 0) > 0
    cut = {"cut": shown["power_cut"]} if has_cut else {}
    return reader.text(some_cut if has_cut else counted, stations=shown["stations"], of=shown["of"], **cut)
