"""A small authority of the tests' own, with the certificates it issues and revokes."""

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = timedelta(days=1)


class Identity(NamedTuple):
    """A certificate and its private key, as files."""

    cert_file: Path
    key_file: Path
    certificate: x509.Certificate


class Authority:
    """An authority with its `ca.crt` in a folder; what it issues lies there too."""

    def __init__(self, folder: Path, name: str = "Centre", *, ends: datetime | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named(name)
        builder = _dated(datetime.now(UTC) - 3650 * DAY, ends or datetime.now(UTC) + 3650 * DAY)
        may_sign = x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        certificate = (
            builder.subject_name(self._name)
            .issuer_name(self._name)
            .public_key(self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(may_sign, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        self.ca_file = folder / "ca.crt"
        self.ca_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def server(
        self,
        *names: str,
        begins: datetime | None = None,
        ends: datetime | None = None,
    ) -> Identity:
        """Issue a broker's certificate for host names and addresses."""
        return self._issue(names[0], names, ExtendedKeyUsageOID.SERVER_AUTH, begins, ends)

    def client(self, name: str, *, begins: datetime | None = None, ends: datetime | None = None) -> Identity:
        """Issue a client's certificate."""
        return self._issue(name, (), ExtendedKeyUsageOID.CLIENT_AUTH, begins, ends)

    def revoke(self, *identities: Identity, ends: datetime | None = None) -> Path:
        """Write the list of all that is revoked; it ends in a day if not otherwise said."""
        now = datetime.now(UTC)
        revoked = x509.CertificateRevocationListBuilder().issuer_name(self._name)
        revoked = revoked.last_update(now - DAY).next_update(ends or now + DAY)
        for each in identities:
            entry = x509.RevokedCertificateBuilder().serial_number(each.certificate.serial_number)
            revoked = revoked.add_revoked_certificate(entry.revocation_date(now - DAY).build())
        path = self._folder / "revoked.crl"
        signed = revoked.sign(self._key, hashes.SHA256())
        path.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        return path

    def _issue(
        self,
        name: str,
        hosts: Sequence[str],
        purpose: x509.ObjectIdentifier,
        begins: datetime | None,
        ends: datetime | None,
    ) -> Identity:
        now = datetime.now(UTC)
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            _dated(begins or now - DAY, ends or now + 365 * DAY)
            .subject_name(_named(name))
            .issuer_name(self._name)
            .public_key(key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
            )
        )
        if hosts:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([_alternative(host) for host in hosts]), critical=False
            )
        certificate = builder.sign(self._key, hashes.SHA256())
        stem = self._folder / f"{certificate.serial_number:x}"
        identity = Identity(stem.with_suffix(".crt"), stem.with_suffix(".key"), certificate)
        identity.cert_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        identity.key_file.write_bytes(key_bytes(key))
        return identity


def key_bytes(key: ec.EllipticCurvePrivateKey, passphrase: bytes | None = None) -> bytes:
    """A private key in PEM form."""
    lock = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _dated(begins: datetime, ends: datetime) -> x509.CertificateBuilder:
    numbered = x509.CertificateBuilder().serial_number(x509.random_serial_number())
    return numbered.not_valid_before(begins).not_valid_after(ends)


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
