"""The switch on a line's faults: which one holds, for whom, and for how many answers still."""

import threading
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from simulator.errors import ParameterError
from simulator.fault_words import NamedFault, Order, named
from simulator.wire import Fault, Piece

UNNAMED = "unnamed"
"""Stands for a fault that was made without words."""
_NONE = named("none")


@dataclass
class _Setting:
    fault: NamedFault
    left: int | None = None


class Switchable:
    """A fault that is another one whenever it is told so; all methods may be called from any thread.

    Attributes:
        units: the addresses that can be named; empty: any.
    """

    def __init__(self, fault: Fault | None = None, *, units: Collection[int] = ()) -> None:
        self.units = units
        self._lock = threading.Lock()
        self._settings: dict[int | None, _Setting] = {}
        self._asked: Counter[int] = Counter()
        self.set(fault)

    @property
    def words(self) -> str:
        """What holds now, as the orders that bring it about, with `; ` between them."""
        with self._lock:
            is_well = self._settings[None].fault.words == _NONE.words
            said = [
                Order(setting.fault, unit_id, setting.left).words
                for unit_id, setting in self._settings.items()
                if not (is_well and setting.fault.words == _NONE.words)
            ]
        return "; ".join(said) or _NONE.words

    def set(self, fault: Fault | None, *, unit_id: int | None = None, requests: int | None = None) -> None:
        """Spoil answers from now on.

        Args:
            fault: how; None: not at all.
            unit_id: whose; None: those of all units, and what held for one of them is over.
            requests: how many; after them a unit's own fault gives way to that of all, and that to none.

        Raises:
            ParameterError: there is no such unit, or less than one request is meant.
        """
        if unit_id is not None and self.units and unit_id not in self.units:
            known = " or ".join(map(str, self.units))
            raise ParameterError("unit", "one on the line", unit_id, f"Say unit {known}.")
        if requests is not None and requests < 1:
            raise ParameterError("times", "1 or more", requests, "Leave it out for ever.")
        wanted = fault if isinstance(fault, NamedFault) else NamedFault(UNNAMED, fault) if fault else _NONE
        with self._lock:
            if unit_id is None:
                self._settings.clear()
            self._settings[unit_id] = _Setting(wanted, requests)

    def asked(self, unit_id: int | None = None) -> int:
        """How many requests a unit, or all together, would have answered until now."""
        with self._lock:
            return self._asked.total() if unit_id is None else self._asked[unit_id]

    def __call__(self, request: bytes, answer: bytes) -> bytes | Sequence[Piece] | None:
        """Spoil one answer as it is to be spoilt just now."""
        with self._lock:
            self._asked[request[0]] += 1
            fault = self._take(request[0])
        return fault(request, answer)

    def _take(self, unit_id: int) -> Fault:
        """The fault of this answer, which is one less of those it was meant for."""
        whose = unit_id if unit_id in self._settings else None
        setting = self._settings[whose]
        if setting.left is not None:
            setting.left -= 1
            if not setting.left:
                self._end(whose)
        return setting.fault

    def _end(self, whose: int | None) -> None:
        if whose is None:
            self._settings[None] = _Setting(_NONE)
        else:
            del self._settings[whose]
