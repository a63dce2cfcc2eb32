"""One kind of meter of a growing past: which of its devices count, and what they told by quarter hour."""

from bisect import bisect_left
from collections.abc import Mapping

from history.device_counts import Count
from history.growing_device import HOUR_MS, GrowingDevice, time_of
from history.port import QUARTER_HOUR_MS, QuarterHour
from history.sampled import LONGEST_STEP_MS
from history.succession import succession
from telemetry.quantities import Kind
from telemetry.reading import Reading


class Part:
    """What one kind of meter told in one quarter hour."""

    __slots__ = ("amount", "good", "level", "levels", "missing", "most")

    def __init__(self, amount: float | None) -> None:
        self.amount = amount
        self.good = self.missing = self.levels = 0
        self.level = 0.0
        self.most: float | None = None

    def note(self, reading: Reading, level: float | None) -> None:
        """Take a poll in."""
        if reading.q == "missing":
            self.missing += 1
        else:
            self.good += 1
        if level is not None:
            self.level += level
            self.levels += 1
            if self.most is None or level > self.most:
                self.most = level


class GrowingKind:
    """The devices of a kind.

    Args:
        kind: power or flow.
        rows: the station's quarter hours so far, by their beginning.

    Attributes:
        devices: by name.
        parts: of the quarter hours that grow, by their beginning.
        touched: those of them that changed since the caller last emptied it.
        is_doubtful: the devices, or who of them has counts, changed since `look_again`.
    """

    def __init__(self, kind: Kind, rows: Mapping[int, QuarterHour]) -> None:
        self._rows = rows
        self._amount = "energy_kwh" if kind == "power" else "volume_m3"
        self.devices: dict[str, GrowingDevice] = {}
        self.parts: dict[int, Part] = {}
        self.touched: set[int] = set()
        self.is_doubtful = False
        self._main: tuple[str, ...] = ()
        self._only = ""
        self._has_counts = False

    def take_in(self, device: GrowingDevice) -> None:
        """A new device."""
        self.devices[device.name] = device
        self.is_doubtful = True
        if len(self.devices) == 1:
            self._main, self._only = (device.name,), device.name

    @property
    def has_samples_alone(self) -> bool:
        """Whether momentary values stand for the counter that no device has."""
        return bool(self.devices) and not self._has_counts

    def counts_with(self, device: GrowingDevice) -> bool:
        """Whether the kind's quarter hours rest on a device."""
        return device.name in self._main

    def told(self, start: int) -> tuple[float | None, float | None, float | None, int, int] | None:
        """Amount, mean, most, good and missing polls of a quarter hour that grows; None if it does not."""
        part = self.parts.get(start)
        if part is None:
            return None
        mean = part.level / part.levels if part.levels else None
        return part.amount, mean, part.most, part.good, part.missing

    def look_again(self) -> tuple[int, int] | None:
        """Who the main meters are, once all readings are in that came together.

        Returns:
            First and last instant of all there is, if it is now told by others than before.
        """
        if not self.is_doubtful:
            return None
        self.is_doubtful = False
        before = self._main, self._has_counts
        lives = {
            name: [Count(each.first_ms, 0.0), Count(each.count[0], 0.0)]
            for name, each in self.devices.items()
            if each.first_ms is not None and each.count is not None
        }
        self._has_counts = bool(lives)
        self._main = tuple(tenure.device for tenure in succession(lives)) or (min(self.devices),)
        self._only = self._main[0] if len(self._main) == 1 else ""
        if before == (self._main, self._has_counts):
            return None
        for each in self.devices.values():
            each.settle(each.counted)
        known = [each.readings for each in self.devices.values()]
        return min(own[0].t for own in known), max(own[-1].t for own in known)

    def grow(self, device: GrowingDevice, reading: Reading) -> bool:
        """Add the newest reading of a device; returns whether it was plain growth.

        Args:
            device: of this kind.
            reading: its last one.
        """
        total, level = device.count_of(reading), device.level_of(reading)
        if total is not None and (device.count is None or len(self.devices) > 1):
            self.is_doubtful = True
        before = device.count
        is_calm = total is None or device.follow(reading.t, total)
        if device.name != self._only:
            if device.name not in self._main:
                return True
            if not self._succeeded(device, before):
                return False
            if total is None:  # a successor's polls count up to its last count
                return True
        self._part(device, reading.t - reading.t % QUARTER_HOUR_MS, reading.t).note(reading, level)
        if total is not None:
            if before is not None and is_calm:
                self._spread(device, before[0], reading.t, total - before[1])
            return is_calm
        if not self._has_counts and before is None and level is not None:
            self._sample(device, reading.t, level)
        return True

    def _succeeded(self, device: GrowingDevice, before: tuple[int, float] | None) -> bool:
        """Whether the last of several main meters has been alone since before a quarter hour ago."""
        own = device.readings
        if device.name != self._main[-1] or before is None or len(own) < 2 or own[-2].t != before[0]:
            return False
        others = [self.devices[name].readings[-1].t for name in self._main[:-1]]
        began_ms = device.first_ms if device.first_ms is not None else before[0]
        return max(*others, began_ms) < before[0] - before[0] % QUARTER_HOUR_MS

    def _sample(self, device: GrowingDevice, t: int, level: float) -> None:
        """The newest momentary value where there is no counter."""
        last, device.sample = device.sample, (t, level)
        if last is not None and t - last[0] <= LONGEST_STEP_MS:
            passed = max(0.0, (last[1] + level) / 2 * (t - last[0]) / HOUR_MS)
            self._spread(device, last[0], t, passed)

    def _spread(self, device: GrowingDevice, start_ms: int, end_ms: int, amount: float) -> None:
        quarter = start_ms - start_ms % QUARTER_HOUR_MS
        if end_ms <= quarter + QUARTER_HOUR_MS:
            part = self._part(device, quarter, end_ms)
            part.amount = amount if part.amount is None else part.amount + amount
            return
        pace = amount / (end_ms - start_ms)
        while quarter < end_ms:
            until = quarter + QUARTER_HOUR_MS
            part = self._part(device, quarter, end_ms)
            share = pace * (min(until, end_ms) - max(quarter, start_ms))
            part.amount = share if part.amount is None else part.amount + share
            quarter = until

    def _part(self, device: GrowingDevice, quarter: int, before_ms: int) -> Part:
        """The part of a quarter hour; made anew from readings before an instant if it was given back."""
        self.touched.add(quarter)
        part = self.parts.get(quarter)
        if part is None:
            row = self._rows.get(quarter)
            part = self.parts[quarter] = Part(getattr(row, self._amount) if row else None)
            place = bisect_left(device.readings, quarter, key=time_of)
            for each in device.readings[place:]:
                if each.t >= min(before_ms, quarter + QUARTER_HOUR_MS):
                    break
                part.note(each, device.level_of(each))
        return part
