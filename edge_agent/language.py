"""Which language the installer reads: said, or as the system is set."""

from collections.abc import Mapping
from typing import Literal, get_args

Language = Literal["en", "zh-CN"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
_VARIABLES = ("QINGLIU_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


def language_in(environment: Mapping[str, str]) -> Language:
    """The language of an environment: the first of QINGLIU_LANGUAGE, LC_ALL, LC_MESSAGES and LANG decides."""
    said = next((environment[name] for name in _VARIABLES if environment.get(name)), "")
    return "zh-CN" if said.lower().startswith("zh") else "en"
