"""The judge of the month: holds what the centre says against what the script alone knows."""

import json
from collections import Counter, defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

import month_truth
from month_centre import POISONER, MonthCentre
from month_conductor import Conductor
from month_polls import rounds
from month_readings import Compared, Made, compared, journal
from month_stops import judged_stops
from sqlalchemy import select

from registry.tables import (
    Alarm,
    AlarmEvent,
    DayVerdict,
    Inspection,
    Quarantine,
    Report,
    StatePeriod,
    VerdictRevision,
)
from simulator.trial_days import Days, DayTruth
from simulator.trial_life import live
from simulator.trial_station import TrialStation
from simulator.trial_time import midnight

if TYPE_CHECKING:
    from simulator.trial_known import Known

MOST_GROWTH = 1.5
"""No process may need so many times more memory at the end."""


class Findings(NamedTuple):
    """All that the judge found; `rows` is the table, `faults` what breaks a promise."""

    rows: list[tuple[str, str]]
    faults: list[str]
    details: dict


class Judge:
    """Judges one run that is over, while its servers still live."""

    def __init__(self, centre: MonthCentre, conductor: Conductor) -> None:
        self.centre, self.conductor, self.cast = centre, conductor, centre.cast
        self._days: dict[str, list[DayTruth]] = {}
        self._reasons: dict[tuple[str, date], str] = {}
        self._rows: list[tuple[str, str]] = []
        self._faults: list[str] = []
        self._details: dict = {}

    def judged(self) -> Findings:
        """Everything."""
        self._readings()
        self._stops()
        self._verdicts()
        self._report()
        self._alarm_rate()
        self._machinery()
        return Findings(self._rows, self._faults, self._details)

    def _row(self, name: str, value: object) -> None:
        self._rows.append((name, str(value)))

    def _fault(self, broken: object, text: str) -> None:
        if broken:
            self._faults.append(text)

    # --- readings ----------------------------------------------------------------------------------

    def _readings(self) -> None:
        total: Counter[str] = Counter()
        for station in self.cast.stations:
            made = journal(self.centre.folder / "boxes" / station.id)
            held = self.conductor.boxes_at_end[station.id]["backlog"]
            each = compared(made, self.centre.influx, self.centre.bucket, station.id)
            total.update(each._asdict())
            total["held"] += held
            for name in ("doubled", "lost", "invented", "altered", "misdated"):
                count = getattr(each, name) - (held if name == "lost" else 0)
                self._fault(count, f"{station.id} ({station.kind}): {count} readings {name}")
            self._days[station.id] = self._truth(station, made)
        strangers = self.centre.influx.query(
            f"SELECT count(q) FROM power, flow WHERE station =~ /{POISONER}|U001/", self.centre.bucket
        ).get("series", [])
        self._fault(strangers, f"poison was stored: {strangers}")
        for name in (*Compared._fields, "held"):
            self._row(f"readings {name}", total[name])
        self._row("boxes with their time from the centre alone", len(self.cast.clockless))
        self._details["readings"] = dict(total)

    def _truth(self, station: TrialStation, made: list[Made]) -> list[DayTruth]:
        """The true days of a station, as far as what its outbox accepted tells them."""
        life = live(station, self.cast.window, self.cast.seed)
        accepted = {each.true_ms for each in made}
        known: dict[str, list[Known]] = {kind: [] for kind in station.box.meters}
        for asked in rounds(station, life, self.cast.window, self.cast.seed):
            for poll in asked.polls:
                if poll.at_ms in accepted and poll.kind in asked.known:
                    known[poll.kind].append(asked.known[poll.kind])
        return Days(station, life, known, self.cast.window).all()

    def _stops(self) -> None:
        with self.centre.registry.reading() as session:
            alarms = list(session.scalars(select(Alarm).where(Alarm.type == "stopped")))
            periods = list(session.scalars(select(StatePeriod).where(StatePeriod.state == "stopped")))
        rows, faults, details = judged_stops(self.cast, alarms, periods)
        self._rows += rows
        self._faults += faults
        self._details |= details

    # --- verdicts and report -----------------------------------------------------------------------

    def _stored_verdicts(self) -> dict[str, dict[date, str]]:
        found: defaultdict[str, dict[date, str]] = defaultdict(dict)
        with self.centre.registry.reading() as session:
            for row in session.scalars(select(DayVerdict)):
                found[row.station_id][row.day] = row.verdict
                self._reasons[row.station_id, row.day] = f"{row.reason}, {row.valid_hours:.0f} h valid"
        return found

    def _verdicts(self) -> None:
        self._stored = self._stored_verdicts()
        right: Counter[str] = Counter()
        wrong: list[str] = []
        for station in self.cast.stations:
            for day in self._days[station.id]:
                if not self.cast.first <= day.day < self.cast.first + timedelta(days=self.cast.days):
                    continue
                said = self._stored[station.id].get(day.day, "none")
                why = self._reasons.get((station.id, day.day), "no row")
                clear = "clear" if day.is_clear else "border"
                right[f"{clear} {'right' if said == day.verdict else 'wrong'}"] += 1
                if said != day.verdict:
                    wrong.append(
                        f"{clear}: {station.id} ({station.kind}) {day.day}: {said} ({why}),"
                        f" in truth {day.verdict}"
                    )
        with self.centre.registry.reading() as session:
            revised = len(list(session.scalars(select(VerdictRevision.id))))
        self._row(
            "day verdicts, clear days: right / wrong", f"{right['clear right']} / {right['clear wrong']}"
        )
        self._row(
            "day verdicts, border cases: right / wrong", f"{right['border right']} / {right['border wrong']}"
        )
        self._row("day verdicts judged anew by late data", revised)
        self._details["wrong_verdicts"] = sorted(wrong)
        self._details["verdicts"] = {
            name: {str(day): verdict for day, verdict in sorted(own.items())}
            for name, own in self._stored.items()
        }

    def _report(self) -> None:
        with self.centre.registry.reading() as session:
            reports = list(
                session.scalars(
                    select(Report).where(Report.month == f"{self.cast.first:%Y-%m}").order_by(Report.revision)
                )
            )
            abnormal = set(
                session.scalars(select(Inspection.station_id).where(Inspection.result == "abnormal"))
            )
        self._fault(
            not reports or reports[-1].status != "frozen",
            f"no frozen report: {[(r.month, r.status) for r in reports]}",
        )
        if not reports:
            return
        name = reports[-1].files["data"]["name"]
        figures = json.loads((self.centre.folder / "reports" / name).read_text())["figures"]
        said = {line["month"]["facility"]["id"]: line["month"] for line in figures["stations"]}
        headline = _headline(figures)
        by_stored, by_truth = {}, {}
        for station in self.cast.stations:
            days = {each.day: each.verdict for each in self._days[station.id]}
            days = {day: verdict for day, verdict in days.items() if midnight(day) < self.cast.end_s}
            excluded = {day for day, verdict in days.items() if verdict == "excluded"}
            since = date.fromisoformat(station.columns[3])
            for own, verdicts in ((by_stored, self._stored[station.id]), (by_truth, days)):
                own[station.id] = month_truth.station_month(
                    verdicts, self.cast.first, 30, since, excluded, abnormal=station.id in abnormal
                )
        empty = month_truth.station_month({}, self.cast.first, 30, None, set(), abnormal=False)
        by_stored[POISONER] = by_truth[POISONER] = empty
        designs = {station.id: station.columns[1] for station in self.cast.stations}
        self._compare("of the stored verdicts", said, headline, by_stored, designs, is_promise=True)
        self._compare("of the script's own truth", said, headline, by_truth, designs, is_promise=False)
        self._details["report"] = headline

    def _compare(
        self, what: str, said: dict, headline: dict, own: dict, designs: dict, *, is_promise: bool
    ) -> None:
        names = (
            "calendar_days",
            "countable_days",
            "excluded_days",
            "running",
            "stopped",
            "unknown",
            "judgement",
        )
        differ = []
        for station, month in own.items():
            line = said.get(station)
            told = tuple(line[name] for name in names) if line else None
            if told != tuple(month):
                differ.append(f"{station}: the report says {told}, the script {tuple(month)}")
        rates = month_truth.rates((month, designs.get(station)) for station, month in own.items())
        digits = [
            f"{name}: {headline.get(name)} for {value}"
            for name, value in rates.items()
            if headline.get(name) != value
        ]
        differ += [f"{name}: on the report only" for name in said.keys() - own.keys()]
        self._row(f"report, by the arithmetic {what}: stations / headline figures that differ",
                  f"{len(differ)} of {len(own)} / {len(digits)} of {len(rates)}")  # fmt: skip
        if not is_promise:
            verdicts = sum(
                said[name]["judgement"] != month.verdict for name, month in own.items() if name in said
            )
            self._row("  stations whose judgement differs", verdicts)
            self._row(
                "  strict rate: report / script",
                f"{headline.get('by_number_strict')} / {rates['by_number_strict']}",
            )
        self._details[f"report {what}"] = [*differ, *digits]
        if is_promise:
            self._faults += [*differ, *digits]

    # --- alarms, memory, logs ----------------------------------------------------------------------

    def _alarm_rate(self) -> None:
        first_ms, end_ms = self.cast.first_s * 1000, self.cast.end_s * 1000
        with self.centre.registry.reading() as session:
            alarms = list(session.scalars(select(Alarm)))
            events = Counter(session.scalars(select(AlarmEvent.event)))
            quarantine = Counter(session.scalars(select(Quarantine.code)))
        rang = [each for each in alarms if each.rang_ms is not None and first_ms <= each.rang_ms < end_ms]
        hours = Counter((each.rang_ms or 0) // 3_600_000 for each in rang)
        total = (end_ms - first_ms) // 3_600_000
        self._row("alarms raised, by type", _counted(Counter(each.type for each in alarms)))
        self._row(
            "  that rang per hour: mean / most", f"{len(rang) / total:.2f} / {max(hours.values(), default=0)}"
        )
        self._row("  share of hours with more than 6", f"{sum(n > 6 for n in hours.values()) / total:.2%}")
        self._row("  suppressed by design", sum(each.suppressed_by is not None for each in alarms))
        self._row("quarantine", _counted(quarantine))
        self._details |= {"events": dict(events), "hours": dict(Counter(hours.values()))}

    def _machinery(self) -> None:
        memory = self.conductor.memory
        for name in memory["end"]:
            at = [memory.get(when, {}).get(name) for when in ("start", "middle", "end")]
            self._row(
                f"memory of {name}, MB: start / middle / end",
                " / ".join("-" if mb is None else f"{mb:.0f}" for mb in at),
            )
        for name, end_mb in memory["end"].items():
            warm = "middle" if name == "reporting" else "start"  # it has made no report when the month begins
            before_mb = memory.get(warm, {}).get(name, end_mb)
            self._fault(
                end_mb > MOST_GROWTH * before_mb, f"{name} grew from {before_mb:.0f} to {end_mb:.0f} MB"
            )
        for name, text in self.centre.logs().items():
            bad = [line for line in text.splitlines() if "Traceback" in line or "unexpected failure" in line]
            self._fault(bad, f"log of {name}: {len(bad)} unexpected, the first: {bad[:1]}")
        for name, state in self.conductor.boxes_at_end.items():
            self._fault(state["fatal"] or state["thinned"] or state["refused"], f"{name}: {state}")
        self._row("misfortunes", len(self.conductor.struck))
        self._row("steps", self.conductor.steps)
        self._row(
            "poison sent / answered", f"{self.conductor.poison['sent']} / {self.conductor.poison['answered']}"
        )
        self._row("pages of the console, by status", _counted(self.conductor.pages))
        self._row(
            "a store was away, or delivery took longer than a step",
            _counted(self.conductor.failures) or "never",
        )
        self._fault(self.conductor.poison["stored"], "poison was acknowledged as stored")
        self._fault(set(self.conductor.pages) - {"200"}, f"pages failed: {dict(self.conductor.pages)}")


def _headline(figures: dict) -> dict:
    return figures["whole"]["rate"]


def _counted(counts: Counter) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items(), key=str))
