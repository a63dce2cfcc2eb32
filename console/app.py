"""The web application: pages behind their door, static files, and what failures look like."""

import logging
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles
from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.access import (
    FOREIGN,
    NOT_ALLOWED,
    NOT_LOGGED_IN,
    STALE_FORM,
    add_routes,
    address_asked,
    uploads_among,
    wants_data,
)
from console.address import NO_STATION
from console.admin_channels import NO_CHANNEL
from console.admin_users import NO_USER
from console.alarm_desk import NO_ALARM
from console.desk import FOLDER, Desk
from console.exclusion_decisions import NO_EXCLUSION
from console.form import BAD_FORM, TOO_LARGE, BodyLimit
from console.gate import Gate
from console.map_tiles import POLICY, content_policy
from console.origin import LocalNamesOnly
from console.pages import pages
from console.person import demo_person
from console.quarantine_pages import NO_ENTRY
from console.report_pages import NO_REPORT, NO_REPORT_FILE
from console.said import KeepSaid
from history.port import History, HistoryError
from registry.config import CentreSettings
from registry.database import Registry
from registry.passwords import Passwords
from service.conditions import Conditions

logger = logging.getLogger(__name__)

SECURITY_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
}
DEMO_NAMES = {"zh-CN": "演示", "en": "demo"}
KINDS = frozenset(
    {NO_STATION, NO_ALARM, NO_REPORT, NO_REPORT_FILE, NO_ENTRY, NO_EXCLUSION, NOT_LOGGED_IN,
     NOT_ALLOWED, FOREIGN, STALE_FORM, TOO_LARGE, BAD_FORM, NO_USER, NO_CHANNEL}
)  # fmt: skip
"""Reasons of an HTTPException that the failure page has words for."""


def create_app(  # noqa: PLR0913 - the stores, and what is special of a demo and of tests
    settings: CentreSettings,
    registry: Registry,
    history: History,
    clock_ms: Callable[[], int],
    chart_bundle: Path,
    conditions: Conditions | None = None,
    *,
    open_demo: bool = False,
    passwords: Passwords | None = None,
) -> FastAPI:
    """Build the application over open stores, which stay the caller's to close.

    Args:
        settings: of the centre.
        registry: the relational store.
        history: the time series.
        clock_ms: now, ms since the epoch, UTC.
        chart_bundle: the chart script, which may not be there.
        conditions: what the console complains of.
        open_demo: everybody is an operator, without a login; only by names of the loopback interface.
        passwords: how they are hashed and checked, else as the library thinks safe.
    """
    desk = Desk(settings, registry, history, clock_ms, chart_bundle, conditions)
    desk.passwords = passwords or desk.passwords
    app = FastAPI(title="Qingliu", docs_url=None, redoc_url=None, openapi_url=None)
    demo = demo_person(DEMO_NAMES[settings.centre.language], secrets.token_urlsafe(32)) if open_demo else None
    gate = Gate(settings.console, registry, clock_ms, demo)
    app.state.gate = gate
    routes = pages(desk, gate)
    app.add_middleware(KeepSaid)
    app.add_middleware(BodyLimit, uploads=uploads_among(routes))
    if open_demo:
        app.add_middleware(LocalNamesOnly)
    headers = SECURITY_HEADERS | {"Content-Security-Policy": content_policy(settings.console.tile_url)}
    app.add_middleware(_SecurityHeaders, headers=headers)
    add_routes(app.router, routes)
    app.mount("/static", StaticFiles(directory=FOLDER / "static"), name="static")
    _add_failures(app, desk, gate)
    return app


def _add_failures(app: FastAPI, desk: Desk, gate: Gate) -> None:
    def failed(request: Request, kind: str, status: int) -> Response:
        if wants_data(request):
            return desk.json(request, {"error": kind}, status)
        back = address_asked(request) if request.method in ("GET", "HEAD") else "/"
        return desk.page(request, "failure.html", {"kind": kind, "alarm_count": None, "back": back}, status)

    @app.exception_handler(HTTPException)
    def not_served(request: Request, error: HTTPException) -> Response:
        if error.status_code == 303:
            return RedirectResponse((error.headers or {})["Location"], 303)
        kind = "no_page" if error.status_code == 404 else "other"
        if error.detail in KINDS:
            kind = error.detail
        if not hasattr(request.state, "person") and kind != NOT_LOGGED_IN:
            with suppress(SQLAlchemyError):  # the page keeps its head if that can be
                request.state.person = gate.recognise(request)
        return failed(request, kind, error.status_code)

    @app.exception_handler(SQLAlchemyError)
    def registry_fails(request: Request, error: SQLAlchemyError) -> Response:
        desk.trouble("registry", error)
        return failed(request, "registry", 503)

    @app.exception_handler(HistoryError)
    def history_fails(request: Request, error: HistoryError) -> Response:
        desk.trouble("history", error)
        return failed(request, "history", 503)

    @app.exception_handler(Exception)
    def breaks(request: Request, _error: Exception) -> Response:  # the server logs it with its traceback
        response = failed(request, "other", 500)
        response.headers.update(SECURITY_HEADERS)
        return response


class _SecurityHeaders:
    """Put the security headers on every answer, those of static files and errors included."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self._app = app
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        await self._app(scope, receive, send_guarded if scope["type"] == "http" else send)
