"""What one message from a station means: what to store, what to refuse, what to answer. No I/O."""

from collections.abc import Container, Iterable
from dataclasses import dataclass, field

import msgspec

from history.port import Rejected, StationReading
from history.quarter_hours import floor_to_quarter
from registry.quarantine import Entry
from telemetry.ack import HOLD_CLOCK, HOLD_UNKNOWN_STATION, Ack, RefusedRange
from telemetry.batch import Received, Refusal, UnreadableBatchError, decode_batch, ranges
from telemetry.reading import Fault, NumberedReading

AHEAD_MS = 600_000
"""A box or a reading further ahead of the centre has a wrong clock."""
OLDEST_MS = 400 * 86_400_000
"""A reading older than this is refused."""
STORE_REFUSES = "store_refuses"
LONGEST_TEXT = 200
"""Letters of a refusal's text; a time may have thousands of digits."""


@dataclass
class Answer:
    """What a station's outbox is to be told, gathered over several messages."""

    station: str
    outbox: str | None = None
    sent: int | None = None
    stored: list[int] = field(default_factory=list)
    refused: list[RefusedRange] = field(default_factory=list)
    hold: str | None = None
    error: str | None = None

    def ack(self, now_ms: int) -> Ack:
        """The ack as it goes out."""
        return Ack(
            now=now_ms,
            outbox=self.outbox,
            sent=self.sent,
            stored=ranges(self.stored),
            refused=_joined(self.refused),
            hold=self.hold,
            error=self.error,
        )


@dataclass
class Work:
    """What some messages ask for: first to be stored, then to be answered."""

    readings: list[StationReading] = field(default_factory=list)
    quarantine: list[Entry] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)
    """Station to its clock's lead over ours, ms, for every known station heard."""


def take(work: Work, station: str, payload: bytes, *, known: Container[str], now_ms: int) -> None:
    """Add one message on a station's `readings` topic to the work."""
    try:
        received = decode_batch(payload)
    except UnreadableBatchError as error:
        work.quarantine.append(Entry(now_ms, station, error.code, error.text, payload))
        work.answers.append(Answer(station, error=error.code))
        return
    hello = received.sent if _is_hello(received) else None
    if station not in known:
        text = "enrolled, but not on the register"
        work.quarantine.append(Entry(now_ms, station, HOLD_UNKNOWN_STATION, text, payload))
        work.answers.append(Answer(station, received.outbox, hello, hold=HOLD_UNKNOWN_STATION))
        return
    work.seen[station] = received.sent - now_ms
    if received.sent > now_ms + AHEAD_MS:
        work.answers.append(Answer(station, received.outbox, hello, hold=HOLD_CLOCK))
        return
    answer = Answer(station, received.outbox, hello)
    refused = [*received.refused]
    for reading in received.readings:
        fault = _time_fault(reading, now_ms)
        if fault is None:
            work.readings.append(StationReading(station, reading))
            answer.stored.append(reading.seq)
        else:
            refused.append(Refusal(reading.seq, fault))
    answer.refused.extend((seq, seq, *fault) for seq, fault in refused)
    one_of_each = {fault.code: fault for fault in [*received.unnumbered, *(fault for _, fault in refused)]}
    work.quarantine.extend(Entry(now_ms, station, *fault, payload) for fault in one_of_each.values())
    _answer(work, answer)


def reject(work: Work, rejected: Iterable[Rejected], now_ms: int) -> None:
    """Take back what the store will never hold: it is refused with the store's words, and put aside."""
    for (station, reading), text in rejected:
        work.readings.remove(StationReading(station, reading))
        work.quarantine.append(Entry(now_ms, station, STORE_REFUSES, text, msgspec.json.encode(reading)))
        seq = getattr(reading, "seq", None)
        for answer in work.answers:
            if answer.station == station and seq in answer.stored:
                answer.stored.remove(seq)
                answer.refused.append((seq, seq, STORE_REFUSES, text[:LONGEST_TEXT]))
                break


def _answer(work: Work, answer: Answer) -> None:
    """Join the answer with what the same outbox is told already; a hello is answered by itself."""
    if answer.sent is None:
        for other in work.answers:
            same = (other.station, other.outbox, other.sent) == (answer.station, answer.outbox, None)
            if same and other.hold is None and other.error is None:
                other.stored.extend(answer.stored)
                other.refused.extend(answer.refused)
                return
    work.answers.append(answer)


def _joined(refused: Iterable[RefusedRange]) -> list[RefusedRange]:
    """Neighbours refused for the same reason as one range; mobile data is paid by the megabyte."""
    joined: list[RefusedRange] = []
    for first, last, code, text in sorted(refused):
        if joined and joined[-1][1] == first - 1 and joined[-1][2:] == (code, text):
            joined[-1] = (joined[-1][0], last, code, text)
        else:
            joined.append((first, last, code, text))
    return joined


def _is_hello(received: Received) -> bool:
    return not (received.readings or received.refused or received.unnumbered)


def _time_fault(reading: NumberedReading, now_ms: int) -> Fault | None:
    if reading.t > now_ms + AHEAD_MS:
        rule = "lies more than 10 min ahead of the centre"
    elif reading.t < now_ms - OLDEST_MS:
        rule = "lies more than 400 days back"
    else:
        return None
    return Fault("implausible_time", f"$.t: {rule} (got {reading.t})"[:LONGEST_TEXT])


def late_quarter_hours(readings: Iterable[StationReading], before_ms: int) -> set[tuple[str, int]]:
    """The `(station, start_ms)` quarter hours that readings older than `before_ms` touch."""
    return {
        (each.station, floor_to_quarter(each.reading.t)) for each in readings if each.reading.t < before_ms
    }
