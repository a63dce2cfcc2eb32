"""What the cells of a row, or the options of a command, say: texts in, values and faults out. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from registry.cells import cell_day, cell_number
from service.civil import clock_of, start_of
from service.settings import Fault

WHEN = "such as 2026-10-01, 2026-10-01 08:30 or 2026-10-01T08:30:00+08:00"
_PARTS = re.compile(
    r"(?P<day>\S+?)(?:[ T]\s*|(?<=日)\s*)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d+)?)?"
    r"\s*(?P<offset>Z|[+-]\d{2}:?\d{2})?",
    re.ASCII | re.IGNORECASE,
)
_NO_DAY = date(1, 1, 1)


class Cells:
    """The cells of one record by the column's name; each reading notes what it finds wrong.

    A value that could not be read is returned as a stand-in, so that all faults of a row are found at once;
    use none of them once there are `faults`.
    """

    def __init__(self, texts: Mapping[str, str], columns: Iterable[str], zone: ZoneInfo) -> None:
        self._texts = {name: unicodedata.normalize("NFC", text).strip() for name, text in texts.items()}
        self._columns = set(columns)
        self._zone = zone
        self.faults: list[Fault] = []
        for name, text in self._texts.items():
            if any(_commands(letter) for letter in text):
                self._note(name, "must have no control characters", text[:40], "Type it anew.")
        for fault in self.faults:  # no database takes them
            self._texts[fault.path] = ""

    def has(self, name: str) -> bool:
        """Whether the file has such a column, or the command such an option."""
        return name in self._columns

    def text(self, name: str) -> str:
        """A text as it stands there; empty if there is none."""
        return self._texts.get(name, "")

    def number(self, name: str) -> float:
        """A number that must be there."""
        text = self.required(name)
        try:
            return cell_number(text) if text else 0.0
        except ValueError as error:
            self._note(name, str(error), text, "Give it without unit and without separators.")
            return 0.0

    def day(self, name: str) -> date:
        """A civil day that must be there."""
        text = self.required(name)
        try:
            return cell_day(text) if text else _NO_DAY
        except ValueError as error:
            self._note(name, str(error), text, "Correct it.")
            return _NO_DAY

    def instant(self, name: str, *, is_required: bool = True) -> int | None:
        """An instant, ms since the epoch; a day is its beginning, without offset it is the centre's clock."""
        text = self.required(name) if is_required else self.text(name)
        if not text:
            return None
        try:
            return instant_of(text, self._zone)
        except ValueError as error:
            self._note(name, str(error), text, "Correct it.")
            return None

    def choice(self, name: str, words: Mapping[str, Iterable[str]], default: str = "") -> str:
        """The code that a word of a closed list stands for; `words` gives each code's other names."""
        text = self.text(name) or default
        if not text:
            self.required(name)
            return ""
        by_word = {_plain(word): code for code, others in words.items() for word in (code, *others)}
        code = by_word.get(_plain(text))
        if code is None:
            known = ", ".join(" ".join((code, *list(others)[:1])) for code, others in words.items())
            self._note(name, f"must be one of {known}", text, "Use one of these.")
            return ""
        return code

    def required(self, name: str) -> str:
        """A text that must be there."""
        text = self.text(name)
        if not text and all(fault.path != name for fault in self.faults):
            self._note(name, "is required", None, "Fill it in.")
        return text

    def _note(self, name: str, rule: str, got: object, remedy: str) -> None:
        self.faults.append(Fault(name, rule, got, remedy))


def instant_of(text: str, zone: ZoneInfo) -> int:
    """The instant a text says, ms since the epoch, UTC.

    Raises:
        ValueError: it says none.
    """
    rule = f"must be a civil day or a time {WHEN}"
    found = _PARTS.fullmatch(text.strip())
    try:
        if found is None:
            return _told(start_of(cell_day(text.strip()), zone), zone)
        day = cell_day(found["day"])
        at = datetime(day.year, day.month, day.day, int(found["hour"]), int(found["minute"]),
                      int(found["second"] or 0), tzinfo=zone)  # fmt: skip
        offset = (found["offset"] or "").upper()
        if offset:
            at = datetime.fromisoformat(f"{at:%Y-%m-%dT%H:%M:%S}{'+00:00' if offset == 'Z' else offset}")
        return _told(int(at.timestamp() * 1000), zone)
    except (ValueError, OverflowError) as error:
        raise ValueError(rule) from error


def _told(at_ms: int, zone: ZoneInfo) -> int:
    """An instant that a clock can show again: at either end of the calendar another zone has another year.

    Raises:
        ValueError, OverflowError: it cannot.
    """
    clock_of(at_ms, zone)
    return at_ms


def _commands(letter: str) -> bool:
    return unicodedata.category(letter) in ("Cc", "Cs") and letter not in "\n\r\t"


def _plain(word: str) -> str:
    return unicodedata.normalize("NFKC", word).casefold().strip().replace("-", "_").replace(" ", "_")
