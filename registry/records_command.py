"""`qingliu stations exchange|ct|manual|inspect|exclude`: what people enter about meters and visits."""

import argparse
import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from registry import record_kinds, record_list
from registry.audit import at_command_line
from registry.config import CentreSettings, load_centre
from registry.database import Registry, registry_at
from registry.exclusion_days import CEILING_DAYS, CLOSING_DAY
from registry.exclusions import REASONS
from registry.inspections import OCCASIONS, PARAMETERS, RESULTS
from registry.record_batch import enter_one, enter_sheet
from registry.record_cells import WHEN
from registry.record_entry import By, RecordError
from registry.sheet import read_sheet
from service.civil import day_of
from service.process import complain, now_ms

if TYPE_CHECKING:
    from registry.record_kinds import Kind
    from registry.record_list import Listing

_PLACES = ("station", "device")
_GO_WITH = {"--list": {"station"}, "--remove": {"reason"}, "--approve": {"manager"}, "--file": set[str]()}
"""What may be given with each option that says what to do."""
_IN_FILES = (
    "--file takes CSV or XLSX with the columns {columns} (or Chinese heads); "
    "all rows are entered together, none if one is wrong."
)
_CEILING = (
    f"More than {CEILING_DAYS} days of a month, for all reasons but grid_outage together, need a manager: "
    "--manager with the entry, or --approve later. Days beyond them (in order of date) do not count before, "
    f"and never if no manager approved by the {CLOSING_DAY}th of the next month."
)


class _Command(NamedTuple):
    """One of the sub-commands: options by the column that they fill, with metavar and help; its rule."""

    summary: str
    kind: "Kind"
    listing: "Listing"
    options: dict[str, tuple[str, str, str]]
    rule: str = ""


