"""Settings files: read TOML into msgspec structs, and say everything that is wrong with it at once.

A struct is the table of names, types and defaults. `Annotated[..., msgspec.Meta(...)]` carries the rest:
`description` is the help, `examples[0]` the remedy's example, `extra={"rule": ...}` words for a pattern.
"""

import difflib
import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin

import msgspec

T = TypeVar("T")
_LONGEST = 200
"""Letters of a text that stands in the file itself, such as a column's head."""
_MOST_PARTS = 50
_LONG_KEY = re.compile(rf"""(?<![\w-])(?:(?:"[^"\n]*"|'[^'\n]*'|[\w-]++)[ \t]*\.[ \t]*){{{_MOST_PARTS}}}""")
"""Tables in tables in tables; the library's time grows with their square."""

_TYPE_RULES = {
    "int": "must be a whole number",
    "float": "must be a number",
    "str": "must be a text in quotes",
    "bool": "must be true or false",
    "array": "must be a list [ … ]",
    "object": "must be a table",
}


class Fault(NamedTuple):
    """One thing wrong in a file: where, which rule, what was given, what to do."""

    path: str
    rule: str
    got: object = None
    remedy: str = ""

    def line(self, file: str) -> str:
        """Render as one line, `file: path.to.key: rule (got value). What to do.`."""
        got = f" (got {_shown(self.got)})" if self.got is not None else ""
        place = f"{file}: {_visible(_shortened(self.path))}" if self.path else file
        return f"{place}: {_visible(self.rule)}{got}.{' ' + _visible(self.remedy) if self.remedy else ''}"


class SettingsError(Exception):
    """A file cannot be used.

    Attributes:
        file: its name as the user gave it.
        faults: everything found wrong in it.
    """

    def __init__(self, file: str, faults: Iterable[Fault]) -> None:
        self.file = file
        self.faults = list(faults)
        super().__init__("\n".join(self.lines()))

    def lines(self) -> list[str]:
        """One clear line for each fault."""
        return [fault.line(self.file) for fault in self.faults]


def no_more_faults(_settings: object) -> Iterable[Fault]:
    """Check nothing beyond the types."""
    return ()


def file_faults(path: str, name: str, otherwise: Fault | None = None) -> Iterable[Fault]:
    """Say that a file which a key names is not there, or may not be looked at.

    Args:
        path: of the key.
        name: of the file; empty where none is named.
        otherwise: what to say of one that is not there, where the name may be a secret; it is not shown then.
    """
    try:
        is_there = not name or Path(name).is_file()
    except OSError as error:  # in a folder that we may not enter
        rule, remedy = f"cannot be looked at, {error.strerror}", "Run this with sudo, or as its owner."
        yield Fault(path, rule, None if otherwise else name, remedy)
        return
    if not is_there:
        yield otherwise or Fault(path, "there is no such file", name, "Copy it there, or mend the path.")


