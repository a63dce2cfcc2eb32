"""Stations that live for some weeks, read by a box, for the tests of marks and findings."""

import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from alerting.baseline import Baseline
from alerting.finding_rules import findings
from alerting.ledger import Ledger
from alerting.marks import DayMarks, day_marks, readings_since_ms
from history.meter_events import NO_EVENTS
from history.quarter_hours import quarter_hours
from service.civil import start_of
from telemetry.reading import Reading

ZONE = ZoneInfo("Asia/Shanghai")
FIRST = date(2026, 9, 1)
DAY_S, STEP_S = 86_400, 300
BY_HOUR = (0, 0, 0, 0, 0, 1, 3, 4, 2, 1, 2, 3, 4, 2, 1, 1, 2, 4, 5, 4, 3, 2, 1, 0)
"""A village's water: three peaks, and nothing at night."""


def day_number(number):
    return FIRST + timedelta(days=number)


@dataclass
class Village:
    """A station and what befalls it; figures in kW, s and m³."""

    process: str = "A2O"
    blower_kw: float = 1.1
    on_s: float = 1_500
    timer_s: float = 4_100
    pump_kw: float = 0.75
    pump_m3h: float = 6.0
    run_m3: float = 1.0
    heater_kw: float = 0.0
    mean_m3: float = 20.0
    by_hour: tuple = BY_HOUR
    sway: float = 0.12
    inflow: dict = field(default_factory=dict)
    season: float = 0.0
    days: int = 40
    sampling_s: int = 900
    steps: tuple = (0.01, 0.001)
    meters: tuple = ("power", "flow")
    momentary: bool = True
    from_day: dict = field(default_factory=dict)
    """By number of the day: attributes that change from then on."""
    seed: int = 1

    def readings(self):
        """All that its box reads."""
        chance = random.Random(self.seed)
        kwh, m3, sump = 4_321.0, 987.0, 0.0
        start_ms = start_of(FIRST, ZONE)
        is_pumping, due_s, polls = False, chance.uniform(0, 60), []
        for number in range(self.days):
            for name, value in self.from_day.get(number, {}).items():
                setattr(self, name, value)
            of_day = self.mean_m3 * self.inflow.get(number, 1.0) * (1 + self.season * number / self.days)
            of_day *= 1 + self.sway * chance.uniform(-1, 1)
            for second in range(0, DAY_S, STEP_S):
                at_s = number * DAY_S + second
                sump += of_day * self.by_hour[second // 3600] / sum(self.by_hour) * STEP_S / 3600
                stroke_m3 = self.pump_m3h * STEP_S / 3600
                is_pumping = sump >= max(self.run_m3, stroke_m3) or (is_pumping and sump >= stroke_m3)
                pumped = stroke_m3 if is_pumping else 0.0
                sump -= pumped
                blows = at_s % self.timer_s < self.on_s
                sway = 1 + 0.02 * chance.uniform(-1, 1)
                motors_kw = (self.blower_kw * blows + self.pump_kw * is_pumping) * sway
                kw = 0.012 + motors_kw + self.heater_kw * sway
                kwh, m3 = kwh + kw * STEP_S / 3600, m3 + pumped * (1 + 0.03 * chance.uniform(-1, 1))
                if at_s >= due_s:
                    due_s += self.sampling_s
                    t = start_ms + at_s * 1000 + chance.randrange(2_000)
                    factor = (0.8 * motors_kw + self.heater_kw) / max(motors_kw + self.heater_kw, 1e-9)
                    factor = factor if kw > 0.02 else 0.55
                    polls += self._poll(t, kw, kwh, factor - 0.01 * chance.random(), pumped, m3)
        return polls

    def _poll(self, t, kw, kwh, factor, pumped, m3):
        power, flow = {"energy_kwh": _floor(kwh, self.steps[0])}, {"volume_m3": _floor(m3, self.steps[1])}
        if self.momentary:
            power |= {"active_power_kw": kw, "power_factor": factor}
            flow |= {"flow_m3h": pumped * 3600 / STEP_S}
        both = Reading(t=t, d="power-1", k="power", x=power), Reading(t=t + 300, d="flow-1", k="flow", x=flow)
        return [reading for reading in both if reading.k in self.meters]


def _floor(value, step):
    return round(value / step - 0.5) * step


def ledger_of(readings):
    start_ms = start_of(FIRST, ZONE)
    last_ms = max(reading.t for reading in readings)
    return Ledger(quarter_hours("a", readings, range(start_ms, last_ms, 900_000)))


def marks_of(readings, told=NO_EVENTS):
    """By day, as the worker makes and keeps them."""
    ledger = ledger_of(readings)
    found, number = {}, 0
    last_ms = max(reading.t for reading in readings)
    while start_of(day_number(number), ZONE) < last_ms:
        day = day_number(number)
        since_ms, end_ms = readings_since_ms(ledger, day, ZONE), start_of(day_number(number + 1), ZONE)
        given = [reading for reading in readings if since_ms <= reading.t < end_ms]
        found[day] = DayMarks.from_json(day_marks(ledger, given, day, ZONE, told).to_json())
        number += 1
    return found


def usual_of(days, before):
    """The medians of the running days before one."""
    known = [marks for day, marks in days.items() if day < before]
    return Baseline(
        _median([marks.energy_kwh for marks in known]),
        _median([marks.volume_m3 for marks in known]),
        len(known),
    )


def _median(values):
    known = sorted(value for value in values if value is not None)
    return known[len(known) // 2] if len(known) >= 5 else None


def all_findings(days, process="A2O", verdicts=None):
    """What is found at the end of each day: `{code: [Found, …]}`."""
    verdicts = dict.fromkeys(days, "running") | (verdicts or {})
    found = {}
    for day in days:
        known = {each: marks for each, marks in days.items() if each <= day}
        for each in findings(known, day, usual_of(days, day), process, verdicts):
            found.setdefault(each.code, []).append((day, each))
    return found
