"""The wall clock of a running agent is set, by hours and by years, while a meter is being waited for."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

from edge_line import Spoiler
from servers import wait_until
from test_edge_cli import config

from simulator.meters import SimulatedStation

HOUR_S = 3600
YEAR_S = 365 * 24 * HOUR_S


def test_no_step_of_the_clock_stalls_or_floods_the_sampling(tmp_path):
    """The flow meter is silent, so that most steps fall into a wait; the power meter's beat is one second."""
    wrong, log = tmp_path / "wrong", tmp_path / "log"
    wrong.write_text("0")
    spoiler = Spoiler()
    spoiler.fault = lambda q, a: None if q[0] == 2 else a
    with SimulatedStation(fault=spoiler) as station, log.open("wb") as stream:
        path = config(tmp_path, station.port, ("[mqtt]", "[sampling]\ninterval_s = 1\n[mqtt]"))
        path.write_text(path.read_text().replace("timeout_s = 0.1", "timeout_s = 0.4"))
        command = [sys.executable, str(Path(__file__).with_name("stepped_clock.py")), str(wrong)]
        with subprocess.Popen(
            [*command, "agent", "run", "--config", str(path)], stderr=stream, env=dict(os.environ)
        ) as agent:
            try:
                wait_until(lambda: readings(tmp_path) >= 2, "it samples")
                for step_s in (HOUR_S, -HOUR_S, YEAR_S, -2 * YEAR_S):
                    new = wrong.with_suffix(".new")
                    new.write_text(str(int(wrong.read_text()) + step_s))
                    new.replace(wrong)
                    before, began_s = readings(tmp_path), time.monotonic()
                    wait_until(lambda least=before + 2: readings(tmp_path) >= least, f"{step_s} s", 8)
                    assert readings(tmp_path) - before <= time.monotonic() - began_s + 2
            finally:
                agent.send_signal(signal.SIGTERM)
                assert agent.wait(10) == 0
    assert "Traceback" not in log.read_text()


def readings(folder: Path) -> int:
    """Readings of the power meter that were accepted."""
    if not (folder / "outbox.db").exists():
        return 0
    with closing(sqlite3.connect(folder / "outbox.db")) as db, suppress(sqlite3.OperationalError):
        return db.execute("SELECT count(*) FROM reading WHERE device = 'power-1'").fetchone()[0]
    return 0  # its tables are not there yet
