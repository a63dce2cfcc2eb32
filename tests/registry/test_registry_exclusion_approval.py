"""Over five days of a month stops need a manager: who may approve, until when, which days count meanwhile."""

import json
from contextlib import closing
from datetime import date, timedelta

import pytest
from alembic import command
from fresh_registry import fresh_registry
from hypothesis import given, settings
from hypothesis import strategies as st
from record_entry_seed import BY, DAY, NOW, ZONE, A, B, Q, audited, marks, ms, seed
from sqlalchemy import MetaData, create_engine, delete

from alerting.files import station_files
from qingliu.cli import main
from registry.database import migration_config, open_registry
from registry.exclusion_days import (
    CountedSpan,
    closes_on,
    counted_days,
    days_missed,
    effective_spans,
    stop_days,
    waiting_days,
)
from registry.exclusion_effects import stops_of
from registry.exclusions import (
    REASONS,
    NewExclusion,
    approve_exclusion,
    enter_approved_stop,
    enter_exclusion,
    withdraw_exclusion,
)
from registry.record_entry import RecordError
from registry.tables import DirtyQuarterHour, Exclusion
from reporting.days import Span
from reporting.records import approved_stops
from service.civil import Month, day_of, days_between, start_of

OCTOBER, NOVEMBER = Month(2026, 10), Month(2026, 11)
NOON_MS = 12 * 3_600_000


def noon(day):
    return start_of(day, ZONE) + NOON_MS


def stop(number, first, last, reason="maintenance", entered=date(2026, 1, 1), manager=None, withdrawn=None):
    return Exclusion(
        id=number, station_id="a", start=first, end=last, reason=reason, entered_ms=noon(entered),
        manager_ms=None if manager is None else noon(manager), withdrawn_ms=withdrawn,
    )  # fmt: skip


def numbers(stops, month=OCTOBER):
    """The days of the month that count, by number."""
    return [day.day for day in counted_days(stops, month, ZONE)]


def october(first, last):
    return date(2026, 10, first), date(2026, 10, last)


def test_five_days_of_a_month_count_without_a_manager():
    assert numbers([stop(1, *october(3, 7))]) == [3, 4, 5, 6, 7]
    assert numbers([stop(1, *october(3, 9))]) == [3, 4, 5, 6, 7]
    assert numbers([stop(1, *october(10, 12)), stop(2, *october(2, 4), "season")]) == [2, 3, 4, 10, 11]


def test_each_month_has_its_own_five():
    lasting = [stop(1, date(2026, 10, 28), date(2026, 11, 9), "rebuilding")]
    assert numbers(lasting) == [28, 29, 30, 31]
    assert numbers(lasting, NOVEMBER) == [1, 2, 3, 4, 5]
    assert effective_spans(lasting, [OCTOBER, NOVEMBER], ZONE) == [
        CountedSpan(lasting[0], date(2026, 10, 28), date(2026, 10, 31), date(2026, 1, 1)),
        CountedSpan(lasting[0], date(2026, 11, 1), date(2026, 11, 5), date(2026, 1, 1)),
    ]
    assert [span.start.month for span in effective_spans(lasting, [NOVEMBER], ZONE)] == [11]


def test_grid_outages_last_as_long_as_they_do_and_take_none_of_the_five():
    stops = [stop(1, *october(1, 9), "grid_outage"), stop(2, *october(12, 20))]
    assert numbers(stops) == [*range(1, 10), 12, 13, 14, 15, 16]


def test_what_a_manager_approved_counts_and_takes_of_the_five():
    approved = stop(1, *october(1, 7), manager=date(2026, 10, 20))
    assert numbers([approved]) == list(range(1, 8))
    assert numbers([approved, stop(2, *october(20, 21))]) == list(range(1, 8))


@pytest.mark.parametrize(("day", "counted"), [(10, 9), (11, 5)])
def test_a_manager_decides_until_the_tenth(day, counted):
    given_on = date(2026, 11, day)
    stops = [stop(1, *october(11, 19), manager=given_on)]
    assert len(numbers(stops)) == counted
    assert days_missed(stops, ZONE, given_on) == ({OCTOBER: 4} if counted == 5 else {})


