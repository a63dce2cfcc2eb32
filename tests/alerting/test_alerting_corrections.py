"""Day verdicts corrected by people: what is refused, what is kept, and that judging leaves them alone."""

import threading
from contextlib import closing, contextmanager
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from fresh_registry import fresh_registry
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, text

from alerting.corrections import CORRECTED, correct_verdict, keep_replaced, revisions, withdraw_correction
from alerting.judging import Rules
from alerting.worker import Worker
from history.embedded import EmbeddedHistory
from history.port import StationReading
from registry.audit import first_broken
from registry.config import AlertingSettings
from registry.database import upsert
from registry.dirty import mark_dirty
from registry.dirty_spans import mark_span
from registry.record_entry import RecordError
from registry.tables import Audit, County, DayVerdict, Device, DirtyQuarterHour, Report, Station
from service.civil import start_of
from telemetry.reading import Reading

ZONE = ZoneInfo("Asia/Shanghai")
A, B = "410882-0001", "410882-0002"
TODAY = date(2026, 11, 21)
NOW = start_of(TODAY, ZONE) + 14 * 3_600_000
DAY, NEXT = date(2026, 11, 9), date(2026, 11, 10)
HOUR = 3_600_000


@pytest.fixture(params=["sqlite", "postgresql"])
def registry(request, tmp_path):
    is_sqlite = request.param == "sqlite"
    with seeded(
        f"sqlite:///{tmp_path}/r.db" if is_sqlite else request.getfixturevalue("postgres").new_registry()
    ) as opened:
        yield opened


@pytest.fixture
def sqlite_registry(tmp_path):
    with seeded(f"sqlite:///{tmp_path}/r.db") as opened:
        yield opened


@contextmanager
def seeded(url):
    with closing(fresh_registry(url)) as opened:
        with opened.writing() as session:
            session.add(County(code="410882", name="沁阳市"))
            session.flush()
            session.add_all([Station(id=A, county_code="410882"), Station(id=B)])
            session.flush()
            upsert(session, DayVerdict, [row(DAY), row(NEXT, "stopped", "no_energy"), row(DAY, station=B)])
            upsert(session, DayVerdict, [row(date(2026, 11, 12), "excluded", "approved_stop")])
        yield opened


def row(day, verdict="running", reason="energy_as_expected", station=A, at_ms=NOW - 9 * HOUR):
    return {
        "station_id": station, "day": day, "verdict": verdict, "energy_kwh": 9.6, "volume_m3": None,
        "valid_hours": 24.0, "reason": reason, "evidence": {"energy_kwh": 9.6}, "rule_version": "2",
        "computed_ms": at_ms, "traits": {"energy_kwh": 9.6},
    }  # fmt: skip


def correct(registry, *, station=A, day=DAY, verdict="stopped", by="赵工", why="现场已停机", now_ms=NOW):
    with registry.writing() as session:
        correct_verdict(session, station, day, verdict, by, why, now_ms, ZONE)


def withdraw(registry, *, station=A, day=DAY, by="李工", why="误填", now_ms=NOW + HOUR):
    with registry.writing() as session:
        withdraw_correction(session, station, day, by, why, now_ms, ZONE)


def verdict(registry, day=DAY):
    with registry.reading() as session:
        return session.get_one(DayVerdict, (A, day))


def former(registry, day=DAY):
    with registry.reading() as session:
        return [
            (each.verdict, each.reason, each.corrected_by, each.correction_reason, each.computed_ms,
             each.replaced_ms)
            for each in revisions(session, A, day)
        ]  # fmt: skip


def audited(registry):
    with registry.reading() as session:
        assert first_broken(session) is None
        rows = session.scalars(select(Audit).order_by(Audit.id))
        return [(each.action, each.object, each.actor, each.before, each.after) for each in rows]


def freeze(registry, scope="city", month="2026-11", status="frozen"):
    with registry.writing() as session:
        session.add(
            Report(month=month, scope=scope, revision=1, status=status, made_ms=NOW, data_cutoff_ms=NOW,
                   rule_version="1", author="x")
        )  # fmt: skip


def judge(registry, *rows_, at_ms=NOW + 2 * HOUR):
    """As the worker does: what is replaced is kept, what was corrected is left alone."""
    with registry.writing() as session:
        held = keep_replaced(session, A, rows_, at_ms)
        upsert(session, DayVerdict, [each for each in rows_ if each["day"] not in held])
    return held


