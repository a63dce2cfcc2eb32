"""Hostile forms at the open door: whoever has no login costs the console neither time nor a failure."""

import time

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.app import create_app

KIND = "multipart/form-data; boundary=b"
JUNK = (b"a." * 25_000, b"(" * 9_000, b"[" * 50_000, b"\r\nx: y" * 8_000, b"\r\n--b" * 10_000, b'"' * 50_000)
KINDS = (KIND, "multipart/form-data", "application/x-www-form-urlencoded", "a/b", "",
         "application/x-www-form-urlencoded; charset=utf-7")  # fmt: skip
PARTS = (
    b"--b", b"--", b"\r\n", b"\n", b"\x00", b"\xff", b"=", b"&", b"csrf", b"%", b"%zz", b"%00", b"x" * 2_000,
    b"Content-Disposition: form-data; ", b'name="csrf"', b'filename="', b"Content-Transfer-Encoding: base64",
    b"Content-Type: text/plain; charset=no", b"_charset_",
)  # fmt: skip


@pytest.fixture
def door(centre, tmp_path):
    app = create_app(centre.settings, centre.registry, centre.history, centre.clock, tmp_path / "vega-0.js")
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as browser:
        yield browser


def test_a_form_s_heads_cost_no_time_however_they_are_written(door):
    begun = time.process_time()
    for junk in JUNK:
        body = b'--b\r\nContent-Disposition: form-data; name="csrf"' + junk + b"\r\n\r\nabc\r\n--b--\r\n"
        answer = door.post("/login", content=body, headers={"content-type": KIND})
        assert answer.status_code in (400, 403, 413), junk[:8]
    assert time.process_time() - begun < 20  # seconds of the processor; it takes a part of one


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(KINDS), st.lists(st.sampled_from(PARTS), max_size=12))
def test_any_form_at_the_login_is_refused_without_a_failure(door, kind, parts):
    answer = door.post("/login", content=b"".join(parts), headers={"content-type": kind})
    assert answer.status_code in (400, 403, 413)