def load(path: Path, model: type[T], check: Callable[[T], Iterable[Fault]] = no_more_faults) -> T:
    """Read a TOML file into a struct; `check` looks at what joins several keys.

    Raises:
        SettingsError: with all faults of the file.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")  # some editors put a mark before the text
    except FileNotFoundError as error:
        raise SettingsError(
            str(path), [Fault("", "there is no such file", remedy="Name another one or make it.")]
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        remedy = "Run this with sudo, or mend its rights." if isinstance(error, PermissionError) else ""
        raise SettingsError(str(path), [Fault("", f"cannot be read: {reason}", remedy=remedy)]) from error
    return parse(text, str(path), model, check)


def parse(text: str, file: str, model: type[T], check: Callable[[T], Iterable[Fault]] = no_more_faults) -> T:
    """Read TOML text into a struct; like `load` without the file.

    Raises:
        SettingsError: with all faults of the text.
    """
    if _LONG_KEY.search(text):
        rule = f"not valid TOML here: a key of more than {_MOST_PARTS} parts"
        raise SettingsError(file, [Fault("", rule, remedy="Mend that line.")])
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        rule = f"not valid TOML: {_shortened(str(error))}"
        raise SettingsError(file, [Fault("", rule, remedy="Mend that line.")]) from error
    except (ValueError, RecursionError) as error:
        what = "nested too deeply" if isinstance(error, RecursionError) else "a number has too many digits"
        raise SettingsError(file, [Fault("", f"not valid TOML: {what}")]) from error
    faults = list(_faults_of(data, model, ""))
    if faults:
        raise SettingsError(file, faults)
    settings = msgspec.convert(data, model)
    faults = list(check(settings))
    if faults:
        raise SettingsError(file, faults)
    return settings


def _faults_of(value: object, kind: Any, path: str) -> Iterable[Fault]:
    """Walk value and type together; leaves are judged by msgspec."""
    if type(None) in get_args(kind):  # TOML has no null, so an optional key that stands there has a value
        kind = Union[tuple(each for each in get_args(kind) if each is not type(None))]  # noqa: UP007
    if get_origin(kind) is Annotated:
        if not _is_container(get_args(kind)[0]):
            yield from _leaf_faults(value, kind, path)
            return
        kind = get_args(kind)[0]
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        yield from _table_faults(value, kind, path)
    elif get_origin(kind) is dict and isinstance(value, dict):
        for key, item in value.items():
            yield from _faults_of(item, get_args(kind)[1], _joined(path, key))
    elif get_origin(kind) is list and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _faults_of(item, get_args(kind)[0], f"{path}[{index}]")
    else:
        yield from _leaf_faults(value, kind, path)


def _joined(path: str, key: str) -> str:
    """Spell a key below a path, in quotes where TOML wants them."""
    word = key if re.fullmatch(r"[A-Za-z0-9_-]+", key, re.ASCII) else _shown(key)
    return f"{path}.{word}" if path else word


def _is_container(kind: Any) -> bool:
    return get_origin(kind) in (dict, list) or (isinstance(kind, type) and issubclass(kind, msgspec.Struct))


def _table_faults(value: object, kind: type[msgspec.Struct], path: str) -> Iterable[Fault]:
    if not isinstance(value, Mapping):
        yield Fault(path, _TYPE_RULES["object"], value, f"Write [{path}] and its keys below it.")
        return
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for key in value:
        if key not in fields:
            near = difflib.get_close_matches(key, fields, 1)
            remedy = f"Did you mean '{near[0]}'?" if near else f"Known here: {', '.join(fields)}."
            yield Fault(_joined(path, key), "unknown key", remedy=remedy)
    for name, field in fields.items():
        if name in value:
            yield from _faults_of(value[name], field.type, _joined(path, name))
        elif field.required:
            yield Fault(_joined(path, name), "is required", remedy=_remedy(field.type, name) or "Add it.")


def _leaf_faults(value: object, kind: Any, path: str) -> Iterable[Fault]:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        inner = re.search(r" - at `\$(.*)`$", str(error))
        place = path + (inner[1] if inner else "")
        shown = None if any((meta.extra or {}).get("secret") for meta in _metas(kind)) else value
        yield Fault(place, _rule(str(error), kind), shown, _remedy(kind, path.rpartition(".")[2]))


def _rule(message: str, kind: Any) -> str:
    for meta in _metas(kind):
        if meta.extra and "rule" in meta.extra:
            return str(meta.extra["rule"])
    bare = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    if get_origin(bare) is Literal:
        return f"must be one of {', '.join(_shown(choice) for choice in get_args(bare))}"
    wanted = re.match(r"Expected `([\w |]+)[^`]*`(?:, got|( [<>]=? .*?)(?: - at|$))", message)
    if wanted and wanted[2]:
        return f"must be{wanted[2]}"
    rules = [_TYPE_RULES.get(name) for name in wanted[1].split(" | ")] if wanted else [None]
    if all(rules):
        return f"must be {' or '.join(rule.removeprefix('must be ') for rule in rules if rule)}"
    if re.match(r"Expected `str` of length >= 1\b", message):
        return "must not be empty"
    return message.partition(" - at")[0].replace("`", "")


def _remedy(kind: Any, name: str) -> str:
    for meta in _metas(kind):
        if meta.examples:
            return f"Write for example {name} = {_shown(meta.examples[0])}."
    return ""


def _metas(kind: Any) -> list[msgspec.Meta]:
    """What is annotated to a type, the outermost (which knows most) first."""
    return [each for each in get_args(kind)[:0:-1] if isinstance(each, msgspec.Meta)]


def _shown(value: object) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False)
        text = text if text.isprintable() else json.dumps(value)
    except TypeError:
        text = str(value)
    except (ValueError, RecursionError):  # a number of thousands of digits, tables in tables in tables
        text = f"a {type(value).__name__} too large to show"
    return text if len(text) <= 60 else text[:57] + "…"


def _shortened(text: str) -> str:
    """A text that a file may have filled: its beginning and, where the place is told, its end."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 60]}…{text[-59:]}"


def _visible(text: str) -> str:
    """A text in one line, without anything that a terminal obeys."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)
