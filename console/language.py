"""The languages of the console: their catalogues, and which one a reader gets.

English texts stand in code and templates; another language is one `.po` file, read as it is at the start,
so that a translator's change needs no build step.
"""

import gettext
import io
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

FOLDER = Path(__file__).parent / "locale"


class Language(NamedTuple):
    """A language pages can be read in: its tag on the web, how it names itself, and its texts."""

    tag: str
    name: str
    locale: Locale
    texts: gettext.NullTranslations


@cache
def load_languages() -> dict[str, Language]:
    """All languages by tag, read once a process; English needs no catalogue."""
    return {
        "zh-CN": Language("zh-CN", "中文", Locale("zh", "CN", script="Hans"), _catalogue("zh_CN")),
        "en": Language("en", "English", Locale("en"), gettext.NullTranslations()),
    }


def choose(
    languages: Mapping[str, Language], asked: str | None, kept: str | None, accepted: str, default: str
) -> Language:
    """The language the address asks for, else the cookie's, else the browser's, else the centre's."""
    for tag in (asked, kept):
        if tag is not None and tag in languages:
            return languages[tag]
    for tag in _by_preference(accepted):
        primary = tag.partition("-")[0]
        for language in languages.values():
            if language.locale.language == primary:
                return language
    return languages[default]


def _by_preference(accepted: str) -> list[str]:
    """Tags of an Accept-Language header, best first; what cannot be read or is refused (q=0) is left out."""
    weighted: list[tuple[float, str]] = []
    for part in accepted.split(","):
        tag, _, parameter = part.strip().lower().partition(";")
        weight = parameter.strip().removeprefix("q=") if parameter else "1"
        try:
            quality = float(weight)
        except ValueError:
            continue
        if tag.strip() and quality > 0:
            weighted.append((-quality, tag.strip()))
    return [tag for _, tag in sorted(weighted, key=lambda pair: pair[0])]


def _catalogue(name: str) -> gettext.GNUTranslations:
    with (FOLDER / f"{name}.po").open("rb") as file:
        catalogue = read_po(file, locale=name)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
