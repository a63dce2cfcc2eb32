"""The words of the stations' pages."""

from console.words import N_

RANGE_NAMES: dict[str, str] = {
    "1h": N_("1 hour"),
    "6h": N_("6 hours"),
    "24h": N_("24 hours"),
    "7d": N_("7 days"),
    "31d": N_("31 days"),
    "90d": N_("90 days"),
    "1y": N_("1 year"),
    "2y": N_("2 years"),
}
"""The spans of a chart that end now."""

NOTE_ERRORS: dict[str, str] = {
    "note_empty": N_("Nothing was noted: the note is empty."),
    "note_long": N_("Nothing was noted: a note has at most 2000 letters."),
}
NOTED = N_("The note on %(station)s was kept.")

GRADES: dict[str, str] = {
    "whole": N_("95 % of the readings or more"),
    "most": N_("75 % or more"),
    "part": N_("less than 75 %"),
    "none": N_("none at all"),
}
"""How much of a day was heard."""
