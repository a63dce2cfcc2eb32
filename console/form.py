"""A form as a page sent it, read before the endpoint runs: texts and files by name, with their limits."""

import re
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from typing import BinaryIO, NamedTuple

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BAD_FORM = "bad_form"
TOO_LARGE = "too_large"
"""Why a request's body is not taken."""
MOST_BYTES = 1_000_000
"""Of a body; a route that takes uploads says its own."""
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_MOST_FIELDS, _MOST_FILES = 5_000, 20


class Uploads(NamedTuple):
    """Addresses that take larger bodies, and how many bytes."""

    path: re.Pattern[str]
    most_bytes: int


class Upload(NamedTuple):
    """A file that came with a form; `file` stands at its beginning and is closed after the answer."""

    name: str
    media_type: str
    size_bytes: int
    file: BinaryIO


class Form:
    """The fields of a form. What is missing reads as empty, so that a page can say which rule it breaks."""

    def __init__(self, data: FormData | None = None) -> None:
        self._data = FormData() if data is None else data

    def field(self, name: str, most: int = 10_000) -> str:
        """A field without white space around it and without NUL, cut to so many letters."""
        return next(iter(self.fields(name, most)), "")

    def fields(self, name: str, most: int = 10_000) -> list[str]:
        """All fields of a name, such as boxes that were ticked."""
        return [value.strip()[:most] for value in self._raw(name)]

    def secret(self, name: str) -> str:
        """A field exactly as typed: a password."""
        return next(self._raw(name), "")

    def whole_number(self, name: str) -> int | None:
        """A whole number of at most nine digits, or None."""
        text = self.field(name, 20)
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None

    def uploads(self, name: str) -> list[Upload]:
        """The files of a name; a field that was left empty gives none."""
        return [
            Upload(each.filename, each.content_type or "", each.size or 0, each.file)
            for each in self._data.getlist(name)
            if isinstance(each, UploadFile) and each.filename
        ]

    def _raw(self, name: str) -> Iterator[str]:
        return (value.replace("\x00", "") for value in self._data.getlist(name) if isinstance(value, str))


def form_of(request: Request) -> Form:
    """The form of a request that `require` let in; empty if it carried none."""
    form = getattr(request.state, "form", None)
    return form if isinstance(form, Form) else Form()


@asynccontextmanager
async def form_read(request: Request) -> AsyncIterator[Form]:
    """Read the form that a request carries, if it carries one.

    Raises:
        HTTPException: 400, it cannot be read; 413, it is too large.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _FORMS:
        yield Form()
        return
    opened = request.form(max_files=_MOST_FILES, max_fields=_MOST_FIELDS, max_part_size=MOST_BYTES)
    try:
        data = await opened
    except HTTPException as error:
        raise HTTPException(error.status_code, TOO_LARGE if error.status_code == 413 else BAD_FORM) from error
    except (ValueError, LookupError) as error:
        raise HTTPException(400, BAD_FORM) from error
    try:
        yield Form(data)
    finally:
        await data.close()


class BodyLimit:
    """Refuse bodies that are larger than the route takes, whether they say how large they are or not."""

    def __init__(self, app: ASGIApp, uploads: Iterable[Uploads]) -> None:
        self._app = app
        self._uploads = list(uploads)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        own = (each.most_bytes for each in self._uploads if each.path.match(scope["path"]))
        most = next(own, MOST_BYTES)
        declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        came = 0

        async def counted() -> Message:
            nonlocal came
            message = await receive()
            if message["type"] == "http.request":
                came += len(message.get("body", b""))
                if came > most or (declared.isdigit() and int(declared) > most):
                    raise HTTPException(413, TOO_LARGE)
            return message

        await self._app(scope, counted, send)
