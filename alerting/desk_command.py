"""`qingliu alerting ack | shelve | unshelve | note | assign`: what the duty desk does with alarms."""

import argparse
from functools import partial

from alerting.alarm_face import Reader, state_words
from alerting.alarm_life import is_open
from alerting.alarm_words import TYPES, word
from alerting.centre_question import add_question, options, unknown_names, who
from alerting.desk import LONGEST_NOTE, Desk, DeskError
from alerting.desk_act import Turn
from alerting.desk_acts import ACTS, Do
from alerting.desk_options import number_of
from registry.config import CentreSettings
from registry.database import Registry
from registry.record_cells import Cells
from registry.record_entry import refuse
from registry.tables import Alarm
from service.process import complain, now_ms
from service.settings import Fault

_RINGS = ("重新报警", "it rings again")


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-commands to those of `qingliu alerting`."""
    for name, act in ACTS.items():
        parser = commands.add_parser(name, help=act.summary)
        many = None if name == "note" else "+"
        parser.add_argument("id", metavar="ID", nargs=many, help="as in qingliu alerting list")
        if name == "note":
            parser.add_argument("TEXT", help=f"at most {LONGEST_NOTE} letters")
        for option, (metavar, help_) in act.options.items():
            parser.add_argument(f"--{option}", metavar=metavar, help=help_, required=option == "reason")
        parser.add_argument("--by", metavar="NAME", help="who does it [cli: and the system's user]")
        parser.set_defaults(act=name)
        add_question(parser, act.summary, act.examples, _run)


def _run(arguments: argparse.Namespace, settings: CentreSettings, registry: Registry) -> int:
    act, at_ms = ACTS[arguments.act], now_ms()
    given = options(arguments, (*act.options, "TEXT", "by"), settings.zone)
    do = act.read(given, settings, at_ms)
    numbers = _numbers(given, arguments.id)
    if given.text("for") and given.text("until"):
        given.faults.append(Fault("for", "does not go with --until", None, "Leave one of them out."))
    by = who(given, arguments.by)
    with registry.reading() as session:
        given.faults += unknown_names(session, company=given.text("company"))
    refuse(given.faults)
    turn = Turn(registry, settings, by)
    reader = Reader(settings.centre.language, settings.zone, at_ms)
    code = 0
    for number in numbers:
        try:
            alarm, rings = turn.act(partial(_with, do, number), now_ms())
        except DeskError as error:
            complain([f"{arguments.prog}: {error}"])
            code = 1
        else:
            print(_said(arguments.act, alarm, reader, rings=rings))
    return code


def _with(do: Do, number: int, desk: Desk) -> Alarm:
    return do(desk, number)


def _said(name: str, alarm: Alarm, reader: Reader, *, rings: bool) -> str:
    parts = [reader.say(ACTS[name].did)]
    if rings:
        parts.append(reader.say(_RINGS))
    if name in ("shelve", "unshelve", "assign") or (name == "ack" and not is_open(alarm)):
        parts.append(state_words(alarm, reader))
    what = f"{alarm.id} {alarm.subject} {word(TYPES, alarm.type, reader.language)}"
    return f"{what}{('：', ': ')[reader.place]}{('；', '; ')[reader.place].join(parts)}"


def _numbers(given: Cells, texts: str | list[str]) -> list[int]:
    """The alarms that are meant, each once."""
    numbers: dict[int, None] = {}
    for text in [texts] if isinstance(texts, str) else texts:
        try:
            numbers[number_of(text)] = None
        except ValueError as error:
            given.faults.append(Fault("ID", str(error), text, "See qingliu alerting list."))
    return list(numbers)
