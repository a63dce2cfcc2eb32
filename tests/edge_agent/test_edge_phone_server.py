"""The installer's site over real connections: who gets in, what is refused, and nobody harms the others."""

import socket
from contextlib import closing, contextmanager

import pytest
from edge_phone import METERS, PIN, STATION, Visitor, config_in, phone_site
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_agent.phone.server import LONGEST_BODY, MOST_CONNECTIONS
from edge_agent.phone.site import CHANGED, SHOWN


@pytest.fixture
def server(tmp_path):
    with phone_site(config_in(tmp_path, more=METERS), names=["box.example"]) as served:
        yield served


def test_every_page_leads_to_the_pin_without_a_session(server):
    visitor = Visitor(server)
    for path in [*SHOWN, *CHANGED, "/nowhere", "//127.0.0.1/x", "/static/../gate.py", "/static/", "/pin/x"]:
        reply = visitor.get(path)
        assert (reply.status, reply.place) == (303, "/pin"), path
        assert reply.body == b""
    for path in [*CHANGED, "/longer", "/nowhere"]:
        assert visitor.post(path, {"token": "0" * 32}).place == "/pin"
    page = visitor.get("/pin")
    assert page.status == 200
    assert STATION not in page.text  # nor who the station is
    assert visitor.get("/static/phone.css").headers["Content-Type"].startswith("text/css")


def test_a_session_opens_every_page_and_the_headers_are_safe(server):
    visitor = Visitor(server).enter()
    for path in SHOWN:
        reply = visitor.get(path)
        assert reply.status in (200, 303), path
        assert reply.headers["Content-Security-Policy"].startswith("default-src 'self';")
        assert "frame-ancestors 'none'" in reply.headers["Content-Security-Policy"]
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["Referrer-Policy"] == "same-origin"
        assert reply.headers["Cache-Control"] == "no-store"
        assert "style=" not in reply.text
        assert "Python" not in str(reply.headers)
    assert visitor.get("/pin").place == "/"
    assert visitor.get("/nowhere").status == 404


def test_the_session_is_kept_in_a_strict_cookie(server):
    reply = Visitor(server).post("/pin", {"pin": PIN})
    name, _, rest = reply.headers["Set-Cookie"].partition("=")
    value, *attributes = rest.split("; ")
    assert name == "qingliu-phone"
    assert len(bytes.fromhex(value)) == 16
    assert attributes == ["Path=/", "HttpOnly", "SameSite=Strict"]


def test_wrong_pins_are_told_and_then_have_to_wait(server):
    visitor = Visitor(server)
    for _ in range(4):
        reply = visitor.post("/pin", {"pin": "000000"})
        assert (reply.status, "PIN 码错误" in reply.text) == (403, True)
    assert "请等待 10 秒" in visitor.post("/pin", {"pin": "000000"}).text
    refused = visitor.post("/pin", {"pin": PIN})
    assert refused.status == 403
    assert "请等待" in refused.text
    assert visitor.get("/").place == "/pin"


@pytest.mark.parametrize(
    "host", ["evil.example", "", "127.0.0.2", "8.8.8.8", "[::1]", "127.0.0.1.evil.example"]
)
def test_a_host_that_is_not_this_box_is_refused(server, host):
    visitor = Visitor(server).enter()
    assert visitor.get("/", Host=host).status == 421
    assert visitor.get("/static/phone.css", Host=host).status == 421


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "BOX.example:9999", "localhost:8080"])
def test_the_box_may_be_called_by_its_names(server, host):
    assert Visitor(server).get("/pin", Host=host).status == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "", "https://127.0.0.1"])
def test_a_change_from_elsewhere_is_refused(server, tmp_path, origin):
    visitor = Visitor(server).enter()
    form = {"token": visitor.token(), "name": "别处"}
    assert visitor.post("/station/name", form, Origin=origin).status == 403
    assert "别处" not in (tmp_path / "agent.toml").read_text("utf-8")


def test_a_change_needs_the_sessions_own_token(server, tmp_path):
    visitor, other = Visitor(server).enter(), Visitor(server).enter()
    for token in ("", "0" * 32, other.token()):
        assert visitor.post("/station/name", {"token": token, "name": "别处"}).status == 403
    assert "北寨村" in (tmp_path / "agent.toml").read_text("utf-8")
    assert visitor.post("/station/name", {"token": visitor.token(), "name": "西村站"}).status == 200
    assert 'name = "西村站"' in (tmp_path / "agent.toml").read_text("utf-8")


