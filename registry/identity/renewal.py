"""Renewing a station's certificate: signed for a key that the box made itself, if the box may have it."""

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from registry.accounts import By
from registry.identity import issued
from registry.identity.certificates import Authority, fingerprint, pem, station_certificate
from registry.identity.enrolment import RESERVED, until
from registry.tables import Certificate, Station
from telemetry.renewal import Refusal

DAY_MS = 86_400_000
DUE_MS = 90 * DAY_MS
"""So long before its end a certificate may be renewed; a box asks from 60 days on."""
MOST_A_MONTH = 5
"""An answer may be lost and asked for again; beyond so many somebody is collecting certificates."""
_MONTH_MS = 30 * DAY_MS


class RenewalError(ValueError):
    """A certificate that is not renewed.

    Attributes:
        code: why, as the box is told.
    """

    def __init__(self, code: Refusal) -> None:
        super().__init__(code)
        self.code = code


def renew(session: Session, authority: Authority, station: str, csr: str, days: int, by: By) -> str:
    """Sign a request (PKCS #10, RFC 2986) for a station; returns the certificate, PEM.

    Args:
        session: a writing one.
        authority: signs it.
        station: whose topic it came on, which the broker vouches for.
        csr: the request, PEM; only its key and name are taken from it.
        days: how long the certificate shall hold.
        by: who signs, and when.

    Raises:
        RenewalError: it is not for this station, which has nothing to renew or not yet, or cannot be read.
        IdentityError: the authority ends too soon.
    """
    key = _asked_key(csr, station)
    if session.get(Station, station) is None or station.lower() in RESERVED:
        raise RenewalError("unknown_station")
    own = fingerprint(authority.certificate)
    valid = issued.valid(session, station, own, by.at_ms)
    if not valid:
        raise RenewalError("not_enrolled")
    if min(row.not_after_ms for row in valid) - by.at_ms > DUE_MS:
        raise RenewalError("not_due")
    lately = select(func.count()).where(
        Certificate.station_id == station, Certificate.issued_ms > by.at_ms - _MONTH_MS
    )
    if (session.scalar(lately) or 0) >= MOST_A_MONTH:
        raise RenewalError("too_many")
    certificate = station_certificate(authority, station, key, by.at_ms, until(authority, by.at_ms, days))
    issued.remember(
        session,
        by,
        certificate,
        authority_sha256=own,
        purpose="station",
        names=station,
        action="station.renew",
    )
    return pem(certificate).decode()


def _asked_key(csr: str, station: str) -> ec.EllipticCurvePublicKey:
    try:
        request = x509.load_pem_x509_csr(csr.encode())
        names = [str(each.value) for each in request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
        key = request.public_key()
        is_signed = request.is_signature_valid
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion) as error:
        raise RenewalError("unreadable") from error
    if not is_signed or not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        raise RenewalError("unreadable")
    if names != [station]:
        raise RenewalError("other_name")
    return key
