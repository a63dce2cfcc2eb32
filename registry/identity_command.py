"""`qingliu stations ca …`, `revoke` and `certificates`: the authority, and what it issued."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry.audit import at_command_line
from registry.config import CentreSettings, load_centre
from registry.database import Registry, registry_at
from service.columns import aligned
from service.process import complain, now_ms

if TYPE_CHECKING:
    from registry.accounts import By
    from registry.identity.certificates import Authority

_CA_EXAMPLES = """examples:
  qingliu stations ca init --passphrase-file /root/ca.passphrase
  qingliu stations ca server --name centre.example.cn --name 192.0.2.10 -o /etc/mosquitto/qingliu
  qingliu stations ca show
  qingliu stations ca crl
"""
_INIT = """Makes the certificate authority of the centre in the folder of identity.path: once, for all
stations and brokers. Back that folder up, and keep the passphrase elsewhere: without both, every station
has to be enrolled anew when the machine is lost."""
_REVOKE_EXAMPLES = """examples:
  qingliu stations revoke 410882-0012 --why stolen
  qingliu stations revoke --serial 5C0F…
  qingliu stations revoke 410882-0012 --password-file /etc/mosquitto/qingliu/passwords
"""
MOST_DAYS = 36_500
RELOAD = (
    "Copy {path} to the broker's crlfile, then: systemctl reload mosquitto (nobody revoked connects any more)"
    " or restart (who is connected now is put out too)"
)


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-commands to those of `qingliu stations`."""
    plain = argparse.RawDescriptionHelpFormatter
    authority = commands.add_parser(
        "ca", help="the centre's certificate authority", epilog=_CA_EXAMPLES, formatter_class=plain
    )
    steps = authority.add_subparsers(metavar="COMMAND", required=True)
    making = steps.add_parser("init", help="make it, once", description=_INIT, formatter_class=plain)
    making.add_argument("--name", metavar="NAME", help="its name [centre.name]")
    making.add_argument("--days", type=int, default=7300, metavar="N", help="how long it holds [%(default)s]")
    making.set_defaults(ask=_init)
    serving = steps.add_parser("server", help="a certificate and key for the broker")
    serving.add_argument("--name", dest="names", action="append", required=True, metavar="HOST",
                         help="name or address by which the broker is reached; may be repeated")  # fmt: skip
    serving.add_argument("-o", dest="out", type=Path, required=True, metavar="DIR",
                         help="gets server.crt, server.key, ca.crt and crl.pem")  # fmt: skip
    serving.add_argument("--days", type=int, metavar="N", help="how long it holds [identity.days]")
    serving.add_argument("--force", action="store_true", help="replace files that are there")
    serving.set_defaults(ask=_server)
    showing = steps.add_parser("show", help="whose it is, until when, and its fingerprint")
    showing.set_defaults(ask=_show)
    listing = steps.add_parser("crl", help="write the list of revoked certificates anew")
    listing.add_argument("--days", type=int, metavar="N", help="how long it holds [identity.crl_days]")
    listing.set_defaults(ask=_crl)
    revoking = commands.add_parser(
        "revoke", help="take a station's certificates back", epilog=_REVOKE_EXAMPLES, formatter_class=plain
    )
    revoking.add_argument("station", nargs="?", metavar="ID", help="all that it has, such as 410882-0012")
    revoking.add_argument("--serial", metavar="HEX", help="only this one")
    revoking.add_argument("--why", choices=("stolen", "replaced", "retired", "other"), default="other",
                          help="[%(default)s]")  # fmt: skip
    revoking.add_argument("--password-file", type=Path, metavar="F", help="take its password away there")
    revoking.set_defaults(ask=_revoke)
    telling = commands.add_parser("certificates", help="certificates in force, by their end")
    telling.add_argument("station", nargs="?", metavar="ID", help="all that this station ever had")
    telling.add_argument("--soon", action="store_true", help="only those that end within identity.warn_days")
    telling.set_defaults(ask=_certificates)
    for command in (making, serving, listing, revoking):
        command.add_argument("--passphrase-file", type=Path, metavar="F",
                             help="passphrase of the authority's key [$QINGLIU_CA_PASSPHRASE_FILE, "
                             "identity.passphrase_file, or typed]")  # fmt: skip
        command.add_argument(
            "--actor", metavar="NAME", help="who, for the audit trail [cli: and the user's name]"
        )
    for command in (showing, telling):
        command.add_argument("--json", action="store_true", help="for machines")
    for command in (making, serving, showing, listing, revoking, telling):
        command.add_argument("--config", type=Path, help="centre.toml")
        command.set_defaults(run=run, prog=command.prog)


