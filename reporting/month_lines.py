"""The smaller tables of a month: how good its data are, what is doubtful, the plan, changes."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any, NamedTuple

from reporting.station_lines import StationLine


class QualityLine(NamedTuple):
    """How good a facility's data were.

    Attributes:
        station: whose.
        valid_hours: of its countable days; an hour is valid with 75 % of its samples. None if none is known.
        due_hours: 24 a countable day.
        unknown_days: countable days without enough data.
        longest_unknown_days: the most of them in a row.
        corrected_days: days whose verdict a person corrected.
    """

    station: StationLine
    valid_hours: float | None
    due_hours: int
    unknown_days: int
    longest_unknown_days: int
    corrected_days: int


class FindingLine(NamedTuple):
    """A hint that a facility is worth an unannounced visit, as code and figures."""

    station: StationLine
    code: str
    first: date
    last: date
    evidence: Mapping[str, Any]


class PlanLine(NamedTuple):
    """The plan's own target of a county: villages, those treated, and the share asked for (治理率)."""

    county: str
    name: str
    villages: int
    treated: int
    target: Fraction | None

    @property
    def share(self) -> Fraction | None:
        """Treated / villages; None without villages."""
        return Fraction(self.treated, self.villages) if self.villages else None


class Change(NamedTuple):
    """What a revision says otherwise than the one before it.

    Attributes:
        subject: a station's id, a county's code, or `city`.
        name: for people.
        what: `verdict`, `running`, `stopped`, `unknown`, `excluded`, `countable`, `rate_strict`,
            `rate_lenient`, `added` or `removed`.
        before, after: as they are written: codes, whole numbers, rates with six digits; empty for none.
    """

    subject: str
    name: str
    what: str
    before: str
    after: str
