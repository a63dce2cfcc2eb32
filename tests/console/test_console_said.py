"""What is said once after a change, and files that people hand in: whose they are, and what they are."""

import hashlib
import stat

import pytest
from console_login import Limits, token_of
from starlette.exceptions import HTTPException
from starlette.requests import Request

from console.gate import SESSION
from console.person import Person, csrf_of
from console.said import COOKIE, MOST_LETTERS, KeepSaid, Said, lines_said, said
from console.uploads import UploadError, drop_upload, store_upload, upload_answer
from registry.scope import EVERYTHING

KINDS = {b"\xff\xd8\xff\xe0": ".jpg", b"\x89PNG\r\n\x1a\n": ".png", b"%PDF-1.7": ".pdf"}


def person(csrf):
    return Person(1, "赵工", "operator", EVERYTHING, csrf)


def request(csrf, cookie=""):
    headers = [(b"cookie", f"{COOKIE}={cookie}".encode())] if cookie else []
    scope = {"type": "http", "headers": headers, "scheme": "http", "server": ("x", 80), "path": "/",
             "query_string": b"", "method": "POST", "state": {"person": person(csrf)}}  # fmt: skip
    return Request(scope)


async def cookie_of(asked, status=303):
    sent = []

    async def app(_scope, _receive, send):
        await send({"type": "http.response.start", "status": status, "headers": []})

    async def send(message):
        sent.append(message)

    await KeepSaid(app)(asked.scope, None, send)
    values = [value.decode() for name, value in sent[0]["headers"] if name == b"set-cookie"]
    return values[0].partition(";")[0].partition("=")[2] if values else ""


@pytest.mark.anyio
async def test_a_line_is_read_by_its_own_person_alone():
    asked = request("a")
    said(asked, "%(n)s done", n=3)
    said(asked, "%(n)s refused", is_wrong=True, n="清")
    cookie = await cookie_of(asked)
    assert lines_said(request("a", cookie)) == [
        Said("%(n)s done", {"n": "3"}), Said("%(n)s refused", {"n": "清"}, is_wrong=True)
    ]  # fmt: skip
    assert lines_said(request("b", cookie)) == []
    assert lines_said(request("a", cookie[:-4] + "AAAA")) == []
    for nonsense in ("x", "x.y", "." * 9, cookie.partition(".")[0]):
        assert lines_said(request("a", nonsense)) == []
    assert await cookie_of(request("a")) == ""
    many = request("a")
    for number in range(500):
        said(many, "%(n)s done", n=number)
    long = await cookie_of(many)
    assert len(long) < MOST_LETTERS + 100
    assert lines_said(request("a", long))[0].parts == {"n": "0"}
    assert await cookie_of(many, 200) == ""  # only what leads on


def test_a_line_is_shown_once_to_whoever_changed_something(centre, client):
    token = token_of(centre.registry, Limits("operator"))
    client.cookies.set(SESSION, token)
    data = {"csrf": csrf_of(token), "act": "acknowledge", "back": "/stations"}
    first = client.post("/alarms/act", data=data)
    assert first.url.path == "/stations"
    assert 'role="alert">Nothing was done: no alarm was chosen' in first.text
    assert "Nothing was done" not in client.get("/stations").text


def test_a_file_is_kept_under_a_name_of_ours(tmp_path):
    folder = tmp_path / "new" / "uploads"
    for head, ending in KINDS.items():
        content = head + b"\0" * 100
        stored = store_upload(folder, content)
        kept = folder / stored.name
        assert stored.name.endswith(ending)
        assert len(stored.name) == 36
        assert kept.read_bytes() == content
        assert (stored.sha256, stored.size_bytes) == (
            hashlib.sha256(content).hexdigest(),
            104 + len(head) - 4,
        )
        assert stat.S_IMODE(kept.stat().st_mode) & 0o117 == 0
        answer = upload_answer(folder, stored.name, "证明")
        assert answer.headers["content-disposition"].startswith("attachment; ")
    assert len(list(folder.iterdir())) == len(KINDS)
    drop_upload(folder, stored.name)
    drop_upload(folder, "../../x")
    drop_upload(folder, "")
    for name in (stored.name, "../registry.db", "", "x.html", "a" * 32 + ".svg"):
        with pytest.raises(HTTPException):
            upload_answer(folder, name, "x")


def test_what_cannot_be_kept_says_why(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    for folder, content, code in [
        (tmp_path, b"", "upload_empty"),
        (tmp_path, b"%PDF-" + b"x" * 100, "upload_large"),
        (tmp_path, b"GIF89a", "upload_unknown"),
        (tmp_path, b"  %PDF-", "upload_unknown"),
        (tmp_path / "file", b"%PDF-", "upload_unwritable"),
    ]:
        with pytest.raises(UploadError) as caught:
            store_upload(folder, content, 100)
        assert caught.value.code == code
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
