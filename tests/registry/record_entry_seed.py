"""Stations, meters and a present for the tests of what people enter."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select

from registry.record_entry import By
from registry.tables import Audit, Device, DirtyQuarterHour, Station

ZONE = ZoneInfo("Asia/Shanghai")
A, B, BOXLESS = "410882-0001", "410882-0002", "410882-0003"
Q, DAY = 900_000, 86_400_000


def ms(*when):
    """An instant in Shanghai, in summer and winter 8 h before Greenwich."""
    return int(datetime(*when, tzinfo=UTC).timestamp() * 1000) - 8 * 3_600_000


NOW = ms(2026, 11, 21, 14, 5)
BY = By("王", NOW, ZONE)


def seed(registry):
    with registry.writing() as session:
        session.add_all(Station(id=station) for station in (A, B, BOXLESS))
        session.flush()
        for station in (A, B):
            session.add(Device(station_id=station, device="power-1", kind="power"))
            session.add(Device(station_id=station, device="flow-1", kind="flow"))


def marks(registry, station=A):
    with registry.reading() as session:
        found = select(DirtyQuarterHour.start_ms).where(DirtyQuarterHour.station_id == station)
        return list(session.scalars(found.order_by(DirtyQuarterHour.start_ms)))


def audited(registry):
    with registry.reading() as session:
        rows = session.scalars(select(Audit).order_by(Audit.id))
        return [(row.action, row.object, row.actor, row.before, row.after) for row in rows]
