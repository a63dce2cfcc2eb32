"""A station, or one certificate, is not to be let in any more."""

from pathlib import Path

from sqlalchemy.orm import Session

from registry.accounts import By
from registry.audit import note_change
from registry.identity import issued
from registry.identity.broker_passwords import change_passwords, names_in
from registry.identity.certificates import Authority, fingerprint
from registry.identity.errors import IdentityError
from registry.identity.revocation import write_list
from registry.tables import Certificate


def revoke(  # noqa: PLR0913 - which ones, by whom, why, and where the list goes
    session: Session,
    authority: Authority,
    folder: Path,
    crl_days: int,
    by: By,
    *,
    why: issued.Why,
    station: str | None = None,
    serial: str | None = None,
) -> list[Certificate]:
    """Take back one certificate, or all that let a station in, and write the list for the broker.

    Args:
        session: a writing one.
        authority: signs the list.
        folder: of the authority, where the list goes.
        crl_days: how long the list holds.
        by: who, and when.
        why: for the list and the audit trail.
        station: whose certificates; or
        serial: the number of one, in hex.

    Raises:
        IdentityError: there is nothing to take back.
    """
    own = fingerprint(authority.certificate)
    if serial is not None:
        found = issued.by_serial(session, serial)
        if found is None or found.authority_sha256 != own:
            raise IdentityError(f"--serial: no certificate of that number (got {serial}). {_SEE}")
        if found.revoked_ms is not None:
            raise IdentityError(
                f"{found.names}: certificate {found.serial} is revoked already. Nothing to do."
            )
        chosen = [found]
    else:
        chosen = issued.valid(session, station or "", own, by.at_ms)
        if not chosen:
            raise IdentityError(f"{station}: has no certificate that holds. {_SEE}")
    retire(session, authority, folder, crl_days, by, chosen, why)
    return chosen


def retire(
    session: Session,
    authority: Authority,
    folder: Path,
    crl_days: int,
    by: By,
    chosen: list[Certificate],
    why: issued.Why,
) -> None:
    """Take back these certificates, and write the list for the broker.

    Raises:
        IdentityError: the list cannot be written.
    """
    issued.take_back(session, chosen, why, by)
    write_list(session, authority, folder, by.at_ms, crl_days)


def take_password(session: Session, station: str, path: Path, by: By) -> None:
    """Take a station's password away from the broker's file.

    Raises:
        IdentityError: it has none there, or the file cannot be written.
    """
    if station not in names_in(path):
        raise IdentityError(f"{path}: has no password of {station}. Is it the broker's file?")
    note_change(session, at_ms=by.at_ms, actor=by.actor, action="station.password_taken", subject=station,
                address=by.address)  # fmt: skip
    change_passwords(path, {}, [station])


_SEE = "See qingliu stations certificates."
