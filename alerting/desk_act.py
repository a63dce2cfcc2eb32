"""A person's turn at the duty desk: what is done, and what is told because of it, or neither."""

from collections.abc import Callable
from typing import TypeVar

from alerting.desk import Desk
from alerting.fleet_cards import fleet_cards
from alerting.telling import tell
from notify.post import post_of
from registry.config import CentreSettings
from registry.database import Registry

T = TypeVar("T")


class Turn:
    """One person at the desk, act by act."""

    def __init__(self, registry: Registry, settings: CentreSettings, by: str, address: str = "") -> None:
        """Raises SettingsError if the duty roster cannot be used; `address` is the actor's."""
        self._registry = registry
        self._settings = settings
        self._by = by
        self._address = address
        self._post = post_of(settings.notify, settings.zone, settings.centre.language)

    def act(self, do: Callable[[Desk], T], now_ms: int) -> tuple[T, bool]:
        """Do one thing in a transaction of its own; nothing is written if it cannot be done.

        Args:
            do: what to do with the desk.
            now_ms: the present, ms since the epoch, UTC.

        Returns:
            What it returned, and whether an alarm rings again because of it.

        Raises:
            DeskError: it cannot be done.
        """
        with self._registry.writing() as session:
            desk = Desk(session, self._by, now_ms, self._address)
            done = do(desk)
            if desk.told:
                cards = fleet_cards(session, self._settings.alarms)
                tell(session, desk.told, cards, self._post, now_ms)
            rings = any(step.event.event == "rang_again" for step in desk.told)
        return done, rings
