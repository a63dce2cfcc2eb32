"""What alarms need of each station's file: where it is, what it is called, what it weighs, who mends it."""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from alerting.area import Place, Places
from alerting.escalation import Weight
from alerting.known import NO_LONGER_IN_USE
from registry.alarm_settings import AlarmSettings
from registry.tables import Company, County, StatePeriod, Station, StationTag, Town

NOT_COUNTED = ("not_connected", NO_LONGER_IN_USE)
"""Reasons of stations that cannot fall silent."""


class Card(NamedTuple):
    """One station.

    Attributes:
        place: county's code and town; the county may be empty.
        county: its name, or its code where it has none.
        company: name of the O&M company; may be empty.
    """

    name: str
    place: Place
    county: str
    company: str
    weight: Weight


def fleet_cards(session: Session, settings: AlarmSettings) -> dict[str, Card]:
    """The cards of all stations."""
    protected = set(
        session.scalars(select(StationTag.station_id).where(StationTag.tag.in_(settings.protected_tags)))
    )
    rows = session.execute(
        select(
            Station.id, Station.name, Station.county_code, County.name, Town.name, Station.company_id,
            Company.name, Station.design_m3_per_day,
        )
        .outerjoin(County, County.code == Station.county_code)
        .outerjoin(Town, Town.id == Station.town_id)
        .outerjoin(Company, Company.id == Station.company_id)
    )  # fmt: skip
    cards: dict[str, Card] = {}
    for station, name, code, county, town, company_id, company, design_m3 in rows:
        is_large = design_m3 is not None and design_m3 >= settings.large_m3_per_day
        weight = Weight(is_large or station in protected, company_id)
        place = Place(code or "", town or "")
        cards[station] = Card(name or station, place, county or code or "", company or "", weight)
    return cards


def places_of(cards: Mapping[str, Card], periods: Mapping[str, StatePeriod]) -> Places:
    """The stations that count when many fall silent: in use, heard before, and not in an approved stop."""
    return {
        station: card.place
        for station, card in cards.items()
        if card.place.county
        and (period := periods.get(station)) is not None
        and period.reason not in NOT_COUNTED
        and period.state != "planned_stop"
    }
