import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.ack import Ack, UnreadableAckError, decode_ack, encode_ack
from telemetry.quantities import BY_NAME, LEVEL_BY_KIND, NAMES_BY_KIND, QUANTITIES, TOTAL_BY_KIND
from telemetry.status import DeviceStatus, Status, UnreadableStatusError, decode_status, encode_status
from telemetry.topics import every_station, parse, topic


def test_an_ack_looks_as_the_contract_says():
    ack = Ack(
        now=1763740805201,
        outbox="9f3c21ab",
        stored=[(1041, 1041), (1043, 1050)],
        refused=[(1042, 1042, "unknown_quantity", "unknown quantity 'foo'")],
    )
    assert json.loads(encode_ack(ack)) == {
        "v": 1,
        "outbox": "9f3c21ab",
        "now": 1763740805201,
        "stored": [[1041, 1041], [1043, 1050]],
        "refused": [[1042, 1042, "unknown_quantity", "unknown quantity 'foo'"]],
    }
    assert json.loads(encode_ack(Ack(now=1, error="not_json"))) == {"v": 1, "now": 1, "error": "not_json"}


spans = st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), max_size=4)


@given(st.integers(0), st.none() | st.just("9f3c21ab"), spans, st.none() | st.just("clock"))
def test_an_ack_survives_the_wire(now, outbox, stored, hold):
    ack = Ack(now=now, outbox=outbox, stored=stored, hold=hold)
    assert decode_ack(encode_ack(ack)) == ack


@pytest.mark.parametrize(
    "payload", [b"", b"[]", b'{"v":2,"now":1}', b'{"v":1}', b'{"v":1,"now":1,"stored":[[1]]}']
)
def test_what_is_no_ack_is_refused(payload):
    with pytest.raises(UnreadableAckError):
        decode_ack(payload)


def test_an_ack_ignores_keys_of_later_versions():
    assert decode_ack(b'{"v":1,"now":7,"weather":"fine"}') == Ack(now=7)


def test_a_status_survives_the_wire():
    status = Status(
        online=True,
        version="0.1.0",
        backlog=3,
        devices={"power-1": DeviceStatus(polls=9, failures={"echo": 2})},
    )
    assert decode_status(encode_status(status)) == status


@pytest.mark.parametrize(
    "payload",
    [b"{}", b'{"online":1}', b'{"online":true,"backlog":-1}', b'{"online":true,"version":"\\u0000"}',
     b'{"online":true,"uptime_s":1e300}', b" " * 70_000 + b'{"online":true}'],
)  # fmt: skip
def test_what_is_no_status_is_refused(payload):
    with pytest.raises(UnreadableStatusError):
        decode_status(payload)


@given(
    st.from_regex(r"[A-Za-z0-9_-]{1,32}", fullmatch=True).filter(str.isascii),
    st.sampled_from(["readings", "ack"]),
)
def test_topics_are_read_as_they_are_spelt(station, leaf):
    assert parse(topic(station, leaf)) == (station, leaf)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "qingliu/v1//readings",
        "qingliu/v2/a/readings",
        "qingliu/v1/a/b/readings",
        "qingliu/v1/站/readings",
    ],
)
def test_a_foreign_topic_is_nobodys(name):
    assert parse(name) is None


def test_a_shared_group_shares_the_filter():
    assert every_station("readings") == "qingliu/v1/+/readings"
    assert every_station("readings", "centre") == "$share/centre/qingliu/v1/+/readings"


def test_quantities_are_a_closed_list_with_one_total_and_one_level_a_kind():
    assert len(BY_NAME) == len(QUANTITIES) == sum(len(names) for names in NAMES_BY_KIND.values())
    for kind, names in NAMES_BY_KIND.items():
        assert [name for name in names if BY_NAME[name].is_total] == [TOTAL_BY_KIND[kind]]
        assert LEVEL_BY_KIND[kind] in names
