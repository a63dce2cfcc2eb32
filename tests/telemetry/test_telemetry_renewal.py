"""The words of a certificate's renewal, as they stand on the wire."""

import json

import pytest

from telemetry.renewal import (
    LONGEST_PEM,
    Answer,
    Asked,
    decode_answer,
    decode_asked,
    encode_answer,
    encode_asked,
)


def test_what_a_station_asks():
    payload = encode_asked(Asked("-----BEGIN CERTIFICATE REQUEST-----"))
    assert json.loads(payload) == {"v": 1, "renew": {"csr": "-----BEGIN CERTIFICATE REQUEST-----"}}
    assert decode_asked(payload) == Asked("-----BEGIN CERTIFICATE REQUEST-----")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(crt="-----BEGIN CERTIFICATE-----"), {"crt": "-----BEGIN CERTIFICATE-----"}),
        (Answer(refused="not_due"), {"refused": "not_due"}),
    ],
)
def test_what_the_centre_answers(answer, said):
    payload = encode_answer(answer)
    assert json.loads(payload) == {"v": 1, "certificate": said}
    assert decode_answer(payload) == answer


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"v":1}',
        b'{"v":1,"poll":"now"}',
        b'{"v":2,"renew":{"csr":"a"},"certificate":{"crt":"a"}}',
        b'{"v":1,"renew":{},"certificate":{"crt":1}}',
        b'{"v":1,"renew":{"csr":"%s"},"certificate":{"crt":"%s"}}'
        % (b"a" * (LONGEST_PEM + 1), b"a" * (LONGEST_PEM + 1)),
        b'{"v":1,"renew":' + b"[" * 100_000,
    ],
)
def test_other_messages_ask_and_answer_nothing(payload):
    assert decode_asked(payload) is None
    assert decode_answer(payload) is None