def test_what_was_entered_too_late_or_withdrawn_takes_none_of_the_five():
    stops = [stop(1, *october(1, 5), entered=date(2026, 11, 11)), stop(2, *october(6, 8), withdrawn=1),
             stop(3, *october(10, 14))]  # fmt: skip
    assert numbers(stops) == list(range(10, 15))
    assert {each.standing for each in stop_days(stops, OCTOBER, ZONE).values()} == {"counts", "too_late"}


def test_days_wait_until_their_month_closes():
    lasting = stop(7, date(2026, 10, 25), date(2026, 11, 8))
    assert waiting_days([lasting], ZONE, date(2026, 11, 10)) == {
        7: [date(2026, 10, 30), date(2026, 10, 31), *days_between(date(2026, 11, 6), date(2026, 11, 8))]
    }
    assert waiting_days([lasting], ZONE, date(2026, 11, 11)) == {
        7: list(days_between(date(2026, 11, 6), date(2026, 11, 8)))
    }
    assert days_missed([lasting], ZONE, date(2026, 11, 11)) == {OCTOBER: 2}


@st.composite
def lists(draw):
    stops = []
    for number in range(1, draw(st.integers(1, 5)) + 1):
        first = date(2026, 9, 10) + timedelta(days=draw(st.integers(0, 80)))
        near = st.dates(date(2026, 10, 5), date(2026, 12, 15))
        stops.append(
            stop(
                number, first, first + timedelta(days=draw(st.integers(0, 25))),
                draw(st.sampled_from(REASONS)), draw(near | st.just(date(2026, 1, 1))),
                draw(st.none() | near), draw(st.sampled_from([None, None, None, 1])),
            )
        )  # fmt: skip
    return stops


@given(lists())
@settings(max_examples=150)
def test_the_rule_read_slowly(stops):
    """Day by day, with nothing but a counter."""
    for month in (Month(2026, 9), OCTOBER, NOVEMBER):
        closing, used, wanted = closes_on(month), 0, []
        for day in month.days():
            valid = [
                each
                for each in stops
                if each.start <= day <= each.end
                and each.withdrawn_ms is None
                and day_of(each.entered_ms, ZONE) <= closing
            ]
            if any(each.reason == "grid_outage" for each in valid):
                wanted.append(day)
            elif valid:
                used += 1
                has_manager = any(
                    each.manager_ms is not None and day_of(each.manager_ms, ZONE) <= closing for each in valid
                )
                if used <= 5 or has_manager:
                    wanted.append(day)
        assert list(counted_days(stops, month, ZONE)) == wanted
        spans = effective_spans(stops, [month], ZONE)
        assert [day for span in spans for day in days_between(span.start, span.end)] == wanted


LONG = NewExclusion(A, date(2026, 11, 1), date(2026, 11, 8), "maintenance", "甲", "乙")


def excluded_by(registry, by=BY):
    """The days that count as the report has it and as the alerting worker has it, which must be the same."""
    with registry.reading() as session:
        span = Span(date(2026, 10, 1), date(2026, 12, 31))
        reported = {
            day
            for each in approved_stops(session, span, ZONE).get(A, [])
            for day in days_between(each.days.start, each.days.end)
        }
        [file] = station_files(session, by.now_ms, [A])
        judged = {day for day in days_between(span.first, span.last) if file.counted_exclusion_on(day, ZONE)}
    assert reported == judged
    return [f"{day:%m-%d}" for day in sorted(reported)]