_NOTE = ("--note", "TEXT", "anything worth keeping")
_COMMANDS = {
    "exchange": _Command(
        "a meter was taken out and another put in",
        record_kinds.EXCHANGE,
        record_list.EXCHANGES,
        {
            "at": ("--at", "TIME", f"when, {WHEN}"),
            "old_final": ("--old-final", "X", "what the old meter showed at the end, kWh or m³"),
            "new_initial": ("--new-initial", "Y", "what the new one showed when it was put in"),
            "note": _NOTE,
        },
    ),
    "ct": _Command(
        "a current transformer's ratio was set wrongly: count so many times from a day on",
        record_kinds.CT_CORRECTION,
        record_list.CT_CORRECTIONS,
        {
            "since": ("--since", "TIME", f"from when on, {WHEN}; until the device's next correction"),
            "factor": ("--factor", "F", "true ratio / ratio set in the meter; 1 ends an earlier correction"),
            "note": _NOTE,
        },
    ),
    "manual": _Command(
        "a counter was read by eye (人工抄表)",
        record_kinds.MANUAL_READING,
        record_list.MANUAL_READINGS,
        {
            "at": ("--at", "TIME", f"when, {WHEN}"),
            "value": ("--value", "X", "what the counter showed, kWh or m³"),
            "reader": ("--reader", "NAME", "who read it"),
        },
    ),
    "inspect": _Command(
        "an unannounced visit (四不两直) or a patrol (巡查), and what was found",
        record_kinds.INSPECTION,
        record_list.INSPECTIONS,
        {
            "day": ("--day", "D", "such as 2026-10-01"),
            "result": ("--result", "R", f"{' or '.join(RESULTS)} (正常, 非正常)"),
            "occasion": ("--occasion", "O", f"{' or '.join(OCCASIONS)} (四不两直, 巡查)"),
            "findings": ("--findings", "TEXT", "required when the result is abnormal"),
            "inspector": ("--inspector", "NAME", "who was there"),
            "samples": (
                "--sample", "S", f"such as COD=45:mg/L:60 (value:unit:limit); {', '.join(PARAMETERS)}",
            ),
        },
    ),
    "exclude": _Command(
        "an approved stop: days that do not count",
        record_kinds.EXCLUSION,
        record_list.EXCLUSIONS,
        {
            "start": ("--from", "D", "first day, such as 2026-10-01"),
            "end": ("--to", "D", "last day, included"),
            "reason": ("--reason", "R", f"{', '.join(REASONS)}; with --remove: why it is withdrawn"),
            "applicant": ("--applicant", "NAME", "who asked for it"),
            "approver": ("--approver", "NAME", "who approved it; somebody else"),
            "attachment": ("--attachment", "PLACE", "path or address of the document"),
            "manager": ("--manager", "NAME", "the manager who approved it as well (主管批准)"),
        },
        _CEILING,
    ),
}  # fmt: skip


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-commands to those of `qingliu stations`."""
    for name, told in _COMMANDS.items():
        said = _IN_FILES.format(columns=", ".join(told.kind.columns))
        about = " ".join(filter(None, (f"{told.summary}.", told.rule, said)))
        command = commands.add_parser(name, help=told.summary, description=about)
        command.add_argument("station", nargs="?", metavar="STATION", help="such as 410882-0012")
        if "device" in told.kind.columns:
            command.add_argument("device", nargs="?", metavar="DEVICE", help="such as power-1")
        for column, (option, metavar, help_) in told.options.items():
            action = "append" if column == "samples" else "store"
            command.add_argument(option, dest=column, metavar=metavar, help=help_, action=action)
        other = command.add_mutually_exclusive_group()
        other.add_argument("--file", type=Path, metavar="FILE", help="enter the rows of a CSV or XLSX file")
        other.add_argument("--list", action="store_true", help="what is on record, of all stations or of one")
        other.add_argument("--remove", type=int, metavar="ID", help="take one away; needs --reason")
        if told.kind.approve is not None:
            other.add_argument(
                "--approve", type=int, metavar="ID", help="a manager approved it; needs --manager"
            )
        command.add_argument("--skip-bad", action="store_true", help="with --file: enter the good rows")
        command.add_argument("--json", action="store_true", help="with --list: for machines")
        if "reason" not in told.options:
            command.add_argument("--reason", metavar="TEXT", help="with --remove: why")
        command.add_argument("--actor", metavar="NAME", help="who enters it [cli: and the system's user]")
        command.add_argument("--config", type=Path, help="centre.toml")
        command.set_defaults(run=_run, told=told, prog=command.prog)


def _run(arguments: argparse.Namespace) -> int:
    settings = load_centre(arguments.config)
    misfits = _misfits(arguments)
    if misfits:
        complain(f"{arguments.prog}: {misfit}" for misfit in misfits)
        return 2
    with registry_at(settings.registry.url) as registry:
        if arguments.list:
            return _list(arguments, settings, registry)
        by = By(at_command_line(arguments.actor), now_ms(), settings.zone, settings.history.raw_days)
        if arguments.file is not None:
            return _enter_file(arguments, registry, by)
        return _change_one(arguments, registry, by)


def _misfits(arguments: argparse.Namespace) -> list[str]:
    """Options that say nothing together: better refused than passed over."""
    told: _Command = arguments.told
    way = _way(arguments)
    allowed = _GO_WITH.get(way)
    found = []
    if allowed is not None:
        given = [name for name in (*_PLACES, *told.options, "reason") if getattr(arguments, name, None)]
        found += [
            f"{_spelt(told, name)}: does not go with {way}. Leave one of them out."
            for name in dict.fromkeys(given)
            if name not in allowed
        ]
    elif "reason" not in told.options and arguments.reason:
        found.append("--reason: goes with --remove only. Leave it out.")
    if arguments.skip_bad and arguments.file is None:
        found.append("--skip-bad: goes with --file only. Leave it out.")
    if arguments.json and not arguments.list:
        found.append("--json: goes with --list only. Leave it out.")
    if arguments.actor is not None and not 0 < len(arguments.actor.strip()) <= 64:
        found.append("--actor: must have 1 to 64 letters. Correct it.")
    return found


def _way(arguments: argparse.Namespace) -> str:
    """Which of the options that say what to do is given; empty for entering one record."""
    given = vars(arguments)
    if given["list"]:
        return "--list"
    return next((f"--{each}" for each in ("file", "remove", "approve") if given.get(each) is not None), "")


def _change_one(arguments: argparse.Namespace, registry: Registry, by: By) -> int:
    told: _Command = arguments.told
    kind, way = told.kind, _way(arguments)
    try:
        with registry.writing() as session:
            if way == "--remove":
                done = kind.remove(session, arguments.remove, arguments.reason or "", by)
            elif way == "--approve" and kind.approve is not None:
                done = kind.approve(session, arguments.approve, arguments.manager or "", by)
            else:
                columns = [*_PLACES, *told.options]
                texts = {name: _joined(getattr(arguments, name, None)) for name in columns}
                done = enter_one(session, kind, texts, columns, by)
    except RecordError as error:
        complain(fault._replace(path=_spelt(told, fault.path)).line(arguments.prog) for fault in error.faults)
        return 2
    became = {"--remove": "removed", "--approve": "approved by a manager"}.get(way, "entered")
    print(f"{kind.noun} {done.id} {became}")
    complain(f"warning: {each}" for each in done.warnings)
    return 0


def _enter_file(arguments: argparse.Namespace, registry: Registry, by: By) -> int:
    kind: Kind = arguments.told.kind
    sheet = read_sheet(arguments.file, kind.columns, kind.required)
    batch = enter_sheet(registry, kind, sheet, by, skip_bad=arguments.skip_bad)
    complain(fault.line(sheet.file) for faults in batch.faults.values() for fault in faults)
    complain(
        f"{sheet.file}: row {number}: warning: {each}"
        for number, done in batch.entered.items()
        for each in done.warnings
    )
    if batch.faults and not arguments.skip_bad:
        remedy = "Mend them, or leave them out with --skip-bad."
        wrong = f"{len(batch.faults)} row{' is' if len(batch.faults) == 1 else 's are'} wrong"
        complain([f"{sheet.file}: nothing entered, because {wrong}. {remedy}"])
        return 2
    left = f", wrong rows left out: {', '.join(map(str, batch.faults))}" if batch.faults else ""
    print(f"{len(batch.entered)} {kind.noun}{'' if len(batch.entered) == 1 else 's'} entered{left}")
    return 1 if batch.faults else 0


def _list(arguments: argparse.Namespace, settings: CentreSettings, registry: Registry) -> int:
    listing: Listing = arguments.told.listing
    with registry.reading() as session:
        rows = record_list.records(session, listing, arguments.station)
        if listing is record_list.EXCLUSIONS:
            record_list.note_waiting(session, rows, settings.zone, day_of(now_ms(), settings.zone))
    if arguments.json:
        print(json.dumps(rows, ensure_ascii=False, default=_plain))
    elif rows:
        print(*record_list.table(listing, rows, settings.zone), sep="\n")
    else:
        complain([f"no {arguments.told.kind.noun} is on record"])
    return 0


def _spelt(told: _Command, column: str) -> str:
    """How a column is called at the command line."""
    if column in told.options:
        return told.options[column][0]
    return column.upper() if column in _PLACES else f"--{column.replace('_', '-')}"


def _joined(value: str | list[str] | None) -> str:
    return ";".join(value) if isinstance(value, list) else value or ""


def _plain(value: Any) -> str:  # noqa: ANN401 - whatever JSON has no form for
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"no form for {value!r}")
