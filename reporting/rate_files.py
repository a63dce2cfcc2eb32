"""The month of stations from files alone: reads them, and judges by the rules of the registry's month."""

import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from reporting.days import Span
from reporting.due import Excluded, Facility, due_days
from reporting.given_table import Columns, FilesError, GivenTable, read_given
from reporting.rate import RULES, StationMonth, Verdict, station_month
from reporting.rate_columns import DAYS, EXCLUSIONS, INSPECTIONS, STATIONS, DayWord
from reporting.rate_rows import abnormal_days_of, exclusions_of, stations_of, verdicts_of
from service.civil import Month
from service.settings import SettingsError

READ, JUDGED = 0.8, 1.0
"""Shares of the work that are done then."""


class RateFiles(NamedTuple):
    """The files of `qingliu report rate`; None where there are no approved stops or no inspections."""

    stations: Path
    days: Path
    exclusions: Path | None = None
    inspections: Path | None = None


class FilesMonth(NamedTuple):
    """The month of each station by id, and what people should know of the files, one line each."""

    stations: list[StationMonth]
    warnings: list[str]


class _Given(NamedTuple):
    facilities: Mapping[str, Facility]
    verdicts: Mapping[str, Mapping[date, DayWord]]
    exclusions: Mapping[str, list[Excluded]]
    abnormal: Mapping[str, list[date]]


def month_of_files(
    files: RateFiles, month: Month, zone: ZoneInfo, progress: Callable[[float], None] = lambda _share: None
) -> FilesMonth:
    """Read the files and judge each station's month; all its days count as over.

    Args:
        files: which.
        month: the month; of other days only those at its edges matter, for stops that go over them.
        zone: of the civil day on which a stop was entered, where the file says an instant.
        progress: is told how much is done, 0 to 1.

    Raises:
        SettingsError: with all faults of all files.
    """
    edge = timedelta(days=RULES.stop_days)  # a stop that is long enough is so within these days already
    span = Span(month.first - edge, month.last + edge)
    given, warnings = _read(files, span, zone, progress)
    months: list[StationMonth] = []
    silent: list[str] = []
    unapproved: list[str] = []
    for number, (name, facility) in enumerate(sorted(given.facilities.items())):
        words = given.verdicts.get(name, {})
        stops = given.exclusions.get(name, [])
        verdicts: dict[date, Verdict] = {day: word for day, word in words.items() if word != "excluded"}
        each = station_month(facility, month, verdicts, stops, given.abnormal.get(name, ()))
        months.append(each)
        if each.countable_days and not any(Month.of(day) == month for day in words):
            silent.append(name)
        marked = span.of(day for day, word in words.items() if word == "excluded" and Month.of(day) == month)
        if marked & due_days(facility, span, stops, None).countable:
            unapproved.append(name)
        progress(READ + (JUDGED - READ) * number / len(given.facilities))
    if silent:
        warnings.append(
            f"{files.days}: no day of {month} of {_listed(silent)}: what is countable of it is unknown."
        )
    if unapproved:
        warnings.append(
            f"{files.days}: days of {_listed(unapproved)} are marked excluded, and no approved stop that was "
            f"entered in time takes them away: they count as unknown."
        )
    return FilesMonth(months, warnings)


def _read(
    files: RateFiles, span: Span, zone: ZoneInfo, progress: Callable[[float], None]
) -> tuple[_Given, list[str]]:
    """What stands in the files, and warnings."""
    errors: list[SettingsError] = []
    warnings: list[str] = []

    def table(path: Path | None, columns: Columns, required: int, start: float, end: float) -> GivenTable:
        """A file's table; an empty one if there is none or it cannot be read."""
        if path is not None:
            try:
                return read_given(
                    path,
                    columns,
                    list(columns)[:required],
                    lambda share: progress(start + share * (end - start)),
                )
            except SettingsError as error:
                errors.append(error)
        return GivenTable(str(path), tuple(columns), frozenset(columns), [], [])

    stations = table(files.stations, STATIONS, 1, 0.0, 0.1)
    facilities = {} if errors else stations_of(stations, zone, warnings)
    named = {unicodedata.normalize("NFC", row.cells[0]) for row in stations.rows}
    days, exclusions, inspections = (
        table(files.days, DAYS, len(DAYS), 0.1, 0.7),
        table(files.exclusions, EXCLUSIONS, len(EXCLUSIONS), 0.7, 0.75),
        table(files.inspections, INSPECTIONS, len(INSPECTIONS), 0.75, READ),
    )
    given = _Given(
        facilities,
        verdicts_of(days, named, span, warnings),
        exclusions_of(exclusions, named, zone, warnings),
        abnormal_days_of(inspections, named, zone, warnings),
    )
    errors += [
        SettingsError(each.file, each.faults)
        for each in (stations, days, exclusions, inspections)
        if each.faults
    ]
    if errors:
        raise FilesError(errors)
    return given, warnings


def _listed(stations: list[str]) -> str:
    """Stations for people: the first three, and how many more."""
    more = len(stations) - 3
    return ", ".join(stations[:3]) + (f" and {more} more" if more > 0 else "")
