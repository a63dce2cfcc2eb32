"""Run every benchmark, or those that are named, and write `docs/figures.md` from what they tell.

Each runs in a process of its own with a time limit; one that fails is named on the page with its reason, and
the others run all the same. The page and its data are written after each, so that a run may be broken off.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from figures import RECORD, without_places
from figures_page import page
from figures_store import BenchRun, of_this_machine, put, read_figures, read_store, write_store
from machine import busy_percent, commit, machine

HERE = Path(__file__).parent
DOCS = HERE.parent / "docs"
WITHIN_S = 900
"""The longest takes some three minutes on two quiet cores."""
LEAVES_WITHIN_S = 30
WATCHED_S = 2.0
SHOWN_LINES = 20


def main() -> int:
    """Run and write; 1 where a benchmark failed, 2 where one is named that is not there."""
    known = sorted(path.stem for path in HERE.glob("bench_*.py"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], epilog="; ".join(known))
    parser.add_argument("benches", nargs="*", metavar="bench_x", help="only these [all]")
    parser.add_argument(
        "--docs", type=Path, default=DOCS, help="where figures.md and figures.json lie [docs/]"
    )
    parser.add_argument("--page-only", action="store_true", help="measure nothing, write the page anew")
    args = parser.parse_args()
    wanted = [Path(name).stem for name in args.benches] or known
    if unknown := [name for name in wanted if name not in known]:
        print(f"{unknown[0]}: no such benchmark. Choose of {', '.join(known)}.", file=sys.stderr)
        return 2
    signal.signal(signal.SIGINT, signal.default_int_handler)  # children of a background job inherit none
    here = machine()
    try:
        stored = read_store(args.docs / "figures.json")
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    runs = of_this_machine(stored, here)
    if dropped := sorted(stored.keys() - runs.keys()):
        print(f"figures of other hardware are left out: {', '.join(dropped)}")
    runs = {name: run for name, run in runs.items() if name in known}
    try:
        failed = [] if args.page_only else _measure(wanted, runs, here, args.docs)
    except KeyboardInterrupt:
        print("broken off; what was measured until now is on the page", file=sys.stderr)
        return 1
    write(args.docs, runs)
    print(f"written: {args.docs.name}/figures.md")
    for name in failed:
        print(f"{name}: {runs[name].failed}", file=sys.stderr)
    return 1 if failed else 0


def write(docs: Path, runs: dict[str, BenchRun]) -> None:
    """Both files."""
    write_store(docs / "figures.json", runs)
    put(docs / "figures.md", page(runs))


def _measure(wanted: list[str], runs: dict[str, BenchRun], here: dict[str, str], docs: Path) -> list[str]:
    """Run one after the other; returns those that failed."""
    began_s = time.monotonic()
    state = commit()
    for number, name in enumerate(wanted, 1):
        so_far = _minutes(time.monotonic() - began_s)
        print(f"--- {number} of {len(wanted)}: {name}, after {so_far}", flush=True)
        run = BenchRun(
            date=datetime.now(UTC).date().isoformat(),
            took_s=0.0,
            busy_percent=round(busy_percent(WATCHED_S)),
            commit=state,
            machine=here,
        )
        bench_began_s = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            record = Path(folder) / "figures"
            run.failed = run_one(HERE / f"{name}.py", record)
            run.figures = read_figures(record)
        run.took_s = round(time.monotonic() - bench_began_s, 1)
        if not run.figures and not run.failed:
            run.failed = "it told no figure"
        runs[name] = run
        write(docs, runs)
        print(f"    {name}: {run.failed or 'done'}, {_minutes(run.took_s)}", flush=True)
    print(f"--- all in {_minutes(time.monotonic() - began_s)}", flush=True)
    return [name for name in wanted if runs[name].failed]


def run_one(program: Path, record: Path, within_s: float = WITHIN_S) -> str:
    """Run one; returns why it failed, or nothing. What it complains of is shown only where it failed."""
    environment = os.environ | {RECORD: str(record), "PYTHONUNBUFFERED": "1"}
    with tempfile.TemporaryFile("w+", errors="replace") as complaints:
        with subprocess.Popen(
            [sys.executable, str(program)], stderr=complaints, env=environment, start_new_session=True
        ) as bench:
            try:
                code = bench.wait(within_s)
            except subprocess.TimeoutExpired:
                return f"not done after {within_s:.0f} s"
            finally:
                _end(bench)
        if code == 0:
            return ""
        complaints.seek(0)
        said = [line for line in complaints.read().splitlines() if line.strip()][-SHOWN_LINES:]
    sys.stderr.write("".join(f"    {line}\n" for line in said))
    return f"ended with code {code}: {without_places(said[-1].strip() if said else 'it said nothing')}"


def _end(bench: "subprocess.Popen[bytes]") -> None:
    """Ask a benchmark that still runs to clear up, then end it with all that it started."""
    if bench.poll() is None:
        bench.send_signal(signal.SIGINT)
        try:
            bench.wait(LEAVES_WITHIN_S)
        except subprocess.TimeoutExpired:
            bench.kill()
            bench.wait()
    try:
        os.killpg(bench.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _minutes(seconds: float) -> str:
    return f"{seconds // 60:.0f} min {seconds % 60:.0f} s" if seconds >= 60 else f"{seconds:.0f} s"


if __name__ == "__main__":
    sys.exit(main())
