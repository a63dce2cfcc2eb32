"""What was heard while one line setting was tried, counted; the diagnosis is made of it."""

from collections import Counter
from dataclasses import dataclass, field

from edge_agent.commissioning.dlt645 import addresses_in
from edge_agent.commissioning.ear import Ear


@dataclass
class Tally:
    """Counts of one setting.

    Attributes:
        asked: questions that went out.
        echoed: how many of them came back.
        plain: how many brought something, but did not come back.
        answered: whole answers, by the unit that gave them.
        doubled: answers too many, by unit: a second one to the same question.
        garbled: questions that brought octets that are no frame, by the unit asked.
        unasked: times octets without a frame came without any question.
        foreign: frames that answer or ask what we have not asked.
        addresses: of DL/T 645 meters that were heard.
    """

    asked: int = 0
    echoed: int = 0
    plain: int = 0
    answered: Counter[int] = field(default_factory=Counter)
    doubled: Counter[int] = field(default_factory=Counter)
    garbled: Counter[int] = field(default_factory=Counter)
    unasked: int = 0
    foreign: int = 0
    addresses: Counter[str] = field(default_factory=Counter)

    def hear(self, ear: Ear, unit_id: int = 0) -> None:
        """Count what tells of the line after a question to a unit; 0: nobody in particular was asked."""
        self.echoed += ear.echoed
        self.plain += bool(unit_id and ear.octets and not ear.echoed)
        self.foreign += len(ear.requests)
        addresses = addresses_in(ear.octets)
        self.addresses.update(addresses)
        if ear.junk and not addresses:
            self.garbled[unit_id] += bool(unit_id)
            self.unasked += not unit_id

    @property
    def junk(self) -> int:
        """How often octets came that are no frame."""
        return self.garbled.total() + self.unasked

    @property
    def is_silent(self) -> bool:
        """Whether nobody but our own echo was heard."""
        return not (self.junk or self.foreign or self.answered or self.doubled or self.addresses)