def test_whatever_is_typed_comes_back_escaped(server):
    visitor = Visitor(server).enter()
    form = {"token": visitor.token(), "installer": "", "note": '"><script>alert(1)</script>'}
    page = visitor.post("/finish/sign", form).text
    assert "&quot;&gt;&lt;script&gt;" in page
    assert "<script>" not in page


def test_a_body_beyond_the_limit_is_refused_unread(server):
    with talking(server) as connection:
        connection.sendall(head("POST /pin", f"Content-Length: {LONGEST_BODY + 1}"))
        assert received(connection).startswith(b"HTTP/1.0 413 ")
    with talking(server) as connection:
        connection.sendall(head("POST /pin", "Transfer-Encoding: chunked"))
        assert received(connection).startswith(b"HTTP/1.0 411 ")


def test_who_sends_far_too_much_still_reads_why_it_is_refused(server):
    visitor = Visitor(server).enter()
    assert visitor.upload("/station/bundle", bytes(8_000_000)).status == 413


def test_the_language_is_chosen_once_and_kept(server):
    visitor = Visitor(server).enter()
    assert 'lang="zh-CN"' in visitor.get("/").text
    assert '<html lang="en">' in visitor.get("/?language=en").text
    assert '<html lang="en">' in visitor.get("/live").text
    assert "HttpOnly" in visitor.get("/?language=zh-CN").headers["Set-Cookie"]


def test_the_time_left_can_be_prolonged(server):
    visitor = Visitor(server).enter()
    reply = visitor.post("/longer", {"token": visitor.token(), "back": "//evil.example"})
    assert (reply.status, reply.place) == (303, "/")
    assert visitor.post("/longer", {"token": visitor.token(), "back": "/live"}).place == "/live"


def test_slow_visitors_keep_nobody_out_and_are_hung_up_on(tmp_path):
    site = phone_site(config_in(tmp_path), request_s=0.5)
    with site as server, talking(server) as slow, talking(server) as silent:
        slow.sendall(b"GET / HTTP/1.1\r\nHost:")
        assert Visitor(server).get("/pin").status == 200
        assert not received(slow).startswith(b"HTTP/1.0 200")
        assert received(silent) == b""


def test_too_many_visitors_at_once_are_turned_away(tmp_path):
    with phone_site(config_in(tmp_path)) as server:
        crowd = [socket.create_connection(("127.0.0.1", server.port), 10) for _ in range(MOST_CONNECTIONS)]
        try:
            for each in crowd:
                each.sendall(b"GET ")
            with talking(server) as late:
                assert received(late) == b""
        finally:
            for each in crowd:
                each.close()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=400)
    | st.builds(
        lambda method, path, rest: method + b" " + path + b" HTTP/1.1\r\n" + rest + b"\r\n\r\n",
        st.sampled_from([b"GET", b"POST", b"HEAD", b"PUT", b"\x00"]),
        st.binary(min_size=1, max_size=40),
        st.binary(max_size=200)
        | st.binary(max_size=60).map(lambda octets: b"Host: 127.0.0.1\r\nCookie: " + octets),
    )
)
def test_no_bytes_end_the_server_or_show_its_inside(server, capfd, octets):
    with talking(server) as connection:
        connection.sendall(octets)
        connection.shutdown(socket.SHUT_WR)
        answer = received(connection)
    assert b"Traceback" not in answer
    assert b"500" not in answer.split(b"\r\n")[0]
    assert answer == b"" or answer.startswith(b"HTTP/1.0 ")
    assert "Traceback" not in capfd.readouterr().err
    assert Visitor(server).get("/pin").status == 200


def head(line: str, *headers: str) -> bytes:
    return "\r\n".join([f"{line} HTTP/1.1", "Host: 127.0.0.1", *headers, "", ""]).encode()


@contextmanager
def talking(server):
    with closing(socket.create_connection(("127.0.0.1", server.port), 10)) as connection:
        yield connection


def received(connection: socket.socket) -> bytes:
    heard = b""
    try:
        while octets := connection.recv(65_536):
            heard += octets
    except ConnectionResetError:
        pass
    return heard
