"""The life of a month's report: drafted, drafted anew, frozen, revised; each step follows from rows."""

import json
from contextlib import closing
from datetime import date
from fractions import Fraction

import pytest
from fresh_registry import fresh_registry
from report_life import Life, small_contents
from reporting_centre import OCTOBER, ReportedCentre, at
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DatabaseError

import reporting.drawing
import reporting.monthly
from registry.config import CentreSettings
from registry.notify_settings import Channel, NotifySettings
from registry.tables import Audit, DayVerdict, Exclusion, Notification, Report
from reporting.drawing import draw
from reporting.figures import month_figures
from reporting.headline import decimal
from reporting.monthly import write_draft
from reporting.report_files import ReportError
from reporting.report_rows import waiting
from reporting.verify import verify
from service.civil import Month

SEPTEMBER, NOVEMBER = Month(2026, 9), Month(2026, 11)
FIRST = (2026, 11, 1, 2)
TWELFTH = (2026, 11, 12, 2)


@pytest.fixture
def life(centre, monkeypatch):
    """A centre with five stations whose October is over; one of them stood for six days."""
    monkeypatch.setattr(reporting.monthly, "contents", small_contents)
    for number in range(1, 5):
        centre.station(f"410882-000{number}", "R" * 31)
    centre.station("410882-0005", "R" * 25 + "S" * 6)
    return Life(centre)


def correct(life, station, day, verdict, now_ms):
    with life.centre.registry.writing() as session:
        session.execute(
            update(DayVerdict)
            .where(DayVerdict.station_id == station, DayVerdict.day == day)
            .values(verdict=verdict, computed_ms=now_ms)
        )


def audited(life):
    with life.centre.registry.reading() as session:
        found = select(Audit).where(Audit.action == "report.freeze").order_by(Audit.id)
        return [(row.object, row.actor, row.after) for row in session.scalars(found)]


# --- when ---------------------------------------------------------------------------------------------


def test_a_month_is_drafted_on_the_first_and_frozen_on_the_twelfth_at_the_draft_hour(life):
    assert life.steps(at(2026, 11, 1, 1, 59)) == []
    assert life.live(*FIRST) == {"2026-10": "drafted"}
    assert life.states() == [(1, "draft")]
    assert life.live(2026, 11, 11, 2) == {"2026-10": "unchanged"}
    assert life.steps(at(2026, 11, 12, 1, 59)) == []
    assert life.live(*TWELFTH) == {"2026-10": "frozen"}
    assert life.states() == [(1, "frozen")]
    assert life.live(2026, 11, 13, 2) == {"2026-10": "unchanged"}
    assert life.states() == [(1, "frozen")]


def test_what_was_missed_is_done_in_one_go_the_oldest_month_first(life):
    life.centre.station("410823-0001", "R" * 30, SEPTEMBER.first)
    moment = (2027, 1, 5, 9)
    assert life.steps(at(*moment)) == [
        ("2026-09", "freeze"), ("2026-10", "freeze"), ("2026-11", "freeze"), ("2026-12", "draft"),
    ]  # fmt: skip
    life.live(*moment)
    found = [life.states(month) for month in (SEPTEMBER, OCTOBER, NOVEMBER, Month(2026, 12))]
    assert found == [[(1, "frozen")]] * 3 + [[(1, "draft")]]


def test_a_draft_that_stood_while_the_centre_was_off_is_frozen_under_its_own_number(life):
    life.live(*FIRST)
    (draft,) = life.rows()
    assert life.live(2026, 12, 20, 12)["2026-10"] == "frozen"
    (frozen,) = life.rows()
    assert (frozen.id, frozen.revision, frozen.status) == (draft.id, 1, "frozen")
    assert frozen.data_cutoff_ms == at(2026, 12, 20, 12)


def test_a_late_exclusion_does_not_count_and_one_of_the_tenth_does(life):
    for number, (day, rate) in enumerate((((11, 10), "1.000000"), ((11, 11), "0.800000"))):
        with life.centre.registry.writing() as session:
            session.execute(delete(Exclusion))
        life.centre.exclude(
            "410882-0005", date(2026, 10, 26), date(2026, 10, 31), reason="grid_outage",
            entered_ms=at(2026, *day, 23, 59),
        )  # fmt: skip
        with life.centre.registry.reading() as session:
            figures = month_figures(session, OCTOBER, life.centre.settings.zone, at(2026, 11, 12, 2) + number)
        assert decimal(figures.city.by_number_strict) == rate


# --- drafts -------------------------------------------------------------------------------------------


