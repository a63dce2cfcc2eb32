"""Approved stops: civil days that do not count, with reason, applicant and approver."""

from datetime import date

from sqlalchemy.orm import Session

from registry.tables import Exclusion

REASONS = ("maintenance", "rebuilding", "grid_outage", "season", "no_inflow")
"""Planned maintenance, rebuilding, grid outage, seasonal stop, no inflow."""


def enter_exclusion(  # noqa: PLR0913 - each is a field of the form
    session: Session,
    station: str,
    start: date,
    end: date,
    *,
    reason: str,
    applicant: str,
    approver: str,
    entered_ms: int,
) -> Exclusion:
    """Write an approved stop down; start and end are both included.

    Raises:
        ValueError: end before start, an unknown reason, or nobody who applied or approved.
    """
    if end < start:
        raise ValueError(f"end: must not lie before the start {start} (got {end})")
    if reason not in REASONS:
        raise ValueError(f"reason: must be one of {', '.join(REASONS)} (got {reason!r})")
    if not (applicant.strip() and approver.strip()):
        raise ValueError("applicant, approver: both are required")
    entered = Exclusion(
        station_id=station,
        start=start,
        end=end,
        reason=reason,
        applicant=applicant,
        approver=approver,
        entered_ms=entered_ms,
    )
    session.add(entered)
    return entered
