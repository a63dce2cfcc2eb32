"""Is the centre itself well: what its services last said, judged at an instant. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

from registry.services import SILENT_AFTER_MS
from registry.tables import ServiceHealth

EXPECTED = ("collector", "alerting", "reporting")
"""Services without which the desk would look at old data, or a report would be missing on the 1st; their
absence is a problem too."""


class Service(NamedTuple):
    """A service as the desk sees it; `seen_ms` is None if it never reported."""

    name: str
    seen_ms: int | None
    is_silent: bool
    conditions: dict[str, str]

    @property
    def is_well(self) -> bool:
        """Heard lately and without complaint."""
        return not self.is_silent and not self.conditions


def judged(said: Iterable[ServiceHealth], now_ms: int) -> list[Service]:
    """Every service that ever reported, and every expected one, by name."""
    services = {name: Service(name, None, is_silent=True, conditions={}) for name in EXPECTED}
    for row in said:
        conditions = {str(name): str(text) for name, text in row.conditions.items()}
        is_silent = now_ms - row.seen_ms > SILENT_AFTER_MS
        services[row.name] = Service(row.name, row.seen_ms, is_silent, conditions)
    return [services[name] for name in sorted(services)]


def problems(services: Iterable[Service], now_ms: int) -> list[dict[str, str]]:
    """What a watchdog is to be told: service, which problem, and a text, in English for machines."""
    found: list[dict[str, str]] = []
    for service in services:
        if service.seen_ms is None:
            found.append(_problem(service.name, "never_seen", "has never reported"))
        elif service.is_silent:
            silence_s = (now_ms - service.seen_ms) // 1000
            found.append(_problem(service.name, "silent", f"last reported {silence_s} s ago"))
        found.extend(_problem(service.name, name, text) for name, text in service.conditions.items())
    return found


def _problem(service: str, name: str, text: str) -> dict[str, str]:
    return {"service": service, "problem": name, "text": text}
