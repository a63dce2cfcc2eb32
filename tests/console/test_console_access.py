"""The door: every route has it, every role gets exactly its pages, no other site speaks through a browser."""

import pytest
from console_centre import NOW_MS
from console_login import Limits, log_in, token_of
from console_matrix import PARTS, routes_of
from fastapi.testclient import TestClient
from starlette.routing import Mount

from console.access import OPEN_PATHS, Access, Route, add_routes, local_path
from console.app import create_app
from console.form import MOST_BYTES
from console.origin import is_foreign, is_local_name
from console.person import csrf_of
from registry.roles import PERMISSIONS, ROLES
from registry.tables import LoginSession

COMPANY = "清源环保运维有限公司"
NOT_FOUND = {
    "/alarms/{alarm_id}/proof/{event_id}",
    "/reports/{report_id}",
    "/exclusions/{exclusion_id}",
    "/exclusions/{exclusion_id}/attachment",
    "/reports/{report_id}/{filename}",
    "/static/vega-{version}.js",
}
"""Nothing is there in the small centre; whoever may look is told so."""
OPEN_ANSWERS = {"/health": 200, "/metrics": 200, "/login": 303}
"""What the open addresses answer somebody who is logged in."""


def permission_of(route):
    """What a route's door asks for; fails if it has none."""
    doors = [each.call for each in route.dependant.dependencies if isinstance(each.call, Access)]
    assert len(doors) == 1, f"{route.path} has no door"
    return doors[0].permission


def is_data(path):
    """Whether programs ask there, which are told without a page."""
    return path.endswith(".json") or path.startswith("/api/")


@pytest.fixture
def app(centre, tmp_path):
    return create_app(centre.settings, centre.registry, centre.history, centre.clock, tmp_path / "vega-0.js")


@pytest.fixture
def stranger(app):
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as browser:
        yield browser


def test_every_route_has_the_door_and_open_ones_have_their_reason(app):
    routes = routes_of(app)
    assert len(routes) > 15
    for route in routes:
        if isinstance(route, Mount) or permission_of(route) is None:
            assert route.path in OPEN_PATHS
        else:
            assert permission_of(route) in PERMISSIONS["admin"]
            assert route.path not in OPEN_PATHS
        if not isinstance(route, Mount):
            assert route.methods in ({"GET", "HEAD"}, {"POST"}), f"{route.path}: a change is a POST alone"


def test_an_open_route_without_a_reason_is_refused(app):
    with pytest.raises(ValueError, match="/secret: an open route needs its reason"):
        add_routes(app.router, [Route("/secret", lambda: None, None)])


def test_each_role_gets_exactly_its_pages_and_is_led_only_there(app, centre, stranger):
    for role in ROLES:
        log_in(stranger, centre.registry, Limits(role, company=COMPANY if role == "contractor" else ""))
        for route in routes_of(app):
            if isinstance(route, Mount) or "GET" not in route.methods:
                continue
            permission = permission_of(route)
            expected = OPEN_ANSWERS.get(route.path, 404 if route.path in NOT_FOUND else 200)
            if permission is not None and permission not in PERMISSIONS[role]:
                expected = 403
            answer = stranger.get(route.path.format(**PARTS))
            assert answer.status_code == expected, (role, route.path)
            if expected == 403 and not is_data(route.path):
                assert 'href="/account"' in answer.text  # the page keeps its head
        text = stranger.get("/").text
        for path, permission in {"/reports": "reports.see", "/quarantine": "quarantine.see"}.items():
            assert (f'<a href="{path}"' in text) == (permission in PERMISSIONS[role]), (role, path)
        assert ('id="services"' in text) == ("system.see" in PERMISSIONS[role]), role


def test_a_stranger_is_led_to_the_login_and_scripts_are_told(app, stranger):
    for route in routes_of(app):
        path = route.path.format(**PARTS)
        if isinstance(route, Mount) or permission_of(route) is None:
            continue
        if "POST" in route.methods:
            assert stranger.post(path).status_code == 401, path
            continue
        answer = stranger.get(path)
        if is_data(path):
            assert (answer.status_code, answer.json()) == (401, {"error": "not_logged_in"})
            continue
        assert answer.status_code == 303, path
        assert answer.headers["location"] == ("/login" if path == "/" else f"/login?next={path}")
        fragment = stranger.get(path, params={"fragment": "1"})
        assert (fragment.status_code, "<html" in fragment.text) == (401, False)
    assert stranger.get("/static/console.css").status_code == 200
    assert stranger.get("/health").status_code == 200
    answer = stranger.get("/nowhere")
    assert answer.status_code == 404
    assert "410882" not in answer.text
    assert 'href="/stations"' not in answer.text


def test_the_way_back_keeps_the_question(stranger):
    answer = stranger.get("/stations?q=西万&page=2")
    assert (
        answer.headers["location"] == "/login?next=/stations%3Fq%3D%25E8%25A5%25BF%25E4%25B8%2587%26page%3D2"
    )


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/stations?q=1", "/stations?q=1"), ("", "/"), ("//evil.example", "/"), ("/\\evil.example", "/"),
        ("https://evil.example/", "/"), ("javascript:alert(1)", "/"), ("stations", "/"), ("/\t/evil", "/"),
        ("/login?next=/", "/"), ("/a\r\nSet-Cookie: x", "/"), ("/x\\y", "/"), ("\\\\evil", "/"),
    ],
)  # fmt: skip
def test_after_the_login_one_goes_on_only_to_our_own_pages(text, path):
    assert local_path(text) == path


HOST = {"host": "console.example.cn"}


