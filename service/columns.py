"""Texts in aligned columns of a terminal, where a Chinese letter takes two places. Pure."""

import unicodedata
from collections.abc import Collection, Iterator, Sequence


def width(text: str) -> int:
    """Columns of a terminal: Chinese letters take two, marks above another letter none."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def visible(text: str) -> str:
    """A text of elsewhere without what could command a terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def aligned(rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> Iterator[str]:
    """Rows of equal length as lines; the columns whose numbers stand in `right` end flush."""
    shown = [[visible(text) for text in row] for row in rows]
    widths = [max(map(width, column)) for column in zip(*shown, strict=True)]
    for row in shown:
        cells = [
            _cell(text, wide, n in right) for n, (text, wide) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def _cell(text: str, wide: int, is_right: bool) -> str:  # noqa: FBT001 - private, one caller
    room = " " * (wide - width(text))
    return room + text if is_right else text + room
