"""Administration: its first page leads to what the person may do there."""

from fastapi import Request, Response
from sqlalchemy import func, select

from console.access import Route
from console.admin_audit import admin_audit_routes
from console.admin_channels import admin_channel_routes
from console.admin_system import admin_system_routes
from console.admin_trail import last_verification
from console.admin_user_changes import admin_user_routes
from console.desk import Desk
from console.gate import Gate
from console.health import judged
from console.person import person_of
from console.queries import active_alarm_count
from registry.accounts import users
from registry.services import health
from registry.tables import Audit


def admin_routes(desk: Desk, gate: Gate) -> list[Route]:
    """All pages of administration."""

    def page(request: Request) -> Response:
        person, now = person_of(request), desk.clock_ms()
        with desk.reading() as session:
            known = users(session, person.scope) if person.may("users.edit") else []
            services = judged(health(session), now)
            values = {
                "alarm_count": active_alarm_count(session, person),
                "users": len(known),
                "disabled": sum(each.user.disabled_ms is not None for each in known),
                "channels": len(desk.settings.notify.channels),
                "last_row": session.scalar(select(func.max(Audit.id))) if person.may("audit.see") else None,
                "verified": last_verification(session) if person.may("audit.see") else None,
                "services": len(services),
                "unwell": [each.name for each in services if not each.is_well],
            }
        return desk.page(request, "admin.html", values)

    return [
        Route("/admin", page, "system.see"),
        *admin_user_routes(desk, gate),
        *admin_channel_routes(desk),
        *admin_audit_routes(desk),
        *admin_system_routes(desk),
    ]