def run(arguments: argparse.Namespace) -> int:
    """Open the registry and do what was asked; what fails is said in one line."""
    from registry.identity.errors import IdentityError  # noqa: PLC0415 - on use

    settings = load_centre(arguments.config)
    try:
        _check_days(getattr(arguments, "days", None))
        with registry_at(settings.registry.url) as registry:
            return int(arguments.ask(arguments, settings, registry))
    except IdentityError as error:
        complain([f"{arguments.prog}: {error}"])
        return error.code


def _check_days(days: int | None) -> None:
    from registry.identity.errors import IdentityError  # noqa: PLC0415 - on use

    if days is not None and not 1 <= days <= MOST_DAYS:
        raise IdentityError(f"--days: must be 1 to {MOST_DAYS} (got {days}). Correct it.", 2)


def by_line(arguments: argparse.Namespace) -> "By":
    """Who acts, and when."""
    from registry.accounts import By  # noqa: PLC0415 - on use

    return By(at_command_line(arguments.actor), now_ms())


def signing(arguments: argparse.Namespace, settings: CentreSettings) -> "Authority":
    """The authority, opened with the passphrase that the options name."""
    from registry.identity.authority_folder import authority_certificate, open_authority  # noqa: PLC0415
    from registry.identity.passphrase import passphrase  # noqa: PLC0415

    folder = Path(settings.identity.path)
    authority_certificate(folder)  # nobody is asked for a passphrase of nothing
    secret = passphrase(arguments.passphrase_file, settings.identity.passphrase_file)
    return open_authority(folder, secret, now_ms())


def day(ms: int, settings: CentreSettings) -> str:
    """A civil day at the centre."""
    from service.civil import day_of  # noqa: PLC0415 - on use

    return day_of(ms, settings.zone).isoformat()


def _init(arguments: argparse.Namespace, settings: CentreSettings, registry: Registry) -> int:
    from registry.audit import note_change  # noqa: PLC0415 - the libraries are loaded on use
    from registry.identity import certificates as c  # noqa: PLC0415
    from registry.identity.authority_folder import make_authority, refuse_taken  # noqa: PLC0415
    from registry.identity.errors import IdentityError  # noqa: PLC0415
    from registry.identity.passphrase import passphrase  # noqa: PLC0415

    folder, by = Path(settings.identity.path), by_line(arguments)
    name = (arguments.name or settings.centre.name).strip()
    if not 0 < len(name) <= c.LONGEST_NAME:
        raise IdentityError(
            f"--name: must have 1 to {c.LONGEST_NAME} letters (got {len(name)}). Correct it.", 2
        )
    refuse_taken(folder)
    secret = passphrase(arguments.passphrase_file, settings.identity.passphrase_file, is_new=True)
    days = arguments.days
    authority = make_authority(folder, name, secret, by.at_ms, days, settings.identity.crl_days)
    digits = c.fingerprint(authority.certificate)
    with registry.writing() as session:
        note_change(session, at_ms=by.at_ms, actor=by.actor, action="authority.make", subject=name,
                    after={"sha256": digits})  # fmt: skip
    print(f"{folder}: certificate authority of {name}, until {day(by.at_ms + days * 86_400_000, settings)}")
    print(f"fingerprint {c.short(digits)}")
    print("Back this folder up, and keep the passphrase elsewhere. Next: qingliu stations ca server --help")
    return 0


def _server(arguments: argparse.Namespace, settings: CentreSettings, registry: Registry) -> int:
    from registry.identity.enrolment import certify_broker  # noqa: PLC0415 - the libraries are loaded on use
    from registry.identity.server_folder import FILES, refuse_files, write_server  # noqa: PLC0415

    out: Path = arguments.out
    if not arguments.force:
        refuse_files(out)
    authority, by = signing(arguments, settings), by_line(arguments)
    with registry.writing() as session:
        days = arguments.days or settings.identity.days
        made = certify_broker(session, authority, arguments.names, days, by)
        write_server(out, made, Path(settings.identity.path))
    print(f"{out}: {', '.join(FILES)} for {made.row.names}, until {day(made.row.not_after_ms, settings)}")
    print(f"The broker must be able to read server.key: chown mosquitto {out / 'server.key'}")
    return 0


