"""`qingliu backup`: one archive of the whole centre; and what is in one."""

import argparse
import json
import re
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from qingliu.backup import Made, make_backup
from qingliu.backup_error import BackupError
from qingliu.backup_manifest import HISTORY, REGISTRY, Manifest
from registry.config import centre_path, load_centre
from service.process import complain, now_ms
from service.progress import Progress

NAME = re.compile(r"qingliu-\d{8}-\d{6}\.tar\.gz")
"""How archives in a folder are called, by the time in UTC."""
_EXAMPLES = """examples:
  qingliu backup -o /mnt/backup --keep 14       a new archive in a folder, the newest 14 stay
  qingliu backup -o centre.tar.gz               an archive of this name
  qingliu backup verify centre.tar.gz           read it back, and say what is in it

In it: the registry, the readings of the embedded store, reports, uploaded files, the certificate authority,
centre.toml and the files that it names. It holds keys and passwords: keep it as you keep those. Not in it:
an InfluxDB (back it up with `influxd backup -portable`, or `influx backup` from 2.0 on), the passphrase of
the authority, the broker's own files. docs/backup.md says more.
"""


def register(parser: argparse.ArgumentParser) -> None:
    """Add the options of `qingliu backup`, and `verify`."""
    parser.epilog = _EXAMPLES
    parser.add_argument(
        "-o", dest="out", metavar="FILE|DIR", help="a folder gets archives named by their time"
    )
    parser.add_argument("--keep", type=_keep, metavar="N", help="in a folder: the newest N archives stay")
    parser.add_argument("--config", type=Path, help="centre.toml")
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.set_defaults(run=_backup)
    commands = parser.add_subparsers(metavar="verify")
    verifying = commands.add_parser("verify", help="read an archive to its end, check it, say what is in it")
    verifying.add_argument("file", type=Path, metavar="FILE")
    verifying.add_argument("--json", action="store_true", help="for machines")
    verifying.set_defaults(run=_verify)


def _backup(arguments: argparse.Namespace) -> int:
    if arguments.out is None:
        complain(["qingliu backup: -o is required: the archive, or a folder for it. See --help."])
        return 2
    out = Path(arguments.out)
    is_folder = out.is_dir() or arguments.out.endswith("/")
    if arguments.keep is not None and not is_folder:
        complain([f"qingliu backup: --keep: -o must be a folder (got {out}). Write -o {out.parent}/."])
        return 2
    settings = load_centre(arguments.config)
    at_ms = now_ms()
    file = (
        out / f"qingliu-{datetime.fromtimestamp(at_ms / 1000, UTC):%Y%m%d-%H%M%S}.tar.gz"
        if is_folder
        else out
    )
    bar = partial(Progress, sys.stderr)
    made = make_backup(settings, centre_path(arguments.config).absolute(), file.absolute(), at_ms, bar)
    dropped = _drop_old(out, arguments.keep) if arguments.keep is not None else []
    _tell_made(made, dropped, as_json=arguments.json)
    return 1 if made.manifest.missing else 0


def _verify(arguments: argparse.Namespace) -> int:
    from qingliu.backup_verify import verify  # noqa: PLC0415 - the libraries are loaded on use

    manifest = verify(arguments.file, partial(Progress, sys.stderr))
    if arguments.json:
        print(json.dumps(_plain(manifest) | {"file": str(arguments.file)}, ensure_ascii=False))
        return 0
    for line in described(manifest):
        print(line)
    print(f"{arguments.file}: whole, every file is what was put into it")
    return 0


def described(manifest: Manifest) -> list[str]:
    """What an archive holds, a line each."""
    at = datetime.fromtimestamp(manifest.made_ms / 1000, UTC)
    lines = [
        f"{manifest.centre}, {at:%Y-%m-%d %H:%M:%S} UTC, by qingliu {manifest.version}",
        f"registry   {_of(manifest, REGISTRY)}, tables of {manifest.revision}, from {manifest.registry}",
    ]
    if HISTORY in manifest.rows:
        lines.append(f"readings   {_of(manifest, HISTORY)}")
    else:
        lines.append(f"readings   not in it: the {manifest.history} store keeps them")
    for folder in ("reports", "uploads", "identity", "settings"):
        own = [each for each in manifest.members if each.name.startswith(f"{folder}/")]
        lines.append(
            f"{folder:<10} {len(own)} file{'s' * (len(own) != 1)}, {_size(sum(each.size for each in own))}"
        )
    return lines + [f"missing    {line}" for line in manifest.missing]


def _tell_made(made: Made, dropped: list[Path], *, as_json: bool) -> None:
    manifest = made.manifest
    if as_json:
        told = _plain(manifest) | {
            "file": str(made.path),
            "size": made.size,
            "dropped": [str(p) for p in dropped],
        }
        print(json.dumps(told, ensure_ascii=False))
    else:
        for line in described(manifest):
            print(line)
        print(f"{made.path}: {_size(made.size)}, read back, whole")
        for path in dropped:
            print(f"{path}: removed, newer ones are kept")
    if manifest.history == "influxdb":
        complain(
            ["The readings are in InfluxDB: back it up too (influxd backup -portable DIR; docs/backup.md)."]
        )
    if manifest.missing:
        complain([f"not in the backup: {line}. Let this user read it." for line in manifest.missing])


def _plain(manifest: Manifest) -> dict[str, Any]:
    return {
        "centre": manifest.centre, "made_ms": manifest.made_ms, "version": manifest.version,
        "revision": manifest.revision, "registry": manifest.registry, "history": manifest.history,
        "rows": manifest.rows, "missing": manifest.missing, "files": len(manifest.members),
    }  # fmt: skip


def _of(manifest: Manifest, store: str) -> str:
    size = next(each.size for each in manifest.members if each.name == store)
    return f"{sum(manifest.rows[store].values()):,} rows, {_size(size)}"


def _size(octets: int) -> str:
    return f"{octets / 1e6:,.1f} MB"


def _drop_old(folder: Path, keep: int) -> list[Path]:
    """Take away the oldest archives of ours, by their names.

    Raises:
        BackupError: one cannot be removed.
    """
    ours = sorted(path for path in folder.iterdir() if NAME.fullmatch(path.name))
    old = ours[:-keep]
    try:
        for path in old:
            path.unlink()
    except OSError as error:
        raise BackupError(
            f"{error.filename}: cannot be removed: {error.strerror}. Remove it by hand."
        ) from error
    return old


def _keep(value: str) -> int:
    if not (value.isascii() and value.isdecimal() and 1 <= int(value) <= 10_000):
        raise argparse.ArgumentTypeError(f"must be a number from 1 to 10000 (got {value})")
    return int(value)
