"""`qingliu alerting show`: everything of one alarm, with its steps and what was told of each."""

import argparse
import json

from alerting.alarm_face import Reader
from alerting.alarm_story import story_object, story_of
from alerting.centre_question import add_question
from alerting.desk_options import number_of
from alerting.story_words import page
from registry.config import CentreSettings
from registry.database import Registry
from registry.record_entry import RecordError
from service.process import complain, now_ms
from service.settings import Fault

HELP = "everything of one alarm: figures, steps, and what was told to whom"
_EXAMPLES = """examples:
  qingliu alerting show 17
  qingliu alerting show 17 --json
"""


def register(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("id", metavar="ID", help="the alarm's number, as in qingliu alerting list")
    parser.add_argument("--json", action="store_true", help="for machines")
    add_question(parser, HELP, _EXAMPLES, _show)


def _show(arguments: argparse.Namespace, settings: CentreSettings, registry: Registry) -> int:
    try:
        number = number_of(arguments.id)
    except ValueError as error:
        remedy = "See qingliu alerting list."
        raise RecordError([Fault("ID", str(error), arguments.id, remedy)]) from error
    with registry.reading() as session:
        story = story_of(session, number)
    if story is None:
        complain([f"{arguments.prog}: there is no alarm {number}. `qingliu alerting list` names them"])
        return 1
    reader = Reader(settings.centre.language, settings.zone, now_ms())
    if arguments.json:
        print(json.dumps(story_object(story, reader), ensure_ascii=False, indent=2))
    else:
        print(*page(story, reader), sep="\n")
    return 0
