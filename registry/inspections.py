"""Inspections: unannounced visits (四不两直) and patrols (巡查), with their result and water samples.

A visit that finds a station 非正常 makes it not normal in the month of its day (DESIGN, operating rate).
"""

import math
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from registry.audit import note_change
from registry.record_entry import By, Entered, RecordError, faults_of_day, faults_of_text, refuse
from registry.record_lock import wait_for_turn
from registry.tables import Inspection, Station, WaterSample
from service.settings import Fault

RESULTS = {"normal": ("正常",), "abnormal": ("非正常", "不正常", "异常")}
OCCASIONS = {
    "unannounced": ("四不两直", "突击检查", "暗访"),
    "patrol": ("巡查", "日常巡查", "巡检"),
}
PARAMETERS: dict[str, tuple[str, str]] = {
    "COD": ("化学需氧量", "mg/L"), "BOD5": ("五日生化需氧量", "mg/L"), "NH3-N": ("氨氮", "mg/L"),
    "TN": ("总氮", "mg/L"), "TP": ("总磷", "mg/L"), "SS": ("悬浮物", "mg/L"), "pH": ("pH值", ""),
    "DO": ("溶解氧", "mg/L"), "LAS": ("阴离子表面活性剂", "mg/L"), "oil": ("动植物油", "mg/L"),
    "FC": ("粪大肠菌群", "MPN/L"), "temperature": ("水温", "°C"),
}  # fmt: skip
"""Water-quality parameters: Chinese name and usual unit."""
UPPER_LIMITED = frozenset(PARAMETERS) - {"DO", "pH", "temperature"}
"""Those that a limit holds down: more than the limit is too much."""
LONGEST_FINDINGS = 4_000
_LARGEST = 1e9


class NewSample(NamedTuple):
    """One parameter of a water sample, and the limit it is held against."""

    parameter: str
    value: float
    unit: str
    limit: float | None = None


class NewInspection(NamedTuple):
    """A visit.

    Attributes:
        is_brief: a line of a list that has no more than station, result and date; nothing else is required.
    """

    station: str
    day: date
    result: str
    occasion: str
    findings: str
    inspector: str
    samples: tuple[NewSample, ...] = ()
    is_brief: bool = False


def faults_of_inspection(new: NewInspection, today: date) -> Iterator[Fault]:
    """What is wrong with a visit, whatever else is on record."""
    yield from faults_of_day("day", new.day, today)
    if new.result not in RESULTS:
        yield Fault("result", f"must be one of {', '.join(RESULTS)}", new.result, "Use one of these.")
    if new.occasion not in OCCASIONS:
        yield Fault("occasion", f"must be one of {', '.join(OCCASIONS)}", new.occasion, "Use one of these.")
    if new.result == "abnormal" and not new.findings.strip() and not new.is_brief:
        yield Fault("findings", "are required when the result is abnormal", remedy="Say what was found.")
    yield from faults_of_text("findings", new.findings, LONGEST_FINDINGS)
    yield from faults_of_text("inspector", new.inspector, 64, is_required=not new.is_brief)
    seen: set[str] = set()
    for sample in new.samples:
        yield from _faults_of_sample(sample)
        if sample.parameter in seen:
            yield Fault("samples", "a parameter stands twice", sample.parameter, "Leave one of them.")
        seen.add(sample.parameter)


def _faults_of_sample(sample: NewSample) -> Iterator[Fault]:
    name = sample.parameter
    if name not in PARAMETERS:
        yield Fault("samples", f"a parameter must be one of {', '.join(PARAMETERS)}", name, "Correct it.")
    largest = 14 if name == "pH" else _LARGEST
    if not (math.isfinite(sample.value) and 0 <= sample.value <= largest):
        yield Fault("samples", f"{name} must be a number from 0 to {largest:g}", sample.value, "Correct it.")
    if sample.limit is not None and not (math.isfinite(sample.limit) and 0 < sample.limit <= _LARGEST):
        yield Fault("samples", f"the limit of {name} must be above 0", sample.limit, "Correct it.")
    yield from faults_of_text("samples", sample.unit, 16)


