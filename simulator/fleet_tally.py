"""What became of a fleet's readings, counted, and how that is told."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields


@dataclass(slots=True)
class Tally:
    """Of one station, or of many; made = acknowledged + refused + lost + waiting.

    Attributes:
        made: readings taken.
        acknowledged: called stored by the centre.
        waiting: neither acknowledged nor refused nor lost.
        sent: readings that went out, again or not.
        resent: those that had gone out before.
        refused: will never be stored, or drew an error three times.
        lost: left a full memory.
        skipped: polls that were not taken, because this process came too late.
    """

    made: int = 0
    acknowledged: int = 0
    waiting: int = 0
    sent: int = 0
    resent: int = 0
    refused: int = 0
    lost: int = 0
    skipped: int = 0


@dataclass(frozen=True)
class Progress:
    """Where a fleet stands.

    Attributes:
        seconds: since its start.
        stations: how many it has.
        connected: how many have a connection on which the broker answered.
        held: how many the centre holds.
        connects: connections that came about so far.
        tally: of all stations together.
    """

    seconds: float
    stations: int
    connected: int
    held: int
    connects: int
    tally: Tally

    def figures(self) -> dict[str, float]:
        """All of it by name, for machines."""
        told: dict[str, float] = {
            "seconds": round(self.seconds, 1),
            "stations": self.stations,
            "connected": self.connected,
            "connects": self.connects,
            "held": self.held,
        }
        return told | asdict(self.tally)

    def line(self) -> str:
        """All that matters on one line; what should not happen only when it did."""
        tally = self.tally
        parts = [
            f"{self.connected}/{self.stations} connected",
            f"{tally.made} readings made",
            f"{tally.acknowledged} acknowledged",
            f"{tally.waiting} waiting",
            f"{tally.resent} sent again",
            f"{tally.refused} refused",
            f"{self.held} stations held",
        ]
        parts += [f"{tally.lost} lost (memory full)"] if tally.lost else []
        parts += [f"{tally.skipped} polls skipped (too slow)"] if tally.skipped else []
        return f"{self.seconds:.0f} s: " + ", ".join(parts)


def total(tallies: Iterable[Tally]) -> Tally:
    """The sum of many."""
    tallies = list(tallies)
    return Tally(
        **{field.name: sum(getattr(each, field.name) for each in tallies) for field in fields(Tally)}
    )
