"""The one file that an installer takes to a station: its settings, the authority, its certificate and key.

It holds a private key in the open, as the box must start without anybody typing a passphrase: whoever has the
file is the station. Made of the same parts it is the same to the byte.
"""

import gzip
import io
import json
import tarfile
from collections.abc import Mapping
from typing import NamedTuple

FOLDER = "/etc/qingliu"
_SECRET = {"station.key", "password"}


class Told(NamedTuple):
    """What a box is told of itself and of the broker; `is_password`: it has no certificate."""

    station: str
    name: str
    host: str
    port: int
    is_password: bool = False


def agent_toml(told: Told) -> str:
    """The box's settings, complete but for its meters, which are found and written at the station."""
    if told.is_password:
        identity = f'username = {_quoted(told.station)}\npassword_file = "{FOLDER}/password"\n'
    else:
        identity = f'cert_file = "{FOLDER}/station.crt"\nkey_file = "{FOLDER}/station.key"\n'
    return (
        "# Made by the centre for this station alone. The meters are added on the spot: qingliu agent scan.\n"
        f"[station]\nid = {_quoted(told.station)}\nname = {_quoted(told.name)}\n\n"
        f'[mqtt]\nhost = {_quoted(told.host)}\nport = {told.port}\nca_file = "{FOLDER}/ca.crt"\n{identity}'
    )


def packed(members: Mapping[str, bytes], at_ms: int) -> bytes:
    """The members as `tar.gz`, by name, owned by nobody in particular.

    Args:
        members: name and content.
        at_ms: their time, ms since the epoch, UTC.
    """
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted(members):
            member = tarfile.TarInfo(name)
            member.size = len(members[name])
            member.mtime = at_ms // 1000
            member.mode = 0o600 if name in _SECRET else 0o644
            archive.addfile(member, io.BytesIO(members[name]))
    return gzip.compress(raw.getvalue(), mtime=0)


def _quoted(text: str) -> str:
    """As TOML spells it: like JSON, but for DEL, which it wants escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
