"""What a phone asks for and what it gets back; forms are read here, with nothing of HTTP's connection."""

import re
from http.cookies import CookieError, SimpleCookie
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from edge_agent.language import LANGUAGES, Language
from edge_agent.phone.gate import Session

MOST_FIELDS = 200
HTML = "text/html; charset=utf-8"
JSON = "application/json; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
_BOUNDARY = re.compile(
    rb'multipart/form-data;\s*boundary="?([A-Za-z0-9\'()+_,./:=? -]{1,70})"?', re.IGNORECASE
)
_PART = re.compile(
    rb'^content-disposition:[ \t]*form-data;[ \t]*name="([^"\r\n]*)"(;[ \t]*filename="[^"\r\n]*")?[ \t]*\r?$',
    re.IGNORECASE | re.MULTILINE,
)
_LONGEST_HEAD = 2_000
"""Bytes of what stands above a part of a form."""


class FormError(Exception):
    """A form's bytes are none."""


class Form(NamedTuple):
    """What was filled in: texts by name, the first of each, all that were ticked, and files by name."""

    fields: dict[str, list[str]]
    files: dict[str, bytes]

    def text(self, name: str) -> str:
        """One field, without the white space around it; empty if it was not sent."""
        return self.fields.get(name, [""])[0].strip()

    def all(self, name: str) -> list[str]:
        """All values of a field."""
        return self.fields.get(name, [])


EMPTY = Form({}, {})


class Asked(NamedTuple):
    """A request that has passed the gate, or wants to."""

    path: str
    query: dict[str, list[str]]
    language: Language
    form: Form = EMPTY
    session: Session | None = None

    @property
    def token(self) -> str:
        """What a form must carry."""
        return self.session.token if self.session else ""


class Answer(NamedTuple):
    """What goes back; headers beside those that every answer has."""

    status: int = 200
    body: bytes = b""
    kind: str = HTML
    headers: tuple[tuple[str, str], ...] = ()


def see(path: str, *headers: tuple[str, str]) -> Answer:
    """Send the visitor to a page of ours."""
    return Answer(303, b"", TEXT, (("Location", path), *headers))


def plain(status: int, text: str) -> Answer:
    """A line of text, for what no page is made for."""
    return Answer(status, f"{text}\n".encode("utf-8", "replace"), TEXT)


def target_of(text: str) -> tuple[str, dict[str, list[str]]]:
    """The path and the query of a request's first line.

    Raises:
        FormError: it is no path.
    """
    try:
        parts = urlsplit(text)
        return parts.path, parse_qs(parts.query, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise FormError("not a path") from error


def cookies_of(header: str) -> dict[str, str]:
    """The cookies of a request; nothing if they cannot be read."""
    try:
        return {name: each.value for name, each in SimpleCookie(header).items()}
    except CookieError:
        return {}


def language_of(query: dict[str, list[str]], cookie: str, default: Language) -> Language:
    """What was asked for just now, else what was chosen before, else the house's."""
    wanted = (query.get("language", [""])[0], cookie)
    return next((language for each in wanted for language in LANGUAGES if each == language), default)


def form_of(kind: str, body: bytes) -> Form:
    """The fields of a body by its content type.

    Raises:
        FormError: the type is another, or the bytes are none of it.
    """
    try:
        if kind.partition(";")[0].strip().lower() == "application/x-www-form-urlencoded":
            text = body.decode("ascii")
            fields = parse_qs(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
            return Form(fields, {})
        if found := _BOUNDARY.fullmatch(kind.encode("latin-1", "replace")):
            return _multipart(found[1], body)
    except ValueError as error:
        raise FormError("not a form") from error
    raise FormError("not a form")


def _multipart(boundary: bytes, body: bytes) -> Form:
    """The parts as browsers write them (RFC 7578); a reader of mail takes minutes over hostile heads."""
    mark = b"\r\n--" + boundary
    before, *parts = (b"\r\n" + body).split(mark, MOST_FIELDS + 2)
    if before or not parts or not parts.pop().startswith(b"--"):
        raise FormError("not a form")
    fields: dict[str, list[str]] = {}
    files: dict[str, bytes] = {}
    for part in parts:
        head, blank, octets = part.partition(b"\r\n\r\n")
        found = _PART.search(head) if blank and len(head) <= _LONGEST_HEAD else None
        if found is None:
            raise FormError("not a form")
        name = found[1].decode()
        if found[2] is None:
            fields.setdefault(name, []).append(octets.decode())
        else:
            files[name] = octets
    return Form(fields, files)
