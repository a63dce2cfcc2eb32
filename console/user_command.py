"""`qingliu console add-user` and its kin: accounts from the command line, above all the first one."""

import argparse
import getpass
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from registry.account_errors import AccountError
from registry.accounts import (
    Account,
    By,
    Rights,
    add_user,
    disable_user,
    enable_user,
    required_user,
    set_password,
    users,
)
from registry.admins import refuse_losing_last
from registry.audit import at_command_line
from registry.config import load_centre
from registry.database import Registry, registry_at
from registry.passwords import Passwords, weakness
from registry.roles import ROLES
from service.civil import clock_of
from service.process import complain, now_ms

_Ask = Callable[[argparse.Namespace, Registry, By], int]


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands about users."""
    adding = _command(commands, "add-user", "make an account; asks for its password", _add)
    adding.add_argument("--role", required=True, choices=ROLES)
    adding.add_argument("--counties", default="", metavar="CODES", help="such as 410823,410882 [all]")
    adding.add_argument("--company", default="", help="the O&M company of a contractor")
    setting = _command(commands, "set-password", "give an account another password; ends its logins", _set)
    for command in (adding, setting):
        command.add_argument(
            "--password-file", metavar="FILE", help="its first line is the password; - reads it from stdin"
        )
    _command(commands, "disable-user", "shut an account; ends its logins", _disable)
    _command(commands, "enable-user", "open an account again", _enable)
    listing = commands.add_parser("users", help="who may log in")
    listing.add_argument("--json", action="store_true", help="for machines")
    listing.add_argument("--config", type=Path, help="centre.toml")
    listing.set_defaults(run=_run, ask=_list, prog=listing.prog)


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, summary: str, ask: _Ask
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=summary, description=summary)
    command.add_argument("name", metavar="NAME", help="what is typed to log in")
    command.add_argument("--config", type=Path, help="centre.toml")
    command.set_defaults(run=_run, ask=ask, prog=command.prog)
    return command


def _run(arguments: argparse.Namespace) -> int:
    """Open the registry and do what was asked; what is wrong is said in one line."""
    settings = load_centre(arguments.config)
    by = By(at_command_line(None), now_ms())
    arguments.zone = settings.zone
    try:
        with registry_at(settings.registry.url) as registry:
            return int(arguments.ask(arguments, registry, by))
    except AccountError as error:
        complain([f"{arguments.prog}: {error}"])
        return 2
    except OSError as error:
        complain([f"{arguments.prog}: --password-file {arguments.password_file}: {error.strerror}"])
        return 2


def _add(arguments: argparse.Namespace, registry: Registry, by: By) -> int:
    counties = tuple(code.strip() for code in arguments.counties.split(",") if code.strip())
    rights = Rights(arguments.role, counties, arguments.company)
    hashed = _hashed(arguments)
    with registry.writing() as session:
        user = add_user(session, arguments.name, rights, hashed, by)
    print(f"user {user.name} may log in as {user.role}")
    return 0


def _set(arguments: argparse.Namespace, registry: Registry, by: By) -> int:
    with registry.reading() as session:
        required_user(session, arguments.name)  # before somebody types a password twice
    hashed = _hashed(arguments)
    with registry.writing() as session:
        set_password(session, required_user(session, arguments.name), hashed, by)
    print(f"user {arguments.name} has another password; all logins have ended")
    return 0


def _disable(arguments: argparse.Namespace, registry: Registry, by: By) -> int:
    with registry.writing() as session:
        user = required_user(session, arguments.name)
        refuse_losing_last(session, user)
        disable_user(session, user, by)
    print(f"user {arguments.name} may not log in any more; all logins have ended")
    return 0


def _enable(arguments: argparse.Namespace, registry: Registry, by: By) -> int:
    with registry.writing() as session:
        enable_user(session, required_user(session, arguments.name), by)
    print(f"user {arguments.name} may log in")
    return 0


def _list(arguments: argparse.Namespace, registry: Registry, _by: By) -> int:
    with registry.reading() as session:
        found = users(session)
    if arguments.json:
        print(json.dumps([_described(account) for account in found], ensure_ascii=False))
        return 0
    for user, company in found:
        where = company or ",".join(user.counties) or "all counties"
        since = clock_of(user.disabled_ms, arguments.zone).date() if user.disabled_ms is not None else None
        print(f"{user.name}  {user.role}  {where}{f'  disabled {since}' if since else ''}")
    if not found:
        complain(["no user; make the first one: qingliu console add-user NAME --role admin"])
    return 0


def _described(account: Account) -> dict[str, Any]:
    user = account.user
    return {
        "name": user.name, "role": user.role, "counties": user.counties, "company": account.company,
        "created_ms": user.created_ms, "disabled_ms": user.disabled_ms,
    }  # fmt: skip


def _hashed(arguments: argparse.Namespace) -> str:
    """The hash of a password that is good enough, from a file or asked for twice."""
    if arguments.password_file is not None:
        password = _first_line(arguments.password_file)
    else:
        password = getpass.getpass("password: ")
        if password != getpass.getpass("once more: "):
            raise AccountError("password_differs")
    code = weakness(password, arguments.name)
    if code:
        raise AccountError(code)
    return Passwords().hashed(password)


def _first_line(name: str) -> str:
    text = sys.stdin.readline() if name == "-" else Path(name).read_text(encoding="utf-8")
    return text.partition("\n")[0].removesuffix("\r")
