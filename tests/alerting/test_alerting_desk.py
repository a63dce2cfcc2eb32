"""What the duty desk does with alarms, act by act, on both kinds of database; time by hand."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from fresh_registry import fresh_registry
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from servers import wait_until
from sqlalchemy import delete, select, text

from alerting.alarm_book import AlarmBook
from alerting.alarm_life import Quiet, clear, is_active, is_open, quiet_of, rise, settle
from alerting.desk import LONGEST_NOTE, LONGEST_SHELF, USUAL_SHELF, Desk, DeskError
from alerting.mutes import end_expired, quiet_for, quiets, standing_mutes
from registry.audit import first_broken
from registry.database import Registry
from registry.tables import Alarm, AlarmEvent, AlarmMute, Audit, Company, County, Station

A, B = "410882-0001", "410882-0002"
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
NOW_MS = 1_800_000_000_000
USUAL_MS = int(USUAL_SHELF.total_seconds() * 1000)
LONGEST_MS = int(LONGEST_SHELF.total_seconds() * 1000)


class Centre:
    """A registry with two stations, and the desk at an instant."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        with registry.writing() as session:
            session.add(County(code="410882", name="沁阳市"))
            session.add(Company(name="碧水环保"))
            session.flush()
            session.add_all([Station(id=A, county_code="410882"), Station(id=B, county_code="410882")])

    def raised(self, type_="stopped", subject=A, severity="medium", at_ms=0, quiet=None):
        """A new alarm; its number."""
        with self.registry.writing() as session:
            station = subject if "-" in subject else None
            alarm = Alarm(
                type=type_, subject=subject, station_id=station, severity=severity, start_ms=NOW_MS + at_ms,
                reason="no_energy", evidence={},
            )  # fmt: skip
            book = AlarmBook(session, NOW_MS + at_ms)
            rise(book, alarm, quiet or Quiet())
            book.write()
            return alarm.id

    def returned(self, number, at_ms):
        """Its condition is over."""
        with self.registry.writing() as session:
            book = AlarmBook(session, NOW_MS + at_ms)
            clear(book, session.get_one(Alarm, number), is_attended=True)
            book.write()

    def round(self, at_ms, suppressed=None):
        """What a round of the worker makes of the alarms' quietness; the steps that it tells."""
        with self.registry.writing() as session:
            book = AlarmBook(session, NOW_MS + at_ms)
            mutes = quiets(end_expired(standing_mutes(session), NOW_MS + at_ms))
            for alarm in session.scalars(select(Alarm).where(Alarm.closed_ms.is_(None))):
                own = quiet_for(mutes.get(alarm.subject, {}), alarm.type)
                settle(book, alarm, own._replace(suppressed_by=suppressed))
            return [step.event.event for step in book.write()]

    def act(self, at_ms, do, by="赵工"):
        """What the desk returns, and the steps that are to be told."""
        with self.registry.writing() as session:
            desk = Desk(session, by, NOW_MS + at_ms)
            done = do(desk)
            return done, [(step.alarm.id, step.event.event, step.level) for step in desk.told]

    def alarm(self, number):
        with self.registry.reading() as session:
            return session.get_one(Alarm, number)

    def events(self, number, since_ms=-1):
        """Steps after an instant: what, and by whom."""
        with self.registry.reading() as session:
            found = select(AlarmEvent).where(
                AlarmEvent.alarm_id == number, AlarmEvent.at_ms > NOW_MS + since_ms
            )
            return [(row.event, row.actor) for row in session.scalars(found.order_by(AlarmEvent.id))]

    def last_event(self, number):
        with self.registry.reading() as session:
            found = select(AlarmEvent).where(AlarmEvent.alarm_id == number).order_by(AlarmEvent.id.desc())
            return session.scalars(found).first()

    def mutes(self):
        with self.registry.reading() as session:
            rows = session.scalars(select(AlarmMute).order_by(AlarmMute.id))
            return [(row.kind, row.subject, row.type, row.ended_ms is None) for row in rows]

    def audited(self):
        with self.registry.reading() as session:
            assert first_broken(session) is None
            rows = session.scalars(select(Audit).order_by(Audit.id))
            return [(row.actor, row.action, row.object, row.after) for row in rows]


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    with closing(fresh_registry(f"sqlite:///{tmp_path}/registry.db")) as opened:
        yield Centre(opened)


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Centre]:
    """The same in both kinds of database."""
    url = f"sqlite:///{tmp_path}/registry.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").new_registry()
    with closing(fresh_registry(url)) as opened:
        yield Centre(opened)


