"""The figures of alarms in words, in the groups of the page, and their values as they are read. Pure."""

from alerting.performance import Figure
from console.formats import DASH
from console.reader import Reader
from console.words import N_

FIGURES: dict[str, tuple[str, str]] = {
    "alarms": (N_("Alarms that rang"), ""),
    "per_hour": (N_("Alarms an hour, on average"), N_("What one desk can handle for good.")),
    "per_day": (N_("Alarms a day, on average"), ""),
    "peak_hour": (N_("Most in an hour of the clock"), ""),
    "peak_hour_sliding": (N_("Most in any 60 minutes"), ""),
    "busy_periods": (N_("10-minute periods with more than 10"), ""),
    "most_in_period": (N_("Most in a 10-minute period"), ""),
    "floods": (N_("Floods"), N_("From more than 10 in 10 minutes until fewer than 5.")),
    "flood_time": (N_("Time in flood"), ""),
    "chattering": (N_("Chattering alarms"), N_("Rang three times within a day.")),
    "fleeting": (N_("Fleeting alarms"), N_("Gone within 10 minutes, before anybody saw them.")),
    "stale": (N_("Active over 24 hours, most at a day's end"), ""),
    "standing_red": (N_("Of these on nobody's list"), N_("Neither followed up nor kept quiet.")),
    "top_ten": (N_("Share of the ten busiest"), ""),
    "notices": (N_("Notices, not counted above"), ""),
    "share_low": (N_("Severity low"), ""),
    "share_medium": (N_("Severity medium"), ""),
    "share_high": (N_("Severity high"), ""),
    "acknowledged_median": (N_("Time to acknowledge, median"), ""),
    "acknowledged_95": (N_("Time to acknowledge, 95 %"), ""),
    "acknowledged_late": (N_("Not acknowledged within 1 hour"), ""),
    "returned_median": (N_("Time to return, median"), ""),
    "shelved": (N_("Times shelved"), ""),
    "shelved_longest": (N_("Shelved, longest"), ""),
    "shelved_over_shift": (N_("Shelved over a shift of 12 hours"), N_("They are to be looked at again.")),
    "shelved_without_reason": (N_("Shelved without a reason"), ""),
    "suppressed": (N_("Times suppressed by design"), ""),
    "suppressed_longest": (N_("Suppressed, longest"), ""),
    "out_of_service": (N_("Times out of service"), ""),
    "out_of_service_longest": (N_("Out of service, longest"), ""),
}
"""What each figure is called, and what else is to be known of it."""
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (N_("How much rings"), ("alarms", "per_hour", "per_day", "peak_hour", "peak_hour_sliding")),
    (N_("Floods"), ("busy_periods", "most_in_period", "floods", "flood_time")),
    (N_("What only disturbs"), ("chattering", "fleeting", "top_ten")),
    (N_("What stands"), ("stale", "standing_red")),
    (N_("Severities"), ("share_low", "share_medium", "share_high", "notices")),
    (
        N_("How soon"),
        ("acknowledged_median", "acknowledged_95", "acknowledged_late", "returned_median"),
    ),
    (
        N_("Kept quiet"),
        ("shelved", "shelved_longest", "shelved_over_shift", "shelved_without_reason", "suppressed",
         "suppressed_longest", "out_of_service", "out_of_service_longest"),
    ),
)  # fmt: skip
_SIGNS = {"<=": "≤", "<": "<", ">=": "≥"}


def value_of(reader: Reader, figure: Figure) -> str:
    """A figure's value, or a dash where there is nothing to count it from."""
    if figure.value is None:
        return DASH
    if figure.unit == "s":
        return reader.span(figure.value)
    if figure.unit == "share":
        return f"{reader.number(100 * figure.value, 1)} %"
    return reader.number(figure.value, 0 if figure.unit == "count" else 2)


def target_of(reader: Reader, figure: Figure) -> str:
    """A figure's target, or a dash where there is none."""
    if figure.target is None:
        return DASH
    bound, sign = figure.target.bound, _SIGNS[figure.target.sign]
    if not bound:
        return "0"
    return f"{sign} {reader.number(100 * bound, 0)} %" if figure.unit == "share" else f"{sign} {bound:g}"
