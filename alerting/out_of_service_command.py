"""`qingliu alerting out-of-service`: a station's alarms kept quiet until somebody puts them back."""

import argparse
import json
from collections.abc import Iterable

from sqlalchemy import select

from alerting.alarm_face import Reader, fields
from alerting.alarm_life import AREA_EVENT, OUT_OF_SERVICE
from alerting.alarm_words import SHELVE_REASONS, TYPES, word
from alerting.centre_question import add_question, options, unknown_names, who
from alerting.desk import LONGEST_NOTE, DeskError
from alerting.desk_act import Turn
from alerting.desk_options import codes
from alerting.mutes import standing_mutes
from registry.config import CentreSettings
from registry.database import Registry
from registry.record_entry import faults_of_text, refuse
from registry.tables import AlarmMute, County, Station
from service.columns import aligned
from service.process import complain, now_ms
from service.settings import Fault

HELP = "keep a station's alarms quiet until somebody puts them back"
OF_STATIONS = {code: words for code, words in TYPES.items() if code != AREA_EVENT}
"""The types of alarms that a station has."""
_HEADS = (
    ("站点", "名称", "区县", "类型", "原因", "经办人", "起始", "历时", "备注"),
    ("station", "name", "county", "type", "reason", "by", "since", "for", "note"),
)
_EXAMPLES = f"""They are recorded, but do not ring, are not told, not escalated. What still stands when they
are put back rings again. Shelve an alarm instead where an end is in sight.

reasons, in code or word:
{codes(SHELVE_REASONS)}

types, in code or word:
{codes(OF_STATIONS)}

examples:
  qingliu alerting out-of-service 410882-0012 --reason testing --by 赵工 --note 改造期间
  qingliu alerting out-of-service 410882-0012 --type offline --reason known_cause
  qingliu alerting out-of-service 410882-0012 --end
  qingliu alerting out-of-service --list
"""
_ALL = ("全部类型", "all types")
_OUT = ("已停用", "out of service")
_BACK = ("已恢复使用", "back in service")
_RINGS = ("{what}，重新报警", "{what}, what still stands rings again")
_NOTHING = ("没有停用的告警", "no alarms are out of service")
_ONLY_ONE_WAY = {"list": ("end", "type", "reason", "note", "by"), "end": ("reason", "note")}
"""The options that say nothing beside another."""


def register(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("STATION", nargs="?", help="such as 410882-0012")
    parser.add_argument("--type", metavar="TYPE", help="only alarms of this type [all]")
    parser.add_argument("--reason", metavar="CODE", help="why; required unless with --end or --list")
    parser.add_argument("--note", metavar="TEXT", help="anything worth keeping")
    parser.add_argument("--by", metavar="NAME", help="who does it [cli: and the system's user]")
    parser.add_argument("--end", action="store_true", help="put them back into service")
    parser.add_argument(
        "--list", action="store_true", help="what is out of service, of all stations or of one"
    )
    parser.add_argument("--json", action="store_true", help="with --list: for machines")
    add_question(parser, HELP, _EXAMPLES, _run)


def _run(arguments: argparse.Namespace, settings: CentreSettings, registry: Registry) -> int:
    given = options(arguments, ("STATION", "type", "reason", "note", "by"), settings.zone)
    given.faults += _misfits(arguments)
    station = given.text("STATION") if arguments.list else given.required("STATION")
    with registry.reading() as session:
        given.faults += [each._replace(path="STATION") for each in unknown_names(session, station=station)]
    reader = Reader(settings.centre.language, settings.zone, now_ms())
    if arguments.list:
        refuse(given.faults)
        return _list(registry, reader, station, is_json=arguments.json)
    type_ = given.choice("type", OF_STATIONS) if given.text("type") else ""
    reason = "" if arguments.end else given.choice("reason", SHELVE_REASONS)
    given.faults += faults_of_text("note", given.text("note"), LONGEST_NOTE)
    by = who(given, arguments.by)
    refuse(given.faults)
    turn = Turn(registry, settings, by)
    try:
        if arguments.end:
            _, rings = turn.act(lambda desk: desk.return_to_service(station, type_), now_ms())
        else:
            note = given.text("note")
            _, rings = turn.act(lambda desk: desk.take_out_of_service(station, type_, reason, note), now_ms())
    except DeskError as error:
        complain([f"{arguments.prog}: {error}"])
        return 1
    which = _type(type_, reader)
    said = reader.say(_BACK if arguments.end else _OUT)
    said = reader.say(_RINGS, what=said) if rings else said
    print(f"{station} {which}{('：', ': ')[reader.place]}{said}")
    return 0


def _list(registry: Registry, reader: Reader, station: str, *, is_json: bool) -> int:
    with registry.reading() as session:
        mutes = [each for each in standing_mutes(session, station or None) if each.kind == OUT_OF_SERVICE]
        query = select(Station.id, Station.name, County.name).outerjoin(County)
        names = {row[0]: (row[1], row[2]) for row in session.execute(query)}
    mutes.sort(key=lambda each: (each.since_ms, each.id))
    if is_json:
        objects = [_object(each, names.get(each.subject, ("", None)), reader) for each in mutes]
        print(json.dumps(objects, ensure_ascii=False, indent=2))
    elif mutes:
        lines = [_cells(each, names.get(each.subject, ("", None)), reader) for each in mutes]
        print(*aligned([_HEADS[reader.place], *lines]), sep="\n")
    else:
        print(reader.say(_NOTHING))
    return 0


def _cells(mute: AlarmMute, names: tuple[str, str | None], reader: Reader) -> tuple[str, ...]:
    name, county = names
    reason = word(SHELVE_REASONS, mute.reason, reader.language)
    times = (reader.clock(mute.since_ms), reader.lasted(reader.now_ms - mute.since_ms))
    which = _type(mute.type, reader)
    return (mute.subject, name or "-", county or "-", which, reason, mute.by, *times, mute.note or "-")


def _object(mute: AlarmMute, names: tuple[str, str | None], reader: Reader) -> dict[str, object]:
    lasted_s = (reader.now_ms - mute.since_ms) // 1000
    about: dict[str, object] = {"station_name": names[0] or None, "county": names[1], "lasted_s": lasted_s}
    return fields(mute, reader.zone) | about


def _type(code: str, reader: Reader) -> str:
    return word(TYPES, code, reader.language) if code else reader.say(_ALL)


def _misfits(arguments: argparse.Namespace) -> Iterable[Fault]:
    """Options that say nothing together: better refused than passed over."""
    for way, others in _ONLY_ONE_WAY.items():
        if getattr(arguments, way):
            for other in others:
                if getattr(arguments, other):
                    yield Fault(other, f"does not go with --{way}", remedy="Leave one of them out.")
    if arguments.json and not arguments.list:
        yield Fault("json", "goes with --list only", remedy="Leave it out.")
