"""Who may use the installer's site, with time moved by hand; and what forms and markup are made of."""

from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edge_agent.phone.asked import FormError, cookies_of, form_of, language_of, target_of
from edge_agent.phone.gate import Gate, is_pin, is_token, new_pin, wait_after
from edge_agent.phone.html import Html, joined, tag
from edge_agent.phone.server import host_name

PIN = "012345"


def gate() -> Gate:
    return Gate(PIN, open_s=1800, now_s=100.0)


def test_the_right_pin_opens_and_a_wrong_one_does_not():
    door = gate()
    assert door.enter("012346", 100) is None
    assert door.enter("", 100) is None
    assert door.enter("０１２３４５", 100) is None
    session = door.enter(PIN, 100)
    assert door.session(session.key) == session
    assert door.session("") is None
    assert is_token(session, session.token)
    assert not is_token(session, session.key)
    assert not is_token(session, "")


def test_five_wrong_pins_cost_all_a_growing_wait_and_the_right_one_ends_it():
    door = gate()
    for _ in range(5):
        assert door.enter("999999", 100) is None
    assert door.wait_s(100) == 10
    assert door.enter(PIN, 109.9) is None  # nor is the right one taken
    assert door.wait_s(109.9) == pytest.approx(0.1)
    assert door.enter("999999", 110) is None
    assert door.wait_s(110) == 20
    assert door.enter(PIN, 130) is not None
    assert door.enter("999999", 130) is None
    assert door.wait_s(130) == 0


def test_the_wait_grows_and_has_an_end():
    waits = [wait_after(number) for number in range(40)]
    assert waits[:8] == [0, 0, 0, 0, 0, 10, 20, 40]
    assert waits == sorted(waits)
    assert waits[-1] == 300


def test_it_closes_and_can_be_kept_open_but_not_opened_again():
    door = gate()
    assert door.left_s(100) == 1800
    door.prolong(1000)
    assert door.left_s(1000) == 1800
    assert door.left_s(2800) == 0
    door.prolong(2800)
    assert door.left_s(2800) == 0


def test_the_oldest_of_too_many_sessions_ends():
    door = gate()
    sessions = [door.enter(PIN, 100) for _ in range(9)]
    assert door.session(sessions[0].key) is None
    assert all(door.session(each.key) for each in sessions[1:])
    assert len({each.key for each in sessions} | {each.token for each in sessions}) == 18


def test_pins_have_six_digits():
    pins = {new_pin() for _ in range(50)}
    assert all(is_pin(pin) for pin in pins)
    assert len(pins) > 40
    assert not any(is_pin(text) for text in ("", "12345", "1234567", "12345a", "１２３４５６", "12345\n"))


@given(st.text(), st.text())
def test_whatever_is_shown_is_escaped(inside, value):
    heard = []
    reader = HTMLParser()
    reader.handle_starttag = lambda name, attributes: heard.append((name, dict(attributes)))
    markup = tag("p", inside, tag("b", value), title=value)
    reader.feed(markup)
    reader.close()
    assert [name for name, _ in heard] == ["p", "b"]
    assert list(heard[0][1]) == ["title"]
    assert isinstance(joined([inside], None, Html("<br>")), Html)


@example(b"\r" * 9000 + b"\n\r\n" * 3000, "")
@example(bytes(range(256)) * 200, "b")
@given(st.binary(max_size=3000), st.text(st.characters(codec="utf-8"), max_size=50))
def test_a_file_comes_through_a_form_as_it_was(octets, text):
    text = text.replace("\r", "").replace("\n", "")
    edge = "x-5b0f-edge"
    if edge.encode() in octets:
        return
    body = (
        f'--{edge}\r\nContent-Disposition: form-data; name="token"\r\n\r\n'.encode()
        + text.encode()
        + f'\r\n--{edge}\r\nContent-Disposition: form-data; name="bundle"; filename="b"\r\n'.encode()
        + b"Content-Type: application/octet-stream\r\n\r\n"
        + octets
        + f"\r\n--{edge}--\r\n".encode()
    )
    form = form_of(f"multipart/form-data; boundary={edge}", body)
    assert form.files == {"bundle": octets}
    assert form.fields == {"token": [text]}


@given(
    st.sampled_from(
        ["application/x-www-form-urlencoded", "multipart/form-data; boundary=a", "multipart/form-data", ""]
    ),
    st.binary() | st.binary().map(lambda octets: b"--a\r\n" + octets + b"\r\n--a--"),
)
def test_bytes_that_are_no_form_are_refused_in_one_way(kind, body):
    try:
        form = form_of(kind, body)
    except FormError:
        return
    assert all(isinstance(value, str) for values in form.fields.values() for value in values)
    assert all(isinstance(octets, bytes) for octets in form.files.values())


@given(st.text())
def test_cookies_and_paths_never_break_anything(text):
    assert isinstance(cookies_of(text), dict)
    assert isinstance(host_name(text), str)
    try:
        path, _ = target_of(text)
    except FormError:
        return
    assert isinstance(path, str)


def test_the_language_asked_for_goes_before_the_one_kept():
    assert language_of({}, "", "zh-CN") == "zh-CN"
    assert language_of({}, "en", "zh-CN") == "en"
    assert language_of({"language": ["zh-CN"]}, "en", "en") == "zh-CN"
    assert language_of({"language": ["<b>"]}, "fr", "en") == "en"
