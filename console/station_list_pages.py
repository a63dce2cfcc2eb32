"""The list of stations as a page and as CSV, by the same search."""

from fastapi import Request, Response

from console import queries
from console.access import Route
from console.address import whole_number
from console.desk import Desk
from console.person import person_of
from console.station_csv import station_csv
from console.station_list import choices, every_station, station_page
from console.station_search import search_of
from service.civil import day_of


def station_list_routes(desk: Desk) -> list[Route]:
    """The addresses of this room."""

    def stations(request: Request) -> Response:
        person, search = person_of(request), search_of(request.query_params)
        today = day_of(desk.clock_ms(), desk.settings.zone)
        is_whole = request.query_params.get("fragment") != "1"
        with desk.reading() as session:
            values = {
                "found": station_page(session, person, search, whole_number(request, "page", 1), today),
                "counties": queries.counties(session, person) if is_whole else [],
                "choices": choices(session, person, search.county) if is_whole else None,
                "alarm_count": queries.active_alarm_count(session, person),
                "search": search,
            }
        return desk.page(request, "stations.html", values)

    def as_csv(request: Request) -> Response:
        person, search = person_of(request), search_of(request.query_params)
        reader = desk.reader(request)
        today = day_of(reader.now_ms, reader.zone)
        with desk.reading() as session:
            text = station_csv(reader, every_station(session, person, search, today))
        answer = desk.answer(request, text.encode(), "text/csv; charset=utf-8")
        answer.headers["Content-Disposition"] = f'attachment; filename="stations-{today}.csv"'
        return answer

    return [Route("/stations", stations, "see"), Route("/stations.csv", as_csv, "see")]
