"""The sampling loop: one thread a line, on the monotonic clock, so no step of the wall clock can stop it."""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Sequence

from edge_agent.bus import Bus
from edge_agent.clock import Clock
from edge_agent.config import Agent
from edge_agent.meter import Meter, Poll, boot_ms
from edge_agent.outbox import Outbox, OutboxError
from edge_agent.silence import Silence
from service.conditions import Conditions
from telemetry.status import DeviceStatus

logger = logging.getLogger(__name__)

VOLTAGES = ("voltage_l1_v", "voltage_l2_v", "voltage_l3_v")
MAINS_GONE_BELOW_V = 50.0


class Watched:
    """A meter, its silence, and what the status page wants to know of it."""

    def __init__(self, meter: Meter, interval_ms: int) -> None:
        self.meter = meter
        self.silence = Silence(interval_ms)
        self._polls = 0
        self._last_good_ms: int | None = None
        self._failures: Counter[str] = Counter()
        self._mains: bool | None = None

    def poll(self) -> tuple[Poll | None, bool]:
        """Poll in turn.

        Returns:
            The outcome as far as it makes a reading, and whether it is news that cannot wait.
        """
        now_ms = boot_ms()
        if not self.silence.may_poll(now_ms):
            due = self.silence.passed_over(now_ms)
            left_alone = Poll(self.meter.id, self.meter.kind, now_ms, "missing", due, {})
            return (left_alone if due else None), False
        outcome = self.meter.poll()
        self._polls += 1
        if outcome.quality == "missing" and outcome.why is not None:
            first = not self.silence.lasts
            self._failures[outcome.why] += 1
            due = self.silence.failed(outcome.why, outcome.at_ms)
            return (outcome._replace(why=due) if due else None), first
        if outcome.quality == "good":
            self._last_good_ms = outcome.at_ms
        back = self.silence.succeeded()
        return outcome, self._mains_changed(outcome) or back

    def status(self, offset_ms: int | None) -> DeviceStatus:
        """What the station's status says of this device."""
        known = self._last_good_ms is not None and offset_ms is not None
        return DeviceStatus(
            last_good=(self._last_good_ms or 0) + (offset_ms or 0) if known else None,
            polls=self._polls,
            failures=dict(self._failures),
        )

    def _mains_changed(self, outcome: Poll) -> bool:
        volts = [outcome.values[name] for name in VOLTAGES if name in outcome.values]
        if not volts:
            return False
        before, self._mains = self._mains, max(volts) >= MAINS_GONE_BELOW_V
        return before is not None and before != self._mains


class LineSampler:
    """Polls all meters of one line, round after round."""

    def __init__(
        self,
        bus: Bus,
        watched: Sequence[Watched],
        *,
        accept: Callable[[list[Poll], bool], None],
        conditions: Conditions,
    ) -> None:
        self.watched = watched
        self._bus = bus
        self._accept = accept
        self._conditions = conditions

    def run(self, stop: threading.Event, interval_s: float) -> None:
        """Sample at a fixed pace until told to stop; a round that takes too long skips the next."""
        due_ms = boot_ms()
        interval_ms = round(interval_s * 1000)
        while not stop.is_set():
            try:
                self.round()
            except Exception:
                logger.exception("sampler: unexpected failure, going on")
            due_ms += interval_ms
            now_ms = boot_ms()
            if due_ms < now_ms:
                due_ms = now_ms + (due_ms - now_ms) % interval_ms
            stop.wait((due_ms - now_ms) / 1000)
        self._bus.close()

    def round(self) -> None:
        """Poll every meter once, the silent ones last, and hand the outcomes over in one piece."""
        outcomes: list[Poll] = []
        urgent = False
        for each in sorted(self.watched, key=lambda each: each.silence.lasts):
            try:
                outcome, news = each.poll()
            except Exception:
                logger.exception("%s: unexpected failure, going on with the others", each.meter.id)
                continue
            urgent = urgent or news
            if outcome is None:
                continue
            outcomes.append(outcome)
            if outcome.quality == "missing":
                if outcome.text:
                    self._conditions.begin(each.meter.id, f"{outcome.why}: {outcome.text}")
            else:
                self._conditions.end(each.meter.id)
        if outcomes:
            self._accept(outcomes, urgent)


def line_samplers(
    agent: Agent, outbox: Outbox, clock: Clock, conditions: Conditions, hurry: Callable[[], None]
) -> list[LineSampler]:
    """One sampler for each line that has meters."""

    def accept(outcomes: list[Poll], urgent: bool) -> None:  # noqa: FBT001
        try:
            outbox.accept(outcomes, clock.offset_ms())
        except OutboxError as error:
            conditions.begin("outbox", f"{error}: readings are being lost; free some space")
            return
        conditions.end("outbox")
        if urgent:
            hurry()

    samplers = []
    interval_ms = round(agent.settings.sampling.interval_s * 1000)
    for name, settings in agent.settings.bus.items():
        bus = Bus(settings)
        watched = [
            Watched(Meter(device, bus), interval_ms)
            for device in agent.devices
            if device.settings.bus == name
        ]
        if watched:
            samplers.append(LineSampler(bus, watched, accept=accept, conditions=conditions))
    return samplers
