"""The web application: pages, static files, the answer for watchdogs, and what failures look like."""

import logging
from collections.abc import Callable
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles
from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.address import NO_STATION
from console.desk import FOLDER, Desk
from console.health import judged, problems
from console.numbers import CONTENT_TYPE, exposition
from console.pages import pages
from console.quarantine_pages import NO_ENTRY
from console.report_pages import NO_REPORT, NO_REPORT_FILE
from history.port import History, HistoryError
from registry.config import CentreSettings
from registry.database import Registry
from registry.services import health
from service.conditions import Conditions

logger = logging.getLogger(__name__)

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
}


def create_app(
    settings: CentreSettings,
    registry: Registry,
    history: History,
    clock_ms: Callable[[], int],
    chart_bundle: Path,
    conditions: Conditions | None = None,
) -> FastAPI:
    """Build the application over open stores, which stay the caller's to close."""
    desk = Desk(settings, registry, history, clock_ms, chart_bundle, conditions)
    app = FastAPI(title="Qingliu", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(_SecurityHeaders)
    _add_health(app, desk)
    _add_metrics(app, desk)
    app.include_router(pages(desk))
    app.mount("/static", StaticFiles(directory=FOLDER / "static"), name="static")
    _add_failures(app, desk)
    return app


def _add_health(app: FastAPI, desk: Desk) -> None:
    @app.api_route("/health", methods=["GET", "HEAD"], response_model=None)
    def centre_health(request: Request) -> Response:
        now = desk.clock_ms()
        found: list[dict[str, str]] = []
        try:
            with desk.reading() as session:
                found.extend(problems(judged(health(session), now), now))
        except SQLAlchemyError as error:
            found.append(_trouble(desk, "registry", error))
        try:
            desk.raw("", now, now)
        except HistoryError as error:
            found.append(_trouble(desk, "history", error))
        answer = {"status": "trouble" if found else "ok", "now": now, "problems": found}
        return desk.json(request, answer, 503 if found else 200)


def _add_metrics(app: FastAPI, desk: Desk) -> None:
    @app.get("/metrics", response_model=None)
    def numbers() -> Response:
        """What the services said of themselves last, as Prometheus reads it."""
        with desk.reading() as session:
            said = health(session)
        return Response(exposition(said, desk.clock_ms()), media_type=CONTENT_TYPE)


def _add_failures(app: FastAPI, desk: Desk) -> None:
    def failed(request: Request, kind: str, status: int) -> Response:
        if request.url.path.endswith(".json"):
            return desk.json(request, {"error": kind}, status)
        return desk.page(request, "failure.html", {"kind": kind, "alarm_count": None}, status)

    @app.exception_handler(HTTPException)
    def not_served(request: Request, error: HTTPException) -> Response:
        kind = "no_page" if error.status_code == 404 else "other"
        if error.detail in (NO_STATION, NO_REPORT, NO_REPORT_FILE, NO_ENTRY):
            kind = error.detail
        return failed(request, kind, error.status_code)

    @app.exception_handler(SQLAlchemyError)
    def registry_fails(request: Request, error: SQLAlchemyError) -> Response:
        _trouble(desk, "registry", error)
        return failed(request, "registry", 503)

    @app.exception_handler(HistoryError)
    def history_fails(request: Request, error: HistoryError) -> Response:
        _trouble(desk, "history", error)
        return failed(request, "history", 503)

    @app.exception_handler(Exception)
    def breaks(request: Request, _error: Exception) -> Response:  # the server logs it with its traceback
        response = failed(request, "other", 500)
        response.headers.update(SECURITY_HEADERS)
        return response


def _trouble(desk: Desk, store: str, error: Exception) -> dict[str, str]:
    """Note that a store fails, logged once, and say so without its inner details."""
    desk.conditions.begin(store, str(error).partition("\n")[0])
    return {"service": "console", "problem": store, "text": f"the {store} cannot be read"}


class _SecurityHeaders:
    """Put the security headers on every answer, those of static files and errors included."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(SECURITY_HEADERS)
            await send(message)

        await self._app(scope, receive, send_guarded if scope["type"] == "http" else send)
