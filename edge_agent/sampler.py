"""The sampling loop: one thread a line, on the monotonic clock, so no step of the wall clock can stop it."""

import logging
from collections.abc import Callable, Sequence

from edge_agent.bus import Bus
from edge_agent.clock import Clock
from edge_agent.config import Agent
from edge_agent.lending import Lending
from edge_agent.meter import Meter, Poll, boot_ms
from edge_agent.outbox import Outbox, OutboxDamagedError, OutboxError
from edge_agent.watched import Watched
from service.conditions import Conditions

logger = logging.getLogger(__name__)

LONGEST_ROUND_MS = 120_000
LOOK_EVERY_MS = 500
"""So often a resting sampler looks whether somebody wants to borrow its line."""
SHORT_LOAN_MS = 2_000
"""What is lent for less, for one look at the meters, is not worth a line in the log."""
SPARING_ROUNDS = 10
"""A silent meter for which there is never time is asked once in so many rounds, at its neighbours' cost."""


class LineSampler:
    """Polls all meters of one line, round after round.

    Attributes:
        port: the line's device file, as `agent.toml` names it.
        lending: by which the line is borrowed.
        done_ms: when a round was last done and its readings accepted, or lost to a full disk, or the line was
            last seen lent, on the monotonic clock.
    """

    def __init__(
        self,
        bus: Bus,
        watched: Sequence[Watched],
        *,
        interval_ms: int,
        accept: Callable[[list[Poll], bool], bool],
        conditions: Conditions,
        name: str = "line",
        port: str = "",
    ) -> None:
        self.watched = watched
        self.port = port
        self.lending = Lending()
        self._name = name
        self._bus = bus
        self._interval_ms = interval_ms
        self._accept = accept
        self._conditions = conditions
        self.done_ms = boot_ms()

    def is_working(self, now_ms: int) -> bool:
        """Whether a round was done as it should be not much longer ago than it should be."""
        return now_ms - self.done_ms <= self._interval_ms + LONGEST_ROUND_MS

    def run(self, stop_fd: int) -> None:
        """Sample at a fixed pace until `stop_fd` is readable; a round that takes too long skips the next."""
        due_ms = boot_ms()
        woken = False
        while not woken:
            due_ms = self._beat(due_ms + self._interval_ms)
            try:
                self.round(due_ms)
            except Exception:
                logger.exception("sampler: unexpected failure, going on")
            due_ms = self._beat(due_ms)
            woken = self._rest(stop_fd, due_ms)
        self._bus.close()

    def _beat(self, due_ms: int) -> int:
        """The instant itself, or if it has passed the next of the same beat."""
        now_ms = boot_ms()
        return due_ms if due_ms >= now_ms else now_ms + (due_ms - now_ms) % self._interval_ms

    def _rest(self, stop_fd: int, until_ms: int) -> bool:
        """Leave the line alone until an instant, and for as long as it is lent; whether to stop."""
        lent_ms: int | None = None
        while (now_ms := boot_ms()) < until_ms or lent_ms is not None:
            borrower = self.lending.borrower(now_ms)
            if borrower is None and lent_ms is not None:
                lent_ms = None
                self._conditions.end(self._name)
                continue
            if borrower is not None:
                lent_ms = now_ms if lent_ms is None else lent_ms
                if now_ms - lent_ms >= SHORT_LOAN_MS:
                    text = f"lent to {borrower}; its meters are not read meanwhile"
                    self._conditions.begin(self._name, text)
                self._bus.close()
                self.lending.lend()
                self.done_ms = now_ms
            slice_ms = LOOK_EVERY_MS if lent_ms is not None else min(LOOK_EVERY_MS, until_ms - now_ms)
            if self._bus.rest(stop_fd, slice_ms / 1000):
                return True
        return False

    def round(self, until_ms: int) -> None:
        """Poll every meter once, and hand the outcomes over in one piece.

        Meters that answered last time go first, in their order. One that fails now is asked again behind
        them: noise is short. The silent ones come last, the longest unasked first, as far as there is time.

        Args:
            until_ms: when the next round is due, on the monotonic clock.
        """
        lively = [each for each in self.watched if not each.silence.lasts]
        silent = [each for each in self.watched if each.silence.lasts]
        polls = [(each, poll) for each in lively if (poll := self._ask(each))]
        for place, (each, poll) in enumerate(polls):
            if poll.quality == "missing" and poll.why != "port_gone" and self._has_time(until_ms):
                polls[place] = (each, self._ask(each) or poll)
        is_lively = any(poll.quality != "missing" for _, poll in polls)
        left_alone: list[Poll] = []
        for each in sorted(silent, key=lambda each: each.asked_ms):
            now_ms = boot_ms()
            if not each.silence.may_poll(now_ms):
                left_alone += filter(None, [each.pass_over(now_ms)])
            elif (
                not is_lively
                or self._has_time(until_ms)
                or now_ms - each.asked_ms > SPARING_ROUNDS * self._interval_ms
            ):
                poll = self._ask(each)
                polls += [(each, poll)] if poll else []
        self._hand_over(polls, left_alone)

    def _ask(self, each: Watched) -> Poll | None:
        try:
            return each.ask()
        except Exception:
            logger.exception("%s: unexpected failure, going on with the others", each.meter.id)
            return None

    def _has_time(self, until_ms: int) -> bool:
        """Whether a meter that does not answer would cost the next round nothing."""
        return boot_ms() + self._bus.patience_s * 1000 <= until_ms

    def _hand_over(self, polls: list[tuple[Watched, Poll]], left_alone: list[Poll]) -> None:
        outcomes: list[Poll] = []
        urgent = False
        for each, poll in polls:
            outcome, news = each.conclude(poll)
            urgent = urgent or news
            self._note(each.meter.id, poll)
            outcomes += [outcome] if outcome else []
        outcomes += left_alone
        if not outcomes or self._accept(outcomes, urgent):
            self.done_ms = boot_ms()

    def _note(self, name: str, poll: Poll) -> None:
        """Say what is wrong with a meter, or what it says of itself, once."""
        if poll.quality == "missing":
            self._conditions.begin(name, f"{poll.why}: {poll.text}")
            return
        self._conditions.end(name)
        alarm = f"{name} alarm"
        if poll.alarms:
            self._conditions.begin(alarm, ", ".join(poll.alarms))
        else:
            self._conditions.end(alarm)


def line_samplers(
    agent: Agent,
    outbox: Outbox,
    clock: Clock,
    conditions: Conditions,
    *,
    hurry: Callable[[], None],
    fatal: Callable[[str], None],
) -> list[LineSampler]:
    """One sampler for each line that has meters.

    Args:
        agent: the settings, and the meters.
        outbox: takes the readings.
        clock: dates them.
        conditions: what is wrong is said there.
        hurry: called when something was accepted that cannot wait.
        fatal: told what cannot be mended while the process lives.
    """

    def accept(outcomes: list[Poll], urgent: bool) -> bool:  # noqa: FBT001 - the sampler's port
        try:
            outbox.accept(outcomes, clock.offset_ms())
        except OutboxDamagedError as error:
            fatal(str(error))
            return False
        except OutboxError as error:
            conditions.begin("outbox", f"{error}: readings are being lost; free some space")
            return not outbox.disk_free_mb()  # a full disk is no reason to start this program anew
        conditions.end("outbox")
        if urgent:
            hurry()
        return True

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
            sampler = LineSampler(
                bus,
                watched,
                interval_ms=interval_ms,
                accept=accept,
                conditions=conditions,
                name=f"line {name}",
                port=settings.port,
            )
            samplers.append(sampler)
    return samplers
