"""The printed table of all facilities, by county."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import NamedTuple

from reporting import document_cells as cell
from reporting.document_cells import Column, Json, Tone
from reporting.document_words import DocumentWords
from reporting.figures import MonthFigures
from reporting.rate import RULES
from reporting.station_lines import StationLine
from reporting.station_sheet import Names


class _Row(NamedTuple):
    number: int
    line: StationLine


def stations_table(figures: MonthFigures, words: DocumentWords, names: Names) -> Json:
    """One line a facility, those that do not count too; a line above those of each county."""
    columns = _columns(figures, words, names.companies)
    rows = [_Row(number, line) for number, line in enumerate(figures.stations, start=1)]
    table = cell.table(
        words.text("title_stations"), columns, [], words.said("no_stations") if not rows else ""
    )
    return table | {"groups": [_group(words, names.counties, columns, list(own)) for own in _by_county(rows)]}


def _by_county(rows: list[_Row]) -> Iterator[Iterator[_Row]]:
    return (own for _, own in groupby(rows, lambda row: row.line.month.facility.county))


def _group(
    words: DocumentWords, counties: Mapping[str, str], columns: list[Column[_Row]], rows: list[_Row]
) -> Json:
    county = rows[0].line.month.facility.county
    due = sum(row.line.month.judgement != "not_counted" for row in rows)
    head = words.said("county_row", county=counties.get(county, county), count=len(rows), due=due)
    return {"head": cell.clean(head), "rows": [cell.cells(columns, row) for row in rows]}


def _columns(figures: MonthFigures, words: DocumentWords, companies: Mapping[str, str]) -> list[Column[_Row]]:
    column = Column[_Row]

    def remarks(row: _Row) -> str:
        return words.said("remarks_between").join(_remarks(figures, words, row.line))

    return [
        column(words.text("number"), 0.75, lambda row: str(row.number), "center"),
        column(words.text("id"), 1.75, lambda row: row.line.id, "center"),
        column(words.text("name"), 2.7, lambda row: row.line.address.name, "left"),
        column(words.text("town"), 1.35, lambda row: row.line.address.town, "left"),
        column(words.text("village"), 1.35, lambda row: row.line.address.village, "left"),
        column(
            words.text("company"),
            2.1,
            lambda row: companies.get(row.line.month.facility.company, ""),
            "left",
        ),
        column(words.text("design"), 1.2, lambda row: cell.plain(row.line.month.facility.design_m3_per_day)),
        column(
            words.text("process"), 1.2, lambda row: words.code("process", row.line.address.process), "center"
        ),
        column(words.text("class"), 0.9, lambda row: words.code("class", row.line.class_), "center"),
        column(words.text("countable"), 0.9, lambda row: cell.whole(row.line.month.countable_days)),
        column(words.text("excluded"), 0.75, lambda row: cell.whole(row.line.month.excluded_days)),
        column(words.text("running"), 0.75, lambda row: cell.whole(row.line.month.running)),
        column(words.text("stopped_days"), 0.75, lambda row: cell.whole(row.line.month.stopped)),
        column(words.text("unknown"), 0.95, lambda row: cell.whole(row.line.month.unknown)),
        column(
            words.text("running_share"),
            1.25,
            lambda row: cell.share(row.line.month.running_share),
            tone=_share_tone,
        ),
        column(words.text("stops"), 0.75, lambda row: cell.whole(row.line.stops)),
        column(
            words.text("longest_stop"),
            1.1,
            lambda row: cell.whole(row.line.month.longest_stop_days),
            tone=_longest_tone,
        ),
        column(words.text("volume"), 1.35, lambda row: cell.amount(row.line.amounts.volume_m3)),
        column(words.text("load"), 1.25, lambda row: cell.share(row.line.amounts.load)),
        column(words.text("energy"), 1.35, lambda row: cell.amount(row.line.amounts.energy_kwh)),
        column(words.text("kwh_per_m3"), 1.3, lambda row: cell.ratio(row.line.amounts.kwh_per_m3)),
        column(
            words.text("judgement"),
            words.choose(1.25, 1.55),
            lambda row: words.code("judgement", row.line.month.judgement),
            "center",
            _judgement_tone,
        ),
        column(words.said("remarks"), 2.6, remarks, "left"),
    ]


def _remarks(figures: MonthFigures, words: DocumentWords, line: StationLine) -> Iterator[str]:
    connected_from = line.month.facility.connected_from
    if connected_from is None or connected_from > figures.until:
        yield words.said("remark_unconnected")
    if line.exclusion_reasons:
        yield words.said("remark_excluded", reasons=words.codes("exclusion", line.exclusion_reasons))
    if line.stop_reasons:
        yield words.said("remark_stopped", reasons=words.codes("reason", line.stop_reasons))
    if line.month.marked_abnormal:
        yield words.said("remark_abnormal")


def _share_tone(row: _Row) -> Tone:
    share = row.line.month.running_share
    return "bad" if share is not None and share < RULES.running_share else ""


def _longest_tone(row: _Row) -> Tone:
    return "bad" if row.line.month.longest_stop_days >= RULES.stop_days else ""


def _judgement_tone(row: _Row) -> Tone:
    judgement = row.line.month.judgement
    if judgement == "not_assessable":
        return "doubtful"
    return "bad" if judgement == "not_normal" else ""
