"""The centre's own processes: what each last said of itself, and who may do what only one may do."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from registry.database import upsert
from registry.tables import Lease, ServiceHealth

HEALTH_EVERY_MS = 15_000
"""A service says how it is so often."""
SILENT_AFTER_MS = 60_000
"""A service that has said nothing for so long is taken for dead."""


def report_health(
    session: Session,
    name: str,
    now_ms: int,
    conditions: Mapping[str, str],
    figures: Mapping[str, Any] | None = None,
) -> None:
    """Write what a service says of itself: troubles by name, and its own numbers."""
    row = {
        "name": name,
        "seen_ms": now_ms,
        "conditions": dict(conditions),
        "figures": dict(figures or {}),
    }
    upsert(session, ServiceHealth, [row])


def forget_service(session: Session, name: str) -> None:
    """Take away what a service said that has ended for good."""
    session.execute(delete(ServiceHealth).where(ServiceHealth.name == name))


def health(session: Session) -> list[ServiceHealth]:
    """What all services last said, by name."""
    return list(session.scalars(select(ServiceHealth).order_by(ServiceHealth.name)))


def take_lease(session: Session, name: str, holder: str, now_ms: int, for_ms: int) -> bool:
    """Take or renew a lease; False while another holder's runs."""
    is_free = or_(Lease.holder == holder, Lease.until_ms <= now_ms)
    upsert(session, Lease, [{"name": name, "holder": holder, "until_ms": now_ms + for_ms}], where=is_free)
    return session.get_one(Lease, name, populate_existing=True).holder == holder


def release_lease(session: Session, name: str, holder: str) -> None:
    """Give a lease back at once."""
    lease = session.get(Lease, name)
    if lease is not None and lease.holder == holder:
        session.delete(lease)