def test_a_correction_takes_the_place_of_a_verdict_and_keeps_it(registry):
    correct(registry, by=" 赵工 ", why=" 现场已停机 ")
    now = verdict(registry)
    assert (now.verdict, now.reason, now.computed_ms) == ("stopped", CORRECTED, NOW)
    assert (now.corrected_by, now.correction_reason) == ("赵工", "现场已停机")
    assert (now.energy_kwh, now.valid_hours, now.evidence) == (9.6, 24.0, {"energy_kwh": 9.6})
    assert former(registry) == [("running", "energy_as_expected", None, None, NOW - 9 * HOUR, NOW)]
    assert former(registry, NEXT) == []
    before = {"day": str(DAY), "verdict": "running", "reason": "energy_as_expected", "corrected_by": None,
              "correction_reason": None}  # fmt: skip
    after = {"verdict": "stopped", "reason": CORRECTED, "corrected_by": "赵工",
             "correction_reason": "现场已停机"}  # fmt: skip
    assert audited(registry) == [("verdict.correct", A, "赵工", before, after)]


def test_a_corrected_day_teaches_nothing(registry):
    correct(registry)
    with registry.reading() as session:
        found = "SELECT count(*) FROM day_verdicts WHERE station_id = :a AND traits IS NULL AND day = :day"
        assert session.scalar(text(found), {"a": A, "day": str(DAY)}) == 1


def test_a_correction_can_be_corrected(registry):
    correct(registry)
    correct(registry, verdict="unknown", by="李工", why="无人在场", now_ms=NOW + HOUR)
    assert (verdict(registry).verdict, verdict(registry).corrected_by) == ("unknown", "李工")
    assert [each[:4] for each in former(registry)] == [
        ("stopped", CORRECTED, "赵工", "现场已停机"),
        ("running", "energy_as_expected", None, None),
    ]
    assert audited(registry)[1][3]["correction_reason"] == "现场已停机"


FAULTS = [
    ({"by": " "}, ["x: by: is required"]),
    ({"why": "\t"}, ["x: reason: is required"]),
    ({"by": "", "why": ""}, ["x: by: is required. Fill it in.", "x: reason: is required. Fill it in."]),
    ({"by": "赵" * 65}, ["x: by: must have at most 64 letters"]),
    ({"why": "x" * 1_001}, ["x: reason: must have at most 1000 letters"]),
    ({"why": "a\x00b"}, ["x: reason: must have no control characters"]),
    (
        {"station": "410882-9999"},
        ['x: station: is not on the register (got "410882-9999"). See qingliu stat'],
    ),
    ({"day": TODAY}, ['x: day: is not over yet (got "2026-11-21"). Correct the date']),
    ({"day": TODAY + timedelta(days=1)}, ["x: day: is not over yet"]),
    (
        {"day": date(2026, 11, 11)},
        ['x: day: has no verdict (got "2026-11-11"). See qingliu alerting verdicts'],
    ),
]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        *FAULTS,
        ({"verdict": "excluded"}, ['x: verdict: must be one of running, stopped, unknown (got "excluded").']),
        ({"verdict": "Running"}, ["x: verdict: must be one of"]),
        ({"day": date(2026, 11, 12)}, ["x: day: lies in an approved stop, which counts before"]),
    ],
)  # fmt: skip
def test_what_cannot_be_corrected_is_refused_and_nothing_written(sqlite_registry, change, said):
    with pytest.raises(RecordError) as caught:
        correct(sqlite_registry, **change)
    lines = [fault.line("x") for fault in caught.value.faults]
    assert len(lines) == len(said)
    assert all(line.startswith(start) for line, start in zip(lines, said, strict=True)), lines
    assert (verdict(sqlite_registry).verdict, former(sqlite_registry), audited(sqlite_registry)) == (
        "running",
        [],
        [],
    )


def test_a_day_is_over_at_the_centre_s_midnight(sqlite_registry):
    midnight = start_of(TODAY + timedelta(days=1), ZONE)
    judge(sqlite_registry, row(TODAY))
    with pytest.raises(RecordError, match="not over"):
        correct(sqlite_registry, day=TODAY, now_ms=midnight - 1)
    correct(sqlite_registry, day=TODAY, now_ms=midnight)
    assert verdict(sqlite_registry, TODAY).verdict == "stopped"


@pytest.mark.parametrize("scope", ["city", "410882"])
def test_a_frozen_month_stands(sqlite_registry, scope):
    correct(sqlite_registry)
    freeze(sqlite_registry, scope)
    for change in (correct, withdraw):
        with pytest.raises(RecordError) as caught:
            change(sqlite_registry)
        [fault] = caught.value.faults
        line = 'x: day: lies in 2026-11, whose report is frozen (got "2026-11-09").'
        assert fault.line("x").startswith(line)
    assert (verdict(sqlite_registry).corrected_by, len(former(sqlite_registry))) == ("赵工", 1)


