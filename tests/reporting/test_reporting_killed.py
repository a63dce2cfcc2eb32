"""Whoever is killed while making a report leaves the state of before or the new one, each of them whole."""

import json
import os
import shutil
import subprocess
import sys
from contextlib import closing
from datetime import date

from report_life import Life, small_contents
from reporting_centre import OCTOBER, ReportedCentre, at
from sqlalchemy import update

import reporting.monthly
from registry.database import Registry
from registry.tables import DayVerdict
from reporting.verify import verify

CHILD = """
import json, os, signal, sys
from pathlib import Path
sys.path[:0] = ["tests", "tests/reporting"]
import reporting.monthly as monthly
from report_life import Life, small_contents
from reporting_centre import ReportedCentre
from registry.database import Registry

def die(*_arguments, **_named):
    os.kill(os.getpid(), signal.SIGKILL)

def die_at(point):
    if point == "files written":
        monthly._unchanged = die
    elif point == "row written":
        monthly.tell = die
    elif point == "row committed":
        monthly.tidy = die
    else:
        replace, left = Path.replace, [{"first file named": 1, "all files named": 3}[point]]
        def counted(self, target):
            replace(self, target)
            left[0] -= 1
            if not left[0]:
                die()
        Path.replace = counted

monthly.contents = small_contents
for folder, point, moment in json.loads(sys.argv[1]):
    child = os.fork()
    if not child:
        die_at(point)
        registry = Registry(f"sqlite:///{folder}/registry.db")
        Life(ReportedCentre(registry, Path(folder))).live(*moment)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), (folder, point)
"""
POINTS = ("files written", "row written", "first file named", "all files named", "row committed")
# which rows stood before and stand afterwards, and when the step was due
STEPS = {
    "draft": ([], [(1, "draft")], (2026, 11, 1, 2)),
    "draft anew": ([(1, "draft")], [(1, "draft")], (2026, 11, 2, 2)),
    "freeze": ([(1, "draft")], [(1, "frozen")], (2026, 11, 12, 2)),
    "revise": ([(1, "frozen")], [(1, "frozen"), (2, "draft")], (2026, 11, 20, 2)),
    "withdraw": ([(1, "frozen"), (2, "draft")], [(1, "frozen")], (2026, 11, 21, 2)),
}


def changed(centre, verdict, now_ms):
    with centre.registry.writing() as session:
        session.execute(
            update(DayVerdict)
            .where(DayVerdict.day == date(2026, 10, 31))
            .values(verdict=verdict, computed_ms=now_ms)
        )


def prepare(folder, empty_file, step):
    folder.mkdir()
    shutil.copy(empty_file, folder / "registry.db")
    with closing(Registry(f"sqlite:///{folder}/registry.db")) as registry:
        centre = ReportedCentre(registry, folder)
        life = Life(centre)
        centre.station("410882-0001", "R" * 25 + "S" * 6)
        if step == "draft anew":
            life.live(2026, 11, 1, 2)
            changed(centre, "running", at(2026, 11, 1, 9))
        elif step == "freeze":
            life.live(2026, 11, 1, 2)
        elif step in {"revise", "withdraw"}:
            life.live(2026, 11, 12, 2)
            changed(centre, "running", at(2026, 11, 19))
        if step == "withdraw":
            life.live(2026, 11, 20, 2)
            changed(centre, "stopped", at(2026, 11, 20, 9))


def test_killed(tmp_path, empty_file, monkeypatch):
    """In a folder for each step and point somebody is killed just there; then the next one comes."""
    monkeypatch.setattr(reporting.monthly, "contents", small_contents)
    cases = []
    for step in STEPS:
        prepare(tmp_path / step, empty_file, step)
        for point in POINTS if step != "withdraw" else ("files written", "row committed"):
            shutil.copytree(tmp_path / step, tmp_path / f"{step}, {point}")
            cases.append((step, point))
    given = [(str(tmp_path / f"{step}, {point}"), point, STEPS[step][2]) for step, point in cases]
    command = [sys.executable, "-c", CHILD, json.dumps(given)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    for step, point in cases:
        folder = tmp_path / f"{step}, {point}"
        with closing(Registry(f"sqlite:///{folder}/registry.db")) as registry:
            goes_on(Life(ReportedCentre(registry, folder)), step, point)


def goes_on(life, step, point):
    """What stands after the kill, and after the next one's work."""
    before, after, moment = STEPS[step]
    assert life.states() == (after if point == "row committed" else before), (step, point)
    assert faults(life) == [], (step, point)
    life.live(*moment)
    assert (life.states(), faults(life)) == (after, []), (step, point)
    named = {name for row in life.rows() for name in life.named(row)}
    left = set(life.files()) - named
    if point != "row committed":  # there what was replaced waits for the next look
        assert all(name.endswith(".part") for name in left), (step, point, left)
    for name in left:  # what is half-written goes when it is old
        os.utime(life.folder / name, (0, 0))
    reporting.monthly.tidy(life.centre.registry, life.centre.settings, OCTOBER)
    assert set(life.files()) == named, (step, point)


def faults(life):
    with life.centre.registry.reading() as session:
        return verify(session, life.centre.settings).faults
