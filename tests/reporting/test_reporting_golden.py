"""The whole workbook of a small month as text, in both languages, beside what it was when last looked at.

A change of the workbook that is meant is written down, and shows in review as a change of these files:

    REWRITE_GOLDEN=1 python -m pytest tests/reporting/test_reporting_golden.py
"""

import io
import os
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from openpyxl import load_workbook
from reporting_centre import IN_NOVEMBER, OCTOBER, ZONE

from registry.tables import Finding
from reporting.figures import month_figures
from reporting.month_lines import Change, PlanLine
from reporting.workbook import Cover, monthly_workbook

GOLDEN = Path(__file__).parent / "golden"
IS_REWRITTEN = os.environ.get("REWRITE_GOLDEN") == "1"
PLAN = [
    PlanLine("410882", "沁阳市", 329, 150, Fraction(1, 2)),
    PlanLine("410823", "武陟县", 347, 200, Fraction(1, 2)),
]
CHANGES = [
    Change("city", "", "rate_strict", "0.500000", "0.625000"),
    Change("410823", "武陟县", "rate_lenient", "", "0.750000"),
    Change("410882-0002", "410882-0002站", "verdict", "normal", "not_normal"),
    Change("410882-0002", "410882-0002站", "stopped", "3", "6"),
    Change("410882-0004", "410882-0004站", "added", "", ""),
]


@pytest.fixture
def figures(city):
    """The small city with a plan, changes and a finding."""
    evidence = {"energy_kwh": 0.1, "floor_kwh": 1, "volume_m3": 18.5, "usual_m3": 20, "first_noted": ""}
    city.add(
        Finding(
            station_id="410882-0002",
            code="effluent_without_power",
            first_day=date(2026, 10, 7),
            last_day=date(2026, 11, 5),
            evidence=evidence,
            noted_ms=1,
        )
    )
    with city.registry.reading() as session:
        return month_figures(session, OCTOBER, ZONE, IN_NOVEMBER, plan=PLAN, changes=CHANGES)


def told(content):
    """Every cell that is not empty, a line each: place, text or value; of a formula its value too."""
    formulas, values = (load_workbook(io.BytesIO(content), data_only=only) for only in (False, True))
    lines = []
    for sheet in formulas:
        lines.append(f"== {sheet.title}")
        stored = values[sheet.title]
        lines += [
            f"{cell.coordinate}: {shown(cell, stored[cell.coordinate].value)}"
            for row in sheet.iter_rows()
            for cell in row
            if cell.value is not None
        ]
    return "\n".join(lines) + "\n"


def shown(cell, value):
    number = f"{value:.12g}" if isinstance(value, int | float) else str(value or "").replace("\n", "⏎")
    number = f"{value:%Y-%m-%d}" if isinstance(value, date) else number
    return f"{number}  {cell.value}" if cell.data_type == "f" else number


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_workbook_says_what_it_said(figures, language):
    found = told(monthly_workbook(figures, Cover("示例中心 (invented)", 2, ZONE, language)))
    file = GOLDEN / f"operating-rate-2026-10.{language}.txt"
    if IS_REWRITTEN:
        file.parent.mkdir(exist_ok=True)
        file.write_text(found, encoding="utf-8")
    assert found.splitlines() == file.read_text(encoding="utf-8").splitlines()
