"""What a month's figures rest on, in short: as long as it is the same, they need not be read again."""

import hashlib
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from registry.config import CentreSettings
from registry.tables import DayVerdict, Exclusion, Finding, Inspection, Station
from reporting.rate import RULE_VERSION
from reporting.records import IS_COUNTED, addresses, facilities, span_around
from service.civil import Month

_encoder = msgspec.json.Encoder()


def basis(session: Session, settings: CentreSettings, month: Month) -> dict[str, Any]:
    """Counts and instants of the verdicts around a month, and hashes of what people entered for it."""
    return {
        "rules": RULE_VERSION,
        "verdicts": _verdicts(session, month),
        "entered_sha256": _entered(session, month),
        "targets_sha256": _targets(settings),
    }


def _verdicts(session: Session, month: Month) -> list[int]:
    """How many there are around the month, of each kind, and sums that a new computation changes."""
    span = span_around(month)
    running, stopped = (
        func.coalesce(func.sum(case((DayVerdict.verdict == verdict, 1))), 0)
        for verdict in ("running", "stopped")
    )
    computed_ms = DayVerdict.computed_ms
    found = (
        select(
            func.count(),
            running,
            stopped,
            func.coalesce(func.max(computed_ms), 0),
            func.coalesce(func.sum(computed_ms % 1_000_003), 0),
        )
        .select_from(Station)
        .join(DayVerdict, DayVerdict.station_id == Station.id)
        .where(IS_COUNTED, DayVerdict.day.between(span.first, span.last))
    )
    return [int(each) for each in session.execute(found).one()]


def _targets(settings: CentreSettings) -> str:
    """Of the file of targets; empty without one."""
    if not settings.reporting.targets_file:
        return ""
    try:
        content = Path(settings.reporting.targets_file).read_bytes()
    except OSError:  # whoever reads it says so
        return ""
    return hashlib.sha256(content).hexdigest()


def _entered(session: Session, month: Month) -> str:
    """Of the register, the approved stops, the inspections and the findings of the month."""
    span = span_around(month)
    first, last = Month.of(span.first).first, Month.of(span.last).last  # the ceiling is of whole months
    exclusions = select(Exclusion.__table__).where(Exclusion.start <= last, Exclusion.end >= first)
    inspections = select(Inspection.__table__).where(Inspection.day.between(month.first, month.last))
    findings = select(Finding.__table__).where(
        Finding.last_day >= month.first, Finding.first_day <= month.last
    )
    digest = hashlib.sha256()
    digest.update(_encoder.encode([facilities(session), sorted(addresses(session).items())]))
    for found in (exclusions, inspections, findings):
        for row in session.execute(found.order_by("id")):
            digest.update(_encoder.encode(tuple(row)))
    return digest.hexdigest()
