"""The meters that readings came from: registered when they are first heard of, with their first reading."""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from registry.database import upsert
from registry.tables import Device
from telemetry.quantities import Kind

_ASKED_AT_ONCE = 500


class Beginning(NamedTuple):
    """What a meter is, and its first reading, ms since the epoch, UTC."""

    kind: Kind
    first_ms: int


class _Known(NamedTuple):
    """What the register has of a meter; one that was only entered has no beginning."""

    kind: str
    first_ms: int | None

    def learns_from(self, begun: Beginning) -> bool:
        """Whether it is of another kind, or was there earlier."""
        return self.kind != begun.kind or self.first_ms is None or begun.first_ms < self.first_ms


_UNKNOWN = _Known("", None)


def note_devices(session: Session, heard: Mapping[tuple[str, str], Beginning]) -> None:
    """Register meters by station and device; one that has delivered an earlier reading was there then.

    A box that was dark at first delivers its newest readings first: the beginning is the earliest of all.
    """
    known = _known(session, sorted({station for station, _ in heard}))
    news = {
        whose: begun
        for whose, begun in sorted(heard.items())
        if known.get(whose, _UNKNOWN).learns_from(begun)
    }
    upsert(
        session,
        Device,
        [{"station_id": station, "device": device, "kind": begun.kind}
         for (station, device), begun in news.items()],
    )  # fmt: skip
    for (station, device), begun in news.items():
        is_later = or_(Device.first_seen_ms.is_(None), Device.first_seen_ms > begun.first_ms)
        own = (Device.station_id == station) & (Device.device == device)
        session.execute(update(Device).where(own, is_later).values(first_seen_ms=begun.first_ms))


def _known(session: Session, stations: list[str]) -> dict[tuple[str, str], _Known]:
    """What the register says of all meters of some stations."""
    known: dict[tuple[str, str], _Known] = {}
    for first in range(0, len(stations), _ASKED_AT_ONCE):
        rows = session.execute(
            select(Device.station_id, Device.device, Device.kind, Device.first_seen_ms).where(
                Device.station_id.in_(stations[first : first + _ASKED_AT_ONCE])
            )
        )
        known |= {(station, device): _Known(kind, seen_ms) for station, device, kind, seen_ms in rows}
    return known
