"""The authorisation matrix: every role, with and without a county, before every route of the app."""

import itertools
import re

import pytest
from console_centre import ConsoleCentre
from console_login import Limits, log_in, token_of
from console_matrix import EVERYBODY, MATRIX, OTHERS, PARTS, SCOPES, routes_of
from fastapi.testclient import TestClient
from starlette.routing import Mount

from console.app import create_app
from console.person import csrf_of
from registry.roles import ROLES
from registry.tables import County

COMPANY = "清源环保运维有限公司"
OWN_ANSWERS = {303, 400, 404, 409, 422, 200}
"""What a route says itself once the door has let somebody in, to a form without a single field."""
FORBIDDEN, UNKNOWN, NOBODY = 403, 404, 401
WHOLE_CITY = {"GET /reports/{report_id}/{filename}", "POST /reports/{report_id}/freeze"}
"""Reports are of all counties: nobody with some of them has the files, or puts one in force."""


@pytest.fixture
def browser(centre: ConsoleCentre, tmp_path):
    with centre.registry.writing() as session:
        session.add(County(code="410823", name="武陟县"))
    app = create_app(centre.settings, centre.registry, centre.history, centre.clock, tmp_path / "vega-0.js")
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as client:
        yield client


def names_of(app) -> set[str]:
    methods = {frozenset({"GET", "HEAD"}): "GET", frozenset({"POST"}): "POST"}
    return {
        f"{methods[frozenset(route.methods)]} {route.path}"
        for route in routes_of(app)
        if not isinstance(route, Mount)
    }


def limits_of(role: str, scope: str) -> Limits:
    return Limits(role, SCOPES[scope], COMPANY if role == "contractor" else "")


def asked(browser, name: str, **given):
    method, _, path = name.partition(" ")
    return browser.request(method, path.format(**PARTS), **given)


def test_every_route_stands_in_the_matrix_and_nothing_else_does(browser):
    assert names_of(browser.app) == set(MATRIX)


def test_a_role_is_let_in_where_the_matrix_says_so(browser, centre):
    """Pages that a role may see are read in `test_console_access` and, in parts, in `test_console_scope`."""
    for role, scope in itertools.product(ROLES, SCOPES):
        token = token_of(centre.registry, limits_of(role, scope))
        for name, roles in MATRIX.items():
            may, is_change = role in roles.split(), name.startswith("POST")
            is_outside = scope == "other county" and bool(OTHERS & set(re.findall(r"{(\w+)}", name)))
            if roles == EVERYBODY or (may and not is_change and not is_outside):
                continue
            if scope == "own county" and not may:
                continue  # as without a county
            browser.cookies.set("session", token)  # /logout and a changed password end the one before
            answer = asked(browser, name, **({"data": {"csrf": csrf_of(token)}} if is_change else {}))
            told = (role, scope, name, answer.status_code)
            if not may or (name in WHOLE_CITY and scope != "all"):
                assert answer.status_code == FORBIDDEN, told
            elif is_outside:
                assert answer.status_code == UNKNOWN, told
            else:
                assert answer.status_code in OWN_ANSWERS, told
            browser.cookies.clear()
            if name == "POST /logout":
                token = token_of(centre.registry, limits_of(role, scope))


def test_nobody_is_let_in_without_a_login(browser):
    browser.cookies.set("session", "x" * 43)
    for name, roles in MATRIX.items():
        if roles == EVERYBODY:
            continue
        is_page = name.startswith("GET") and not name.endswith(".json") and "/api/" not in name
        assert asked(browser, name).status_code == (303 if is_page else NOBODY), name


def test_no_change_without_the_session_s_own_token_from_our_own_page(browser, centre):
    log_in(browser, centre.registry)
    own = csrf_of(browser.cookies["session"])
    other = csrf_of(token_of(centre.registry, Limits("viewer")))
    before = everything(centre)
    for name, roles in MATRIX.items():
        if not name.startswith("POST"):
            continue
        for data, headers in [
            ({}, {}),
            ({"csrf": other}, {}),
            ({"csrf": own[:-1]}, {}),
            ({"csrf": own}, {"origin": "http://evil.example"}),
            ({"csrf": own}, {"origin": "null"}),
            ({"csrf": own}, {"sec-fetch-site": "cross-site"}),
            ({"csrf": own}, {"sec-fetch-site": "same-site"}),
        ]:
            assert asked(browser, name, data=data, headers=headers).status_code == FORBIDDEN, (name, data)
        assert asked(browser, name, params={"csrf": own}).status_code == FORBIDDEN, "an address is no form"
        path = name.partition(" ")[2]
        for method in ("GET", "PUT", "DELETE"):
            if f"{method} {path}" not in MATRIX and roles != EVERYBODY:
                answer = browser.request(method, path.format(**PARTS), headers={"x-csrf-token": own})
                assert answer.status_code in (404, 405), (method, name, answer.status_code)
    assert everything(centre) == before


def everything(centre) -> dict[str, list[tuple[object, ...]]]:
    """All rows of the registry but when a login was last used."""
    with centre.registry.reading() as session:
        tables = session.connection().exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {
            name: [tuple(row) for row in session.connection().exec_driver_sql(f'SELECT * FROM "{name}"')]
            for (name,) in tables.all()
            if name != "login_sessions"
        }
