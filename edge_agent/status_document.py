"""What a running agent says of itself, as one document: the answer to `qingliu agent status`.

The agent fills the states in its own units (milliseconds of its two clocks); the document holds instants in
ISO 8601 and ages in seconds, so that a reader on another clock is right about both.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, NamedTuple

import msgspec

from edge_agent.clock import Trust

ASKED = "status"
"""The word that the agent answers with its document."""
REFUSED = "error: "
"""So begins its answer to any other."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Amount = Annotated[float, msgspec.Meta(ge=0)]


class Refused(msgspec.Struct, kw_only=True, frozen=True):
    """A reading that the centre refused, or that could not be dated; `t` in ms UTC as in the reading."""

    device: str
    t: int | None
    code: str
    text: str


class ClockPart(msgspec.Struct, kw_only=True, frozen=True):
    """The box's time: from where it is known (None: it is not), and what it is or seems to be."""

    trust: Trust | None
    now: Instant


class LinkPart(msgspec.Struct, kw_only=True, frozen=True):
    """The connection to the centre.

    Attributes:
        broker: host:port.
        since_s: for how long it has been connected, or not connected.
        trouble: what is wrong with it, in words.
        hold: why the centre takes no readings, as its ack says it.
        last_ack_s: age of the centre's last ack.
        outstanding: batches sent and not acknowledged.
    """

    broker: str
    connected: bool
    since_s: Count | None
    trouble: str | None
    hold: str | None
    last_ack_s: Count | None
    outstanding: Count


class OutboxPart(msgspec.Struct, kw_only=True, frozen=True):
    """What waits for the centre's ack, and how much room there is."""

    id: str
    backlog: Count
    oldest: Instant | None
    size_mb: Amount
    max_mb: Amount
    disk_free_mb: Amount
    thinned: Count
    refused: Count
    last_refused: list[Refused]


class DevicePart(msgspec.Struct, kw_only=True, frozen=True):
    """One meter: how long ago it last gave a good reading, why it is silent, what it says of itself."""

    profile: str
    bus: str
    unit_id: int
    last_good: Instant | None
    last_good_s: Count | None
    polls: Count
    failures: dict[str, Count]
    silent: str | None
    backing_off: bool
    alarms: list[str]


class StatusDocument(msgspec.Struct, kw_only=True, frozen=True):
    """The whole answer; `uptime_s` is the agent's, devices stand in the order of agent.toml."""

    station: str
    name: str
    version: str
    pid: int
    uptime_s: Count
    clock: ClockPart
    link: LinkPart
    outbox: OutboxPart
    devices: dict[str, DevicePart]
    conditions: dict[str, str]


class Process(NamedTuple):
    """The agent's process; started on the monotonic clock, ms."""

    station: str
    name: str
    version: str
    pid: int
    started_ms: int


class Moment(NamedTuple):
    """Now in ms: on the monotonic clock, as wall time (a guess without trust), and their known difference."""

    boot_ms: int
    wall_ms: int
    offset_ms: int | None
    trust: Trust | None


class LinkState(NamedTuple):
    """The uplink; instants on the monotonic clock, ms."""

    broker: str
    connected: bool
    since_ms: int | None
    trouble: str | None
    hold: str | None
    last_ack_ms: int | None
    outstanding: int


class OutboxState(NamedTuple):
    """The outbox; `oldest_t` is a reading's time, ms since the epoch, and `last_refused` the newest first."""

    id: str
    backlog: int
    oldest_t: int | None
    size_mb: float
    max_mb: float
    disk_free_mb: float
    thinned: int
    refused: int
    last_refused: Sequence[Refused]


class MeterState(NamedTuple):
    """A watched meter; `last_good_ms` on the monotonic clock."""

    id: str
    profile: str
    bus: str
    unit_id: int
    last_good_ms: int | None
    polls: int
    failures: Mapping[str, int]
    silent: str | None
    backing_off: bool
    alarms: Sequence[str]


def document(
    process: Process,
    now: Moment,
    *,
    link: LinkState,
    outbox: OutboxState,
    meters: Iterable[MeterState],
    conditions: Mapping[str, str],
) -> StatusDocument:
    """Put the agent's parts, as they are at one moment, into its document."""
    return StatusDocument(
        station=process.station,
        name=process.name,
        version=process.version,
        pid=process.pid,
        uptime_s=_age_s(process.started_ms, now) or 0,
        clock=ClockPart(trust=now.trust, now=instant(now.wall_ms) or _EPOCH),
        link=LinkPart(
            broker=link.broker,
            connected=link.connected,
            since_s=_age_s(link.since_ms, now),
            trouble=link.trouble,
            hold=link.hold,
            last_ack_s=_age_s(link.last_ack_ms, now),
            outstanding=link.outstanding,
        ),
        outbox=OutboxPart(
            id=outbox.id,
            backlog=outbox.backlog,
            oldest=instant(outbox.oldest_t),
            size_mb=round(outbox.size_mb, 1),
            max_mb=outbox.max_mb,
            disk_free_mb=outbox.disk_free_mb,
            thinned=outbox.thinned,
            refused=outbox.refused,
            last_refused=list(outbox.last_refused),
        ),
        devices={meter.id: _device(meter, now) for meter in meters},
        conditions=dict(conditions),
    )


def understood(line: str) -> StatusDocument:
    """Read an agent's answer; keys that only a newer agent knows are passed over.

    Raises:
        ValueError: it is no document; the text says why in one line.
    """
    if line.startswith(REFUSED):
        raise ValueError(line.removeprefix(REFUSED))
    try:
        return msgspec.json.decode(line, type=StatusDocument)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(str(error)) from error


def _device(meter: MeterState, now: Moment) -> DevicePart:
    is_dated = meter.last_good_ms is not None and now.offset_ms is not None
    return DevicePart(
        profile=meter.profile,
        bus=meter.bus,
        unit_id=meter.unit_id,
        last_good=instant((meter.last_good_ms or 0) + (now.offset_ms or 0)) if is_dated else None,
        last_good_s=_age_s(meter.last_good_ms, now),
        polls=meter.polls,
        failures=dict(meter.failures),
        silent=meter.silent,
        backing_off=meter.backing_off,
        alarms=list(meter.alarms),
    )


def _age_s(at_ms: int | None, now: Moment) -> int | None:
    return None if at_ms is None else max(0, now.boot_ms - at_ms) // 1000


def instant(epoch_ms: int | None) -> datetime | None:
    """The instant of ms since the epoch; None also of a clock gone mad, which must not cost the answer."""
    try:
        return None if epoch_ms is None else _EPOCH + timedelta(milliseconds=epoch_ms)
    except OverflowError:
        return None
