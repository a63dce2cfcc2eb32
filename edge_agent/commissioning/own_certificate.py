"""Our own client certificate: whose it is, and when it ends."""

from collections.abc import Iterator
from pathlib import Path

from edge_agent.commissioning.check_result import Figure, Finding
from service.tls_words import instant

SOON_S = 30 * 86_400
"""A certificate that ends so soon is told, ours and the broker's."""


def own_certificate(path: Path, station: str, now_s: float, *, is_dated: bool) -> Iterator[Finding]:
    """What is to say of it; nothing if all is well.

    Args:
        path: the file, PEM.
        station: our station id.
        now_s: this box's clock, seconds since the epoch.
        is_dated: whether that clock is right.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no certificate.
    """
    from cryptography import x509  # noqa: PLC0415 - loaded on use
    from cryptography.x509.oid import NameOID  # noqa: PLC0415

    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except x509.InvalidVersion as error:  # no ValueError, though one would think so
        raise ValueError(str(error)) from error
    names = [str(each.value) for each in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    ends_s = certificate.not_valid_after_utc.timestamp()
    figures: dict[str, Figure] = {
        "cert_file": str(path),
        "name": ", ".join(names),
        "station": station,
        "ends": instant(ends_s),
    }
    if station and station not in names:
        yield Finding("tls", "warn", "ours_of_other_station", figures=figures)
    if is_dated and ends_s < now_s:
        yield Finding("tls", "fail", "ours_ended", figures=figures)
    elif is_dated and ends_s - now_s < SOON_S:
        yield Finding("tls", "warn", "ours_ends_soon", figures=figures)
