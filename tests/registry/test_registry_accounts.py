"""Accounts, their sessions and the waits after failures, on both databases; passwords and roles."""

import pytest
from sqlalchemy import select

from registry.account_errors import RULES, AccountError
from registry.accounts import (
    By,
    Rights,
    add_user,
    any_user,
    change_rights,
    disable_user,
    enable_user,
    find_user,
    set_password,
    users,
)
from registry.audit import first_broken
from registry.login_delay import DELAYS, FORGOTTEN_AFTER_MS, begin_try, end_try, wait_ms
from registry.login_sessions import (
    Lifetime,
    begin_session,
    end_session,
    find_session,
    sessions_of,
    token_key,
    touch_session,
)
from registry.passwords import Passwords, weakness
from registry.roles import PERMISSIONS, ROLES, may
from registry.scope import EVERYTHING, NOTHING, Scope, scope_of
from registry.tables import Audit, Company, County, LoginFailure, LoginSession, Station, User

AT = 1_795_241_100_000
MINUTE_MS, HOUR_MS = 60_000, 3_600_000
LIFE = Lifetime(30 * MINUTE_MS, 12 * HOUR_MS)
BY = By("cli:test", AT, address="192.0.2.1")
ADDRESS = "192.0.2.9"


@pytest.fixture
def places(registry):
    with registry.writing() as session:
        session.add_all([County(code="410823", name="武陟县"), County(code="410882", name="沁阳市")])
        session.add_all([Company(id=1, name="甲运维（虚构）"), Company(id=2, name="乙运维（虚构）")])
    return registry


def refused(session, code, name, rights, by=BY):
    with pytest.raises(AccountError) as caught:
        add_user(session, name, rights, "x", by)
    assert caught.value.code == code


def test_an_account_is_made_with_its_trail_and_without_its_hash(places):
    with places.writing() as session:
        add_user(session, " 王工 ", Rights("operator", ("410882", "410823", "410882")), "$secret", BY)
        user = find_user(session, "王工")
        assert (user.role, user.counties, user.company_id) == ("operator", ["410823", "410882"], None)
        set_password(session, user, "$other", BY)
        change_rights(session, user, Rights("viewer", ("410823",)), BY)
        change_rights(session, user, Rights("viewer", ("410823",)), BY)  # nothing changes
        disable_user(session, user, BY)
        assert not any_user(session)
        enable_user(session, user, BY)
        assert any_user(session)
        trail = list(session.scalars(select(Audit).order_by(Audit.id)))
        assert first_broken(session) is None
    assert [row.action for row in trail] == [
        "user.add", "user.password", "user.change", "user.disable", "user.enable",
    ]  # fmt: skip
    assert {row.object for row in trail} == {"user:王工"}
    assert {row.address for row in trail} == {"192.0.2.1"}
    assert trail[2].before == {"role": "operator", "counties": ["410823", "410882"]}
    assert trail[2].after == {"role": "viewer", "counties": ["410823"]}
    assert "$" not in "".join(f"{row.before}{row.after}" for row in trail)


@pytest.mark.parametrize(
    ("code", "name", "rights"),
    [
        ("name_bad", "  ", Rights("viewer")),
        ("name_bad", "a\nb", Rights("viewer")),
        ("name_bad", "cli:root", Rights("viewer")),
        ("name_bad", "x" * 65, Rights("viewer")),
        ("role_unknown", "wang", Rights("root")),
        ("company_needed", "wang", Rights("contractor")),
        ("company_unwanted", "wang", Rights("viewer", company="甲运维（虚构）")),
        ("company_unknown", "wang", Rights("contractor", company="丙")),
        ("county_unknown", "wang", Rights("viewer", ("410882", "419999"))),
    ],
)
def test_what_cannot_be_is_refused_by_its_rule(places, code, name, rights):
    with places.writing() as session:
        refused(session, code, name, rights)
        assert session.scalars(select(Audit.id)).all() == []


def test_a_name_is_taken_in_either_case(places):
    with places.writing() as session:
        add_user(session, "Wang", Rights("viewer"), "x", BY)
        refused(session, "name_taken", "wANG", Rights("viewer"))


