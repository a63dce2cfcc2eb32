"""Whether a station's certificate will do, judged without asking anybody, as the broker will judge it.

The facts are read with `cryptography`: OpenSSL by way of `ssl` takes a private key from a file only, and a
key should not lie on the disk before it is known to be any good. What cannot be known is not claimed: with a
clock that was never set, nothing is said about dates.
"""

import hashlib
import warnings
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from edge_agent.civil_time import civil
from edge_agent.commissioning.bundle import AUTHORITY, CERTIFICATE, KEY, Bundle
from edge_agent.commissioning.enrol_words import Words
from edge_agent.commissioning.setup_error import SetupError

EARLIEST_CLOCK = datetime(2024, 1, 1, tzinfo=UTC)
"""A clock before this was never set."""
SOON = timedelta(days=30)

_NOT_READABLE = (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.InvalidVersion)

RemarkCode = Literal["clock_unset", "clock_doubtful", "ends_soon"]


class BoxClock(NamedTuple):
    """The box's clock, and whether NTP keeps it."""

    now: datetime
    is_synchronised: bool


class Remark(NamedTuple):
    """Something to know that is no reason to refuse.

    Attributes:
        days: until the certificate ends; only with `ends_soon`.
    """

    code: RemarkCode
    days: int = 0


class Identity(NamedTuple):
    """What the certificates say.

    Attributes:
        ends: when the first of them ends; None without a certificate of the station's own.
        authority: fingerprint of ca.crt.
        certificate: fingerprint of station.crt; empty with a password.
    """

    ends: datetime | None
    authority: str
    certificate: str
    remarks: tuple[Remark, ...] = ()


def fingerprint(der: bytes) -> str:
    """The first 16 hex digits of a certificate's SHA-256 in groups of four, to compare by telephone."""
    digits = hashlib.sha256(der).hexdigest()[:16]
    return " ".join(digits[place : place + 4] for place in range(0, 16, 4))


def judge(bundle: Bundle, clock: BoxClock, words: Words) -> Identity:
    """Judge a bundle's certificates: key, issuer, purpose, name and dates.

    Raises:
        SetupError: they will not do; which, why, and what to do.
    """
    authorities = _certificates(bundle, AUTHORITY, words)
    authority = authorities[0]
    if not all(_may_sign(each) for each in authorities):
        raise _refused("not_an_authority", bundle, words)
    if not bundle.has_certificate:
        remarks = _dates_remarks(bundle, {AUTHORITY: authority}, clock, words)
        return Identity(None, _fingerprint(authority), "", remarks)
    certificate, *between = _certificates(bundle, CERTIFICATE, words)
    _check_key(bundle, certificate, words)
    issuer = _issuer(certificate, between, authorities)
    if issuer is None:
        raise _refused("not_signed", bundle, words)
    if not _is_for_clients(certificate):
        raise _refused("not_for_clients", bundle, words)
    names = [str(each.value) for each in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    station = bundle.settings.station.id
    if names != [station]:
        shown = ", ".join(names) or "-"
        raise _refused("other_name", bundle, words, name=shown, station=station)
    remarks = _dates_remarks(bundle, {AUTHORITY: issuer, CERTIFICATE: certificate}, clock, words)
    ends = min(certificate.not_valid_after_utc, issuer.not_valid_after_utc)
    return Identity(ends, _fingerprint(authority), _fingerprint(certificate), remarks)


def _certificates(bundle: Bundle, name: str, words: Words) -> list[x509.Certificate]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of makers' old habits; what matters is judged below
            found = x509.load_pem_x509_certificates(bundle.files[name])
            for each in found:  # what is wrong inside is found only on use
                each.subject, each.extensions, each.not_valid_before_utc, each.not_valid_after_utc  # noqa: B018 - reading them is the test
                each.public_key()
    except _NOT_READABLE as error:
        raise _refused("not_a_certificate", bundle, words, name=name) from error
    return found


def _check_key(bundle: Bundle, certificate: x509.Certificate, words: Words) -> None:
    try:
        key = load_pem_private_key(bundle.files[KEY], password=None)
    except TypeError as error:
        raise _refused("key_locked", bundle, words) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _refused("not_a_key", bundle, words) from error
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if key.public_key().public_bytes(*form) != certificate.public_key().public_bytes(*form):
        raise _refused("key_mismatch", bundle, words)


def _issuer(
    certificate: x509.Certificate, between: list[x509.Certificate], authorities: list[x509.Certificate]
) -> x509.Certificate | None:
    """The authority at the end of the chain; certificates in between may come with the station's own."""
    for authority in authorities:
        if _is_issued_by(certificate, authority):
            return authority
    for number, other in enumerate(between):
        if _may_sign(other) and _is_issued_by(certificate, other):
            return _issuer(other, [*between[:number], *between[number + 1 :]], authorities)
    return None


def _is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _may_sign(certificate: x509.Certificate) -> bool:
    try:
        basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        return False
    usage = _key_usage(certificate)
    return basic.ca and (usage is None or usage.key_cert_sign)


def _is_for_clients(certificate: x509.Certificate) -> bool:
    usage = _key_usage(certificate)
    if usage is not None and not (usage.digital_signature or usage.key_agreement):
        return False
    try:
        purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return (
        ExtendedKeyUsageOID.CLIENT_AUTH in purposes or ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in purposes
    )


def _key_usage(certificate: x509.Certificate) -> x509.KeyUsage | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None


def _dates_remarks(
    bundle: Bundle, certificates: dict[str, x509.Certificate], clock: BoxClock, words: Words
) -> tuple[Remark, ...]:
    """What the dates say, as far as the clock can be believed.

    Raises:
        SetupError: a certificate has ended, or has not begun, by a clock that is right.
    """
    if clock.now < EARLIEST_CLOCK:
        return (Remark("clock_unset"),)
    ends = {name: each.not_valid_after_utc for name, each in certificates.items()}
    begins = {name: each.not_valid_before_utc for name, each in certificates.items()}
    over = [name for name, end in ends.items() if end <= clock.now]
    early = [name for name, begin in begins.items() if begin > clock.now]
    if over or early:
        if not clock.is_synchronised:
            return (Remark("clock_doubtful"),)
        name = (over or early)[0]
        date = f"{civil((ends if over else begins)[name]):%Y-%m-%d}"
        raise _refused("expired" if over else "not_yet", bundle, words, name=name, date=date)
    left = min(ends.values()) - clock.now
    return (Remark("ends_soon", left.days),) if left < SOON else ()


def _fingerprint(certificate: x509.Certificate) -> str:
    return fingerprint(certificate.public_bytes(Encoding.DER))


def _refused(code: str, bundle: Bundle, words: Words, **more: str) -> SetupError:
    return SetupError(str(bundle.path), str(getattr(words, code)).format(bundle=bundle.path, **more), code)
