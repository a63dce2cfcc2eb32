"""Pages as text: elements whose words and attributes are escaped, always."""

from html import escape
from typing import Final

_EMPTY: Final = frozenset({"input", "br", "meta", "link", "hr"})


class Html(str):
    """A text that is markup already; anything else is escaped where it is put in."""

    __slots__ = ()


def tag(name: str, /, *inside: object, **attributes: object) -> Html:
    """An element; None is left out.

    An attribute's trailing underscore falls away and others become hyphens; True stands for its name alone,
    None and False for nothing.
    """
    named = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _EMPTY:
        return Html(f"<{name}{named}>")
    return Html(f"<{name}{named}>{joined(*inside)}</{name}>")


def joined(*parts: object) -> Html:
    """Parts one after the other; lists are taken apart."""
    texts = []
    for part in parts:
        if part is None:
            continue
        if isinstance(part, list | tuple):
            texts.append(joined(*part))
        elif isinstance(part, Html):
            texts.append(part)
        else:
            texts.append(Html(escape(str(part))))
    return Html("".join(texts))


def document(language: str, head: Html, body: Html) -> bytes:
    """A whole page; letters that are none (lone surrogates) become question marks."""
    page = f'<!doctype html>\n<html lang="{escape(language)}">{head}{body}</html>\n'
    return page.encode("utf-8", "replace")


def _attribute(key: str, value: object) -> str:
    name = key.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'
