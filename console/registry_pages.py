"""A station's facility file changed in the console: the same rules as an import, nothing typed is lost."""

from collections.abc import Mapping, Sequence

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException

from console import queries
from console.access import Route
from console.address import NO_STATION
from console.desk import Desk
from console.form import Form, form_of
from console.person import Person, client_address, person_of
from console.registry_faults import by_field
from console.registry_form import EDITED, Draft, Moved, cells_of, change_of, moved, opened, renewed
from console.said import said
from console.words import N_
from registry.record_lock import wait_for_turn
from registry.stations_class import CLASS_COLUMNS
from registry.stations_columns import BY_NAME, CHOICES
from registry.stations_import import carry_out
from registry.stations_records import Record, Wanted, county_names, station_records
from registry.stations_rows import Plan
from registry.tables import Audit, Company, Station, Town

TIERS: dict[str, str] = {"town": N_("town"), "village": N_("village")}
REVIEWS: dict[str, str] = {"confirmed": N_("checked"), "pending": N_("to be checked")}
YES_NO: dict[str, str] = {"yes": N_("yes"), "no": N_("no")}
UNITS = {"design_m3_per_day": "m³/d", "rated_kw": "kW", "longitude": "°E", "latitude": "°N"}
GROUPS: dict[str, tuple[str, ...]] = {
    N_("Place"): ("name", "county", "town", "village", "longitude", "latitude"),
    N_("Facility"): ("process", "design_m3_per_day", "rated_kw", "tier", "powered", "company", "tags"),
    N_("Dates and review"): ("commissioned", "connected_from", "review"),
}
"""The form's parts; together all that can be changed."""
_LONGEST_CELL = 2_000


def registry_routes(desk: Desk) -> list[Route]:
    """The pages of this room."""
    own = _RegistryPages(desk)
    path = "/stations/{station_id}/edit"
    return [
        Route(path, own.form, "registry.edit"),
        Route(path, own.save, "registry.edit", ("POST",)),
    ]


class _RegistryPages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def form(self, request: Request, station_id: str) -> Response:
        """The form, filled with what is there."""
        with self._desk.reading() as session:
            record = _record(session, person_of(request), station_id)
            draft = opened(cells_of(station_id, record))
            return self._shown(request, session, station_id, draft)

    def save(self, request: Request, station_id: str) -> Response:
        """Take the form, unless something is wrong or somebody else was quicker."""
        person, draft, now_ms = person_of(request), draft_of(form_of(request)), self._desk.clock_ms()
        with self._desk.writing() as session:
            wait_for_turn(session)
            record = _record(session, person, station_id)
            now = cells_of(station_id, record)
            if others := moved(draft, now):
                return self._shown(request, session, station_id, renewed(draft, now), others=others)
            counties = [county.code for county in queries.counties(session, person)]
            change, faults = change_of(station_id, record, draft.typed, county_names(session), counties)
            if faults:
                told = by_field(self._desk.reader(request), faults)
                return self._shown(request, session, station_id, draft, faults=told)
            if change.before != change.after:
                carry_out(
                    session, Plan([change], [], {}, {}, {}, []), at_ms=now_ms, actor=person.name,
                    zone=self._desk.settings.zone, address=client_address(request),
                )  # fmt: skip
                said(request, N_("The facility file of %(station)s is changed."), station=station_id)
            else:
                said(request, N_("Nothing was changed: the facility file is as it was."))
        return RedirectResponse(f"/stations/{station_id}/file", 303)

    def _shown(
        self,
        request: Request,
        session: Session,
        station_id: str,
        draft: Draft,
        *,
        faults: Mapping[str, str] | None = None,
        others: Sequence[Moved] = (),
    ) -> Response:
        person = person_of(request)
        counties = {county.code: county.name for county in queries.counties(session, person)}
        values = {
            "station": station_id,
            "name": draft.seen["name"],
            "draft": draft,
            "faults": faults or {},
            "others": others,
            "changes": _last_changes(session, station_id) if others else [],
            "groups": GROUPS,
            "columns": BY_NAME,
            "units": UNITS,
            "choices": CHOICES,
            "edited": (*EDITED, *CLASS_COLUMNS),
            "words_of": {"tier": TIERS, "review": REVIEWS, "powered": YES_NO},
            "counties": counties,
            "known": {"company": _companies(session, person), "town": _towns(session, counties)},
            "alarm_count": queries.active_alarm_count(session, person),
        }
        status = 409 if others else 422 if faults else 200
        return self._desk.page(request, "registry_edit.html", values, status)


def draft_of(form: Form) -> Draft:
    """What a form brings back."""
    names = (*EDITED, *CLASS_COLUMNS)
    return Draft(
        {name: form.field(f"was.{name}", _LONGEST_CELL) for name in names},
        {name: form.field(name, _LONGEST_CELL) for name in names},
    )


def _record(session: Session, person: Person, station: str) -> Record:
    """The record of a station that the person sees.

    Raises:
        HTTPException: 404, there is none.
    """
    if queries.station_file(session, person, station) is None:
        raise HTTPException(404, NO_STATION)
    return station_records(session, Wanted(station=station))[station]


def _last_changes(session: Session, station: str) -> list[Audit]:
    found = select(Audit).where(Audit.object == station, Audit.action.startswith("station."))
    return list(session.scalars(found.order_by(Audit.id.desc()).limit(3)))


def _companies(session: Session, person: Person) -> list[str]:
    """The O&M companies of the stations that the person sees."""
    own = select(Station.company_id).where(person.scope.stations())
    return list(session.scalars(select(Company.name).where(Company.id.in_(own)).order_by(Company.name)))


def _towns(session: Session, counties: Mapping[str, str]) -> list[str]:
    found = select(Town.name).where(Town.county_code.in_(list(counties))).distinct()
    return list(session.scalars(found.order_by(Town.name)))
