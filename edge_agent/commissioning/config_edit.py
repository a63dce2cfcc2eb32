"""Changes to the text of an `agent.toml` that leave everything else as it stands: comments, order, spacing.

What is to come out is worked out on plain values first. The text is then taken apart at its `[…]` lines and
only the tables in question are changed; what comes out is read again and compared. A text of odd spelling is
changed more roughly, or not at all.
"""

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import tomlkit
from tomlkit.exceptions import TOMLKitError

Plain = dict[str, Any]
"""A TOML table as plain values."""
Wanted = Mapping[str, Mapping[str, Any] | Sequence[Plain]]

_HEADER = re.compile(r"[ \t]*\[\[?[^\[\]]+\]\]?[ \t]*(#.*)?$")


class NotEditableError(ValueError):
    """No text comes out that says what was wanted and keeps the rest."""


class _Section(NamedTuple):
    """A piece of the text from one `[…]` line up to the next.

    Attributes:
        name: of its top table; nothing for what stands before the first.
        key: which of several: the table's key in its top table, or a list element's id.
        body: its lines; comments glued to them are about them.
        tail: comments and empty lines behind the first empty line; they are about what follows.
    """

    name: str
    key: str
    body: str
    tail: str


def with_tables(text: str, wanted: Wanted) -> str:
    """A text whose top tables of these names hold just these values; other tables stay as they are.

    Args:
        text: valid TOML.
        wanted: by name a table, a table of tables, or a list of tables with an `id` each, whose order does
            not matter; empty ones are left out.

    Raises:
        NotEditableError: that cannot be done without loss.
    """
    former = tomllib.loads(text)
    expected = {name: each for name, each in former.items() if name not in wanted}
    expected |= {name: each for name, each in wanted.items() if each}
    changed_names = [name for name in wanted if former.get(name) != expected.get(name)]
    if not changed_names:
        return text
    ways: tuple[Callable[[str, str, Any], str], ...] = (_gently, _roughly)
    for way in ways:
        try:
            changed = text
            for name in changed_names:
                changed = way(changed, name, expected.get(name))
            if _unordered(tomllib.loads(changed)) == _unordered(expected):
                return changed
        except (TOMLKitError, ValueError, KeyError, IndexError, AttributeError, TypeError):
            continue  # odd but valid spellings
    raise NotEditableError


def _gently(text: str, name: str, value: Any) -> str:  # noqa: ANN401 - a TOML value is of any kind
    """Change keys in place; a new table comes behind the last of its name, or at the end."""
    sections = _sections(text)
    values = _by_key(value)
    done: set[str] = set()
    last = max((place for place, each in enumerate(sections) if each.name == name), default=None)
    pieces = []
    for place, section in enumerate(sections):
        if section.name != name:
            pieces.append(section.body + section.tail)
            continue
        is_kept = section.key in values and section.key not in done
        if is_kept:
            done.add(section.key)
            pieces.append(
                _ended(_changed(section, name, values[section.key], is_list=isinstance(value, list)))
            )
        if place == last:
            new = [_rendered(name, key, each, value) for key, each in values.items() if key not in done]
            pieces += [("\n" if is_kept else "") + "\n".join(new)] if new else []
            is_kept = is_kept or bool(new)
        pieces.append(section.tail if is_kept or section.tail.strip() else "")
    if last is None:
        end = "".join(pieces).rstrip()
        new = [_rendered(name, key, each, value) for key, each in values.items()]
        return "\n".join([*([f"{end}\n"] if end else []), *new])
    return "".join(pieces)


def _roughly(text: str, name: str, value: Any) -> str:  # noqa: ANN401 - a TOML value is of any kind
    """Take what stands there out, and write it anew at the end."""
    document = tomlkit.parse(text)
    if name in document:
        document.remove(name)
    end = tomlkit.dumps(document).rstrip()
    new = [_rendered(name, key, each, value) for key, each in _by_key(value).items()]
    return "\n".join([*([f"{end}\n"] if end else []), *new])


