"""Area events: one alarm for an outage of many stations, whose own alarms stand quietly beneath it."""

from collections.abc import Collection, Iterable, Mapping

from alerting.alarm_book import AlarmBook
from alerting.alarm_life import (
    AREA_EVENT,
    SEVERITIES,
    Quiet,
    clear,
    is_active,
    is_open,
    rise,
    settle,
    supersede,
)
from alerting.alarms import SILENCES
from alerting.area import Outage, Place, Places, Silence, belongs, needed, outages
from alerting.mutes import quiet_for
from registry.alarm_settings import AlarmSettings
from registry.tables import Alarm, StatePeriod

Mutes = Mapping[str, Mapping[str, Quiet]]


class Areas:
    """The area events of an instant.

    Attributes:
        over: the event that a silent station stands beneath, by station.
    """

    def __init__(
        self,
        book: AlarmBook,
        opened: Mapping[str, list[Alarm]],
        periods: Mapping[str, StatePeriod],
        places: Places,
        settings: AlarmSettings,
    ) -> None:
        self.over: dict[str, Alarm] = {}
        self._book = book
        self._settings = settings
        self._places = places
        self._opened = opened
        self._events = [alarm for alarms in opened.values() for alarm in alarms if alarm.type == AREA_EVENT]
        self._silent = {
            station: Silence(station, period.start_ms, period.state == "power_cut")
            for station, period in periods.items()
            if period.state in SILENCES and station in places
        }

    def follow(self, mutes: Mutes, *, hears: bool) -> None:
        """Bring the area events in line with the stations that are silent.

        Args:
            mutes: what people keep quiet, by subject and type.
            hears: the centre hears; else its own deafness would look like an outage.
        """
        for event in [each for each in self._events if is_active(each)]:
            self._go_on(event)
        if hears:
            for outage in outages(self._free(), self._places, self._settings):
                if not self._stands(outage.place):
                    self._begin(outage, mutes)
        for event in self._events:
            if is_active(event):
                settle(self._book, event, quiet_for(mutes.get(event.subject, {}), AREA_EVENT))

    def _go_on(self, event: Alarm) -> None:
        """Take in those that follow, and end an event that most have left."""
        place = Place.of(event.subject)
        members = {
            alarm.subject
            for alarms in self._opened.values()
            for alarm in alarms
            if alarm.parent_id == event.id and alarm.station_id is not None
        }
        window_ms = self._settings.area_window_s * 1000
        first_ms, last_ms = event.start_ms, int(event.evidence["last_ms"])
        still = [each for station, each in self._silent.items() if station in members]
        joining = [
            each
            for station, each in self._silent.items()
            if station not in members
            and station not in self.over
            and _is_within(self._places[station], place)
            and belongs(each, first_ms, last_ms, window_ms)
        ]
        total = _total(self._places.values(), place)
        if (len(still) + len(joining)) * 2 < self._least(place, total):
            clear(self._book, event, is_attended=True)
            return
        silences = [*still, *joining]
        last_ms = max([last_ms, *(each.start_ms for each in joining)])
        event.evidence = _evidence(silences, total, last_ms, most=int(event.evidence["stations"]))
        self.over.update({each.station: event for each in silences})

    def _free(self) -> list[Silence]:
        """The silent stations under no county's event; those under a town's may yet be part of one."""
        return [
            each
            for station, each in self._silent.items()
            if station not in self.over or Place.of(self.over[station].subject).town
        ]

    def _stands(self, place: Place) -> bool:
        return any(each.subject == place.subject and is_active(each) for each in self._events)

    def _begin(self, outage: Outage, mutes: Mutes) -> None:
        """Raise one; it takes the place of one that had returned, and a county's that of its towns'."""
        for event in self._events:
            is_same = event.subject == outage.place.subject
            is_beneath = is_active(event) and _is_within(Place.of(event.subject), outage.place)
            if is_open(event) and (is_same or is_beneath):
                supersede(self._book, event)
        silences = outage.silences
        is_power = sum(each.is_power_cut for each in silences) * 2 > len(silences)
        alarm = Alarm(
            type=AREA_EVENT,
            subject=outage.place.subject,
            severity=SEVERITIES[AREA_EVENT],
            start_ms=silences[0].start_ms,
            reason="area_power" if is_power else "area_silent",
            evidence=_evidence(silences, outage.of, silences[-1].start_ms),
        )
        rise(self._book, alarm, quiet_for(mutes.get(alarm.subject, {}), AREA_EVENT))
        self._book.settle()  # its number stands in its stations' alarms
        self._events.append(alarm)
        self.over.update({each.station: alarm for each in silences})

    def _least(self, place: Place, total: int) -> int:
        settings = self._settings
        share, least = (
            (settings.town_share, settings.town_least)
            if place.town
            else (settings.county_share, settings.county_least)
        )
        return max(least, needed(share, total))


def _is_within(place: Place, area: Place) -> bool:
    return place.county == area.county and area.town in ("", place.town)


def _total(places: Iterable[Place], area: Place) -> int:
    return sum(_is_within(place, area) for place in places)


def _evidence(silences: Collection[Silence], total: int, last_ms: int, most: int = 0) -> dict[str, int]:
    """How many fell silent together, at the most; how many of them still are."""
    cut = sum(each.is_power_cut for each in silences)
    most = max(most, len(silences))
    return {"stations": most, "of": total, "silent_now": len(silences), "power_cut": cut, "last_ms": last_ms}
