"""The two lists of a month that are about its data: how good they were, and what in them is doubtful."""

from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.tables import Finding
from reporting.month_lines import FindingLine, QualityLine
from reporting.station_lines import StationLine

HOURS_A_DAY = 24
_FIRST_NOTED = "first_noted"
"""Kept in the evidence of a finding for its keeping; it says nothing to people."""


def quality_lines(lines: Iterable[StationLine]) -> list[QualityLine]:
    """How good the data of each facility with a countable day were, in the order given."""
    return [
        QualityLine(
            station=line,
            valid_hours=line.data.valid_hours,
            due_hours=HOURS_A_DAY * line.month.countable_days,
            unknown_days=line.month.unknown,
            longest_unknown_days=line.data.longest_unknown_days,
            corrected_days=line.data.corrected_days,
        )
        for line in lines
        if line.month.countable_days
    ]


def finding_lines(
    session: Session, lines: Sequence[StationLine], first: date, until: date
) -> list[FindingLine]:
    """What was found of facilities and stood on a day from first to until, in the order of the facilities.

    One that went on after `until` is told as lasting until then: so a month that is over is told the same
    whenever it is asked for.
    """
    places = {line.id: place for place, line in enumerate(lines)}
    rows = session.execute(
        select(Finding.station_id, Finding.code, Finding.first_day, Finding.last_day, Finding.evidence).where(
            Finding.last_day >= first, Finding.first_day <= until
        )
    )
    found = [
        (places[station], begun, code, min(ended, until), evidence)
        for station, code, begun, ended, evidence in rows
        if station in places
    ]
    found.sort(key=lambda each: each[:3])
    return [
        FindingLine(
            lines[place],
            code,
            begun,
            ended,
            {name: value for name, value in evidence.items() if name != _FIRST_NOTED},
        )
        for place, begun, code, ended, evidence in found
    ]