def test_a_draft_is_made_anew_once_a_day_and_only_if_something_changed(life):
    life.live(*FIRST)
    (first,) = life.rows()
    correct(life, "410882-0005", date(2026, 10, 31), "running", at(*FIRST) + 1)
    assert life.steps(at(2026, 11, 2, 1, 59)) == []
    assert life.live(2026, 11, 2, 2) == {"2026-10": "drafted"}
    (second,) = life.rows()
    assert (second.id, second.revision, second.made_ms) == (first.id, 1, at(2026, 11, 2, 2))
    assert life.named(second) != life.named(first)
    assert set(life.files()) == set(life.named(second))  # the older draft's are gone
    assert life.live(2026, 11, 3, 2) == {"2026-10": "unchanged"}
    assert life.rows()[0].made_ms == at(2026, 11, 2, 2)


@pytest.mark.parametrize(
    "entry", ["exclusion", "withdrawn", "inspection", "class", "station", "late verdict"]
)
def test_whatever_is_entered_is_seen_on_the_next_day(life, entry):
    centre, november = life.centre, at(2026, 11, 1, 9)
    if entry == "withdrawn":
        centre.exclude("410882-0005", date(2026, 10, 26), date(2026, 10, 31))
    life.live(*FIRST)
    if entry == "exclusion":
        centre.exclude("410882-0005", date(2026, 10, 26), date(2026, 10, 31), entered_ms=november)
    elif entry == "withdrawn":
        with centre.registry.writing() as session:
            session.execute(update(Exclusion).values(withdrawn_ms=november))
    elif entry == "inspection":
        centre.inspected("410882-0001", date(2026, 10, 14))
    elif entry == "class":
        centre.classed("410882-0005", "retired", date(2026, 10, 20))
    elif entry == "station":
        centre.station("410823-0001", "R" * 31)
    else:
        centre.verdicts("410882-0001", "SSS", NOVEMBER.first)  # a stop over the month's edge
    assert life.live(2026, 11, 2, 2) == {"2026-10": "drafted"}


def test_another_month_s_records_leave_a_draft_alone(life):
    life.live(*FIRST)
    life.centre.verdicts("410882-0001", "S" * 9, date(2026, 11, 5))
    life.centre.inspected("410882-0001", date(2026, 11, 4))
    assert life.live(2026, 11, 14, 2) == {"2026-10": "frozen"}
    life.centre.verdicts("410882-0002", "S" * 9, date(2026, 11, 5))
    assert life.live(2026, 11, 15, 2) == {"2026-10": "unchanged"}


# --- frozen -------------------------------------------------------------------------------------------


def test_a_frozen_revision_has_plain_names_files_to_be_read_only_and_a_row_in_the_audit_trail(life):
    life.live(*FIRST)
    life.live(*TWELFTH)
    (row,) = life.rows()
    names = [f"operating-rate-2026-10-r1.{suffix}" for suffix in ("xlsx", "pdf", "json")]
    assert life.named(row) == names
    assert {name: mode for name, (_, mode) in life.files().items()} == dict.fromkeys(names, 0o444)
    assert (row.frozen_ms, row.frozen_by, row.author) == (at(*TWELFTH), "reporting", "reporting")
    assert (row.data_cutoff_ms, row.rule_version) == (at(*TWELFTH), "1")
    ((subject, actor, after),) = audited(life)
    assert (subject, actor) == ("report-2026-10-r1", "reporting")
    assert after["files"] == row.files
    assert after["figures_sha256"] == row.figures_sha256


def test_the_database_itself_refuses_to_edit_or_delete_a_frozen_row(life):
    life.live(*TWELFTH)
    for statement in ("UPDATE reports SET note = 'x'", "DELETE FROM reports"):
        with (
            pytest.raises(DatabaseError, match="a frozen report is never edited or deleted"),
            life.centre.registry.writing() as session,
        ):
            session.execute(text(statement))
    assert life.states() == [(1, "frozen")]


def test_nothing_that_befalls_the_figures_touches_what_is_frozen(life):
    life.live(*TWELFTH)
    before, row = life.files(), life.rows()[0]
    correct(life, "410882-0005", date(2026, 10, 31), "running", at(2026, 11, 12, 9))
    life.live(2026, 11, 13, 2)
    life.freeze(2026, 11, 13, 10)
    after = life.files()
    assert {name: after[name] for name in before} == before
    assert life.rows()[0].files == row.files
    assert life.states() == [(1, "frozen"), (2, "frozen")]


# --- revisions ----------------------------------------------------------------------------------------


