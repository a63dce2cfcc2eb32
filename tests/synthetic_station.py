"""Small made-up stations for the tests of detection: quarter hours by hand, and lives made of them."""

from datetime import date
from itertools import chain, repeat
from zoneinfo import ZoneInfo

from alerting.baseline import WINDOWS_H, Baseline
from alerting.case import Case
from alerting.course import Course, Heard
from alerting.detect import decide
from alerting.files import StationFile
from alerting.judging import Rules
from alerting.known import Known, Last, Memory, Thresholds
from alerting.learning import UsualDays
from alerting.ledger import Ledger
from history.port import QUARTER_HOUR_MS, QuarterHour
from registry.config import AlertingSettings
from registry.tables import Alarm, Device, Exclusion, StatePeriod, Station
from service.civil import ONE_DAY, day_of, start_of

ZONE = ZoneInfo("Asia/Shanghai")
Q = QUARTER_HOUR_MS
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
A = "410882-0001"
FIRST = date(2026, 3, 10)
START = start_of(FIRST, ZONE)
NOW = START + 20 * DAY + 12 * HOUR
"""An instant at which the stations of single decisions are judged: the end of a quarter hour."""
LIMITS = Thresholds(
    offline_after_s=1_800,
    stop_window_s=14_400,
    idle_window_s=86_400,
    learn_s=86_400,
    stop_floor_kwh_per_day=0.5,
    coverage=0.75,
)
LITTLE = 1e-9


def least_clear_from(hours, amount=99.0):
    """What was least used in each learnt window: nothing in those shorter than some hours."""
    return [amount if window >= hours else 0.0 for window in WINDOWS_H]


USUAL = Baseline(12.0, 20.0, 28, least_kwh=least_clear_from(4), least_m3=least_clear_from(4))
"""A learnt station without pauses: 12 kWh and 20 m³ a day; its stop floor is 0.6 kWh a day."""


def quarters(*pieces):
    """Amounts of quarter hours from pieces `(hours, amount an hour)`; None for not known."""
    return list(
        chain.from_iterable(
            repeat(None if hourly is None else hourly / 4, round(4 * hours)) for hours, hourly in pieces
        )
    )


def fill(meter, amounts, until_ms=NOW, *, levels=True, good=3, missing=0):
    """Put amounts into a meter's ledger so that they end at an instant; levels follow them unless given."""
    start_ms = until_ms - len(amounts) * meter.step_ms
    for place, amount in enumerate(amounts):
        level = None if amount is None else amount * HOUR / meter.step_ms
        if levels is not True:
            level = levels[place] if levels else None
        some = good if level is not None else 0
        meter.put(start_ms + place * meter.step_ms, amount, level, (some, missing, False))


def book(power=(), flow=(), until_ms=NOW):
    """A ledger with pieces of energy and of effluent, both ending at an instant."""
    ledger = Ledger()
    fill(ledger.power, quarters(*power), until_ms)
    fill(ledger.flow, quarters(*flow), until_ms)
    return ledger


def known(power=(), flow=(), **other):
    """A station heard a moment ago and for long on the register; it has the meters that have pieces."""
    ledger = other.pop("ledger", None) or book(power, flow)
    has_power, has_flow = len(ledger.power) > 0, len(ledger.flow) > 0
    devices = {}
    if has_power:
        devices["power-1"] = Last("power", NOW, is_missing=False, counted_ms=NOW, has_voltage=None)
    if has_flow:
        devices["flow-1"] = Last("flow", NOW, is_missing=False, counted_ms=NOW, has_voltage=None)
    facts = {
        "has_power_meter": has_power,
        "has_flow_meter": has_flow,
        "first_heard_ms": NOW - 90 * DAY,
        "last_heard_ms": NOW,
        "design_m3_per_day": 40.0,
        "ledger": ledger,
        "process": "A2O",
        "usual": USUAL,
        "devices": devices,
    }
    return Known(**(facts | other))


def judged(facts, limits=LIMITS, now_ms=NOW):
    """State, reason, and how many hours ago it began."""
    decision = decide(facts, limits, now_ms)
    return decision.state, decision.reason, (now_ms - decision.start_ms) / HOUR


def state(facts, limits=LIMITS, now_ms=NOW):
    return decide(facts, limits, now_ms).state


def own(**thresholds):
    """Limits of which a station has its own."""
    return LIMITS._replace(**thresholds, own=frozenset(thresholds))


