"""Text for a terminal: aligned columns, where a Chinese letter takes two places, and colours."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence

GREEN, RED, BOLD_RED, YELLOW, PLAIN = "\x1b[1;32m", "\x1b[31m", "\x1b[1;31m", "\x1b[33m", "\x1b[0m"


def table(rows: Iterable[Sequence[str]], *, indent: str = "", right: Sequence[int] = ()) -> list[str]:
    """Rows as lines of aligned columns, the last as long as it is."""
    cells = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(width, column)) for column in zip(*cells, strict=True)]
    lines = []
    for row in cells:
        gaps = [" " * (most - width(cell)) for cell, most in zip(row, widths, strict=True)]
        padded = [
            gap + cell if column in right else cell + gap
            for column, (cell, gap) in enumerate(zip(row, gaps, strict=True))
        ]
        lines.append((indent + "  ".join(padded)).rstrip())
    return lines


def printable(text: str) -> str:
    """A text of elsewhere without what could command a terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def width(text: str) -> int:
    """How wide a text is on a terminal."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def wrapped(text: str, room: int, *, hanging: str = "") -> list[str]:
    """A text as lines of so many columns, the later ones behind `hanging`.

    It is broken at blanks and between Chinese letters, never before a full stop or the like.
    """
    found, line = [], ""
    for piece in _pieces(text):
        if line.strip() and width((line + piece).rstrip()) > room:
            found.append(line.rstrip())
            line = hanging + piece.lstrip()
        else:
            line += piece
    return [*found, line.rstrip()]


def _pieces(text: str) -> Iterator[str]:
    """The parts of a text between which a line may be broken."""
    piece = ""
    for letter in text:
        if width(letter) == 2 and letter not in _NEVER_FIRST:
            if piece:
                yield piece
            piece = letter
        elif letter != " " and piece[-1:] and (piece[-1] == " " or _ends_wide(piece, letter)):
            yield piece
            piece = letter
        else:
            piece += letter
    yield piece


_NEVER_FIRST = "，。；：？！、）"


def _ends_wide(piece: str, letter: str) -> bool:
    """Whether a line may be broken between a Chinese letter and what follows."""
    return width(piece[-1]) == 2 and piece[-1] != "（" and letter not in _NEVER_FIRST
