"""What a collector counts about itself, by the names under which others read it."""

from collections import Counter
from dataclasses import dataclass, field

from collector.ingest import Answer

WRITE_BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the classes into which the durations of writes are sorted, seconds."""


@dataclass
class Figures:
    """Counters since the start, and how much waits just now. Threads may read while others count.

    Attributes:
        messages: received, by what became of them: `taken`, `dropped` (no room), `ignored` (none of ours).
        readings_stored: durably, repetitions included.
        readings_acknowledged: named as stored in an ack.
        refused: readings refused, by code.
        unreadable: messages answered with an error, by code.
        held: answers that hold an outbox, by reason.
        quarantined: entries put aside.
        exceptions: unforeseen failures survived.
        store_failures: tries to store that failed.
        writes, writes_s: of the history, and the seconds they took.
        write_classes: writes by the first of `WRITE_BOUNDS_S` that they kept; the last kept none.
        waiting_messages: taken in and not yet answered.
        waiting_bytes: of those that wait as they came, because the lot to come is full.
        lag_s: from the arrival of the oldest message answered last to its answer, seconds.
    """

    messages: Counter[str] = field(default_factory=Counter)
    readings_stored: int = 0
    readings_acknowledged: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    unreadable: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    quarantined: int = 0
    exceptions: int = 0
    store_failures: int = 0
    writes: int = 0
    writes_s: float = 0.0
    write_classes: list[int] = field(default_factory=lambda: [0] * (len(WRITE_BOUNDS_S) + 1))
    waiting_messages: int = 0
    waiting_bytes: int = 0
    lag_s: float = 0.0

    def wrote(self, readings: int, took_s: float) -> None:
        """Count one write of the history."""
        self.readings_stored += readings
        self.writes += 1
        self.writes_s += took_s
        place = sum(took_s > bound for bound in WRITE_BOUNDS_S)
        self.write_classes[place] += 1

    def answered(self, answer: Answer) -> None:
        """Count what a station was told."""
        self.readings_acknowledged += len(answer.stored)
        for _first, _last, code, _text in answer.refused:
            self.refused[code] += 1
        if answer.error is not None:
            self.unreadable[answer.error] += 1
        if answer.hold is not None:
            self.held[answer.hold] += 1
