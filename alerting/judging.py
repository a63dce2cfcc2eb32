"""Judges one civil day and learns from it: the step that the live worker and a back-test share. Pure."""

from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

from alerting.alarms import Delays
from alerting.baseline import DayTraits
from alerting.day import judge
from alerting.files import StationFile
from alerting.holidays import Holidays
from alerting.known import DayStates
from alerting.learning import ABNORMAL, DOUBTED_AT_FIRST, UsualDays, traits
from alerting.ledger import Ledger
from alerting.verdict import AT_STANDBY, DayJudgement
from registry.alarm_settings import AlarmSettings
from registry.config import AlertingSettings


class Rules(NamedTuple):
    """What all stations are judged by."""

    settings: AlertingSettings
    zone: ZoneInfo
    holidays: Holidays = frozenset()
    alarms: AlarmSettings = AlarmSettings()

    @property
    def delays(self) -> Delays:
        """Of alarms."""
        return Delays.of(self.settings, self.alarms)


class JudgedDay(NamedTuple):
    """A day's verdict, and what it taught.

    Attributes:
        traits: what was learnt of the usual day; None if nothing.
        standing_kwh: what was used while it was stopped all day; None if it was not.
        settles: with this day the station has a baseline of its own; its first days are judged anew by it.
    """

    judged: DayJudgement
    traits: DayTraits | None
    standing_kwh: float | None
    settles: bool


def judge_and_learn(
    file: StationFile, ledger: Ledger, day: date, usual: UsualDays, rules: Rules, states: DayStates
) -> JudgedDay:
    """Judge a day by the days before it, and keep in `usual` what it teaches."""
    baseline = usual.before(day)
    limits = file.thresholds(rules.settings, baseline.volume_m3)
    judged = judge(file, ledger, day, baseline, limits, rules.zone)
    abnormal = ABNORMAL.intersection(states.words)
    is_fair = not abnormal or (abnormal <= DOUBTED_AT_FIRST and usual.is_young(day))
    is_ordinary = day not in rules.holidays and file.exclusion_on(day) is None
    if is_fair and is_ordinary and usual.takes(day, judged):
        found = traits(ledger, day, rules.zone, doubtful=bool(abnormal))
        return JudgedDay(judged, found, None, usual.accept(day, found))
    usual.reject(day)
    energy_kwh = judged.evidence.get("energy_kwh")
    if judged.reason in AT_STANDBY and isinstance(energy_kwh, float) and states.stood:
        usual.stood(day, energy_kwh)
        return JudgedDay(judged, None, energy_kwh, settles=False)
    return JudgedDay(judged, None, None, settles=False)
