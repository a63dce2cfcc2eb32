"""Status: a station's word on its own health, retained by the broker and left as its last will."""

from typing import Literal

import msgspec

Clock = Literal["trusted", "untrusted"]


class DeviceStatus(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One device as its box sees it.

    Attributes:
        last_good: ms since the epoch of the last good reading, UTC.
        polls: polls since the agent's start.
        failures: failed polls since the agent's start, by cause.
    """

    last_good: int | None = None
    polls: int = 0
    failures: dict[str, int] = {}


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
    version: str | None = None
    boot: str | None = None
    clock: Clock | None = None
    uptime_s: int | None = None
    backlog: int | None = None
    oldest_unsent: int | None = None
    thinned: int | None = None
    refused: int | None = None
    disk_free_mb: int | None = None
    devices: dict[str, DeviceStatus] = {}


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
        UnreadableStatusError: it is not JSON or breaks the contract.
    """
    try:
        return _decoder.decode(payload)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise UnreadableStatusError(str(error)[:200]) from error