def fails(centre, words, do, at_ms=10):
    """The desk refuses, and nothing was written."""
    before = centre.mutes(), centre.audited()
    with pytest.raises(DeskError, match=words):
        centre.act(at_ms, do)
    assert (centre.mutes(), centre.audited()) == before


def test_what_was_acknowledged_leaves_the_list_when_it_returns(either):
    number = either.raised()
    alarm, told = either.act(10, lambda desk: desk.acknowledge(number, " 已电话 "))
    assert told == []
    assert (alarm.acknowledged_ms, alarm.acknowledged_by) == (NOW_MS + 10, "赵工")
    assert is_active(either.alarm(number))
    event = either.last_event(number)
    assert (event.event, event.actor, event.note, event.at_ms) == (
        "acknowledged",
        "赵工",
        "已电话",
        NOW_MS + 10,
    )
    either.returned(number, 20)
    assert (either.alarm(number).cleared_ms, either.alarm(number).closed_ms) == (NOW_MS + 20, NOW_MS + 20)


def test_what_returned_waits_until_it_is_acknowledged(either):
    number = either.raised()
    either.returned(number, 10)
    assert is_open(either.alarm(number))
    either.act(20, lambda desk: desk.acknowledge(number))
    assert (either.alarm(number).cleared_ms, either.alarm(number).closed_ms) == (NOW_MS + 10, NOW_MS + 20)
    assert either.events(number) == [("raised", ""), ("returned_to_normal", ""), ("acknowledged", "赵工")]


def test_a_notice_does_not_wait_for_anybody(centre):
    number = centre.raised("offline", severity="low")
    centre.returned(number, 10)
    assert centre.alarm(number).closed_ms == NOW_MS + 10
    fails(centre, f"alarm {number} is closed", lambda desk: desk.acknowledge(number))


def test_nobody_acknowledges_twice_or_what_is_not_there(centre):
    number = centre.raised()
    centre.act(1, lambda desk: desk.acknowledge(number))
    fails(centre, f"alarm {number} was acknowledged by 赵工 already", lambda desk: desk.acknowledge(number))
    fails(centre, "there is no alarm 77", lambda desk: desk.acknowledge(77))
    assert centre.events(number) == [("raised", ""), ("acknowledged", "赵工")]


def test_a_shelf_that_is_ended_rings_again(either):
    number = either.raised()
    either.act(1, lambda desk: desk.acknowledge(number))
    alarm, told = either.act(10, lambda desk: desk.shelve(number, "testing", note="调试两天"))
    assert told == []
    assert quiet_of(alarm) == Quiet(shelved_until_ms=NOW_MS + 10 + USUAL_MS, shelve_reason="testing")
    assert alarm.acknowledged_ms == NOW_MS + 1
    alarm, told = either.act(20, lambda desk: desk.unshelve(number), by="李工")
    assert told == [(number, "rang_again", 1)]
    assert quiet_of(alarm).why is None
    assert (alarm.rang_ms, alarm.raised_ms) == (NOW_MS + 20, NOW_MS)
    assert (alarm.acknowledged_ms, alarm.acknowledged_by) == (None, None)
    assert either.events(number, 5) == [("shelved", "赵工"), ("unshelved", "李工"), ("rang_again", "")]
    assert either.mutes() == [("shelved", A, "stopped", False)]
    assert either.audited() == [
        (
            "赵工",
            "alarms.shelved",
            A,
            {"type": "stopped", "reason": "testing", "until_ms": NOW_MS + 10 + USUAL_MS},
        ),
        ("李工", "alarms.shelved.end", A, {"type": "stopped"}),
    ]


def test_a_shelf_whose_time_has_run_out_rings_again_by_itself(centre):
    number = centre.raised()
    centre.act(0, lambda desk: desk.shelve(number, "testing", NOW_MS + HOUR_MS))
    assert centre.round(HOUR_MS - 1) == []
    assert centre.round(HOUR_MS) == ["rang_again"]
    assert centre.alarm(number).rang_ms == NOW_MS + HOUR_MS
    assert centre.mutes() == [("shelved", A, "stopped", False)]
    fails(centre, f"alarm {number} is not shelved", lambda desk: desk.unshelve(number), HOUR_MS + 1)


def test_what_returned_on_its_shelf_does_not_ring_when_the_shelf_ends(centre):
    number = centre.raised()
    centre.act(0, lambda desk: desk.shelve(number, "testing", NOW_MS + HOUR_MS))
    centre.returned(number, 10)
    assert centre.alarm(number).closed_ms == NOW_MS + 10
    assert centre.round(HOUR_MS) == []


