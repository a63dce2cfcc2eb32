"""Presence: which stations were heard; written to the registry on a change, and else by the minute."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from collector.ingest import Work
from history.port import StationReading
from registry.database import Registry, upsert
from registry.devices import Beginning, note_devices
from registry.tables import Presence
from telemetry.status import Status

WRITE_EVERY_MS = 60_000
SILENT_AFTER_MS = 3 * 3_600_000
"""A box says how it is every hour, whatever it measures; when three of these are missing it is not there."""
_ASKED_AT_ONCE = 500

Columns = dict[str, Any]


@dataclass
class _Station:
    columns: Columns = field(default_factory=dict)
    written_ms: int = 0
    was_heard: bool = False
    is_news: bool = True


class News(NamedTuple):
    """What the registry does not know yet: columns by station, and meters by station and device."""

    stations: dict[str, Columns]
    devices: dict[tuple[str, str], Beginning]


class PresenceBook:
    """What was heard of every station since the start; time is an argument."""

    def __init__(self) -> None:
        self._stations: dict[str, _Station] = {}
        self._devices: dict[tuple[str, str], str] = {}
        self._new_devices: dict[tuple[str, str], Beginning] = {}

    def note(self, work: Work, now_ms: int) -> None:
        """Note work that is stored: first its readings, then what stations said of themselves since."""
        self.heard(work.seen, work.readings, now_ms)
        for station, status, retained in work.statuses:
            self.told(station, status, now_ms, retained=retained)

    def heard(self, seen: Mapping[str, int], readings: Iterable[StationReading], now_ms: int) -> None:
        """Note batches: station to clock lead, and the readings stored."""
        for station, lead_ms in seen.items():
            columns = self._set_online(station, online=True, now_ms=now_ms)
            self._see(station, now_ms)
            columns["clock_offset_ms"] = lead_ms
        newest: dict[str, int] = {}
        for each in readings:
            station, reading = each.station, each.reading
            if newest.get(station, 0) < reading.t:
                newest[station] = reading.t
            whose = station, reading.d
            if self._devices.get(whose) != reading.k:
                self._devices[whose] = reading.k
                self._new_devices[whose] = Beginning(reading.k, reading.t)
            elif whose in self._new_devices and reading.t < self._new_devices[whose].first_ms:
                self._new_devices[whose] = Beginning(reading.k, reading.t)
        for station, t in newest.items():
            known = self._of(station)
            columns = known.columns
            # Whoever said hello a moment ago would else be shown for a minute as never heard.
            known.is_news = known.is_news or "last_reading_ms" not in columns
            columns["last_reading_ms"] = max(columns.get("last_reading_ms") or 0, t)

    def told(self, station: str, status: Status, now_ms: int, *, retained: bool) -> None:
        """Note a status; a retained one is old news and says nothing about being heard now."""
        columns = self._set_online(station, online=status.online, now_ms=now_ms)
        if not status.online:
            return
        if not retained:
            self._see(station, now_ms)
        known = self._of(station)
        known.is_news = known.is_news or "version" not in columns
        columns.update(
            version=status.version or "",
            boot=status.boot or "",
            clock=status.clock or "",
            backlog=status.backlog,
            oldest_unsent_ms=status.oldest_unsent,
            disk_free_mb=status.disk_free_mb,
            thinned=status.thinned,
            refused=status.refused,
            devices=msgspec.to_builtins(status.devices),
        )

    def news(self, now_ms: int) -> News | None:
        """What changed, and each station heard if it was not written for a minute; or None."""
        stations = {name: dict(station.columns) for name, station in self._due(now_ms)}
        if stations or self._new_devices:
            return News(stations, dict(self._new_devices))
        return None

    def wrote(self, news: News, now_ms: int) -> None:
        """Note that news taken at `now_ms` are in the registry."""
        for name, columns in news.stations.items():
            station = self._stations[name]
            station.written_ms, station.was_heard = now_ms, station.columns != columns
            first_words = station.columns.keys() - columns.keys()  # they came while it was being written
            station.is_news = bool(first_words) or station.columns.get("online") != columns.get("online")
        for whose, beginning in news.devices.items():
            if self._new_devices.get(whose) == beginning:
                del self._new_devices[whose]

    def fell_silent(self, stations: Iterable[str], now_ms: int) -> None:
        """Note stations that the registry has as offline now, because nobody heard them."""
        for station in stations:
            known = self._of(station)
            known.columns["online_changed_ms"] = now_ms
            if (known.columns.get("last_seen_ms") or 0) < now_ms:
                known.columns["online"] = False
            else:  # it was heard while the registry was being told otherwise
                known.is_news = True

    def _due(self, now_ms: int) -> Iterable[tuple[str, _Station]]:
        for name, station in self._stations.items():
            is_old = not 0 <= now_ms - station.written_ms < WRITE_EVERY_MS
            if station.is_news or (is_old and station.was_heard):
                yield name, station

    def _of(self, station: str) -> _Station:
        return self._stations.setdefault(station, _Station())

    def _see(self, station: str, now_ms: int) -> None:
        known = self._of(station)
        known.is_news = known.is_news or "last_seen_ms" not in known.columns
        known.columns["last_seen_ms"] = now_ms

    def _set_online(self, station: str, *, online: bool, now_ms: int) -> Columns:
        known = self._of(station)
        known.was_heard = True
        if known.columns.get("online") != online:
            known.columns["online"] = online
            known.columns["online_changed_ms"] = now_ms
            known.is_news = True
        return known.columns


def write_presence(registry: Registry, news: News) -> None:
    """Write news in one transaction.

    Raises:
        SQLAlchemyError: nothing of it was written.
    """
    with registry.writing() as session:
        alike: dict[tuple[str, ...], list[Columns]] = defaultdict(list)
        known = _known(session, list(news.stations))
        for station, columns in news.stations.items():
            row = {"station_id": station, **_without_old(columns, known.get(station, _Before()))}
            alike[tuple(row)].append(row)
        for rows in alike.values():
            upsert(session, Presence, rows)
        note_devices(session, news.devices)


def fall_silent(session: Session, now_ms: int) -> list[str]:
    """Set offline whom no collector has heard for long, though no last will came; returns whom."""
    unheard = Presence.online & (Presence.last_seen_ms < now_ms - SILENT_AFTER_MS)
    gone = update(Presence).where(unheard).values(online=False, online_changed_ms=now_ms)
    return list(session.scalars(gone.returning(Presence.station_id)))


class _Before(NamedTuple):
    """What the registry had, perhaps from another collector."""

    online: bool | None = None
    last_seen_ms: int = 0
    last_reading_ms: int = 0


def _known(session: Session, stations: list[str]) -> dict[str, _Before]:
    """By station: is it online, when was it seen last, and its last reading, as the registry has them."""
    known: dict[str, _Before] = {}
    for first in range(0, len(stations), _ASKED_AT_ONCE):
        some = stations[first : first + _ASKED_AT_ONCE]
        query = select(Presence.station_id, Presence.online, Presence.last_seen_ms, Presence.last_reading_ms)
        for station, online, seen_ms, reading_ms in session.execute(
            query.where(Presence.station_id.in_(some))
        ):
            known[station] = _Before(online, seen_ms or 0, reading_ms or 0)
    return known


def _without_old(columns: Columns, before: _Before) -> Columns:
    """The columns without what is new only to a collector that has just started, or is one of several."""
    news = dict(columns)
    if before.online == news.get("online"):
        news.pop("online_changed_ms", None)
    if before.last_reading_ms > (news.get("last_reading_ms") or 0):
        news.pop("last_reading_ms", None)
    if before.last_seen_ms > (news.get("last_seen_ms") or 0):
        news.pop("last_seen_ms", None)
        news.pop("clock_offset_ms", None)
    return news
