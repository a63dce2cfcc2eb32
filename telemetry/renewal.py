"""Renewing a station's certificate over its link: asked for on `reply`, answered on `command`.

    station -> qingliu/v1/{station}/reply      {"v":1,"renew":{"csr":"-----BEGIN CERTIFICATE REQUEST-----…"}}
    centre  -> qingliu/v1/{station}/command    {"v":1,"certificate":{"crt":"-----BEGIN CERTIFICATE-----…"}}
                                            or {"v":1,"certificate":{"refused":"not_due"}}

The request is PKCS #10 (RFC 2986), signed with the new key, which never leaves the box; the broker's ACL says
who may speak for a station. Other messages on these topics are none of ours: they read as None.
"""

from typing import Annotated, Literal

import msgspec

LONGEST_PEM = 8_192
"""Letters; a request for a P-256 key has 350, a certificate 750."""
Refusal = Literal["unreadable", "other_name", "unknown_station", "not_enrolled", "not_due", "too_many"]
_Pem = Annotated[str, msgspec.Meta(max_length=LONGEST_PEM)]


class Asked(msgspec.Struct, frozen=True):
    """What a station asks for: a certificate for this request."""

    csr: _Pem


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the centre answers: a certificate, or why there is none."""

    crt: _Pem | None = None
    refused: Annotated[str, msgspec.Meta(max_length=64)] | None = None


class _Reply(msgspec.Struct, frozen=True):
    v: Literal[1]
    renew: Asked | None = None


class _Command(msgspec.Struct, frozen=True):
    v: Literal[1]
    certificate: Answer | None = None


_encoder = msgspec.json.Encoder()
_reply = msgspec.json.Decoder(_Reply)
_command = msgspec.json.Decoder(_Command)


def encode_asked(asked: Asked) -> bytes:
    """Make the payload for `reply`."""
    return _encoder.encode({"v": 1, "renew": asked})


def decode_asked(payload: bytes) -> Asked | None:
    """Read a payload from `reply`; None if it asks for no renewal or breaks the contract."""
    try:
        return _reply.decode(payload).renew
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None


def encode_answer(answer: Answer) -> bytes:
    """Make the payload for `command`."""
    return _encoder.encode({"v": 1, "certificate": answer})


def decode_answer(payload: bytes) -> Answer | None:
    """Read a payload from `command`; None if it answers no renewal or breaks the contract."""
    try:
        return _command.decode(payload).certificate
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
