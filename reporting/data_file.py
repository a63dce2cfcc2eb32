"""Everything that a report says as plain data, in JSON: for machines, and for the next revision.

A record is an object of its fields, a fraction is the text `a/b`, a day ISO 8601, a stop names its station.
"""

import hashlib
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

import msgspec

from registry.config import CentreSettings
from registry.tables import Report
from reporting.figures import MonthFigures
from reporting.report_files import ReportError, report_file
from reporting.station_lines import StationLine
from service.civil import Month

FORMAT = 1
_encoder = msgspec.json.Encoder()


def plain_figures(figures: MonthFigures) -> dict[str, Any]:
    """A month's figures as JSON holds them."""
    fields = {name: _plain(value) for name, value in figures._asdict().items()}
    fields["stations"] = [_record(line) for line in figures.stations]
    return fields


def data_file(figures: MonthFigures, about: Mapping[str, Any]) -> bytes:
    """The file: what it is about, such as revision and status, and the figures."""
    content = {"format": FORMAT, "report": dict(about), "figures": plain_figures(figures)}
    return msgspec.json.format(_encoder.encode(content), indent=1) + b"\n"


def figures_of(settings: CentreSettings, report: Report) -> dict[str, Any]:
    """The plain figures of a report that was made, from its data file.

    Raises:
        ReportError: the file is not there, or is not the one that the row names.
    """
    file = report_file(settings, report, "data")
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ReportError(f"report {file}: {error.strerror}") from error
    if hashlib.sha256(content).hexdigest() != report.files["data"].get("sha256"):
        raise ReportError(f"report {file}: the file is not the one that was made; put it back from a backup")
    try:
        return dict(msgspec.json.decode(content)["figures"])
    except (msgspec.DecodeError, KeyError, TypeError, ValueError) as error:
        raise ReportError(f"report {file}: is no data file of a report") from error


def _plain(value: object) -> object:
    """A value within a record; a station is its id, because the list of stations has it whole."""
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, (Month, date)):
        return str(value)
    if isinstance(value, StationLine):
        return value.id
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return _record(value)
    return _collection(value)


def _collection(value: object) -> object:
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    return value


def _record(value: tuple[Any, ...]) -> dict[str, object]:
    return {name: _plain(getattr(value, name)) for name in value._fields}  # type: ignore[attr-defined] # of a NamedTuple
