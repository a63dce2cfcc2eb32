"""Forms as endpoints get them: texts, boxes and files; a route that takes uploads, and its limit."""

from dataclasses import replace

import pytest
from console_login import SEES_ALL
from fastapi import FastAPI, Request, Response
from fastapi.testclient import TestClient

from console.access import Route, add_routes, uploads_among
from console.form import MOST_BYTES, BodyLimit, form_of
from console.gate import Gate
from console.person import person_of
from registry.console_settings import ConsoleSettings

LARGER = 3 * MOST_BYTES
TOKEN = {"x-csrf-token": "token"}


@pytest.fixture
def got():
    return {}


@pytest.fixture
def browser(got):
    def take(request: Request, number: str):
        form = form_of(request)
        got.update(
            number=number, who=person_of(request).name, text=form.field("text", 5), boxes=form.fields("box"),
            secret=form.secret("secret"), count=form.whole_number("count"), missing=form.field("missing"),
            files=[
                (each.name, each.media_type, each.size_bytes, each.file.read())
                for each in form.uploads("file")
            ],
        )  # fmt: skip
        return Response(status_code=204)

    def take_small(request: Request):
        return Response(form_of(request).field("text"))

    routes = [
        Route("/things/{number}/proof", take, "alarms.answer", ("POST",), LARGER),
        Route("/things", take_small, "see", ("POST",)),
    ]
    app = FastAPI()
    person = replace(SEES_ALL, role="operator", csrf="token")
    app.state.gate = Gate(ConsoleSettings(), None, lambda: 0, person)
    add_routes(app.router, routes)
    app.add_middleware(BodyLimit, uploads=uploads_among(routes))
    with TestClient(app) as client:
        yield client


def test_texts_boxes_and_files_come_as_they_were_sent(browser, got):
    data = {
        "text": "  \x00已到现场处理  ",
        "box": ["1", "2"],
        "secret": " a b ",
        "count": "12",
        "csrf": "token",
    }
    files = [
        ("file", ("现场.jpg", b"\xff\xd8photo", "image/jpeg")),
        ("file", ("", b"", "application/octet-stream")),
    ]
    assert browser.post("/things/7/proof", data=data, files=files).status_code == 204
    assert got == {
        "number": "7", "who": "test", "text": "已到现场处", "boxes": ["1", "2"], "secret": " a b ",
        "count": 12, "missing": "", "files": [("现场.jpg", "image/jpeg", 7, b"\xff\xd8photo")],
    }  # fmt: skip


@pytest.mark.parametrize("count", ["", "-1", "1.5", "一", "1" * 10, "1e3"])
def test_what_is_no_whole_number_is_none(browser, got, count):
    browser.post("/things/7/proof", data={"count": count, "csrf": "token"})
    assert got["count"] is None


def test_only_the_route_that_takes_uploads_takes_a_large_one(browser, got):
    large = [("file", ("a.jpg", b"x" * (2 * MOST_BYTES), "image/jpeg"))]
    assert browser.post("/things/7/proof", files=large, headers=TOKEN).status_code == 204
    assert got["files"][0][2] == 2 * MOST_BYTES
    assert browser.post("/things", files=large, headers=TOKEN).status_code == 413
    larger = [("file", ("a.jpg", b"x" * LARGER, "image/jpeg"))]
    assert browser.post("/things/7/proof", files=larger, headers=TOKEN).status_code == 413


def test_a_file_in_a_text_s_place_is_no_text(browser, got):
    browser.post("/things/7/proof", files=[("text", ("a", b"b"))], data={"file": "text"}, headers=TOKEN)
    assert (got["text"], got["files"]) == ("", [])
