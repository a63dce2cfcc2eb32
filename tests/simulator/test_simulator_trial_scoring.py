"""The scorer of `benchmarks/`, proved on truths and judgements made by hand."""

import csv
import json
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

from scoring import Score, lines, row, score, table  # noqa: E402 - a benchmark is no package
from scoring_set import read_stations  # noqa: E402 - likewise

CHINA = timezone(timedelta(hours=8))
BEGIN = datetime(2026, 3, 2, tzinfo=CHINA)
DAYS = 30


def at(hours: float) -> str:
    return (BEGIN + timedelta(hours=hours)).isoformat()


def of_day(number: int) -> str:
    return (BEGIN + timedelta(days=number)).date().isoformat()


class Trial:
    """A set with one station after the other, and what was said of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tables = {
            "trial/truth_stations": [
                "station,kind,process,meters,sampling_s,pause_h,design_m3_per_day,energy_step_kwh,volume_step_m3"
            ],
            "trial/truth_states": ["station,start,end,state"],
            "trial/truth_heard": ["station,start,end,what,back_filled"],
            "trial/truth_days": ["station,date,verdict,energy_kwh,volume_m3,clear,evidence"],
            "out/states": ["station,start,end,state,reason"],
            "out/days": ["station,date,verdict,energy_kwh,volume_m3,valid_hours,reason"],
            "out/alarms": ["station,type,raised,cleared,reason"],
        }

    def station(
        self, name, *states, kind="test", meters="power+flow", sampling_s=900, pause_h=0.5, design=30
    ):
        """States: (from, to, state) in hours; it runs in between, over 30 days."""
        self.add("trial/truth_stations", name, kind, "AO", meters, sampling_s, pause_h, design, 0.1, 0.01)
        since = 0.0
        for start, end, state in states:
            self.add("trial/truth_states", name, at(since), at(start), "running")
            self.add("trial/truth_states", name, at(start), at(end), state)
            since = end
        self.add("trial/truth_states", name, at(since), at(24 * DAYS), "running")

    def add(self, table, *cells):
        self.tables[table].append(",".join(map(str, cells)))

    def alarm(self, name, raised, cleared=None, what="stopped"):
        self.add("out/alarms", name, what, at(raised), "" if cleared is None else at(cleared), "because")

    def state(self, name, start, end, state):
        self.add("out/states", name, at(start), "" if end is None else at(end), state, "because")

    def silence(self, name, start, end, what="link", *, back_filled=False):
        self.add("trial/truth_heard", name, at(start), at(end), what, "true" if back_filled else "false")

    def scored(self) -> Score:
        for name, rows in self.tables.items():
            path = self.folder / f"{name}.csv"
            path.parent.mkdir(exist_ok=True)
            path.write_text("\n".join(rows) + "\n", "utf-8")
        return score(self.folder / "trial", self.folder / "out")

    def all(self) -> dict:
        return row(self.scored(), lambda _: True)


@pytest.fixture
def trial(tmp_path):
    return Trial(tmp_path)


def test_recall_counts_stops_of_six_hours_and_more(trial):
    trial.station("a", (100, 110, "stopped"), (200, 205.9, "stopped"), (300, 340, "stopped"))
    trial.station("b", (100, 148, "stopped"))
    trial.alarm("a", 104, 110)
    trial.alarm("a", 204, 206)
    trial.alarm("b", 106)
    figures = trial.all()
    assert (figures["stops"], figures["recall"]) == (3, pytest.approx(2 / 3))
    assert (figures["long"], figures["recall_long"]) == (2, 0.5)
    assert (figures["delay_median_h"], figures["delay_p95_h"]) == (5.0, pytest.approx(5.9))
    assert figures["false_alarms"] == 0


@pytest.mark.parametrize(
    ("raised", "found"),
    [(99.9, False), (100, True), (110, True), (111, True), (111.1, False)],
)
def test_an_alarm_counts_from_the_stop_s_beginning_until_an_hour_after_its_end(trial, raised, found):
    trial.station("a", (100, 110, "stopped"))
    trial.alarm("a", raised, raised + 0.5)
    trial.alarm("a", 104, 110, "offline")
    [stop] = trial.scored().stops
    assert stop.found_by == ("alarm" if found else "")
    assert stop.delay_h == (pytest.approx(raised - 100) if found else None)


def test_alarms_without_a_stop_are_false(trial):
    trial.station("a", (100, 110, "stopped"), (200, 220, "idling"), (300, 320, "planned_stop"))
    trial.station("b")
    trial.alarm("a", 98, 99.5)  # within an hour of the stop
    trial.alarm("a", 110.9, 120)
    trial.alarm("a", 90, 98.9)
    trial.alarm("a", 111.1, 130)
    trial.alarm("a", 205, 215)
    trial.alarm("a", 304)
    trial.alarm("b", 400, 401, "offline")
    result = trial.scored()
    assert [(station.id, each.why) for station, each in result.false_alarms] == [("a", "because")] * 4
    figures = row(result, lambda _: True)
    assert (figures["false_alarms"], figures["false_per_month"]) == (4, 2.0)
    assert row(result, lambda station: station.id == "b")["false_alarms"] == 0


def test_a_stop_that_was_mostly_not_heard_is_found_by_its_state(trial):
    for name, silence, said in (("a", 100, 146), ("b", 100, 123), ("c", 130, 146)):
        trial.station(name, (100, 148, "stopped"))
        trial.silence(name, silence, 146, back_filled=True)
        trial.state(name, 100, said, "stopped")
    assert [(stop.station.id, stop.found_by) for stop in trial.scored().stops] == [
        *(("a", "state"), ("b", ""), ("c", "")),
    ]


@pytest.mark.parametrize(
    ("silence", "back_filled", "is_knowable"),
    [
        ((100, 150), False, False),  # the counters rise before and after the stop within the silence
        ((100, 150), True, True),
        ((112, 128), False, True),  # they stand still over the whole silence
        ((116, 150), False, True),  # six hours are heard before it
        ((115, 150), False, False),
        ((100, 125), False, False),
        ((100, 124), False, True),
    ],
)
def test_what_the_centre_cannot_know_is_counted_apart(trial, silence, back_filled, is_knowable):
    trial.station("a", (110, 130, "stopped"))
    trial.silence("a", *silence, back_filled=back_filled)
    figures = trial.all()
    assert (figures["stops"], figures["unknowable"]) == ((1, 0) if is_knowable else (0, 1))


def test_a_mute_main_meter_is_not_heard_and_another_one_does_not_matter(trial):
    for name, what in (("a", "power_meter"), ("b", "flow_meter"), ("c", "power_cut")):
        trial.station(name, (110, 130, "stopped"))
        trial.silence(name, 100, 150, what)
    assert [(stop.station.id, stop.is_knowable) for stop in trial.scored().stops] == [
        *(("a", False), ("b", True), ("c", False)),
    ]


@pytest.mark.parametrize(
    ("words", "hours", "counts", "tellable"),
    [
        ({}, 7, 1, 1),
        ({"pause_h": 4}, 8.9, 1, 0),
        ({"pause_h": 4}, 9, 1, 1),
        ({"sampling_s": 21_600}, 12.9, 1, 0),
        ({"sampling_s": 21_600}, 13, 1, 1),
        ({"meters": "flow"}, 23.9, 0, 0),
        ({"meters": "flow"}, 24, 1, 1),
        ({"meters": "flow", "design": 19}, 47.9, 0, 0),
        ({"meters": "flow", "design": 19}, 48, 1, 1),
        ({"meters": "power"}, 7, 1, 1),
    ],
)
def test_short_stops_at_stations_that_pause_or_have_no_power_meter(trial, words, hours, counts, tellable):
    trial.station("a", (100, 100 + hours, "stopped"), **words)
    figures = trial.all()
    assert (figures["stops"], figures["tellable"]) == (counts, tellable)


def test_hours_of_state_without_silences_and_grace(trial):
    trial.station("a", (100, 120, "stopped"), (200, 250, "idling"))
    trial.silence("a", 50, 60)
    trial.state("a", 0, 103, "running")
    trial.state("a", 103, 120, "stopped")
    trial.state("a", 120, 130, "offline")
    trial.state("a", 130, 720, "running")
    hours = trial.scored().hours["test"]
    assert dict(hours) == {
        ("running", "running"): pytest.approx((50 - 24) + (100 - 61) + (200 - 130) + (720 - 251)),
        ("running", "offline"): pytest.approx(9),
        ("stopped", "stopped"): pytest.approx(16),
        ("idling", "running"): pytest.approx(49),
    }
    assert trial.all()["states"] == pytest.approx((604 + 16) / (604 + 16 + 9 + 49))


def test_a_fault_of_a_meter_that_has_one_is_right_and_silence_about_a_state_is_not(trial):
    trial.station("a")
    trial.silence("a", 100, 140, "flow_meter")
    trial.state("a", 0, 110, "running")
    trial.state("a", 110, 150, "meter_fault")
    trial.state("a", 150, 700, "running")
    assert dict(trial.scored().hours["test"]) == {
        ("running", "running"): pytest.approx(86 + 550),
        ("running", "meter_fault*"): pytest.approx(30),
        ("running", "meter_fault"): pytest.approx(10),
        ("running", "(nothing)"): pytest.approx(20),
    }
    assert trial.all()["states"] == pytest.approx(666 / 696)


def test_a_wrong_ratio_excuses_that_effluent_without_power_is_said_but_no_stop(trial):
    trial.station("a")
    trial.silence("a", 100, 200, "power_ratio")
    trial.state("a", 0, 90, "running")
    trial.state("a", 90, 150, "flow_without_power")
    trial.state("a", 150, 720, "stopped")
    assert dict(trial.scored().hours["test"]) == {
        ("running", "running"): pytest.approx(66),
        ("running", "flow_without_power"): pytest.approx(10),
        ("running", "meter_fault*"): pytest.approx(50),
        ("running", "stopped"): pytest.approx(570),
    }


def test_verdicts_of_clear_days(trial):
    trial.station("a")
    said = ("running", "stopped", "excluded", "unknown", None, "stopped")
    true = ("running", "running", "excluded", "unknown", "running", "running")
    for number, (verdict, word) in enumerate(zip(true, said, strict=True)):
        clear = "false" if number == 5 else "true"
        trial.add("trial/truth_days", "a", of_day(number), verdict, "", "", clear, "false")
        if word:
            trial.add("out/days", "a", of_day(number), word, "", "", 24, "because")
    result = trial.scored()
    assert [(each.day.date, each.said) for each in result.verdicts if not each.is_right] == [
        *((of_day(1), "stopped"), (of_day(4), "(none)")),
    ]
    assert row(result, lambda _: True)["verdicts"] == 3 / 5


@pytest.mark.parametrize(
    ("true", "said", "is_right"),
    [
        (10.0, "10.12", True),  # 0.02 and a step of 0.1
        (10.0, "10.13", False),
        (100.0, "99.5", True),  # half a percent
        (100.0, "99.49", False),
        (0.0, "0.1", True),
        (10.0, "", False),
    ],
)
def test_amounts_of_days_with_evidence(trial, true, said, is_right):
    trial.station("a")
    trial.add("trial/truth_days", "a", of_day(3), "running", true, 5, "true", "true")
    trial.add("trial/truth_days", "a", of_day(4), "running", true, 5, "true", "false")
    trial.add("out/days", "a", of_day(3), "running", said, 5.03, 24, "")
    result = trial.scored()
    assert [(each.what, each.is_right) for each in result.amounts] == [
        *(("energy_kwh", is_right), ("volume_m3", True)),
    ]


def test_the_table_has_a_row_for_each_kind_and_for_what_is_measured(trial):
    trial.station("a", (100, 110, "stopped"), kind="storm")
    trial.station("b", (100, 160, "stopped"), kind="link", meters="flow")
    trial.station("c", (100, 110, "stopped"), kind="night_off", meters="power")
    trial.alarm("b", 126, 160)
    trial.alarm("c", 300, 301)
    result = trial.scored()
    found = table(result)
    assert {
        name.strip(): (each["stops"], each["recall"], each["false_alarms"]) for name, each in found.items()
    } == {
        "storm": (1, 0.0, 0),
        "link": (1, 1.0, 0),
        "night_off": (1, 0.0, 1),
        "ALL": (3, pytest.approx(1 / 3), 1),
        "without night_off": (2, 0.5, 0),
        "power and flow": (1, 0.0, 0),
        "power alone": (1, 0.0, 1),
        "flow alone": (1, 1.0, 0),
    }
    text = list(lines(result))
    assert len({len(line) for line in text[: 1 + len(found)]}) == 1
    assert "missed stops: 2" in "\n".join(text)
    assert "a             storm           03-06 04:00 - 03-06 14:00   10.0 h" in "\n".join(text)
    assert "03-14 12:00 - 03-14 13:00  true: running; because" in "\n".join(text)


def test_it_runs_alone_and_speaks_json(trial, tmp_path):
    trial.station("a", (100, 110, "stopped"))
    trial.alarm("a", 104, 110)
    trial.scored()
    words = [sys.executable, str(BENCHMARKS / "scoring.py"), str(tmp_path / "trial"), str(tmp_path / "out")]
    told = subprocess.run([*words, "--json"], capture_output=True, text=True, check=True, timeout=30)
    found = json.loads(told.stdout)
    assert found["table"]["ALL"]["recall"] == 1.0
    assert (found["missed"], found["false_alarms"]) == ([], [])
    text = subprocess.run(words, capture_output=True, text=True, check=True, timeout=30).stdout
    assert "missed stops: 0" in text


def test_a_set_without_its_list_of_kinds_is_told_by_its_readings(trial, tmp_path):
    trial.station("a", (100, 110, "stopped"))
    trial.scored()
    folder = tmp_path / "trial"
    (folder / "truth_stations.csv").unlink()
    with (folder / "readings.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["station", "kind"], ["a", "flow"], ["a", "flow"]])
    (folder / "stations.csv").write_text("station,process,design_m3_per_day\na,AO,12\n")
    station = read_stations(folder)["a"]
    assert (station.kind, station.meters, station.tellable_h) == ("-", {"flow"}, 48)