def test_an_administrator_of_a_county_sees_and_makes_only_users_within_it(places):
    limited = By("li", AT, Scope(frozenset({"410823"})))
    with places.writing() as session:
        for name, rights in {
            "all": Rights("viewer"),
            "both": Rights("viewer", ("410823", "410882")),
            "within": Rights("viewer", ("410823",)),
            "company": Rights("contractor", (), "甲运维（虚构）"),
            "company-within": Rights("contractor", ("410823",), "甲运维（虚构）"),
        }.items():
            add_user(session, name, rights, "x", BY)
        assert [each.user.name for each in users(session, limited.scope)] == ["company-within", "within"]
        assert len(users(session)) == 5
        assert find_user(session, "all", limited.scope) is None
        refused(session, "beyond_scope", "new", Rights("viewer"), limited)
        refused(session, "beyond_scope", "new", Rights("viewer", ("410882",)), limited)
        refused(session, "beyond_scope", "new", Rights("contractor", (), "甲运维（虚构）"), limited)
        add_user(session, "new", Rights("admin", ("410823",)), "x", limited)


def test_a_session_holds_by_its_use_and_ends_by_each_rule(places):
    with places.writing() as session:
        user = add_user(session, "wang", Rights("viewer"), "x", BY)
        token = begin_session(session, user, ADDRESS, AT, LIFE)
        kept = session.scalars(select(LoginSession)).one()
        assert token not in f"{kept.token_sha256} {kept.address}"
        assert len(token) >= 43  # 256 bits
        last = AT + LIFE.idle_ms - 1
        assert find_session(session, token, last, LIFE)[1].name == "wang"
        assert find_session(session, token, last + 1, LIFE) is None
        assert find_session(session, token + "x", AT, LIFE) is None
        touch_session(session, token_key(token), last)
        session.expire_all()
        assert find_session(session, token, last + 1, LIFE) is not None
        for hour in range(1, 12):
            touch_session(session, token_key(token), AT + hour * HOUR_MS)
        touch_session(session, token_key(token), AT + LIFE.whole_ms)
        session.expire_all()
        assert find_session(session, token, AT + LIFE.whole_ms - 1, LIFE) is not None
        assert find_session(session, token, AT + LIFE.whole_ms, LIFE) is None
        begin_session(session, user, ADDRESS, AT + LIFE.whole_ms, LIFE)
        assert len(session.scalars(select(LoginSession)).all()) == 1  # the old row is gone


def test_sessions_end_with_the_password_the_account_and_one_s_own_wish(places):
    with places.writing() as session:
        wang, li = (add_user(session, name, Rights("viewer"), "x", BY) for name in ("wang", "li"))
        first, second, other = (begin_session(session, user, ADDRESS, AT, LIFE) for user in (wang, wang, li))
        assert len(sessions_of(session, wang.id, AT, LIFE)) == 2
        assert not end_session(session, wang.id, token_key(other))
        assert end_session(session, wang.id, token_key(first))
        assert find_session(session, first, AT, LIFE) is None
        assert find_session(session, second, AT, LIFE) is not None
        set_password(session, wang, "y", BY)
        assert find_session(session, second, AT, LIFE) is None
        assert find_session(session, other, AT, LIFE) is not None
        li.disabled_ms = AT  # whoever writes the table, it holds at once
        session.flush()
        assert find_session(session, other, AT, LIFE) is None


