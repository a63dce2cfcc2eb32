"""A payload made readable: inflated, JSON laid out, anything else as a hex dump. Pure.

Whatever the bytes are, it never raises, and time and output stay bounded: what comes from outside may be made
to burst whoever looks at it.
"""

import re
import zlib
from collections.abc import Iterator
from typing import Literal, NamedTuple

import msgspec

from telemetry.batch import MAX_INFLATED_BYTES, ZLIB_MARK

LONGEST_VIEW = 200_000
"""Letters of a view, about."""
_INDENT = "  "
_DEEPEST = 20
"""Levels that are indented; deeper ones stand below each other."""
_ROW_BYTES = 16
_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{},:]|[^\s\[\]{},:"]+', re.DOTALL)


class PayloadView(NamedTuple):
    """What a person sees of a payload.

    Attributes:
        form: `json` laid out, or a `hex` dump.
        text: lines without anything that a terminal or a browser would obey.
        inflated_bytes: how much came out of a compressed payload; None if it was not compressed.
        is_cut: it ends early, because the copy does or because it is too long to show.
    """

    form: Literal["json", "hex"]
    text: str
    inflated_bytes: int | None
    is_cut: bool


def view(payload: bytes, size_bytes: int, longest: int = LONGEST_VIEW) -> PayloadView:
    """Make a kept copy readable.

    Args:
        payload: the copy.
        size_bytes: of the payload as it came; more than the copy has where that is capped.
        longest: letters of text, about.
    """
    opened, is_whole = _opened(payload, MAX_INFLATED_BYTES)
    inflated = None if opened is None else len(opened)
    data = payload if opened is None else opened
    is_whole = is_whole and len(payload) >= size_bytes
    text = _json_text(data, is_whole=is_whole)
    if text is None:
        if not is_whole and inflated is not None and inflated < MAX_INFLATED_BYTES:
            data, inflated = payload, None  # a stream that breaks off into no text tells less than its bytes
        shown, is_long = _joined(_dump(data), longest)
        return PayloadView("hex", shown, inflated, is_long or not is_whole)
    shown, is_long = _joined(_laid_out(text), longest)
    return PayloadView("json", shown, inflated, is_long or not is_whole)


def beginning(payload: bytes, most: int) -> bytes:
    """The first bytes of a payload, inflated if it is compressed."""
    opened, _ = _opened(payload, most)
    return (payload if opened is None else opened)[:most]


def _opened(payload: bytes, most: int) -> tuple[bytes | None, bool]:
    """What a compressed payload holds, `most` bytes of it, and whether that is all; None if it is not one."""
    if not payload or payload[0] != ZLIB_MARK:
        return None, True
    inflater = zlib.decompressobj()
    try:
        opened = inflater.decompress(payload, most)
    except zlib.error:
        return None, True
    return (opened, inflater.eof) if opened or inflater.eof else (None, True)


def _json_text(data: bytes, *, is_whole: bool) -> str | None:
    """The text of what is JSON, or of what is its beginning where the rest is not here; else None."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        if is_whole or len(data) - error.start > 3:  # the cut may go through a letter
            return None
        text = data[: error.start].decode()
    try:
        msgspec.json.decode(text.encode(), type=msgspec.Raw)
    except RecursionError:
        return text  # deeply nested, and laying it out does not recurse
    except msgspec.DecodeError as error:
        is_beginning = not is_whole and text.lstrip()[:1] in ("{", "[") and "truncated" in str(error)
        return text if is_beginning else None
    return text


def _laid_out(text: str) -> Iterator[str]:
    """JSON with a member a line; names, figures and texts stay as they were written."""
    depth, follows = 0, ""
    for found in _PIECE.finditer(text):
        piece = found[0]
        if piece in ("]", "}"):
            depth = max(0, depth - 1)
            yield piece if follows in ("[", "{") else f"{_new_line(depth)}{piece}"
        else:
            if follows in ("[", "{", ","):
                yield _new_line(depth)
            yield ": " if piece == ":" else visible(piece)
        depth += piece in ("[", "{")
        follows = piece


def _new_line(depth: int) -> str:
    return "\n" + _INDENT * min(depth, _DEEPEST)


def _dump(data: bytes) -> Iterator[str]:
    """Offset, bytes and letters, in rows; equal rows are not joined, so that the offsets go on evenly."""
    for start in range(0, len(data), _ROW_BYTES):
        row = data[start : start + _ROW_BYTES]
        letters = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)
        lead = "\n" if start else ""
        yield f"{lead}{start:06x}  {row.hex(' '):<{3 * _ROW_BYTES - 1}}  {letters}"


def _joined(pieces: Iterator[str], longest: int) -> tuple[str, bool]:
    """Pieces until it is long enough, and whether something is left."""
    kept: list[str] = []
    left = longest
    for piece in pieces:
        if len(piece) > left:
            return "".join([*kept, piece[:left]]), True
        kept.append(piece)
        left -= len(piece)
    return "".join(kept), False


def visible(text: str) -> str:
    """Foreign text with everything that a screen might obey turned into escapes."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else _escape(letter) for letter in text)


def _escape(letter: str) -> str:
    code = ord(letter)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
