"""`qingliu alerting verdicts`: what civil days count as, and what people correct of it."""

import argparse
import json
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from alerting.centre_question import Ask, run_with_registry
from alerting.corrections import VERDICTS, correct_verdict, revisions, withdraw_correction
from registry.config import CentreSettings
from registry.database import Registry
from registry.day_reasons import day_reason
from registry.record_entry import RecordError, local
from registry.tables import DayVerdict, Station, VerdictRevision
from service.civil import day_of
from service.columns import aligned
from service.process import complain, now_ms
from service.settings import Fault

HELP = "what civil days count as, and what people correct of it"
EXAMPLES = """examples:
  qingliu alerting verdicts list --station 410882-0012 --from 2026-10-01 --to 2026-10-31
  qingliu alerting verdicts correct --station 410882-0012 --day 2026-10-09 --verdict running --by 赵工 \\
      --reason "电表当日更换，现场核实设备运行"
  qingliu alerting verdicts withdraw --station 410882-0012 --day 2026-10-09 --by 赵工 --reason 误填
  qingliu alerting verdicts history --station 410882-0012 --day 2026-10-09
"""
DAYS_LISTED = 31
_HEADS = ("day", "verdict", "reason", "kWh", "m³", "valid hours", "corrected by")
_OLD_HEADS = ("until", "verdict", "reason", "kWh", "m³", "judged", "rules", "corrected by", "because")


def register(parser: argparse.ArgumentParser) -> None:
    """Add the sub-commands."""
    parser.epilog = EXAMPLES
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    listing = _command(commands, "list", "the verdicts of a station, with their reasons", _list)
    listing.add_argument("--from", dest="first", metavar="D", help=f"first day [{DAYS_LISTED} days in all]")
    listing.add_argument("--to", dest="last", metavar="D", help="last day, included [yesterday]")
    listing.add_argument("--json", action="store_true", help="for machines")
    correcting = _command(commands, "correct", "put a person's verdict in the place of a day's", _correct)
    correcting.add_argument("--verdict", required=True, metavar="V", help=" or ".join(VERDICTS))
    withdrawing = _command(commands, "withdraw", "take a correction back", _withdraw)
    for command in (correcting, withdrawing):
        command.add_argument("--by", required=True, metavar="NAME", help="who answers for it")
        command.add_argument("--reason", required=True, metavar="TEXT", help="why, in words")
    former = _command(commands, "history", "all verdicts that a day has had", _history)
    former.add_argument("--json", action="store_true", help="for machines")
    for command in (correcting, withdrawing, former):
        command.add_argument("--day", required=True, metavar="D", help="such as 2026-10-09")


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, summary: str, ask: Ask
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=summary, description=summary)
    command.add_argument("--station", required=True, metavar="ID", help="such as 410882-0012")
    run_with_registry(command, ask)
    return command


def _list(arguments: argparse.Namespace, settings: CentreSettings, registry: Registry) -> int:
    yesterday = day_of(now_ms(), settings.zone) - timedelta(days=1)
    last = _day("to", arguments.last) if arguments.last else yesterday
    listed = min(timedelta(days=DAYS_LISTED - 1), last - date.min)
    first = _day("from", arguments.first) if arguments.first else last - listed
    if first > last:
        raise RecordError([Fault("from", f"must not lie after {last}", str(first), "Correct one of them.")])
    with registry.reading() as session:
        _check_station(session, arguments.station)
        found = (
            select(DayVerdict)
            .where(DayVerdict.station_id == arguments.station, DayVerdict.day.between(first, last))
            .order_by(DayVerdict.day)
        )
        rows = list(session.scalars(found))
    if arguments.json:
        _print_json(_object(row, settings) for row in rows)
    elif rows:
        print(*aligned([_HEADS, *(_line(row, settings) for row in rows)], {3, 4, 5}), sep="\n")
    else:
        complain([f"no day of {arguments.station} from {first} to {last} has a verdict"])
    return 0


