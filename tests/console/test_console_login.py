"""Logging in: what is told and what is not, the waits, what ends a login, cookies, and https."""

import ssl
import threading
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import msgspec
import pytest
from console_centre import MINUTE_MS, NOW_MS
from console_login import PASSWORD, PASSWORDS, Limits, user_of
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from fastapi.testclient import TestClient
from sqlalchemy import select

from console.app import create_app
from console.login_pages import FIRST_USER
from console.server import ListenError, address_of, listen, serve
from registry.accounts import By, disable_user, find_user
from registry.tables import Audit, LoginSession, User

WRONG = "User or password is not right."
ENGLISH = {"accept-language": "en"}


def app_of(centre, tmp_path):
    stores = centre.registry, centre.history, centre.clock
    return create_app(centre.settings, *stores, tmp_path / "vega-0.js", passwords=PASSWORDS)


@pytest.fixture
def wang(centre):
    """An operator with a true password."""
    return user_of(centre.registry, Limits("operator"), "王工", PASSWORD)


@pytest.fixture
def browser(centre, tmp_path):
    with TestClient(app_of(centre, tmp_path), headers=ENGLISH, follow_redirects=False) as client:
        yield client


def form_of(browser, path="/login"):
    text = browser.get(path).text
    return {name: text.partition(f'name="{name}" value="')[2].partition('"')[0] for name in ("csrf", "next")}


def log_in(browser, name="王工", password=PASSWORD, path="/login", **more):
    return browser.post("/login", data=form_of(browser, path) | {"name": name, "password": password}, **more)


def test_who_logs_in_goes_on_and_gets_a_fresh_token_each_time(browser, wang, centre):
    browser.cookies.set("session", "chosen by somebody else")
    answer = log_in(browser, path="/login?next=/stations%3Fq%3D1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/stations?q=1")
    first = browser.cookies.get("session", path="/", domain="testserver.local")
    cookie = next(each for each in answer.headers.get_list("set-cookie") if each.startswith("session="))
    assert "; HttpOnly; Path=/; SameSite=lax" in cookie
    assert "Secure" not in cookie  # this is http
    assert "Max-Age" not in cookie  # it ends with the browser
    page = browser.get("/").text
    assert "王工" in page
    assert "operator" in page
    assert browser.get("/login?next=/alarms").headers["location"] == "/alarms"
    browser.cookies.clear()
    assert log_in(browser, path="/login?next=//evil.example").headers["location"] == "/"
    assert browser.cookies["session"] not in (first, "chosen by somebody else")
    with centre.registry.reading() as session:
        assert session.scalars(select(Audit.action)).all()[-2:] == ["user.login", "user.login"]
        assert session.scalars(select(Audit.address)).all()[-1] == "testclient"


def test_a_login_by_another_site_s_form_is_refused(browser, wang):
    data = {"name": "王工", "password": PASSWORD}
    assert browser.post("/login", data=data).status_code == 403
    assert log_in(browser, headers={"origin": "http://evil.example"}).status_code == 403
    assert browser.get("/").status_code == 303


def test_a_name_that_nobody_has_is_answered_like_any_other(browser, wang, centre):
    told = {}
    for name in ("王工", "nobody", "hunter2 typed into the wrong field"):
        answers = [log_in(browser, name, "wrong password") for _ in range(4)]
        told[name] = [
            (each.status_code, each.headers.get("retry-after"), WRONG in each.text, "2 seconds" in each.text)
            for each in answers
        ]
    assert told["王工"] == [
        (401, None, True, False), (401, None, True, False), (401, "2", True, True), (429, "2", False, True),
    ]  # fmt: skip
    assert told["nobody"] == told["王工"]
    with centre.registry.reading() as session:
        trail = [(row.actor, row.action, row.object) for row in session.scalars(select(Audit))][-9:]
    assert trail[:3] == [("王工", "user.login_failed", "user:王工")] * 3
    assert trail[3:] == [("unknown", "user.login_failed", "user:unknown")] * 6


