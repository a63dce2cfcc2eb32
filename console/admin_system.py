"""How the system itself is: services, leases, stores, certificates, and which versions run where."""

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

from fastapi import Request, Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from console import admin_words
from console.access import Route
from console.admin_certificates import certificates
from console.admin_stores import StoreRow, database_version, schema_version, stores
from console.desk import Desk
from console.health import judged
from console.kept import Kept
from console.person import Person, person_of
from console.queries import active_alarm_count
from registry.identity.issued import DAY_MS, Issued, listed
from registry.services import health
from registry.tables import Lease, Presence, ServiceHealth, Station


class Software(NamedTuple):
    """What runs at the centre, each with its version."""

    qingliu: str
    python: str
    system: str
    database: str
    schema: str


def admin_system_routes(desk: Desk) -> list[Route]:
    """The page of this room."""
    kept: Kept[str, list[StoreRow]] = Kept()

    def page(request: Request) -> Response:
        person, now = person_of(request), desk.clock_ms()
        with desk.reading() as session:
            said = health(session)
            values = {
                "alarm_count": active_alarm_count(session, person),
                "services": judged(said, now),
                "figures": {row.name: _figures(row) for row in said},
                "leases": list(session.scalars(select(Lease).order_by(Lease.name))),
                "stores": kept.get("stores", now, lambda: stores(session, desk.settings)),
                "software": _software(session),
                "agents": agent_versions(session, person),
                "ending": ending(session, person, now, desk.settings.identity.warn_days),
            }
        values |= {
            "certificates": certificates(desk.settings, now),
            "now_ms": now,
            "admin_words": admin_words,
        }
        return desk.page(request, "admin_system.html", values)

    return [Route("/admin/system", page, "system.see")]


def agent_versions(session: Session, person: Person) -> list[tuple[str, int]]:
    """How many of the stations that a person sees run which version of the agent, the most first."""
    found = (
        select(Presence.version, func.count())
        .join(Station, Station.id == Presence.station_id)
        .where(person.scope.stations())
        .group_by(Presence.version)
    )
    counted = [(version or "", count) for version, count in session.execute(found)]
    return sorted(counted, key=lambda pair: (-pair[1], pair[0]))


def ending(session: Session, person: Person, now_ms: int, warn_days: int) -> list[Issued]:
    """The certificates of stations and brokers in force that end soon or have ended, the first first.

    A box renews its own in good time: whoever stands here has failed to, or cannot.
    """
    return listed(session, scope=person.scope, until_ms=now_ms + warn_days * DAY_MS)


def _software(session: Session) -> Software:
    try:
        own = version("qingliu")
    except PackageNotFoundError:  # run from a tree that was not installed
        own = ""
    system = f"{platform.system()} {platform.release()}"
    return Software(
        own, platform.python_version(), system, database_version(session), schema_version(session)
    )


def _figures(row: ServiceHealth) -> dict[str, float]:
    """The numbers that a service tells of itself, by their own names."""
    return {
        str(name): value
        for name, value in row.figures.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
