"""Instants that are unique for each device: a reading is known by its device and its time."""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable

MOST_AHEAD = 100_000
"""While old readings are dated and new ones come, so many instants of a device are remembered."""


class Instants:
    """What was given to each device; the table is asked only when the clock was set back, once each time."""

    def __init__(self, newest: dict[str, int], taken: Callable[[str, int], Iterable[int]]) -> None:
        """Begin with what is there.

        Args:
            newest: by device, ms since the epoch.
            taken: rising instants of a device's readings, from a given one on; what was given out must be
                among them by the next question.
        """
        self._newest = newest
        self._taken = taken
        self._ahead: dict[str, _Ahead] = {}

    def mark(self) -> dict[str, int]:
        """Where it stands, for `back_to`."""
        return dict(self._newest)

    def back_to(self, mark: dict[str, int]) -> None:
        """Forget what was given since: it was not committed."""
        self._newest = mark
        self._ahead.clear()

    def free(self, device: str, t: int) -> int:
        """The instant, or the first free millisecond behind it; from now on it is taken."""
        newest, ahead = self._newest.get(device), self._ahead.get(device)
        if newest is not None and t <= newest:
            if ahead is None or t < ahead.given:
                instants = array("q", self._taken(device, t))
                if not instants or instants[-1] < newest:
                    instants.append(newest)  # said once, gone or not, it is not said again
                ahead = self._ahead[device] = _Ahead(instants)
            t = ahead.give(t)
            if t <= newest:
                return t
            ahead = None
        self._newest[device] = t
        if ahead is None or not ahead.add(t):
            self._ahead.pop(device, None)
        return t


class _Ahead:
    """The instants of a device that lie ahead of a clock that was set back."""

    def __init__(self, instants: "array[int]") -> None:
        self._instants = instants
        self.given = -1

    def add(self, t: int) -> bool:
        """Note one behind all others; False if it is not worth it any more."""
        self._instants.append(t)
        return len(self._instants) < MOST_AHEAD

    def give(self, t: int) -> int:
        """The first free one from `t` on, which is not before the last that was given."""
        place = bisect_left(self._instants, t)
        while t == self.given or (place < len(self._instants) and self._instants[place] == t):
            place += t != self.given
            t += 1
        self.given = t
        return t
