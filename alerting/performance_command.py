"""`qingliu alerting performance`: whether the alarms serve the desk, figure by figure beside its target."""

import argparse
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from alerting.alarm_words import SHELVE_REASONS, TYPES, Words, word
from alerting.centre_question import add_question
from alerting.performance import LEAST_FOR_TOP, Figure, Performance, Target, performance
from alerting.performance_book import alarm_past
from alerting.performance_past import FLEETING_MS, Limits, Span
from alerting.performance_words import NAMES, SIGNS, WORDS
from registry.config import CentreSettings
from registry.database import Registry
from registry.record_entry import EARLIEST, RecordError, local
from registry.tables import County
from service.civil import ONE_DAY, Month, day_of, start_of
from service.columns import aligned
from service.process import now_ms
from service.settings import Fault

HELP = "whether the alarms serve the desk: rates, floods, chatter, what stands, what is kept quiet"
SHOWN_DAYS = 30
"""ISA-18.2 asks for so many at least."""
SHORTEST_DAYS = 28
"""A February will do."""
EXAMPLES = f"""The whole centre is one desk, or one county is. Without a month or days: the {SHOWN_DAYS} days
before today, and today so far. docs/alarm-performance.md says how each figure is counted, and what to
do about it.

examples:
  qingliu alerting performance --month 2026-10
  qingliu alerting performance --from 2026-10-01 --to 2026-10-31 --county 410882 --json
"""


