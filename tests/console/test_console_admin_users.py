"""Users from the console: made, given rights and passwords, shut; never oneself, never the last one."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from console_admin_browser import ADMIN, AdminBrowser
from console_centre import NOW_MS
from console_login import PASSWORD, PASSWORDS, Limits, token_of, user_of
from fresh_registry import fresh_registry
from sqlalchemy import select

from console.admin_words import ACCOUNT_ERRORS
from registry.account_errors import RULES, AccountError
from registry.accounts import By, Rights, disable_user, find_user
from registry.admins import refuse_losing_last
from registry.tables import Audit, County, LoginSession

COMPANY = "清源环保运维有限公司"
FRESH = {"fresh": PASSWORD, "again": PASSWORD}


@pytest.fixture
def admin(centre, tmp_path):
    browser = AdminBrowser(centre, tmp_path)
    with browser.client:
        yield browser


@pytest.fixture
def wang(centre):
    return user_of(centre.registry, Limits("operator", ("410882",)), "王工", PASSWORD)


def trail_of(registry, subject):
    with registry.reading() as session:
        rows = session.scalars(select(Audit).where(Audit.object == subject).order_by(Audit.id))
        return [(row.actor, row.action, row.before, row.after) for row in rows]


def seen_user(registry, name):
    with registry.reading() as session:
        return find_user(session, name)


def test_a_user_is_made_and_may_log_in(admin, centre):
    answer = admin.post("/admin/users", name="李工", role="operator", county=["410882"], **FRESH)
    assert answer.status_code == 200
    assert "李工 may log in now." in answer.text
    user = seen_user(centre.registry, "李工")
    assert (user.role, user.counties) == ("operator", ["410882"])
    assert PASSWORDS.check(user.password_hash, PASSWORD).is_right
    rights = {"role": "operator", "counties": ["410882"], "company_id": None}
    assert trail_of(centre.registry, "user:李工") == [("admin", "user.add", None, rights)]
    text = admin.get("/admin/users").text
    assert re.search(r'<a href="/admin/users/\d+">李工</a>', text)
    assert "沁阳市" in text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": ""}, "1 to 64 printable letters"),
        ({"name": "x" * 65}, "1 to 64 printable letters"),
        ({"name": "ADMIN"}, "of this name already"),
        ({"again": "something else"}, "The two passwords differ"),
        ({"fresh": "short", "again": "short"}, "at least 10 letters"),
        ({"role": "emperor"}, "no such role"),
        ({"role": "contractor"}, "needs the company"),
        ({"role": "contractor", "company": "谁也不是"}, "no such O&amp;M company"),
        ({"county": ["999999"]}, "no such county"),
    ],
)
def test_what_is_wrong_with_a_new_user_is_said_and_what_was_typed_stays(admin, centre, fields, said):
    given = {"name": "李工", "role": "manager", "county": ["410882"], **FRESH} | fields
    answer = admin.post("/admin/users", **given)
    assert answer.status_code == 400
    assert said in answer.text
    assert PASSWORD not in answer.text
    if given["role"] != "emperor":
        assert f'value="{given["role"]}" checked' in answer.text
    assert seen_user(centre.registry, "李工") is None


def test_rights_password_and_account_are_changed_and_noted(admin, centre, wang):
    path, subject = f"/admin/users/{wang.id}", "user:王工"
    answer = admin.post(path, do="rights", role="contractor", company=COMPANY)
    assert "The rights of 王工 are changed" in answer.text
    assert "The rights of 王工" not in admin.get(path).text  # once
    user = seen_user(centre.registry, "王工")
    assert (user.role, user.counties, user.company_id) == ("contractor", [], 1)
    assert trail_of(centre.registry, subject)[-1][1:] == (
        "user.change",
        {"role": "operator", "counties": ["410882"], "company_id": None},
        {"role": "contractor", "counties": [], "company_id": 1},
    )
    other = "drei Haselnüsse"
    assert "another password" in admin.post(path, do="password", fresh=other, again=other).text
    assert PASSWORDS.check(seen_user(centre.registry, "王工").password_hash, other).is_right
    assert "may not log in any more" in admin.post(path, do="disable").text
    assert seen_user(centre.registry, "王工").disabled_ms == NOW_MS
    assert "Enable the account" in admin.get(path).text
    assert "may log in again" in admin.post(path, do="enable").text
    assert seen_user(centre.registry, "王工").disabled_ms is None
    assert [row[1] for row in trail_of(centre.registry, subject)][-3:] == [
        "user.password", "user.disable", "user.enable",
    ]  # fmt: skip


def test_logins_are_shown_and_ended(admin, centre):
    token_of(centre.registry, Limits("viewer"))
    viewer = seen_user(centre.registry, "viewer")
    path = f"/admin/users/{viewer.id}"
    assert "192.0.2.7" in admin.get(path).text
    assert "All logins of viewer have ended" in admin.post(path, do="end").text
    assert "Logged in nowhere" in admin.get(path).text
    with centre.registry.reading() as session:
        assert session.query(LoginSession).filter_by(user_id=viewer.id).count() == 0
    assert trail_of(centre.registry, "user:viewer")[-1][1] == "user.end_sessions"


@pytest.mark.parametrize(
    "fields",
    [{"do": "rights", "role": "viewer"}, {"do": "disable"}, {"do": "password", **FRESH}, {"do": "enable"}],
)
def test_nobody_does_it_to_themselves(admin, centre, fields):
    own = seen_user(centre.registry, "admin")
    answer = admin.post(f"/admin/users/{own.id}", **fields)
    assert answer.status_code == 400
    assert "Ask another administrator" in answer.text
    assert 'value="disable"' not in answer.text
    after = seen_user(centre.registry, "admin")
    assert (after.role, after.disabled_ms, after.password_hash) == ("admin", None, own.password_hash)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_last_administrator_of_the_whole_centre_stays(request, kind, centre):
    registry = centre.registry
    if kind == "postgresql":
        registry = request.getfixturevalue("empty_postgres")
    with registry.writing() as session:
        session.merge(County(code="410882", name="沁阳市"))
    user_of(registry, Limits("admin"), "甲")
    user_of(registry, Limits("admin", ("410882",)), "县管")
    user_of(registry, Limits("admin"), "乙")
    with registry.writing() as session:
        refuse_losing_last(session, find_user(session, "甲"))
        disable_user(session, find_user(session, "乙"), By("test", NOW_MS))
    for rights in (None, Rights("manager"), Rights("admin", ("410882",))):
        with registry.writing() as session, pytest.raises(AccountError, match="at least one administrator"):
            refuse_losing_last(session, find_user(session, "甲"), rights)
    with registry.writing() as session:
        refuse_losing_last(session, find_user(session, "甲"), Rights("admin"))
        refuse_losing_last(session, find_user(session, "县管"))
        refuse_losing_last(session, find_user(session, "乙"))


@pytest.fixture
def empty_postgres(postgres):
    with closing(fresh_registry(postgres.new_registry())) as registry:
        yield registry


def test_whoever_administers_a_county_stays_within_it(centre, tmp_path, wang):
    with centre.registry.writing() as session:
        session.add(County(code="410823", name="武陟县"))
    boss = user_of(centre.registry, Limits("admin"), "王局")
    other = user_of(centre.registry, Limits("viewer", ("410823",)), "赵工")
    browser = AdminBrowser(centre, tmp_path, Limits("admin", ("410882",)))
    with browser.client:
        text = browser.get("/admin/users").text
        assert "王工" in text
        for hidden in ("王局", "赵工", "武陟县"):
            assert hidden not in text
        for user in (boss, other):
            assert browser.get(f"/admin/users/{user.id}").status_code == 404
            answer = browser.post(f"/admin/users/{user.id}", do="disable")
            assert answer.status_code == 404
            assert "There is no such user" in answer.text
        for county in ([], ["410823"], ["410882", "410823"]):
            answer = browser.post(f"/admin/users/{wang.id}", do="rights", role="operator", county=county)
            assert answer.status_code == 400
            assert "within the counties that you see yourself" in answer.text
        done = browser.post(f"/admin/users/{wang.id}", do="rights", role="manager", county=["410882"])
        assert done.status_code == 200
    assert seen_user(centre.registry, "王工").role == "manager"


def test_odd_requests_do_nothing(admin, wang):
    for path in ("/admin/users/0", "/admin/users/x", "/admin/users/99999999999999999999"):
        assert admin.get(path).status_code == 404
        assert admin.post(path, do="disable").status_code == 404
    assert admin.post(f"/admin/users/{wang.id}", do="delete").status_code == 400
    assert admin.post(f"/admin/users/{wang.id}").status_code == 400


def test_every_rule_has_words():
    assert set(ACCOUNT_ERRORS) == set(RULES)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_two_who_shut_each_other_out_do_not_both_succeed(request, kind, centre):
    registry = centre.registry if kind == "sqlite" else request.getfixturevalue("empty_postgres")
    for name in ("甲", "乙"):
        user_of(registry, ADMIN, name)
    together = threading.Barrier(2, timeout=20)

    def shut(name):
        together.wait()
        try:
            with registry.writing() as session:
                user = find_user(session, name)
                refuse_losing_last(session, user)
                disable_user(session, user, By("test", NOW_MS))
        except AccountError as error:
            return error.code
        return "done"

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(shut, ("甲", "乙")))
    assert outcomes == ["done", "last_admin"]
