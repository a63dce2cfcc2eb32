"""Civil days whose quarter hours have changed, until they are judged again.

A finished day is written down in the transaction that takes its marks away, so that a worker that is killed
before it has judged it leaves it to the next one. The present day is judged in any case when it is over.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from registry.database import Registry, upsert
from registry.tables import ChangedDay


class ChangedDays:
    """What one worker knows of them, by station."""

    def __init__(self) -> None:
        self._days = defaultdict[str, set[date]](set)
        self._written = set[str]()
        self._is_read = False

    def read(self, session: Session) -> None:
        """Take over what a former worker left, once."""
        if not self._is_read:
            for station, day in session.execute(select(ChangedDay.station_id, ChangedDay.day)):
                self._days[station].add(day)
                self._written.add(station)
            self._is_read = True

    def leave(self) -> None:
        """Another worker is at work: what it leaves is to be read again."""
        self._is_read = False

    def note(self, station: str, days: Iterable[date]) -> None:
        """Remember days of a station."""
        self._days[station].update(days)

    def write(self, session: Session, station: str, days: Iterable[date], today: date) -> None:
        """Write those of them down that are over; `note` them too, once that is committed."""
        over = [{"station_id": station, "day": day} for day in days if day < today]
        if over:
            upsert(session, ChangedDay, over)
            self._written.add(station)

    def stations(self, before: date | None = None) -> Collection[str]:
        """The stations with such days; of those before a day alone, if one is given."""
        return {station for station, days in self._days.items() if before is None or min(days) < before}

    def of(self, station: str) -> Collection[date]:
        """The days of a station."""
        return self._days.get(station, ())

    def judged(self, registry: Registry, station: str) -> None:
        """Forget a station's days: they are judged, and that is committed."""
        if station in self._written:
            with registry.writing() as session:
                session.execute(delete(ChangedDay).where(ChangedDay.station_id == station))
            self._written.discard(station)
        self._days.pop(station, None)
