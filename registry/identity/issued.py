"""What the registry remembers of certificates: issued, replaced, revoked, and those that end soon."""

from collections.abc import Collection
from typing import Literal, NamedTuple, get_args

from cryptography import x509
from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.orm import Session

from registry.accounts import By
from registry.audit import note_change
from registry.identity.certificates import fingerprint, instant
from registry.scope import EVERYTHING, Scope
from registry.tables import Certificate, Station

DAY_MS = 86_400_000
Why = Literal["stolen", "replaced", "retired", "other"]
WHY: tuple[Why, ...] = get_args(Why)
Purpose = Literal["station", "broker"]


class Issued(NamedTuple):
    """A certificate as lists show it, with the name of its station."""

    certificate: Certificate
    station_name: str


def remember(
    session: Session,
    by: By,
    certificate: x509.Certificate,
    *,
    authority_sha256: str,
    purpose: Purpose,
    names: str,
    action: str,
) -> Certificate:
    """Note a certificate that was issued just now, in the audit trail too.

    Those issued before for the same purpose and names are noted as replaced by it; they go on holding.

    Args:
        session: a writing one.
        by: who, and when.
        certificate: what was issued.
        authority_sha256: fingerprint of the authority.
        purpose: for a station or a broker.
        names: the station's id, or the broker's names with commas between.
        action: for the audit trail, such as `station.enrol`.
    """
    serial, sha256 = f"{certificate.serial_number:x}", fingerprint(certificate)
    not_after_ms = instant(certificate.not_valid_after_utc)
    row = Certificate(
        serial=serial,
        authority_sha256=authority_sha256,
        purpose=purpose,
        station_id=names if purpose == "station" else None,
        names=names,
        sha256=sha256,
        issued_ms=by.at_ms,
        not_after_ms=not_after_ms,
        issued_by=by.actor,
    )
    older = [Certificate.purpose == purpose, Certificate.names == names, Certificate.replaced_by.is_(None)]
    session.execute(update(Certificate).where(*older).values(replaced_by=serial))
    session.add(row)
    session.flush()
    fields = {"serial": serial, "sha256": sha256, "not_after_ms": not_after_ms}
    note_change(
        session,
        at_ms=by.at_ms,
        actor=by.actor,
        action=action,
        subject=names,
        after=fields,
        address=by.address,
    )
    return row


def valid(session: Session, station: str, authority_sha256: str, now_ms: int) -> list[Certificate]:
    """The certificates with which a station is let in, the newest first."""
    found = select(Certificate).where(
        Certificate.station_id == station, _holds(now_ms), Certificate.authority_sha256 == authority_sha256
    )
    return list(session.scalars(found.order_by(Certificate.issued_ms.desc())))


def enrolled(session: Session, authority_sha256: str, now_ms: int) -> set[str]:
    """The stations that are let in."""
    found = select(Certificate.station_id).where(
        _holds(now_ms), Certificate.authority_sha256 == authority_sha256
    )
    return {station for station in session.scalars(found) if station is not None}


def listed(
    session: Session,
    *,
    stations: Collection[str] = (),
    scope: Scope = EVERYTHING,
    until_ms: int | None = None,
) -> list[Issued]:
    """Certificates by their end.

    Args:
        session: a reading one.
        stations: only theirs, revoked and replaced ones included; empty: those in force, of all.
        scope: a person's; a broker's are seen by whoever sees everything.
        until_ms: only those that end before.
    """
    found = select(Certificate, Station.name).outerjoin(Station, Station.id == Certificate.station_id)
    if stations:
        found = found.where(Certificate.station_id.in_(stations))
    else:
        found = found.where(Certificate.revoked_ms.is_(None), Certificate.replaced_by.is_(None))
    found = found.where(scope.stations())  # a broker's belongs to no station, so limited eyes do not see it
    if until_ms is not None:
        found = found.where(Certificate.not_after_ms < until_ms)
    rows = session.execute(found.order_by(Certificate.not_after_ms, Certificate.names, Certificate.issued_ms))
    return [Issued(certificate, name or "") for certificate, name in rows]


def take_back(session: Session, chosen: Collection[Certificate], why: Why, by: By) -> None:
    """Revoke certificates, in the audit trail too; the list for the broker is to be written after it."""
    for row in chosen:
        row.revoked_ms, row.revoked_by, row.revoked_why = by.at_ms, by.actor, why
        note_change(
            session,
            at_ms=by.at_ms,
            actor=by.actor,
            action="certificate.revoke",
            subject=row.names,
            after={"serial": row.serial, "why": why},
            address=by.address,
        )
    session.flush()


def taken_back(session: Session, authority_sha256: str, now_ms: int) -> list[Certificate]:
    """All that the broker must be told of: revoked, and not ended longer ago than a clock may be wrong."""
    found = select(Certificate).where(
        Certificate.revoked_ms.is_not(None),
        Certificate.not_after_ms > now_ms - 2 * DAY_MS,
        Certificate.authority_sha256 == authority_sha256,
    )
    return list(session.scalars(found.order_by(Certificate.revoked_ms, Certificate.serial)))


def by_serial(session: Session, serial: str) -> Certificate | None:
    """The certificate of a number in hex, as any tool spells it: capitals, colons, a leading 0x or zeros."""
    digits = serial.strip().lower().removeprefix("0x").replace(":", "").replace(" ", "").lstrip("0")
    return session.get(Certificate, digits)


def _holds(now_ms: int) -> ColumnElement[bool]:
    return and_(
        Certificate.purpose == "station",
        Certificate.revoked_ms.is_(None),
        Certificate.not_after_ms > now_ms,
    )


Condition = Literal["holds", "ended", "revoked", "replaced"]


def condition(row: Certificate, now_ms: int) -> Condition:
    """How a certificate stands; one that was replaced still lets its holder in."""
    if row.revoked_ms is not None:
        return "revoked"
    if row.not_after_ms <= now_ms:
        return "ended"
    return "replaced" if row.replaced_by is not None else "holds"


def told(each: Issued, now_ms: int) -> dict[str, str | int | None]:
    """A certificate for machines; instants in ms since the epoch, UTC."""
    row = each.certificate
    return {
        "purpose": row.purpose,
        "names": row.names,
        "station_name": each.station_name,
        "serial": row.serial,
        "sha256": row.sha256,
        "state": condition(row, now_ms),
        "issued_ms": row.issued_ms,
        "not_after_ms": row.not_after_ms,
        "issued_by": row.issued_by,
        "replaced_by": row.replaced_by,
        "revoked_ms": row.revoked_ms,
        "revoked_why": row.revoked_why,
    }
