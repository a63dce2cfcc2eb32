"""A station's own page: its span, its tables, how it was heard, approved stops, notes, changes."""

import re
from datetime import date

import pytest
from console_centre import DAY_MS, HOSTILE, NOW_MS, RUNNING
from console_login import Limits, log_in, token_of

from console.person import csrf_of
from console.station_hearing import heard_from
from console.station_means import means_of_quarters, month_sums
from history.port import QUARTER_HOUR_MS, QuarterHour
from registry.accounts import By
from registry.audit import first_broken
from registry.exclusions import NewExclusion, enter_approved_stop
from registry.record_entry import By as EntryBy
from registry.station_notes import MOST_LETTERS, NoteError, add_note, notes_of
from registry.tables import Audit, County, StationNote

PAGE = f"/stations/{RUNNING}"
NOTES = f"{PAGE}/notes"


def section(text, name):
    return re.search(rf'<section id="{name}".*?</section>', text, re.DOTALL)[0]


def put_quarters(centre, skip=()):
    first = heard_from(NOW_MS, centre.settings.zone)
    centre.history.write_quarter_hours(
        QuarterHour(RUNNING, start, 0.5, 0.2, 1.5, 4.25, 0.4, 0.6, power_good=15, flow_good=15)
        for start in range(first, NOW_MS - QUARTER_HOUR_MS, QUARTER_HOUR_MS)
        if (start - first) // DAY_MS not in skip
    )


def test_the_page_offers_every_span_and_draws_the_one_asked_for(client):
    text = client.get(PAGE, params={"range": "90d"}).text
    for code in ("1h", "6h", "24h", "7d", "31d", "90d", "1y", "2y"):
        assert f'href="{PAGE}?range={code}#chart-head"' in text
    assert '?range=90d#chart-head" aria-current="true">90 days' in text
    assert "Last 90 days</h2>" in text
    between = client.get(PAGE, params={"from": "2026-11-15", "to": "2026-11-18"}).text
    assert "2026-11-15 to 2026-11-18</h2>" in between
    assert 'name="from" type="date" value="2026-11-15"' in between
    assert len(re.findall(r'<th scope="row"><a href="\?day=2026-11-1[5-8]#', between)) == 4
    day = client.get(PAGE, params={"day": "2026-11-16"}).text
    assert 'href="?day=2026-11-15#chart-head" rel="prev"' in day
    assert f'href="{PAGE}/months/2026-11"' in day


def test_with_a_chart_script_the_same_span_is_asked_of_it(centre, chart_script):
    from fastapi.testclient import TestClient  # noqa: PLC0415 - here alone a server with a script is wanted

    from console.app import create_app  # noqa: PLC0415 - likewise

    app = create_app(centre.settings, centre.registry, centre.history, centre.clock, chart_script)
    with TestClient(app) as browser:
        log_in(browser, centre.registry)
        for question, data in {
            "?range=1y": "range=1y",
            "": "range=7d",
            "?day=2026-11-16": "day=2026-11-16",
            "?days=3": "days=3",
            "?from=2026-11-16T08:00&to=2026-11-16T10:00":
                "from=2026-11-16T08%3A00%3A00%2B08%3A00&amp;to=2026-11-16T10%3A00%3A00%2B08%3A00",
        }.items():  # fmt: skip
            text = browser.get(PAGE + question).text
            source = re.search(r'data-src="([^"]+)"', text)[1]
            assert source == f"{PAGE}/chart.json?{data}"
            assert browser.get(source.replace("&amp;", "&")).status_code == 200


def test_the_table_has_days_with_their_verdicts_and_months_where_days_would_be_many(months_client, months):
    put_quarters(months)
    month = months_client.get(PAGE, params={"range": "31d"}).text
    table = month[month.index('id="means"') : month.index('id="days"')]
    assert table.count('<a href="?day=') == 32
    assert "4.25" in table
    year = months_client.get(PAGE, params={"range": "1y"}).text
    table = year[year.index('id="means"') : year.index('id="days"')]
    assert re.findall(rf'href="{PAGE}/months/([\d-]+)"', table) == ["2026-11", "2026-10"]
    assert "Monthly figures" in table


def test_sums_of_months_and_means_of_quarters_leave_the_unknown_out(centre):
    zone = centre.settings.zone
    rows = [
        QuarterHour("s", NOW_MS, power_mean_kw=1.0, power_max_kw=2.0, power_good=10),
        QuarterHour("s", NOW_MS + QUARTER_HOUR_MS, power_mean_kw=4.0, power_good=5),
        QuarterHour("s", NOW_MS - DAY_MS),
    ]
    (day,) = means_of_quarters(rows, zone)
    assert (day.power_mean_kw, day.power_max_kw, day.flow_mean_m3h, day.samples) == (2.0, 2.0, None, 15)
    assert month_sums([]) == []