def test_other_figures_make_a_draft_of_the_next_revision_with_what_changed(life):
    life.live(*TWELFTH)
    for day in (26, 27, 28):  # three of six: no stop of four days any more, 28 of 31 run
        correct(life, "410882-0005", date(2026, 10, day), "running", at(2026, 11, 20))
    assert life.live(2026, 11, 21, 2) == {"2026-10": "revised"}
    assert life.states() == [(1, "frozen"), (2, "draft")]
    data = next(name for name in life.files() if name.endswith(".json") and "draft" in name)
    told = json.loads(life.files()[data][0])["figures"]["changes"]
    assert [(each["subject"], each["what"], each["before"], each["after"]) for each in told] == [
        ("city", "rate_strict", "0.800000", "1.000000"),
        ("city", "rate_lenient", "0.800000", "1.000000"),
        ("410882", "rate_strict", "0.800000", "1.000000"),
        ("410882", "rate_lenient", "0.800000", "1.000000"),
        ("410882-0005", "verdict", "not_normal", "normal"),
        ("410882-0005", "running", "25", "28"),
        ("410882-0005", "stopped", "6", "3"),
    ]
    assert told[4]["name"] == "410882-0005站"
    assert life.live(2026, 12, 20, 2)["2026-10"] == "unchanged"  # it waits for a person
    assert life.states() == [(1, "frozen"), (2, "draft")]


def test_other_time_stamps_alone_make_no_revision(life):
    life.live(*TWELFTH)
    correct(life, "410882-0001", date(2026, 10, 5), "running", at(2026, 11, 20))
    assert life.live(2026, 11, 21, 2) == {"2026-10": "unchanged"}
    assert life.states() == [(1, "frozen")]


def test_new_rules_revise_no_month_that_was_frozen_under_the_old_ones(life, monkeypatch):
    life.live(*TWELFTH)
    monkeypatch.setattr(reporting.drawing, "RULE_VERSION", "2")
    correct(life, "410882-0005", date(2026, 10, 31), "running", at(2026, 11, 20))
    assert life.live(2026, 11, 21, 2) == {"2026-10": "unchanged"}
    assert life.states() == [(1, "frozen")]


def test_a_draft_of_a_revision_goes_when_the_figures_are_as_frozen_again(life):
    life.live(*TWELFTH)
    correct(life, "410882-0005", date(2026, 10, 31), "running", at(2026, 11, 20))
    life.live(2026, 11, 21, 2)
    assert life.states() == [(1, "frozen"), (2, "draft")]
    correct(life, "410882-0005", date(2026, 10, 31), "stopped", at(2026, 11, 21, 9))
    assert life.live(2026, 11, 22, 2) == {"2026-10": "withdrawn"}
    assert life.states() == [(1, "frozen")]
    assert all("draft" not in name for name in life.files())


def test_a_frozen_data_file_that_was_altered_is_said_and_nothing_is_compared_with_it(life):
    life.live(*TWELFTH)
    file = life.folder / "operating-rate-2026-10-r1.json"
    file.chmod(0o644)
    file.write_bytes(file.read_bytes().replace(b'"normal"', b'"not_normal"'))
    correct(life, "410882-0005", date(2026, 10, 31), "running", at(2026, 11, 20))
    with pytest.raises(ReportError, match=r"r1.json: the file is not the one that was made"):
        life.live(2026, 11, 21, 2)
    assert life.states() == [(1, "frozen")]


# --- by a person --------------------------------------------------------------------------------------


def test_a_person_freezes_what_was_looked_at(life):
    life.live(*TWELFTH)
    correct(life, "410882-0005", date(2026, 10, 31), "running", at(2026, 11, 20))
    life.live(2026, 11, 21, 2)
    report = life.freeze(2026, 11, 22, 15, by="王芳", note="10月31日更正")
    assert (report.revision, report.status, report.frozen_by, report.note) == (
        2, "frozen", "王芳", "10月31日更正")  # fmt: skip
    assert life.named(report)[0] == "operating-rate-2026-10-r2.xlsx"
    assert [(subject, actor) for subject, actor, _ in audited(life)] == [
        ("report-2026-10-r1", "reporting"), ("report-2026-10-r2", "王芳"),
    ]  # fmt: skip
    assert life.live(2026, 11, 23, 2) == {"2026-10": "unchanged"}


