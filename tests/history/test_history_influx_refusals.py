"""Every refusal of an InfluxDB or a proxy before it: which error, which words, and nothing lost."""

import base64
import json
import re
from contextlib import closing, contextmanager
from dataclasses import replace

import pytest
from influx_front import front_of

from history.influx_errors import LONGEST_WORDS, retry_after_s, words
from history.influxdb import InfluxHistory
from history.port import (
    HistoryError,
    HistoryMisconfiguredError,
    QuarterHour,
    StationReading,
)
from telemetry.reading import Reading

A = "410882-0001"
NGINX = b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n</body>\r\n</html>"


def some(count, first=0, **x):
    x = x or {"energy_kwh": 1.5}
    return [StationReading(A, Reading(t=first + t, d="power-1", k="power", x=x)) for t in range(count)]


@pytest.fixture
def front(influx):
    with front_of(influx.server.url) as server:
        yield server


@pytest.fixture
def history(influx, front):
    with closing(InfluxHistory(replace(influx.place, url=front.url))) as opened:
        yield opened


def stored(influx):
    with closing(influx.open()) as history:
        return [reading.t for reading in history.raw(A, None, -(2**50), 2**50)]


@contextmanager
def refusal(front, kind=HistoryError):
    with pytest.raises(HistoryError) as caught:
        yield caught
    assert type(caught.value) is kind
    text = str(caught.value)
    assert "\n" not in text
    assert text.startswith(f"history {front.url}: ")
    caught.said = text.removeprefix(f"history {front.url}: ")


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (401, b'{"error":"authorization failed"}', "HTTP 401: authorization failed. Check token_file"),
        (401, b'{"code":"unauthorized","message":"unauthorized access"}', "HTTP 401: unauthorized access. "),
        (
            403,
            b'{"error":"\\"x\\" user is not authorized"}',
            'HTTP 403: "x" user is not authorized. Giv',
        ),
        (
            404,
            b'{"code":"not found","message":"bucket \\"q\\" not found"}',
            'HTTP 404: bucket "q" not found',
        ),
        (404, b"404 page not found\n", "HTTP 404: 404 page not found. Check url, org and bucket"),
        (405, b"", "HTTP 405. Is there an InfluxDB at this url"),
        (301, b"", "HTTP 301. Is there an InfluxDB at this url"),
        (
            500,
            b'{"error":"retention policy not found: x"}',
            "HTTP 500: retention policy not found: x. Che",
        ),
    ],
)
def test_what_somebody_has_to_mend(front, history, influx, status, body, said):
    front.say(status, body)
    with refusal(front, HistoryMisconfiguredError) as caught:
        history.write(some(3))
    assert caught.said.startswith(said)
    front.say(status, body)
    with refusal(front, HistoryMisconfiguredError) as caught:
        history.raw(A, None, 0, 10)
    assert caught.said.startswith(said)
    assert stored(influx) == []
    assert history.write(some(3)) == []


@pytest.mark.parametrize(
    ("status", "body", "headers", "said", "wait_s"),
    [
        (429, b"", {"Retry_After": "7"}, "HTTP 429", 7.0),
        (503, b'{"error":"busy\\nnow"}', {"Retry_After": "0"}, "HTTP 503: busy now", 0.0),
        (503, NGINX, {}, "HTTP 503: 502 Bad Gateway", None),
        (500, b'{"error":"timeout"}', {"Retry_After": "soon"}, "HTTP 500: timeout", None),
        (408, b"\xff\xfe", {}, "HTTP 408: ", None),
    ],
)
def test_what_waiting_may_help(front, history, influx, status, body, headers, said, wait_s):  # noqa: PLR0917 - a table
    front.say(status, body, **headers)
    with pytest.raises(HistoryError) as caught:
        history.write(some(3))
    assert caught.value.retry_after_s == wait_s
    assert stored(influx) == []
    if body != b"\xff\xfe":  # the client library reads its answers as UTF-8
        assert str(caught.value) == f"history {front.url}: {said}"
        front.say(status, body, **headers)
        with refusal(front) as caught:
            history.latest()
        assert (caught.said, caught.value.retry_after_s) == (said, wait_s)
    assert history.write(some(3)) == []
    assert stored(influx) == [0, 1, 2]


