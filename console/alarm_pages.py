"""The page of alarms: what rings, what is followed up, what is quiet, and the last that were closed."""

from fastapi import Request, Response

from console import alarm_lists
from console.access import Route
from console.desk import Desk
from console.person import person_of

MOST_ROWS = 100
"""So many alarms of a list are shown; how many there are is always said."""
PAST_ALARMS = 200


def alarm_routes(desk: Desk) -> list[Route]:
    """The pages of this room."""
    return [Route("/alarms", _AlarmPages(desk).alarms, "see")]


class _AlarmPages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def alarms(self, request: Request) -> Response:
        person = person_of(request)
        with self._desk.reading() as session:
            counts = alarm_lists.alarm_counts(session, person, self._desk.clock_ms())
            lists = {
                "ringing": alarm_lists.worst_first(session, person, alarm_lists.ALARMS, MOST_ROWS),
                "notices": alarm_lists.worst_first(session, person, alarm_lists.NOTICES, MOST_ROWS),
                "follow_up": alarm_lists.followed_up(session, person, MOST_ROWS),
                "quiet": alarm_lists.quiet(session, person, MOST_ROWS),
            }
            past = alarm_lists.past(session, person, PAST_ALARMS)
            open_rows = [row for rows in lists.values() for row in rows]
            folds = alarm_lists.folded(session, person, open_rows)
        events = [row for row in open_rows if row.alarm.id in folds]
        values = lists | {"past": past, "counts": counts, "folds": folds, "events": events}
        return self._desk.page(request, "alarms.html", values | {"alarm_count": counts.alarms})
