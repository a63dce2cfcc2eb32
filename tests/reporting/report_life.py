"""A month's life by hand: the clock is moved, what is due is done, files are small but whole."""

from reporting_centre import OCTOBER, at

from registry.tables import Report
from reporting import life
from reporting.edition import data_of
from reporting.report_rows import revisions

AUTHOR = "reporting"


def small_contents(figures, settings, edition, trend):
    """In the place of the real files where their look is of no matter: two that tell all, and the data."""
    said = repr(
        (str(figures.month), figures.cutoff_ms, figures.whole, tuple(figures.changes), edition, trend)
    )
    return {
        "xlsx": b"xlsx " + said.encode(),
        "pdf": b"pdf " + said.encode(),
        "data": data_of(figures, settings, edition),
    }


class Life:
    """The reports of a centre, looked after at instants of the centre's clock."""

    def __init__(self, centre):
        self.centre = centre
        self.folder = centre.folder

    def steps(self, now_ms):
        with self.centre.registry.reading() as session:
            due = life.due_steps(session, self.centre.settings, now_ms)
        return [(str(step.month), step.need) for step in due]

    def live(self, *moment):
        """Do all that is due at an instant; returns what was done, by month."""
        now_ms = at(*moment)
        with self.centre.registry.reading() as session:
            due = life.due_steps(session, self.centre.settings, now_ms)
        done = {}
        for step in due:
            result = life.take_step(self.centre.registry, self.centre.settings, step, now_ms, AUTHOR)
            done[str(step.month)] = result.what
        assert self.steps(now_ms) == []  # what was done is not due any more
        return done

    def freeze(self, *moment, month=OCTOBER, by="王芳", note="", early=""):
        freezing = life.Freezing(by, note, early)
        return life.freeze_by_person(self.centre.registry, self.centre.settings, month, at(*moment), freezing)

    def rows(self, month=OCTOBER):
        with self.centre.registry.reading() as session:
            return revisions(session, month)

    def states(self, month=OCTOBER):
        return [(row.revision, row.status) for row in self.rows(month)]

    def files(self):
        """Name to content and mode of what lies in the folder."""
        if not self.folder.exists():
            return {}
        return {file.name: (file.read_bytes(), file.stat().st_mode & 0o777) for file in self.folder.iterdir()}

    def named(self, report: Report):
        return [str(file["name"]) for file in report.files.values()]
