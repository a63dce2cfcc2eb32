"""A meter as its line's sampler watches it: its polls, its silence, its mains, its figures for the status."""

from collections import Counter

from edge_agent.meter import Meter, Poll, boot_ms
from edge_agent.silence import Silence
from telemetry.status import DeviceStatus

VOLTAGES = ("voltage_l1_v", "voltage_l2_v", "voltage_l3_v")
MAINS_GONE_BELOW_V = 50.0


class Watched:
    """A meter, its silence, and what the status page wants to know of it.

    Attributes:
        last: the outcome of the round before; None before the first.
        last_good_ms: when it last gave a good reading, on the monotonic clock.
        polls: since the start.
        failures: failed polls since the start, by cause.
    """

    def __init__(self, meter: Meter, interval_ms: int) -> None:
        self.meter = meter
        self.silence = Silence(interval_ms)
        self.asked_ms = 0
        self.last: Poll | None = None
        self.last_good_ms: int | None = None
        self.polls = 0
        self.failures: Counter[str] = Counter()
        self._mains: bool | None = None

    def ask(self) -> Poll:
        """Poll now."""
        self.asked_ms = boot_ms()
        poll = self.meter.poll()
        self.polls += 1
        if poll.why is not None and poll.quality == "missing":
            self.failures[poll.why] += 1
        if poll.quality == "good":
            self.last_good_ms = poll.at_ms
        return poll

    def conclude(self, poll: Poll) -> tuple[Poll | None, bool]:
        """Take a poll for this round's.

        Returns:
            The outcome as far as it makes a reading, and whether it is news that cannot wait.
        """
        self.last = poll
        if poll.quality == "missing" and poll.why is not None:
            first = not self.silence.lasts
            due = self.silence.failed(poll.why, poll.at_ms)
            return (poll._replace(why=due) if due else None), first
        back = self.silence.succeeded()
        return poll, self._mains_changed(poll) or back

    def pass_over(self, now_ms: int) -> Poll | None:
        """Leave a meter that backs off alone this round; a reading that says so, if one is due."""
        due = self.silence.passed_over(now_ms)
        return Poll(self.meter.id, self.meter.kind, now_ms, "missing", due, {}) if due else None

    def status(self, offset_ms: int | None) -> DeviceStatus:
        """What the station's status says of this device."""
        known = self.last_good_ms is not None and offset_ms is not None
        return DeviceStatus(
            last_good=(self.last_good_ms or 0) + (offset_ms or 0) if known else None,
            polls=self.polls,
            failures=dict(self.failures),
        )

    def _mains_changed(self, outcome: Poll) -> bool:
        volts = [outcome.values[name] for name in VOLTAGES if name in outcome.values]
        if not volts:
            return False
        before, self._mains = self._mains, max(volts) >= MAINS_GONE_BELOW_V
        return before is not None and before != self._mains