def _correct(arguments: argparse.Namespace, settings: CentreSettings, registry: Registry) -> int:
    day, station = _day("day", arguments.day), arguments.station
    with registry.writing() as session:
        correct_verdict(
            session, station, day, arguments.verdict, arguments.by, arguments.reason, now_ms(), settings.zone
        )
    print(f"{station} {day}: {arguments.verdict}, by {arguments.by.strip()}")
    return 0


def _withdraw(arguments: argparse.Namespace, settings: CentreSettings, registry: Registry) -> int:
    day, station = _day("day", arguments.day), arguments.station
    with registry.writing() as session:
        withdraw_correction(session, station, day, arguments.by, arguments.reason, now_ms(), settings.zone)
    print(f"{station} {day}: correction withdrawn, the day is judged anew")
    return 0


def _history(arguments: argparse.Namespace, settings: CentreSettings, registry: Registry) -> int:
    day = _day("day", arguments.day)
    with registry.reading() as session:
        _check_station(session, arguments.station)
        present = session.get(DayVerdict, (arguments.station, day))
        rows: list[DayVerdict | VerdictRevision] = [present] if present is not None else []
        rows += revisions(session, arguments.station, day)
    if arguments.json:
        _print_json(_old_object(row, settings) for row in rows)
    elif rows:
        print(*aligned([_OLD_HEADS, *(_old_line(row, settings) for row in rows)], {3, 4}), sep="\n")
    else:
        complain([f"{arguments.station} has no verdict of {day}"])
    return 0


def _line(row: DayVerdict, settings: CentreSettings) -> tuple[str, ...]:
    amounts = (_amount(row.energy_kwh), _amount(row.volume_m3), f"{row.valid_hours:g}")
    return (str(row.day), row.verdict, _reason(row, settings), *amounts, row.corrected_by or "-")


def _old_line(row: DayVerdict | VerdictRevision, settings: CentreSettings) -> tuple[str, ...]:
    until = local(row.replaced_ms, settings.zone) if isinstance(row, VerdictRevision) else "now"
    amounts = (_amount(row.energy_kwh), _amount(row.volume_m3), local(row.computed_ms, settings.zone))
    by, because = row.corrected_by or "-", row.correction_reason or "-"
    return (until, row.verdict, _reason(row, settings), *amounts, row.rule_version, by, because)


def _object(row: DayVerdict, settings: CentreSettings) -> dict[str, Any]:
    names = ("verdict", "reason", "energy_kwh", "volume_m3", "valid_hours", "evidence", "corrected_by",
             "correction_reason")  # fmt: skip
    said = {"day": row.day.isoformat(), "reason_words": _reason(row, settings)}
    return said | {name: getattr(row, name) for name in names}


def _old_object(row: DayVerdict | VerdictRevision, settings: CentreSettings) -> dict[str, Any]:
    names = ("verdict", "reason", "energy_kwh", "volume_m3", "rule_version", "computed_ms", "corrected_by",
             "correction_reason")  # fmt: skip
    replaced_ms = row.replaced_ms if isinstance(row, VerdictRevision) else None
    said: dict[str, Any] = {"replaced_ms": replaced_ms, "reason_words": _reason(row, settings)}
    return said | {name: getattr(row, name) for name in names}


def _reason(row: DayVerdict | VerdictRevision, settings: CentreSettings) -> str:
    stop = row.evidence.get("stop") if isinstance(row, DayVerdict) and row.verdict == "excluded" else None
    return day_reason(row.reason, stop, settings.centre.language)


def _amount(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _day(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise RecordError([Fault(option, "must be a day such as 2026-10-09", text, "Correct it.")]) from error


def _check_station(session: Session, station: str) -> None:
    if session.get(Station, station) is None:
        remedy = "See qingliu stations list."
        raise RecordError([Fault("station", "is not on the register", station, remedy)])


def _print_json(objects: Iterable[dict[str, Any]]) -> None:
    print(json.dumps(list(objects), ensure_ascii=False))
