"""What an installer's answers mean, typed or given beforehand, and what to say where they mean nothing."""

import ipaddress
from collections.abc import Iterable

import msgspec

from edge_agent.commissioning.setup_error import SetupError
from edge_agent.commissioning.setup_words import Words
from edge_agent.profile import Parameter
from telemetry.reading import StationId


def given_answers(texts: Iterable[str], words: Words) -> dict[str, str]:
    """The answers of `--set KEY=VALUE`.

    Raises:
        SetupError: one is not of that form.
    """
    given = {}
    for text in texts:
        key, sign, value = text.partition("=")
        if not sign or not key.strip():
            raise SetupError("", words.not_a_set.format(text=text), "bad_set")
        given[key.strip()] = value.strip()
    return given


def help_of(parameter: Parameter, words: Words) -> str:
    """What a parameter asks for, in the reader's language where the profile has it."""
    return (parameter.help_zh if words.language == "zh-CN" else "") or parameter.help


def answer_to(parameter: Parameter, typed: str) -> float | str | None:
    """What a typed answer means, or None: a choice in any case, a number, or a ratio as 100/5."""
    if parameter.choices:
        same = [each for each in parameter.choices if each.lower() == typed.lower()]
        return typed if typed in parameter.choices else (same[0] if len(same) == 1 else None)
    over, stroke, under = typed.partition("/")
    try:
        number = float(over) / float(under) if stroke else float(over)
    except (ValueError, ZeroDivisionError, OverflowError):
        return None
    if parameter.factor(number) is None:
        return None
    return int(number) if number.is_integer() and number < 1e15 else number


def answer_rule(name: str, parameter: Parameter, typed: str, words: Words) -> str:
    """What an answer must be, for people."""
    if parameter.choices:
        choices = words.comma.join(parameter.choices)
        return words.must_be_one_of.format(name=name, choices=choices, got=typed)
    return words.must_be_number.format(name=name, got=typed)


def shown(answer: float | str | None) -> str:
    """An answer as one types it."""
    return f"{answer:g}" if isinstance(answer, float) else str(answer)


def is_station(text: str) -> bool:
    """Whether a text may be a station's id."""
    try:
        msgspec.convert(text, StationId)
    except msgspec.ValidationError:
        return False
    return True


def station_fault(text: str, words: Words) -> str | None:
    """Why a text is no station id; None if it is one."""
    return None if is_station(text) else words.bad_station


def host_fault(text: str, words: Words) -> str | None:
    """Why a text is no name or address of a centre; None if it may be one."""
    is_plain = bool(text) and text.isprintable() and not set(text) & set(" /@")
    return None if is_plain and (":" not in text or _is_address(text)) else words.bad_host


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def bad_set(key: str, value: str, rule: str, words: Words) -> SetupError:
    """The error that an answer given beforehand is wrong."""
    return SetupError("", words.bad_set.format(key=key, value=value, rule=rule), "bad_set")
