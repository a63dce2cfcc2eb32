"""What machines ask of the centre itself: `/health` for watchdogs, `/metrics` for Prometheus."""

from fastapi import Request, Response
from sqlalchemy.exc import SQLAlchemyError

from console.access import Route
from console.admin_certificates import first_ends
from console.admin_stores import free_bytes
from console.desk import Desk
from console.health import judged, problems
from console.numbers import CONTENT_TYPE, exposition
from history.port import HistoryError
from registry.services import health


def watch_routes(desk: Desk) -> list[Route]:
    """The addresses of this room; both are open."""
    own = _WatchPages(desk)
    return [Route("/health", own.health, None), Route("/metrics", own.metrics, None)]


class _WatchPages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def health(self, request: Request) -> Response:
        """200 when all is well, else 503 with what is not."""
        now = self._desk.clock_ms()
        found: list[dict[str, str]] = []
        try:
            with self._desk.reading() as session:
                found.extend(problems(judged(health(session), now), now))
        except SQLAlchemyError as error:
            found.append(self._desk.trouble("registry", error))
        try:
            self._desk.raw("", now, now)
        except HistoryError as error:
            found.append(self._desk.trouble("history", error))
        answer = {"status": "trouble" if found else "ok", "now": now, "problems": found}
        return self._desk.json(request, answer, 503 if found else 200)

    def metrics(self) -> Response:
        """What the services said of themselves last, room and certificates, as Prometheus reads it."""
        settings, now_ms = self._desk.settings, self._desk.clock_ms()
        with self._desk.reading() as session:
            said = health(session)
        text = exposition(said, now_ms, free_bytes(settings), first_ends(settings, now_ms))
        return Response(text, media_type=CONTENT_TYPE)