def register(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--month", metavar="M", help="such as 2026-10")
    parser.add_argument("--from", dest="first", metavar="DAY", help="first day")
    parser.add_argument("--to", dest="last", metavar="DAY", help="last day, included [today so far]")
    parser.add_argument("--county", metavar="CODE", help="only one county, such as 410882")
    parser.add_argument("--json", action="store_true", help="for machines")
    add_question(parser, HELP, EXAMPLES, _show)


def _span(arguments: argparse.Namespace, settings: CentreSettings, at_ms: int) -> Span:
    today = day_of(at_ms, settings.zone)
    first, last = _days(arguments, today)
    if first > last:
        raise RecordError([Fault("from", f"must not lie after {last}", str(first), "Correct one of them.")])
    start_ms = start_of(first, settings.zone)
    end_ms = at_ms if last >= today else start_of(last + ONE_DAY, settings.zone)
    return Span(start_ms, max(start_ms + 1, end_ms), settings.zone)


def _days(arguments: argparse.Namespace, today: date) -> tuple[date, date]:
    if arguments.month is not None:
        if arguments.first is not None or arguments.last is not None:
            rule = "cannot be had together with --from and --to"
            raise RecordError([Fault("month", rule, arguments.month, "Leave one of them out.")])
        try:
            month = Month.parse(arguments.month)
        except ValueError as error:
            fault = Fault("month", "must be a month such as 2026-10", arguments.month[:20], "Correct it.")
            raise RecordError([fault]) from error
        _check("month", month.first, today, arguments.month)
        return month.first, month.last
    last = today if arguments.last is None else min(today, _day("to", arguments.last, date.max))
    if arguments.first is not None:
        return _day("from", arguments.first, today), last
    return last - timedelta(days=SHOWN_DAYS if arguments.last is None else SHOWN_DAYS - 1), last


def _day(option: str, text: str, today: date) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        fault = Fault(option, "must be a day such as 2026-10-09", text[:20], "Write year, month and day.")
        raise RecordError([fault]) from error
    _check(option, day, today, text)
    return day


def _check(option: str, day: date, today: date, text: str) -> None:
    if day > today:
        raise RecordError([Fault(option, "must not lie in the future", text, "Name an earlier one.")])
    if day < EARLIEST:
        raise RecordError([Fault(option, f"must not lie before {EARLIEST}", text, "Name a later one.")])


def _show(arguments: argparse.Namespace, settings: CentreSettings, registry: Registry) -> int:
    span = _span(arguments, settings, now_ms())
    with registry.reading() as session:
        counties = dict(session.execute(select(County.code, County.name)).all())
        if arguments.county is not None and arguments.county not in counties:
            known = f"Choose of: {', '.join(sorted(counties))}." if counties else "Import the stations first."
            raise RecordError([Fault("county", "must be a known county's code", arguments.county, known)])
        past = alarm_past(session, span, arguments.county)
    # An alarm returns by the off-delay later than its condition: that much is no part of how short it was.
    limits = Limits(fleeting_ms=FLEETING_MS + settings.alerting.clear_after_s * 1000)
    told = performance(*past, span, limits)
    if arguments.json:
        print(json.dumps(_object(told, span, arguments.county), ensure_ascii=False, indent=2))
        return 0
    page = _Page(settings, span, counties, arguments.county)
    print(*(page.lines(told) if any(past) else page.nothing()), sep="\n")
    return 0


class _Page:
    """The figures as text for people."""

    def __init__(
        self, settings: CentreSettings, span: Span, counties: dict[str, str], county: str | None
    ) -> None:
        self._language = settings.centre.language
        self._place = 0 if self._language == "zh-CN" else 1
        self._span = span
        self._counties = counties
        self._county = county

    def say(self, key: str) -> str:
        return WORDS[key][self._place]

    def nothing(self) -> Iterator[str]:
        yield self._head("nothing")

    def lines(self, told: Performance) -> Iterator[str]:
        """The figures, then what is behind them."""
        yield self._head("title")
        rows = [
            (NAMES[each.name][self._place], self._value(each), self._target(each), self._met(each))
            for each in told.figures
        ]
        yield from self._table("", "heads", rows, {1})
        if self._span.end_ms - self._span.start_ms < SHORTEST_DAYS * ONE_DAY / timedelta(milliseconds=1):
            yield self.say("short")
        if any(
            each.name == "top_ten" and each.value is not None and each.is_met is None for each in told.figures
        ):
            yield self.say("few").format(least=LEAST_FOR_TOP)
        top = [
            (each.subject, self._word(TYPES, each.type), str(each.times), f"{each.share:.1%}")
            for each in told.top
        ]
        yield from self._table("top", "top_heads", top, {2, 3})
        floods = [(self._at(each.start_ms), self._at(each.end_ms), str(each.alarms)) for each in told.floods]
        yield from self._table("floods", "flood_heads", floods, {2})
        yield from self._table(
            "chattering",
            "chatter_heads",
            [(subject, self._word(TYPES, type_)) for subject, type_ in told.chattering],
        )
        shelves = [
            (
                each.subject,
                self._word(TYPES, each.type) or self.say("every"),
                self._at(each.since_ms),
                self._duration(each.lasted_ms(self._span.end_ms) / 1000),
                self._word(SHELVE_REASONS, each.reason) or "-",
            )
            for each in told.long_shelves
        ]
        yield from self._table("shelves", "shelf_heads", shelves)
        if self._county is None:
            loads = [
                (
                    self._counties.get(each.county or "", each.county or "-"),
                    str(each.alarms),
                    str(each.notices),
                )
                for each in told.counties
            ]
            yield from self._table("counties", "county_heads", loads, {1, 2})

    def _table(
        self, title: str, heads: str, rows: Sequence[Sequence[str]], right: Iterable[int] = ()
    ) -> Iterator[str]:
        if rows:
            if title:
                yield from ("", self.say(title))
            yield from aligned([self.say(heads).split("|"), *rows], set(right))

    def _head(self, key: str) -> str:
        desk = self.say("centre") if self._county is None else self._counties[self._county]
        start, end = self._at(self._span.start_ms), self._at(self._span.end_ms)
        return self.say(key).format(start=start, end=end, desk=desk)

    def _word(self, words: Words, code: str) -> str:
        return word(words, code, self._language)

    def _at(self, ms: int) -> str:
        return local(ms, self._span.zone)

    def _value(self, figure: Figure) -> str:
        if figure.value is None:
            return "-"
        if figure.unit == "s":
            return self._duration(figure.value)
        if figure.unit == "share":
            return f"{figure.value:.1%}"
        return f"{figure.value:.0f}" if figure.unit == "count" else f"{figure.value:.2f}"

    def _target(self, figure: Figure) -> str:
        if figure.target is None:
            return "-"
        bound = figure.target.bound
        shown = f"{bound:.0%}" if figure.unit == "share" else f"{bound:g}"
        return f"{SIGNS[figure.target.sign]} {shown}" if bound else shown

    def _met(self, figure: Figure) -> str:
        return "-" if figure.is_met is None else self.say("yes" if figure.is_met else "no")

    def _duration(self, seconds: float) -> str:
        for unit, length, until in (("s", 1, 120), ("min", 60, 7_200), ("h", 3_600, 172_800)):
            if seconds < until:
                return self.say(unit).format(seconds / length)
        return self.say("d").format(seconds / 86_400)


def _object(told: Performance, span: Span, county: str | None) -> dict[str, Any]:
    def bound(target: "Target | None") -> dict[str, Any] | None:
        return None if target is None else target._asdict()

    rest = ("top", "counties", "floods", "standing")
    return {
        "start_ms": span.start_ms,
        "end_ms": span.end_ms,
        "county": county,
        "figures": [each._asdict() | {"target": bound(each.target)} for each in told.figures],
        **{name: [each._asdict() for each in getattr(told, name)] for name in rest},
        "chattering": [{"subject": subject, "type": type_} for subject, type_ in told.chattering],
        "long_shelves": [
            each._asdict() | {"lasted_ms": each.lasted_ms(span.end_ms)} for each in told.long_shelves
        ],
    }
