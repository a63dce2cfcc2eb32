"""How a figure is told: a line for who looks on, and a line of JSON for the figures page."""

import json
import os
import re
from pathlib import Path
from typing import Any

RECORD = "QINGLIU_FIGURES"
"""The environment variable that names the file to which figures are appended; without it they are printed."""
_BOUND = re.compile(r"(?P<how><=|>=) (?P<number>[\d.,]+)(?: (?P<unit>[^\s]+))?")
_PLACE = re.compile(r"\w+://[^\s'\")]+|(?<![\w.])/[^\s'\"),:]+")
_FIGURE = re.compile(r"(?P<number>[+-]?\d[\d.,]*)(?: (?P<unit>[^\s,]+))?")


def show(
    what: str,
    measured: str,
    budget: str,
    *,
    row: str = "",
    beside: str = "",
    within: bool | None = None,
) -> None:
    """Tell one figure.

    Args:
        what: in words.
        measured: the figure with its unit.
        budget: `<= 40 MB`, `>= 1.2 x`, or anything else that a reader understands; `-` for none.
        row: the row of the page's first table that this answers, as in `budgets.py`.
        beside: the row to which this is a peer's figure, of the same run.
        within: whether the budget is kept, where the words do not say it.
    """
    print(f"{what:<58} {measured:>18}   budget {budget}", flush=True)
    verdict = keeps(measured, budget) if within is None else within
    _record(what=what, measured=measured, budget=budget, row=row, beside=beside, within=verdict)


def lacking(what: str, reason: str, *, row: str = "", beside: str = "") -> None:
    """Tell that a figure could not be had, in one line that says why."""
    print(f"{what:<58} {'not measured':>18}   {reason}", flush=True)
    _record(what=what, lacking=without_places(reason), row=row, beside=beside)


def without_places(text: str) -> str:
    """A message without this machine's paths and other people's addresses, in one line, not too long."""
    return " ".join(_PLACE.sub("…", text).split())[:200]


def keeps(measured: str, budget: str) -> bool | None:
    """Whether the first figure of `measured` keeps a budget of the form `<= 40 MB` or `1`.

    None where the budget is no such bound, or where the two units differ, so that nobody can tell.
    """
    figure, value = _FIGURE.match(measured), value_of(measured)
    if figure is None or value is None:
        return None
    if re.fullmatch(r"\d+", budget):
        return value == int(budget)
    bound = _BOUND.match(budget)
    if bound is None or not _same(figure["unit"], bound["unit"]):
        return None
    limit = _number(bound["number"])
    return value <= limit if bound["how"] == "<=" else value >= limit


def value_of(measured: str) -> float | None:
    """The first figure, without its unit; None where there is none."""
    figure = _FIGURE.match(measured)
    return None if figure is None else _number(figure["number"])


def _number(text: str) -> float:
    return float(text.rstrip(".,").replace(",", ""))


def _same(one: str | None, other: str | None) -> bool:
    """`/s` beside `readings/s` is the same; so is a bare figure beside one with a unit."""
    return None in (one, other) or other in (one, f"readings{one}")


def _record(**figure: Any) -> None:  # noqa: ANN401 - a line of JSON
    path = os.environ.get(RECORD)
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(figure, ensure_ascii=False) + "\n")
