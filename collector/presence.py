"""Presence: which stations were heard; written to the registry on a change, and else by the minute."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from history.port import StationReading
from registry.database import Registry, upsert
from registry.tables import Device, Presence
from telemetry.status import Status

WRITE_EVERY_MS = 60_000


@dataclass
class _Station:
    columns: dict[str, Any] = field(default_factory=dict)
    written_ms: int = 0
    is_news: bool = True


class PresenceBook:
    """What was heard of every station since the start; time is an argument."""

    def __init__(self) -> None:
        self._stations: dict[str, _Station] = {}
        self._devices: dict[tuple[str, str], str] = {}
        self._new_devices: dict[tuple[str, str], dict[str, Any]] = {}

    def heard(self, seen: Mapping[str, int], readings: Iterable[StationReading], now_ms: int) -> None:
        """Note batches: station to clock lead, and the readings stored."""
        for station, lead_ms in seen.items():
            columns = self._set_online(station, online=True, now_ms=now_ms)
            columns["last_seen_ms"] = now_ms
            columns["clock_offset_ms"] = lead_ms
        for station, reading in readings:
            columns = self._of(station).columns
            columns["last_reading_ms"] = max(columns.get("last_reading_ms") or 0, reading.t)
            if self._devices.get((station, reading.d)) != reading.k:
                self._devices[station, reading.d] = reading.k
                self._new_devices[station, reading.d] = {
                    "station_id": station, "device": reading.d, "kind": reading.k,
                }  # fmt: skip

    def told(self, station: str, status: Status, now_ms: int, *, retained: bool) -> None:
        """Note a status; a retained one is old news and says nothing about being heard now."""
        columns = self._set_online(station, online=status.online, now_ms=now_ms)
        if not status.online:
            return
        if not retained:
            columns["last_seen_ms"] = now_ms
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

    def is_due(self, now_ms: int) -> bool:
        """Whether there is something to write."""
        return bool(self._new_devices) or any(self._due(now_ms))

    def write(self, registry: Registry, now_ms: int) -> None:
        """Write what changed, and each station heard at most once a minute."""
        stations = list(self._due(now_ms))
        devices = list(self._new_devices.values())
        with registry.writing() as session:
            for station in stations:
                known = session.get(Presence, station) or Presence(station_id=station)
                for name, value in _news(self._stations[station].columns, known).items():
                    setattr(known, name, value)
                session.add(known)
            upsert(session, Device, devices)
            for row in devices:
                device = session.get_one(Device, (row["station_id"], row["device"]))
                device.first_seen_ms = device.first_seen_ms or now_ms
        for station in stations:
            self._stations[station].written_ms = now_ms
            self._stations[station].is_news = False
        self._new_devices.clear()

    def _due(self, now_ms: int) -> Iterable[str]:
        for name, station in self._stations.items():
            last_seen_ms = station.columns.get("last_seen_ms") or 0
            by_the_minute = (
                now_ms - station.written_ms >= WRITE_EVERY_MS and last_seen_ms > station.written_ms
            )
            if station.is_news or by_the_minute:
                yield name

    def _of(self, station: str) -> _Station:
        return self._stations.setdefault(station, _Station())

    def _set_online(self, station: str, *, online: bool, now_ms: int) -> dict[str, Any]:
        known = self._of(station)
        if known.columns.get("online") != online:
            known.columns["online"] = online
            known.columns["online_changed_ms"] = now_ms
            known.is_news = True
        return known.columns


def _news(columns: Mapping[str, Any], known: Presence) -> dict[str, Any]:
    """The columns without what a collector that has just started takes for new."""
    news = dict(columns)
    if known.online == news.get("online"):
        news.pop("online_changed_ms", None)
    if (known.last_reading_ms or 0) > (news.get("last_reading_ms") or 0):
        news.pop("last_reading_ms", None)
    return news
