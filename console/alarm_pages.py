"""The pages of alarms: the lists, one alarm with its whole life, and what a bell in the page asks for."""

from typing import Any

from fastapi import Request, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from alerting.alarm_story import story_of
from console import alarm_lists, alarm_words, queries
from console.access import Route, address_asked
from console.address import whole_number
from console.alarm_desk import alarm_desk_routes, seen_alarm
from console.alarm_past import closed_in, months_of_past, past
from console.alarm_performance import alarm_performance_routes
from console.alarm_search import search_of
from console.alarm_story import chart_span, happenings
from console.desk import Desk
from console.evidence import figures
from console.person import Person, person_of
from registry.tables import Company, Station
from service.civil import day_of

MOST_ROWS = 100
"""So many alarms of a list are shown; how many there are is always said."""
MOST_RINGING = 50
"""So many of those that rang last are told to the bell of a page."""


def alarm_routes(desk: Desk) -> list[Route]:
    """The pages of this room and of those around it."""
    own = _AlarmPages(desk)
    return [
        Route("/alarms", own.alarms, "see"),
        Route("/alarms/ringing.json", own.ringing, "see"),
        *alarm_performance_routes(desk),  # before an alarm of any number
        Route("/alarms/{alarm_id}", own.alarm, "see"),
        *alarm_desk_routes(desk),
    ]


class _AlarmPages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def alarms(self, request: Request) -> Response:
        """Every list, narrowed to what is looked for."""
        person, now = person_of(request), self._desk.clock_ms()
        search, zone = search_of(request), self._desk.settings.zone
        also, month = search.fits(), search.closed_month()
        closed = also if month is None else also & closed_in(month, zone)
        with self._desk.reading() as session:
            counts = alarm_lists.alarm_counts(session, person, now)
            found = alarm_lists.alarm_counts(session, person, now, also) if search.narrows else counts
            lists = {
                "ringing": _worst(session, person, alarm_lists.ALARMS, also),
                "notices": _worst(session, person, alarm_lists.NOTICES, also),
                "follow_up": alarm_lists.followed_up(session, person, MOST_ROWS, also),
                "shelved": _worst(session, person, alarm_lists.SHELVED, also),
                "suppressed": alarm_lists.suppressed(session, person, MOST_ROWS, also),
                "out_of_service": _worst(session, person, alarm_lists.OUT_OF_SERVICE, also),
            }
            open_rows = [row for rows in lists.values() for row in rows]
            values: dict[str, Any] = {
                "past": past(session, person, whole_number(request, "page", 1), closed),
                "months": months_of_past(session, person, now, zone),
                "folds": alarm_lists.folded(session, person, open_rows),
                "counties": queries.counties(session, person),
                "companies": _companies(session, person),
            }
        values |= lists | {"counts": counts, "found": found, "search": search}
        values["events"] = [row for row in open_rows if row.alarm.id in values["folds"]]
        values |= {"alarm_count": counts.alarms, "back": address_asked(request)}
        return self._desk.page(request, "alarms.html", values | self._choices())

    def alarm(self, request: Request, alarm_id: str) -> Response:
        """One alarm: what it rests on, and everything that happened."""
        person, reader = person_of(request), self._desk.reader(request)
        with self._desk.reading() as session:
            row = seen_alarm(session, person, alarm_id)
            story = story_of(session, row.alarm.id)
            values = {
                "row": row,
                "folds": alarm_lists.folded(session, person, [row]),
                "events": alarm_lists.events_over(session, person, [row]),
                "companies": _companies(session, person),
                "alarm_count": queries.active_alarm_count(session, person),
            }
        own = story and happenings(reader, story, with_deliveries=person.may("system.see"))
        values |= {
            "life": own or [],
            "figures": figures(reader, row.alarm.evidence),
            "span": chart_span(reader, row.alarm),
            "day": day_of(row.alarm.start_ms, self._desk.settings.zone),
            "back": f"/alarms/{row.alarm.id}",
        }
        return self._desk.page(request, "alarm.html", values | self._choices())

    def ringing(self, request: Request) -> Response:
        """What rings and waits to be seen, the last to ring first: for the bell."""
        person = person_of(request)
        with self._desk.reading() as session:
            rows = alarm_lists.unseen(session, person, MOST_RINGING)
            count = queries.active_alarm_count(session, person)
        told = [
            {"id": row.id, "rang_ms": row.rang_ms or row.raised_ms, "severity": row.severity} for row in rows
        ]
        return self._desk.json(request, {"count": count, "ringing": told})

    def _choices(self) -> dict[str, object]:
        """What the forms offer."""
        today = day_of(self._desk.clock_ms(), self._desk.settings.zone)
        return {"shelf_hours": alarm_words.SHELF_HOURS, "alarm_words": alarm_words, "today": today}


def _worst(
    session: Session, person: Person, wanted: alarm_lists.Condition, also: alarm_lists.Condition
) -> list[alarm_lists.AlarmRow]:
    return alarm_lists.worst_first(session, person, wanted, MOST_ROWS, also)


def _companies(session: Session, person: Person) -> list[str]:
    """The names of the O&M companies that can be chosen: those that have a station to be seen."""
    found = select(Company.name).order_by(Company.name)
    if person.scope.is_limited:
        own = select(Station.company_id).where(person.scope.stations(), Station.company_id.is_not(None))
        found = found.where(Company.id.in_(own))
    return list(session.scalars(found))
