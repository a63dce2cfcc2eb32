"""The checks on a terminal, line by line, and as one object for machines; pure."""

from collections.abc import Sequence

from edge_agent.commissioning.check_result import Result, State
from edge_agent.commissioning.check_words import Words
from edge_agent.terminal import GREEN, PLAIN, RED, YELLOW, printable, width, wrapped

_COLOURS: dict[State, str] = {"ok": GREEN, "warn": YELLOW, "fail": RED, "skipped": "\x1b[90m"}
_ARROW, _BULLET = "→ ", "- "
_LEAST_COLUMNS = 32


def lines(result: Result, words: Words, *, colours: bool, columns: int | None = None) -> list[str]:
    """A result, and below it what to do.

    Args:
        result: of a check.
        words: the reader's language.
        colours: whether the terminal shows them.
        columns: how wide the terminal is; None for no end.
    """
    state = words.states[result.state]
    mark_columns = max(map(width, words.states.values()))
    mark = f"{_COLOURS[result.state]}{state}{PLAIN}" if colours else state
    head = mark + " " * (mark_columns - width(state) + 2)
    first, *more = folded(f"{result.label}{words.colon}{result.text}", columns, mark_columns + 2)
    indent = " " * (mark_columns + 2)
    page = [head + first, *(indent + each for each in more)]
    for number, advice in enumerate(filter(None, result.remedy.splitlines())):
        start, *rest = folded(advice, columns, mark_columns + 4)
        page += [f"{indent}{_BULLET if number else _ARROW}{start}", *(f"{indent}  {each}" for each in rest)]
    return page


def folded(text: str, columns: int | None, taken: int) -> list[str]:
    """A text as lines that fit beside the `taken` columns; whole where no columns are known."""
    text = printable(text)
    return [text] if columns is None else wrapped(text, max(columns - taken, _LEAST_COLUMNS))


def summary(results: Sequence[Result], words: Words) -> str:
    """All in one line."""
    wrong, to_see = _count(results, "fail"), _count(results, "warn")
    said = [words.some_wrong.format(number=wrong)] if wrong else []
    said += [words.some_to_see.format(number=to_see)] if to_see else []
    return words.comma.join(said) or words.all_well


def exit_code(results: Sequence[Result]) -> int:
    """2 if the configuration is wrong, 1 if something else is, 0 if nothing is."""
    wrong = {result.name for result in results if result.state == "fail"}
    return 2 if "configuration" in wrong else 1 if wrong else 0


def as_data(results: Sequence[Result]) -> dict[str, object]:
    """All for machines: `station` (None if unknown), `ok`, and `checks` in their order."""
    stations = [result.figures.get("station") for result in results if result.name == "configuration"]
    return {
        "station": next(filter(None, stations), None),
        "ok": not _count(results, "fail"),
        "checks": [
            {
                "name": result.name,
                "place": result.place,
                "state": result.state,
                "code": result.code,
                "figures": dict(result.figures),
                "text": result.text,
                "remedy": result.remedy,
            }
            for result in results
        ],
    }


def _count(results: Sequence[Result], state: State) -> int:
    return sum(result.state == state for result in results)
