"""An explanation as plain data for machines: codes, exact fractions as texts, instants in ms. Pure."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from registry.exclusion_days import waiting_days
from registry.tables import Base, Exclusion
from reporting.explain import Condition, ExplainedDay, Explanation
from reporting.rate import RULE_VERSION
from service.civil import ONE_DAY, day_of

_STOP = ("id", "reason", "applicant", "approver", "entered_ms", "manager", "manager_ms", "attachment")
_BEFORE = ("verdict", "reason", "energy_kwh", "volume_m3", "rule_version", "computed_ms", "corrected_by",
           "correction_reason", "replaced_ms")  # fmt: skip
_VERDICT = ("energy_kwh", "volume_m3", "valid_hours", "evidence", "rule_version", "computed_ms",
            "corrected_by", "correction_reason")  # fmt: skip


def plain(explained: Explanation, zone: ZoneInfo) -> dict[str, Any]:
    """The whole explanation."""
    judged, facility = explained.judged, explained.judged.facility
    today = explained.until + ONE_DAY
    waiting = waiting_days(explained.stops, zone, today)
    return {
        "station": facility.id,
        "month": str(explained.month),
        "until": min(explained.until, explained.month.last).isoformat(),
        "rule_version": RULE_VERSION,
        **explained.address._asdict(),
        "county_code": facility.county,
        "company": facility.company,
        "design_m3_per_day": facility.design_m3_per_day,
        "commissioned": _written(facility.commissioned),
        "connected_from": _written(facility.connected_from),
        "classes": [{"since": since.isoformat(), "class": name} for since, name in facility.classes],
        "C": judged.calendar_days,
        "X": judged.excluded_days,
        "K": judged.countable_days,
        "R": judged.running,
        "S": judged.stopped,
        "U": judged.unknown,
        "judgement": judged.judgement,
        "conditions": [_condition(each) for each in explained.conditions],
        "longest_stop": None
        if explained.longest_stop is None
        else {
            "first": explained.longest_stop[0].isoformat(),
            "last": explained.longest_stop[1].isoformat(),
            "days": judged.longest_stop_days,
        },
        "days": [_day(day) for day in explained.days],
        "stops": [_stop(stop, waiting.get(stop.id, []), zone) for stop in explained.stops],
        "inspections": [
            _fields(each, ("id", "occasion", "result", "findings", "inspector"))
            | {"day": each.day.isoformat()}
            for each in explained.inspections
        ],
    }


def _condition(condition: Condition) -> dict[str, Any]:
    share = condition.share
    return {
        "code": condition.code,
        "part": condition.part,
        "whole": condition.whole,
        "share": None if share is None else f"{share.numerator}/{share.denominator}",
        "limit": str(condition.limit),
        "met": condition.is_met,
        "decides": condition.decides,
    }


def _day(day: ExplainedDay) -> dict[str, Any]:
    return {
        "day": day.day.isoformat(),
        "mark": day.mark,
        "reason": day.reason,
        "verdict": day.verdict.verdict if day.verdict is not None else None,
        **dict.fromkeys(_VERDICT),
        **(_fields(day.verdict, _VERDICT) if day.verdict is not None else {}),
        "stop": day.stop.stop.id if day.stop is not None else None,
        "standing": day.stop.standing if day.stop is not None else None,
        "replaced": [_fields(row, _BEFORE) for row in day.replaced],
    }


def _stop(stop: Exclusion, waiting: list[date], zone: ZoneInfo) -> dict[str, Any]:
    return _fields(stop, _STOP) | {
        "start": stop.start.isoformat(),
        "end": stop.end.isoformat(),
        "entered": day_of(stop.entered_ms, zone).isoformat(),
        "waiting_days": [day.isoformat() for day in waiting],
    }


def _fields(row: Base, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _written(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
