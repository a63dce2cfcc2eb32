"""`qingliu alerting findings`: the stations that are worth an unannounced visit, and why."""

import argparse
import json
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from alerting.centre_question import add_question
from alerting.finding_book import ListedFinding, recent_findings
from registry.config import CentreSettings
from registry.database import Registry
from registry.finding_words import HEADS, NOTHING, hint
from registry.tables import County
from service.civil import day_of
from service.columns import aligned
from service.process import complain, now_ms

HELP = "stations worth an unannounced visit, and why"
SHOWN_DAYS = 30
EXAMPLES = """Findings are hints, not states: nothing rings, and no verdict rests on them. Stations with
several stand first, then the newest.

examples:
  qingliu alerting findings
  qingliu alerting findings --since 2026-10-01 --county 410882 --json
"""


def register(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "--since", metavar="DAY", help=f"what was still so on that day or later [{SHOWN_DAYS} days ago]"
    )
    parser.add_argument("--county", metavar="CODE", help="only one county, such as 410882")
    parser.add_argument("--json", action="store_true", help="for machines")
    add_question(parser, HELP, EXAMPLES, _show)


def _show(arguments: argparse.Namespace, settings: CentreSettings, registry: Registry) -> int:
    since = day_of(now_ms(), settings.zone) - timedelta(days=SHOWN_DAYS)
    if arguments.since is not None:
        try:
            since = date.fromisoformat(arguments.since)
        except ValueError:
            rule = f"must be a day such as {since} (got {arguments.since[:20]!r})"
            complain([f"{arguments.prog}: --since: {rule}. Write year, month and day."])
            return 2
    language, zone = settings.centre.language, settings.zone
    with registry.reading() as session:
        counties = sorted(session.scalars(select(County.code)))
        found = recent_findings(session, since, arguments.county)
    if arguments.county is not None and arguments.county not in counties:
        known = f"Choose of: {', '.join(counties)}." if counties else "Import the stations first."
        complain(
            [f"{arguments.prog}: --county: must be a known county's code (got {arguments.county!r}). {known}"]
        )
        return 2
    hints = [hint(each.code, each.evidence, language, zone) for each in found]
    if arguments.json:
        rows = [_object(each, words) for each, words in zip(found, hints, strict=True)]
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return 0
    if not found:
        print(NOTHING[language].format(since=since))
        return 0
    lines = [
        (
            each.station,
            each.county or each.county_code or "-",
            each.name or "-",
            each.first_day.isoformat(),
            each.last_day.isoformat(),
            words,
        )
        for each, words in zip(found, hints, strict=True)
    ]
    for line in aligned([HEADS[language], *lines]):
        print(line)
    return 0


def _object(finding: ListedFinding, words: str) -> dict[str, Any]:
    return {
        **finding._asdict(),
        "first_day": finding.first_day.isoformat(),
        "last_day": finding.last_day.isoformat(),
        "hint": words,
    }
