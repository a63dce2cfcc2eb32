"""The label for the cabinet: whose box it is, and the fingerprint by which its certificate is known.

The code (ISO/IEC 18004) holds `qingliu:1:STATION:FINGERPRINT`, the fingerprint as the certificate's SHA-256,
64 hex digits. Set with typst, which turns letters into outlines, so that any machine prints them.
"""

import json
from collections.abc import Sequence
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Literal, NamedTuple, TextIO

from registry.identity.certificates import short
from registry.identity.errors import IdentityError
from registry.identity.private_file import PUBLIC, write_whole

Kind = Literal["pdf", "svg"]
_TEMPLATE = "label.typ"
_WORDS = {
    "zh-CN": {"fingerprint": "证书指纹", "issued": "签发", "lang": "zh"},
    "en": {"fingerprint": "Certificate", "issued": "issued", "lang": "en"},
}


class Label(NamedTuple):
    """What a label says; `sha256` is the certificate's fingerprint, 64 hex digits."""

    station: str
    name: str
    sha256: str
    issued: date


def coded(station: str, sha256: str) -> str:
    """What the code on the label holds."""
    return f"qingliu:1:{station}:{sha256}"


def show_code(station: str, sha256: str, screen: TextIO) -> None:
    """Draw the code on a terminal."""
    import segno  # noqa: PLC0415 - the library is loaded on use

    segno.make(coded(station, sha256), error="m", micro=False).terminal(screen, border=2, compact=True)


def write_labels(
    path: Path, labels: Sequence[Label], centre: str, language: str, *, is_sheet: bool
) -> list[Path]:
    """Write labels of 90 × 50 mm as PDF or SVG; returns the files, of which SVG has one a page.

    Args:
        path: ends with .pdf or .svg.
        labels: at least one.
        centre: name of the centre, on each label.
        language: `zh-CN` or `en`.
        is_sheet: ten to a sheet of A4 with marks to cut along; else one to a page of its size.

    Raises:
        IdentityError: another ending, or it cannot be written.
    """
    kind = kind_of(path)
    pages = _set(labels, centre, language, kind, is_sheet=is_sheet)
    if len(pages) == 1:
        places = [path]
    else:
        places = [
            path.with_name(f"{path.stem}-{number:02}{path.suffix}") for number in range(1, len(pages) + 1)
        ]
    for place, page in zip(places, pages, strict=True):
        write_whole(place, page, PUBLIC)
    return places


def kind_of(path: Path) -> Kind:
    """`pdf` or `svg`, by the file's ending.

    Raises:
        IdentityError: it is neither.
    """
    match path.suffix.lower():
        case ".pdf":
            return "pdf"
        case ".svg":
            return "svg"
        case _:
            raise IdentityError(
                f"labels: must end with .pdf or .svg (got {path.name}). Name another file.", 2
            )


def _set(labels: Sequence[Label], centre: str, language: str, kind: Kind, *, is_sheet: bool) -> list[bytes]:
    import typst  # noqa: PLC0415 - the library is loaded on use

    words = _WORDS[language]
    data = {
        "sheet": is_sheet,
        "lang": words["lang"],
        "centre": centre,
        "fingerprint": words["fingerprint"],
        "labels": [
            {
                "station": each.station,
                "name": each.name,
                "digits": short(each.sha256),
                "issued": f"{words['issued']} {each.issued.isoformat()}",
                "code": _code_svg(coded(each.station, each.sha256)),
            }
            for each in labels
        ],
    }
    template = files("registry.identity").joinpath(_TEMPLATE).read_bytes()
    made: bytes | list[bytes] | None = typst.compile(
        template,
        format=kind,
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
    )
    return list(made) if isinstance(made, list) else [bytes(made or b"")]


def _code_svg(text: str) -> str:
    """The code as one path, with the quiet zone of four modules that readers need."""
    import segno  # noqa: PLC0415 - the library is loaded on use

    rows = segno.make(text, error="m", micro=False).matrix
    size = len(rows) + 8
    dots = "".join(
        f"M{x + 4} {y + 4}h1v1h-1z" for y, row in enumerate(rows) for x, is_dark in enumerate(row) if is_dark
    )
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}"><path d="{dots}"/></svg>'
