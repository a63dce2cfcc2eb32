"""The desk: the stores and texts all pages share, and how an answer is put together.

A page has regions that renew themselves; the browser asks for them with `?fragment=1` and the ETag it has,
and is told "not modified" while nothing changed.
"""

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any

import msgspec
from fastapi import Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from sqlalchemy.orm import Session

from console import chart_bundle, reasons, trail_words, words
from console.access import login_address
from console.alarm_handling import handling, is_overdue
from console.language import Language, choose, load_languages
from console.rates import Rates
from console.reader import Reader
from console.said import forget_said, lines_said
from history.port import History, QuarterHour
from registry.config import CentreSettings
from registry.database import Registry
from registry.passwords import Passwords
from registry.roles import Permission
from service.conditions import Conditions
from telemetry.quantities import BY_NAME
from telemetry.reading import Reading

logger = logging.getLogger(__name__)

FOLDER = Path(__file__).parent
LANGUAGE_COOKIE = "lang"
_YEAR_S = 31_536_000


class Desk:
    """Everything an endpoint needs; safe to use from several threads."""

    def __init__(
        self,
        settings: CentreSettings,
        registry: Registry,
        history: History,
        clock_ms: Callable[[], int],
        bundle: Path,
        conditions: Conditions | None = None,
    ) -> None:
        self.settings = settings
        self.clock_ms = clock_ms
        self.bundle = bundle
        self.conditions = conditions or Conditions(logger)
        self.registry = registry
        self.passwords = Passwords()
        self.history = history
        self._zone = settings.zone
        self.rates = Rates(settings.zone)
        self._languages = load_languages()
        self._pages = {tag: _templates(language) for tag, language in self._languages.items()}
        self._static = {path.name: _digest(path.read_bytes())[:12] for path in (FOLDER / "static").iterdir()}

    def reader(self, request: Request) -> Reader:
        """Who asks: their language, the centre's zone, and now."""
        language = choose(
            self._languages,
            request.query_params.get("lang"),
            request.cookies.get(LANGUAGE_COOKIE),
            request.headers.get("accept-language", ""),
            self.settings.centre.language,
        )
        return Reader(language, self._zone, self.clock_ms())

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session that commits at the end, or rolls back on any exception."""
        with self.registry.writing() as session:
            yield session
        self.conditions.end("registry")

    def trouble(self, store: str, error: Exception) -> dict[str, str]:
        """Note that a store fails, logged once, and say so without its inner details."""
        self.conditions.begin(store, str(error).partition("\n")[0])
        return {"service": "console", "problem": store, "text": f"the {store} cannot be read"}

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session on the registry; when it ends well, the registry is well."""
        with self.registry.reading() as session:
            yield session
        self.conditions.end("registry")

    def latest(self, station: str) -> list[Reading]:
        """The last reading of each of a station's devices."""
        found = self.history.latest([station]).get(station, [])
        self.conditions.end("history")
        return found

    def raw(self, station: str, start_ms: int, end_ms: int) -> list[Reading]:
        """A station's readings of a span."""
        found = self.history.raw(station, None, start_ms, end_ms)
        self.conditions.end("history")
        return found

    def quarter_hours(self, station: str, start_ms: int, end_ms: int) -> list[QuarterHour]:
        """A station's quarter hours that begin in a span, by time."""
        found = self.history.quarter_hours(start_ms, end_ms, [station])
        self.conditions.end("history")
        return found

    def page(self, request: Request, template: str, values: Mapping[str, Any], status: int = 200) -> Response:
        """Render a page, or with `?fragment=1` only what renews itself."""
        reader = self.reader(request)
        is_fragment = request.query_params.get("fragment") == "1"
        person = getattr(request.state, "person", None)
        html = (
            self._pages[reader.language.tag]
            .get_template(template)
            .render(
                layout="fragment.html" if is_fragment else "page.html",
                reader=reader,
                person=person,
                may=_nothing if person is None else person.may,
                csrf_field=partial(_csrf_field, "" if person is None else person.csrf),
                centre=self.settings.centre,
                path=request.url.path,
                said=[] if is_fragment else lines_said(request),
                languages=[
                    (language, f"?{request.url.include_query_params(lang=language.tag).query}")
                    for language in self._languages.values()
                ],
                static=self._static,
                chart_script=self.bundle.name if chart_bundle.is_made(self.bundle) else None,
                **values,
            )
        )
        response = self.answer(request, html.encode(), "text/html; charset=utf-8", status)
        if not is_fragment:
            forget_said(request, response)
        asked = request.query_params.get("lang")
        if asked in self._languages:
            response.set_cookie(LANGUAGE_COOKIE, asked, max_age=_YEAR_S, httponly=True, samesite="lax")
        return response

    def json(self, request: Request, value: object, status: int = 200) -> Response:
        """Answer for a machine."""
        return self.answer(request, msgspec.json.encode(value), "application/json", status)

    def answer(self, request: Request, body: bytes, media_type: str, status: int = 200) -> Response:
        """Send a body, or 304 to whoever has it already."""
        tag = f'"{_digest(body)[:24]}"'
        headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Cookie, Accept-Language"}
        known = request.headers.get("if-none-match", "")
        if status == 200 and tag in (part.strip().removeprefix("W/") for part in known.split(",")):
            return Response(status_code=304, headers=headers)
        return Response(body, status, headers, media_type)


def _nothing(_permission: Permission) -> bool:
    """What somebody may who is not logged in."""
    return False


def _csrf_field(token: str) -> Markup:
    """The hidden field that every form with a change carries."""
    return Markup('<input type="hidden" name="csrf" value="{}">').format(token)


@cache
def _templates(language: Language) -> Environment:
    """The pages in a language, which know nothing of any one desk: compiled once a process."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    install = environment.install_gettext_callables  # type: ignore[attr-defined] # put there by the extension
    install(language.texts.gettext, language.texts.ngettext, newstyle=True)
    environment.globals.update(words=words, trail_words=trail_words)
    environment.globals.update(sentence=reasons.sentence, quantities=BY_NAME)
    environment.globals.update(handling=handling, is_overdue=is_overdue, login_address=login_address)
    return environment


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content).hexdigest()
