"""What one message from a station means: what to store, what to refuse, what to answer. No I/O."""

from collections.abc import Container, Iterable
from dataclasses import dataclass, field

import msgspec

from history.port import Rejected, StationReading
from history.quarter_hours import floor_to_quarter
from registry.devices import Beginning
from registry.quarantine import Entry
from telemetry.ack import HOLD_CLOCK, HOLD_UNKNOWN_STATION, Ack, RefusedRange
from telemetry.batch import Received, Refusal, UnreadableBatchError, decode_batch, ranges
from telemetry.reading import Fault, NumberedReading
from telemetry.status import Status

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
    stored: list[NumberedReading] = field(default_factory=list)
    refused: list[RefusedRange] = field(default_factory=list)
    hold: str | None = None
    error: str | None = None

    def ack(self, now_ms: int) -> Ack:
        """The ack as it goes out."""
        return Ack(
            now=now_ms,
            outbox=self.outbox,
            sent=self.sent,
            stored=ranges(reading.seq for reading in self.stored),
            refused=_joined(self.refused),
            hold=self.hold,
            error=self.error,
        )


@dataclass
class Work:
    """What some messages ask for: first to be stored, then to be answered.

    Attributes:
        readings: to be stored.
        quarantine: to be put aside.
        answers: to be given once all of that is safe.
        prompt: answers that wait for nothing.
        seen: station to its clock's lead over ours, ms, for every known station heard.
        statuses: what stations said of themselves since, with whether the broker had kept it.
        admitted: stations that are to be registered, because they announced themselves.
        messages: how many it was made of.
    """

    readings: list[StationReading] = field(default_factory=list)
    quarantine: list[Entry] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    prompt: list[Answer] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)
    statuses: list[tuple[str, Status, bool]] = field(default_factory=list)
    admitted: set[str] = field(default_factory=set)
    messages: int = 0
    _joint: dict[tuple[str, str], Answer] = field(default_factory=dict)

    def told(self, station: str, status: Status, *, retained: bool) -> None:
        """Add what a station said of itself."""
        self.messages += 1
        self.statuses.append((station, status, retained))

    def answer(self, station: str, outbox: str) -> Answer:
        """The one answer to all the data that an outbox sent."""
        try:
            return self._joint[station, outbox]
        except KeyError:
            answer = self._joint[station, outbox] = Answer(station, outbox)
            self.answers.append(answer)
            return answer


def take(
    work: Work, station: str, payload: bytes, *, known: Container[str], now_ms: int, admit: bool = False
) -> None:
    """Add one message on a station's `readings` topic to the work.

    Args:
        work: is added to.
        station: whose topic it was.
        payload: as it came.
        known: the stations on the register.
        now_ms: the centre's clock, ms since the epoch, UTC.
        admit: register a station that is not on the register.
    """
    work.messages += 1
    try:
        received = decode_batch(payload)
    except UnreadableBatchError as error:
        work.quarantine.append(Entry(now_ms, station, error.code, error.text, payload))
        work.answers.append(Answer(station, error=error.code))
        return
    hello = received.sent if _is_hello(received) else None
    if station not in known and station not in work.admitted:
        if not admit:
            text = "enrolled, but not on the register"
            work.quarantine.append(Entry(now_ms, station, HOLD_UNKNOWN_STATION, text, payload))
            work.answers.append(Answer(station, received.outbox, hello, hold=HOLD_UNKNOWN_STATION))
            return
        work.admitted.add(station)
    if work.statuses:
        _forget_goodbyes(work, station)
    work.seen[station] = received.sent - now_ms
    if received.sent > now_ms + AHEAD_MS:
        work.prompt.append(Answer(station, received.outbox, hello, hold=HOLD_CLOCK))
    elif hello is not None:
        work.prompt.append(Answer(station, received.outbox, hello))
    else:
        _take_readings(work, station, received, payload, now_ms)


def _take_readings(work: Work, station: str, received: Received, payload: bytes, now_ms: int) -> None:
    answer = work.answer(station, received.outbox)
    refused = [*received.refused]
    earliest_ms, latest_ms = now_ms - OLDEST_MS, now_ms + AHEAD_MS
    good = [reading for reading in received.readings if earliest_ms <= reading.t <= latest_ms]
    work.readings.extend(StationReading(station, reading) for reading in good)
    answer.stored.extend(good)
    if len(good) < len(received.readings):
        refused.extend(
            Refusal(reading.seq, _time_fault(reading, earliest_ms))
            for reading in received.readings
            if not earliest_ms <= reading.t <= latest_ms
        )
    if refused or received.unnumbered:
        answer.refused.extend((seq, seq, *fault) for seq, fault in refused)
        faults = [*received.unnumbered, *(fault for _, fault in refused)]
        one_of_each = {fault.code: fault for fault in faults}
        work.quarantine.extend(Entry(now_ms, station, *fault, payload) for fault in one_of_each.values())


def _time_fault(reading: NumberedReading, earliest_ms: int) -> Fault:
    is_old = reading.t < earliest_ms
    rule = "lies more than 400 days back" if is_old else "lies more than 10 min ahead of the centre"
    return Fault("implausible_time", f"$.t: {rule} (got {reading.t})"[:LONGEST_TEXT])


def _forget_goodbyes(work: Work, station: str) -> None:
    """A station that sends readings has come back, whatever its last will said before."""
    work.statuses = [each for each in work.statuses if each[0] != station or each[1].online]


def reject(work: Work, rejected: Iterable[Rejected], now_ms: int) -> None:
    """Take back what the store will never hold: it is refused with the store's words, and put aside."""
    said = {id(each.reading.reading): each for each in rejected}
    if not said:
        return
    for each, text in said.values():
        payload = msgspec.json.encode(each.reading)
        work.quarantine.append(Entry(now_ms, each.station, STORE_REFUSES, text, payload))
    work.readings = [each for each in work.readings if id(each.reading) not in said]
    for answer in work.answers:
        refused = [reading for reading in answer.stored if id(reading) in said]
        if refused:
            answer.stored = [reading for reading in answer.stored if id(reading) not in said]
            answer.refused.extend(
                (reading.seq, reading.seq, STORE_REFUSES, said[id(reading)].text[:LONGEST_TEXT])
                for reading in refused
            )


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


def late_quarter_hours(readings: Iterable[StationReading], before_ms: int) -> set[tuple[str, int]]:
    """The `(station, start_ms)` quarter hours that readings older than `before_ms` touch."""
    return {
        (each.station, floor_to_quarter(each.reading.t)) for each in readings if each.reading.t < before_ms
    }


def beginnings(readings: Iterable[StationReading]) -> dict[tuple[str, str], Beginning]:
    """What the meters are that readings came from, by station and device, and when they were first heard."""
    found: dict[tuple[str, str], Beginning] = {}
    for each in readings:
        whose, reading = (each.station, each.reading.d), each.reading
        if whose not in found or reading.t < found[whose].first_ms:
            found[whose] = Beginning(reading.k, reading.t)
    return found
