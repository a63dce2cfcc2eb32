"""Who signed a checklist: signed with the station's key, checked with its certificate and the authority's."""

import base64
import binascii
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import NameOID

from edge_agent.phone.checklist import Algorithm, Checklist, Content, SignedFile, canonical, opened, sealed

_HASH = hashes.SHA256()
_PSS = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=hashes.SHA256().digest_size)


class SignatureError(Exception):
    """A key cannot sign, or a signature proves nothing.

    Attributes:
        code: `no_key` `other_key` `other_station` `bad_signature` `not_issued` `no_ca` `unsigned`.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


class Verdict(NamedTuple):
    """What is proved about a file.

    Attributes:
        station: whose key signed it; empty if it is unsigned.
        is_issued: whether the authority that was named issued the certificate; None if none was named.
        is_dated: whether the certificate was valid when it was signed, by the box's clock.
    """

    checklist: Checklist
    station: str
    is_issued: bool | None
    is_dated: bool


def signed(checklist: Checklist, key_file: Path | None, cert_file: Path | None) -> bytes:
    """The file's bytes, signed if there is a key.

    Raises:
        SignatureError: the key or the certificate cannot be used, or they are not this station's.
    """
    if key_file is None or cert_file is None:
        return sealed(Content(checklist=checklist, algorithm="", certificate=""), "")
    try:
        key = load_pem_private_key(key_file.read_bytes(), password=None)
        certificates = x509.load_pem_x509_certificates(cert_file.read_bytes())
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion) as error:
        raise SignatureError("no_key", str(error)) from error
    certificate = certificates[0]
    if key.public_key() != certificate.public_key():
        raise SignatureError("other_key")
    if _name(certificate) != checklist.station:
        raise SignatureError("other_station", _name(certificate))
    algorithm: Algorithm = "ecdsa-sha256" if isinstance(key, ec.EllipticCurvePrivateKey) else "rsa-pss-sha256"
    text = "".join(
        each.public_bytes(Encoding.PEM).decode() for each in certificates
    )  # a key may stand there too
    content = Content(checklist=checklist, algorithm=algorithm, certificate=text)
    return sealed(content, base64.b64encode(_signature(key, canonical(content))).decode())


def verified(octets: bytes, ca: bytes | None = None) -> Verdict:
    """Look at a file's bytes, with the authority's certificate if it is at hand.

    Raises:
        ChecklistError: it is no checklist, or not as it was written.
        SignatureError: signature, certificate or authority do not fit; also for an unsigned file if an
            authority was named.
    """
    file = opened(octets)
    checklist = file.content.checklist
    if not file.content.algorithm:
        if file.signature or file.content.certificate:
            raise SignatureError("bad_signature")
        if ca is not None:
            raise SignatureError("unsigned")
        return Verdict(checklist, "", None, is_dated=False)
    certificate = _signer(file)
    station = _name(certificate)
    if station != checklist.station:
        raise SignatureError("other_station", station)
    is_dated = _is_dated(certificate, checklist)
    if ca is not None:
        _check_issuer(certificate, ca)
    return Verdict(checklist, station, None if ca is None else True, is_dated=is_dated)


def _signature(key: PrivateKeyTypes, octets: bytes) -> bytes:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(octets, ec.ECDSA(_HASH))
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(octets, _PSS, _HASH)
    raise SignatureError("no_key", type(key).__name__)


def _signer(file: SignedFile) -> x509.Certificate:
    """The certificate whose key made the signature."""
    try:
        certificate = x509.load_pem_x509_certificate(file.content.certificate.encode())
        signature = base64.b64decode(file.signature, validate=True)
        key = certificate.public_key()
    except (ValueError, binascii.Error, UnsupportedAlgorithm, x509.InvalidVersion) as error:
        raise SignatureError("bad_signature", str(error)) from error
    if base64.b64encode(signature).decode() != file.signature:  # several spellings would mean the same bytes
        raise SignatureError("bad_signature")
    octets = canonical(file.content)
    try:
        if file.content.algorithm == "ecdsa-sha256" and isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, octets, ec.ECDSA(_HASH))
        elif file.content.algorithm == "rsa-pss-sha256" and isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, octets, _PSS, _HASH)
        else:
            raise SignatureError("bad_signature", type(key).__name__)
    except InvalidSignature as error:
        raise SignatureError("bad_signature") from error
    return certificate


def _check_issuer(certificate: x509.Certificate, ca: bytes) -> None:
    try:
        authorities = x509.load_pem_x509_certificates(ca)
    except (ValueError, x509.InvalidVersion) as error:
        raise SignatureError("no_ca", str(error)) from error
    for authority in authorities:
        try:
            certificate.verify_directly_issued_by(authority)
        except (ValueError, TypeError, InvalidSignature):
            continue
        return
    raise SignatureError("not_issued")


def _is_dated(certificate: x509.Certificate, checklist: Checklist) -> bool:
    try:
        at = datetime.fromisoformat(checklist.signed_at).astimezone(UTC)
    except ValueError:
        return False
    return certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc


def _name(certificate: x509.Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if len(names) == 1 else ""
