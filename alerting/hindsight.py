"""What late readings tell of silences that are over: the worker's side of `alerting.silence`."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy.orm import Session

from alerting.days import usual_days
from alerting.files import StationFile
from alerting.judging import Rules
from alerting.known import Known
from alerting.recent_use import RecentUse
from alerting.silence import standstills
from alerting.states import SILENT, periods_between, revise
from service.civil import day_of

RECENT_MS = 2 * 3_600_000
"""What changed since is no hindsight."""
LOOKED_BACK_MS = 100 * 86_400_000
BEFORE_MS = 2 * 86_400_000
Span = tuple[int, int]
"""From and to, ms."""


class Hindsight:
    """The spans that became known or changed long after they had passed, until they are looked at."""

    def __init__(self) -> None:
        self._spans: dict[str, Span] = {}

    def note(self, station: str, span: Span, now_ms: int) -> None:
        """Remember what was recomputed, as far as it lies back."""
        start_ms, end_ms = span
        if start_ms < now_ms - RECENT_MS:
            low_ms, high_ms = self._spans.get(station, span)
            self._spans[station] = (max(min(low_ms, start_ms), now_ms - LOOKED_BACK_MS), max(high_ms, end_ms))

    def is_due(self, station: str) -> bool:
        """Whether silences of a station are to be looked at."""
        return station in self._spans

    def look(
        self, session: Session, use: RecentUse, file: StationFile, rules: Rules, known: Known
    ) -> set[date]:
        """Call the standstills in a station's silences what they were; returns the days that this changes.

        Once the session's transaction is written, `forget` the station.

        Raises:
            HistoryError: the store cannot be read just now; it is looked at next time.
        """
        start_ms, end_ms = self._spans[file.id]
        now_ms, changed = known.last_heard_ms or end_ms, set[date]()
        periods = periods_between(session, file.id, start_ms, now_ms + 1)
        silences = [
            period
            for period in periods
            if period.start_ms < end_ms
            and period.state == SILENT
            and period.end_ms is not None
            and period.end_ms > period.start_ms
        ]
        if silences:
            since_ms = min(period.start_ms for period in silences) - BEFORE_MS
            known = known._replace(ledger=use.read(file.id, now_ms, now_ms - since_ms))
        for period in silences:
            if period.end_ms is not None:
                day = day_of(period.start_ms, rules.zone)
                usual = usual_days(session, [file], day)[file.id].before(day)
                limits = file.thresholds(rules.settings, usual.volume_m3)
                found = standstills(known._replace(usual=usual), limits, period.start_ms, period.end_ms)
                after = next(
                    (each for each in periods if each.start_ms == period.end_ms and each is not period), None
                )
                revise(session, period, found, after, now_ms)
                changed.update(day for each in found for day in each.days(rules.zone))
        return changed

    def forget(self, stations: Iterable[str]) -> None:
        """Look at some stations no more, because what was found of them is in the registry."""
        for station in stations:
            del self._spans[station]