def test_nothing_is_frozen_before_the_exclusions_close_unless_for_a_reason(life):
    life.live(*FIRST)
    with pytest.raises(ReportError) as caught:
        life.freeze(2026, 11, 10, 23, 59)
    assert str(caught.value) == (
        "report of 2026-10: approved stops may be entered until 2026-11-10. "
        "Wait, or say with --early why it cannot wait"
    )
    assert life.states() == [(1, "draft")]
    life.freeze(2026, 11, 9, early="省厅要求")
    assert life.states() == [(1, "frozen")]
    assert audited(life)[0][2]["early"] == "省厅要求"


def test_from_the_eleventh_on_a_person_need_not_wait_for_the_twelfth(life):
    life.live(*FIRST)
    assert life.freeze(2026, 11, 11, 0).frozen_by == "王芳"
    assert life.live(*TWELFTH) == {"2026-10": "unchanged"}


def test_a_draft_whose_figures_have_changed_is_made_anew_instead(life):
    life.live(*FIRST)
    correct(life, "410882-0005", date(2026, 10, 31), "running", at(2026, 11, 11))
    with pytest.raises(ReportError, match="the draft of revision 1 was made anew, because its figures"):
        life.freeze(2026, 11, 11, 9)
    assert life.states() == [(1, "draft")]
    assert life.rows()[0].made_ms == at(2026, 11, 11, 9)
    assert life.freeze(2026, 11, 11, 10).status == "frozen"


def test_a_draft_that_nobody_could_look_at_is_made_first(life):
    with pytest.raises(ReportError, match=r"the draft of revision 1 was made just now. Look at it"):
        life.freeze(2026, 11, 11, 9)
    assert life.states() == [(1, "draft")]


def test_what_is_frozen_and_still_true_is_not_frozen_again(life):
    life.live(*TWELFTH)
    with pytest.raises(ReportError, match="revision 1 is frozen, and the figures are still its own"):
        life.freeze(2026, 11, 20)
    assert (life.states(), len(audited(life))) == ([(1, "frozen")], 1)


def test_a_month_of_which_nothing_is_known_cannot_be_frozen(life):
    with pytest.raises(ReportError, match="report of 2026-08: no day of this month has a verdict yet"):
        life.freeze(2026, 11, 20, month=Month(2026, 8))
    assert life.rows(Month(2026, 8)) == []


def test_a_month_that_runs_cannot_be_frozen(life):
    with pytest.raises(ReportError, match="report of 2026-10: the month is not over"):
        life.freeze(2026, 10, 20, early="x")


def test_who_drew_before_another_wrote_writes_nothing(life):
    centre = life.centre
    drawn = draw(centre.registry, centre.settings, OCTOBER, at(*FIRST))
    life.live(*FIRST)
    before, rows = life.files(), life.rows()
    with pytest.raises(ReportError, match="report of 2026-10: another changed it meanwhile"):
        write_draft(centre.registry, centre.settings, drawn, "late")
    assert life.files() == before
    assert life.rows()[0].author == rows[0].author


# --- told ---------------------------------------------------------------------------------------------


@pytest.fixture
def told(life):
    """The same with two channels of which one hears of reports."""
    settings = life.centre.settings
    channels = [
        Channel(url="json://127.0.0.1/a", name="office"),
        Channel(url="json://127.0.0.1/b", name="night", tells=["alarms"]),
    ]
    notify = NotifySettings(channels=channels)
    life.centre.settings = CentreSettings(mqtt=settings.mqtt, reporting=settings.reporting, notify=notify)
    return life


def messages(life):
    with life.centre.registry.reading() as session:
        found = session.scalars(select(Notification).order_by(Notification.id))
        return [(row.channel, row.key, row.content) for row in found]


def sent(life):
    with life.centre.registry.writing() as session:
        session.execute(update(Notification).values(sent_ms=1))


def test_a_draft_a_freeze_and_a_revision_are_told_once_each(told):
    keys = []
    for moment in (FIRST, (2026, 11, 2, 2), TWELFTH, (2026, 11, 13, 2)):
        told.live(*moment)
        sent(told)
    correct(told, "410882-0005", date(2026, 10, 31), "running", at(2026, 11, 20))
    told.live(2026, 11, 21, 2)
    sent(told)
    told.freeze(2026, 11, 22)
    keys = [(channel, key) for channel, key, _ in messages(told)]
    assert keys == [
        ("office", f"report-2026-10-{each}") for each in ("r1-draft", "r1-frozen", "r2-draft", "r2-frozen")
    ]


