"""The one door to every page: who asks, may they, and does a change come from a page of ours.

Every route is declared with the permission it needs and goes through `require`. A few are open, with the
reason in OPEN_PATHS; a test walks all routes.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from hmac import compare_digest
from typing import Any, NamedTuple
from urllib.parse import quote

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Request, Response
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from console.form import Uploads, form_read
from console.gate import BEFORE_LOGIN, Gate, cookie_name
from console.origin import is_foreign
from console.person import Person, csrf_of
from registry.roles import Permission

NOT_LOGGED_IN = "not_logged_in"
NOT_ALLOWED = "not_allowed"
FOREIGN = "foreign_page"
STALE_FORM = "stale_form"
"""Why somebody is not let in."""
OPEN_PATHS = {
    "/login": "here one logs in",
    "/health": "watchdogs ask it; it names services and no station",
    "/metrics": "Prometheus asks it; numbers of services only, to be closed in the proxy",
    "/static": "styles, scripts and the icon, the same for everybody",
    "/static/vega-{version}.js": "the chart script, the same for everybody",
}
_SAFE_METHODS = frozenset({"GET", "HEAD"})


class Route(NamedTuple):
    """A page's address, what answers there, and who may ask.

    Attributes:
        path: the address.
        endpoint: takes the request (and the parts of the path) and answers; runs in a thread if it is sync.
        permission: what a person needs; None only for the addresses in OPEN_PATHS.
        methods: of HTTP; a change has only POST and is checked for its token and origin.
        most_bytes: of the body, for uploads; None for the usual.
    """

    path: str
    endpoint: Callable[..., Response | Awaitable[Response]]
    permission: Permission | None
    methods: tuple[str, ...] = ("GET", "HEAD")
    most_bytes: int | None = None


class Access:
    """What a request passes before its endpoint: `request.state.person` and `.form` are set then."""

    def __init__(self, permission: Permission | None) -> None:
        self.permission = permission

    async def __call__(self, request: Request) -> AsyncIterator[None]:
        """Let the request in, or say why not.

        Raises:
            HTTPException: 401 or 403 with one of the codes above, 303 to the login, 400 or 413 for a form.
        """
        gate: Gate = request.app.state.gate
        is_change = request.method not in _SAFE_METHODS
        if is_change and is_foreign(request.headers, request.url.scheme):
            raise HTTPException(403, FOREIGN)
        person = await self._person(request, gate)
        if not is_change:
            yield
            return
        async with form_read(request) as form:
            sent = request.headers.get("x-csrf-token") or form.field("csrf", 100)
            if not compare_digest(sent.encode(), _expected(request, person).encode()):
                raise HTTPException(403, STALE_FORM)
            request.state.form = form
            yield

    async def _person(self, request: Request, gate: Gate) -> Person | None:
        if self.permission is None:
            return None
        person = await run_sync(gate.recognise, request)
        if person is None:
            raise _to_login(request)
        request.state.person = person
        if not person.may(self.permission):
            raise HTTPException(403, NOT_ALLOWED)
        return person


def require(permission: Permission | None) -> Any:  # noqa: ANN401 - what FastAPI's Depends gives
    """The dependency of a route."""
    return Depends(Access(permission))


def add_routes(router: APIRouter, routes: Iterable[Route]) -> None:
    """Put routes behind the door."""
    for route in routes:
        if route.permission is None and route.path not in OPEN_PATHS:
            raise ValueError(f"{route.path}: an open route needs its reason in OPEN_PATHS")
        router.add_api_route(
            route.path, route.endpoint, methods=list(route.methods), response_model=None,
            dependencies=[require(route.permission)],
        )  # fmt: skip


def uploads_among(routes: Iterable[Route]) -> list[Uploads]:
    """The limits of the routes that take larger bodies than the usual."""
    return [Uploads(compile_path(each.path)[0], each.most_bytes) for each in routes if each.most_bytes]


def wants_data(request: Request) -> bool:
    """Whether a script asks, which can do nothing with a page."""
    path = request.url.path
    return path.endswith(".json") or path.startswith("/api/")


def address_asked(request: Request) -> str:
    """Path and question of a page, to come back to."""
    question = request.url.remove_query_params("fragment").query
    return request.url.path + (f"?{question}" if question else "")


def local_path(text: str) -> str:
    """An address of our own to go on to; the overview for anything that leads elsewhere."""
    is_local = text.startswith("/") and text[1:2] not in ("/", "\\")
    is_plain = text.isprintable() and "\\" not in text and text.partition("?")[0] not in ("/login", "/logout")
    return text if is_local and is_plain else "/"


def login_address(path: str) -> str:
    """Where one logs in to come back to a path."""
    return "/login" if path == "/" else f"/login?next={quote(path, safe='/')}"


def _to_login(request: Request) -> HTTPException:
    """Pages lead to the login; scripts, fragments and changes are told."""
    is_page = request.method in _SAFE_METHODS and request.query_params.get("fragment") != "1"
    if is_page and not wants_data(request):
        return HTTPException(303, NOT_LOGGED_IN, {"Location": login_address(address_asked(request))})
    return HTTPException(401, NOT_LOGGED_IN)


def _expected(request: Request, person: Person | None) -> str:
    """The token that a change must carry; before a login that of the page that asks for one."""
    if person is not None:
        return person.csrf
    token = request.cookies.get(cookie_name(request, BEFORE_LOGIN), "")
    return csrf_of(token) if token else "no token"
