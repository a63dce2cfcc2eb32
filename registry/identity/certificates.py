"""Certificates and lists of revoked ones, built by RFC 5280; no file, no clock.

Everything is signed with ECDSA on P-256 and SHA-256: small on a paid link, and known to every broker.
A certificate begins a day early, since the clock of a box that has just woken may lie in the past.
"""

import ipaddress
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

EARLY = timedelta(days=1)
LONGEST_NAME = 64
"""Letters of a common name (RFC 5280, appendix A)."""
_DAY_MS = 86_400_000


class Authority(NamedTuple):
    """The centre's authority, ready to sign."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


class Revoked(NamedTuple):
    """A certificate taken back: its number, since when (ms since the epoch, UTC), and why."""

    serial: int
    at_ms: int
    reason: x509.ReasonFlags


def new_key() -> ec.EllipticCurvePrivateKey:
    """A key of its own for whoever is to be certified."""
    return ec.generate_private_key(ec.SECP256R1())


def new_authority(name: str, now_ms: int, days: int) -> Authority:
    """An authority that signs clients and servers, but no further authority."""
    key = new_key()
    usage = _usage(key_cert_sign=True, crl_sign=True)
    builder = (
        _builder(name, name, key.public_key(), now_ms, now_ms + days * _DAY_MS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
    )
    return Authority(builder.sign(key, hashes.SHA256()), key)


def station_certificate(
    authority: Authority, station: str, key: ec.EllipticCurvePublicKey, now_ms: int, until_ms: int
) -> x509.Certificate:
    """A client's certificate, whose common name is the station's id."""
    return _issue(authority, station, key, now_ms, until_ms, ExtendedKeyUsageOID.CLIENT_AUTH, ())


def broker_certificate(
    authority: Authority, names: Sequence[str], key: ec.EllipticCurvePublicKey, now_ms: int, until_ms: int
) -> x509.Certificate:
    """A server's certificate for host names and addresses, of which the first is its common name.

    Raises:
        ValueError: a name that can be no host's.
    """
    own = [_alternative(name) for name in names]
    common = names[0][:LONGEST_NAME]
    return _issue(authority, common, key, now_ms, until_ms, ExtendedKeyUsageOID.SERVER_AUTH, own)


def revocation_list(authority: Authority, revoked: Iterable[Revoked], now_ms: int, days: int) -> bytes:
    """The list for the broker, PEM; numbered by the clock, so that a later one has a greater number."""
    issuer = authority.key.public_key()
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.certificate.subject)
        .last_update(at(now_ms) - EARLY)
        .next_update(at(now_ms) + timedelta(days=days))
        .add_extension(x509.CRLNumber(now_ms), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer), critical=False)
    )
    for each in revoked:
        entry = x509.RevokedCertificateBuilder(each.serial, at(each.at_ms))
        if each.reason is not x509.ReasonFlags.unspecified:  # which is said by silence (RFC 5280, 5.3.1)
            entry = entry.add_extension(x509.CRLReason(each.reason), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(authority.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def at(ms: int) -> datetime:
    """An instant as certificates hold it, to the second."""
    return datetime.fromtimestamp(ms // 1000, UTC)


def instant(moment: datetime) -> int:
    """And back, ms since the epoch, UTC."""
    return int(moment.timestamp() * 1000)


def pem(certificate: x509.Certificate) -> bytes:
    """A certificate as text."""
    return certificate.public_bytes(serialization.Encoding.PEM)


def key_pem(key: ec.EllipticCurvePrivateKey, passphrase: bytes = b"") -> bytes:
    """A private key as text, PKCS #8, locked if there is a passphrase."""
    lock = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of a certificate, 64 hex digits."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def short(digits: str) -> str:
    """The first 16 digits of a fingerprint as people compare them: `9f3c 21ab 0b5d 77e0`."""
    return " ".join(digits[start : start + 4] for start in range(0, 16, 4))


def name_of(certificate: x509.Certificate) -> str:
    """Whose it is: its common name."""
    found = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else ""


def _issue(
    authority: Authority,
    name: str,
    key: ec.EllipticCurvePublicKey,
    now_ms: int,
    until_ms: int,
    purpose: x509.ObjectIdentifier,
    hosts: Sequence[x509.GeneralName],
) -> x509.Certificate:
    issuer = authority.certificate
    builder = (
        _builder(name, None, key, now_ms, min(until_ms, instant(issuer.not_valid_after_utc)))
        .issuer_name(issuer.subject)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False
        )
    )
    if hosts:
        builder = builder.add_extension(x509.SubjectAlternativeName(hosts), critical=False)
    return builder.sign(authority.key, hashes.SHA256())


def _builder(
    name: str, issuer: str | None, key: ec.EllipticCurvePublicKey, now_ms: int, until_ms: int
) -> x509.CertificateBuilder:
    builder = (
        x509.CertificateBuilder()
        .serial_number(x509.random_serial_number())
        .subject_name(_named(name))
        .not_valid_before(at(now_ms) - EARLY)
        .not_valid_after(at(until_ms))
        .public_key(key)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )
    return builder if issuer is None else builder.issuer_name(_named(issuer))


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _usage(
    *, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )
