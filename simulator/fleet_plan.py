"""What all stations of a fleet have in common."""

from dataclasses import dataclass, field

from simulator.fleet_delivery import Pacing

CONNECTS_PER_S = 200
STATUS_EVERY_MS = 3_600_000


@dataclass(frozen=True)
class Plan:
    """What all stations of a fleet have in common; real ms, not simulated ones.

    Attributes:
        interval_ms: from one reading to the next.
        pacing: of the delivery.
        status_every_ms: from one status to the next.
        spread_ms: connections that are lost together come back spread over so long.
    """

    interval_ms: float = 60_000
    pacing: Pacing = field(default_factory=Pacing)
    status_every_ms: int = STATUS_EVERY_MS
    spread_ms: int = 0