def test_how_it_was_heard_is_told_as_a_band_and_as_tables(client, centre):
    assert "No reading came in this time." in section(client.get(PAGE).text, "heard")
    put_quarters(centre, skip=(4, 5))
    heard = section(client.get(PAGE).text, "heard")
    assert heard.count('class="h-day h-whole"') == 29
    assert heard.count('class="h-day h-none"') == 2
    assert 'aria-label="Readings of the last 31 days: whole on 29 of 31"' in heard
    assert "2 days" in heard  # the gap
    assert "60 seconds" in heard  # between readings
    chinese = section(client.get(PAGE, headers={"accept-language": "zh-CN"}).text, "heard")
    assert "近 31 天读数：31 天中 29 天完整" in chinese


def test_a_fragment_reads_neither_the_past_nor_the_trail(client, centre, monkeypatch):
    monkeypatch.setattr(centre.history, "raw", None)
    monkeypatch.setattr(centre.history, "quarter_hours", None)
    text = client.get(PAGE, params={"fragment": "1", "range": "31d"}).text
    assert 'id="note-list"' in text
    assert 'id="heard"' not in text


def test_approved_stops_and_changes_stand_on_the_page(client, centre):
    with centre.registry.writing() as session:
        stop = NewExclusion(RUNNING, date(2026, 11, 3), date(2026, 11, 5), "maintenance", HOSTILE, "李科", "")
        enter_approved_stop(session, stop, EntryBy("王工", NOW_MS, centre.settings.zone))
    text = client.get(PAGE).text
    assert "planned maintenance" in section(text, "station-stops")
    assert HOSTILE not in text
    changes = section(text, "changes")
    assert "approved stop entered" in changes
    assert f'href="{PAGE}/file#changes"' in changes


@pytest.fixture
def noting(client, centre):
    """Post a note as somebody."""

    def post(text, limits=None, **more):
        limits = limits or Limits("operator")
        token = token_of(centre.registry, limits, NOW_MS)
        client.cookies.set("session", token)
        return client.post(NOTES, data={"csrf": csrf_of(token), "text": text}, follow_redirects=False, **more)

    return post


def test_a_note_is_kept_shown_and_stands_in_the_audit_trail(client, centre, noting):
    answer = noting(f"风机异响，已电话通知。\r\n第二行 {HOSTILE}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}#notes")
    text = client.get(PAGE).text
    assert "The note on 北寨村污水处理站 was kept." in text
    notes = section(text, "notes")
    assert "风机异响，已电话通知。<br>第二行 &lt;script&gt;" in notes
    assert "2026-11-21 14:05</time> · operator" in notes
    assert "note added" in section(text, "changes")
    with centre.registry.reading() as session:
        (row,) = session.query(Audit).filter_by(action="station.note")
        assert (row.actor, row.object, row.address) == ("operator", f"{RUNNING}/note/1", "testclient")
        assert first_broken(session) is None


@pytest.mark.parametrize(
    ("text", "said"), [("  \r\n ", "the note is empty"), ("水" * 2001, "at most 2000 letters")]
)
def test_a_note_that_breaks_a_rule_changes_nothing_and_says_why(client, centre, noting, text, said):
    assert noting(text).status_code == 303
    assert said in client.get(PAGE).text
    with centre.registry.reading() as session:
        assert session.query(StationNote).count() == 0


def test_who_may_not_write_or_not_see_can_note_nothing(client, centre, noting):
    assert noting("x", Limits("viewer")).status_code == 403
    assert 'id="note"' not in client.get(PAGE).text
    assert noting("x", Limits("contractor", company="清源环保运维有限公司")).status_code == 403
    with centre.registry.writing() as session:
        session.add(County(code="410802", name="解放区"))
    assert noting("x", Limits("operator", ("410802",))).status_code == 404
    with centre.registry.reading() as session:
        assert session.query(StationNote).count() == 0


def test_notes_stand_newest_first_and_are_cut_by_the_table_s_rules(centre):
    with centre.registry.writing() as session:
        for n in range(4):
            add_note(session, RUNNING, f"{n}", By("王工", NOW_MS + n % 3))
        with pytest.raises(NoteError, match="note_long"):
            add_note(session, RUNNING, "x" * (MOST_LETTERS + 1), By("王工", NOW_MS))
        add_note(session, "410882-0002", "y" * MOST_LETTERS, By("王工", NOW_MS))
    with centre.registry.reading() as session:
        assert [note.text for note in notes_of(session, RUNNING, 3)] == ["2", "1", "3"]
