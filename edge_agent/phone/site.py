"""The installer's site: who may see what, and which page answers which path."""

import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

from edge_agent.language import Language
from edge_agent.phone.asked import (
    Answer,
    Asked,
    FormError,
    cookies_of,
    form_of,
    language_of,
    plain,
    see,
    target_of,
)
from edge_agent.phone.cabinet import Cabinet
from edge_agent.phone.frame import page
from edge_agent.phone.gate import Gate, Session, is_token
from edge_agent.phone.pages import checks, finish, link, live, meter_choice, meters, start, station
from edge_agent.phone.pages.pin import pin_page
from edge_agent.phone.server import Call
from edge_agent.phone.visit import Page, Visit
from edge_agent.phone.words import WORDS

SESSION_COOKIE = "qingliu-phone"
LANGUAGE_COOKIE = "qingliu-language"
_STATIC = Path(__file__).parent / "static"
_KINDS = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_KEPT = ("Cache-Control", "max-age=600")
_YEAR_S = 31_536_000

SHOWN: Mapping[str, Page] = {
    "/": start.page_of,
    "/meters": meters.page_of,
    "/meters/answers": meter_choice.answers_page,
    "/meters/saved": meter_choice.saved_page,
    "/live": live.page_of,
    "/checks": checks.page_of,
    "/station": station.page_of,
    "/link": link.page_of,
    "/finish": finish.page_of,
    "/finish/paper": finish.paper_page,
    "/finish/file": finish.file_answer,
}
"""What a GET shows; nothing of it changes the station."""

CHANGED: Mapping[str, Page] = {
    "/meters/scan": meters.scan,
    "/meters/stop": meters.stop,
    "/meters/choose": meter_choice.choose,
    "/meters/save": meter_choice.save,
    "/checks/run": checks.run,
    "/checks/stop": checks.stop,
    "/station/name": station.name,
    "/station/bundle": station.bundle,
    "/finish/sign": finish.sign,
}
"""What a POST changes; only with a session's token and from a page of ours."""


class Opening(NamedTuple):
    """How the site is opened: for how long (seconds), and in which language until the visitor chooses."""

    open_s: float
    language: Language


class Site:
    """Answers calls; may be used from any thread."""

    def __init__(self, gate: Gate, cabinet: Cabinet, opening: Opening, clock: Callable[[], float]) -> None:
        self._gate = gate
        self._cabinet = cabinet
        self._opening = opening
        self._clock = clock
        self._changing = threading.Lock()
        self._static = {
            f"/static/{path.name}": Answer(200, path.read_bytes(), _KINDS[path.suffix], (_KEPT,))
            for path in _STATIC.iterdir()
            if path.suffix in _KINDS
        }

    def answer(self, call: Call) -> Answer:
        """The page for a call, or where to find it."""
        try:
            path, query = target_of(call.target)
        except FormError:
            return plain(400, "400")
        if path in self._static:
            return self._static[path] if call.method == "GET" else plain(405, "405")
        cookies = cookies_of(call.cookie)
        language = language_of(query, cookies.get(LANGUAGE_COOKIE, ""), self._opening.language)
        session = self._gate.session(cookies.get(SESSION_COOKIE, ""))
        asked = Asked(path, query, language, session=session)
        answer = self._posted(call, asked) if call.method == "POST" else self._got(asked)
        if "language" in query:
            answer = _with(answer, _cookie(LANGUAGE_COOKIE, language, f"; Max-Age={_YEAR_S}"))
        return answer

    def _got(self, asked: Asked) -> Answer:
        if asked.session is None:
            return pin_page(self._visit(asked)) if asked.path == "/pin" else see("/pin")
        if asked.path == "/pin":
            return see("/")
        shown = SHOWN.get(asked.path)
        if shown is None:
            words = WORDS[asked.language]
            return page(self._visit(asked), words.no_page, status=HTTPStatus.NOT_FOUND)
        return shown(self._visit(asked))

    def _posted(self, call: Call, asked: Asked) -> Answer:
        words = WORDS[asked.language]
        if asked.session is None and asked.path != "/pin":
            return see("/pin")
        if not call.is_own:
            return plain(403, f"403 {words.stale}")
        try:
            asked = asked._replace(form=form_of(call.kind, call.body))
        except FormError:
            return plain(400, f"400 {words.bad_form}")
        if asked.path == "/pin":
            return self._enter(asked)
        return self._change(asked, asked.session)

    def _change(self, asked: Asked, session: Session | None) -> Answer:
        words = WORDS[asked.language]
        if session is None or not is_token(session, asked.form.text("token")):
            return plain(403, f"403 {words.stale}")
        if asked.path == "/longer":
            self._gate.prolong(self._clock())
            back = asked.form.text("back")
            return see(back if back in SHOWN else "/")
        change = CHANGED.get(asked.path)
        if change is None:
            return page(self._visit(asked), words.no_page, status=HTTPStatus.NOT_FOUND)
        with self._changing:
            return change(self._visit(asked))

    def _enter(self, asked: Asked) -> Answer:
        session = self._gate.enter(asked.form.text("pin"), self._clock())
        if session is not None:
            return see("/", _cookie(SESSION_COOKIE, session.key))
        return pin_page(self._visit(asked)._replace(message=WORDS[asked.language].pin_wrong, is_bad=True))

    def _visit(self, asked: Asked) -> Visit:
        now_s = self._clock()
        left_s = self._gate.left_s(now_s)
        return Visit(asked, self._cabinet, left_s, self._opening.open_s, self._gate.wait_s(now_s))


def _cookie(name: str, value: str, more: str = "") -> tuple[str, str]:
    return "Set-Cookie", f"{name}={value}; Path=/; HttpOnly; SameSite=Strict{more}"


def _with(answer: Answer, header: tuple[str, str]) -> Answer:
    return answer._replace(headers=(*answer.headers, header))
