"""A report's page: what its data file says, held against its hashes, and a draft made final by a person."""

import re
from pathlib import Path

import pytest
from console_centre import NOW_MS
from console_login import Limits, log_in
from console_months import without_report

from console.report_preview import preview_of
from registry.scope import Scope
from registry.tables import Audit, DayVerdict, Report
from reporting import monthly
from reporting.data_file import figures_of
from reporting.drawing import draw
from reporting.edition import data_of
from service.civil import Month

OCTOBER = Month(2026, 10)


def small_contents(figures, settings, edition, _trend):
    """The data, and for the other files, whose look is of no matter here, one that says who made it."""
    return {"xlsx": repr(edition).encode(), "data": data_of(figures, settings, edition)}


@pytest.fixture
def draft(months, monkeypatch):
    """October as a draft; returns the number of its row."""
    monkeypatch.setattr(monthly, "contents", small_contents)
    with months.registry.writing() as session:
        without_report(session, "2026-10")
    drawn = draw(months.registry, months.settings, OCTOBER, NOW_MS)
    return monthly.write_draft(months.registry, months.settings, drawn, "reporting").id


def words(text):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


def freeze(client, number, text=None, **typed):
    text = text or client.get(f"/reports/{number}").text
    csrf = re.search(r'data-csrf="(\w+)"', text)[1]
    figures = re.search(r'name="figures" value="(\w*)"', text)
    data = {"csrf": csrf, "figures": figures[1] if figures else "", "confirmed": "1", **typed}
    return client.post(f"/reports/{number}/freeze", data=data)


def status_of(months, number):
    with months.registry.reading() as session:
        return session.get(Report, number).status


def test_a_report_says_what_its_data_file_says(months_client, months, draft):
    text = words(months_client.get(f"/reports/{draft}").text)
    with months.registry.reading() as session:
        report = session.get(Report, draft)
        figures = figures_of(months.settings, report)
    preview = preview_of(figures, Scope(), lambda _id: True)
    assert preview.whole.due == preview.whole.normal + preview.whole.not_normal + preview.whole.not_assessable
    assert f"{float(preview.whole.strict):.2%}".replace("%", " %") in text
    for line in preview.stations:
        assert line.share < 1
        assert f"{line.id} " in text
    assert [line.id for line in preview.stations] == sorted(
        (line.id for line in preview.stations),
        key=lambda each: next((line.share, line.id) for line in preview.stations if line.id == each),
    )
    assert f'/months/{report.month}">Explain' in months_client.get(f"/reports/{draft}").text
    assert f'href="/reports/{draft}"' in months_client.get("/reports").text


def test_somebody_with_a_county_sees_its_part_alone(months, months_client, draft):
    log_in(months_client, months.registry, Limits("manager", ("410822",)))
    text = months_client.get(f"/reports/{draft}").text
    assert "博爱县" in text
    assert set(re.findall(r"/stations/(\d+)-", text)) <= {"410822"}
    assert "/stations/410822-0002" in text
    for hidden in ("孟州市", "解放区", "On the register", "Download", 'name="figures"', "verify"):
        assert hidden not in text, hidden
    assert freeze(months_client, draft, text).status_code == 403
    assert status_of(months, draft) == "draft"


def test_a_spoilt_or_missing_file_is_said_and_breaks_no_page(months_client, months, draft):
    assert "are as they were made, and the audit trail holds" in words(
        months_client.get(f"/reports/{draft}?verify=1").text
    )
    folder = Path(months.settings.reporting.path)
    [file] = folder.glob("*2026-10-r1*.json")
    file.write_bytes(b"{}")
    text = words(months_client.get(f"/reports/{draft}?verify=1").text)
    assert "Its figures cannot be shown" in text
    assert "the file is not the one that was made, its SHA-256 is another" in text
    file.unlink()
    assert "the file is not there" in words(months_client.get(f"/reports/{draft}?verify=1").text)
    with pytest.raises(ValueError, match="no data file"):
        preview_of({"stations": [{}]}, Scope(), lambda _id: True)
    for path in ("/reports/99", "/reports/x", "/reports/-1"):
        assert months_client.get(path).status_code == 404


def test_a_draft_is_frozen_by_who_looked_at_it(months_client, months, draft):
    assert "Confirm that you have looked" in freeze(months_client, draft, confirmed="").text
    assert "at most 1,000 letters" in freeze(months_client, draft, note="x" * 1001).text
    assert status_of(months, draft) == "draft"
    answer = freeze(months_client, draft, note="已核对（虚构）")
    assert "The report of 2026-10, revision 1, is final." in answer.text
    with months.registry.reading() as session:
        report = session.get(Report, draft)
        [row] = session.query(Audit).filter_by(action="report.freeze")
    assert (report.status, report.frozen_by, report.note) == ("frozen", "admin", "已核对（虚构）")
    assert (row.actor, row.address) == ("admin", "testclient")
    assert 'name="figures"' not in answer.text
    assert "This revision is no draft any more." in freeze(months_client, draft).text


def test_what_changed_since_it_was_looked_at_is_not_frozen(months_client, months, draft):
    looked_at = months_client.get(f"/reports/{draft}").text
    with months.registry.writing() as session:
        found = session.query(DayVerdict).filter(DayVerdict.day.between(OCTOBER.first, OCTOBER.last))
        found.filter_by(station_id="410802-0001").update({"verdict": "stopped"})
    answer = freeze(months_client, draft, looked_at)
    assert "The figures had changed: the draft was made anew." in answer.text
    assert "made anew since you opened the page" in freeze(months_client, draft, looked_at).text
    assert status_of(months, draft) == "draft"
    assert "is final." in freeze(months_client, draft).text


def test_before_the_stops_close_a_reason_is_asked(months_client, months, draft):
    months.clock.now_ms = NOW_MS - 14 * 86_400_000
    text = months_client.get(f"/reports/{draft}").text
    assert 'name="early"' in text
    assert "Say why it cannot wait." in freeze(months_client, draft).text
    assert status_of(months, draft) == "draft"
    assert "is final." in freeze(months_client, draft, early="省厅要求（虚构）").text


def test_only_a_manager_freezes(months, months_client, draft):
    log_in(months_client, months.registry, Limits("operator"))
    assert 'name="figures"' not in months_client.get(f"/reports/{draft}").text
    assert freeze(months_client, draft).status_code == 403
    assert status_of(months, draft) == "draft"
