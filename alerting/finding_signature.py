"""A load whose signature changed: other machines, or another reading of the same ones. Pure."""

from collections.abc import Callable, Sequence
from statistics import median

from alerting.finding_past import Before, Found, Past
from alerting.marks import DayMarks

CHANGED_DAYS = 3
CHANGED_SHARE = 0.40
CHANGED_FACTOR = 0.15
CHANGED_CYCLING = 0.30
"""The cycling must also change by so much: near 0, 40 % of it is nothing."""
USUAL_EFFLUENT = (0.5, 1.5)
"""On days with less or more water than this share of the usual, pumps run differently for good reason."""
SAME_FACTOR, SAME_CYCLING, SAME_SCALE = 0.05, 0.15, 0.15
"""So little do power factor (absolute), cycling and energy (relative) differ if only the scale changed."""
Change = Callable[[DayMarks, Before], float | None]


def load_signature_changed(past: Past) -> Found | None:
    """The machines of a station are the same from day to day: what draws 40 % more or less is something else.

    Held against the 28 days before are the running power, the power factor (by 0.15) and how the load cycles,
    on three running days with about the usual water, so that storms and feasts raise nothing. If all changed
    by one factor, the machines are the same and the meter's current transformers are not: one was taken off,
    turned or exchanged. A station without a flow meter cannot tell a feast from a change, so there only such
    a factor counts.
    """
    for name, change in CHANGES.items():
        for sign in (1, -1):
            first = past.changed_since(CHANGED_DAYS, _teller(name, change, sign), running=True)
            if first is None:
                continue
            before, during = past.before(first), past.during(first)
            scale = _common_factor(before, during)
            if scale is None and before.volume_m3 is None:
                continue
            return Found("load_signature_changed", first, _evidence(name, before, during, scale))
    return None


def _teller(name: str, change: Change, sign: int) -> Callable[[DayMarks, Before], bool]:
    """Whether a day changed in a direction, to what was never seen before; a return to it is none."""

    def tells(marks: DayMarks, before: Before) -> bool:
        size = change(marks, before)
        if size is None or sign * size <= 1 or not _has_usual_water(marks, before):
            return False
        return before.never_saw(name, getattr(marks, name), sign)

    return tells


def _has_usual_water(marks: DayMarks, before: Before) -> bool:
    if before.volume_m3 is None:
        return True
    least, most = (share * before.volume_m3 for share in USUAL_EFFLUENT)
    return marks.volume_m3 is not None and least <= marks.volume_m3 <= most


def _by_running(marks: DayMarks, before: Before) -> float | None:
    if marks.running_kw is None or not before.running_kw:
        return None
    return (marks.running_kw / before.running_kw - 1) / CHANGED_SHARE


def _by_factor(marks: DayMarks, before: Before) -> float | None:
    if marks.power_factor is None or before.power_factor is None:
        return None
    return (marks.power_factor - before.power_factor) / CHANGED_FACTOR


def _by_cycling(marks: DayMarks, before: Before) -> float | None:
    if marks.cycling is None or before.cycling is None:
        return None
    return (marks.cycling - before.cycling) / max(CHANGED_SHARE * before.cycling, CHANGED_CYCLING)


CHANGES: dict[str, Change] = {"running_kw": _by_running, "power_factor": _by_factor, "cycling": _by_cycling}
"""By how much a figure changed, up or down, in units of the least change that counts."""


def _common_factor(before: Before, during: Sequence[DayMarks]) -> float | None:
    """The factor by which all of the load changed; None if it changed otherwise, or nobody can say."""
    running, energy, factor, cycling = (
        _median(during, name) for name in ("running_kw", "energy_kwh", "power_factor", "cycling")
    )
    if not (running and energy and before.running_kw and before.energy_kwh):
        return None
    if cycling is None or before.cycling is None:
        return None
    scale = running / before.running_kw
    if abs(scale - 1) <= CHANGED_SHARE or abs(energy / before.energy_kwh / scale - 1) > SAME_SCALE:
        return None
    if abs(cycling - before.cycling) > SAME_CYCLING * max(before.cycling, CHANGED_CYCLING):
        return None
    if (
        factor is not None
        and before.power_factor is not None
        and abs(factor - before.power_factor) > SAME_FACTOR
    ):
        return None
    return scale


def _evidence(
    name: str, before: Before, during: Sequence[DayMarks], scale: float | None
) -> dict[str, float | str]:
    figures = {"before": getattr(before, name), "now": _median(during, name), "scaled_by": scale}
    return {"what": name} | {
        key: float(f"{value:.4g}") for key, value in figures.items() if value is not None
    }


def _median(days: Sequence[DayMarks], name: str) -> float | None:
    known = [value for day in days if (value := getattr(day, name)) is not None]
    return median(known) if known else None
