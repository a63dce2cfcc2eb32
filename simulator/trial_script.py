"""Where in a trial set something can befall a station; chance is an argument."""

import math
import random

from simulator.trial_station import PLANT, Happening, What
from simulator.trial_time import DAY_S, HOUR_S, STEP_S, Window


class Script:
    """Finds places for what befalls a station."""

    def __init__(self, window: Window, chance: random.Random) -> None:
        self.window = window
        self.chance = chance
        self.happenings: list[Happening] = []

    def hours(self, low_h: float, high_h: float) -> float:
        """A length between two, seconds, the short ones as likely as the long ones by order of size."""
        most_s = self.window.days * DAY_S / 3
        return min(math.exp(self.chance.uniform(math.log(low_h), math.log(high_h))) * HOUR_S, most_s)

    def add(
        self, what: What, length_s: float, amount: float = 0.0, *, after_days: int = 3
    ) -> Happening | None:
        """Put something where nothing else is, at any hour of the day; None if there is no room left."""
        window = self.window
        first_s = window.start_s + min(after_days, window.days // 3) * DAY_S
        last_s = window.end_s - 10 * HOUR_S - length_s
        for _ in range(40):
            start_s = self.chance.uniform(first_s, max(first_s, last_s))
            found = self.put(what, start_s, start_s + length_s, amount)
            if found is not None:
                return found
        return None

    def put(self, what: What, start_s: float, end_s: float, amount: float = 0.0) -> Happening | None:
        """Put something at a time unless something else is within a day of it."""
        is_free = all(
            end_s + DAY_S <= each.start_s or each.end_s + DAY_S <= start_s for each in self.happenings
        )
        return self.lay(what, start_s, end_s, amount) if is_free else None

    def beside(self, what: What, start_s: float, end_s: float) -> Happening | None:
        """Put something of the plant at a time unless something else befalls the plant about then."""
        plant = [each for each in self.happenings if each.what in PLANT]
        is_free = all(each.end_s + HOUR_S < start_s or end_s + HOUR_S < each.start_s for each in plant)
        return self.lay(what, start_s, end_s) if is_free and start_s > self.window.start_s + DAY_S else None

    def lay(self, what: What, start_s: float, end_s: float, amount: float = 0.0) -> Happening:
        """Put something at a time, whatever else is there."""
        first_s, last_s = (round(each / STEP_S) * STEP_S for each in (start_s, min(end_s, self.window.end_s)))
        happening = Happening(what, first_s, last_s, amount)
        self.happenings.append(happening)
        return happening

    def stop(self) -> Happening | None:
        """A breaker that trips, for 3 h to 20 days."""
        low_h, high_h = self.chance.choices(((3, 6), (6, 24), (24, 96), (96, 480)), (18, 38, 29, 15))[0]
        return self.add("stop", self.hours(low_h, high_h))
