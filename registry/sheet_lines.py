"""The cells of a table file, CSV or XLSX, as lines of texts; what the columns mean is for `sheet` to say."""

import csv
import warnings
from collections.abc import Collection, Iterable
from io import BytesIO, StringIO
from pathlib import Path
from zipfile import ZipFile

from registry.cells import cell_text
from service.settings import Fault, SettingsError

MOST_ROWS, MOST_BYTES = 100_000, 64 * 2**20
"""More is no list that people keep."""
MOST_UNPACKED = 512 * 2**20
"""Bytes of all parts of a workbook; a thousandth of that may be enough to say as much."""
_SEPARATORS = (",", ";", "\t")
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}
_LONGEST_HEAD = 20_000
_EMPTY: list[str] = []


def lines_of(path: Path, sheets: Collection[str] = ()) -> list[list[str]]:
    """All lines of a file, of cells without spaces around them; a line may have any number.

    Args:
        path: the file; what it is is seen from its first bytes.
        sheets: names of the sheet of a workbook, in any case; else the first is read.

    Raises:
        SettingsError: it cannot be read, is no table or too large for one.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise SettingsError(str(path), [Fault("", f"cannot be read: {error.strerror}")]) from error
    if len(data) > MOST_BYTES:
        raise SettingsError(str(path), [Fault("", "larger than 64 MB", remedy="Split it.")])
    if data.startswith(_OLE):
        remedy = "Save it as .xlsx, without a password."
        fault = Fault("", "an old .xls workbook or one with a password", remedy=remedy)
        raise SettingsError(str(path), [fault])
    return _workbook(str(path), data, sheets) if data.startswith(_ZIP) else _csv(str(path), data)


def _csv(file: str, data: bytes) -> list[list[str]]:
    text = decoded(file, data)
    first, _, rest = text.partition("\n")
    if first.strip().strip('"').lower().startswith("sep=") and rest:  # Excel's own way to name it
        separator, text = first.strip().strip('"')[4:] or "\t", "\n" + rest
    else:
        separator = max(_SEPARATORS, key=_head_line(text).count)
    try:
        lines = csv.reader(StringIO(text, newline=""), delimiter=separator)
        return _limited(file, ([cell.strip() for cell in line] for line in lines))
    except (csv.Error, TypeError, ValueError) as error:
        raise SettingsError(file, [Fault("", f"cannot be read: {error}")]) from error


def _head_line(text: str) -> str:
    """The first line that is not empty, without what stands in quotes, where a head may have lines."""
    bare = "".join(text[:_LONGEST_HEAD].split('"')[::2])
    return next((line for line in bare.splitlines() if line.strip()), "")


def decoded(file: str, data: bytes) -> str:
    """The text of a file that people saved: UTF-8, UTF-16 with its mark, or GB18030.

    Raises:
        SettingsError: it is none of them.
    """
    marked = next((name for mark, name in _MARKS.items() if data.startswith(mark)), None)
    for encoding in [marked] if marked else ["utf-8", "gb18030"]:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    fault = Fault("", "cannot be read: neither UTF-8 nor GB18030 text", remedy='Save it as "CSV UTF-8".')
    raise SettingsError(file, [fault])


def _workbook(file: str, data: bytes, sheets: Collection[str]) -> list[list[str]]:
    import openpyxl  # noqa: PLC0415 - loaded on use

    wanted = {name.casefold() for name in sheets}
    try:
        _refuse_bomb(file, data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of looks and drop-down lists, which are not read
            book = openpyxl.load_workbook(BytesIO(data), read_only=True, data_only=True)
            try:
                pages = book.worksheets
                page = next((each for each in pages if each.title.strip().casefold() in wanted), pages[0])
                page.reset_dimensions()  # some programs write wrong ones
                rows = page.iter_rows(values_only=True)
                return _limited(file, ([cell_text(value) for value in row] for row in rows))
            finally:
                book.close()
    except SettingsError:
        raise
    except Exception as error:
        # a damaged workbook fails in any way that zip, XML or the library know
        said = " ".join(str(error).split())[:80]
        fault = Fault("", f"not a workbook that can be read: {said}", remedy="Save it anew.")
        raise SettingsError(file, [fault]) from error


def _refuse_bomb(file: str, data: bytes) -> None:
    with ZipFile(BytesIO(data)) as packed:  # of a part no more is ever read than is told here
        unpacked = sum(part.file_size for part in packed.infolist())
    if unpacked > MOST_UNPACKED:
        raise SettingsError(file, [Fault("", "larger than 512 MB unpacked", remedy="Split it.")])


def _limited(file: str, lines: Iterable[list[str]]) -> list[list[str]]:
    """All lines, the empty ones without cells: a workbook may have a million of them."""
    kept: list[list[str]] = []
    many = 0
    for line in lines:
        is_said = any(line)
        kept.append(line if is_said else _EMPTY)
        many += is_said
        if many > MOST_ROWS:
            raise SettingsError(file, [Fault("", f"has more than {MOST_ROWS} rows", remedy="Split it.")])
    return kept
