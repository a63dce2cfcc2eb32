"""A station's chart as data: `chart.json` of a range, of a day, or from one instant to another."""

from fastapi import Request, Response
from starlette.exceptions import HTTPException

from console import queries, station_past
from console.access import Route
from console.address import NO_STATION
from console.charts import station_chart
from console.desk import Desk
from console.palette import theme_named
from console.person import person_of
from console.station_span import span_of


def station_chart_routes(desk: Desk) -> list[Route]:
    """The address of this room; `?from=…&to=…`, `?day=…`, `?range=…` as `station_span` reads them."""

    def chart(request: Request, station_id: str) -> Response:
        reader, person = desk.reader(request), person_of(request)
        span = span_of(request.query_params, reader.now_ms, reader.zone)
        with desk.reading() as session:
            if queries.station_file(session, person, station_id) is None:
                raise HTTPException(404, NO_STATION)
            known = station_past.past(session, person, station_id, span, reader.zone)
        found = station_past.measured(desk, station_id, span)
        drawn = station_past.drawn(span, found, known, reader.zone)
        theme = theme_named(request.query_params.get("theme"))
        return desk.json(request, station_chart(reader, drawn, theme))

    return [Route("/stations/{station_id}/chart.json", chart, "see")]