def test_a_message_says_what_counts_and_has_the_files(told):
    told.centre.station("410823-0001", "R" * 31)
    told.live(*TWELFTH)
    ((_, key, content),) = messages(told)
    assert key == "report-2026-10-r1-frozen"  # of a draft that nobody saw nothing is told
    assert content["text"]["zh-CN"].splitlines() == [
        "农村生活污水处理设施监管中心",
        "2026年10月运行监管月报 第 1 版（定稿）",
        "正常运行率：从严 83.33%，从宽 83.33%，考核目标 90 %，未达标",
        "未达标县（市、区）：沁阳市 80.00%",
        f"文件：{told.folder}：{', '.join(told.named(told.rows()[0]))}",
    ]
    assert "operating rate: strict 83.33%, lenient 83.33%, target 90 %: missed" in content["text"]["en"]
    assert (content["matter"], content["title"]["en"]) == (
        "reports", "monthly report 2026-10, revision 1, final")  # fmt: skip
    assert content["attachments"] == [
        f"{told.folder}/operating-rate-2026-10-r1.xlsx", f"{told.folder}/operating-rate-2026-10-r1.pdf",
    ]  # fmt: skip


def test_a_message_that_waits_has_the_newest_draft_s_files(told):
    told.live(*FIRST)
    correct(told, "410882-0005", date(2026, 10, 31), "running", at(*FIRST) + 1)
    told.live(2026, 11, 2, 2)
    ((_, key, content),) = messages(told)
    assert key == "report-2026-10-r1-draft"
    assert {each.rpartition("/")[2] for each in content["attachments"]} <= set(told.files())
    told.live(*TWELFTH)
    assert [key for _, key, _ in messages(told)] == ["report-2026-10-r1-frozen"]


def test_the_message_of_a_draft_that_was_withdrawn_is_not_sent(told):
    told.live(*TWELFTH)
    correct(told, "410882-0005", date(2026, 10, 31), "running", at(2026, 11, 20))
    told.live(2026, 11, 21, 2)
    assert "qingliu report freeze 2026-10 --by NAME" in messages(told)[1][2]["text"]["en"]
    correct(told, "410882-0005", date(2026, 10, 31), "stopped", at(2026, 11, 21, 9))
    told.live(2026, 11, 22, 2)
    assert [key for _, key, _ in messages(told)] == ["report-2026-10-r1-frozen"]


# --- on PostgreSQL ------------------------------------------------------------------------------------


def test_the_same_life_on_postgresql(postgres, tmp_path, monkeypatch):
    monkeypatch.setattr(reporting.monthly, "contents", small_contents)
    with closing(fresh_registry(postgres.new_registry())) as registry:
        centre = ReportedCentre(registry, tmp_path)
        centre.found()
        centre.station("410882-0005", "R" * 25 + "S" * 6)
        life = Life(centre)
        assert life.live(*FIRST) == {"2026-10": "drafted"}
        assert life.live(2026, 11, 2, 2) == {"2026-10": "unchanged"}
        centre.exclude("410882-0005", date(2026, 10, 1), date(2026, 10, 2), entered_ms=at(2026, 11, 2, 9))
        assert life.live(2026, 11, 3, 2) == {"2026-10": "drafted"}
        assert life.live(*TWELFTH) == {"2026-10": "frozen"}
        correct(life, "410882-0005", date(2026, 10, 31), "running", at(2026, 11, 20))
        assert life.live(2026, 11, 21, 2) == {"2026-10": "revised"}
        assert life.freeze(2026, 11, 22).revision == 2
        for statement in ("UPDATE reports SET note = 'x'", "DELETE FROM reports"):
            with (
                pytest.raises(DatabaseError, match="a frozen report is never edited or deleted"),
                registry.writing() as session,
            ):
                session.execute(text(statement))
        with registry.reading() as session:
            assert verify(session, centre.settings) == (2, 6, [])
            assert [row.revision for row in waiting(session)] == []


# --- the trend ----------------------------------------------------------------------------------------


def test_the_trend_is_what_the_reports_of_up_to_a_year_say(life):
    for number in range(14):
        month = NOVEMBER.after(-number)
        with life.centre.registry.writing() as session:
            session.add(
                Report(
                    month=str(month), revision=1, status="draft", made_ms=1, data_cutoff_ms=1, author="x",
                    rule_version="1", files={}, summary={"by_number_strict": f"0.{50 + number}0000"},
                )
            )  # fmt: skip
    trend = draw(life.centre.registry, life.centre.settings, OCTOBER, at(*TWELFTH)).trend
    assert [str(month) for month, _ in trend] == [str(OCTOBER.after(-n)) for n in range(11, -1, -1)]
    assert (trend[-1][1], trend[-2][1]) == (Fraction(4, 5), Fraction("0.52"))