def test_while_it_waits_the_right_password_does_not_help_and_then_it_does(browser, wang, centre):
    for _ in range(3):
        log_in(browser, password="wrong password")
    answer = log_in(browser)
    assert answer.status_code == 429
    assert "Too many logins failed." in answer.text
    assert "Try again in 2 seconds." in answer.text
    assert "请在 2 秒钟后重试" in log_in(browser, headers={"accept-language": "zh-CN"}).text
    centre.clock.now_ms += 1_999
    assert "Try again in 1 second." in log_in(browser).text
    centre.clock.now_ms += 1
    assert log_in(browser).status_code == 303
    browser.cookies.clear()
    assert log_in(browser, password="wrong password").headers.get("retry-after") is None  # counted anew


def test_a_disabled_user_is_out_at_once_and_told_nothing(browser, wang, centre):
    log_in(browser)
    assert browser.get("/").status_code == 200
    with centre.registry.writing() as session:
        disable_user(session, find_user(session, "王工"), By("test", NOW_MS))
    assert browser.get("/").status_code == 303
    answer = log_in(browser)
    assert (answer.status_code, WRONG in answer.text) == (401, True)


def test_a_login_lives_by_requests_and_not_beyond_a_shift(browser, wang, centre):
    log_in(browser)
    for _ in range(24):
        centre.clock.now_ms += 29 * MINUTE_MS
        assert browser.get("/alarms?fragment=1").status_code == 200
    centre.clock.now_ms = NOW_MS + 12 * 60 * MINUTE_MS
    assert browser.get("/alarms?fragment=1").status_code == 401
    log_in(browser)
    centre.clock.now_ms += 30 * MINUTE_MS
    assert browser.get("/").headers["location"] == "/login"


def test_the_last_use_is_written_once_a_minute(browser, wang, centre):
    def last_used():
        with centre.registry.reading() as session:
            return session.scalars(select(LoginSession.last_used_ms)).one() - NOW_MS

    log_in(browser)
    for gone, written in ((59_999, 0), (60_000, 60_000), (119_999, 60_000), (120_000, 120_000)):
        centre.clock.now_ms = NOW_MS + gone
        browser.get("/alarms")
        assert last_used() == written


def test_logging_out_ends_the_session_for_a_copied_cookie_too(browser, wang):
    log_in(browser)
    copied = browser.cookies["session"]
    page = browser.get("/").text
    csrf = page.partition('data-csrf="')[2].partition('"')[0]
    answer = browser.post("/logout", data={"csrf": csrf})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert "session" not in browser.cookies
    browser.cookies.set("session", copied)
    assert browser.get("/").status_code == 303


def test_one_changes_one_s_password_and_other_browsers_are_out(browser, wang, centre, tmp_path):
    log_in(browser)
    csrf = browser.get("/account").text.partition('data-csrf="')[2].partition('"')[0]
    fresh = "山高 月小 水落 石出"

    def change(present, new, again):
        return browser.post(
            "/account/password", data={"csrf": csrf, "present": present, "fresh": new, "again": again}
        )

    with TestClient(app_of(centre, tmp_path), headers=ENGLISH, follow_redirects=False) as other:
        log_in(other)
        assert "The present password is not right." in change("wrong password", fresh, fresh).text
        assert "The two passwords differ." in change(PASSWORD, fresh, f"{fresh}x").text
        assert "at least 10 letters" in change(PASSWORD, "short", "short").text
        assert "must not be the user's name" not in change(PASSWORD, "short", "short").text
        assert other.get("/").status_code == 200
        assert change(PASSWORD, fresh, fresh).headers["location"] == "/account?changed=1"
        assert other.get("/").status_code == 303
        assert "is changed" in browser.get("/account?changed=1").text
        assert log_in(other).status_code == 401
        assert log_in(other, password=fresh).status_code == 303
        text = browser.get("/account").text
        assert text.count("this browser") == 1
        key = text.partition('name="key" value="')[2].partition('"')[0]
        csrf = text.partition('data-csrf="')[2].partition('"')[0]
        browser.post("/account/sessions", data={"csrf": csrf, "key": key})
        assert other.get("/").status_code == 303
        assert browser.get("/").status_code == 200


