"""`qingliu stations enrol`: one file a station that makes a bare box that station's."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from registry.config import CentreSettings
from registry.database import Registry
from registry.identity_command import RELOAD, by_line, day, run, signing
from registry.identity_settings import told_broker

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from registry.accounts import By
    from registry.identity.enrolment import Enrolment

_ABOUT = """Makes a bundle for one station: agent.toml without meters, ca.crt, station.crt and station.key, to
be read on the box with `qingliu agent enrol`. Whoever has the file is the station: hand it over like a key,
and delete it then. A station enrolled again gets a new certificate; the old one stays valid until it ends or
is revoked."""
_EXAMPLES = """examples:
  qingliu stations enrol 410882-0012 -o 410882-0012.tar.gz --label 410882-0012.pdf
  qingliu stations enrol 410882-0012 -o new-box.tar.gz --revoke-old
  qingliu stations enrol --all --county 410882 -o bundles --label labels.pdf
  qingliu stations enrol 410882-0012 -o b.tar.gz --port 8884 --password \\
      --password-file /etc/mosquitto/qingliu/passwords
"""


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-command to those of `qingliu stations`."""
    command = commands.add_parser(
        "enrol", help="a bundle that makes a box a station's", description=_ABOUT, epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    command.add_argument("station", nargs="?", metavar="ID", help="such as 410882-0012")
    command.add_argument("--all", action="store_true", help="every station that has no valid certificate")
    command.add_argument(
        "--county", default="", metavar="COUNTY", help="with --all: only of this code or name"
    )
    command.add_argument("--again", action="store_true", help="with --all: those with a valid one too")
    command.add_argument("-o", dest="out", type=Path, required=True, metavar="PLACE",
                         help="the bundle's file; with --all their folder")  # fmt: skip
    command.add_argument("--force", action="store_true", help="replace a file that is there")
    command.add_argument("--revoke-old", action="store_true", help="its older certificates are revoked")
    command.add_argument("--label", "--labels", dest="label", type=Path, metavar="FILE",
                         help="cabinet's label, .pdf or .svg; with --all ten to a sheet")  # fmt: skip
    command.add_argument("--password", action="store_true", help="instead of a certificate")
    command.add_argument("--password-file", type=Path, metavar="F", help="the broker's; with --password")
    command.add_argument(
        "--port", type=int, metavar="N", help="of the broker, as the station is told [identity.broker_port]"
    )
    command.add_argument("--days", type=int, metavar="N", help="how long it holds [identity.days]")
    command.add_argument("--passphrase-file", type=Path, metavar="F",
                         help="passphrase of the authority's key [$QINGLIU_CA_PASSPHRASE_FILE, "
                         "identity.passphrase_file, or typed]")  # fmt: skip
    command.add_argument(
        "--actor", metavar="NAME", help="who, for the audit trail [cli: and the user's name]"
    )
    command.add_argument("--json", action="store_true", help="for machines")
    command.add_argument("--config", type=Path, help="centre.toml")
    command.set_defaults(run=run, ask=_enrol, prog=command.prog)


def _enrol(arguments: argparse.Namespace, settings: CentreSettings, registry: Registry) -> int:
    from registry.identity.errors import IdentityError  # noqa: PLC0415 - the libraries are loaded on use

    misfit = _misfit(arguments)
    if misfit:
        raise IdentityError(misfit, 2)
    if arguments.label is not None:
        from registry.identity.label import kind_of  # noqa: PLC0415

        kind_of(arguments.label)
    host, usual_port = told_broker(settings.identity, settings.mqtt.host)
    broker = host, arguments.port or usual_port
    if arguments.all:
        from registry.enrol_all_command import enrol_all  # noqa: PLC0415 - which needs this room

        return enrol_all(arguments, settings, registry, broker)
    return _one(arguments, settings, registry, broker)


def _misfit(arguments: argparse.Namespace) -> str:
    """Options that say nothing together: better refused than passed over."""
    is_all, is_password = arguments.all, arguments.password
    wrong = {
        "give a station's id or --all, one of the two.": is_all == (arguments.station is not None),
        "--county and --again go with --all. Leave them out.": not is_all
        and (arguments.county or arguments.again),
        "--revoke-old goes with one station. Leave it out, or revoke one by one.": is_all
        and arguments.revoke_old,
        "--password and --password-file go together. Give both, or neither.": is_password
        != (arguments.password_file is not None),
        "--password goes without --revoke-old, --days and --label. Leave them out.": is_password
        and (arguments.revoke_old or arguments.days or arguments.label),
        f"--port: must be 1 to 65535 (got {arguments.port}). Correct it.": arguments.port is not None
        and not 1 <= arguments.port <= 65_535,
    }
    return next((said for said, is_wrong in wrong.items() if is_wrong), "")


def _one(
    arguments: argparse.Namespace, settings: CentreSettings, registry: Registry, broker: tuple[str, int]
) -> int:
    from registry.identity.enrolment import known_station  # noqa: PLC0415 - the libraries are loaded on use

    with registry.reading() as session:
        known_station(session, arguments.station)  # before anybody types a passphrase
    way, by = way_of(arguments, settings, broker), by_line(arguments)
    made = make(registry, way, arguments.station, arguments.out, by, force=arguments.force)
    if arguments.password:
        set_passwords(arguments, [made])
    label = labels_of(arguments, settings, [made], by, is_sheet=False)
    if arguments.json:
        print(json.dumps(told(made, arguments.out), ensure_ascii=False))
    else:
        _say(arguments, settings, made, label)
    return 0


class Way(NamedTuple):
    """How stations are enrolled, and what becomes of the certificates that one had before."""

    enrol: "Callable[[Session, str, By], Enrolment]"
    finish: "Callable[[Session, Enrolment, By], object]" = lambda _session, _made, _by: None


def way_of(arguments: argparse.Namespace, settings: CentreSettings, broker: tuple[str, int]) -> Way:
    """By a certificate or a password; asks for the passphrase once."""
    from registry.identity import enrolment  # noqa: PLC0415 - the libraries are loaded on use
    from registry.identity.authority_folder import authority_certificate  # noqa: PLC0415
    from registry.identity.certificates import pem  # noqa: PLC0415
    from registry.identity.revoking import retire  # noqa: PLC0415

    folder = Path(settings.identity.path)
    if arguments.password:
        own = pem(authority_certificate(folder))
        return Way(
            lambda session, station, by: enrolment.enrol_by_password(session, own, station, broker, by)
        )
    authority = signing(arguments, settings)
    days, crl_days = arguments.days or settings.identity.days, settings.identity.crl_days

    def enrol(session: "Session", station: str, by: "By") -> "Enrolment":
        return enrolment.enrol(session, authority, station, days, broker, by)

    def finish(session: "Session", made: "Enrolment", by: "By") -> None:
        if made.older:
            retire(session, authority, folder, crl_days, by, made.older, "replaced")

    return Way(enrol, finish) if arguments.revoke_old else Way(enrol)


def make(registry: Registry, way: Way, station: str, out: Path, by: "By", *, force: bool) -> "Enrolment":
    """Enrol a station and write its bundle: both or neither."""
    from registry.identity.private_file import write_whole  # noqa: PLC0415 - on use

    is_written = False
    try:
        with registry.writing() as session:
            made = way.enrol(session, station, by)
            write_whole(out, made.bundle, replace=force)
            is_written = True
            way.finish(session, made, by)
    except BaseException:
        if is_written:  # the registry did not take it, so nobody could ever revoke it
            out.unlink(missing_ok=True)
        raise
    return made


def set_passwords(arguments: argparse.Namespace, made: "list[Enrolment]") -> None:
    """Tell the broker's file the passwords of those enrolled."""
    from registry.identity.broker_passwords import change_passwords  # noqa: PLC0415 - on use

    change_passwords(arguments.password_file, {each.station: each.password for each in made})


def labels_of(
    arguments: argparse.Namespace,
    settings: CentreSettings,
    made: "list[Enrolment]",
    by: "By",
    *,
    is_sheet: bool,
) -> list[Path]:
    """Write the labels, if any are asked for; returns their files."""
    if arguments.label is None:
        return []
    from registry.identity.label import Label, write_labels  # noqa: PLC0415 - the libraries are loaded on use
    from service.civil import day_of  # noqa: PLC0415

    today = day_of(by.at_ms, settings.zone)
    labels = [Label(each.station, each.name, each.row.sha256, today) for each in made if each.row is not None]
    return write_labels(
        arguments.label, labels, settings.centre.name, settings.centre.language, is_sheet=is_sheet
    )


def told(made: "Enrolment", out: Path) -> dict[str, Any]:
    """An enrolment for machines."""
    row = made.row
    return {
        "station": made.station,
        "name": made.name,
        "bundle": str(out),
        "serial": row and row.serial,
        "sha256": row and row.sha256,
        "not_after_ms": row and row.not_after_ms,
        "older": [each.serial for each in made.older],
    }


def _say(
    arguments: argparse.Namespace, settings: CentreSettings, made: "Enrolment", label: list[Path]
) -> None:
    from registry.identity.authority_folder import authority_certificate  # noqa: PLC0415 - on use
    from registry.identity.certificates import fingerprint, short  # noqa: PLC0415
    from registry.identity.label import show_code  # noqa: PLC0415

    print(f"{arguments.out}: {made.station} {made.name}".rstrip())
    if made.row is None:
        print(
            f"{arguments.password_file}: has its password. The broker reads it at: systemctl reload mosquitto"
        )
    else:
        print(f"valid until  {day(made.row.not_after_ms, settings)}")
        print(f"certificate  {short(made.row.sha256)}")
    print(f"authority    {short(fingerprint(authority_certificate(Path(settings.identity.path))))}")
    if label:
        print(f"label        {', '.join(map(str, label))}")
    if made.row is not None and sys.stdout.isatty():
        show_code(made.station, made.row.sha256, sys.stdout)
    if made.older and arguments.revoke_old:
        print(RELOAD.format(path=Path(settings.identity.path) / "crl.pem"))
    elif made.older:
        print(
            "The certificate it had stays valid. To end that:"
            f" qingliu stations revoke --serial {made.older[0].serial}"
        )
    print("Whoever has this file is the station: hand it over like a key, then delete it.")