def test_what_had_returned_and_is_shelved_leaves_the_list(centre):
    number = centre.raised()
    centre.returned(number, 10)
    centre.act(20, lambda desk: desk.shelve(number, "known_cause"))
    assert centre.alarm(number).closed_ms == NOW_MS + 20


def test_a_shelf_again_takes_the_place_of_the_first(either):
    number = either.raised()
    either.act(0, lambda desk: desk.shelve(number, "testing"))
    alarm, told = either.act(10, lambda desk: desk.shelve(number, "waiting_for_parts", NOW_MS + 5 * DAY_MS))
    assert told == []
    assert (alarm.shelved_until_ms, alarm.shelve_reason) == (NOW_MS + 5 * DAY_MS, "waiting_for_parts")
    assert either.mutes() == [("shelved", A, "stopped", False), ("shelved", A, "stopped", True)]
    assert either.events(number, 5) == [("shelved", "赵工")]


def test_a_shelf_lasts_at_most_seven_days(centre):
    number = centre.raised()
    for until_ms in (NOW_MS + 11 + LONGEST_MS, NOW_MS + 10, NOW_MS):
        fails(
            centre,
            "must end within the next 7 days",
            lambda desk, until_ms=until_ms: desk.shelve(number, "testing", until_ms),
        )
    centre.act(10, lambda desk: desk.shelve(number, "testing", NOW_MS + 10 + LONGEST_MS))
    assert centre.alarm(number).shelved_until_ms == NOW_MS + 10 + LONGEST_MS


def test_a_shelf_is_for_one_type_of_one_subject(centre):
    stopped, offline, other = centre.raised(), centre.raised("offline"), centre.raised(subject=B)
    centre.act(0, lambda desk: desk.shelve(stopped, "testing"))
    centre.round(10)
    assert [quiet_of(centre.alarm(each)).why for each in (stopped, offline, other)] == ["shelved", None, None]


@pytest.mark.parametrize(
    ("type_", "whys"), [("", ["out_of_service"] * 2), ("offline", [None, "out_of_service"])]
)
def test_a_station_s_alarms_are_taken_out_of_service(either, type_, whys):
    numbers = [either.raised(), either.raised("offline", severity="low")]
    other = either.raised(subject=B)
    mute, told = either.act(10, lambda desk: desk.take_out_of_service(A, type_, "testing", "改造"))
    assert (mute.kind, mute.subject, mute.type, mute.reason, mute.note, mute.by, mute.until_ms) == (
        "out_of_service", A, type_, "testing", "改造", "赵工", None
    )  # fmt: skip
    assert told == []
    assert [quiet_of(either.alarm(each)).why for each in numbers] == whys
    assert quiet_of(either.alarm(other)).why is None
    _, told = either.act(20, lambda desk: desk.return_to_service(A, type_))
    quiet = [number for number, why in zip(numbers, whys, strict=True) if why]
    assert sorted(told) == [(number, "rang_again", 1) for number in quiet]
    assert either.mutes() == [("out_of_service", A, type_, False)]
    after = {"type": type_, "reason": "testing", "until_ms": None}
    assert either.audited() == [
        ("赵工", "alarms.out_of_service", A, after),
        ("赵工", "alarms.out_of_service.end", A, {"type": type_}),
    ]


def test_out_of_service_ends_no_earlier_than_somebody_says_so(centre):
    number = centre.raised()
    centre.act(0, lambda desk: desk.take_out_of_service(A, "", "other"))
    assert centre.round(400 * DAY_MS) == []
    assert centre.alarm(number).out_of_service


def test_all_types_and_one_type_are_two_decisions(centre):
    number = centre.raised()
    centre.act(0, lambda desk: desk.take_out_of_service(A, "", "testing"))
    centre.act(1, lambda desk: desk.take_out_of_service(A, "stopped", "nuisance"))
    fails(centre, "are out of service already", lambda desk: desk.take_out_of_service(A, "", "testing"))
    _, told = centre.act(20, lambda desk: desk.return_to_service(A))
    assert (told, centre.alarm(number).out_of_service) == ([], True)
    fails(centre, "are not out of service", lambda desk: desk.return_to_service(A), 30)
    _, told = centre.act(40, lambda desk: desk.return_to_service(A, "stopped"))
    assert (told, centre.alarm(number).out_of_service) == ([(number, "rang_again", 1)], False)