def test_nobody_ends_another_s_session(browser, wang, centre, tmp_path):
    user_of(centre.registry, Limits("viewer"), "li", PASSWORD)
    log_in(browser)
    with TestClient(app_of(centre, tmp_path), headers=ENGLISH, follow_redirects=False) as other:
        log_in(other, "li")
        with centre.registry.reading() as session:
            keys = session.scalars(
                select(LoginSession.token_sha256).join(User).where(User.name == "li")
            ).all()
        csrf = browser.get("/account").text.partition('data-csrf="')[2].partition('"')[0]
        browser.post("/account/sessions", data={"csrf": csrf, "key": keys[0]})
        assert other.get("/").status_code == 200


def test_without_a_user_the_page_says_how_the_first_is_made(browser, centre):
    assert FIRST_USER in browser.get("/login").text
    user_of(centre.registry, Limits("viewer"))
    assert FIRST_USER not in browser.get("/login").text


@pytest.fixture
def certificate(tmp_path):
    """A self-signed certificate of 127.0.0.1 and its key, made for this test."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    files = tmp_path / "console.crt", tmp_path / "console.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return files


def cookies_of(address, headers, context=None):
    with urlopen(Request(f"{address}login", headers=headers), timeout=10, context=context) as answer:
        return answer.headers.get_all("set-cookie")


def test_over_https_the_cookie_is_bound_to_this_host(centre, tmp_path, certificate):
    files = {"tls_cert_file": str(certificate[0]), "tls_key_file": str(certificate[1])}
    console = msgspec.structs.replace(centre.settings.console, **files)
    stop = threading.Event()
    with listen("127.0.0.1", 0) as taken:
        thread = threading.Thread(target=serve, args=(app_of(centre, tmp_path), taken, stop, console))
        thread.start()
        try:
            address = address_of(taken, is_tls=True)
            context = ssl.create_default_context(cafile=str(certificate[0]))
            (cookie,) = cookies_of(address, {}, context)
        finally:
            stop.set()
            thread.join()
    assert cookie.startswith("__Host-login=")
    assert "; HttpOnly; Path=/; SameSite=lax; Secure" in cookie


def test_a_proxy_is_believed_only_if_it_is_named(centre, tmp_path):
    told = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.50"}
    for proxies, name in ((["127.0.0.1"], "__Host-login="), (["192.0.2.1"], "login=")):
        console = msgspec.structs.replace(centre.settings.console, proxy_addresses=proxies)
        stop = threading.Event()
        with listen("127.0.0.1", 0) as taken:
            thread = threading.Thread(target=serve, args=(app_of(centre, tmp_path), taken, stop, console))
            thread.start()
            try:
                (cookie,) = cookies_of(address_of(taken), told)
                assert cookie.startswith(name)
                origin = {"Origin": "https://127.0.0.1", "Host": "127.0.0.1", **told}
                with pytest.raises(HTTPError) as refused:
                    urlopen(Request(f"{address_of(taken)}login", data=b"", headers=origin), timeout=10)
                text = refused.value.read().decode()
                refused.value.close()
                assert ("该表单已失效" in text) == (name != "login=")  # the origin was right, the form is not
            finally:
                stop.set()
                thread.join()


def test_a_certificate_that_does_not_fit_is_said_in_one_line(centre, tmp_path, certificate):
    console = msgspec.structs.replace(
        centre.settings.console, tls_cert_file=str(certificate[0]), tls_key_file=str(certificate[0])
    )
    with (
        listen("127.0.0.1", 0) as taken,
        pytest.raises(ListenError, match=r"console\.crt .*cannot be used: "),
    ):
        serve(app_of(centre, tmp_path), taken, threading.Event(), console)
