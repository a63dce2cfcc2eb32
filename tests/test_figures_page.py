"""The figures page: what a benchmark tells becomes a row, and what it does not tell is never made up."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import figures  # noqa: E402 - a benchmark is no package
from budgets import BUDGETS  # noqa: E402 - likewise
from figures_page import page  # noqa: E402 - likewise
from figures_store import BenchRun, of_this_machine, read_figures, read_store, write_store  # noqa: E402
from run_benches import run_one  # noqa: E402 - likewise

HERE = {"Processor": "x", "Cores": "2", "Memory": "4 GiB", "Kernel": "Linux 6"}


def a_run(*told: dict, **given) -> BenchRun:
    known = {"date": "2026-11-22", "took_s": 9.0, "busy_percent": 0, "commit": "abc", "machine": HERE}
    return BenchRun(**known | {"figures": list(told)} | given)


def a_figure(row="", **given) -> dict:
    return {
        "what": "w",
        "measured": "33.0 MB",
        "budget": "<= 40 MB",
        "row": row,
        "beside": "",
        "within": True,
    } | given


def row_of(text: str, bench: str, number: int = 0) -> list[str]:
    budgets = text.partition("## Budgets")[2].partition("## Further")[0]
    lines = [line for line in budgets.splitlines() if f"/{bench}.py" in line]
    return [cell.strip() for cell in lines[number].strip("|").split(" | ")]


@pytest.mark.parametrize(
    ("measured", "budget", "kept"),
    [
        ("33.0 MB", "<= 40 MB", True),
        ("40.1 MB", "<= 40 MB", False),
        ("41,234 /s", ">= 60,000 readings/s", False),
        ("61,234 /s", ">= 60,000 readings/s", True),
        ("0.62 % of a core", "<= 0.5 %", False),
        ("1.19 x", ">= 1.2 x", False),
        ("+0.31 MB", "<= 1 MB", True),
        ("136 ms, CPU 130 ms", "<= 200 ms", True),
        ("2", "1", False),
        ("1", "1", True),
        ("0 of 1,055,200", "0", True),
        ("1.5 s", "<= 200 ms", None),  # another unit: nobody is told yes
        ("10 min", "20 min with the wires", None),
        ("none", "<= 40 MB", None),
        ("33.0 MB", "-", None),
    ],
)
def test_a_figure_is_held_against_its_budget(measured, budget, kept):
    assert figures.keeps(measured, budget) is kept


def test_what_is_shown_is_recorded_as_it_was_printed(tmp_path, monkeypatch, capsys):
    path = tmp_path / "told"
    monkeypatch.setenv(figures.RECORD, str(path))
    figures.show("agent: resident memory", "33.0 MB", "<= 40 MB", row="agent-memory")
    figures.lacking(
        "peer", "pip failed: see https://host.example/simple and /opt/place/x.log", beside="agent-memory"
    )
    with path.open("a") as file:
        file.write('{"what": "cut sho')
    assert "33.0 MB" in capsys.readouterr().out
    shown, lacking = read_figures(path)
    assert shown == {
        "what": "agent: resident memory",
        "measured": "33.0 MB",
        "budget": "<= 40 MB",
        "row": "agent-memory",
        "beside": "",
        "within": True,
    }
    assert lacking["lacking"] == "pip failed: see … and …"


def test_every_budget_has_its_row_and_its_benchmark():
    text = page({})
    for each in BUDGETS:
        assert (BENCHMARKS / f"{each.bench}.py").exists()
        assert f'"{each.row}"' in (BENCHMARKS / f"{each.bench}.py").read_text() or each.row in MADE_UP
        assert f"| {each.what} | {each.budget} | not run yet | not measured |" in text
    assert len({each.row for each in BUDGETS}) == len(BUDGETS)


MADE_UP = {f"{what}-{store}" for what in ("collector", "round") for store in ("influxd", "embedded")}
"""Put together by a benchmark that measures both stores."""


def test_a_kept_budget_a_missed_one_and_one_without_figure_stand_as_they_are():
    runs = {
        "bench_agent": a_run(
            a_figure("agent-memory"),
            a_figure("agent-cpu", measured="0.62 % of a core", within=False),
            failed="ended with code 1: no meters",
        )
    }
    text = page(runs)
    assert row_of(text, "bench_agent", 0)[2:4] == ["33.0 MB", "yes"]
    assert row_of(text, "bench_agent", 1)[2:4] == ["0.62 % of a core", "**no**"]
    assert row_of(text, "bench_agent", 2)[2:] == [
        "ended with code 1: no meters",
        "not measured",
        "`python benchmarks/bench_agent.py`",
        "2026-11-22",
    ]
    short = text.partition("## Where we are short")[2]
    assert "Short of its budget: agent, CPU at 2 meters, 60 s: 0.62 % of a core, not ≤ 0.5 %" in short
    assert "Not measured: requests per poll for 10 contiguous values." in short
    assert "resident memory" not in short


def test_a_peer_stands_beside_ours_and_is_named_where_it_is_better():
    ours = a_figure("collector-flood", what="flood", measured="70,000 /s", budget=">= 60,000 readings/s")
    theirs = a_figure(
        beside="collector-flood", what="Node-RED", measured="90,000 /s", budget="-", within=None
    )
    lacking = {"what": "Gateway", "lacking": "pip failed", "row": "", "beside": "agent-memory"}
    memory = a_figure("agent-memory")
    text = page({"bench_collector": a_run(ours, theirs), "bench_agent": a_run(memory, lacking)})
    assert "| flood | 70,000 /s | Node-RED | 90,000 /s | 2026-11-22 |" in text
    assert "| 33.0 MB | Gateway | not measured: pip failed | 2026-11-22 |" in text
    assert "Behind a peer: Node-RED: 90,000 /s, ours 70,000 /s." in text
    slower = page({"bench_collector": a_run(ours, theirs | {"measured": "50,000 /s"})})
    assert "Behind a peer" not in slower


def test_each_row_keeps_the_date_of_its_own_run_and_a_busy_machine_is_told():
    old = a_run(a_figure("report", measured="5.0 s"), date="2026-10-01", machine=HERE | {"Kernel": "Linux 5"})
    text = page({"bench_report": old, "bench_agent": a_run(a_figure("agent-memory"), busy_percent=40)})
    assert row_of(text, "bench_report")[-1] == "2026-10-01"
    assert row_of(text, "bench_agent")[-1] == "2026-11-22"
    assert "- `bench_report` ran with Kernel Linux 5." in text
    assert "`bench_agent` ran on a busy machine: before it, 40 % were used by others." in text


def test_figures_of_other_hardware_are_not_mixed_in(tmp_path):
    runs = {"bench_agent": a_run(a_figure()), "bench_report": a_run(machine=HERE | {"Cores": "64"})}
    write_store(tmp_path / "figures.json", runs)
    stored = read_store(tmp_path / "figures.json")
    assert stored == runs
    assert list(of_this_machine(stored, HERE)) == ["bench_agent"]


def test_a_file_that_is_not_ours_is_named(tmp_path):
    path = tmp_path / "figures.json"
    path.write_text(json.dumps({"bench_agent": {"colour": "blue"}}))
    with pytest.raises(ValueError, match=r"figures.json: is no file of figures .* Remove it"):
        read_store(path)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("print('well')", ""),
        ("raise SystemExit('no meters at /dev/nowhere')", "ended with code 1: no meters at …"),
        ("import time\nprint('x', flush=True)\ntime.sleep(60)", "not done after 1 s"),
    ],
)
def test_a_benchmark_that_fails_or_hangs_says_why(tmp_path, body, reason, capfd):
    program = tmp_path / "bench_x.py"
    program.write_text(body)
    assert run_one(program, tmp_path / "told", within_s=1 if "sleep" in body else 30) == reason


def test_a_benchmark_that_is_not_there_is_bad_usage(tmp_path):
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / "run_benches.py"), "--docs", str(tmp_path), "bench_nothing"],
        capture_output=True, text=True, env=os.environ, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("bench_nothing: no such benchmark. Choose of bench_agent, ")
    assert not list(tmp_path.iterdir())
