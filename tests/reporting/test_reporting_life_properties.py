"""Whatever befalls a month, in whatever order: what was frozen stays, and what is new is drafted."""

import shutil
import tempfile
from contextlib import closing, suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_life import Life, small_contents
from reporting_centre import ZONE, ReportedCentre
from sqlalchemy import update

import reporting.monthly
from registry.database import Registry
from registry.tables import DayVerdict
from reporting.changes import figures_sha256
from reporting.data_file import plain_figures
from reporting.report_files import ReportError
from reporting.verify import verify

BEGIN = datetime(2026, 10, 31, 18, tzinfo=UTC)  # the 1st of November at 02:00
ACTIONS = st.lists(
    st.one_of(
        st.tuples(
            st.just("verdict"), st.integers(20, 31), st.sampled_from(["running", "stopped", "unknown"])
        ),
        st.tuples(st.just("days"), st.integers(1, 9), st.just("")),
        st.tuples(st.just("freeze"), st.just(0), st.sampled_from(["", "a reason"])),
    ),
    max_size=12,
)


class Story:
    def __init__(self, life):
        self.life = life
        self.now = BEGIN
        self.frozen = {}

    @property
    def moment(self):
        here = self.now.astimezone(ZONE)
        return (here.year, here.month, here.day, here.hour, here.minute)

    def go_on(self, action, number, word):
        self.now += timedelta(minutes=7)
        if action == "days":
            self.now += timedelta(days=number)
            self.life.live(*self.moment)
        elif action == "freeze":
            with suppress(ReportError):
                self.life.freeze(*self.moment, early=word)
        else:
            with self.life.centre.registry.writing() as session:
                session.execute(
                    update(DayVerdict)
                    .where(DayVerdict.day == date(2026, 10, number), DayVerdict.station_id == "410882-0001")
                    .values(verdict=word, computed_ms=int(self.now.timestamp() * 1000))
                )

    def check(self):
        rows, files = self.life.rows(), self.life.files()
        assert [row.revision for row in rows] == list(range(1, len(rows) + 1))
        assert all(row.status == "frozen" for row in rows[:-1])
        for row in rows:
            if row.status == "frozen":
                now = [(name, files[name]) for name in self.life.named(row)]
                before = self.frozen.setdefault(row.revision, (row.files, row.frozen_ms, now))
                assert (row.files, row.frozen_ms, now) == before
        assert {name for name in files if "2026-10" in name} == {
            name for row in rows for name in self.life.named(row)
        }
        with self.life.centre.registry.reading() as session:
            assert verify(session, self.life.centre.settings).faults == []


@settings(max_examples=12, deadline=None)
@given(ACTIONS)
def test_any_story(empty_file, actions):
    with tempfile.TemporaryDirectory() as name:
        shutil.copy(empty_file, Path(name) / "registry.db")
        with (
            closing(Registry(f"sqlite:///{name}/registry.db")) as registry,
            pytest.MonkeyPatch.context() as patch,
        ):
            patch.setattr(reporting.monthly, "contents", small_contents)
            centre = ReportedCentre(registry, Path(name))
            centre.station("410882-0001", "R" * 31)
            centre.station("410882-0002", "R" * 31)
            story = Story(Life(centre))
            for action in actions:
                story.go_on(*action)
                story.check()
            story.now += timedelta(days=20)
            story.life.live(*story.moment)
            story.check()
            rows = story.life.rows()
            now_ms = int(story.now.timestamp() * 1000)
            assert rows[-1].figures_sha256 == figures_sha256(plain_figures(centre.figures(now_ms=now_ms)))
            assert any(row.status == "frozen" for row in rows)
            if len(rows) > 1:  # a further revision says something else than the one before
                assert rows[-1].figures_sha256 != rows[-2].figures_sha256
