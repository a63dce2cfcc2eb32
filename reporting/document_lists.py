"""The printed lists: stops, data quality, doubtful facilities, and changes against the revision before."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Generic, NamedTuple, Protocol, TypeVar
from zoneinfo import ZoneInfo

from registry.finding_words import hint
from reporting import document_cells as cell
from reporting.document_cells import Column, Json, Tone
from reporting.document_words import DocumentWords
from reporting.figures import MonthFigures
from reporting.month_lines import Change, FindingLine, QualityLine
from reporting.rate import RULES
from reporting.station_lines import StationLine, StopLine

_CITY = "city"
Line = TypeVar("Line")


class _Row(NamedTuple, Generic[Line]):
    number: int
    line: Line


_Stop = _Row[StopLine]
_Quality = _Row[QualityLine]
_Finding = _Row[FindingLine]
_Change = _Row[Change]


class _OfStation(Protocol):
    @property
    def station(self) -> StationLine: ...


def stops_table(figures: MonthFigures, words: DocumentWords, companies: Mapping[str, str]) -> Json:
    """One line a stop; those of four and more days are marked."""

    def tone(row: _Stop) -> Tone:
        return "bad" if row.line.days >= RULES.stop_days else ""

    def last(row: _Stop) -> str:
        return words.text("ongoing") if row.line.is_ongoing else cell.day(row.line.last)

    column = Column[_Stop]
    columns: list[Column[_Stop]] = [
        *_whose(words, companies, has_town=True),
        column(words.text("first_day"), 1.3, lambda row: cell.day(row.line.first), "center"),
        column(words.text("last_day"), 1.3, last, "center"),
        column(words.text("days"), 0.7, lambda row: cell.whole(row.line.days), tone=tone),
        column(words.text("stop_reasons"), 2.4, lambda row: words.codes("reason", row.line.reasons), "left"),
        column(words.text("energy_meanwhile"), 1.2, lambda row: cell.amount(row.line.energy_kwh)),
        column(words.text("volume_meanwhile"), 1.2, lambda row: cell.amount(row.line.volume_m3)),
        column(words.text("handling"), 2.4, lambda _: "", "left"),
    ]
    rows = [_Stop(number, line) for number, line in enumerate(figures.stops, start=1)]
    return cell.table(words.text("title_stops"), columns, rows, words.text("no_stops"))


def quality_table(figures: MonthFigures, words: DocumentWords, companies: Mapping[str, str]) -> Json:
    """One line a facility whose data lack a day or that a person corrected; the workbook lists the others."""

    def tone(row: _Quality) -> Tone:
        countable = row.line.station.month.countable_days
        return "doubtful" if row.line.unknown_days > countable * RULES.unknown_share else ""

    def valid_share(row: _Quality) -> str:
        hours, due = row.line.valid_hours, row.line.due_hours
        return cell.share(None if hours is None or not due else hours / due)

    def unknown_share(row: _Quality) -> str:
        countable = row.line.station.month.countable_days
        return cell.share(Fraction(row.line.unknown_days, countable) if countable else None)

    column = Column[_Quality]
    columns: list[Column[_Quality]] = [
        *_whose(words, companies),
        column(words.text("countable"), 0.9, lambda row: cell.whole(row.line.station.month.countable_days)),
        column(words.text("due_hours"), 1, lambda row: cell.whole(row.line.due_hours)),
        column(words.text("valid_hours"), 1, lambda row: cell.plain(row.line.valid_hours)),
        column(words.text("valid_share"), 1, valid_share),
        column(words.text("unknown"), 0.9, lambda row: cell.whole(row.line.unknown_days)),
        column(words.text("unknown_share"), 1.1, unknown_share, tone=tone),
        column(words.text("longest_unknown"), 1, lambda row: cell.whole(row.line.longest_unknown_days)),
        column(words.text("corrected"), 1, lambda row: cell.whole(row.line.corrected_days)),
    ]
    lines = [line for line in figures.quality if line.unknown_days or line.corrected_days]
    rows = [_Quality(number, line) for number, line in enumerate(lines, start=1)]
    empty = words.said("no_doubt") if figures.quality else words.text("no_quality")
    return cell.table(words.said("title_quality"), columns, rows, empty)


def findings_table(
    figures: MonthFigures, words: DocumentWords, companies: Mapping[str, str], zone: ZoneInfo
) -> Json:
    """One line a finding, with room to write what a visit found."""
    column = Column[_Finding]
    columns: list[Column[_Finding]] = [
        *_whose(words, companies),
        column(words.text("first_seen"), 1.3, lambda row: cell.day(row.line.first), "center"),
        column(words.text("last_seen"), 1.3, lambda row: cell.day(row.line.last), "center"),
        column(
            words.text("hint"),
            6,
            lambda row: hint(row.line.code, row.line.evidence, words.language, zone),
            "left",
        ),
        column(words.text("visited"), 2.4, lambda _: "", "left"),
    ]
    rows = [_Finding(number, line) for number, line in enumerate(figures.findings, start=1)]
    return cell.table(words.text("title_findings"), columns, rows, words.text("no_findings"))


def changes_table(figures: MonthFigures, words: DocumentWords) -> Json:
    """One line a change, in the order given."""

    def subject(row: _Change) -> str:
        return "" if row.line.subject == _CITY else row.line.subject

    def called(row: _Change) -> str:
        return row.line.name or (words.said("everywhere") if row.line.subject == _CITY else "")

    column = Column[_Change]
    columns: list[Column[_Change]] = [
        column(words.text("number"), 0.6, lambda row: str(row.number), "center"),
        column(words.text("subject"), 1.6, subject, "center"),
        column(words.text("called"), 3.4, called, "left"),
        column(words.text("what"), 2.4, lambda row: words.code("change", row.line.what), "left"),
        column(
            words.text("before"), 1.6, lambda row: _shown(words, row.line.what, row.line.before), "center"
        ),
        column(words.text("after"), 1.6, lambda row: _shown(words, row.line.what, row.line.after), "center"),
    ]
    rows = [_Change(number, line) for number, line in enumerate(figures.changes, start=1)]
    return cell.table(words.text("title_changes"), columns, rows, "")


def _whose(
    words: DocumentWords, companies: Mapping[str, str], *, has_town: bool = False
) -> list[Column[Any]]:
    """The columns of lists that say of which facility a line is."""
    column = Column[_Row[_OfStation]]
    town: Column[Any] = column(words.text("town"), 1.2, lambda row: row.line.station.address.town, "left")

    def company(row: _Row[_OfStation]) -> str:
        return companies.get(row.line.station.month.facility.company, "")

    return [
        column(words.text("number"), 0.6, lambda row: str(row.number), "center"),
        column(words.text("id"), 1.5, lambda row: row.line.station.id, "center"),
        column(words.text("name"), 3, lambda row: row.line.station.address.name, "left"),
        column(words.text("county"), 1.2, lambda row: row.line.station.address.county, "left"),
        *([town] if has_town else []),
        column(words.text("company"), 2.2, company, "left"),
    ]


def _shown(words: DocumentWords, what: str, written: str) -> str:
    """A value for people; what cannot be read as it is written."""
    if written and what.startswith("rate_"):
        try:
            return cell.share(Fraction(written))
        except (ValueError, ZeroDivisionError):
            return written
    return words.code("judgement", written) if what == "verdict" else written
