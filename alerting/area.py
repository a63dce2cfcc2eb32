"""Which stations fell silent together: one outage of a county or a town, not many of stations. Pure.

Counted is by the back-dated start of the silence: it does not matter when each was found to be silent.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from registry.alarm_settings import AlarmSettings


class Place(NamedTuple):
    """A county, or a town of it.

    Attributes:
        county: its code.
        town: name; empty for the whole county.
    """

    county: str
    town: str = ""

    @property
    def subject(self) -> str:
        """What its alarm is about."""
        return f"{self.county}/{self.town}" if self.town else self.county

    @classmethod
    def of(cls, subject: str) -> "Place":
        """The place that an alarm is about."""
        county, _, town = subject.partition("/")
        return cls(county, town)


class Silence(NamedTuple):
    """A station of which nothing is heard, or that has no mains.

    Attributes:
        station: its id.
        start_ms: since when, back-dated.
        is_power_cut: its box still said that the mains had gone.
    """

    station: str
    start_ms: int
    is_power_cut: bool = False


class Outage(NamedTuple):
    """Stations of a place that fell silent together, by the start of their silence."""

    place: Place
    silences: list[Silence]
    of: int


_Fallen = tuple[list[Silence], int]
Places = Mapping[str, Place]
"""The stations that could be heard, each with its county and town."""


def outages(silences: Iterable[Silence], places: Places, settings: AlarmSettings) -> list[Outage]:
    """The outages among stations that are silent just now; a county's before those of its towns.

    Args:
        silences: of stations.
        places: of all stations of which something was ever heard and that are in use.
        settings: shares, least numbers and window.
    """
    silent = [each for each in silences if each.station in places]
    found: list[Outage] = []
    for by_place, share, least in (
        (_by_place(silent, places, towns=False), settings.county_share, settings.county_least),
        (_by_place(silent, places, towns=True), settings.town_share, settings.town_least),
    ):
        taken = {each.place.county for each in found}
        for place, (own, total) in sorted(by_place.items()):
            together = _together(own, max(least, needed(share, total)), settings.area_window_s * 1000)
            if together and place.county not in taken:
                found.append(Outage(place, together, total))
    return found


def needed(share: float, total: int) -> int:
    """How many of a number are a share of it, at least; 0.3 of 10 is 3, whatever floats make of it."""
    return math.ceil(round(share * total, 9))


def belongs(silence: Silence, first_ms: int, last_ms: int, window_ms: int) -> bool:
    """Whether a silence belongs to an outage that began between two instants."""
    return first_ms - window_ms <= silence.start_ms <= last_ms + window_ms


def _by_place(silent: Iterable[Silence], places: Places, *, towns: bool) -> dict[Place, _Fallen]:
    """The silences of each county or town, and how many stations it has."""
    totals = Counter(_whole(place, towns=towns) for place in places.values())
    fallen: defaultdict[Place, list[Silence]] = defaultdict(list)
    for silence in silent:
        fallen[_whole(places[silence.station], towns=towns)].append(silence)
    return {place: (own, totals[place]) for place, own in fallen.items() if place.town or not towns}


def _whole(place: Place, *, towns: bool) -> Place:
    return place if towns else Place(place.county)


def _together(silences: Sequence[Silence], least: int, window_ms: int) -> list[Silence]:
    """Those of the densest window, and all that follow on it without a longer pause; none if too few."""
    silences = sorted(silences, key=lambda each: (each.start_ms, each.station))
    best: tuple[int, int] | None = None
    first = 0
    for last, silence in enumerate(silences):
        while silence.start_ms - silences[first].start_ms > window_ms:
            first += 1
        if last - first + 1 >= least and (best is None or last - first > best[1] - best[0]):
            best = first, last
    if best is None:
        return []
    first, last = best
    while first > 0 and silences[first].start_ms - silences[first - 1].start_ms <= window_ms:
        first -= 1
    while last + 1 < len(silences) and silences[last + 1].start_ms - silences[last].start_ms <= window_ms:
        last += 1
    return silences[first : last + 1]
