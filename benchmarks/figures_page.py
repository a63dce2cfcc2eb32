"""The page `docs/figures.md`, made from the runs alone; time is only what they say."""

import ast
from pathlib import Path
from typing import Any

from budgets import BUDGETS, ROWS
from figures import value_of
from figures_store import BenchRun

QUIET_PERCENT = 10
HEAD = """\
# Figures

Made by `make bench`; do not edit it by hand. `make bench ARGS=bench_report` measures one benchmark again and
leaves the other rows as they are, each with its own date. The figures lie in [figures.json](figures.json).
"""
NOTES = """\
- Everything runs on one machine over loopback: servers, load and what is measured share its cores. Meters are
  simulated, on pseudo-terminals. A station's board is slower: on one, measure again.
- Only `bench_mobile_data` uses TLS. The others speak plain MQTT, and so do the peers.
- Node-RED's flow promises less than the collector: it acknowledges nothing that is safe, refuses nothing and
  keeps nothing for a database that is away. Its figure is what its flow stored.
- ThingsBoard's gateway can do much that the agent cannot: many protocols, remote configuration, commands. Its
  memory includes what that takes. It was measured with a plain MQTT broker and a stand-in for the platform's
  answer about session limits; its statistics, remote shell and remote configuration were switched off.
- Telegraf's Modbus input and EMQX's Neuron are not compared: Debian 12 has no package of them, and the
  benchmarks build no peer from its source.
- No benchmark uses PostgreSQL: the registry is SQLite in all of them.
"""


def page(runs: dict[str, BenchRun]) -> str:
    """The whole page; what is not in `runs` stands as not measured."""
    parts = [HEAD, _how(runs), _budgets(runs), _further(runs), _peers(runs), _short(runs)]
    return "\n".join(parts).rstrip().replace("<=", "≤").replace(">=", "≥") + "\n"


def _how(runs: dict[str, BenchRun]) -> str:
    lines = ["## How it was measured", ""]
    if not runs:
        return "\n".join([*lines, "Nothing was measured yet.", ""])
    newest = max(runs.values(), key=lambda run: run.date)
    dates = sorted({run.date for run in runs.values()})
    span = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    lines += [f"- Date: {span}; the machine is that of the newest run."]
    lines += [f"- {name}: {value}" for name, value in newest.machine.items()]
    for name, run in sorted(runs.items()):
        other = [f"{key} {value}" for key, value in run.machine.items() if newest.machine.get(key) != value]
        if other:
            lines.append(f"- `{name}` ran with {', '.join(other)}.")
    minutes = sum(run.took_s for run in runs.values()) / 60
    lines.append(f"- All benchmarks together took {minutes:.0f} min, one after the other.")
    return "\n".join([*lines, ""])


def _budgets(runs: dict[str, BenchRun]) -> str:
    rows = []
    for each in BUDGETS:
        run = runs.get(each.bench)
        figure = _figure(run, each.row)
        measured = figure["measured"] if figure else _why_not(run, each.row)
        within = _word(figure["within"]) if figure else "not measured"
        rows.append(
            [each.what, each.budget, measured, within, f"`{_command(each.bench)}`", run.date if run else "-"]
        )
    head = ["what", "budget", "measured", "within?", "command", "date"]
    return "\n".join(["## Budgets", "", *_table(head, rows), ""])


def _further(runs: dict[str, BenchRun]) -> str:
    lines = [
        "## Further figures",
        "",
        "All that the benchmarks tell. A row with … belongs to the one above it.",
        "",
    ]
    for name, run in sorted(runs.items()):
        lines += [f"### {name}", "", _purpose(name), ""]
        busy = f"{run.busy_percent:.0f} % of the machine in use before it"
        lines += [
            f"{run.date}, commit {run.commit}, {run.took_s:.0f} s; {busy}.",
            "",
        ]
        if run.failed:
            lines += [f"**It did not come to its end**: {_plain(run.failed)}", ""]
        told = [each for each in run.figures if "measured" in each]
        if told:
            rows = [[_indented(f["what"]), f["measured"], f["budget"], _word(f["within"])] for f in told]
            lines += [*_table(["what", "measured", "budget", "within?"], rows), ""]
        lines += [
            f"- {each['what'].strip()}: not measured. {each['lacking']}"
            for each in run.figures
            if "lacking" in each
        ]
        if lines[-1]:
            lines.append("")
    return "\n".join(lines)


