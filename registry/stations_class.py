"""The class of a station as dated history: a new one is added, what was written down stays. Pure."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from registry.stations_records import Record

CLASS_COLUMNS = ("class", "class_since", "class_document", "class_approver")
_WORDS = ("class_document", "class_approver")


class BadClassError(ValueError):
    """A row would overwrite the history, or does not say enough.

    Attributes:
        column: of the cell that is wrong.
        rule: which.
        got: its value.
        remedy: what to do.
    """

    def __init__(self, column: str, rule: str, got: object, remedy: str) -> None:
        super().__init__(rule)
        self.column, self.rule, self.got, self.remedy = column, rule, got, remedy


def class_after(before: Record, given: Mapping[str, Any], commissioned: date | None) -> Record:
    """The class's columns after a row, as far as they change.

    Args:
        before: the station's record.
        given: the row's values of CLASS_COLUMNS, None where the cell is empty.
        commissioned: the day from which a first class in_use holds, if the row names none.

    Raises:
        BadClassError: the row cannot be meant.
    """
    class_, since = given["class"], given["class_since"]
    if not class_:
        named = [name for name in CLASS_COLUMNS if given[name] is not None]
        if named:
            raise BadClassError("class", f"is required with {named[0]}", None, "Write the class.")
        return {}
    last, last_since = before["class"], before["class_since"]
    if since is None and class_ != last:
        since = commissioned if class_ == "in_use" and not last else None
        if since is None:
            remedy = "Write the day from which it holds."
            raise BadClassError("class_since", "is required when the class changes", None, remedy)
    if since is None or (class_ == last and since == last_since):
        return _completed(before, given)
    if last_since is not None:
        _check_order(class_, since, last, last_since)
    return {"class": class_, "class_since": since} | {name: given[name] or "" for name in _WORDS}


def _completed(before: Record, given: Mapping[str, Any]) -> Record:
    """Document and approver of a class that is there; empty ones may be filled, others never change."""
    for name in _WORDS:
        if given[name] and before[name] not in ("", given[name]):
            rule = f"is written down as {before[name]}, and history is never overwritten"
            remedy = "Leave it empty, or enter a new class from its own day."
            raise BadClassError(name, rule, given[name], remedy)
    return {name: given[name] for name in _WORDS if given[name]}


def _check_order(class_: str, since: date, last: str, last_since: date) -> None:
    if since == last_since:
        rule = f"the class is {last} from this day on already, and history is never overwritten"
        raise BadClassError("class", rule, class_, "Give the new class a later class_since.")
    if since < last_since:
        rule = f"must lie after {last_since}, when the present class ({last}) began"
        remedy = "Write a later day, or leave the class's cells empty."
        raise BadClassError("class_since", rule, str(since), remedy)
    if class_ == last:
        rule = f"the class is {last} since {last_since} already"
        raise BadClassError("class_since", rule, str(since), "Leave it empty, or write that day.")
