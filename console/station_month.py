"""How a station's month came about, as a page: the same explanation as `qingliu report explain`."""

import re
from typing import NamedTuple

from fastapi import Request, Response
from starlette.exceptions import HTTPException

from console import queries, words
from console.access import Route
from console.address import NO_STATION, month_beside, month_of
from console.desk import Desk
from console.person import person_of
from console.reader import Reader
from console.station_days import SHAPES
from console.words import N_
from registry.exclusion_days import waiting_days
from registry.tables import Exclusion
from reporting import explain_text, explain_words
from reporting.explain import Condition, ExplainedDay, Explanation, weeks
from reporting.explain_records import explain
from reporting.words import Words
from service.civil import ONE_DAY, Month

NOT_DUE: dict[str, str] = {"off": N_("Not on the register"), "open": N_("Not over yet")}
"""The days that count as nothing."""
WEEKDAYS = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))


class StopRow(NamedTuple):
    """An approved stop of the month: how many of its days count in it, and how many wait for a manager."""

    stop: Exclusion
    counted: int
    waiting: int


class Shown:
    """The explanation in the reader's words."""

    def __init__(self, reader: Reader, explained: Explanation) -> None:
        self._reader = reader
        self._words = Words(reader.language.tag)
        self._explained = explained
        self._today = explained.until + ONE_DAY

    def facts(self) -> list[tuple[str, str]]:
        """What is known of the facility, each with its name."""
        return explain_text.facts(self._explained, self._words)

    def letter(self, day: ExplainedDay) -> str:
        """The mark of a day as one letter, for a narrow screen."""
        return explain_words.mark(self._words, day.mark)

    def verdict(self, day: ExplainedDay) -> str:
        """What a day counts as."""
        return self._reader.word({**words.VERDICTS, **NOT_DUE}, day.mark)

    def reason(self, day: ExplainedDay) -> str:
        """Why it counts as that."""
        return explain_words.reason(self._words, day)

    def stop(self, day: ExplainedDay) -> str:
        """The approved stop it lies in."""
        return _whole_days(explain_words.stop_text(self._words, day, self._reader.zone, self._today))

    def replaced(self, day: ExplainedDay) -> list[str]:
        """What it counted as before."""
        return [
            _whole_days(explain_words.replaced(self._words, row, self._reader.zone)) for row in day.replaced
        ]

    def condition(self, condition: Condition) -> str:
        """What a condition asks."""
        return self._words.choose(*explain_words.CONDITIONS[condition.code])

    def found(self, condition: Condition) -> str:
        """What is held against its threshold."""
        return explain_words.value(self._words, condition)

    def limit(self, condition: Condition) -> str:
        """The threshold."""
        return explain_words.limit(self._words, condition)

    def longest_stop(self) -> str:
        """First and last day of the longest stop."""
        return explain_words.days_of_longest(self._words, self._explained)

    def why(self) -> str:
        """What decided, in a sentence."""
        return explain_words.why(self._words, self._explained)

    def stops(self) -> list[StopRow]:
        """The approved stops of the month."""
        own, month = self._explained, self._explained.month
        waiting = waiting_days(own.stops, self._reader.zone, self._today)
        return [
            StopRow(
                stop,
                sum(day.mark == "excluded" and day.stop is not None and day.stop.stop is stop
                    for day in own.days),
                sum(Month.of(day) == month for day in waiting.get(stop.id, ())),
            )
            for stop in own.stops
        ]  # fmt: skip


def station_month_routes(desk: Desk) -> list[Route]:
    """The page of this room."""

    def station_month(request: Request, station_id: str, month: str) -> Response:
        wanted, person = month_of(month), person_of(request)
        reader = desk.reader(request)
        with desk.reading() as session:
            known = queries.station_file(session, person, station_id)
            if known is None:
                raise HTTPException(404, NO_STATION)
            explained = explain(session, station_id, wanted, reader.zone, reader.now_ms)
            values = {
                "file": known,
                "month": wanted,
                "explained": explained,
                "shown": Shown(reader, explained) if explained is not None else None,
                "weeks": weeks(explained.days) if explained is not None else [],
                "weekdays": WEEKDAYS,
                "shapes": SHAPES,
                "before": month_beside(wanted, -1, reader.now_ms, reader.zone),
                "after": month_beside(wanted, 1, reader.now_ms, reader.zone),
                "alarm_count": queries.active_alarm_count(session, person),
            }
        return desk.page(request, "station_month.html", values)

    return [Route("/stations/{station_id}/months/{month}", station_month, "see")]


def _whole_days(text: str) -> str:
    """The same text, in which no line ends within a civil day."""
    return re.sub(r"(?<=\d)-(?=\d)", "\N{NON-BREAKING HYPHEN}", text)