def _peers(runs: dict[str, BenchRun]) -> str:
    rows = []
    for run in (runs[name] for name in sorted(runs)):
        for theirs in (each for each in run.figures if each["beside"]):
            ours = _figure(run, theirs["beside"])
            rows.append(
                [
                    _of_row(theirs["beside"], ours),
                    ours["measured"] if ours else "not measured",
                    theirs["what"].strip(),
                    theirs.get("measured") or f"not measured: {theirs['lacking']}",
                    run.date,
                ]
            )
    lines = ["## Peers, measured in the same run", ""]
    if not rows:
        return "\n".join([*lines, "None was measured.", ""])
    return "\n".join([*lines, *_table(["what", "Qingliu", "peer", "its figure", "date"], rows), ""])


def _short(runs: dict[str, BenchRun]) -> str:
    lines = ["## Where we are short, and what the figures do not say", ""]
    for each in BUDGETS:
        figure = _figure(runs.get(each.bench), each.row)
        if figure is None:
            lines.append(f"- Not measured: {each.what}.")
        elif figure["within"] is not True:
            lines.append(f"- Short of its budget: {each.what}: {figure['measured']}, not {each.budget}.")
    for name, run in sorted(runs.items()):
        if run.busy_percent > QUIET_PERCENT:
            lines.append(
                f"- `{name}` ran on a busy machine: before it, {run.busy_percent:.0f} % were used by others."
            )
        lines += [
            f"- `{name}`: {f['what'].strip()}: {f['measured']}, not {f['budget']}."
            for f in run.figures
            if f.get("within") is False and f["row"] not in ROWS
        ]
    lines += _behind(runs)
    if not lines[-1]:
        lines.append("- Every budget is kept, and no peer is better in what was compared.")
    return "\n".join(lines) + "\n" + NOTES


def _behind(runs: dict[str, BenchRun]) -> list[str]:
    """Where a peer is better."""
    lines = []
    for _, run in sorted(runs.items()):
        for theirs in (each for each in run.figures if each["beside"] and "measured" in each):
            ours = _figure(run, theirs["beside"])
            one, other = value_of(ours["measured"]) if ours else None, value_of(theirs["measured"])
            if ours is None or one is None or other is None:
                continue
            more_is_better = ours["budget"].startswith(">")
            if one != other and (one < other) is more_is_better:
                lines.append(
                    f"- Behind a peer: {theirs['what'].strip()}: "
                    f"{theirs['measured']}, ours {ours['measured']}."
                )
    return lines


def _figure(run: BenchRun | None, row: str) -> dict[str, Any] | None:
    if run is None:
        return None
    return next((each for each in run.figures if each["row"] == row and "measured" in each), None)


def _of_row(row: str, ours: dict[str, Any] | None) -> str:
    return ROWS[row].what if row in ROWS else ours["what"].strip() if ours else row


def _why_not(run: BenchRun | None, row: str) -> str:
    if run is None:
        return "not run yet"
    said = (each["lacking"] for each in run.figures if each["row"] == row and "lacking" in each)
    return next(said, run.failed or "the benchmark did not tell it")


def _word(within: bool | None) -> str:  # noqa: FBT001 - a verdict
    return {True: "yes", False: "**no**", None: "-"}[within]


def _command(bench: str) -> str:
    return f"python benchmarks/{bench}.py"


def _purpose(bench: str) -> str:
    """The first sentence of the benchmark's own description."""
    path = Path(__file__).with_name(f"{bench}.py")
    told = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) if path.exists() else None
    return (told or "").split("\n\n")[0]


def _indented(what: str) -> str:
    return f"… {what.strip()}" if what.startswith(" ") else what


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(_plain(cell) for cell in row) + " |" for row in lines]


def _plain(cell: str) -> str:
    return " ".join(cell.split()).replace("|", "\\|")
