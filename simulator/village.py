"""Who lives behind a station, and how much sewage they send at which hour.

Villagers discharge 68.5 L per person and day (urban: 148.5), in three peaks (morning, noon, evening)
(m.ydwrkj.com/ruralarea/728.html); at night the flow is small and may stop altogether
(yclcc.com/show-20-2103-0.html).
"""

import math
from datetime import date

from simulator.chance import fraction

M3_PER_PERSON_DAY = 0.0685
UTC_OFFSET_S = 8 * 3600
"""Village clocks show Asia/Shanghai, which knows no summer time."""
DAY_S = 86_400
HOUR_S = 3600
QUARTER_S = 900
QUARTERS_PER_DAY = DAY_S // QUARTER_S
_ORDINAL_OF_1970 = 719_163

_HOURS = (
    *(0.15, 0.05, 0.0, 0.0, 0.05, 0.3),
    *(1.4, 2.6, 2.2, 1.1, 0.7, 1.2),
    *(2.3, 1.7, 0.7, 0.5, 0.6, 1.1),
    *(2.0, 2.5, 1.8, 1.0, 0.5, 0.25),
)
"""Weight of each hour of the day."""
_MEAN_WEIGHT = sum(_HOURS) / len(_HOURS)
DAY_SPREAD = 0.3
"""The wettest day of a village is this much, as a part of the mean, above its driest."""


def mean_inflow_m3h(population: int) -> float:
    """Inflow averaged over many days, m3/h."""
    return population * M3_PER_PERSON_DAY / 24


def inflow_m3h(population: int, seed: int, village_s: float) -> float:
    """Inflow at a village time (seconds since the epoch), m3/h; constant within each clock hour."""
    hour = math.floor((village_s + UTC_OFFSET_S) / HOUR_S) % 24
    of_the_day = 1 + DAY_SPREAD * (fraction(seed, "day", day_number(village_s)) - 0.5)
    return mean_inflow_m3h(population) * _HOURS[hour] / _MEAN_WEIGHT * of_the_day


def day_number(village_s: float) -> int:
    """The village's civil day, counted from 1970-01-01."""
    return math.floor((village_s + UTC_OFFSET_S) / DAY_S)


def number_of(day: date) -> int:
    """The number of a civil day that is given by its date."""
    return day.toordinal() - _ORDINAL_OF_1970


def first_quarter(number: int) -> int:
    """The first quarter hour of a civil day, counted from the epoch."""
    return midnight_s(number) // QUARTER_S


def midnight_s(number: int) -> int:
    """Beginning of a village's civil day, seconds since the epoch."""
    return number * DAY_S - UTC_OFFSET_S


def next_hour_s(village_s: float) -> float:
    """Village time at which the inflow changes next."""
    return (math.floor(village_s / HOUR_S) + 1) * HOUR_S
