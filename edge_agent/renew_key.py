"""The part of a renewal that needs `cryptography`: run as a process of its own, which gives its memory back.

    python -m edge_agent.renew_key ask CERTIFICATE KEY STATION NOW_MS < nothing      prints JSON
    python -m edge_agent.renew_key take CERTIFICATE KEY STATION AUTHORITY OUT ORIGIN < PEM

Exit code 0 done, 1 with the reason on stderr in one line.
"""

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from service.whole_file import write_whole

RENEW = timedelta(days=60)
"""So long before its end a certificate is renewed: two months without a link may pass."""
_PEM = serialization.Encoding.PEM
_PRIVATE = 0o600


class RenewKeyError(Exception):
    """What does not fit, in one line."""


def ask(certificate: Path, key: Path, station: str, now: datetime) -> dict[str, str | int | None]:
    """When our certificate ends, and a request (PKCS #10, RFC 2986) for a new one once that is near.

    The key for it stays until its certificate has come, so that an answer that is late still fits.

    Args:
        certificate: ours, PEM.
        key: file of the new key, made if it is not there.
        station: our id, the name in the request.
        now: the time, which is trusted.

    Raises:
        OSError: a file cannot be read or written.
        ValueError: our certificate cannot be read.
    """
    ends = x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc
    told: dict[str, str | int | None] = {"ends_ms": int(ends.timestamp() * 1000), "csr": None}
    if ends - now > RENEW:
        return told
    own = _key(key)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, station)])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(own, hashes.SHA256())
    return told | {"csr": request.public_bytes(_PEM).decode()}


class Place(NamedTuple):
    """Where a new certificate and its key go, and the line above them: to which enrolment they belong."""

    out: Path
    origin: str


def take(certificate: Path, key: Path, station: str, authority: Path, place: Place, text: str) -> None:
    """Put a new certificate with its key in place, in one file, if it is ours and ends later.

    Args:
        certificate: the one in use, PEM.
        key: file of the new key, which goes with it.
        station: our id.
        authority: `ca.crt`, PEM.
        place: where they go.
        text: the new certificate, PEM.

    Raises:
        RenewKeyError: it is not for our key, not by our authority, not for us, or ends no later.
        OSError: a file cannot be read or written.
        ValueError: something cannot be read.
    """
    new = x509.load_pem_x509_certificate(text.encode())
    old = x509.load_pem_x509_certificate(certificate.read_bytes())
    own = _key(key)
    if new.public_key() != own.public_key():
        raise RenewKeyError("the certificate is not for our key")
    if not any(_signed(new, each) for each in x509.load_pem_x509_certificates(authority.read_bytes())):
        raise RenewKeyError("the certificate is not by our authority")
    if [each.value for each in new.subject.get_attributes_for_oid(NameOID.COMMON_NAME)] != [station]:
        raise RenewKeyError("the certificate is not for this station")
    purposes = new.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    if ExtendedKeyUsageOID.CLIENT_AUTH not in purposes:
        raise RenewKeyError("the certificate is not for clients")
    if new.not_valid_after_utc <= old.not_valid_after_utc:
        raise RenewKeyError("the certificate ends no later than ours")
    content = f"{place.origin}\n".encode() + new.public_bytes(_PEM) + key.read_bytes()
    write_whole(place.out, content, mode=_PRIVATE)
    key.unlink()


def main(words: list[str]) -> int:
    """Do one of the two; returns the exit code."""
    try:
        if words[0] == "ask":
            now = datetime.fromtimestamp(int(words[4]) / 1000, UTC)
            sys.stdout.write(json.dumps(ask(Path(words[1]), Path(words[2]), words[3], now)))
        else:
            place = Place(Path(words[5]), words[6])
            take(Path(words[1]), Path(words[2]), words[3], Path(words[4]), place, sys.stdin.read())
    except (
        RenewKeyError,
        OSError,
        ValueError,
        TypeError,
        UnsupportedAlgorithm,
        x509.ExtensionNotFound,
        x509.DuplicateExtension,
        x509.InvalidVersion,
    ) as error:
        sys.stderr.write(f"{str(error).splitlines()[0] if str(error) else type(error).__name__}\n")
        return 1
    return 0


def _key(path: Path) -> ec.EllipticCurvePrivateKey:
    """The key in a file; made anew if there is none that can be read."""
    try:
        found = serialization.load_pem_private_key(path.read_bytes(), None)
        if isinstance(found, ec.EllipticCurvePrivateKey):
            return found
    except (FileNotFoundError, ValueError, TypeError, UnsupportedAlgorithm):
        pass
    made = ec.generate_private_key(ec.SECP256R1())
    form, lock = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    write_whole(path, made.private_bytes(_PEM, form, lock), mode=_PRIVATE)
    return made


def _signed(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
