"""One reading: what one device answered (or failed to answer) in one poll."""

from typing import Annotated, Literal, NamedTuple, get_args

import msgspec

from telemetry.quantities import BY_NAME, NAMES_BY_KIND, Kind

Quality = Literal["good", "suspect", "missing"]
Why = Literal[
    "no_response",
    "garbled",
    "echo",
    "other_unit",
    "wrong_shape",
    "device_exception",
    "port_gone",
    "backing_off",
    "implausible",
    "not_a_number",
]
WHYS: frozenset[Why] = frozenset(get_args(Why))

DeviceId = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]{1,24}\Z")]
StationId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,32}\Z")]
Seq = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]

_NAME_SETS = {kind: frozenset(names) for kind, names in NAMES_BY_KIND.items()}


class Reading(msgspec.Struct, kw_only=True, frozen=True, gc=False, omit_defaults=True):
    """A device's values at one instant; the keys are those of the wire.

    Attributes:
        t: when the last answer of the poll came in, ms since the epoch, UTC.
        d: device id within the station.
        k: kind of meter.
        q: quality; a `suspect` reading lacks what was not believable, a `missing` one has no values.
        why: the cause when `q` is not `good`.
        x: quantity name to value, in the unit of `telemetry.quantities`.
    """

    t: int
    d: DeviceId
    k: Kind
    q: Quality = "good"
    why: Why | None = None
    x: dict[str, float] = {}


class NumberedReading(Reading, kw_only=True, frozen=True, gc=False, omit_defaults=True):
    """A reading with its place in the outbox that holds it."""

    seq: Seq


class Fault(NamedTuple):
    """Why a reading cannot be stored, as the ack says it: a code and one line of text."""

    code: str
    text: str


def fault_of(reading: Reading) -> Fault | None:
    """Say which rule of the contract a well-typed reading breaks, or None.

    Types, ranges and finiteness are settled by decoding; here stand the rules that join fields.
    """
    x = reading.x
    if reading.q == "missing":
        return Fault("malformed", "$.x: a missing reading has no values") if x else None
    if x.keys() <= _NAME_SETS[reading.k]:
        if not x and reading.q == "good":
            return Fault("malformed", "$.x: a good reading has at least one value")
        return None
    name = next(name for name in x if name not in _NAME_SETS[reading.k])
    if name in BY_NAME:
        return Fault("unknown_quantity", f"quantity '{name}' does not belong to a {reading.k} meter")
    return Fault("unknown_quantity", f"unknown quantity {name[:40]!a}")