def test_the_wait_grows_after_three_failures_up_to_a_quarter_of_an_hour():
    assert [DELAYS["name"].wait_ms(n) // 1000 for n in (0, 1, 2, 3, 4, 5, 11, 12, 10_000)] == [
        0, 0, 0, 2, 4, 8, 512, 900, 900,
    ]  # fmt: skip
    assert [DELAYS["address"].wait_ms(n) // 1000 for n in (19, 20, 24, 25, 99)] == [0, 2, 32, 60, 60]


@pytest.mark.parametrize("name", ["wang", "nobody", "密" * 300, "a\udcff"])
def test_failures_wait_whoever_s_name_it_is_and_are_forgotten(places, name):
    def tries(at_ms, address=ADDRESS, typed=name):
        with places.writing() as session:
            return begin_try(session, typed, address, at_ms)

    assert [tries(AT), tries(AT), tries(AT)] == [0, 0, 0]
    assert tries(AT) == 2_000
    assert tries(AT + 500, "192.0.2.77") == 1_500  # from anywhere
    assert tries(AT + 500, typed=name.upper()) == 1_500
    assert tries(AT - HOUR_MS) == 2_000  # a clock that was set back makes nobody wait for an hour
    assert tries(AT + 2_000) == 0
    with places.reading() as session:
        assert wait_ms(session, name, ADDRESS, AT + 2_000) == 4_000
        assert name not in str([row.key_sha256 for row in session.scalars(select(LoginFailure))])
    with places.writing() as session:
        end_try(session, name, ADDRESS)
        assert wait_ms(session, name, ADDRESS, AT + 2_000) == 0
        assert session.scalars(select(LoginFailure.failures)).all() == [3]  # of the address
    tries(AT + 2_001 + FORGOTTEN_AFTER_MS)
    with places.reading() as session:
        assert sorted(session.scalars(select(LoginFailure.failures))) == [1, 1]


def test_an_address_that_tries_many_names_waits_too(places):
    with places.writing() as session:
        waits = [begin_try(session, f"name-{n}", ADDRESS, AT) for n in range(21)]
        assert waits == [0] * 20 + [2_000]
        assert begin_try(session, "name-21", "192.0.2.10", AT) == 0


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("静水流深 flows deep", None),
        ("correct horse", None),
        ("九个汉字不够长吧呀", "password_short"),
        ("x" * 201, "password_long"),
        ("WANG-XIAOMING", "password_name"),
        ("gnimoaix-gnaw", "password_name"),
        ("1234567890", "password_common"),
        ("Password123", "password_common"),
        ("ababababababab", "password_common"),
    ],
)
def test_weak_passwords_are_refused_by_their_rule(password, code):
    assert weakness(password, "wang-xiaoming") == code
    assert code is None or code in RULES


def test_a_password_is_kept_as_argon2id_and_anew_when_the_parameters_change():
    passwords = Passwords()
    kept = passwords.hashed("静水流深 flows deep")
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert passwords.hashed("静水流深 flows deep") != kept
    assert passwords.check(kept, "静水流深 flows deep") == (True, None)
    assert passwords.check(kept, "静水流深 flows deeP") == (False, None)
    assert passwords.check(None, "nobody's password") == (False, None)
    assert passwords.check("!", "!") == (False, None)
    weaker = "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$RNyFZrJuaRWl0GHjUhRU/A"
    assert passwords.check(weaker, "another").is_right is False
    from argon2 import PasswordHasher  # noqa: PLC0415 - only to make a hash of before

    before = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("flows deep")
    checked = passwords.check(before, "flows deep")
    assert checked.is_right
    assert passwords.check(checked.fresh_hash, "flows deep") == (True, None)


def test_each_role_may_what_the_table_says_and_no_other_anything():
    assert set(PERMISSIONS) == set(ROLES)
    assert all(may(role, "see") for role in ROLES)
    assert not may("root", "see")
    assert [role for role in ROLES if may(role, "alarms.handle")] == ["operator", "manager", "admin"]
    assert [role for role in ROLES if may(role, "exclusions.approve")] == ["manager", "admin"]
    assert [role for role in ROLES if may(role, "users.edit")] == ["admin"]
    assert PERMISSIONS["contractor"] == {"see", "alarms.answer"}


def test_a_scope_asks_for_exactly_its_stations(places):
    with places.writing() as session:
        for county in ("410823", "410882", None):
            for company in (1, 2, None):
                session.add(Station(id=f"{county}-{company}", county_code=county, company_id=company))
    scopes = {
        EVERYTHING: 9,
        NOTHING: 0,
        Scope(frozenset({"410823"})): 3,
        Scope(frozenset({"410823", "410882"})): 6,
        Scope(None, 1): 3,
        Scope(frozenset({"410823"}), 1): 1,
    }
    with places.reading() as session:
        every = session.scalars(select(Station)).all()
        for scope, count in scopes.items():
            seen = set(session.scalars(scope.station_ids()))
            assert len(seen) == count
            assert seen == {each.id for each in every if scope.has(each.county_code, each.company_id)}
            assert EVERYTHING.covers(scope)
            assert scope.covers(scope)
            assert scope.covers(EVERYTHING) == (scope == EVERYTHING)
    assert scope_of(User(role="contractor", counties=[], company_id=None)) == NOTHING
    assert scope_of(User(role="viewer", counties=[], company_id=None)) == EVERYTHING
