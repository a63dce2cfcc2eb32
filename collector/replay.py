"""Replay: what lies in quarantine goes through the collector's check once more; what is good now is stored.

First the history is written, then the entry goes; writing is idempotent, so that a replay which broke off, or
was done twice, does no harm.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Literal, NamedTuple

import msgspec

from collector.ingest import AHEAD_MS, OLDEST_MS, STORE_REFUSES, Work, beginnings, late_quarter_hours, take
from history.port import History, StationReading
from registry.database import Registry
from registry.devices import note_devices
from registry.dirty import mark_dirty
from registry.quarantine import give_reason, numbered, remove
from registry.quarantine_trail import Actor, note_replayed
from registry.tables import Quarantine
from telemetry.batch import encode_batch
from telemetry.reading import Fault

ENTRIES_AT_ONCE = 100
_READINGS_AT_ONCE = 5_000
_NO_OUTBOX = "00000000"
_object = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Attempt(NamedTuple):
    """What an entry holds by today's rules.

    Attributes:
        readings: good ones.
        fault: why something of it cannot be stored; None if all of it can.
    """

    entry: Quarantine
    readings: list[StationReading]
    fault: Fault | None


class Outcome(NamedTuple):
    """What became of one entry.

    Attributes:
        fate: `replayed`: all of it is stored and the entry gone; `partly`: some readings are stored, the
            entry stays; `kept`: nothing could be stored; `capped`: nothing can be, a part of it is missing.
        code: why it was put aside; where it stays, why it stays.
        stored: readings written.
        repetitions: payloads that only raised its count and were never kept.
    """

    entry_id: int
    station: str
    fate: Literal["replayed", "partly", "kept", "capped"]
    code: str
    text: str
    stored: int
    repetitions: int


def is_capped(entry: Quarantine) -> bool:
    """Whether a part of its payload was not kept."""
    return len(entry.payload) < entry.size_bytes


def attempt(entry: Quarantine, known: Collection[str], now_ms: int) -> Attempt:
    """Check a payload as the collector does, with the clock of the moment it came.

    400 days back are counted from now.
    """
    if is_capped(entry):
        text = f"only {len(entry.payload)} of {entry.size_bytes} bytes were kept"
        return Attempt(entry, [], Fault(entry.code, text))
    came_ms = min(entry.received_ms, now_ms)
    work = Work()
    take(work, entry.station_id, _as_batch(entry, came_ms), known=known, now_ms=came_ms)
    faults = [Fault(each.code, each.text) for each in work.quarantine]
    sent_ms = came_ms + work.seen.get(entry.station_id, 0)
    if sent_ms > came_ms + AHEAD_MS:
        faults.append(_implausible("sent", "lies more than 10 min ahead of the centre", sent_ms))
    # The copy is the first one's, the instant the last repetition's: no reading must gain from that.
    latest = (min(came_ms, sent_ms) if entry.count > 1 else came_ms) + AHEAD_MS
    good: list[StationReading] = []
    for each in work.readings:
        if each.reading.t > latest:
            faults.append(_implausible("t", "lies more than 10 min ahead of its sending", each.reading.t))
        elif each.reading.t < now_ms - OLDEST_MS:
            faults.append(_implausible("t", "lies more than 400 days back", each.reading.t))
        else:
            good.append(each)
    return Attempt(entry, good, _first(entry, faults))


def replay(
    registry: Registry,
    history: History | None,
    ids: Sequence[int],
    known: Collection[str],
    by: Actor,
) -> Iterator[Outcome]:
    """Replay entries, in this order, some at a time; without a history nothing is changed anywhere.

    Each stands in the audit trail, in the transaction that removes it or gives it another reason.

    Raises:
        HistoryError: the store cannot be used now; what was told before is done, the rest is as it was.
        SQLAlchemyError: likewise the registry.
    """
    for start in range(0, len(ids), ENTRIES_AT_ONCE):
        with registry.reading() as session:
            entries = numbered(session, ids[start : start + ENTRIES_AT_ONCE])
        lot: list[Attempt] = []
        for entry in entries:
            lot.append(attempt(entry, known, by.at_ms))
            if sum(len(each.readings) for each in lot) >= _READINGS_AT_ONCE:
                yield from _settle(registry, history, lot, by)
                lot = []
        yield from _settle(registry, history, lot, by)


def _settle(
    registry: Registry, history: History | None, lot: Sequence[Attempt], by: Actor
) -> Iterator[Outcome]:
    if history is not None and lot:
        lot = _written(history, lot)
        stored = [each for done in lot for each in done.readings]
        with registry.writing() as session:
            note_devices(session, beginnings(stored))
            mark_dirty(session, late_quarter_hours(stored, by.at_ms))
            remove(session, [done.entry.id for done in lot if done.fault is None])
            for done in lot:
                if done.fault is not None and not is_capped(done.entry):
                    give_reason(session, done.entry.id, *done.fault)
                note_replayed(session, done.entry.id, _told(_outcome(done)), by)
    for done in lot:
        yield _outcome(done)


def _written(history: History, lot: Sequence[Attempt]) -> list[Attempt]:
    """Write all readings; what the store will never hold is a fault of its entry."""
    readings = [each for done in lot for each in done.readings]
    rejected = history.write(readings) if readings else []
    if not rejected:
        return list(lot)
    words = {_key(each.reading): each.text for each in rejected}
    settled = []
    for done in lot:
        refused = [words[_key(each)] for each in done.readings if _key(each) in words]
        if refused:
            stored = [each for each in done.readings if _key(each) not in words]
            fault = done.fault or Fault(STORE_REFUSES, refused[0])
            settled.append(Attempt(done.entry, stored, fault))
        else:
            settled.append(done)
    return settled


def _key(each: StationReading) -> tuple[str, str, int]:
    return each.station, each.reading.d, each.reading.t


def _outcome(done: Attempt) -> Outcome:
    entry, fault = done.entry, done.fault
    fate: Literal["replayed", "partly", "kept", "capped"] = "replayed"
    if is_capped(entry):
        fate = "capped"
    elif fault is not None:
        fate = "partly" if done.readings else "kept"
    code, text = fault or (entry.code, "")
    return Outcome(entry.id, entry.station_id, fate, code, text, len(done.readings), entry.count - 1)


def _told(outcome: Outcome) -> dict[str, str | int]:
    """What the audit trail keeps of it."""
    return {"station": outcome.station, "fate": outcome.fate, "stored": outcome.stored, "code": outcome.code}


def _first(entry: Quarantine, faults: Sequence[Fault]) -> Fault | None:
    """The fault to tell: the one it lies here for, if it stands. A lone reading is known by its code."""
    fault = next((each for each in faults if each.code == entry.code), faults[0] if faults else None)
    if fault is not None and entry.code == STORE_REFUSES and _lone_reading(entry) is not None:
        return Fault(STORE_REFUSES, fault.text)
    return fault


def _as_batch(entry: Quarantine, came_ms: int) -> bytes:
    """The payload, or the batch that a lone reading would have come in."""
    lone = _lone_reading(entry)
    return entry.payload if lone is None else encode_batch(_NO_OUTBOX, came_ms, [lone])


def _lone_reading(entry: Quarantine) -> msgspec.Raw | None:
    """The reading that a store refused; None if the payload is what a station sent."""
    if entry.code != STORE_REFUSES:
        return None
    try:
        keys = _object.decode(entry.payload)
    except (msgspec.DecodeError, RecursionError):
        return None
    if "readings" in keys:
        return None
    keys.setdefault("seq", msgspec.Raw(b"0"))
    return msgspec.Raw(msgspec.json.encode(keys))


def _implausible(name: str, rule: str, value: int) -> Fault:
    return Fault("implausible_time", f"$.{name}: {rule} (got {value})")
