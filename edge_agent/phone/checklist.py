"""The signed checklist of a station: what was ticked, what was measured, who says so, in canonical bytes.

The file is one line of JSON with sorted keys: `content`, its `sha256`, and a `signature` over the same bytes
by the station's key. Its certificate is part of the content. A file that is not written exactly so is none
of ours, so that a change of any byte is found.
"""

import glob
import hashlib
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec

from telemetry.quantities import Kind
from telemetry.reading import Quality

Item = Literal["wiring", "termination", "ground", "ct", "counter", "antenna", "closed"]
"""What only somebody in front of the cabinet can say."""
State = Literal["ok", "warn", "fail", "skipped"]


class Frozen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of everything in the file."""


class Meter(Frozen, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A meter as it was seen last; `display` is what its own display showed of its counter then.

    Attributes:
        line: port and settings, for people.
        values: by quantity; empty if it was not seen.
    """

    id: str
    profile: str
    kind: Kind
    line: str
    unit_id: int
    parameters: dict[str, float | str]
    quality: Quality | None
    values: dict[str, float]
    display: float | None


class Found(Frozen, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a scan of a port found: unit ids with their settings."""

    port: str
    units: list[str]
    remarks: list[str]


class Check(Frozen, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line of the checks."""

    name: str
    label: str
    state: State
    text: str


class Link(Frozen, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the running agent said of its connection."""

    connected: bool
    last_ack_s: int | None
    backlog: int


class Checklist(Frozen, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that is signed for.

    Attributes:
        signed_at: ISO 8601 UTC, by the box's clock, which `clock_is_set` judges.
        items: each with whether it was ticked.
    """

    version: Literal[1] = 1
    software: str
    station: str
    name: str
    installer: str
    note: str
    signed_at: str
    clock_is_set: bool
    items: dict[Item, bool]
    meters: list[Meter]
    scan: list[Found]
    checks: list[Check]
    link: Link | None


Algorithm = Literal["", "ecdsa-sha256", "rsa-pss-sha256"]


class Content(Frozen, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What hash and signature are over; the certificate is in PEM form, empty without a key."""

    checklist: Checklist
    algorithm: Algorithm
    certificate: str


class SignedFile(Frozen, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file; the signature is in base64, empty without a key."""

    content: Content
    sha256: str
    signature: str


class ChecklistError(Exception):
    """A file is no checklist, or not as it was written."""


def canonical(struct: Frozen) -> bytes:
    """The one way to write a part down: sorted keys, no spaces, UTF-8.

    Raises:
        ValueError: a number is not finite.
    """
    plain = msgspec.convert(msgspec.to_builtins(struct), type(struct))  # a whole number in a float's place
    data = msgspec.to_builtins(plain)
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode()


def sealed(content: Content, signature: str) -> bytes:
    """The file's bytes."""
    digest = hashlib.sha256(canonical(content)).hexdigest()
    return canonical(SignedFile(content=content, sha256=digest, signature=signature)) + b"\n"


def opened(octets: bytes) -> SignedFile:
    """Read a file's bytes back; the signature is not looked at here.

    Raises:
        ChecklistError: it is none, or anything in it was changed.
    """
    try:
        file = msgspec.json.decode(octets, type=SignedFile)
        again = sealed(file.content, file.signature)
    except (msgspec.DecodeError, ValueError) as error:
        raise ChecklistError(str(error)) from error
    if again != octets:
        raise ChecklistError("its bytes are not those that were written")
    return file


def name_of(station: str, at: datetime) -> str:
    """The file's name."""
    safe = re.sub(r"[^A-Za-z0-9_-]", "_", station)
    return f"checklist-{safe}-{at:%Y%m%dT%H%M%SZ}.json"


def signed_before(folder: Path, station: str) -> Path | None:
    """The newest checklist of a station in a folder, by its name."""
    if not station:
        return None
    safe = glob.escape(re.sub(r"[^A-Za-z0-9_-]", "_", station))
    try:
        return max(folder.glob(f"checklist-{safe}-????????T??????Z.json"), default=None)
    except OSError:
        return None


def when_of(path: Path) -> str:
    """When a checklist was signed, by its name, in the box's own time."""
    text = path.stem.rpartition("-")[2]
    try:
        return f"{datetime.strptime(text, '%Y%m%dT%H%M%SZ').replace(tzinfo=UTC).astimezone():%Y-%m-%d %H:%M}"
    except (ValueError, OverflowError):
        return text
