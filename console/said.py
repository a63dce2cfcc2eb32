"""What was done, said once at the top of the next page: kept in a cookie that only its own person can make.

An endpoint calls `said` before it answers 303; `page.html` shows the lines of `lines_said`, and with that
they are gone.
"""

import base64
import binascii
import hashlib
import hmac
from typing import NamedTuple

import msgspec
from fastapi import Request, Response
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.gate import cookie_name, give_cookie, take_cookie
from console.person import Person

COOKIE = "said"
MOST_LETTERS = 3_400
"""Of the cookie; browsers keep 4 kB. What does not fit is left out, the last lines first."""


class Said(NamedTuple):
    """A line for the next page.

    Attributes:
        text: English, marked with `N_`; looked up in the catalogue when it is shown.
        parts: its figures and names, put in as they are.
        is_wrong: something was refused.
    """

    text: str
    parts: dict[str, str]
    is_wrong: bool = False


def said(request: Request, text: str, *, is_wrong: bool = False, **parts: object) -> None:
    """Say something on the person's next page; several lines stand in the order they were said.

    Args:
        request: one that `require` let in.
        text: English with `%(name)s` for the parts, marked with `N_`.
        is_wrong: something was refused.
        parts: what is put into the text, translated already where it is a word.
    """
    lines: list[Said] = getattr(request.state, "said", [])
    lines.append(Said(text, {name: str(value) for name, value in parts.items()}, is_wrong))
    request.state.said = lines


def lines_said(request: Request) -> list[Said]:
    """What is to be said on this page; nothing that another made, and nothing to somebody else."""
    person = getattr(request.state, "person", None)
    kept = request.cookies.get(cookie_name(request, COOKIE), "")
    if person is None or not kept:
        return []
    signature, _, content = kept.partition(".")
    if not hmac.compare_digest(signature.encode(), _signature(person, content).encode()):
        return []
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(content), type=list[Said])
    except (msgspec.DecodeError, binascii.Error):  # of another version
        return []


def forget_said(request: Request, response: Response) -> None:
    """Take away what has been shown."""
    if cookie_name(request, COOKIE) in request.cookies:
        take_cookie(request, response, COOKIE)


class KeepSaid:
    """Puts what was said into the cookie of the answer, whatever kind of answer it is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)

        async def send_kept(message: Message) -> None:
            lines = getattr(request.state, "said", None)
            if message["type"] == "http.response.start" and lines and message["status"] == 303:
                own = Response()
                give_cookie(request, own, COOKIE, _cookie(request.state.person, lines))
                MutableHeaders(scope=message).append("set-cookie", own.headers["set-cookie"])
            await send(message)

        await self._app(scope, receive, send_kept)


def _cookie(person: Person, lines: list[Said]) -> str:
    while True:
        content = base64.urlsafe_b64encode(msgspec.json.encode(lines)).decode()
        if len(content) <= MOST_LETTERS or not lines:
            return f"{_signature(person, content)}.{content}"
        lines = lines[:-1]


def _signature(person: Person, content: str) -> str:
    """Only the person's own pages know what it is made with."""
    return hmac.new(person.csrf.encode(), f"{COOKIE}:{content}".encode(), hashlib.sha256).hexdigest()
