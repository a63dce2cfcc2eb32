"""State periods in the registry: one open period a station, closed where the next begins."""

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alerting.detect import Decision
from registry.stations import among
from registry.tables import StatePeriod

WITHOUT_ENERGY = ("stopped", "flow_without_power", "power_cut", "planned_stop")
WITHOUT_MAINS = ("power_cut",)


def open_periods(session: Session) -> dict[str, StatePeriod]:
    """The present state of every station that has one."""
    rows = session.scalars(select(StatePeriod).where(StatePeriod.end_ms.is_(None)))
    return {row.station_id: row for row in rows}


def last_so(
    session: Session, states: Collection[str], now_ms: int, stations: Collection[str] | None = None
) -> dict[str, int]:
    """When each station was last in one of some states, ms; now for those that still are."""
    until_ms = func.max(func.coalesce(StatePeriod.end_ms, now_ms))
    rows = session.execute(
        select(StatePeriod.station_id, until_ms)
        .where(StatePeriod.state.in_(states), among(StatePeriod.station_id, stations))
        .group_by(StatePeriod.station_id)
    )
    return {station: int(until) for station, until in rows}


def record(
    session: Session, station: str, decision: Decision, present: StatePeriod | None, now_ms: int
) -> StatePeriod:
    """Write a decision down: the same state goes on with fresh figures, another one begins a period.

    Returns:
        The open period.
    """
    evidence = dict(decision.evidence)
    if present is not None and present.state == decision.state:
        present.reason = decision.reason
        present.evidence = evidence
        return present
    start_ms = decision.start_ms
    if present is not None:
        start_ms = max(start_ms, present.start_ms)
        present.end_ms = start_ms
        session.flush()
    period = StatePeriod(
        station_id=station,
        state=decision.state,
        start_ms=start_ms,
        end_ms=None,
        decided_ms=now_ms,
        reason=decision.reason,
        evidence=evidence,
    )
    session.add(period)
    session.flush()
    return period
