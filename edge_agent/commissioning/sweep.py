"""What a scan asks for: which settings, which unit ids, how patiently; and how far it is."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from edge_agent.commissioning.findings import FoundUnit, LineSettings
from edge_agent.profile import Profile

_FIRST = (
    LineSettings(9600),
    LineSettings(9600, "E"),
    LineSettings(19200, "E"),
    LineSettings(2400, "E"),
    LineSettings(4800),
    LineSettings(19200),
    LineSettings(9600, "N", 2),
)
"""As meters of Chinese cabinets are mostly set, the likeliest first."""
USUAL_UNIT_IDS = (*range(1, 33), 247)
"""Where meters mostly are; 247 is the factory's choice of one shipped profile."""


class Waits(NamedTuple):
    """How long a scan waits, in seconds.

    Attributes:
        quick_s: for the first octet of an answer, in the quick round; most meters begin within 50 ms, and who
            is later is heard while the next ones are asked.
        late_s: behind the quick round of a setting, for who is late.
        patient_s: for an answer where garbage was heard.
        confirm_s: for an answer of who was heard.
        linger_s: behind an answer, for the second one of a meter with the same id.
        settle_s: after opening the port: what the adapter holds is over, and who talks anyway is heard.
        dlt645_s: for a DL/T 645 meter; the standard lets it think half a second.
    """

    quick_s: float = 0.1
    late_s: float = 0.4
    patient_s: float = 0.6
    confirm_s: float = 1.2
    linger_s: float = 0.1
    settle_s: float = 0.1
    dlt645_s: float = 0.5


class Wanted(NamedTuple):
    """What to ask.

    Attributes:
        dlt645: whether to ask for DL/T 645 meters at the end, which takes three seconds.
    """

    lines: tuple[LineSettings, ...]
    unit_ids: tuple[int, ...] = USUAL_UNIT_IDS
    waits: Waits = Waits()
    dlt645: bool = True


class Step(NamedTuple):
    """How far a scan is; one after every question of the quick round, and one for each unit found.

    Attributes:
        share: of the questions, 0 to 1; never less than before.
        unit_id: who has been asked; 0 where DL/T 645 is tried.
        found: a unit, told once, as soon as it is recognised.
    """

    share: float
    line: LineSettings
    unit_id: int
    found: FoundUnit | None = None


def usual_lines(profiles: Iterable[Profile]) -> tuple[LineSettings, ...]:
    """The settings worth trying: the usual ones, then what else the profiles name, the commonest first."""
    named = Counter(
        LineSettings(line.baudrate, line.parity, line.stopbits)
        for profile in profiles
        for line in profile.line.tries()
    )
    return tuple(dict.fromkeys((*_FIRST, *(line for line, _ in named.most_common()))))
