"""The short month: 100 stations, 30 days and what befalls them, in about half an hour."""

import sys
import tempfile
from pathlib import Path

import pytest
from influx_server import programs
from month_run import run_month, table
from programs import needed

MONTH = {"stations": 100, "days": 30, "learning_days": 14, "seed": 1}


@pytest.mark.soak
def test_the_short_month_keeps_every_promise(
    mosquitto_program: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    influxd, nginx = programs()
    servers = {
        "mosquitto": mosquitto_program,
        "influxd": influxd,
        "nginx": nginx,
        "initdb": needed("postgresql", "/usr/lib/postgresql/*/bin/initdb"),
    }
    shared = Path("/dev/shm")  # in memory where there is one: outboxes commit each reading
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else tmp_path) as folder:
        found = run_month(Path(folder), servers, MONTH, lambda _: None)
    with capsys.disabled():
        sys.stdout.write(f"\n{table(found)}")
    assert not found.faults, table(found)