def _sections(text: str) -> list[_Section]:
    pieces = [""]
    for line in text.splitlines(keepends=True):
        if _HEADER.match(line) and _is_whole(pieces[-1]):
            pieces.append("")
        pieces[-1] += line
    sections: list[_Section] = []
    for piece in pieces:
        body, tail = _split_tail(piece)
        name, key = _place(body)
        before = sections[-1] if sections else None
        if before is not None and name and (before.name, before.key) == (name, key):
            sections[-1] = _Section(name, key, before.body + before.tail + body, tail)
        elif (
            before is not None and name and not key and isinstance(tomllib.loads(before.body).get(name), list)
        ):
            sections[-1] = _Section(name, before.key, before.body + before.tail + body, tail)
        else:
            sections.append(_Section(name, key, body, tail))
    return sections


def _is_whole(piece: str) -> bool:
    """Whether a piece can stand by itself, so that the next line is no part of a longer text or list."""
    try:
        tomllib.loads(piece)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _split_tail(piece: str) -> tuple[str, str]:
    lines = piece.splitlines(keepends=True)
    end = len(lines)
    while end and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
        end -= 1
    while end < len(lines) and lines[end].strip():
        end += 1
    return "".join(lines[:end]), "".join(lines[end:])


def _place(body: str) -> tuple[str, str]:
    """The top table that a section belongs to, and its key there."""
    if not _HEADER.match(body.partition("\n")[0].rstrip("\r")):
        return "", ""
    [(name, table)] = tomllib.loads(body).items()
    if isinstance(table, list):
        return name, str(table[0].get("id", ""))
    [header] = tomllib.loads(body.partition("\n")[0]).values()
    return name, next(iter(header), "")


def _by_key(value: Any) -> dict[str, Plain]:  # noqa: ANN401 - a TOML value is of any kind
    """The tables to write: elements of a list by id, tables of a table by name, or the one table itself."""
    if isinstance(value, list):
        return {str(each["id"]): each for each in value}
    if value and all(isinstance(each, dict) for each in value.values()):
        return dict(value)
    return {"": value} if value else {}


def _changed(section: _Section, name: str, value: Plain, *, is_list: bool) -> str:
    document = tomlkit.parse(section.body)
    held: Any = document[name]
    if is_list:
        held = held[0]
    elif section.key:
        held = held[section.key]
    _set_table(held, value)
    return tomlkit.dumps(document)


def _set_table(held: Any, wanted: Plain) -> None:  # noqa: ANN401 - tables of several kinds
    for key in [key for key in held if key not in wanted]:
        held.remove(key)
    former = held.unwrap()
    for key, value in wanted.items():
        if isinstance(former.get(key), dict) and isinstance(value, dict):
            _set_table(held[key], value)
        elif former.get(key) != value or type(former[key]) is not type(value):
            held[key] = tomlkit.parse(f"it = {_text(value)}\n")["it"] if isinstance(value, dict) else value


def _rendered(name: str, key: str, table: Plain, value: Any) -> str:  # noqa: ANN401 - a TOML value is of any kind
    """The text of a new table."""
    if isinstance(value, list):
        header = f"[[{_key(name)}]]"
    else:
        header = f"[{_key(name)}.{_key(key)}]" if key or value is not table else f"[{_key(name)}]"
    return "".join([f"{header}\n", *(f"{_key(word)} = {_text(each)}\n" for word, each in table.items())])


def _text(value: Any) -> str:  # noqa: ANN401 - a TOML value is of any kind
    """A value as it stands behind its key; a table as `{ … }`."""
    if isinstance(value, dict):
        words = [f"{_key(key)} = {_text(each)}" for key, each in value.items()]
        return f"{{ {', '.join(words)} }}" if words else "{}"
    return str(tomlkit.item(value).as_string())


def _key(name: str) -> str:
    return str(tomlkit.key(name).as_string())


def _ended(text: str) -> str:
    return text if text.endswith("\n") else f"{text}\n"


def _unordered(tables: Plain) -> Plain:
    """The same with lists of tables by their ids, as their order says nothing."""
    return {
        name: {str(each["id"]): each for each in value} | {"": len(value)}
        if _is_list_of_tables(value)
        else value
        for name, value in tables.items()
    }


def _is_list_of_tables(value: object) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(each, dict) and "id" in each for each in value)
    )
