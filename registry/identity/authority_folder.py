"""The folder of the authority: `ca.key` under a passphrase, `ca.crt`, and `crl.pem`, the list of the revoked.

The key is the only thing at the centre that nothing can replace: who has it can be any station.
"""

import os
import shutil
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from registry.identity.certificates import (
    Authority,
    instant,
    key_pem,
    new_authority,
    pem,
    revocation_list,
)
from registry.identity.errors import IdentityError
from registry.identity.private_file import PRIVATE, PUBLIC, write_whole

CERTIFICATE, KEY, REVOKED = "ca.crt", "ca.key", "crl.pem"
_FIRST = "Make the authority first: qingliu stations ca init."


def make_authority(
    folder: Path, name: str, passphrase: bytes, now_ms: int, days: int, crl_days: int
) -> Authority:
    """Make a new authority with its folder, all of it or nothing.

    Args:
        folder: of mode 0700; may exist if it is empty.
        name: its common name.
        passphrase: locks the key.
        now_ms: ms since the epoch, UTC.
        days: how long it holds.
        crl_days: how long its first, empty list of the revoked holds.

    Raises:
        IdentityError: there is something in that place, or it cannot be made.
    """
    refuse_taken(folder)
    authority = new_authority(name, now_ms, days)
    part = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))  # of mode 0700
        write_whole(part / KEY, key_pem(authority.key, passphrase), PRIVATE)
        write_whole(part / CERTIFICATE, pem(authority.certificate), PUBLIC)
        write_whole(part / REVOKED, revocation_list(authority, (), now_ms, crl_days), PUBLIC)
        os.rename(part, folder)  # noqa: PTH104 - takes the place of an empty folder too
    except OSError as error:
        raise IdentityError(f"{folder}: cannot be made: {error.strerror}.") from error
    finally:
        if part is not None:
            shutil.rmtree(part, ignore_errors=True)
    return authority


def refuse_taken(folder: Path) -> None:
    """Refuse a place where something is: an authority is never replaced.

    Raises:
        IdentityError: names the place.
    """
    try:
        is_taken = folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir())))
    except OSError as error:
        raise IdentityError(f"{folder}: cannot be looked into: {error.strerror}.") from error
    if is_taken:
        raise IdentityError(
            f"{folder}: holds something already, and an authority is never replaced: every station would"
            " have to be enrolled anew. Move it away first, or name another place under identity.path."
        )


def authority_certificate(folder: Path) -> x509.Certificate:
    """The authority's own certificate, which needs no passphrase.

    Raises:
        IdentityError: there is none, or it cannot be read.
    """
    try:
        return x509.load_pem_x509_certificate(_read(folder / CERTIFICATE))
    except (ValueError, x509.InvalidVersion) as error:
        raise IdentityError(
            f"{folder / CERTIFICATE}: is no certificate. Copy it back from a backup."
        ) from error


def open_authority(folder: Path, passphrase: bytes, now_ms: int) -> Authority:
    """The authority, ready to sign.

    Raises:
        IdentityError: there is none, the passphrase is wrong, a file is damaged, or it has ended.
    """
    certificate = authority_certificate(folder)
    place = folder / KEY
    try:
        key = load_pem_private_key(_read(place), passphrase)
    except (ValueError, TypeError) as error:
        raise IdentityError(
            f"{place}: does not open with this passphrase. Try again, or another one."
        ) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise IdentityError(f"{place}: does not belong to {CERTIFICATE}. Copy both back from one backup.")
    if now_ms >= instant(certificate.not_valid_after_utc):
        until = certificate.not_valid_after_utc.date()
        raise IdentityError(
            f"{folder / CERTIFICATE}: ended on {until}. Make a new authority, and enrol anew."
        )
    return Authority(certificate, key)


def revoked_list(folder: Path) -> x509.CertificateRevocationList:
    """The list of the revoked as it lies there.

    Raises:
        IdentityError: there is none, or it cannot be read.
    """
    try:
        return x509.load_pem_x509_crl(_read(folder / REVOKED))
    except ValueError as error:
        raise IdentityError(
            f"{folder / REVOKED}: is no such list. Write it anew: qingliu stations ca crl."
        ) from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise IdentityError(f"{path}: there is no such file. {_FIRST}") from error
    except OSError as error:
        raise IdentityError(f"{path}: cannot be read: {error.strerror}. Try as its owner.") from error