def test_an_approval_makes_the_waiting_days_count_and_has_them_judged_anew(registry):
    seed(registry)
    with registry.writing() as session:
        done = enter_approved_stop(session, LONG, BY)
    assert done.warnings == (
        "beyond 5 days of a month 3 days from 2026-11-06 on wait for a manager: --approve 1 --manager NAME",
    )
    assert excluded_by(registry) == ["11-01", "11-02", "11-03", "11-04", "11-05"]
    with registry.writing() as session:
        session.execute(delete(DirtyQuarterHour))
        assert approve_exclusion(session, done.id, " 李局 ", BY) == (done.id, ())
    assert len(excluded_by(registry)) == 8
    assert marks(registry) == list(range(ms(2026, 11, 6), ms(2026, 11, 9), Q))
    action, subject, actor, before, after = audited(registry)[-1]
    assert (action, subject, actor) == ("exclusion.approve", A, "王")
    assert before == {"id": 1, "start": "2026-11-01", "end": "2026-11-08", "manager": ""}
    assert after == {"manager": "李局", "manager_ms": NOW}


def test_a_stop_with_a_manager_counts_from_its_entry(registry):
    seed(registry)
    with registry.writing() as session:
        done = enter_approved_stop(session, LONG._replace(manager="李局", entered_ms=NOW - DAY), BY)
        assert done.warnings == ()
        assert session.get_one(Exclusion, done.id).manager_ms == NOW - DAY
    assert len(excluded_by(registry)) == 8


def test_days_of_another_stop_that_a_change_pushes_over_the_ceiling_are_judged_anew(registry):
    seed(registry)
    with registry.writing() as session:
        enter_approved_stop(session, LONG._replace(start=date(2026, 11, 10), end=date(2026, 11, 13)), BY)
        session.execute(delete(DirtyQuarterHour))
        early = enter_approved_stop(session, LONG._replace(end=date(2026, 11, 3), reason="season"), BY)
    assert early.warnings == (
        "beyond 5 days of a month 2 days from 2026-11-12 on wait for a manager: --approve 1 --manager NAME",
    )
    pushed = list(range(ms(2026, 11, 12), ms(2026, 11, 14), Q))
    assert marks(registry) == [*range(ms(2026, 11, 1), ms(2026, 11, 4), Q), *pushed]
    with registry.writing() as session:
        session.execute(delete(DirtyQuarterHour))
        withdraw_exclusion(session, early.id, "申请撤回", BY)
    assert marks(registry) == [*range(ms(2026, 11, 1), ms(2026, 11, 4), Q), *pushed]
    assert excluded_by(registry) == ["11-10", "11-11", "11-12", "11-13"]


@pytest.mark.parametrize(
    ("number", "manager", "line"),
    [
        (1, "", "manager: is required. Fill it in."),
        (1, "甲", 'manager: nobody approves an application of their own (got "甲"). Name who decided.'),
        (2, "李局", "approve: was approved by 李局 already (got 2). See --list."),
        (3, "李局", "approve: was approved with its entry already (got 3). See --list."),
        (4, "李局", 'approve: needs no manager for its reason (got "grid_outage"). See --list.'),
        (5, "李局", "approve: is withdrawn (got 5). See --list."),
        (6, "李局", "approve: there is no such record (got 6). See --list."),
        (2**70, "李局", f"approve: there is no such record (got {2**70}). See --list."),
    ],
)
def test_an_approval_that_cannot_be(sqlite_registry, number, manager, line):
    seed(sqlite_registry)
    with sqlite_registry.writing() as session:
        enter_approved_stop(session, LONG, BY)
        enter_approved_stop(session, LONG._replace(station=B, manager="李局"), BY)
        enter_exclusion(session, B, *october(1, 20), reason="season", applicant="甲", approver="乙",
                        entered_ms=NOW)  # fmt: skip
        outage = enter_approved_stop(
            session, LONG._replace(start=date(2026, 9, 1), end=date(2026, 9, 9), reason="grid_outage"), BY
        )
        gone = enter_approved_stop(session, LONG._replace(start=date(2026, 8, 1), end=date(2026, 8, 9)), BY)
        withdraw_exclusion(session, gone.id, "误录", BY)
        assert (outage.id, gone.id) == (4, 5)
    before = audited(sqlite_registry)
    with pytest.raises(RecordError) as error, sqlite_registry.writing() as session:
        approve_exclusion(session, number, manager, BY)
    assert line in [fault.line("x").removeprefix("x: ") for fault in error.value.faults]
    assert audited(sqlite_registry) == before


