"""The definition of the operating rate in words, with the thresholds that are applied put in.

A text file holds blocks, each a heading and a paragraph of one line; the first is the definition in short.
"""

from importlib.resources import files
from typing import NamedTuple
from zoneinfo import ZoneInfo

from registry.exclusion_days import CEILING_DAYS
from reporting.rate import RULE_VERSION, RULES
from reporting.words import Words, percent

BEIJING = "Asia/Shanghai"


class Definition(NamedTuple):
    """The definition as it stands on the first sheet, and whole as headings and paragraphs."""

    in_short: str
    in_full: list[tuple[str, str]]


def definition(words: Words, zone: ZoneInfo) -> Definition:
    """Read the definition in a language, for civil days of a zone."""
    text = files("reporting").joinpath(f"definition.{words.language}.txt").read_text(encoding="utf-8")
    is_beijing = words.language == "zh-CN" and zone.key == BEIJING
    filled = text.format(
        target=percent(RULES.target),
        share=percent(RULES.running_share),
        unknown=percent(RULES.unknown_share),
        days=RULES.stop_days,
        closing=RULES.closing_day,
        ceiling=CEILING_DAYS,
        version=RULE_VERSION,
        clock="北京时间" if is_beijing else zone.key,
    )
    blocks = [block.splitlines() for block in filled.strip().split("\n\n")]
    (_, in_short), *in_full = blocks
    return Definition(in_short, [(heading, paragraph) for heading, paragraph in in_full])
