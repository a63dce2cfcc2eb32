"""The administrators of the whole centre: one of them must stay, or nobody could let anybody in."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.account_errors import AccountError
from registry.accounts import Rights
from registry.roles import Role
from registry.tables import User

ADMIN: Role = "admin"


def refuse_losing_last(session: Session, user: User, rights: Rights | None = None) -> None:
    """Refuse to take an administrator away who is the last one that sees every county and may log in.

    The administrators' rows are held until the transaction ends, so that two who take each other's rights
    away at the same time do not both succeed.

    Args:
        session: a writing one; nothing of the user has been changed in it yet.
        user: who is to be disabled, or to get other rights.
        rights: what they get; None if the account is to be shut.

    Raises:
        AccountError: nobody would be left.
    """
    found = select(User).where(User.role == ADMIN, User.disabled_ms.is_(None)).order_by(User.id)
    rows = session.scalars(found.with_for_update().execution_options(populate_existing=True))
    whole = [each.id for each in rows if not each.counties]
    stays = rights is not None and rights.role == ADMIN and not rights.counties
    if whole == [user.id] and not stays:
        raise AccountError("last_admin", user.name)
