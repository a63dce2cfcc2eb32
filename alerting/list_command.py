"""`qingliu alerting list`: which alarms ring, worst first, and how many stand on the other lists."""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence

from alerting import alarm_list
from alerting.alarm_face import CLOSED_HEADS, HEADS, Reader, cells, closed_cells, object_of
from alerting.alarm_list import LAST_CLOSED, Listed, Wanted
from alerting.alarm_words import SEVERITIES, TYPES, Words, word
from alerting.centre_question import add_question, options, unknown_names
from alerting.desk_options import codes
from registry.config import CentreSettings
from registry.database import Registry
from registry.record_entry import refuse
from service.columns import aligned
from service.process import now_ms

HELP = "the alarms that ring, and what stands on the other lists"
LISTS: Words = {
    "open": ("在响", "ringing"),
    "active": ("持续中", "active"),
    "unacknowledged": ("未确认", "unacknowledged"),
    "follow_up": ("整改中", "follow-up"),
    "shelved": ("搁置", "shelved"),
    "suppressed": ("抑制", "suppressed"),
    "out_of_service": ("停用", "out of service"),
    "closed": ("已关闭", "closed"),
}
_EXAMPLES = f"""lists (--show, in code or word):
  open             what rings: nobody keeps it quiet, and it is not on the follow-up list [this one]
  active           whose condition stands, quiet or not; those beneath an area event are folded into it
  unacknowledged   what rings and was not acknowledged, also on the follow-up list
  follow-up        what a company is to mend until a due time
  shelved          kept quiet for a while
  suppressed       quiet by design: beneath an area event, which stands above them, or in an approved stop
  out-of-service   kept quiet until somebody puts it back
  closed           the last {LAST_CLOSED} that are over, the last first

types (--type, in code or word):
{codes(TYPES)}

examples:
  qingliu alerting list
  qingliu alerting list --county 410882 --severity high
  qingliu alerting list --show follow-up --company 碧水环保
  qingliu alerting list --show closed --station 410882-0012 --json
"""
_NOTHING = ("没有告警", "no alarms")
_ASIDE = ("另有：{counts}（--show 查看）", "also: {counts} (see --show)")
_ONLY_LAST = ("仅列出最近 {most} 条", "only the last {most} are listed")


def register(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--show", metavar="LIST", help="which list; they stand below [open]")
    parser.add_argument("--county", metavar="CODE", help="only one county, such as 410882")
    parser.add_argument("--type", metavar="TYPE", help="only one type, such as stopped or 停运")
    parser.add_argument("--severity", metavar="S", help=f"only {', '.join(SEVERITIES)}")
    parser.add_argument("--company", metavar="NAME", help="only what one O&M company mends")
    parser.add_argument("--station", metavar="ID", help="only one station, such as 410882-0012")
    parser.add_argument("--json", action="store_true", help="for machines")
    add_question(parser, HELP, _EXAMPLES, _list)


def _list(arguments: argparse.Namespace, settings: CentreSettings, registry: Registry) -> int:
    given = options(arguments, ("show", "county", "type", "severity", "company", "station"), settings.zone)
    view = given.choice("show", LISTS, default="open")
    wanted = Wanted(
        county=given.text("county"),
        type=given.choice("type", TYPES) if given.text("type") else "",
        severity=given.choice("severity", SEVERITIES) if given.text("severity") else "",
        company=given.text("company"),
        station=given.text("station"),
    )
    reader = Reader(settings.centre.language, settings.zone, now_ms())
    events: dict[int, Listed] = {}
    with registry.reading() as session:
        known = {"county": wanted.county, "company": wanted.company, "station": wanted.station}
        refuse([*given.faults, *unknown_names(session, **known)])
        if view == alarm_list.CLOSED:
            rows = shown = alarm_list.closed_ones(session, wanted)
        else:
            rows = alarm_list.open_ones(session, wanted)
            shown = alarm_list.on_list(view, rows)
        if view == "suppressed":
            parents = {each.alarm.parent_id for each in shown} - {None}
            events = alarm_list.with_names(session, (number for number in parents if number is not None))
    if arguments.json:
        print(json.dumps([object_of(each, reader) for each in shown], ensure_ascii=False, indent=2))
        return 0
    for line in _table(view, shown, events, reader):
        print(line)
    if view in ("open", "active", "unacknowledged"):
        for line in _aside(alarm_list.aside(rows, shown), reader):
            print(line)
    return 0


def _table(view: str, shown: Sequence[Listed], events: Mapping[int, Listed], reader: Reader) -> Iterator[str]:
    if not shown:
        yield reader.say(_NOTHING)
    elif view == alarm_list.CLOSED:
        yield from aligned([CLOSED_HEADS[reader.place], *(closed_cells(each, reader) for each in shown)], {0})
        if len(shown) == LAST_CLOSED:
            yield reader.say(_ONLY_LAST, most=LAST_CLOSED)
    else:
        rows = alarm_list.beneath(shown, events) if events else shown
        lines = [cells(each, reader, is_beneath=each.alarm.parent_id in events) for each in rows]
        yield from aligned([HEADS[reader.place], *lines], {0})


def _aside(counts: Mapping[str, int], reader: Reader) -> Iterator[str]:
    if counts:
        said = [f"{word(LISTS, view, reader.language)} {count}" for view, count in counts.items()]
        yield reader.say(_ASIDE, counts=("，", ", ")[reader.place].join(said))
