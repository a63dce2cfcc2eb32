"""The certificates that the centre's settings name: whose they are, and until when they hold."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from cryptography import x509

from registry.config import CentreSettings
from registry.identity.authority_folder import CERTIFICATE, REVOKED

DAY_MS = 86_400_000
SOON_MS = 30 * DAY_MS
"""Before its end a certificate is to be renewed."""
Condition = Literal["holds", "ends_soon", "ended", "not_yet", "unreadable"]


class CertificateRow(NamedTuple):
    """A certificate.

    Attributes:
        role: what it is for, a key of `admin_words.CERTIFICATES`.
        names: for whom it was made.
        until_ms: when it ends, ms since the epoch, UTC; None if it cannot be read.
        condition: how it stands.
    """

    role: str
    names: str
    until_ms: int | None
    condition: Condition


def certificates(settings: CentreSettings, now_ms: int) -> list[CertificateRow]:
    """Every certificate of the settings; of a file with a chain the one that ends first is named last.

    With the centre's own authority comes its list of the revoked, past whose end no station gets in.
    """
    rows = [row for role, path in _files(settings) for row in _rows(role, Path(path), now_ms)]
    revoked = Path(settings.identity.path) / REVOKED
    return rows + ([_list_row(revoked, now_ms)] if _is_there(revoked) else [])


def first_ends(settings: CentreSettings, now_ms: int) -> dict[str, int]:
    """When the first certificate of each role ends, ms since the epoch, UTC; the unreadable are left out."""
    ends: dict[str, int] = {}
    for row in certificates(settings, now_ms):
        if row.until_ms is not None:
            ends[row.role] = min(row.until_ms, ends.get(row.role, row.until_ms))
    return ends


def _files(settings: CentreSettings) -> Iterator[tuple[str, str]]:
    if settings.console.tls_cert_file:
        yield "console", settings.console.tls_cert_file
    if settings.mqtt.cert_file:
        yield "mqtt", settings.mqtt.cert_file
    if settings.mqtt.ca_file:
        yield "authority", settings.mqtt.ca_file
    own = Path(settings.identity.path) / CERTIFICATE
    if _is_there(own):
        yield "own_authority", str(own)


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # the folder belongs to somebody else
        return False


def _list_row(path: Path, now_ms: int) -> CertificateRow:
    try:
        revoked = x509.load_pem_x509_crl(path.read_bytes())
        until = revoked.next_update_utc
    except (OSError, ValueError, x509.InvalidVersion):
        until = None
    if until is None:
        return CertificateRow("revoked_list", "", None, "unreadable")
    begin_ms, end_ms = (int(each.timestamp() * 1000) for each in (revoked.last_update_utc, until))
    return CertificateRow("revoked_list", "", end_ms, _condition(begin_ms, end_ms, now_ms))


def _rows(role: str, path: Path, now_ms: int) -> list[CertificateRow]:
    try:
        rows = [_row(role, each, now_ms) for each in x509.load_pem_x509_certificates(path.read_bytes())]
    except (OSError, ValueError, x509.InvalidVersion):
        return [CertificateRow(role, "", None, "unreadable")]
    return sorted(rows, key=lambda row: -(row.until_ms or 0))


def _row(role: str, certificate: x509.Certificate, now_ms: int) -> CertificateRow:
    begin_ms = int(certificate.not_valid_before_utc.timestamp() * 1000)
    end_ms = int(certificate.not_valid_after_utc.timestamp() * 1000)
    return CertificateRow(role, _names(certificate), end_ms, _condition(begin_ms, end_ms, now_ms))


def _condition(begin_ms: int, end_ms: int, now_ms: int) -> Condition:
    if now_ms >= end_ms:
        return "ended"
    if now_ms < begin_ms:
        return "not_yet"
    return "ends_soon" if end_ms - now_ms < SOON_MS else "holds"


def _names(certificate: x509.Certificate) -> str:
    """The hosts it is for, else its subject."""
    try:
        own = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        hosts = [str(each) for each in own.get_values_for_type(x509.DNSName)]
        hosts += [str(each) for each in own.get_values_for_type(x509.IPAddress)]
    except (x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, ValueError):
        hosts = []
    return ", ".join(hosts) or certificate.subject.rfc4514_string()
