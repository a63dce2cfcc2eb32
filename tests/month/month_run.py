"""One run of the short month, from the cast to the table."""

import json
import time
from collections.abc import Callable
from pathlib import Path

from month_cast import month_cast
from month_centre import MonthCentre
from month_conductor import Conductor
from month_judge import Findings, Judge


def run_month(
    folder: Path,
    programs: dict[str, str],
    arguments: dict,
    say: Callable[[str], None],
    *,
    processes: int = 4,
    step_min: int = 15,
) -> Findings:
    """Run a month in a folder.

    Args:
        folder: for everything; the table is left there as `table.txt` and `table.json`.
        programs: mosquitto, influxd, nginx, initdb.
        arguments: of `month_cast`.
        say: hears how it goes.
        processes: so many share the boxes.
        step_min: minutes from one round of delivery and judgement to the next, 15 or 30.
    """
    began_s = time.monotonic()
    cast = month_cast(**arguments)
    with MonthCentre(folder, cast, arguments, programs, min(processes, len(cast.stations))) as centre:
        conductor = Conductor(centre, say, step_min * 60)
        conductor.run()
        say("judging")
        found = Judge(centre, conductor).judged()
    wall_s = time.monotonic() - began_s
    size = f"{len(cast.stations)} / {cast.days} / {arguments['learning_days']}"
    head = [("stations / days / days of learning", size), ("minutes a step", str(step_min))]
    head.append(("wall time, min", f"{wall_s / 60:.1f}"))
    found = found._replace(rows=[*head, *found.rows])
    (folder / "table.txt").write_text(table(found))
    content = {
        "rows": dict(found.rows),
        "faults": found.faults,
        "details": found.details,
        "struck": conductor.struck,
        "memory": conductor.memory,
        "spent_s": dict(conductor.spent),
    }
    (folder / "table.json").write_text(json.dumps(content, indent=1, ensure_ascii=False, default=str))
    return found


def table(found: Findings) -> str:
    """One aligned table, and below it what broke a promise."""
    width = max(len(name) for name, _ in found.rows)
    lines = [f"{name:{width}}  {value}" for name, value in found.rows]
    return "\n".join([*lines, "", *(found.faults or ["no promise was broken"])]) + "\n"
