"""One kind of meter of a station as steps of equal length with running sums, which grow as time goes on."""

import math
from array import array

from history.port import QUARTER_HOUR_MS


class Steps:
    """What one kind of meter counted and measured, step by step; what was not put in is not known.

    Attributes:
        step_ms: length of a step.
        last_known: number of the last step whose amount is known, counted from the epoch; None for none.
        last_good: number of the last step with a sample; None for none.
    """

    def __init__(self, step_ms: int = QUARTER_HOUR_MS) -> None:
        self.step_ms = step_ms
        self.last_known: int | None = None
        self.last_good: int | None = None
        self._sampled_step = -1
        self._interval: tuple[int, int] | None = None
        self._first = 0
        self._summed = 0
        """Sums hold up to this place; what lies behind is summed when it is asked for."""
        self._amounts = array("d")
        self._levels = array("d")
        self._good = array("H")
        self._missing = array("H")
        self._bridged = array("b")
        self._sums = array("d", [0.0])
        self._known = array("l", [0])
        self._solid = array("l", [0])

    @property
    def sampled_steps(self) -> int:
        """How many steps have samples."""
        return sum(map(bool, self._good))

    @property
    def starts_ms(self) -> int:
        """Start of the first step."""
        return self._first * self.step_ms

    def __len__(self) -> int:
        return len(self._amounts)

    def put(
        self, start_ms: int, amount: float | None, level: float | None, counts: tuple[int, int, bool]
    ) -> None:
        """Note one step, new or changed.

        Args:
            start_ms: of the step.
            amount: kWh or m³ that passed; None if not known.
            level: mean of the momentary samples, kW or m³/h; None without samples.
            counts: samples with values, failed polls, and whether the amount bridges a gap.
        """
        number = start_ms // self.step_ms
        place = self._place_for(number)
        known = amount is not None
        self._amounts[place] = math.nan if amount is None else amount
        self._levels[place] = math.nan if level is None else level
        self._good[place], self._missing[place] = min(counts[0], 65_535), min(counts[1], 65_535)
        self._bridged[place] = counts[2]
        self._summed = min(self._summed, place)
        if known and (self.last_known is None or number > self.last_known):
            self.last_known = number
        elif not known and number == self.last_known:
            self.last_known = self._last_before(number, self._amounts)
        if (counts[0] or counts[1]) and number > self._sampled_step:
            self._sampled_step = number
        if counts[0] and (self.last_good is None or number > self.last_good):
            self.last_good = number

    def forget_before(self, start_ms: int) -> None:
        """Give back the steps before an instant."""
        drop = min(max(start_ms // self.step_ms - self._first, 0), len(self._amounts))
        if drop:
            self._settle()
            for row in (self._amounts, self._levels, self._good, self._missing, self._bridged):
                del row[:drop]
            for sums in (self._sums, self._known, self._solid):
                del sums[:drop]
            self._first += drop
            self._summed = len(self._amounts)

    def until_ms(self, now_ms: int) -> int | None:
        """Up to when amounts are known, at most now; None if nothing is."""
        return None if self.last_known is None else min((self.last_known + 1) * self.step_ms, now_ms)

    def good_until_ms(self, now_ms: int) -> int | None:
        """End of the last step with a sample, at most now; None if there was none."""
        return None if self.last_good is None else min((self.last_good + 1) * self.step_ms, now_ms)

    def _inside(self, start_ms: int, end_ms: int) -> tuple[int, int]:
        count = len(self._amounts)
        low = min(max(start_ms // self.step_ms - self._first, 0), count)
        return low, max(low, min(max(-(-end_ms // self.step_ms) - self._first, 0), count))

    def _place_for(self, number: int) -> int:
        if not len(self._amounts):
            self._first = number
        place = number - self._first
        if place < 0:
            self._grow_in_front(-place)
            place = 0
        for _ in range(len(self._amounts), place + 1):
            self._amounts.append(math.nan)
            self._levels.append(math.nan)
            self._good.append(0)
            self._missing.append(0)
            self._bridged.append(0)
            self._sums.append(self._sums[-1])
            self._known.append(self._known[-1])
            self._solid.append(self._solid[-1])
        return place

    def _grow_in_front(self, steps: int) -> None:
        for values in (self._amounts, self._levels):
            values[0:0] = array("d", [math.nan]) * steps
        self._good[0:0] = array("H", [0]) * steps
        self._missing[0:0] = array("H", [0]) * steps
        self._bridged[0:0] = array("b", [0]) * steps
        self._sums[0:0] = array("d", [self._sums[0]]) * steps
        self._known[0:0] = array("l", [self._known[0]]) * steps
        self._solid[0:0] = array("l", [self._solid[0]]) * steps
        self._first -= steps
        self._summed = 0

    def _settle(self) -> None:
        for at in range(self._summed, len(self._amounts)):
            amount = self._amounts[at]
            known = not math.isnan(amount)
            self._sums[at + 1] = self._sums[at] + (amount if known else 0.0)
            self._known[at + 1] = self._known[at] + known
            self._solid[at + 1] = self._solid[at] + (known and not self._bridged[at])
        self._summed = len(self._amounts)

    def _last_before(self, number: int, values: "array[float]") -> int | None:
        for place in range(number - self._first - 1, -1, -1):
            if not math.isnan(values[place]):
                return self._first + place
        return None
