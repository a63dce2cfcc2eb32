"""What happened at an invented station since the past began, from its script alone: counters and readings.

No state is carried: the counters are the sums of quarter hours, each of which depends on the station, its
number and its events only; within a quarter hour they rise evenly.
"""

from collections.abc import Iterator
from itertools import accumulate

from simulator import village
from simulator.box import Box, DayWithCounters
from simulator.city_station import CityStation
from simulator.days import Day, Days
from simulator.script import Script, silences
from simulator.village import QUARTER_S, QUARTERS_PER_DAY
from telemetry.reading import Reading

__all__ = ["Course", "counters_at", "readings", "silences"]


class Course:
    """The course of one station; that it remembers what it computed only saves time. Not thread-safe.

    Attributes:
        station: whose.
        script: of the station, in quarter hours.
        box: that reads its meters.
        first_day: number of the civil day on which the past begins.
    """

    def __init__(self, station: CityStation) -> None:
        self.station = station
        self.script = Script(station)
        self.first_day = village.day_number(station.past_start_s)
        self._days = Days(station, self.script)
        self.box = Box(station, self.script, self._days)
        self._midnights = [(station.plant.energy_kwh, station.plant.volume_m3)]
        self._last: Day | None = None

    def day(self, number: int) -> Day:
        """A civil day by its number."""
        if self._last is None or self._last.number != number:
            self._last = self._days.day(number)
        return self._last

    def with_counters(self, number: int) -> DayWithCounters:
        """A civil day that is not before the past, with the counters at its quarter-hour boundaries."""
        while len(self._midnights) <= number - self.first_day:
            whole = self._counted(self.first_day + len(self._midnights) - 1)
            self._midnights.append((whole.energies_kwh[-1], whole.volumes_m3[-1]))
        return self._counted(number)

    def _counted(self, number: int) -> DayWithCounters:
        day, (energy_kwh, volume_m3) = self.day(number), self._midnights[number - self.first_day]
        return DayWithCounters(
            day,
            list(accumulate(day.energy_kwh, initial=energy_kwh)),
            list(accumulate(day.volume_m3, initial=volume_m3)),
        )


def counters_at(course: Course, time_s: float) -> tuple[float, float]:
    """Where the counters (kWh, m³) of a station stand at an instant; before the past begins they rest.

    Args:
        course: of the station.
        time_s: seconds since the epoch.
    """
    if time_s <= course.station.past_start_s:
        return course.station.plant.energy_kwh, course.station.plant.volume_m3
    number = village.day_number(time_s)
    quarter, into_s = divmod(time_s - village.midnight_s(number), QUARTER_S)
    place, share = int(quarter), into_s / QUARTER_S
    _, energies_kwh, volumes_m3 = course.with_counters(number)
    return (
        energies_kwh[place] + share * (energies_kwh[place + 1] - energies_kwh[place]),
        volumes_m3[place] + share * (volumes_m3[place + 1] - volumes_m3[place]),
    )


def readings(course: Course, start_ms: int, end_ms: int) -> Iterator[Reading]:
    """What a station's box tells of a span, by time, whenever it arrives.

    Args:
        course: of the station.
        start_ms: ms since the epoch; nothing is told of the time before the past began.
        end_ms: likewise, not included.
    """
    number = max(village.day_number(start_ms / 1000), course.first_day)
    while village.midnight_s(number) * 1000 < end_ms:
        first = village.first_quarter(number)
        if not all(course.script.is_unheard(first + place) for place in range(QUARTERS_PER_DAY)):
            yield from course.box.readings(course.with_counters(number), start_ms, end_ms)
        number += 1