@pytest.mark.parametrize("first", ["shelf", "service"])
def test_of_two_mutes_the_end_of_one_does_not_ring(either, first):
    number = either.raised()
    either.act(0, lambda desk: desk.shelve(number, "testing"))
    either.act(1, lambda desk: desk.take_out_of_service(A, "", "testing"))
    ends = {"shelf": lambda desk: desk.unshelve(number), "service": lambda desk: desk.return_to_service(A)}
    _, told = either.act(10, ends.pop(first))
    assert told == []
    assert quiet_of(either.alarm(number)).why == ("out_of_service" if first == "shelf" else "shelved")
    [other] = ends.values()
    _, told = either.act(20, other)
    assert told == [(number, "rang_again", 1)]
    assert either.alarm(number).rang_ms == NOW_MS + 20


@pytest.mark.parametrize("design", ["area_event", "exclusion"])
def test_what_is_suppressed_by_design_stays_so_whatever_people_decide(centre, design):
    number = centre.raised("offline", quiet=Quiet(suppressed_by=design))
    centre.act(0, lambda desk: desk.shelve(number, "testing"))
    _, told = centre.act(10, lambda desk: desk.unshelve(number))
    assert (told, centre.alarm(number).suppressed_by, centre.alarm(number).rang_ms) == ([], design, None)
    centre.act(20, lambda desk: desk.take_out_of_service(A, "", "testing"))
    assert centre.round(30) == []  # the design ends, the decision stands
    _, told = centre.act(40, lambda desk: desk.return_to_service(A))
    assert told == [(number, "rang_again", 1)]


def test_an_alarm_of_an_area_is_shelved_too(centre):
    number = centre.raised("area_event", subject="410882/柏香镇")
    centre.act(0, lambda desk: desk.shelve(number, "known_cause"))
    assert centre.mutes() == [("shelved", "410882/柏香镇", "area_event", True)]
    _, told = centre.act(10, lambda desk: desk.unshelve(number))
    assert told == [(number, "rang_again", 1)]


def test_assigning_acknowledges_and_puts_on_the_follow_up_list(either):
    number = either.raised()
    alarm, told = either.act(
        10,
        lambda desk: desk.assign(
            number, company="碧水环保", due_ms=NOW_MS + DAY_MS, cause="blower", note="加急"
        ),
    )
    assert told == []
    with either.registry.reading() as session:
        assert session.get_one(Company, alarm.assigned_company_id).name == "碧水环保"
    assert (alarm.follow_up_ms, alarm.due_ms, alarm.cause) == (NOW_MS + 10, NOW_MS + DAY_MS, "blower")
    assert (alarm.acknowledged_ms, alarm.acknowledged_by) == (NOW_MS + 10, "赵工")
    assert either.events(number) == [("raised", ""), ("assigned", "赵工"), ("acknowledged", "赵工")]


def test_assigning_again_keeps_what_is_not_given(centre):
    number = centre.raised()
    centre.act(10, lambda desk: desk.assign(number, company="碧水环保", due_ms=NOW_MS + DAY_MS))
    alarm, _ = centre.act(20, lambda desk: desk.assign(number, cause="pump"), by="李工")
    assert (alarm.follow_up_ms, alarm.due_ms, alarm.cause) == (NOW_MS + 10, NOW_MS + DAY_MS, "pump")
    assert alarm.acknowledged_by == "赵工"
    assert centre.last_event(number).details == {"cause": "pump"}


def test_a_new_due_time_can_be_overdue_again(centre):
    number = centre.raised()
    centre.act(10, lambda desk: desk.assign(number, due_ms=NOW_MS + DAY_MS))
    with centre.registry.writing() as session:
        session.get_one(Alarm, number).escalated = "long overdue"
    alarm, _ = centre.act(2 * DAY_MS, lambda desk: desk.assign(number, due_ms=NOW_MS + 3 * DAY_MS))
    assert alarm.escalated == "long"


def test_a_cause_of_what_had_returned_closes_it(centre):
    number = centre.raised()
    centre.returned(number, 10)
    centre.act(20, lambda desk: desk.assign(number, cause="no_inflow"))
    assert centre.alarm(number).closed_ms == NOW_MS + 20


