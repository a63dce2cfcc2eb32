"""The blocks of figures on the first sheet, as formulas over the facilities and the stops."""

from collections import Counter
from fractions import Fraction
from typing import NamedTuple

from xlsxwriter.utility import xl_rowcol_to_cell

from reporting.figures import MonthFigures
from reporting.layout import Cell, Formula, Kind, Plain
from reporting.station_formulas import GroupFormulas, is_called, quotient
from reporting.station_sheet import station_columns
from reporting.stop_sheet import stop_columns
from reporting.words import Words

MOST_CAUSES = 6
_KNOWN = "({countable}-{unknown})"


class Line(NamedTuple):
    """A figure: its key and label, kind and cell, and in words how it comes about."""

    key: str
    label: str
    kind: Kind
    cell: Cell
    how: Cell = None


class Block(NamedTuple):
    """Lines under a heading, from a row and a column on."""

    top: int
    left: int
    title: str
    lines: list[Line]


def blocks(figures: MonthFigures, words: Words, tops: tuple[int, int]) -> list[Block]:
    """All of them; `tops` are the rows of the headings above and below."""
    upper, lower = tops
    formulas = GroupFormulas(station_columns(figures, words), words)
    causes_left = 7
    return [
        Block(upper, 0, words.text("rates"), _rates(figures, words, formulas)),
        Block(upper, 4, words.text("facilities"), _counts(figures, words, formulas)),
        Block(upper, causes_left, words.text("amounts"), _amounts(figures, words, formulas)),
        Block(lower, 4, words.text("days_of_all"), _days(figures, words, formulas)),
        Block(
            lower, causes_left, words.text("causes"), _causes(figures, words, formulas, lower, causes_left)
        ),
    ]


def _rates(figures: MonthFigures, words: Words, formulas: GroupFormulas) -> list[Line]:
    city = figures.city
    months = [line.month for line in figures.stations]
    running = sum(month.running for month in months)
    countable = sum(month.countable_days for month in months)
    known = countable - sum(month.unknown for month in months)

    def how(part: tuple[str, str, int], whole: tuple[str, str, int]) -> Formula:
        """In words, with the cells of part and whole in place of their numbers."""
        (a_name, a_cell, a), (b_name, b_cell, b) = part, whole
        names = {"part": words.label(a_name), "whole": words.label(b_name)}
        text = words.text("quotient", **names, a=f'"&{a_cell}&"', b=f'"&{b_cell}&"')
        return Formula(f'"{text}"', words.text("quotient", **names, a=a, b=b))

    normal = ("normal", "{normal}", city.normal)
    assessed = ("assessed", "({normal}+{not_normal})", city.normal + city.not_normal)
    known_days = ("known_days", _KNOWN, known)
    lines: list[tuple[str, str, Fraction | None, Cell]] = [
        ("strict", formulas.text("strict"), city.by_number_strict, how(normal, ("due", "{due}", city.due))),
        ("lenient", formulas.text("lenient"), city.by_number_lenient, how(normal, assessed)),
        (
            "by_days",
            quotient("{running}", _KNOWN),
            city.by_days,
            how(("running", "{running}", running), known_days),
        ),
        ("by_capacity", formulas.text("by_capacity"), city.by_capacity, words.text("how_by_capacity")),
        (
            "completeness",
            quotient(_KNOWN, "{countable}"),
            city.completeness,
            how(known_days, ("countable", "{countable}", countable)),
        ),
        (
            "connection_rate",
            formulas.text("connection_rate"),
            Fraction(figures.connected, figures.due_for_connection) if figures.due_for_connection else None,
            how(
                ("connected", "{connected}", figures.connected),
                ("registered", "{registered}", figures.due_for_connection),
            ),
        ),
    ]
    return [
        Line(key, words.label(key), "percent", Formula(text, value), how) for key, text, value, how in lines
    ]


def _counts(figures: MonthFigures, words: Words, formulas: GroupFormulas) -> list[Line]:
    whole, city = figures.whole, figures.city
    counts = {
        "registered": whole.registered,
        "not_counted": whole.registered - city.due,
        "due": city.due,
        "normal": city.normal,
        "not_normal": city.not_normal,
        "not_assessable": city.not_assessable,
        "connected": whole.connected,
    }
    return [_line(key, "whole", value, words, formulas) for key, value in counts.items()]


def _amounts(figures: MonthFigures, words: Words, formulas: GroupFormulas) -> list[Line]:
    amounts = figures.whole.amounts
    doubtful = len({line.station.id for line in figures.findings})
    return [
        _line("volume", "amount", amounts.volume_m3, words, formulas),
        _line("energy", "amount", amounts.energy_kwh, words, formulas),
        _line("load", "percent", amounts.load, words, formulas),
        _line("kwh_per_m3", "ratio", amounts.kwh_per_m3, words, formulas),
        Line("doubtful", words.label("doubtful"), "whole", doubtful),
    ]


def _days(figures: MonthFigures, words: Words, formulas: GroupFormulas) -> list[Line]:
    months = [line.month for line in figures.stations]
    days = {
        "countable": sum(month.countable_days for month in months),
        "excluded": sum(month.excluded_days for month in months),
        "running": sum(month.running for month in months),
        "stopped_days": figures.whole.stopped_days,
        "unknown": sum(month.unknown for month in months),
    }
    return [_line(key, "whole", value, words, formulas) for key, value in days.items()]


def _causes(figures: MonthFigures, words: Words, formulas: GroupFormulas, top: int, left: int) -> list[Line]:
    """All stops, then by the reason of most of their days; the rarest together where they are many."""
    counted = Counter(words.code("reason", stop.main_reason) for stop in figures.stops)
    ordered = sorted(counted.items(), key=lambda each: (-each[1], each[0]))
    is_many = len(ordered) > MOST_CAUSES
    shown = ordered[: MOST_CAUSES - 1] if is_many else ordered
    reasons = stop_columns(figures, words).column("main_reason")
    lines = [_line("stops", "whole", figures.whole.stops, words, formulas)]
    for row, (label, count) in enumerate(shown, start=top + 2):
        met = is_called(label, xl_rowcol_to_cell(row, left))
        lines.append(Line(f"cause {label}", label, "whole", Formula(f"COUNTIFS({reasons},{met})", count)))
    if is_many:
        cells = (xl_rowcol_to_cell(row, left + 1) for row in (top + 2, top + 1 + len(shown)))
        others = figures.whole.stops - sum(count for _, count in shown)
        lines.append(
            Line(
                "others", words.text("others"), "whole", Formula(f"{{stops}}-SUM({':'.join(cells)})", others)
            )
        )
    return lines


def _line(key: str, kind: Kind, value: Plain, words: Words, formulas: GroupFormulas) -> Line:
    return Line(key, words.label(key), kind, Formula(formulas.text(key), value))