def test_an_approval_after_the_month_closed_says_so(sqlite_registry):
    seed(sqlite_registry)
    lasting = LONG._replace(start=date(2026, 10, 20), end=date(2026, 11, 8), entered_ms=ms(2026, 10, 19))
    with sqlite_registry.writing() as session:
        done = enter_approved_stop(session, lasting, BY)
        assert done.warnings[1:] == (
            "beyond 5 days of 2026-10 7 days came too late for a manager's word and do not count",
        )
        assert approve_exclusion(session, done.id, "李局", BY).warnings == ("too late to count for 2026-10",)
    assert excluded_by(sqlite_registry) == [
        *(f"10-{day}" for day in range(20, 25)), *(f"11-0{day}" for day in range(1, 9)),
    ]  # fmt: skip


def test_what_was_entered_before_the_rule_counts_as_approved(registry_url):
    engine = create_engine(registry_url)
    with engine.begin() as connection:
        config = migration_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0005")
        old = MetaData()
        old.reflect(connection)
        connection.execute(
            old.tables["stations"].insert(),
            {
                "id": A,
                "name": "",
                "village": "",
                "process": "",
                "tier": "village",
                "powered": True,
                "review": "confirmed",
                "overrides": {},
            },
        )
        connection.execute(
            old.tables["exclusions"].insert(),
            {
                "id": 1,
                "station_id": A,
                "start": date(2026, 10, 1),
                "end": date(2026, 10, 20),
                "reason": "season",
                "applicant": "甲",
                "approver": "乙",
                "attachment": "",
                "entered_ms": 4711,
            },
        )
    engine.dispose()
    with closing(open_registry(registry_url)) as registry:
        assert len(excluded_by(registry)) == 20
        with registry.reading() as session:
            [row] = stops_of(session, A)
            assert (row.manager, row.manager_ms) == ("", 4711)


def test_the_command_enters_lists_and_approves(tmp_path, capsys):
    url, config = f"sqlite:///{tmp_path}/registry.db", tmp_path / "centre.toml"
    config.write_text(f'[mqtt]\nhost = "127.0.0.1"\ntls = false\n[registry]\nurl = "{url}"\n')
    with closing(fresh_registry(url)) as registry:
        seed(registry)

    def said(*words):
        code = main(["stations", "exclude", *words, "--config", str(config)])
        out, err = capsys.readouterr()
        return code, out, err

    rows = tmp_path / "rows.csv"
    rows.write_text(
        "设施编码,开始日期,结束日期,原因,申请人,批准人,主管批准\n"
        f"{A},2099-03-01,2099-03-09,改造,甲,乙,\n{B},2099-03-01,2099-03-09,改造,甲,乙,李局\n"
    )
    code, _, err = said("--file", str(rows))
    assert (code, "row 2: warning: beyond 5 days of a month 4 days from 2099-03-06" in err) == (0, True)
    listed = json.loads(said("--list", "--json")[1])
    assert {row["station_id"]: row["waiting_days"] for row in listed} == {A: 4, B: None}
    assert listed[1]["waiting_since_ms"] == listed[1]["entered_ms"]
    head, *lines = said("--list", A)[1].splitlines()
    assert ("days waiting  since" in head, len(lines)) == (True, 1)
    assert said("--approve", "1")[0] == 2
    assert said("--approve", "1", "--manager", "李局", "--reason", "x")[2] == (
        "qingliu stations exclude: --reason: does not go with --approve. Leave one of them out.\n"
    )
    assert said("--approve", "1", "--manager", "李局", "--actor", "王")[:2] == (
        0, "approved stop 1 approved by a manager\n",
    )  # fmt: skip
    again = said("--approve", "1", "--manager", "李局")
    assert again[2] == (
        "qingliu stations exclude: --approve: was approved by 李局 already (got 1). See --list.\n"
    )
    assert [row["waiting_days"] for row in json.loads(said("--list", "--json")[1])] == [None, None]
    with pytest.raises(SystemExit):
        main(["stations", "exclude", "--help"])
    assert "More than 5 days of a month" in " ".join(capsys.readouterr().out.split())