@pytest.mark.parametrize(
    "other",
    [{"month": "2026-10"}, {"status": "draft"}, {"scope": "410822"}],
    ids=["another month", "a draft", "another county"],
)
def test_another_report_is_no_bar(sqlite_registry, other):
    freeze(sqlite_registry, **other)
    correct(sqlite_registry)
    assert verdict(sqlite_registry).verdict == "stopped"


def test_a_correction_that_is_withdrawn_gives_its_place_back(registry):
    correct(registry)
    correct(registry, verdict="unknown", now_ms=NOW + 1)
    withdraw(registry)
    now = verdict(registry)
    assert (now.verdict, now.reason, now.computed_ms) == ("running", "energy_as_expected", NOW - 9 * HOUR)
    assert (now.corrected_by, now.correction_reason) == (None, None)
    assert [each[:3] for each in former(registry)] == [
        ("unknown", CORRECTED, "赵工"),
        ("stopped", CORRECTED, "赵工"),
        ("running", "energy_as_expected", None),
    ]
    with registry.reading() as session:
        [mark] = session.scalars(select(DirtyQuarterHour))
    assert (mark.station_id, mark.start_ms) == (A, start_of(DAY, ZONE) + 12 * HOUR)
    action, subject, actor, before, after = audited(registry)[-1]
    assert (action, subject, actor) == ("verdict.withdraw", A, "李工")
    assert (before["verdict"], before["corrected_by"]) == ("unknown", "赵工")
    assert (after["verdict"], after["corrected_by"], after["removed_because"]) == ("running", None, "误填")


@pytest.mark.parametrize(
    ("change", "said"), [*FAULTS, ({"day": NEXT}, ['x: day: was not corrected (got "2026-11-10"). See qing'])]
)
def test_what_cannot_be_withdrawn_is_refused(sqlite_registry, change, said):
    correct(sqlite_registry)
    with pytest.raises(RecordError) as caught:
        withdraw(sqlite_registry, **change)
    lines = [fault.line("x") for fault in caught.value.faults]
    assert len(lines) == len(said)
    assert all(line.startswith(start) for line, start in zip(lines, said, strict=True)), lines
    assert (verdict(sqlite_registry).corrected_by, len(former(sqlite_registry))) == ("赵工", 1)


def test_judging_anew_keeps_what_it_replaces(registry):
    assert (
        judge(registry, row(DAY, "stopped", "idling"), row(NEXT, "stopped", "no_energy_no_effluent")) == set()
    )
    assert former(registry) == [("running", "energy_as_expected", None, None, NOW - 9 * HOUR, NOW + 2 * HOUR)]
    assert [each[:2] for each in former(registry, NEXT)] == [("stopped", "no_energy")]
    assert judge(registry, row(DAY, "unknown", "no_data")) == set()
    assert [each[:2] for each in former(registry)] == [
        ("stopped", "idling"),
        ("running", "energy_as_expected"),
    ]


def test_the_same_verdict_again_and_a_first_one_leave_no_trace(registry):
    new = row(DAY) | {"energy_kwh": 9.7, "computed_ms": NOW}
    assert judge(registry, new, row(date(2026, 11, 11))) == set()
    assert (former(registry), former(registry, date(2026, 11, 11))) == ([], [])
    assert verdict(registry).energy_kwh == 9.7


def test_judging_anew_leaves_a_corrected_day_alone_until_it_is_withdrawn(registry):
    correct(registry)
    anew = row(DAY, "unknown", "too_little_data"), row(NEXT, "running", "low_load")
    assert judge(registry, *anew) == {DAY}
    assert (verdict(registry).verdict, verdict(registry, NEXT).verdict) == ("stopped", "running")
    assert len(former(registry)) == 1
    withdraw(registry)
    assert judge(registry, *anew) == set()
    assert (verdict(registry).verdict, verdict(registry).reason) == ("unknown", "too_little_data")
    assert [each[:3] for each in former(registry)] == [
        ("running", "energy_as_expected", None),
        ("stopped", CORRECTED, "赵工"),
        ("running", "energy_as_expected", None),
    ]


def test_another_station_s_days_are_not_touched(registry):
    with registry.writing() as session:
        correct_verdict(session, B, DAY, "unknown", "赵工", "无法核实", NOW, ZONE)
    assert judge(registry, row(DAY, "stopped", "idling")) == set()
    assert former(registry)[0][:2] == ("running", "energy_as_expected")


