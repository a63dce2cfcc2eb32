"""Batches: how readings travel from a station to the centre, and how the centre reads them.

Decoding is strict, but one bad reading does not spoil its batch: what can be read is returned,
what breaks the contract is returned beside it with its number, rule and path.
"""

import zlib
from collections.abc import Iterable, Sequence
from typing import Annotated, Literal, NamedTuple

import msgspec

from telemetry.reading import Fault, NumberedReading, Reading, Seq, fault_of

MAX_PLAIN_BYTES = 64_000
"""A sender keeps the JSON of a batch below this."""
MAX_PAYLOAD_BYTES = 256_000
MAX_INFLATED_BYTES = 1_000_000
"""A receiver rejects payloads beyond these."""
ZLIB_MARK = 0x78

Outbox = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{8}\Z")]
Sent = Annotated[int, msgspec.Meta(gt=-(2**53), lt=2**53)]


class Batch(msgspec.Struct, kw_only=True, frozen=True):
    """What one message on a station's `readings` topic says.

    Attributes:
        v: version of the contract.
        outbox: 8 hex digits, made with the outbox file; scope of every `seq`.
        sent: the box's clock when sending, ms since the epoch, UTC.
        readings: none in a hello.
    """

    v: Literal[1]
    outbox: Outbox
    sent: Sent
    readings: list[NumberedReading]


class Refusal(NamedTuple):
    """A reading that will never be stored."""

    seq: int
    fault: Fault


class Received(NamedTuple):
    """A payload as far as it could be read.

    `unnumbered` are the faults of readings whose `seq` is unreadable: nothing can acknowledge them.
    """

    outbox: str
    sent: int
    readings: list[NumberedReading]
    refused: list[Refusal]
    unnumbered: list[Fault]


class UnreadableBatchError(ValueError):
    """A payload without a readable outbox and sequence.

    Attributes:
        code: `too_large`, `bad_zlib`, `not_json`, `wrong_version` or `malformed`.
        text: one line for people.
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text


class _Envelope(msgspec.Struct):
    outbox: Outbox
    sent: Sent
    readings: list[msgspec.Raw]


class _Version(msgspec.Struct):
    v: Literal[1]


class _Number(msgspec.Struct):
    seq: Seq


class _Values(msgspec.Struct):
    x: dict[str, msgspec.Raw]


_encoder = msgspec.json.Encoder()
_batch_decoder = msgspec.json.Decoder(Batch)
_version_decoder = msgspec.json.Decoder(_Version)
_envelope_decoder = msgspec.json.Decoder(_Envelope)
_reading_decoder = msgspec.json.Decoder(NumberedReading)
_number_decoder = msgspec.json.Decoder(_Number)
_values_decoder = msgspec.json.Decoder(_Values)
_float_decoder = msgspec.json.Decoder(float)
_NOT_JSON = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)


def encode_batch(outbox: str, sent: int, readings: Sequence[Reading | msgspec.Raw]) -> bytes:
    """Make the plain JSON payload; `readings` may be encoded already."""
    return _encoder.encode({"v": 1, "outbox": outbox, "sent": sent, "readings": readings})


def compress(payload: bytes) -> bytes:
    """Deflate a payload where that makes it smaller; the receiver tells the two apart by the first byte."""
    packed = zlib.compress(payload, 6)
    return packed if len(packed) < len(payload) else payload


def decode_batch(payload: bytes) -> Received:
    """Read a payload from a station's `readings` topic.

    Raises:
        UnreadableBatchError: nothing in it can be acknowledged.
    """
    text = _inflate(payload)
    try:
        return _decode(text)
    except _NOT_JSON as error:
        raise UnreadableBatchError("not_json", str(error)[:200]) from error


def _decode(text: bytes) -> Received:
    """Decode all at once, and piece by piece where something in it is wrong."""
    try:
        batch = _batch_decoder.decode(text)
    except msgspec.ValidationError:
        return _decode_piecewise(text)
    faults = [(reading.seq, fault) for reading in batch.readings if (fault := fault_of(reading)) is not None]
    readings = batch.readings
    if faults:
        readings = [reading for reading in readings if fault_of(reading) is None]
    return Received(batch.outbox, batch.sent, readings, [Refusal(*fault) for fault in faults], [])


def ranges(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Join numbers into sorted inclusive ranges `(first, last)`; only neighbours are joined."""
    joined: list[tuple[int, int]] = []
    for number in sorted(set(numbers)):
        if joined and joined[-1][1] == number - 1:
            joined[-1] = (joined[-1][0], number)
        else:
            joined.append((number, number))
    return joined


def _inflate(payload: bytes) -> bytes:
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise UnreadableBatchError(
            "too_large", f"payload: at most {MAX_PAYLOAD_BYTES} bytes (got {len(payload)})"
        )
    if not payload or payload[0] != ZLIB_MARK:
        return payload
    inflater = zlib.decompressobj()
    try:
        text = inflater.decompress(payload, MAX_INFLATED_BYTES + 1)
    except zlib.error as error:
        raise UnreadableBatchError("bad_zlib", str(error)[:200]) from error
    if len(text) > MAX_INFLATED_BYTES:
        raise UnreadableBatchError("too_large", f"payload: at most {MAX_INFLATED_BYTES} bytes inflated")
    if not inflater.eof or inflater.unused_data:
        raise UnreadableBatchError("bad_zlib", "payload: the compressed stream is cut or has a tail")
    return text


def _decode_piecewise(text: bytes) -> Received:
    try:
        _version_decoder.decode(text)
    except msgspec.ValidationError as error:
        raise UnreadableBatchError("wrong_version", str(error)[:200]) from error
    try:
        envelope = _envelope_decoder.decode(text)
    except msgspec.ValidationError as error:
        raise UnreadableBatchError("malformed", str(error)[:200]) from error
    received = Received(envelope.outbox, envelope.sent, [], [], [])
    for index, raw in enumerate(envelope.readings):
        _sort_in(received, index, bytes(raw))
    if envelope.readings and len(received.unnumbered) == len(envelope.readings):
        raise UnreadableBatchError("malformed", received.unnumbered[0].text)
    return received


def _sort_in(received: Received, index: int, raw: bytes) -> None:
    """Put one reading of a batch among the good, the refused or the unnumbered."""
    try:
        reading = _reading_decoder.decode(raw)
    except (msgspec.ValidationError, *_NOT_JSON) as error:
        fault = Fault("malformed", _with_path(str(error), index, raw))
        try:
            received.refused.append(Refusal(_number_decoder.decode(raw).seq, fault))
        except (msgspec.ValidationError, *_NOT_JSON):
            received.unnumbered.append(fault)
        return
    broken = fault_of(reading)
    if broken is None:
        received.readings.append(reading)
    else:
        received.refused.append(Refusal(reading.seq, broken))


def _with_path(message: str, index: int, raw: bytes) -> str:
    """Rewrite a decoder's message as `path: rule`, the path counted from the batch's root."""
    rule, _, place = message.partition(" - at `$")
    path = place.rstrip("`")
    if path.startswith(".x[...]"):
        path = f".x.{_offending_quantity(raw)}"
    return f"$.readings[{index}]{path}: {rule}"[:200]


def _offending_quantity(raw: bytes) -> str:
    try:
        values = _values_decoder.decode(raw).x
    except RecursionError:
        return "?"
    for name, value in values.items():
        try:
            _float_decoder.decode(value)
        except _NOT_JSON:
            return name[:40] if name.isidentifier() else ascii(name[:40])
    return "?"
