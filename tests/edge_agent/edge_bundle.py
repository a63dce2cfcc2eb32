"""Bundles as the centre makes them, and as nobody should."""

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

from certificates import Authority, Identity

STATION = "410882-0012"
SKELETON = f"""# Made by the centre for {STATION}.
[station]
id = "{STATION}"
name = "北寨村污水处理站"

[mqtt]
host = "centre.example.cn"
ca_file = "/etc/qingliu/ca.crt"
cert_file = "/etc/qingliu/station.crt"
key_file = "/etc/qingliu/station.key"

[sampling]
send_every_s = 600
"""


def parts(authority: Authority, identity: Identity, text: str = SKELETON) -> dict[str, bytes]:
    """The files of a bundle with certificates."""
    return {
        "agent.toml": text.encode(),
        "ca.crt": authority.ca_file.read_bytes(),
        "station.crt": identity.cert_file.read_bytes(),
        "station.key": identity.key_file.read_bytes(),
    }


def packed(files: Mapping[str, bytes], mode: str = "w:gz") -> bytes:
    """The files as an archive."""
    return packed_members([(tarfile.TarInfo(name), content) for name, content in files.items()], mode)


def packed_members(members: list[tuple[tarfile.TarInfo, bytes]], mode: str = "w:gz") -> bytes:
    """An archive of any members."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode=mode) as archive:  # type: ignore[call-overload] # a plain text
        for member, content in members:
            if member.isreg():
                member.size = len(content)
            archive.addfile(member, io.BytesIO(content) if content else None)
    return target.getvalue()


def written(path: Path, files: Mapping[str, bytes]) -> Path:
    """The files as a bundle on the disk."""
    path.write_bytes(packed(files))
    return path
