"""What people told about meters, from the registry's records to what the quarter hours take."""

from collections.abc import Collection

from sqlalchemy.orm import Session

from history.meter_events import CtCorrection, Exchange, ManualReading, MeterEvents
from registry.meter_records import meter_events


def told_of_meters(session: Session, stations: Collection[str] | None = None) -> dict[str, MeterEvents]:
    """By station, for some stations or for all of which anything was told."""
    return {
        station: MeterEvents(
            tuple(map(Exchange._make, records.exchanges)),
            tuple(map(CtCorrection._make, records.corrections)),
            tuple(map(ManualReading._make, records.manual)),
        )
        for station, records in meter_events(session, stations).items()
    }
