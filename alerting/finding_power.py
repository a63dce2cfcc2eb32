"""Hints that the metered power is not that of the treatment. Pure."""

from alerting.baseline import WORK_WITHOUT_POWER
from alerting.finding_past import Found, Past, rounded
from alerting.marks import DayMarks

HEATER_DAYS = 2
HEATER_NEAR_ONE = 0.95
"""Share of the samples at load with a power factor of 0.97 and more."""
HEATER_CYCLING = 0.10
"""A heater's power follows the voltage alone, a few per cent; with a timer or a float switch it is 0.5."""
DRY_POWER_DAYS = 2
DRY_POWER_EFFLUENT = 0.30
STEPS_A_DAY = 3.0
"""A day without energy says something only if the usual day is so many steps of the counter."""
UNDER_POWERED_DAYS = 2
UNDER_POWERED_SHARE = 0.30
UNDER_POWERED_EFFLUENT = 0.50
UNDER_POWERED_ENERGY = 0.50
"""The energy itself must have fallen: in a storm the same energy spreads over more water."""


def heater_like_load(past: Past) -> Found | None:
    """Blowers and pumps are motors: their power factor is 0.6 to 0.9, and they go on and off; not this one.

    A power factor of 1 and a power that never changes, day and night, is a heater or a lamp that keeps the
    meter turning. A blower on a good frequency converter that never pauses looks so too: one look tells.
    """
    if past.process in WORK_WITHOUT_POWER:  # their box and lamp alone may be all that is on
        return None
    first = past.since(HEATER_DAYS, _is_heater_like)
    if first is None:
        return None
    today = past.today
    figures = {"power_factor": today.power_factor, "cycling": today.cycling, "running_kw": today.running_kw}
    return Found("heater_like_load", first, rounded(figures))


def effluent_without_power(past: Past) -> Found | None:
    """Water cannot leave a plant for two days that uses less than box and lamp, unless it is not treated.

    The meter or its current transformers are by-passed, or the water is led around the plant. Wetlands and
    ponds work without power.
    """
    usual_m3 = past.usual.volume_m3
    if past.process in WORK_WITHOUT_POWER or not usual_m3:
        return None
    if (past.usual.energy_kwh or past.floor_kwh) < STEPS_A_DAY * past.energy_step:
        return None

    def tells(marks: DayMarks) -> bool:
        if marks.energy_kwh is None or marks.volume_m3 is None:
            return False
        return marks.energy_kwh < past.floor_kwh and marks.volume_m3 >= DRY_POWER_EFFLUENT * usual_m3

    first = past.since(DRY_POWER_DAYS, tells)
    if first is None:
        return None
    figures = {
        "energy_kwh": past.today.energy_kwh,
        "floor_kwh": past.floor_kwh,
        "volume_m3": past.today.volume_m3,
        "usual_m3": usual_m3,
    }
    return Found("effluent_without_power", first, rounded(figures))


def under_powered(past: Past) -> Found | None:
    """The water goes on but the energy for it is gone: less than 30 % of the station's own kWh per m³.

    The blower stands and only the pump runs, or water passes the plant. The energy itself must have fallen by
    half, so that a storm or a feast, which spread the same energy over more water, raise nothing. Where no
    power is needed to treat, in wetlands and ponds, it says nothing.
    """
    usual_m3 = past.usual.volume_m3
    if past.process in WORK_WITHOUT_POWER or not usual_m3:
        return None
    step_kwh = past.energy_step
    since = past.changed_since(
        UNDER_POWERED_DAYS,
        lambda marks, before: (
            marks.energy_kwh is not None
            and marks.volume_m3 is not None
            and before.energy_kwh is not None
            and before.kwh_per_m3 is not None
            and before.energy_kwh >= STEPS_A_DAY * step_kwh
            and marks.volume_m3 >= UNDER_POWERED_EFFLUENT * usual_m3
            and marks.energy_kwh < UNDER_POWERED_ENERGY * before.energy_kwh
            and marks.energy_kwh < UNDER_POWERED_SHARE * before.kwh_per_m3 * marks.volume_m3
        ),
    )
    if since is None or effluent_without_power(past) is not None:  # which says more
        return None
    figures = {
        "kwh_per_m3": past.today.kwh_per_m3,
        "usual_kwh_per_m3": past.before(since).kwh_per_m3,
        "volume_m3": past.today.volume_m3,
        "usual_m3": usual_m3,
    }
    return Found("under_powered", since, rounded(figures))


def _is_heater_like(marks: DayMarks) -> bool:
    if marks.near_one is None or marks.cycling is None:
        return False
    return marks.near_one >= HEATER_NEAR_ONE and marks.cycling < HEATER_CYCLING