def station_file(process="A2O", design=40.0, *, meters=("power", "flow"), overrides=None, exclusions=()):
    station = Station(id=A, process=process, design_m3_per_day=design, overrides=overrides or {})
    devices = [Device(station_id=A, device=f"{kind}-1", kind=kind, first_seen_ms=START) for kind in meters]
    return StationFile(station, devices, None, list(exclusions), [], Memory())


def approved_stop(first, last, entered_ms, reason="maintenance"):
    return Exclusion(start=first, end=last, reason=reason, entered_ms=entered_ms, withdrawn_ms=None)


class Rows:
    """Rows in memory."""

    def __init__(self):
        self.states, self.alarms = [], []

    def add(self, row):
        if isinstance(row, StatePeriod):
            self.states.append(row)
        elif isinstance(row, Alarm):
            self.alarms.append(row)

    def flush(self):
        pass


class Life:
    """A station that lives through quarter hours, judged after each; time by hand.

    `power` and `flow` tell the amount of a quarter hour from its number since the start (96 a day); None is a
    meter that the station does not have.
    """

    def __init__(self, power, flow, holidays=frozenset(), settings=None, **filed):
        self.power, self.flow = power, flow
        meters = [kind for kind, amount in (("power", power), ("flow", flow)) if amount]
        self.file = station_file(meters=meters, **filed)
        self.rules = Rules(settings or AlertingSettings(), ZONE, holidays)
        self.rows = Rows()
        self.usual = UsualDays(self.file.station.process, self.file.station.design_m3_per_day)
        self.course = Course(self.file, self.rules, self.rows, self.usual, FIRST)
        self.number = 0
        self.waiting = []
        self.last_ms = None
        self.devices = {}

    @property
    def now_ms(self):
        return START + self.number * Q

    def live(self, hours, power=None, flow=None, *, is_linked=True, voltage=None, every=1):
        """Go on for some hours, with other amounts if given; without a link, rows wait in the box.

        It is judged after every so many quarter hours.
        """
        power, flow = power or self.power, flow or self.flow
        for _ in range(round(4 * hours)):
            energy = power(self.number) if power else None
            volume = flow(self.number) if flow else None
            row = QuarterHour(
                A,
                self.now_ms,
                energy,
                volume,
                power_mean_kw=None if energy is None else 4 * energy,
                flow_mean_m3h=None if volume is None else 4 * volume,
                power_good=3 * (energy is not None),
                flow_good=3 * (volume is not None),
            )
            self.waiting.append(row)
            self.number += 1
            if self.number % every:
                continue
            if is_linked:
                self._arrive(voltage)
            self.course.step(Heard(START, self.last_ms, self.devices), self.now_ms)
        return self

    def _arrive(self, voltage):
        self.course.put(self.waiting)
        self.waiting = []
        self.last_ms = self.now_ms
        for device in self.file.devices:
            has_voltage = voltage if device.kind == "power" else None
            self.devices[device.device] = Last(device.kind, self.now_ms, False, self.now_ms, has_voltage)  # noqa: FBT003 - a tuple's fields in order

    def hours(self, at_ms):
        """Hours since the start."""
        return None if at_ms is None else (at_ms - START) / HOUR

    def alarms(self, *types, since=0.0):
        """Type, hour of start, and hour of ringing."""
        return [
            (each.type, self.hours(each.start_ms), self.hours(each.raised_ms))
            for each in self.rows.alarms
            if self.hours(each.raised_ms) >= since and (not types or each.type in types)
        ]

    def states(self, since=0.0):
        """State with its first and last hour, by time; none that lasted no time."""
        found = sorted(self.rows.states, key=lambda row: row.start_ms)
        return [
            (row.state, self.hours(row.start_ms), self.hours(row.end_ms))
            for row in found
            if row.end_ms != row.start_ms and (row.end_ms is None or self.hours(row.end_ms) > since)
        ]

    def verdict(self, day):
        """Verdict and reason of a finished day, by its number."""
        found = self.course.judged[FIRST + day * ONE_DAY].judged
        return found.verdict, found.reason

    def stop_window_h(self):
        """What the station's own days say how long a stop takes to tell."""
        day = day_of(self.now_ms, ZONE)
        usual = self.usual.before(day)
        facts = self.file.known(self.course.ledger, usual, ZONE, self.now_ms)
        facts = facts._replace(is_holiday=day in self.rules.holidays)
        limits = self.file.thresholds(self.rules.settings, usual.volume_m3)
        return Case(facts, limits, self.now_ms).stop_window_ms / HOUR
