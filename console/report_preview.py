"""What a report says, read from its data file: the city, the counties, the stations below 90 %. Pure."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from registry.scope import Scope
from reporting.rate import RULES

MOST_STATIONS = 500


class GroupLine(NamedTuple):
    """A county, or the whole city: its stations by judgement and its rates; None where nothing is known."""

    code: str
    name: str
    rank: int | None
    registered: int
    due: int
    normal: int
    not_normal: int
    not_assessable: int
    strict: Fraction | None
    lenient: Fraction | None
    by_days: Fraction | None
    completeness: Fraction | None
    stops: int


class StationLine(NamedTuple):
    """A station that was not normal: its days, the share of running ones, its longest stop in days."""

    id: str
    name: str
    place: str
    countable: int
    running: int
    stopped: int
    unknown: int
    share: Fraction | None
    longest_stop: int
    is_found_abnormal: bool


class Preview(NamedTuple):
    """What is shown of a report.

    Attributes:
        until: the last civil day that counts.
        whole: the city; None for somebody who does not see all of it.
        counties: by rank.
        stations: below 90 % of their days or else not normal, the worst first; at most MOST_STATIONS.
        below: how many there are.
        changes: against the frozen revision before.
    """

    until: str
    whole: GroupLine | None
    counties: list[GroupLine]
    stations: list[StationLine]
    below: int
    changes: int


def preview_of(figures: Mapping[str, Any], scope: Scope, sees: Callable[[str], bool]) -> Preview:
    """The part of a report's plain figures that somebody sees.

    Args:
        figures: of `reporting.data_file.figures_of`.
        scope: what the person sees.
        sees: whether they see a station, by its id.

    Raises:
        ValueError: they are not those of a report.
    """
    try:
        stations = [_station(line) for line in figures["stations"] if sees(_id(line)) and _is_below(line)]
        stations.sort(key=lambda line: (line.share is None, line.share, line.id))
        groups = [_group(each) for each in figures["counties"] if scope.has_county(str(each["code"]))]
        whole = None if scope.is_limited else _group(figures["whole"])
        changes = 0 if scope.is_limited else len(figures.get("changes", ()))
        until = str(figures["until"])
    except (KeyError, TypeError, AttributeError, ZeroDivisionError) as error:
        raise ValueError("no data file of a report") from error
    return Preview(until, whole, groups, stations[:MOST_STATIONS], len(stations), changes)


def _group(group: Mapping[str, Any]) -> GroupLine:
    rate = group["rate"]
    return GroupLine(
        code=str(group["code"]),
        name=str(group["name"]),
        rank=group["rank"],
        registered=int(group["registered"]),
        due=int(rate["due"]),
        normal=int(rate["normal"]),
        not_normal=int(rate["not_normal"]),
        not_assessable=int(rate["not_assessable"]),
        strict=_share(rate["by_number_strict"]),
        lenient=_share(rate["by_number_lenient"]),
        by_days=_share(rate["by_days"]),
        completeness=_share(rate["completeness"]),
        stops=int(group["stops"]),
    )


def _station(line: Mapping[str, Any]) -> StationLine:
    month, address = line["month"], line["address"]
    return StationLine(
        id=_id(line),
        name=str(address["name"]),
        place=" ".join(filter(None, (address["county"], address["town"]))),
        countable=int(month["countable_days"]),
        running=int(month["running"]),
        stopped=int(month["stopped"]),
        unknown=int(month["unknown"]),
        share=_running_share(month),
        longest_stop=int(month["longest_stop_days"]),
        is_found_abnormal=bool(month["marked_abnormal"]),
    )


def _is_below(line: Mapping[str, Any]) -> bool:
    month = line["month"]
    share = _running_share(month)
    return month["judgement"] == "not_normal" or (share is not None and share < RULES.running_share)


def _running_share(month: Mapping[str, Any]) -> Fraction | None:
    known = int(month["countable_days"]) - int(month["unknown"])
    return Fraction(int(month["running"]), known) if known else None


def _id(line: Mapping[str, Any]) -> str:
    return str(line["month"]["facility"]["id"])


def _share(written: object) -> Fraction | None:
    return None if written is None else Fraction(str(written))
