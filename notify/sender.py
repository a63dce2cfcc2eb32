"""Sends what the outbox holds: at most one message a channel and minute, until it is delivered.

Delivery is at least once: an attempt is written before the message leaves, the rows are marked after it was
taken. A death in between sends the same message again, known by the key at its end.
"""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait

from notify import pending
from notify.pending import Again, Pending
from notify.post import Post
from notify.retries import back_off_ms, is_given_up
from notify.routes import told_from
from notify.transport import DeliveryError, Transport
from notify.wording import render
from registry.database import Registry
from registry.notify_settings import Channel
from service.conditions import Conditions

logger = logging.getLogger(__name__)

BETWEEN_MS = 60_000
"""From one attempt's start to the next of the same channel."""
PATIENCE_S = 2.0
_SHOWN_MS = 7 * 86_400_000
"""What was given up is a condition for so long; in the registry it stays."""
_MOST_THREADS = 16


class Sender:
    """Delivers from the registry's outbox; one at a time in the whole centre."""

    def __init__(
        self,
        registry: Registry,
        post: Post,
        clock_ms: Callable[[], int],
        transport: Transport,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """Take what it needs; nothing is sent yet.

        Args:
            registry: of the outbox.
            post: the channels.
            clock_ms: for the end of an attempt, ms since the epoch, UTC.
            transport: what carries messages out.
            patience_s: a step waits so long for what it sent; slower ones go on beside the next steps.
        """
        self._registry = registry
        self._post = post
        self._clock_ms = clock_ms
        self._transport = transport
        self._patience_s = patience_s
        self._channels = {each.name: each for each in post.channels}
        threads = max(1, min(len(self._channels), _MOST_THREADS))
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="notify")
        self._running: dict[str, Future[None]] = {}
        self._conditions = Conditions(logger)
        self._is_first = True

    def step(self, now_ms: int) -> None:
        """Send what is due. A failed delivery is noted and tried again; it is no error here.

        Raises:
            SQLAlchemyError: of the registry, also while marking what an earlier step sent.
        """
        self._collect()
        self._follow_roster()
        if self._is_first:
            with self._registry.writing() as session:
                pending.close_interrupted(session, now_ms)
            self._is_first = False
        started = [self._start(channel, now_ms) for channel in self._ready(now_ms)]
        wait([each for each in started if each is not None], self._patience_s)
        self._collect()
        self._note_troubles(now_ms)

    def conditions(self) -> dict[str, str]:
        """What is wrong now, by a name such as `notify duty-desk`."""
        return self._conditions.current()

    def close(self) -> None:
        """Wait for the messages under way, at most as long as their servers are given."""
        self._pool.shutdown()

    def _ready(self, now_ms: int) -> list[Channel]:
        """The channels to which a message goes now."""
        with self._registry.reading() as session:
            names = pending.waiting(session, now_ms)
            last = pending.last_attempts(session, names)
        if any(name not in self._channels for name in names):
            with self._registry.writing() as session:
                pending.give_up_unknown(session, self._channels, now_ms)
        return [
            self._channels[name]
            for name in names
            if name in self._channels and name not in self._running and _is_free(last.get(name), now_ms)
        ]

    def _start(self, channel: Channel, now_ms: int) -> Future[None] | None:
        with self._registry.writing() as session:
            rows = pending.together(pending.due(session, channel.name, now_ms))
            if not rows:
                return None
            subject, body = self._worded(channel, rows, now_ms)
            attempt = pending.begin_attempt(session, channel.name, now_ms, len(rows), subject)
        future = self._pool.submit(self._deliver, channel, attempt, rows, subject, body)
        self._running[channel.name] = future
        return future

    def _worded(self, channel: Channel, rows: Sequence[Pending], now_ms: int) -> tuple[str, str]:
        messages = [row.message for row in rows]
        roster = self._post.roster
        counties = dict.fromkeys(each.county for each in messages)
        names = list(dict.fromkeys(name for county in counties for name in roster.on_duty(now_ms, county)))
        language = self._post.language_of(channel)
        return render(messages, language, self._post.zone, self._post.link, names)

    def _deliver(self, channel: Channel, attempt: int, rows: list[Pending], subject: str, body: str) -> None:
        """Send one message and note how it went; in a thread of its own."""
        files = [path for row in rows for path in row.message.attachments]
        error = None
        try:
            self._transport.send(channel.url, subject, body, files)
        except DeliveryError as failure:
            error = str(failure)
        ended_ms = self._clock_ms()
        with self._registry.writing() as session:
            pending.end_attempt(session, attempt, ended_ms, error)
            if error is None:
                pending.mark_sent(session, rows, ended_ms)
            else:
                pending.mark_again(session, [self._again(channel, row, ended_ms) for row in rows], error)

    def _again(self, channel: Channel, row: Pending, now_ms: int) -> Again:
        attempts = row.attempts + 1
        wanted_ms = now_ms + back_off_ms(attempts)
        due_ms = told_from(channel.hours, row.message.severity, wanted_ms, self._post.zone)
        return Again(row.id, attempts, due_ms, now_ms if is_given_up(attempts) else None)

    def _collect(self) -> None:
        """Forget the messages that are through; what the registry said of marking one goes up."""
        for name, future in list(self._running.items()):
            if future.done():
                del self._running[name]
                future.result()

    def _follow_roster(self) -> None:
        if fault := self._post.roster.refresh():
            self._conditions.begin("notify roster", fault)
        else:
            self._conditions.end("notify roster")

    def _note_troubles(self, now_ms: int) -> None:
        with self._registry.reading() as session:
            failing = pending.troubles(session)
            lost = pending.given_up(session, now_ms - _SHOWN_MS)
        said = {f"notify {name}": f"not delivered, is tried again: {why}" for name, why in failing.items()}
        for name, (count, why) in lost.items():
            lost_ones = f"{count} message{'' if count == 1 else 's'}"
            said[f"notify {name} given up"] = f"{lost_ones} not delivered in 24 hours of tries: {why}"
        for name in self._conditions.current():
            if name not in said and name != "notify roster":
                self._conditions.end(name)
        for name, text in said.items():
            self._conditions.begin(name, text)


def _is_free(last_ms: int | None, now_ms: int) -> bool:
    """Whether a minute has gone by; an attempt in the future is of a clock that was put back."""
    return last_ms is None or now_ms - last_ms >= BETWEEN_MS or last_ms - now_ms > BETWEEN_MS
