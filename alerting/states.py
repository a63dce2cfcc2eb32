"""State periods: one open period a station, closed where the next begins."""

from collections.abc import Collection, Iterable
from typing import Protocol, cast

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from alerting.known import DayStates, Decision, Memory, State
from alerting.silence import Standstill
from registry.stations import among
from registry.tables import StatePeriod

WITHOUT_ENERGY = ("stopped", "flow_without_power", "power_cut", "planned_stop")
WITHOUT_MAINS = ("power_cut",)
SILENT = "offline"
NOT_SHORTENED = ("planned_stop", "power_cut")
"""What follows them never began before they ended."""
TELLING = ("running", "low_load", "idling", "stopped", "flow_without_power")
"""The states that say something of the treatment; the others say that just now nothing can be said."""


class Rows(Protocol):
    """What takes new rows: a session of the registry, or a list in memory."""

    def add(self, instance: object) -> None:
        """Keep a new row."""

    def flush(self) -> None:
        """Give it its number."""


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


def last_said(session: Session, stations: Collection[str] | None = None) -> dict[str, tuple[State, int]]:
    """Each station's last state that says something of the treatment, and its beginning, ms."""
    tells = and_(
        StatePeriod.state.in_(TELLING),
        or_(StatePeriod.end_ms.is_(None), StatePeriod.end_ms > StatePeriod.start_ms),
    )
    newest = (
        select(StatePeriod.station_id, func.max(StatePeriod.start_ms).label("start_ms"))
        .where(tells, among(StatePeriod.station_id, stations))
        .group_by(StatePeriod.station_id)
        .subquery()
    )
    rows = session.execute(
        select(StatePeriod.station_id, StatePeriod.state, StatePeriod.start_ms)
        .join(
            newest,
            (StatePeriod.station_id == newest.c.station_id) & (StatePeriod.start_ms == newest.c.start_ms),
        )
        .where(tells)
    )
    return {station: (cast("State", state), start_ms) for station, state, start_ms in rows}


def periods_between(session: Session, station: str, start_ms: int, end_ms: int) -> list[StatePeriod]:
    """A station's periods that touch a span, the newest first."""
    rows = session.scalars(
        select(StatePeriod)
        .where(StatePeriod.station_id == station, StatePeriod.start_ms < end_ms)
        .where(or_(StatePeriod.end_ms.is_(None), StatePeriod.end_ms > start_ms))
        .order_by(StatePeriod.start_ms.desc(), StatePeriod.id.desc())
    )
    return list(rows)


def states_on(newest_first: Iterable[StatePeriod], start_ms: int, end_ms: int) -> DayStates:
    """What a station was in between two instants, from its periods."""
    words, stood = set[str](), False
    for period in newest_first:
        if period.start_ms >= end_ms:
            continue
        if period.end_ms is not None and period.end_ms <= start_ms:
            break
        words.add(period.state)
        is_whole = period.start_ms <= start_ms and (period.end_ms is None or period.end_ms >= end_ms)
        stood = stood or (period.state == "stopped" and is_whole)
    return DayStates(words, stood)


def revise(
    rows: Rows,
    period: StatePeriod,
    found: Iterable[Standstill],
    after: StatePeriod | None,
    now_ms: int,
) -> list[StatePeriod]:
    """Put the standstills that a closed period hid in its place; returns the pieces, by time.

    What the period says stands between them. One that goes on in the next period (`after`) only moves the
    beginning of that.
    """
    end_ms = period.end_ms
    pieces = [period]
    for still in found:
        if end_ms is None:
            break
        pieces[-1].end_ms = still.start_ms
        if after is not None and (after.state, after.start_ms) == (still.state, still.end_ms):
            after.start_ms = still.start_ms
            break
        pieces.append(_piece(period, still.state, (still.start_ms, still.end_ms), now_ms))
        pieces[-1].reason, pieces[-1].evidence = still.reason, still.evidence
        if still.end_ms < end_ms:
            pieces.append(_piece(period, period.state, (still.end_ms, end_ms), period.decided_ms))
    for piece in pieces[1:]:
        rows.add(piece)
    return pieces


def _piece(period: StatePeriod, state: str, span: tuple[int, int], decided_ms: int) -> StatePeriod:
    return StatePeriod(
        station_id=period.station_id,
        state=state,
        start_ms=span[0],
        end_ms=span[1],
        decided_ms=decided_ms,
        reason=period.reason,
        evidence=dict(period.evidence),
    )


def remembered(memory: Memory, period: StatePeriod, now_ms: int) -> Memory:
    """What is to be known of a decision at the next one."""
    if period.state in TELLING:
        memory = memory._replace(state=cast("State", period.state), start_ms=period.start_ms)
    if period.state in WITHOUT_ENERGY:
        memory = memory._replace(treats_since_ms=now_ms)
    if period.state in WITHOUT_MAINS:
        memory = memory._replace(mains_since_ms=now_ms)
    if period.state == SILENT:
        memory = memory._replace(heard_since_ms=now_ms)
    return memory


def record(
    session: Rows, station: str, decision: Decision, present: StatePeriod | None, now_ms: int
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
        start_ms = now_ms if present.state in NOT_SHORTENED else max(start_ms, present.start_ms)
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
