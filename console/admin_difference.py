"""What a row of the audit trail changed, field by field, as it was and as it is. Pure."""

from typing import NamedTuple

from console import admin_words, words
from console.formats import DASH
from console.reader import Reader
from registry.tables import Audit

MOST_LETTERS = 300
_WORDS = {
    "class": words.CLASSES,
    "occasion": words.OCCASIONS,
    "process": words.PROCESSES,
    "reason": words.APPROVED_STOPS,
    "result": words.INSPECTION_RESULTS,
    "role": words.ROLES,
    "type": words.ALARM_TYPES,
    "verdict": words.VERDICTS,
}


class Field(NamedTuple):
    """A field that was set: its name, and its values, None where it had none."""

    name: str
    was: str | None
    is_now: str | None

    @property
    def is_same(self) -> bool:
        """Whether it only tells what the row is of."""
        return self.was == self.is_now


def fields_of(reader: Reader, row: Audit) -> list[Field]:
    """Every field that the row names, in its order; foreign texts made harmless and cut."""
    before, after = row.before or {}, row.after or {}
    return [
        Field(
            reader.word(admin_words.FIELDS, name),
            _shown(reader, name, before[name]) if name in before else None,
            _shown(reader, name, after[name]) if name in after else None,
        )
        for name in dict.fromkeys([*before, *after])
    ]


def in_one_line(reader: Reader, row: Audit) -> str:
    """The same for a spreadsheet's cell."""
    return "; ".join(
        f"{each.name}: {each.was} → {each.is_now}" if each.was is not None and each.is_now is not None
        else f"{each.name}: {each.is_now if each.was is None else each.was}"
        for each in fields_of(reader, row)
    )  # fmt: skip


def _shown(reader: Reader, name: str, value: object) -> str:
    match value:
        case _ if value in (None, "", [], {}):
            shown = DASH
        case bool():
            shown = reader.text("yes") if value else reader.text("no")
        case int() if name.endswith("_ms"):
            shown = reader.instant(value)
        case float():
            shown = f"{value:.10g}"
        case list():
            shown = ", ".join(_shown(reader, name, each) for each in value)
        case dict():
            shown = " ".join(f"{reader.visible(str(key))}={_shown(reader, '', value[key])}" for key in value)
        case _:
            known, code = _WORDS.get(name, {}), str(value)
            shown = reader.word(known, code) if code in known else reader.visible(code[:MOST_LETTERS])
    return shown
