"""Files, rows and audit trail held against each other: every kind of tampering is named."""

import shutil
from contextlib import closing

import pytest
from report_life import Life, small_contents
from reporting_centre import OCTOBER, ReportedCentre
from sqlalchemy import text

import reporting.monthly
from registry.audit import note_change
from registry.database import Registry
from reporting.report_files import described
from reporting.verify import verify
from service.civil import Month

R1 = "operating-rate-2026-10-r1"
TRIGGERS = ("reports_frozen_update", "reports_frozen_delete")


@pytest.fixture(scope="module")
def made(tmp_path_factory, empty_file):
    """October frozen, November a draft."""
    folder = tmp_path_factory.mktemp("made") / "centre"
    folder.mkdir()
    shutil.copy(empty_file, folder / "registry.db")
    with (
        closing(Registry(f"sqlite:///{folder}/registry.db")) as registry,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(reporting.monthly, "contents", small_contents)
        centre = ReportedCentre(registry, folder)
        centre.station("410882-0001", "R" * 31)
        Life(centre).live(2026, 12, 1, 2)
    return folder


@pytest.fixture
def life(tmp_path, made):
    folder = tmp_path / "centre"
    shutil.copytree(made, folder)
    with closing(Registry(f"sqlite:///{folder}/registry.db")) as registry:
        yield Life(ReportedCentre(registry, folder))


def faults(life, month=None):
    with life.centre.registry.reading() as session:
        return verify(session, life.centre.settings, month).faults


def tamper(life, statement):
    """As somebody would who has the database itself."""
    with life.centre.registry.writing() as session:
        for trigger in TRIGGERS:
            session.execute(text(f"DROP TRIGGER {trigger}"))
        session.execute(text(statement))


def test_all_is_as_it_was_made(life):
    with life.centre.registry.reading() as session:
        assert verify(session, life.centre.settings) == (2, 6, [])
        assert verify(session, life.centre.settings, OCTOBER) == (1, 3, [])
        assert verify(session, life.centre.settings, Month(2025, 1)) == (0, 0, [])


@pytest.mark.parametrize("suffix", ["xlsx", "pdf", "json"])
def test_a_file_that_is_gone_or_altered(life, suffix):
    file = life.folder / f"{R1}.{suffix}"
    content = file.read_bytes()
    file.unlink()
    assert faults(life) == [f"report-2026-10-r1: {file.name}: the file is not there"]
    file.write_bytes(content + b" ")
    told = f"report-2026-10-r1: {file.name}: the file is not the one that was made, its SHA-256 is another"
    assert faults(life) == [told]
    assert faults(life, Month(2026, 11)) == []
    file.write_bytes(content)
    assert faults(life) == []


def test_a_draft_s_file_that_was_altered(life):
    file = next(life.folder.glob("operating-rate-2026-11-r1-draft-*.xlsx"))
    file.write_bytes(b"other")
    assert [line.partition(": ")[0] for line in faults(life)] == ["report-2026-11-r1"]


def test_a_row_that_was_altered_with_its_file(life):
    file = life.folder / f"{R1}.xlsx"
    old = life.rows()[0].files["xlsx"]["sha256"]
    file.unlink()
    file.write_bytes(b"forged")
    forged = described("", b"forged")["sha256"]
    tamper(life, f"UPDATE reports SET files = replace(files, '{old}', '{forged}') WHERE month = '2026-10'")
    assert faults(life) == ["report-2026-10-r1: files of its row is not what the audit trail has"]


def test_a_rate_that_was_altered_in_the_row(life):
    tamper(life, "UPDATE reports SET summary = replace(summary, '1.000000', '0.990000')")
    assert faults(life) == ["report-2026-10-r1: summary of its row is not what the audit trail has"]


def test_a_frozen_row_that_is_gone_or_is_a_draft_again(life):
    told = ["report-2026-10-r1: the audit trail has it as frozen, but no row has"]
    tamper(life, "UPDATE reports SET status = 'draft'")
    assert faults(life) == told
    with life.centre.registry.writing() as session:
        session.execute(text("DELETE FROM reports WHERE month = '2026-10'"))
    assert faults(life) == told
    assert faults(life, OCTOBER) == told


def test_a_row_that_says_frozen_by_itself(life):
    tamper(life, "UPDATE reports SET status = 'frozen'")
    assert faults(life) == ["report-2026-11-r1: its row says frozen, but the audit trail does not know of it"]


def test_an_audit_trail_that_was_altered(life):
    with life.centre.registry.writing() as session:
        note_change(session, at_ms=1, actor="x", action="other", subject="y")
        session.execute(text("UPDATE audit SET actor = 'nobody' WHERE action = 'report.freeze'"))
    (line, *_) = faults(life)
    assert line == "audit trail: row 1 was altered, or one before it is missing"
