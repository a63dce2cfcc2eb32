"""Who may do what: the roles of the console and their permissions, in one table. Pure."""

from collections.abc import Mapping
from typing import Literal, get_args

Role = Literal["viewer", "operator", "manager", "admin", "contractor"]
Permission = Literal[
    "see",
    "alarms.handle",
    "alarms.answer",
    "exclusions.enter",
    "exclusions.approve",
    "registry.edit",
    "notes.write",
    "reports.see",
    "reports.freeze",
    "quarantine.see",
    "quarantine.handle",
    "performance.see",
    "system.see",
    "users.edit",
    "channels.edit",
    "audit.see",
]
ROLES: tuple[Role, ...] = get_args(Role)
CONTRACTOR: Role = "contractor"

_VIEWER: frozenset[Permission] = frozenset({"see", "reports.see", "performance.see", "system.see"})
_OPERATOR = _VIEWER | frozenset[Permission](
    {"alarms.handle", "alarms.answer", "exclusions.enter", "notes.write", "quarantine.see"}
)
_MANAGER = _OPERATOR | frozenset[Permission](
    {"exclusions.approve", "registry.edit", "reports.freeze", "quarantine.handle"}
)
PERMISSIONS: Mapping[str, frozenset[Permission]] = {
    "viewer": _VIEWER,
    "operator": _OPERATOR,
    "manager": _MANAGER,
    "admin": _MANAGER | frozenset[Permission]({"users.edit", "channels.edit", "audit.see"}),
    CONTRACTOR: frozenset({"see", "alarms.answer"}),
}
"""What each role may do; a role that is not in it may do nothing."""


def may(role: str, permission: Permission) -> bool:
    """Whether a role has a permission."""
    return permission in PERMISSIONS.get(role, frozenset())
