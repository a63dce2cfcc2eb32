"""What part of the register somebody sees: some counties, one O&M company's stations, or all of it."""

from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, and_, select, true

from registry.roles import CONTRACTOR
from registry.tables import Station, User


class Scope(NamedTuple):
    """The limits of a person's view; both hold at once.

    Attributes:
        counties: codes of the counties; None for all, empty for none.
        company_id: the company whose stations these are; None for every company and for none.
    """

    counties: frozenset[str] | None = None
    company_id: int | None = None

    @property
    def is_limited(self) -> bool:
        """Whether there may be a station that is not seen."""
        return self.counties is not None or self.company_id is not None

    def stations(self) -> ColumnElement[bool]:
        """The condition on `Station` that its row is seen."""
        limits: list[ColumnElement[bool]] = []
        if self.counties is not None:
            limits.append(Station.county_code.in_(sorted(self.counties)))
        if self.company_id is not None:
            limits.append(Station.company_id == self.company_id)
        return and_(true(), *limits)

    def station_ids(self) -> Select[str]:
        """The ids of the stations seen, to be asked for inside another question."""
        return select(Station.id).where(self.stations())

    def has(self, county_code: str | None, company_id: int | None) -> bool:
        """Whether a station of that county and company is seen."""
        is_county = self.counties is None or county_code in self.counties
        return is_county and self.company_id in (None, company_id)

    def has_county(self, county_code: str) -> bool:
        """Whether every station of a county is seen."""
        return self.company_id is None and (self.counties is None or county_code in self.counties)

    def covers(self, other: "Scope") -> bool:
        """Whether nothing that the other sees is hidden from this one."""
        if self.company_id not in (None, other.company_id):
            return False
        return self.counties is None or (other.counties is not None and other.counties <= self.counties)


EVERYTHING = Scope()
NOTHING = Scope(frozenset())


def scope_of(user: User) -> Scope:
    """The limits of a user; a contractor without a company sees nothing."""
    if user.role == CONTRACTOR and user.company_id is None:
        return NOTHING
    return Scope(frozenset(user.counties) if user.counties else None, user.company_id)
