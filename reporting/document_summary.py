"""The first page of the printed report: the rates, the main figures, and sentences on what matters."""

from collections.abc import Iterator
from fractions import Fraction

from reporting import document_cells as cell
from reporting.document_cells import Json
from reporting.document_words import DocumentWords
from reporting.figures import MonthFigures, change_in_points
from reporting.rate import RULES
from reporting.words import percent


def headline(figures: MonthFigures, words: DocumentWords) -> Json:
    """Both rates in large, and whether the target is met."""
    city, target = figures.city, percent(RULES.target)
    no_figure = words.text("no_figure")
    return {
        "strict": {
            "label": words.text("headline"),
            "value": cell.share(city.by_number_strict) or no_figure,
            "note": words.said("headline_note", target=target, result=_result(figures, words)),
            "tone": _tone(city.by_number_strict),
        },
        "lenient": {
            "label": words.text("headline_lenient"),
            "value": cell.share(city.by_number_lenient) or no_figure,
            "note": words.said("lenient_note"),
            "tone": "",
        },
    }


def figures_table(figures: MonthFigures, words: DocumentWords) -> list[list[str]]:
    """The main figures, each with its label."""
    whole, city = figures.whole, figures.city
    connected = (
        Fraction(figures.connected, figures.due_for_connection) if figures.due_for_connection else None
    )
    months = [line.month for line in figures.stations]
    lines = {
        "registered": cell.whole(whole.registered),
        "due": cell.whole(city.due),
        "normal": cell.whole(city.normal),
        "not_normal": cell.whole(city.not_normal),
        "not_assessable": cell.whole(city.not_assessable),
        "not_counted": cell.whole(whole.registered - city.due),
        "connected": cell.whole(whole.connected),
        "connection_rate": cell.share(connected),
        "change_points": cell.points(change_in_points(city.by_number_strict, whole.strict_before)),
        "change_year_points": cell.points(change_in_points(city.by_number_strict, whole.strict_year_before)),
        "by_days": cell.share(city.by_days),
        "by_capacity": cell.share(city.by_capacity),
        "completeness": cell.share(city.completeness),
        "countable": cell.whole(sum(month.countable_days for month in months)),
        "excluded": cell.whole(sum(month.excluded_days for month in months)),
        "running": cell.whole(sum(month.running for month in months)),
        "stopped_days": cell.whole(whole.stopped_days),
        "unknown": cell.whole(sum(month.unknown for month in months)),
        "stops": cell.whole(whole.stops),
        "volume": cell.amount(whole.amounts.volume_m3),
        "energy": cell.amount(whole.amounts.energy_kwh),
        "load": cell.share(whole.amounts.load),
        "kwh_per_m3": cell.ratio(whole.amounts.kwh_per_m3),
        "doubtful": cell.whole(len({line.station.id for line in figures.findings})),
    }
    return [[words.label(key), value or "—"] for key, value in lines.items()]


def sentences(figures: MonthFigures, words: DocumentWords, names: dict[str, str]) -> list[str]:
    """Three to seven sentences on what matters; `names` are the counties', by code."""
    return [cell.clean(each) for each in _sentences(figures, words, names)]


def _sentences(figures: MonthFigures, words: DocumentWords, names: dict[str, str]) -> Iterator[str]:
    city, target = figures.city, percent(RULES.target)
    month = words.text("month", year=figures.month.year, number=figures.month.number)
    place = figures.place or words.said("everywhere")
    if city.by_number_strict is None:
        yield words.said("none_due", month=month, place=place)
    else:
        yield words.said(
            "said_rate",
            month=month,
            place=place,
            due=city.due,
            normal=city.normal,
            strict=cell.share(city.by_number_strict),
            lenient=cell.share(city.by_number_lenient) or words.text("no_figure"),
            result=_result(figures, words),
            target=target,
        )
        yield from _change(figures, words)
        if not figures.place:
            yield _counties(figures, words, names)
        yield words.said(
            "said_data",
            completeness=cell.share(city.completeness),
            count=city.not_assessable,
            unconnected=figures.due_for_connection - figures.connected,
        )
    yield _stops(figures, words)
    doubtful = len({line.station.id for line in figures.findings})
    if doubtful:
        yield words.said("said_findings", count=doubtful)
    if figures.changes:
        yield words.said("said_changes", count=len(figures.changes))


def _change(figures: MonthFigures, words: DocumentWords) -> Iterator[str]:
    whole, said = figures.whole, []
    for than, before in (("month_before", whole.strict_before), ("year_before", whole.strict_year_before)):
        change = change_in_points(figures.city.by_number_strict, before)
        if change is not None:
            key = "same" if change == 0 else "rose" if change > 0 else "fell"
            shown = cell.points(abs(change)).removeprefix("+")
            said.append(words.said(key, than=words.said(than), points=shown))
    if said:
        yield words.said("said_change", changes=words.choose("，", ", ").join(said))


def _counties(figures: MonthFigures, words: DocumentWords, names: dict[str, str]) -> str:
    target = percent(RULES.target)
    rated = [group for group in figures.counties if group.rate.by_number_strict is not None]
    missed = [
        words.said(
            "with_rate", name=names.get(group.code, group.name), rate=cell.share(group.rate.by_number_strict)
        )
        for group in rated
        if (group.rate.by_number_strict or 0) < RULES.target
    ]
    if not missed:
        return words.said("none_missed", count=len(rated), target=target)
    return words.said("missed", count=len(missed), target=target, counties=words.joined(missed))


def _stops(figures: MonthFigures, words: DocumentWords) -> str:
    stops = [stop for stop in figures.stops if stop.days >= RULES.stop_days]
    if not stops:
        return words.said("no_long_stops", days=RULES.stop_days)
    longest = max(stops, key=lambda stop: stop.days)
    ongoing = sum(stop.is_ongoing for stop in stops)
    return words.said(
        "long_stops",
        days=RULES.stop_days,
        stops=len(stops),
        stations=len({stop.station.id for stop in stops}),
        longest=longest.days,
        name=longest.station.address.name or longest.station.id,
        ongoing=words.said("some_ongoing", count=ongoing) if ongoing else "",
    )


def _result(figures: MonthFigures, words: DocumentWords) -> str:
    strict = figures.city.by_number_strict
    if strict is None:
        return words.text("no_figure")
    return words.text("is_met" if strict >= RULES.target else "is_missed")


def _tone(strict: Fraction | None) -> str:
    if strict is None:
        return ""
    return "good" if strict >= RULES.target else "bad"