def over_limit(samples: Iterable[NewSample]) -> list[NewSample]:
    """The samples that lie above their limit."""
    return [
        each for each in samples
        if each.parameter in UPPER_LIMITED and each.limit is not None and each.value > each.limit
    ]  # fmt: skip


def check_inspection(session: Session, new: NewInspection, by: By) -> list[Fault]:
    """What is wrong with a visit, all at once."""
    faults = list(faults_of_inspection(new, by.today))
    if session.get(Station, new.station) is None:
        remedy = "See qingliu stations list, or import it first."
        faults.insert(0, Fault("station", "is not on the register", new.station, remedy))
    elif not faults and (same := _same(session, new)) is not None:
        rule = f"the same visit is on record already, no. {same}"
        faults.append(Fault("day", rule, new.day.isoformat(), "Leave it out, or remove the other one."))
    return faults


def enter_inspection(session: Session, new: NewInspection, by: By) -> Entered:
    """Write a visit down with its samples.

    Raises:
        RecordError: it cannot be so, or is on record already; nothing was written.
    """
    wait_for_turn(session)
    refuse(check_inspection(session, new, by))
    row = Inspection(
        station_id=new.station, day=new.day, occasion=new.occasion, result=new.result, findings=new.findings,
        inspector=new.inspector, entered_ms=by.now_ms,
    )  # fmt: skip
    session.add(row)
    session.flush()
    session.add_all(WaterSample(inspection_id=row.id, **sample._asdict()) for sample in new.samples)
    session.flush()
    note_change(
        session, at_ms=by.now_ms, actor=by.actor, action="inspection.enter", subject=new.station,
        after=_fields(row, new.samples), address=by.address,
    )  # fmt: skip
    return Entered(row.id, tuple(_warnings(new)))


def remove_inspection(session: Session, number: int, reason: str, by: By) -> Entered:
    """Take a visit and its samples away; the audit trail keeps them.

    Raises:
        RecordError: there is none of that number, or no reason is given.
    """
    wait_for_turn(session)
    faults = list(faults_of_text("reason", reason, 1_000, is_required=True))
    row = session.get(Inspection, number) if 0 < number < 2**63 else None
    if row is None:
        faults.append(Fault("remove", "there is no such record", number, "See --list."))
    if faults or row is None:
        raise RecordError(faults)
    before = _fields(row, samples_of(session, [number]).get(number, []))
    session.execute(delete(WaterSample).where(WaterSample.inspection_id == number))
    session.delete(row)
    session.flush()
    note_change(
        session, at_ms=by.now_ms, actor=by.actor, action="inspection.remove", subject=row.station_id,
        before=before, after={"removed_because": reason}, address=by.address,
    )  # fmt: skip
    return Entered(number)


def samples_of(session: Session, inspections: Iterable[int]) -> dict[int, list[NewSample]]:
    """The samples of some visits by the visit's number, in the order in which they were entered."""
    found = session.scalars(
        select(WaterSample).where(WaterSample.inspection_id.in_(list(inspections))).order_by(WaterSample.id)
    )
    samples: dict[int, list[NewSample]] = {}
    for each in found:
        sample = NewSample(each.parameter, each.value, each.unit, each.limit)
        samples.setdefault(each.inspection_id, []).append(sample)
    return samples


def _same(session: Session, new: NewInspection) -> int | None:
    return session.scalars(
        select(Inspection.id).where(
            Inspection.station_id == new.station,
            Inspection.day == new.day,
            Inspection.occasion == new.occasion,
            Inspection.inspector == new.inspector,
        )
    ).first()


def _warnings(new: NewInspection) -> Iterator[str]:
    if new.result == "normal":
        for each in over_limit(new.samples):
            yield (
                f"{each.parameter} {each.value:g} {each.unit} lies above its limit {each.limit:g}, "
                "though the result is normal"
            )


def _fields(row: Inspection, samples: Iterable[NewSample]) -> dict[str, Any]:
    fields = {"id": row.id, "day": row.day, "occasion": row.occasion, "result": row.result,
              "findings": row.findings, "inspector": row.inspector}  # fmt: skip
    return fields | {"samples": [sample._asdict() for sample in samples]}
