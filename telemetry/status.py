"""Status: a station's word on its own health, retained by the broker and left as its last will."""

from typing import Annotated, Literal

import msgspec

from telemetry.reading import DeviceId

Clock = Literal["trusted", "untrusted"]
Count = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
Instant = Annotated[int, msgspec.Meta(gt=-(2**53), lt=2**53)]
Word = Annotated[str, msgspec.Meta(pattern=r"^[\x20-\x7e]{0,64}\Z")]

MAX_STATUS_BYTES = 64_000


class DeviceStatus(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One device as its box sees it.

    Attributes:
        last_good: ms since the epoch of the last good reading, UTC.
        polls: polls since the agent's start.
        failures: failed polls since the agent's start, by cause.
    """

    last_good: Instant | None = None
    polls: Count = 0
    failures: dict[Word, Count] = {}


class Status(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One message on a station's `status` topic; all but `online` may be absent.

    Attributes:
        online: False is the last will (or a goodbye).
        version: of the agent.
        boot: the box's boot id.
        clock: whether the box knows the time.
        uptime_s: seconds since the agent's start.
        backlog: readings in the outbox.
        oldest_unsent: ms since the epoch of the oldest reading there, UTC.
        thinned: readings thinned out because the outbox was full.
        refused: readings refused by the centre or never datable.
        disk_free_mb: free space where the outbox lies, megabytes.
        devices: by device id.
    """

    online: bool
    version: Annotated[Word, msgspec.Meta(max_length=32)] | None = None
    boot: Word | None = None
    clock: Clock | None = None
    uptime_s: Count | None = None
    backlog: Count | None = None
    oldest_unsent: Instant | None = None
    thinned: Count | None = None
    refused: Count | None = None
    disk_free_mb: Count | None = None
    devices: dict[DeviceId, DeviceStatus] = {}


class UnreadableStatusError(ValueError):
    """A message on a status topic that is not a status."""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Status)


def encode_status(status: Status) -> bytes:
    """Make the JSON payload."""
    return _encoder.encode(status)


def decode_status(payload: bytes) -> Status:
    """Read a payload from a station's `status` topic.

    Raises:
        UnreadableStatusError: it is not JSON, too large, or breaks the contract.
    """
    if len(payload) > MAX_STATUS_BYTES:
        raise UnreadableStatusError(f"status: at most {MAX_STATUS_BYTES} bytes (got {len(payload)})")
    try:
        return _decoder.decode(payload)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise UnreadableStatusError(str(error)[:200]) from error
