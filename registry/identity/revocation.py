"""Taking certificates back, and the list by which the broker knows."""

from pathlib import Path

from cryptography import x509
from sqlalchemy.orm import Session

from registry.identity import issued
from registry.identity.authority_folder import REVOKED
from registry.identity.certificates import Authority, Revoked, fingerprint, revocation_list
from registry.identity.private_file import PUBLIC, write_whole

REASONS: dict[str, x509.ReasonFlags] = {
    "stolen": x509.ReasonFlags.key_compromise,
    "replaced": x509.ReasonFlags.superseded,
    "retired": x509.ReasonFlags.cessation_of_operation,
    "other": x509.ReasonFlags.unspecified,
}


def write_list(session: Session, authority: Authority, folder: Path, now_ms: int, days: int) -> int:
    """Write the list of all that is revoked into the authority's folder; returns how many stand there.

    Within a writing session that has just revoked something: should its commit fail, the list says too much
    rather than too little.

    Args:
        session: a writing one, so that two lists are never made at once.
        authority: signs it.
        folder: of the authority.
        now_ms: ms since the epoch, UTC.
        days: how long the list holds; past its end a broker refuses everybody.

    Raises:
        IdentityError: it cannot be written.
    """
    rows = issued.taken_back(session, fingerprint(authority.certificate), now_ms)
    revoked = [
        Revoked(int(row.serial, 16), row.revoked_ms or now_ms, REASONS[row.revoked_why]) for row in rows
    ]
    write_whole(folder / REVOKED, revocation_list(authority, revoked, now_ms, days), PUBLIC)
    return len(revoked)
