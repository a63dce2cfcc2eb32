"""The printed tables of the counties, the plan's targets, and the operators."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from reporting import document_cells as cell
from reporting.document_cells import Align, Column, Json, Tone
from reporting.document_words import DocumentWords
from reporting.figures import GroupFigures, MonthFigures, change_in_points
from reporting.month_lines import PlanLine
from reporting.rate import RULES


class _Row(NamedTuple):
    group: GroupFigures
    label: str


class _Plan(NamedTuple):
    line: PlanLine
    group: GroupFigures | None


def counties_table(figures: MonthFigures, words: DocumentWords, names: Mapping[str, str]) -> Json:
    """The counties by rank, and all of them together."""
    title, empty = words.text("title_counties"), words.said("no_counties")
    return _groups(figures, words, figures.counties, names, ("county", title, empty, 2.2))


def companies_table(figures: MonthFigures, words: DocumentWords, names: Mapping[str, str]) -> Json:
    """The operators by rank, and all of them together."""
    title, empty = words.text("title_companies"), words.said("no_companies")
    return _groups(figures, words, figures.companies, names, ("company", title, empty, 2.6))


def plan_table(figures: MonthFigures, words: DocumentWords, names: Mapping[str, str]) -> Json:
    """The plan's targets by county beside what runs; all of them together where there are several."""
    groups = {group.code: group for group in figures.counties}
    lines = figures.plan
    rows = [
        _Plan(line._replace(name=names.get(line.county, line.name or line.county)), groups.get(line.county))
        for line in lines
    ]
    villages, treated = sum(line.villages for line in lines), sum(line.treated for line in lines)
    total = _Plan(PlanLine("", words.text("all"), villages, treated, None), figures.whole)
    columns: list[Column[_Plan]] = [
        Column[_Plan](words.text("county"), 2.4, lambda row: row.line.name, "left"),
        Column(words.text("villages"), 1, lambda row: cell.whole(row.line.villages)),
        Column(words.text("treated_villages"), 1, lambda row: cell.whole(row.line.treated)),
        Column(words.text("treated_share"), 1, lambda row: cell.share(row.line.share), tone=_behind_plan),
        Column(words.text("treated_target"), 1, lambda row: cell.share(row.line.target)),
        Column(words.text("due"), 1, _of_group(lambda group: cell.whole(group.rate.due))),
        Column(words.text("normal"), 1, _of_group(lambda group: cell.whole(group.rate.normal))),
        Column(words.text("strict"), 1.2, _of_group(lambda group: cell.share(group.rate.by_number_strict))),
    ]
    return cell.table(words.text("plan"), columns, rows, "", total if len(rows) > 1 else None)


def _behind_plan(row: _Plan) -> Tone:
    share, target = row.line.share, row.line.target
    return "bad" if share is not None and target is not None and share < target else ""


def _of_group(value: Callable[[GroupFigures], str]) -> Callable[[_Plan], str]:
    return lambda row: value(row.group) if row.group else ""


def _groups(
    figures: MonthFigures,
    words: DocumentWords,
    groups: Sequence[GroupFigures],
    names: Mapping[str, str],
    called: tuple[str, str, str, float],
) -> Json:
    key, title, empty, width = called
    rows = [_Row(group, names.get(group.code, group.name)) for group in groups]
    total = _Row(figures.whole._replace(rank=None), words.text("all"))
    columns = _columns(words, key, width, has_year=figures.whole.strict_year_before is not None)
    return cell.table(title, columns, rows, empty, total)


def _columns(words: DocumentWords, key: str, width: float, *, has_year: bool) -> list[Column[_Row]]:
    def column(head: str, wide: float, value: Callable[[GroupFigures], str]) -> Column[_Row]:
        return Column(words.text(head), wide, lambda row: value(row.group))

    def rank(row: _Row) -> str:
        return cell.whole(row.group.rank)

    def strict_tone(row: _Row) -> Tone:
        strict = row.group.rate.by_number_strict
        return "bad" if strict is not None and strict < RULES.target else ""

    left: Align = "left"
    narrow = words.choose(0.85, 1.0)
    change = column(
        "change_points",
        1.1,
        lambda group: cell.points(change_in_points(group.rate.by_number_strict, group.strict_before)),
    )
    change_year = column(
        "change_year_points",
        1.1,
        lambda group: cell.points(change_in_points(group.rate.by_number_strict, group.strict_year_before)),
    )
    return [
        Column(words.text("rank"), words.choose(0.6, 0.75), rank, "center"),
        Column(words.text(key), width, lambda row: row.label, left),
        column("registered", narrow, lambda group: cell.whole(group.registered)),
        column("not_counted", narrow, lambda group: cell.whole(group.registered - group.rate.due)),
        column("due", narrow, lambda group: cell.whole(group.rate.due)),
        column("normal", narrow, lambda group: cell.whole(group.rate.normal)),
        column("not_normal", narrow, lambda group: cell.whole(group.rate.not_normal)),
        column("not_assessable", narrow, lambda group: cell.whole(group.rate.not_assessable)),
        column("strict", 1.2, lambda group: cell.share(group.rate.by_number_strict))._replace(
            tone=strict_tone
        ),
        change,
        *((change_year,) if has_year else ()),
        column("lenient", 1.2, lambda group: cell.share(group.rate.by_number_lenient)),
        column("by_days", 1.1, lambda group: cell.share(group.rate.by_days)),
        column("by_capacity", 1.1, lambda group: cell.share(group.rate.by_capacity)),
        column("completeness", 1.1, lambda group: cell.share(group.rate.completeness)),
        column("connected", 1, lambda group: cell.whole(group.connected)),
        column("stops", 0.8, lambda group: cell.whole(group.stops)),
        column("stopped_days", 0.85, lambda group: cell.whole(group.stopped_days)),
        column("volume", 1.4, lambda group: cell.amount(group.amounts.volume_m3)),
        column("energy", 1.4, lambda group: cell.amount(group.amounts.energy_kwh)),
        column("load", 1, lambda group: cell.share(group.amounts.load)),
        column("kwh_per_m3", 1.3, lambda group: cell.ratio(group.amounts.kwh_per_m3)),
    ]
