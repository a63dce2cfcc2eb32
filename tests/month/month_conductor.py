"""Moves the clock, lets everybody do what is due, and strikes where the script says so."""

import json
import logging
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import NamedTuple

from month_centre import POISONER, STRANGER, ZONE, MonthCentre
from month_poison import payloads

from registry.exclusions import NewExclusion, enter_approved_stop
from registry.inspections import NewInspection, enter_inspection
from registry.meter_records import enter_exchange
from registry.meter_rules import NewExchange
from registry.record_entry import By
from service.broker import BrokerError, Connection
from simulator.trial_life import live
from simulator.trial_time import DAY_S, HOUR_S, civil, midnight
from telemetry.topics import topic

logger = logging.getLogger("month")
LEARNING_STEP_S = 1_800
PAGES = ("/", "/stations", "/alarms", "/health", "/api/v1/stations")


class Event(NamedTuple):
    """Something the script does at an instant, seconds since the epoch."""

    at_s: float
    name: str
    act: Callable[[], None]


class Conductor:
    """One run.

    Attributes:
        made: readings that the boxes were given.
        failures: how often a part said that a store is away.
        memory: resident megabytes of each process, by the share of the run that was over.
        struck: what was done, when.
    """

    def __init__(self, centre: MonthCentre, say: Callable[[str], None], step_s: int) -> None:
        self.centre, self.cast = centre, centre.cast
        self._step_s = step_s
        self._say = say
        self.made = self.steps = 0
        self.failures: Counter[str] = Counter()
        self.memory: dict[str, dict[str, float]] = {}
        self.spent = defaultdict[str, float](float)
        self.struck: list[tuple[str, str]] = []
        self.poison: Counter[str] = Counter()
        self.pages: Counter[str] = Counter()
        self._delivery_s = 3.0
        self._chance = Random(self.cast.seed)
        self._killed: int | None = None
        self._events = sorted(self._script(), key=lambda event: event.at_s)
        self.boxes_at_end: dict[str, dict] = {}

    def run(self) -> None:
        """The whole month, and the draft and the freezing of its report."""
        cast = self.cast
        now_s, end_s = cast.window.start_s, cast.end_s + 3 * HOUR_S
        warm_s = cast.first_s if cast.days > 5 else cast.first_s + DAY_S
        reports = [(warm_s, "start"), ((warm_s + end_s) / 2, "middle")]
        while now_s < end_s:
            before_s = now_s
            now_s += LEARNING_STEP_S if now_s < cast.first_s - DAY_S else self._step_s
            self.step(before_s * 1000, now_s * 1000)
            if reports and now_s >= reports[0][0]:
                self.memory[reports.pop(0)[1]] = self.centre.memory_mb()
            if civil(now_s).hour % 6 == 0 and civil(now_s).minute == 0:
                self._say(
                    f"{civil(now_s):%m-%d} {self.steps} steps, {self.made} readings, {_words(self.spent)}"
                )
        self.memory["end"] = self.centre.memory_mb()
        for part in self.centre.boxes:
            part.tell("end")
        for part in self.centre.boxes:
            self.boxes_at_end |= part.answer()
            part.process.wait(30)
        freezing = (cast.first + timedelta(days=32)).replace(day=12)
        self.centre.clock.move_to((midnight(freezing) + 3 * HOUR_S) * 1000)
        self._tick("reporting")

    def step(self, before_ms: int, now_ms: int) -> None:
        """One step of the clock, longer ones while only the usual is learnt."""
        centre = self.centre
        while self._events and self._events[0].at_s * 1000 <= now_ms:
            event = self._events.pop(0)
            self.struck.append((f"{civil(event.at_s):%m-%d %H:%M}", event.name))
            self._say(f"{civil(event.at_s):%m-%d %H:%M} {event.name}")
            event.act()
        centre.clock.move_to(now_ms)
        began_s = time.monotonic()
        for part in centre.boxes:
            part.tell(f"take {before_ms} {now_ms} {self._delivery_s}")
        if self._killed is not None:
            self._kill_boxes(self._killed)
        for part in centre.boxes:
            answer = part.answer()
            self.made += answer.get("made", 0)
            if answer.get("waiting"):
                self.failures["delivery not done within the step"] += 1
        self.spent["boxes"] += time.monotonic() - began_s
        self._tick("alerting")
        if now_ms % 3_600_000 == 0:
            self._tick("reporting")
        at = civil(now_ms / 1000)
        if at.hour == 9 and at.minute == 0:
            self._look()
        self.steps += 1

    def _tick(self, name: str) -> None:
        began_s = time.monotonic()
        part = self.centre.parts[name]
        part.tell("step")
        if part.answer()["failure"]:
            self.failures[name] += 1
        self.spent[name] += time.monotonic() - began_s

    def _look(self) -> None:
        began_s = time.monotonic()
        for path in PAGES:
            try:
                self.pages[f"{self.centre.page(path)[0]}"] += 1
            except OSError as error:
                self.pages[f"{getattr(error, 'code', error)} of {path}"] += 1
        self.spent["console"] += time.monotonic() - began_s

    def _kill_boxes(self, number: int) -> None:
        """kill -9 while it samples or delivers; then the boxes start again."""
        time.sleep(self._chance.uniform(0.02, 0.2))
        part = self.centre.parts[f"boxes-{number}"]
        part.kill()
        self.centre.start_boxes(number)
        self.centre.parts[f"boxes-{number}"].answer()
        self._killed = None
        self.centre.parts[f"boxes-{number}"].tell(
            f"take {self.centre.clock.now_ms()} {self.centre.clock.now_ms()} 3"
        )

    # --- the script --------------------------------------------------------------------------------

    def _script(self) -> list[Event]:
        """When what happens, in parts of the month; never while it is only learnt."""
        cast, days = self.cast, self.cast.days

        def at(share: float, hour: float) -> float:
            return cast.first_s + int(share * days) * DAY_S + hour * HOUR_S

        outage_h = 3 if days >= 10 else 1
        events = [
            Event(at(0.07, 10), "poison", self._send_poison),
            Event(at(0.14, 3), "agents of one process killed", lambda: self._doom(0)),
            Event(at(0.20, 11), "broker killed and wiped", self._kill_broker),
            Event(at(0.20, 11.5), "broker back", self._start_broker),
            Event(at(0.30, 14), "influxd killed", self._kill_influx),
            Event(at(0.30, 14 + outage_h), "influxd back", self._start_influx),
            Event(at(0.40, 16), "PostgreSQL restarted", self._restart_postgres),
            Event(at(0.47, 8), "collector killed", self._kill_collector),
            Event(at(0.52, 10), "poison", self._send_poison),
            Event(at(0.62, 20), "agents of one process killed", lambda: self._doom(-1)),
            Event(at(0.75, 1), "collector killed", self._kill_collector),
            Event(at(0.82, 13), "broker killed and wiped", self._kill_broker),
            Event(at(0.82, 13.25), "broker back", self._start_broker),
        ]
        if cast.late:
            late = next(each for each in cast.stations if each.id == cast.late)
            events.append(
                Event(at(0.25, 9), "a station imported late", lambda: self.centre.add_station(late))
            )
        for number, station in enumerate(cast.stations):
            for stop in station.approved:
                entered_s = midnight(stop.entered) + 9 * HOUR_S
                names = ("运维公司（虚构）", "主管部门（虚构）")
                new = NewExclusion(station.id, stop.start, stop.end, "maintenance", *names)
                new = new._replace(manager="局长（虚构）")
                events.append(Event(entered_s, "approved stop", self._entry(enter_approved_stop, new)))
            if station.kind == "ordinary" and number % 9 == 4:
                day = cast.first + timedelta(days=days // 2)
                visit = NewInspection(
                    station.id, day, "abnormal", "unannounced", "出水浑浊（虚构）", "检查员（虚构）"
                )
                events.append(
                    Event(midnight(day) + 15 * HOUR_S, "found abnormal", self._entry(enter_inspection, visit))
                )
            if station.kind == "exchange":
                events += self._exchanges(station)
        return [event for event in events if event.at_s < cast.end_s]

    def _exchanges(self, station) -> list[Event]:
        """The exchange of a meter, entered two hours later, with the counters as they stood."""
        found = []
        for turn in station.of("power_new", "flow_new"):
            kind = "power" if turn.what == "power_new" else "flow"
            life = live(station, self.cast.window, self.cast.seed)
            sums, register = (
                (life.energy_kwh if kind == "power" else life.volume_m3),
                station.box.registers[kind],
            )
            counted = register.start + life.at(sums, turn.start_s)
            old_final = round(int(counted / register.step + 1e-6) * register.step, 3)
            new = NewExchange(station.id, f"{kind}-1", int(turn.start_s * 1000), old_final, turn.amount)
            found.append(
                Event(turn.start_s + 2 * HOUR_S, "meter exchanged", self._entry(enter_exchange, new))
            )
        return found

    def _entry(self, enter: Callable, new: NamedTuple) -> Callable[[], None]:
        def act() -> None:
            by = By("month", self.centre.clock.now_ms() + 1, ZONE)
            with self.centre.registry.writing() as session:
                enter(session, new, by)

        return act

    def _doom(self, number: int) -> None:
        self._killed = number % self.centre.box_processes

    def _kill_broker(self) -> None:
        broker = self.centre.broker
        broker._process.kill()
        broker._process.wait()
        broker._process = None
        (broker.folder / "mosquitto.db").unlink(missing_ok=True)
        self._delivery_s = 0.2

    def _start_broker(self) -> None:
        self.centre.broker.start()
        self._delivery_s = 3.0

    def _kill_influx(self) -> None:
        self.centre.influx.kill()
        self._delivery_s = 0.3

    def _start_influx(self) -> None:
        self.centre.influx.start()
        self._delivery_s = 3.0

    def _restart_postgres(self) -> None:
        self.centre.postgres.restart()
        self.centre.registry.close()  # our own connections are gone as well; it opens others

    def _kill_collector(self) -> None:
        self.centre.parts["collector"].kill()
        self.centre.start("collector")
        self.centre.parts["collector"].answer()

    def _send_poison(self) -> None:
        for name, mqtt in ((POISONER, self.centre.poisoner), (STRANGER, self.centre.stranger)):
            connection = None
            try:
                connection = Connection(
                    mqtt, name, subscriptions=[(topic(name, "ack"), 0)], on_message=self._heard
                )
                for payload in payloads(self.centre.clock.now_ms()):
                    connection.publish(topic(name, "readings"), payload, qos=1)
                    connection.step(0.02)
                    self.poison["sent"] += 1
                for _ in range(20):
                    connection.step(0.05)
            except BrokerError as error:
                self._say(f"poison: {error}")
            finally:
                if connection is not None:
                    connection.close()

    def _heard(self, message) -> None:
        answer = json.loads(message.payload)
        self.poison["answered"] += 1
        for key in ("error", "hold"):
            if key in answer:
                self.poison[answer[key]] += 1
        for *_, code, _ in answer.get("refused", []):
            self.poison[code] += 1
        self.poison["stored"] += len(answer.get("stored", []))


def _words(spent: dict[str, float]) -> str:
    return ", ".join(f"{name} {seconds:.0f} s" for name, seconds in spent.items())
