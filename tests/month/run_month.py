"""The short month at the command line: `python tests/month/run_month.py --stations 100 --days 30`."""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

_PROGRAMS = {
    "mosquitto": ("mosquitto", "/usr/sbin/mosquitto"),
    "influxd": ("influxd",),
    "nginx": ("nginx", "/usr/sbin/nginx"),
    "initdb": ("/usr/lib/postgresql/*/bin/initdb",),
}


def main() -> int:
    """Run, print the table; 1 if a promise was broken."""
    sys.path.insert(0, str(Path(__file__).parent.parent))
    from month_run import run_month, table  # noqa: PLC0415 - the servers of the tests lie in their folder
    from programs import needed  # noqa: PLC0415 - likewise

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stations", type=int, default=100)
    parser.add_argument("--days", type=int, default=30, help="of the month, 1 to 30")
    parser.add_argument("--learning-days", type=int, default=14, help="before it")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=4, help="that share the boxes")
    parser.add_argument("--step-min", type=int, choices=(15, 30), default=15, help="minutes a step")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="an empty folder for everything, kept")
    parser.add_argument("--json", action="store_true", help="print the table as JSON")
    given = parser.parse_args()
    shared = Path("/dev/shm")  # in memory: outboxes commit each reading
    folder = given.keep or Path(
        tempfile.mkdtemp(prefix="qingliu-month-", dir=shared if shared.is_dir() else None)
    )
    folder.mkdir(parents=True, exist_ok=True)
    arguments = {
        "stations": given.stations,
        "days": given.days,
        "learning_days": given.learning_days,
        "seed": given.seed,
    }
    began_s = time.monotonic()

    def say(text: str) -> None:
        sys.stderr.write(f"{time.monotonic() - began_s:7.1f} s  {text}\n")

    try:
        found = run_month(
            folder,
            {name: needed(name, *places) for name, places in _PROGRAMS.items()},
            arguments,
            say,
            processes=given.processes,
            step_min=given.step_min,
        )
        sys.stdout.write((folder / "table.json").read_text() if given.json else table(found))
    finally:
        if given.keep is None:
            shutil.rmtree(folder)
    return 1 if found.faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