def test_a_date_to_wait_for_is_read_against_the_answer_s_own():
    told = {"Retry-After": "Sun, 22 Nov 2026 04:00:30 GMT", "Date": "Sun, 22 Nov 2026 04:00:00 GMT"}
    assert retry_after_s(told) == 30.0
    assert retry_after_s({**told, "Date": "Sun, 22 Nov 2026 05:00:00 GMT"}) == 0.0
    assert retry_after_s({"Retry-After": told["Retry-After"]}) is None
    assert retry_after_s({}) is None


def test_a_failure_in_the_midst_stores_a_part_and_the_same_again_stores_all(front, history, influx):
    history._writer._most_bytes = 500
    many = some(40)
    front.after(2, 503)
    with pytest.raises(HistoryError):
        history.write(many)
    assert len(front.heard) == 3  # nothing is tried behind the caller's back
    assert 0 < len(stored(influx)) < 40
    assert history.write(many) == []
    assert stored(influx) == list(range(40))


@pytest.mark.parametrize("status", [200, 201, 202])
def test_success_of_another_kind_is_none(front, history, status):
    """A log-in page, or a proxy that takes everything."""
    front.say(status, b"<html><title>Please log in</title></html>")
    with refusal(front, HistoryMisconfiguredError) as caught:
        history.write(some(3))
    assert caught.said.startswith(f"answered {status} where InfluxDB says 204. Check url")


def test_a_proxy_that_refuses_everything_costs_no_reading(front, history, influx):
    """Else 400 from a wrong port would make the collector tell all stations that their readings are bad."""
    front.always = (400, {}, b"<html><title>400 The plain HTTP request was sent to HTTPS port</title></html>")
    with refusal(front, HistoryMisconfiguredError) as caught:
        history.write(some(3))
    assert caught.said.startswith(
        "refuses even a trial line: 400 The plain HTTP request was sent to HTTPS port. Check url"
    )
    front.always = None
    assert history.write(some(3)) == []


FULL = [
    "partial write: max-series-per-database limit exceeded: (1000000) dropped=3",
    "partial write: max-values-per-tag limit exceeded (100000/100000): measurement=power dropped=1",
    "Update to schema would exceed number of tables per database limit of 2000 tables",
]


@pytest.mark.parametrize("said", FULL)
def test_a_server_that_is_full_costs_no_reading(front, history, influx, said):
    """The readings of a new station are good, whatever the server's limits are."""
    front.say(400, json.dumps({"error": said}).encode())
    with refusal(front, HistoryMisconfiguredError) as caught:
        history.write(some(3))
    assert caught.said == f"{said}. Raise that limit on the server; the readings are not at fault."
    assert history.write(some(3)) == []


@pytest.mark.parametrize("status", [400, 422])
def test_a_server_that_keeps_nothing_of_a_refused_request_is_halved(front, history, influx, status):
    """As 2.x does with a malformed line."""
    bad = some(1, 3, energy_kwh=float("nan"))[0]
    readings = [*some(3), bad, *some(5, 4)]
    front.say(status, b'{"code":"invalid","message":"unable to parse"}')
    (rejected,) = history.write(readings)
    assert rejected.reading is bad
    assert re.fullmatch(r"unable to parse '.* energy_kwh=null,.*': invalid number", rejected.text)
    assert stored(influx) == [0, 1, 2, 4, 5, 6, 7, 8]


def test_a_server_that_names_the_lines_is_believed_only_line_by_line(front, history, influx):
    """InfluxDB 3 adds the lines as data."""
    data = [{"original_line": "power", "line_number": 1, "error_message": "no"}]
    front.say(400, json.dumps({"error": "partial write of line protocol occurred", "data": data}).encode())
    assert history.write(some(4)) == []
    assert stored(influx) == [0, 1, 2, 3]