@pytest.mark.parametrize(
    ("headers", "scheme", "is_one"),
    [
        ({}, "http", False),
        ({"origin": "http://console.example.cn"}, "http", False),
        ({"origin": "http://console.example.cn:80"}, "http", False),
        ({"origin": "https://console.example.cn:443"}, "https", False),
        ({"origin": "http://CONSOLE.example.cn"}, "http", False),
        ({"origin": "http://console.example.cn"}, "https", True),
        ({"origin": "http://console.example.cn:8080"}, "http", True),
        ({"origin": "http://evil.example"}, "http", True),
        ({"origin": "http://console.example.cn.evil.example"}, "http", True),
        ({"origin": "http://console.example.cn@evil.example"}, "http", True),
        ({"origin": "null"}, "http", True),
        ({"origin": ""}, "http", True),
        ({"origin": "http://[::1"}, "http", True),
        ({"sec-fetch-site": "same-origin"}, "http", False),
        ({"sec-fetch-site": "none"}, "http", False),
        ({"sec-fetch-site": "same-site"}, "http", True),
        ({"sec-fetch-site": "cross-site", "origin": "http://console.example.cn"}, "http", True),
        ({"host": "", "origin": "http://console.example.cn"}, "http", True),
    ],
)
def test_a_change_must_come_from_our_own_page(headers, scheme, is_one):
    assert is_foreign(HOST | headers, scheme) is is_one


def test_a_change_needs_the_token_of_its_own_session_and_our_origin(centre, stranger):
    token = token_of(centre.registry)
    stranger.cookies.set("session", token)
    own, others = csrf_of(token), csrf_of(token_of(centre.registry, Limits("viewer")))
    for data, headers, status, said in [
        ({}, {}, 403, "This form is too old"),
        ({"csrf": others}, {}, 403, "This form is too old"),
        ({"csrf": "é"}, {}, 403, "This form is too old"),
        ({"csrf": own}, {"origin": "http://evil.example"}, 403, "another site"),
        ({"csrf": own}, {"sec-fetch-site": "cross-site"}, 403, "another site"),
        ({"csrf": own}, {"origin": "http://testserver"}, 303, ""),
        ({}, {"x-csrf-token": own}, 401, "The login has ended"),  # for the one before has logged out
    ]:
        answer = stranger.post("/logout", data=data, headers={"accept-language": "en", **headers})
        assert answer.status_code == status, (data, headers)
        assert said in answer.text
    with centre.registry.reading() as session:
        assert [row.address for row in session.query(LoginSession)] == ["192.0.2.7"]  # the viewer's


def test_a_token_in_the_header_does_too_and_a_spoilt_form_is_said(centre, stranger):
    token = token_of(centre.registry)
    stranger.cookies.set("session", token)
    english = {"accept-language": "en"}
    for kind in (
        "multipart/form-data",
        "multipart/form-data; boundary=x",
        "multipart/form-data; charset=no; boundary=x",
    ):
        answer = stranger.post(
            "/logout", content=b"--x\r\n\r\nnonsense", headers={**english, "content-type": kind}
        )
        assert answer.status_code == 400, kind
        assert "This form cannot be read" in answer.text
    for content in (b"csrf=" + b"x" * MOST_BYTES, iter([b"csrf=" + b"x" * MOST_BYTES])):
        kind = {"content-type": "application/x-www-form-urlencoded"}
        answer = stranger.post("/logout", content=content, headers={**english, **kind})
        assert answer.status_code == 413
        assert "This is too large" in answer.text
    assert stranger.post("/logout", headers={"x-csrf-token": csrf_of(token)}).status_code == 303


HOSTS = {
    "127.0.0.1:8080": True, "localhost": True, "LOCALHOST:1": True, "[::1]:8080": True, "evil.example": False,
    "127.0.0.1.evil.example:8080": False, "": False, "127.0.0.1@evil": False, "::1": False,
    "127.0.0.1:x": False, "0.0.0.0": False,
}  # fmt: skip


def test_the_demo_answers_to_names_of_this_machine_only(centre, tmp_path):
    app = create_app(*app_parts(centre, tmp_path), open_demo=True)
    with TestClient(app, base_url="http://127.0.0.1") as browser:
        for host, is_one in HOSTS.items():
            assert is_local_name(host) is is_one, host
            answer = browser.get("/", headers={"host": host})
            assert answer.status_code == (200 if is_one else 421), host
            assert ("410882" in answer.text) == is_one
            assert "content-security-policy" in answer.headers


def test_the_demo_says_that_it_is_one_and_has_no_account(centre, tmp_path):
    app = create_app(
        centre.settings, centre.registry, centre.history, centre.clock, tmp_path / "vega-0.js", open_demo=True
    )
    with TestClient(app, base_url="http://127.0.0.1", follow_redirects=False) as browser:
        text = browser.get("/?lang=zh-CN").text
        assert "演示：无需登录，操作身份为值班员。" in text
        assert "/logout" not in text
        assert browser.get("/login").headers["location"] == "/"
        assert "演示环境没有账户" in browser.get("/account").text
        csrf = text.partition('data-csrf="')[2].partition('"')[0]
        assert browser.post("/account/password", data={"csrf": csrf}).status_code == 403
        assert browser.post("/account/password", data={"csrf": "x"}).status_code == 403
        assert browser.post("/logout", data={"csrf": csrf}).headers["location"] == "/"
    with TestClient(create_app(*app_parts(centre, tmp_path)), follow_redirects=False) as browser:
        assert browser.get("/").status_code == 303  # without the word nothing is open
        assert centre.clock() == NOW_MS


def app_parts(centre, tmp_path):
    return centre.settings, centre.registry, centre.history, centre.clock, tmp_path / "vega-0.js"
