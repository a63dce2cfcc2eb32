"""Which of the installed fonts the printed report is set in. Pure.

A font that lacks Chinese letters would print empty boxes, so there is none to fall back on.
"""

from collections.abc import Collection
from typing import NamedTuple

from service.process import UnavailableError

SANS = (
    "Noto Sans CJK SC", "Source Han Sans SC", "Source Han Sans CN", "Noto Sans SC", "Microsoft YaHei",
    "WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "SimHei",
)  # fmt: skip
SERIF = (
    "Noto Serif CJK SC", "Source Han Serif SC", "Source Han Serif CN", "Noto Serif SC", "SimSun",
    "AR PL UMing CN",
)  # fmt: skip


class FontError(UnavailableError):
    """No font with Chinese letters is installed; the text says what to install."""


class Lettering(NamedTuple):
    """The family of headings, tables and charts, and that of running text."""

    heading: str
    body: str


def lettering(families: Collection[str]) -> Lettering:
    """Choose among the families that are installed; one alone serves for both.

    Raises:
        FontError: none of them is known to have Chinese letters.
    """
    installed = {family.casefold(): family for family in families}
    sans, serif = (
        next((installed[name.casefold()] for name in names if name.casefold() in installed), None)
        for names in (SANS, SERIF)
    )
    heading, body = sans or serif, serif or sans
    if heading is None or body is None:
        raise FontError(
            "report as PDF: no font with Chinese letters is installed "
            f"(looked for {SANS[0]}, {SERIF[0]} and {len(SANS) + len(SERIF) - 2} others). "
            "Install one: apt-get install fonts-noto-cjk"
        )
    return Lettering(heading, body)