def test_too_large_a_request_is_halved_and_the_size_is_learnt(front, history, influx):
    front.limit = 300_000
    many = some(8_000)
    assert history.write(many) == []
    tries = len(front.heard)
    assert history.write(many) == []
    assert all(len(body) <= front.limit for _, body in front.heard[tries:])
    assert stored(influx) == list(range(8_000))


def test_a_server_that_takes_next_to_nothing_is_named(front, history):
    front.always = (413, {}, b"")
    with refusal(front, HistoryMisconfiguredError) as caught:
        history.write(some(5))
    assert caught.said.startswith("HTTP 413 to a request of less than 64000 bytes. Let the proxy")


def test_one_connection_serves_many_writes_and_one_many_reads(front, history):
    for t in range(20):
        history.write(some(1, t))
        assert history.latest([A])[A][0].t == t
    assert front.connections == 2


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"<html>Please log in</html>",
        b'{"results":[{"series":[{"columns":["time"],"partial":true}],"partial":true}]}',
        b'{"results":[{"series":[{"columns":["time"],"values":[[1]]}],"partial":true}]}\n',
        b'{"results":[{"error":"query interrupted"}]}',
        b'{"error":"shard gone"}',
        b'{"results":[{"series":[{"name":"databases","columns":["name"],"values":[["x"]]}]}]}',
    ],
)
def test_half_an_answer_is_none(front, history, body):
    front.say(200, body)
    with refusal(front):
        history.quarter_hours(0, 1)


def test_an_answer_that_breaks_off_is_none(front, history):
    front.say(200, b'{"results":[{"statement_id":0}]}', Content_Length="1000")
    front.say(200, b"")
    with pytest.raises(HistoryError), closing(InfluxHistory(replace(history._place, timeout_s=0.1))) as other:
        other.quarter_hours(0, 1)


@pytest.mark.parametrize(
    ("keys", "header"),
    [
        ({}, None),
        ({"token": "secret"}, "Token secret"),
        ({"username": "centre", "password": "a:b"}, f"Basic {base64.b64encode(b'centre:a:b').decode()}"),
    ],
)
def test_who_we_are_is_said_on_both_ways(front, influx, keys, header):
    place = replace(influx.place, url=f"{front.url}/", **keys)
    with closing(InfluxHistory(place)) as history:
        history.write(some(1))
        history.raw(A, None, 0, 1)
    assert set(front.tokens) == {header}
    assert "secret" not in repr(place)
    assert "a:b" not in repr(place)


def test_each_generation_is_asked_as_it_wants_it(front, influx):
    database = influx.place.bucket.removesuffix("/raw")
    for bucket, org in ((f"{database}/raw", ""), (database, "bureau")):
        with closing(InfluxHistory(replace(influx.place, url=front.url, bucket=bucket, org=org))) as history:
            assert history.write(some(1)) == []
            assert len(history.raw(A, None, 0, 1)) == 1
    paths = {path for path, _ in front.heard}
    assert paths == {
        f"/api/v2/write?org=&bucket={database}%2Fraw&precision=ms",
        f"/api/v2/write?org=bureau&bucket={database}&precision=ms",
        "/query",
    }
    assert {body.count(b"rp=raw") for path, body in front.heard if path == "/query"} == {0, 1}


def test_a_quarter_hour_that_is_refused_is_never_lost_in_silence(front, history):
    front.say(400, b'{"error":"partial write: points beyond retention policy dropped=1"}')
    with refusal(front, HistoryMisconfiguredError) as caught:
        history.write_quarter_hours([QuarterHour(A, 900_000)])
    assert caught.said.startswith(f"refuses the quarter hour 900000 of {A}: partial write: points beyond ret")
    assert caught.said.endswith("Let the bucket keep at least 5 years, and write nothing else into it.")


def test_words_are_one_plain_short_line():
    assert words(None) == words(b"") == ""
    assert words(b'{"error":"a\\u0007b\\tc"}') == "a b c"
    assert words(b"\xff" * 9) == "�" * 9
    assert len(words("x" * 5_000)) == LONGEST_WORDS
    assert words(b"[" * 100_000).startswith("[[")
