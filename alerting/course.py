"""One station judged step by step through time, as the live worker does it: of a past, or in a back-test.

What comes out are rows: state periods, alarms and day verdicts.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

from alerting.alarm_book import AlarmBook
from alerting.alarms import follow
from alerting.detect import decide
from alerting.files import StationFile
from alerting.judging import JudgedDay, Rules, judge_and_learn
from alerting.known import DayStates, Known, Last, Thresholds
from alerting.learning import UsualDays
from alerting.ledger import Ledger
from alerting.silence import standstills
from alerting.states import SILENT, Rows, record, remembered, revise, states_on
from alerting.verdict import DayJudgement
from history.port import QuarterHour
from registry.tables import Alarm, StatePeriod
from service.civil import ONE_DAY, day_of, days_between, start_of

if TYPE_CHECKING:
    from alerting.baseline import Baseline

NOTHING_LEARNT = JudgedDay(
    DayJudgement("unknown", "no_data", {"valid_hours": 0.0}), None, None, settles=False
)
"""Of a day before the first reading."""


class Heard(NamedTuple):
    """What had been heard of a station at an instant.

    Attributes:
        first_ms: its first reading; None if there was none yet.
        last_ms: its last sign of life.
        devices: what each of its meters told last.
    """

    first_ms: int | None
    last_ms: int | None
    devices: Mapping[str, Last]


class Course:
    """A station's course.

    Attributes:
        file: of the station; its devices and its memory change as time goes on.
        ledger: what its meters counted, as known by now.
        usual: what it usually does.
        judged: the days that ended, with what they taught.
    """

    def __init__(self, file: StationFile, rules: Rules, rows: Rows, usual: UsualDays, first: date) -> None:
        self.file = file
        self.ledger = Ledger()
        self.usual = usual
        self.judged: dict[date, JudgedDay] = {}
        self._rules = rules
        self._delays = rules.delays
        self._may_rise_for_ms = self._delays.silence_raise_after_s * 1000 + 2 * 3_600_000
        self._rows = rows
        self._memory = file.memory
        self._present: StatePeriod | None = None
        self._periods: list[StatePeriod] = []
        self._alarms: list[Alarm] = []
        self._limits: tuple[Baseline, Thresholds] | None = None
        self._late: set[int] = set()
        """Quarter hours that became known or changed after the station had gone on to its present state."""
        self._day = self._first = first
        self._day_start_ms = start_of(first, rules.zone)
        self._day_end_ms = start_of(first + ONE_DAY, rules.zone)
        self._known_from: date | None = None
        """The first day of which anything is known."""

    def go_on(self, present: StatePeriod | None, alarms: list[Alarm]) -> None:
        """Begin with the state and the open alarms that there are."""
        self._present, self._alarms = present, alarms
        self._periods = [present] if present is not None else []

    def put(self, rows: Iterable[QuarterHour]) -> None:
        """Note quarter hours, new or changed; finished days that change are judged again."""
        zone, late = self._rules.zone, set[date]()
        for row in rows:
            self.ledger.put(row)
            if self._present is not None and row.start_ms < self._present.start_ms + 3_600_000:
                self._late.add(row.start_ms)
            if row.start_ms < self._day_start_ms:
                late.add(day_of(row.start_ms, zone))
        if self._known_from is None and self.ledger.starts_ms is not None:
            self._known_from = day_of(self.ledger.starts_ms, zone)
        if late and self._known_from is not None:
            self._known_from = min(self._known_from, *late)
        for day in sorted(late):
            if day >= self._first:
                self._judge_day(day)

    def can_wait(self, last_ms: int, now_ms: int) -> bool:
        """Whether nothing can have changed since the last step, if nothing came.

        Windows end where counters are known to, so that only silence, a new day or an alarm to clear tells.
        """
        if now_ms >= self._day_end_ms or self._present is None:
            return False
        if any(alarm.type != self._present.state for alarm in self._alarms):
            return False
        patience_ms = self._rules.settings.offline_after_s * 1000
        if now_ms - last_ms > patience_ms:
            patience_ms = max(patience_ms, self._interval_ms(now_ms))
        return now_ms - last_ms <= patience_ms and self._present.state not in {"unknown", SILENT}

    def _interval_ms(self, now_ms: int) -> int:
        meters = [meter for meter in (self.ledger.power, self.ledger.flow) if len(meter)]
        return min((meter.interval_ms(now_ms) for meter in meters), default=0)

    def step(self, heard: Heard, now_ms: int) -> None:
        """Judge the station at an instant, not earlier than the last one."""
        rules = self._rules
        while now_ms >= self._day_end_ms:
            self._judge_day(self._day)
            self._day += ONE_DAY
            self._day_start_ms = self._day_end_ms
            self._day_end_ms = start_of(self._day + ONE_DAY, rules.zone)
        usual = self.usual.before(self._day)
        if self._limits is None or self._limits[0] is not usual:
            self._limits = usual, self.file.thresholds(rules.settings, usual.volume_m3)
        limits = self._limits[1]
        known = self.file.known(self.ledger, usual, rules.zone, now_ms)._replace(
            first_heard_ms=heard.first_ms,
            last_heard_ms=heard.last_ms,
            devices=self.file.in_place(heard.devices),
            memory=self._memory,
            is_holiday=self._day in rules.holidays,
        )
        decision = decide(known, limits, now_ms)
        period = record(self._rows, self.file.id, decision, self._present, now_ms)
        if period is not self._present:
            self._present = period
            self._periods.append(period)
        self._memory = remembered(self._memory, period, now_ms)
        if self._late and period.state != SILENT:
            self._revise(known, now_ms)
        if self._alarms or now_ms - period.decided_ms <= self._may_rise_for_ms:
            book = AlarmBook(self._rows, now_ms)
            self._alarms = follow(book, period, self._alarms, self._delays, is_attended=False)
            book.write()

    def _revise(self, known: Known, now_ms: int) -> None:
        """Look again at the silences that late readings or counters tell about."""
        first_ms, last_ms = min(self._late), max(self._late)
        self._late.clear()
        revised: list[StatePeriod] = []
        changed = set[date]()
        for period, after in zip_longest(self._periods, self._periods[1:]):
            end_ms = period.end_ms
            touched = end_ms is not None and period.start_ms <= last_ms and end_ms >= first_ms
            if period.state != SILENT or end_ms is None or not touched or end_ms <= period.start_ms:
                revised.append(period)
                continue
            usual = self.usual.before(day_of(period.start_ms, self._rules.zone))
            limits = self.file.thresholds(self._rules.settings, usual.volume_m3)
            found = standstills(known._replace(usual=usual), limits, period.start_ms, end_ms)
            revised += revise(self._rows, period, found, after, now_ms)
            changed |= {day for each in found for day in each.days(self._rules.zone)}
        self._periods = revised
        for day in sorted(changed & self.judged.keys()):
            self._judge_day(day)

    def finish(self, end_ms: int) -> None:
        """Judge the days up to an instant, and the day that it lies in, as far as it is known."""
        last = day_of(end_ms - 1, self._rules.zone)
        for day in days_between(self._day, last):
            self._judge_day(day)

    def _judge_day(self, day: date) -> None:
        is_before = self._known_from is None or day < self._known_from
        if is_before and not self.file.exclusions:
            self.judged[day] = NOTHING_LEARNT
            return
        found = self.judged[day] = self._judge_and_learn(day)
        if found.settles and self._known_from is not None:
            for earlier in days_between(max(self._first, self._known_from), day - ONE_DAY):
                self.judged[earlier] = self._judge_and_learn(earlier)

    def _judge_and_learn(self, day: date) -> JudgedDay:
        return judge_and_learn(self.file, self.ledger, day, self.usual, self._rules, self._states_on(day))

    def _states_on(self, day: date) -> DayStates:
        start_ms, end_ms = start_of(day, self._rules.zone), start_of(day + ONE_DAY, self._rules.zone)
        return states_on(reversed(self._periods), start_ms, end_ms)
