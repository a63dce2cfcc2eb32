"""The plan's own targets by county, from a small list that people keep: villages, those treated, share."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path

from reporting.given_table import Columns, at_line, read_given
from reporting.month_lines import PlanLine
from service.settings import Fault, SettingsError

PLAN: Columns = {
    "county": ("县区代码", "区县代码", "行政区划代码"),
    "name": ("县区", "区县", "县区名称", "区县名称", "县(市、区)"),
    "villages": ("行政村数", "村数"),
    "treated": ("已治理村数", "已治理", "治理村数"),
    "target": ("目标", "治理率目标", "目标治理率"),
}
_REQUIRED = ("county", "villages", "treated", "target")
_COUNT = re.compile(r"\d{1,7}", re.ASCII)
_SHARE = re.compile(r"(\d{1,3}(?:\.\d{1,9})?)\s*(%?)", re.ASCII)


def read_plan(path: Path | str) -> list[PlanLine]:
    """Read the list, CSV or XLSX, in its own order.

    Villages and those treated are whole numbers; the target is a share such as 0.45 or 45%, or empty.

    Raises:
        SettingsError: with all faults of the file.
    """
    table = read_given(Path(path), PLAN, _REQUIRED)
    lines: list[PlanLine] = []
    faults = list(table.faults)
    seen: set[str] = set()
    for line, texts in table.rows:
        given = dict(zip(table.columns, texts, strict=True))
        cells = {name: unicodedata.normalize("NFKC", text) for name, text in given.items()}
        wrong = list(_faults_of(cells, seen))
        faults += [fault._replace(path=at_line(line, fault.path)) for fault in wrong]
        seen.add(cells["county"])
        if not wrong:
            lines.append(
                PlanLine(
                    cells["county"],
                    given["name"],
                    int(cells["villages"]),
                    int(cells["treated"]),
                    _share(cells["target"]),
                )
            )
    if not table.rows:
        faults.append(Fault("", "names no county", remedy="Add them."))
    if faults:
        raise SettingsError(table.file, faults)
    return lines


def _faults_of(cells: Mapping[str, str], seen: set[str]) -> Iterator[Fault]:
    county = cells["county"]
    if not county:
        yield Fault("county", "is required", remedy="Write the county's code.")
    elif county in seen:
        yield Fault("county", "stands twice", county, "Leave one of them.")
    counts = {name: cells[name] for name in ("villages", "treated")}
    for name, text in counts.items():
        if not _COUNT.fullmatch(text):
            yield Fault(name, "must be a whole number", text, "Correct it.")
    if all(map(_COUNT.fullmatch, counts.values())) and int(counts["treated"]) > int(counts["villages"]):
        rule = f"must not be more than the villages, {counts['villages']}"
        yield Fault("treated", rule, counts["treated"], "Correct one of them.")
    share = _share(cells["target"])
    if cells["target"] and (share is None or share > 1):
        yield Fault("target", "must be a share such as 0.45 or 45%", cells["target"], "Correct it.")


def _share(text: str) -> Fraction | None:
    """The exact share that a text says; None if it says none."""
    found = _SHARE.fullmatch(text)
    return Fraction(found[1]) / (100 if found[2] else 1) if found else None