def test_nobody_corrects_a_day_that_is_being_judged(registry):
    """Who comes second waits: a correction is not lost beneath a judgement of the same moment."""
    done = threading.Event()

    def in_between():
        correct(registry)
        done.set()

    with registry.writing() as session:
        new = row(DAY, "stopped", "idling")
        assert keep_replaced(session, A, [new], NOW) == set()
        other = threading.Thread(target=in_between)
        other.start()
        assert not done.wait(0.3)
        upsert(session, DayVerdict, [new])
    other.join(30)
    assert (verdict(registry).reason, verdict(registry).corrected_by) == (CORRECTED, "赵工")
    assert [each[:2] for each in former(registry)] == [
        ("stopped", "idling"),
        ("running", "energy_as_expected"),
    ]


def test_a_year_of_days_is_asked_for_in_pieces(registry):
    days = [date(2024, 1, 1) + timedelta(days=n) for n in range(800)]
    judge(registry, *(row(day) for day in days))
    judge(registry, *(row(day, "unknown", "no_data") for day in days))
    for day in (days[0], days[499], days[500], days[-1]):
        assert [each[0] for each in former(registry, day)] == ["running"]


@settings(max_examples=25)
@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("judge"), st.sampled_from(["running", "stopped", "unknown"])),
            st.tuples(st.just("correct"), st.sampled_from(["running", "stopped", "unknown"])),
            st.just(("withdraw", "")),
        ),
        max_size=8,
    )
)
def test_no_verdict_is_ever_lost(steps):
    """Whatever happens in whatever order: what was read once can be read for ever, a person's word stands."""
    with closing(fresh_registry("sqlite://")) as registry:
        with registry.writing() as session:
            session.add(Station(id=A))
            session.flush()
            upsert(session, DayVerdict, [row(DAY)])
        seen = [("running", "energy_as_expected", None)]
        for number, (what, word) in enumerate(steps):
            was = seen[-1]
            if what == "judge":
                judge(registry, row(DAY, word, f"because_{word}"), at_ms=NOW + number)
            elif what == "correct":
                correct(registry, verdict=word, by=f"p{number}", now_ms=NOW + number)
            elif was[2] is not None:
                withdraw(registry, now_ms=NOW + number)
            stored = verdict(registry)
            is_now = (stored.verdict, stored.reason, stored.corrected_by)
            assert not (what == "judge" and was[2] is not None) or is_now == was
            if is_now != was:
                seen.append(is_now)
        kept = [each[:3] for each in reversed(former(registry))]
        assert [*kept, seen[-1]] == seen


def test_the_worker_leaves_a_correction_alone_and_judges_anew_once_it_is_withdrawn(sqlite_registry, tmp_path):
    start_ms = NOW - 7 * 24 * HOUR
    day, noon_ms = date(2026, 11, 18), start_of(date(2026, 11, 18), ZONE) + 12 * HOUR

    def said(at_ms):
        worker.tick(at_ms)
        with sqlite_registry.reading() as session:
            assert not list(session.scalars(select(DirtyQuarterHour)))
        found = verdict(sqlite_registry, day)
        return found.verdict, found.reason, found.computed_ms

    with closing(EmbeddedHistory(tmp_path / "history.db")) as history:
        with sqlite_registry.writing() as session:
            session.add(Device(station_id=A, device="power-1", kind="power", first_seen_ms=start_ms))
            session.execute(delete(DayVerdict))
            mark_span(session, A, start_ms, NOW)
        counted = [(at_ms, (at_ms - start_ms) / 1e6) for at_ms in range(start_ms, NOW, 900_000)]
        history.write(
            [StationReading(A, Reading(t=t, d="power-1", k="power", x={"energy_kwh": x})) for t, x in counted]
        )
        worker = Worker(Rules(AlertingSettings(), ZONE), sqlite_registry, history, lambda: NOW, "one")
        assert said(NOW) == ("running", "energy_as_expected", NOW)
        correct(sqlite_registry, day=day, now_ms=NOW + 1)
        with sqlite_registry.writing() as session:
            mark_dirty(session, [(A, noon_ms)])
        assert said(NOW + 20_000) == ("stopped", CORRECTED, NOW + 1)
        withdraw(sqlite_registry, day=day, now_ms=NOW + 20_001)
        assert said(NOW + 30_000) == ("running", "energy_as_expected", NOW + 30_000)
    assert [each[:2] for each in former(sqlite_registry, day)] == [
        ("stopped", CORRECTED),
        ("running", "energy_as_expected"),
    ]
