"""Acks: what the centre tells a station about the readings it sent."""

from typing import Annotated, Literal

import msgspec

Range = tuple[int, int]
RefusedRange = tuple[int, int, str, str]
"""First and last `seq` (both included), code, text."""

HOLD_UNKNOWN_STATION = "unknown_station"
HOLD_CLOCK = "clock"


class Ack(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One message on a station's `ack` topic.

    Attributes:
        v: version of the contract.
        now: the centre's clock, ms since the epoch, UTC.
        outbox: whose numbers the ranges are; absent when the payload could not be read.
        sent: echo of a hello's `sent`; only then may a box take its time from `now`.
        stored: safe in the history; leave the outbox.
        refused: will never be stored; leave the outbox for the refused table.
        hold: the whole outbox waits, for this reason.
        error: the payload was unreadable, for this reason.
    """

    v: Literal[1] = 1
    now: int
    outbox: str | None = None
    sent: int | None = None
    stored: list[Range] = []
    refused: list[RefusedRange] = []
    hold: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    error: Annotated[str, msgspec.Meta(max_length=64)] | None = None


class UnreadableAckError(ValueError):
    """A message on the ack topic that is not an ack."""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Ack)


def encode_ack(ack: Ack) -> bytes:
    """Make the JSON payload; `v` is always written."""
    return _encoder.encode({"v": ack.v, **msgspec.to_builtins(ack)})


def decode_ack(payload: bytes) -> Ack:
    """Read a payload from a station's `ack` topic.

    Raises:
        UnreadableAckError: it is not JSON or breaks the contract.
    """
    try:
        return _decoder.decode(payload)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise UnreadableAckError(str(error)[:200]) from error
