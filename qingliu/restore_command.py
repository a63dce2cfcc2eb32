"""`qingliu restore`: a centre out of a backup."""

import argparse
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from qingliu.backup_command import described
from qingliu.backup_error import BackupError
from registry.audit import at_command_line
from registry.config import centre_path
from service.process import complain, now_ms
from service.progress import Progress

_EXAMPLES = """examples:
  systemctl stop qingliu.target
  qingliu restore qingliu-20261101-033000.tar.gz
  qingliu restore qingliu-20261101-033000.tar.gz --into /tmp/look      only unpack and check

The archive is read to its end and checked before anything is touched. What is there is kept beside, with
.before-restore at the end of its name. Where centre.toml is there it says where everything goes, and no file
of the settings is touched; where it is not, it is put back with the files that it names. An archive of an
older version is brought up to date. A registry may go from SQLite to PostgreSQL and back: change [registry]
url first.
"""


def register(parser: argparse.ArgumentParser) -> None:
    """Add the options of `qingliu restore`."""
    parser.epilog = _EXAMPLES
    parser.add_argument("file", type=Path, metavar="FILE", help="an archive of `qingliu backup`")
    parser.add_argument("--config", type=Path, help="centre.toml")
    parser.add_argument("--into", type=Path, metavar="DIR", help="only unpack into this folder, and check")
    parser.add_argument("--yes", action="store_true", help="move what is there aside")
    parser.add_argument("--by", metavar="NAME", help="who restores, for the audit trail [the system's user]")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from qingliu.restore import restore, unpack  # noqa: PLC0415 - the libraries are loaded on use

    bar = partial(Progress, sys.stderr)
    if not arguments.file.is_file():
        raise BackupError(f"{arguments.file}: there is no such file. Name an archive of `qingliu backup`.")
    if arguments.into is not None:
        for line in described(unpack(arguments.file, arguments.into, bar)):
            print(line)
        print(f"{arguments.into}: unpacked and checked; nothing else was touched")
        return 0
    config, actor = centre_path(arguments.config).absolute(), at_command_line(arguments.by)
    done = restore(arguments.file, config, actor, now_ms(), bar, may_replace=arguments.yes)
    for line in described(done.manifest):
        print(line)
    for path in done.put:
        print(f"put back   {path}")
    for path in done.aside:
        print(f"kept       {path}")
    at = datetime.fromtimestamp(done.manifest.made_ms / 1000, UTC)
    print(f"restored as of {at:%Y-%m-%d %H:%M} UTC; everybody has to log in again; now start the services:")
    print("  systemctl start qingliu.target")
    print("Do again what was decided since: users disabled, certificates revoked (new list to the broker).")
    if done.manifest.history == "influxdb" and not done.left:
        print("The readings have a backup of their own: restore InfluxDB from it (docs/backup.md).")
    complain([f"all restored but {each}" for each in done.left])
    complain([f"not as it should be: {fault}" for fault in done.faults])
    return 1 if done.left or done.faults else 0
