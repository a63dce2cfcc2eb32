"""What an archive holds, as its last member says."""

from typing import Annotated

import msgspec

FORMAT = 1
MANIFEST = "manifest.json"
REGISTRY, HISTORY = "registry.db", "history.db"
FOLDERS = ("reports", "uploads", "identity", "settings")
"""What is in it beside the two stores, each below a folder of this name."""
Mode = Annotated[int, msgspec.Meta(ge=0, le=0o777)]
"""A file's rights; none that lend its owner's."""


class Member(msgspec.Struct, frozen=True):
    """A file in the archive.

    Attributes:
        name: in the archive.
        was: its path on the machine that it was taken from.
        size: bytes.
        sha256: hexadecimal.
        mode: its rights.
        owner: name of its owner, empty if it has none.
        group: likewise.
    """

    name: str
    was: str
    size: int
    sha256: str
    mode: Mode = 0o600
    owner: str = ""
    group: str = ""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What an archive holds, and what it was made of.

    Attributes:
        format: of the archive.
        made_ms: the instant that it holds, ms since the epoch, UTC.
        centre: name of the centre.
        version: of the program that made it.
        revision: of the registry's tables.
        registry: which database kept the registry.
        history: which back end keeps the readings; only an embedded one is in the archive.
        config: path of the centre.toml that was in force.
        rows: store to table to its number of rows.
        missing: what should be in it and is not, a line each.
        members: all files but the manifest.
    """

    format: int
    made_ms: int
    centre: str
    version: str
    revision: str
    registry: str
    history: str
    config: str
    rows: dict[str, dict[str, int]]
    missing: list[str]
    members: list[Member]
