"""`qingliu report list`: the reports on record."""

import argparse
import json
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry.config import load_centre
from registry.database import registry_at
from reporting.shares import per_cent
from service.civil import clock_of
from service.columns import aligned

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from registry.tables import Report

HELP = "the reports on record, and their files"
_HEADS = ("MONTH", "REV", "STATUS", "MADE", "FROZEN", "BY", "STRICT", "LENIENT", "SHA-256", "FILE")
_SHORT = 12
_FIELDS = (
    "month", "revision", "status", "made_ms", "frozen_ms", "data_cutoff_ms", "rule_version", "author",
    "frozen_by", "note", "figures_sha256", "files", "summary",
)  # fmt: skip


def register(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description = "Lists every revision by month: drafts, which may change, and frozen ones."
    parser.add_argument("--json", action="store_true", help="for machines; with whole hashes and all rates")
    parser.add_argument("--config", type=Path, help="centre.toml")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from reporting.report_rows import revisions  # noqa: PLC0415 - the libraries are loaded on use

    settings = load_centre(arguments.config)
    with registry_at(settings.registry.url) as registry, registry.reading() as session:
        reports = revisions(session)
    if arguments.json:
        print(json.dumps([_object(report) for report in reports], ensure_ascii=False))
    elif not reports:
        print("no report has been made yet")
    else:
        print("\n".join(aligned([_HEADS, *(row for each in reports for row in _rows(each, settings.zone))])))
    return 0


def _object(report: "Report") -> dict[str, Any]:
    return {name: getattr(report, name) for name in _FIELDS}


def _rows(report: "Report", zone: "ZoneInfo") -> list[tuple[str, ...]]:
    """A row a file, the first of them with what is said of the revision."""
    files = [
        (str(file.get("sha256", ""))[:_SHORT], str(file.get("name", ""))) for file in report.files.values()
    ] or [("", "")]
    said = (
        report.month,
        str(report.revision),
        report.status,
        _instant(report.made_ms, zone),
        _instant(report.frozen_ms, zone),
        report.frozen_by or report.author,
        _percent(report.summary.get("by_number_strict")),
        _percent(report.summary.get("by_number_lenient")),
    )
    blank = ("",) * len(said)
    return [(*(blank if number else said), *file) for number, file in enumerate(files)]


def _instant(at_ms: int | None, zone: "ZoneInfo") -> str:
    return "-" if at_ms is None else f"{clock_of(at_ms, zone):%Y-%m-%d %H:%M}"


def _percent(written: object) -> str:
    return f"{per_cent(Fraction(written))}%" if isinstance(written, str) else "-"