def test_what_cannot_be_assigned_changes_nothing(centre):
    number = centre.raised()
    for words, options in (
        ("no O&M company '清源'. Known: 碧水环保", {"company": "清源"}),
        ("the due time must lie ahead", {"company": "碧水环保", "due_ms": NOW_MS + 10}),
        ("cause must be one of", {"company": "碧水环保", "cause": "moon"}),
        ("nothing to assign", {"note": "x"}),
        ("note must have at most", {"cause": "pump", "note": "x" * (LONGEST_NOTE + 1)}),
    ):
        fails(centre, words, lambda desk, options=options: desk.assign(number, **options))
    alarm = centre.alarm(number)
    assert (alarm.assigned_company_id, alarm.cause, alarm.follow_up_ms) == (None, None, None)


def test_a_remark_goes_to_open_and_closed_alarms(centre):
    number = centre.raised("offline", severity="low")
    centre.returned(number, 10)
    centre.act(20, lambda desk: desk.note(number, "  村里检修线路 "))
    event = centre.last_event(number)
    assert (event.event, event.actor, event.note) == ("noted", "赵工", "村里检修线路")
    fails(centre, "note must not be empty", lambda desk: desk.note(number, " "))
    fails(centre, r"at most 500 letters \(got 501\)", lambda desk: desk.note(number, "x" * 501))
    fails(centre, "there is no alarm 9", lambda desk: desk.note(9, "x"))


def test_other_mistakes_are_one_line(centre):
    number = centre.raised()
    fails(centre, "reason must be one of", lambda desk: desk.shelve(number, "because"))
    fails(centre, "is not shelved", lambda desk: desk.unshelve(number))
    fails(
        centre, "no station '410882-9999'", lambda desk: desk.take_out_of_service("410882-9999", "", "other")
    )
    fails(centre, "type must be one of", lambda desk: desk.take_out_of_service(A, "tired", "other"))
    fails(centre, "reason must be one of", lambda desk: desk.take_out_of_service(A, "", ""))
    fails(centre, "are not out of service", lambda desk: desk.return_to_service(A))
    with pytest.raises(DeskError, match="by must not be empty"), centre.registry.reading() as session:
        Desk(session, " ", NOW_MS)


_steps = st.sampled_from(["shelve", "unshelve", "out", "back", "out_type", "back_type", "later"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.lists(_steps, max_size=10))
def test_an_alarm_is_quiet_as_long_as_any_decision_stands_and_rings_at_the_end_of_the_last(centre, steps):
    with centre.registry.writing() as session:
        for table in (AlarmEvent, AlarmMute, Alarm):
            session.execute(delete(table))
    number, at_ms, standing = centre.raised(), 0, {}
    acts = {
        "shelve": lambda desk: desk.shelve(number, "testing"),
        "unshelve": lambda desk: desk.unshelve(number),
        "out": lambda desk: desk.take_out_of_service(A, "", "other"),
        "back": lambda desk: desk.return_to_service(A),
        "out_type": lambda desk: desk.take_out_of_service(A, "stopped", "other"),
        "back_type": lambda desk: desk.return_to_service(A, "stopped"),
    }
    for step in steps:
        at_ms += 9 * HOUR_MS
        was_quiet = bool(standing)
        if step == "later":
            standing = {kind: until for kind, until in standing.items() if until is None or until > at_ms}
            told = centre.round(at_ms)
        else:
            try:
                _, steps_told = centre.act(at_ms, acts[step])
            except DeskError:
                continue
            standing = {kind: until for kind, until in standing.items() if until is None or until > at_ms}
            told = [event for _, event, _ in steps_told]
            if step == "shelve":
                standing["shelf"] = at_ms + USUAL_MS
            elif step in ("out", "out_type"):
                standing[step] = None
            else:
                ended = {"unshelve": "shelf", "back": "out", "back_type": "out_type"}[step]
                standing.pop(ended, None)
        assert (quiet_of(centre.alarm(number)).why is not None) == bool(standing)
        assert told == (["rang_again"] if was_quiet and not standing else [])
    assert centre.audited() is not None


def test_two_people_at_one_station_wait_for_each_other_instead_of_locking_each_other_out(postgres):
    with closing(fresh_registry(postgres.new_registry())) as registry:
        centre = Centre(registry)
        number = centre.raised()

        def is_waiting():
            waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
            with registry.reading() as session:
                return session.scalar(waiting)

        with ThreadPoolExecutor(1) as beside:
            with registry.writing() as session:
                desk = Desk(session, "李四", NOW_MS + 5)
                desk.note(number, "看过")
                other = beside.submit(centre.act, 5, lambda each: each.take_out_of_service(A, "", "testing"))
                wait_until(is_waiting, "the other one waits for the alarm")
                desk.shelve(number, "testing")
            other.result()
    assert not other.exception()
