"""`BUNDLE.tar.gz`: what the centre gives a station to introduce itself with; read without trusting it.

It holds `agent.toml`, perhaps without meters, and `ca.crt`, and either `station.crt` with `station.key` or
`password`. Nothing of it is unpacked to a disk here: the files are small, and are judged in memory first.
"""

import io
import tarfile
import zlib
from pathlib import Path
from typing import NamedTuple

from edge_agent.commissioning.enrol_words import Words
from edge_agent.commissioning.setup_error import SetupError
from edge_agent.config import AgentSettings
from service.settings import SettingsError, parse

LARGEST = 1_000_000
"""Bytes; a real bundle has about 5,000."""
CONFIG, AUTHORITY, CERTIFICATE, KEY, PASSWORD = (
    "agent.toml",
    "ca.crt",
    "station.crt",
    "station.key",
    "password",
)
MEMBERS = (CONFIG, AUTHORITY, CERTIFICATE, KEY, PASSWORD)
_GZIP = b"\x1f\x8b"


class Bundle(NamedTuple):
    """The files of a bundle by name, complete and of the right kind; the certificates are not judged yet."""

    path: Path
    files: dict[str, bytes]
    text: str
    settings: AgentSettings

    @property
    def has_certificate(self) -> bool:
        """Whether the station logs in with a certificate; else with a password."""
        return CERTIFICATE in self.files


def read_bundle(path: Path, words: Words) -> Bundle:
    """Read a bundle.

    Raises:
        SettingsError: it is none, is damaged, lacks something or holds something else; in one line each.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(LARGEST + 1)
    except FileNotFoundError as error:
        raise _refused("no_such_file", path, words) from error
    except (OSError, ValueError) as error:
        reason = (error.strerror or "?") if isinstance(error, OSError) else str(error)
        raise _refused("unreadable", path, words, reason=reason) from error
    return bundle_of(packed, path, words)


def bundle_of(packed: bytes, path: Path, words: Words) -> Bundle:
    """Like `read_bundle`, from bytes; `path` is only a name.

    Raises:
        SettingsError: likewise.
    """
    files = _unpacked(_plain_tar(packed, path, words), path, words)
    for name in (CONFIG, AUTHORITY):
        if name not in files:
            raise _refused("missing", path, words, name=name)
    if (CERTIFICATE in files) != (KEY in files):
        raise _refused("half_identity", path, words, name=KEY if CERTIFICATE in files else CERTIFICATE)
    if CERTIFICATE not in files and PASSWORD not in files:
        raise _refused("no_identity", path, words)
    texts = {name: _text(name, content, path, words) for name, content in files.items()}
    if PASSWORD in texts and (not texts[PASSWORD].strip() or not texts[PASSWORD].strip("\r\n").isprintable()):
        raise _refused("bad_password", path, words)
    try:
        settings = parse(texts[CONFIG], CONFIG, AgentSettings)
    except SettingsError as error:
        fault = "\n".join(words.bad_settings.format(bundle=path, fault=line) for line in error.lines())
        raise SetupError(str(path), fault, "bad_settings") from error
    if not settings.mqtt.tls and CERTIFICATE in files:
        raise _refused("tls_off", path, words)
    return Bundle(path, files, texts[CONFIG], settings)


def _plain_tar(packed: bytes, path: Path, words: Words) -> bytes:
    """The archive without its compression; some phones take that off while they download."""
    if len(packed) > LARGEST:
        raise _refused("too_large", path, words)
    if not packed.startswith(_GZIP):
        return packed
    unzip = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        plain = unzip.decompress(packed, LARGEST + 1)
    except zlib.error as error:
        raise _refused("damaged", path, words) from error
    if len(plain) > LARGEST:
        raise _refused("too_large", path, words)
    if not unzip.eof or unzip.unused_data:
        raise _refused("damaged", path, words)
    return plain


def _unpacked(plain: bytes, path: Path, words: Words) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(plain), mode="r:") as archive:
            for member in archive:
                name = _shown(member.name)
                if member.name not in MEMBERS:
                    raise _refused("foreign_member", path, words, name=name)
                if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or member.sparse is not None:
                    raise _refused("not_a_file", path, words, name=name)
                if name in files:
                    raise _refused("twice", path, words, name=name)
                content = archive.extractfile(member)
                files[name] = content.read(LARGEST) if content is not None else b""
                if len(files[name]) != member.size:
                    raise _refused("damaged", path, words)
    except tarfile.ReadError as error:
        raise _refused("damaged" if files else "not_a_bundle", path, words) from error
    except (tarfile.TarError, ValueError, OverflowError, EOFError, LookupError, OSError) as error:
        raise _refused("damaged", path, words) from error
    if not files:
        raise _refused("not_a_bundle", path, words)
    return files


def _text(name: str, content: bytes, path: Path, words: Words) -> str:
    try:
        return content.decode("utf-8-sig" if name == CONFIG else "utf-8")
    except UnicodeDecodeError as error:
        raise _refused("not_text", path, words, name=name) from error


def _refused(code: str, path: Path, words: Words, **more: str) -> SetupError:
    return SetupError(str(path), str(getattr(words, code)).format(bundle=path, **more), code)


def _shown(name: str) -> str:
    """A member's name, which may be anything, in a length for people."""
    plain = "".join(letter if letter.isprintable() else "?" for letter in name)
    return plain if len(plain) <= 60 else f"{plain[:57]}…"
