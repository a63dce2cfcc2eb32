"""Who reads a page: a language, a time zone and an instant, and everything shown to them through these."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from zoneinfo import ZoneInfo

from console import formats, words
from console.language import Language
from reporting.rate import RULES
from service.civil import Month

JUST_NOW_MS = 60_000


@dataclass(frozen=True)
class Reader:
    """One reader at one moment; pages and sentences are written through this."""

    language: Language
    zone: ZoneInfo
    now_ms: int

    def text(self, message: str, **figures: object) -> str:
        """A translated text with its figures put in."""
        translated = self.language.texts.gettext(message)
        return translated % figures if figures else translated

    def word(self, table: Mapping[str, str], code: str) -> str:
        """The text of a code, or the code itself where the table lacks it."""
        known = table.get(code)
        return self.text(known) if known else code

    def state(self, code: str) -> str:
        """A state's name."""
        return self.word(words.STATES, code)

    def alarm(self, code: str) -> str:
        """An alarm's name."""
        return self.word(words.ALARM_TYPES, code)

    def number(self, value: float | None, digits: int = 2) -> str:
        """A figure, or a dash."""
        return formats.number(value, self.language.locale, digits)

    def amount(self, value: float) -> str:
        """An amount that may be small."""
        return formats.amount(value, self.language.locale)

    def percent(self, value: Fraction | None, digits: int = 2) -> str:
        """A share in per cent, or a dash."""
        return formats.percent(value, self.language.locale, digits)

    def rate(self, value: Fraction | None, digits: int = 2) -> str:
        """An operating rate, never printed as the target it misses; a dash if there is none."""
        return formats.percent(value, self.language.locale, digits, RULES.target)

    def plain(self, value: float | None) -> str:
        """A figure with the decimals it has, or a dash."""
        return formats.plain(value, self.language.locale)

    def instant(self, ms: int | None) -> str:
        """Local date and time, or a dash."""
        return formats.instant(ms, self.zone)

    def day(self, value: date | None) -> str:
        """A civil day, or a dash."""
        return formats.day(value)

    def month(self, value: Month) -> str:
        """A month by its name."""
        return formats.month(value, self.language.locale)

    def age(self, ms: int | None) -> str:
        """How long ago; a dash for never."""
        if ms is None:
            return formats.DASH
        if 0 <= self.now_ms - ms < JUST_NOW_MS:
            return self.text("just now")
        return formats.age(ms, self.now_ms, self.language.locale)

    def span(self, seconds: float) -> str:
        """A length of time."""
        return formats.span(seconds, self.language.locale)

    def since(self, ms: int) -> str:
        """How long something has lasted."""
        return self.span(max(0, self.now_ms - ms) // 60_000 * 60)

    def size(self, count: int) -> str:
        """A number of bytes."""
        return formats.size(count, self.language.locale)

    def visible(self, payload: bytes | str, most: int = 200) -> str:
        """Something foreign, made harmless to look at; no more than so many letters."""
        return formats.visible(payload, most)