def _show(arguments: argparse.Namespace, settings: CentreSettings, _registry: Registry) -> int:
    from registry.identity import certificates as c  # noqa: PLC0415 - the libraries are loaded on use
    from registry.identity.authority_folder import authority_certificate, revoked_list  # noqa: PLC0415

    folder = Path(settings.identity.path)
    certificate, revoked = authority_certificate(folder), revoked_list(folder)
    next_update = revoked.next_update_utc
    told: dict[str, Any] = {
        "folder": str(folder),
        "name": c.name_of(certificate),
        "until": day(c.instant(certificate.not_valid_after_utc), settings),
        "sha256": c.fingerprint(certificate),
        "revoked": len(revoked),
        "list_until": day(c.instant(next_update), settings) if next_update else None,
    }
    if arguments.json:
        print(json.dumps(told, ensure_ascii=False))
        return 0
    print(f"{told['name']}\n{folder}, until {told['until']}\nfingerprint {c.short(told['sha256'])}")
    print(f"{told['revoked']} revoked; the list of them holds until {told['list_until']}")
    return 0


def _crl(arguments: argparse.Namespace, settings: CentreSettings, registry: Registry) -> int:
    from registry.identity.authority_folder import REVOKED  # noqa: PLC0415 - the libraries are loaded on use
    from registry.identity.revocation import write_list  # noqa: PLC0415

    authority, by = signing(arguments, settings), by_line(arguments)
    folder, days = Path(settings.identity.path), arguments.days or settings.identity.crl_days
    with registry.writing() as session:
        many = write_list(session, authority, folder, by.at_ms, days)
    path = folder / REVOKED
    print(f"{path}: {many} revoked; holds until {day(by.at_ms + days * 86_400_000, settings)}")
    print(RELOAD.format(path=path))
    return 0


def _revoke(arguments: argparse.Namespace, settings: CentreSettings, registry: Registry) -> int:
    from registry.identity.authority_folder import REVOKED  # noqa: PLC0415 - the libraries are loaded on use
    from registry.identity.errors import IdentityError  # noqa: PLC0415
    from registry.identity.revoking import revoke, take_password  # noqa: PLC0415

    if (arguments.station is None) == (arguments.serial is None):
        raise IdentityError("give a station's id or --serial, one of the two.", 2)
    if arguments.password_file is not None:
        if arguments.station is None:
            raise IdentityError("--password-file: goes with a station's id. Name the station.", 2)
        with registry.writing() as session:
            take_password(session, arguments.station, arguments.password_file, by_line(arguments))
        print(f"{arguments.station}: has no password any more. Then: systemctl restart mosquitto")
        return 0
    authority, by = signing(arguments, settings), by_line(arguments)
    folder = Path(settings.identity.path)
    with registry.writing() as session:
        chosen = revoke(session, authority, folder, settings.identity.crl_days, by,
                        station=arguments.station, serial=arguments.serial, why=arguments.why)  # fmt: skip
    for row in chosen:
        print(f"{row.names}: certificate {row.serial} of {day(row.issued_ms, settings)} is revoked")
    print(RELOAD.format(path=folder / REVOKED))
    return 0


def _certificates(arguments: argparse.Namespace, settings: CentreSettings, registry: Registry) -> int:
    from registry.identity import issued  # noqa: PLC0415 - on use

    now = now_ms()
    until = now + settings.identity.warn_days * issued.DAY_MS if arguments.soon else None
    stations = [arguments.station] if arguments.station else []
    with registry.reading() as session:
        rows = issued.listed(session, stations=stations, until_ms=until)
    objects = [issued.told(each, now) for each in rows]
    if arguments.json:
        print(json.dumps(objects, ensure_ascii=False))
    elif not rows:
        complain(["no certificate fits"])
    else:
        heads = ["FOR", "NAME", "UNTIL", "DAYS", "STATE", "ISSUED", "SERIAL"]
        lines = [
            [row.names, name, day(row.not_after_ms, settings), str((row.not_after_ms - now) // 86_400_000),
             issued.condition(row, now), day(row.issued_ms, settings), row.serial]
            for row, name in rows
        ]  # fmt: skip
        print(*aligned([heads, *lines], right={3}), sep="\n")
    return 0
