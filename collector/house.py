"""What a collector does beside its work: know the stations, write presence, say how it is.

The registry is asked in a thread of its own, so that one that is slow or away holds no reading up.
"""

import logging
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from collector.figures import Figures
from collector.presence import News, PresenceBook, fall_silent, write_presence
from registry.database import Registry
from registry.services import HEALTH_EVERY_MS, forget_service, release_lease, report_health, take_lease
from registry.stations import known_ids
from service.conditions import Conditions
from service.process import first_line

logger = logging.getLogger("collector")

LOOK_EVERY_MS = 1_000
STATIONS_AGAIN_MS = 2_000
SILENCE_EVERY_MS = 60_000
LISTENED_MS = 3_600_000
"""Only who has listened so long may call somebody silent: after an outage boxes take time to come back."""
LEASE_MS = 60_000
MOST_COLLECTORS = 64
SERVICE = "collector"


@dataclass
class _Errand:
    """What is due to be done at the registry, and then what came of it."""

    now_ms: int
    news: News | None
    asks_stations: bool
    health: dict[str, Any] | None
    conditions: dict[str, str] = field(default_factory=dict)
    stations: set[str] | None = None
    asks_silent: bool = False
    silent: list[str] = field(default_factory=list)


class House:
    """Keeps the registry and the collector in step; time is an argument.

    Attributes:
        stations: ids of the stations on the register, as last seen.
        presence: is written as it changes.
        listens_since_ms: when the present connection began; None without one.
    """

    def __init__(
        self,
        registry: Registry,
        conditions: Conditions,
        figures: Figures,
        client_id: str,
        *,
        is_one_of_many: bool,
    ) -> None:
        self.stations: set[str] = set()
        self.presence = PresenceBook()
        self._registry = registry
        self._conditions = conditions
        self._figures = figures
        self._client_id = client_id
        self._is_one_of_many = is_one_of_many
        self._name = "" if is_one_of_many else SERVICE
        self._thread = ThreadPoolExecutor(1, "house")
        self._doing: tuple[_Errand, Future[None]] | None = None
        self.listens_since_ms: int | None = None
        self._look_ms = self._stations_ms = self._health_ms = self._silence_ms = 0
        self._has_stations = False

    def knows_stations(self, now_ms: int) -> bool:
        """Whether the register was ever read; waits for that if it was not."""
        if not self._has_stations:
            self._look_ms = 0
            self.keep(now_ms)
            if self._doing is not None:
                self._doing[1].exception()
                self._settle()
        return self._has_stations

    def keep(self, now_ms: int) -> None:
        """Do what is due, at most once a second; costs next to nothing in between."""
        if 0 <= now_ms - self._look_ms < LOOK_EVERY_MS:
            return
        if self._doing is not None:
            if not self._doing[1].done():
                return
            self._settle()
        self._look_ms = now_ms
        errand = _Errand(
            now_ms,
            self.presence.news(now_ms),
            asks_stations=not 0 <= now_ms - self._stations_ms < STATIONS_AGAIN_MS,
            health=None,
        )
        if not 0 <= now_ms - self._health_ms < HEALTH_EVERY_MS:
            errand.health = msgspec.to_builtins(self._figures)
            errand.conditions = self._conditions.current()
        if self.listens_since_ms is not None and now_ms - self.listens_since_ms >= LISTENED_MS:
            errand.asks_silent = not 0 <= now_ms - self._silence_ms < SILENCE_EVERY_MS
        if errand.news or errand.asks_stations or errand.health or errand.asks_silent:
            self._doing = errand, self._thread.submit(self._do, errand)

    def close(self) -> None:
        """End the thread, and give the name back where several share them."""
        self._thread.shutdown()
        if self._name and self._is_one_of_many:
            with suppress(SQLAlchemyError), self._registry.writing() as session:
                release_lease(session, self._name, self._client_id)
                if self._name != SERVICE:
                    forget_service(session, self._name)

    def _do(self, errand: _Errand) -> None:
        if errand.asks_stations:
            with self._registry.reading() as session:
                errand.stations = known_ids(session)
        if errand.news is not None:
            write_presence(self._registry, errand.news)
        if errand.asks_silent:
            with self._registry.writing() as session:
                errand.silent = fall_silent(session, errand.now_ms)
        if errand.health is not None:
            with self._registry.writing() as session:
                name = self._own_name(session, errand.now_ms)
                report_health(session, name, errand.now_ms, errand.conditions, errand.health)

    def _settle(self) -> None:
        """Take over what an errand brought, as far as it came."""
        assert self._doing is not None  # noqa: S101 - narrows the type
        (errand, future), self._doing = self._doing, None
        if errand.stations is not None:
            self.stations, self._stations_ms, self._has_stations = errand.stations, errand.now_ms, True
        if errand.asks_silent:
            self._silence_ms = errand.now_ms
            self.presence.fell_silent(errand.silent, errand.now_ms)
        error = future.exception()
        if error is None:
            self._conditions.end("registry")
            if errand.news is not None:
                self.presence.wrote(errand.news, errand.now_ms)
            if errand.health is not None:
                self._health_ms = errand.now_ms
            return
        self._conditions.begin("registry", first_line(error))
        if not isinstance(error, SQLAlchemyError):
            self._figures.exceptions += 1
            logger.error("unexpected failure beside the work", exc_info=error)

    def _own_name(self, session: Session, now_ms: int) -> str:
        """The name that the desk sees: where several collectors share the load, each keeps its own."""
        if not self._is_one_of_many:
            return SERVICE
        names = [SERVICE, *(f"{SERVICE}-{number}" for number in range(2, MOST_COLLECTORS + 1))]
        for name in [self._name, *names] if self._name else names:
            if take_lease(session, name, self._client_id, now_ms, LEASE_MS):
                self._name = name
                break
        return self._name or SERVICE
