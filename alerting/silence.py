"""What a silence hid: its standstills, once late readings or counters on both sides tell them. Pure.

A station that could not be heard was offline then, and stays so in the record; but where energy (or, without
a power meter, effluent) stood still for as long as a stop takes, the span is called what it was. Nothing
rings for what is over.
"""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

from alerting.case import HOUR_MS, Case
from alerting.known import Known, State, Thresholds
from alerting.stops import BY_PASS_SHARE, quiet_most_kwh
from service.civil import day_of, days_between

SHORTEST_MS = HOUR_MS
"""Less of a standstill within a silence is not worth an entry."""
STANDBY_SHARE = 0.5
"""Meters that counted less than this part of the standby load had no mains."""
LONGEST_CUT_MS = 24 * HOUR_MS
"""A village without mains for longer is known to everybody; a main switch that is off may be."""
STANDBY_SEEN_KWH = 0.05
"""Less than this of standby load cannot be told from nothing."""


class Standstill(NamedTuple):
    """A part of a silence in which a station stood still.

    Attributes:
        state: what it was: `stopped`, `flow_without_power` or `power_cut`.
        start_ms, end_ms: within the silence, ms since the epoch, UTC.
        reason: a code.
        evidence: the figures.
    """

    state: State
    start_ms: int
    end_ms: int
    reason: str
    evidence: dict[str, float | str]

    def days(self, zone: ZoneInfo) -> Iterator[date]:
        """The civil days that it touches."""
        return days_between(day_of(self.start_ms, zone), day_of(self.end_ms - 1, zone))


def standstills(known: Known, limits: Thresholds, start_ms: int, end_ms: int) -> list[Standstill]:
    """The standstills within a silence, by time.

    Args:
        known: of the station; its ledger reaches around the silence.
        limits: that it is held against.
        start_ms: of the silence.
        end_ms: likewise; not included.
    """
    case = Case(known, limits, end_ms)
    if known.has_power_meter:
        return list(_without_energy(case, start_ms, end_ms))
    return list(_without_effluent(case, start_ms, end_ms))


def _without_energy(case: Case, start_ms: int, end_ms: int) -> Iterator[Standstill]:
    power, window_ms = case.known.ledger.power, case.stop_window_ms
    for begins_ms, ends_ms in power.quiet_runs(start_ms, end_ms, quiet_most_kwh(case, power.step_ms)):
        length_ms = ends_ms - begins_ms
        used = power.usage(begins_ms, ends_ms)
        if length_ms < window_ms or used.amount >= case.floor_in(length_ms):
            continue
        low_ms, high_ms = max(begins_ms, start_ms), min(ends_ms, end_ms)
        if high_ms - low_ms < SHORTEST_MS:
            continue
        evidence: dict[str, float | str] = {
            "window_s": length_ms // 1000,
            "energy_kwh": used.amount,
            "coverage": used.coverage,
            "energy_floor_kwh": case.floor_in(length_ms),
        }
        if _had_no_mains(case, low_ms, high_ms):
            yield Standstill("power_cut", low_ms, high_ms, "no_mains_in_gap", evidence)
            continue
        flow = case.known.ledger.flow.usage(begins_ms + case.drain_ms, ends_ms)
        if case.is_enough(flow):
            evidence["volume_m3"] = flow.amount
            goes_on = flow.amount > case.dry_m3_in(length_ms - case.drain_ms, BY_PASS_SHARE)
            if goes_on and case.known.works_without_power:
                continue
            if goes_on:
                yield Standstill("flow_without_power", low_ms, high_ms, "effluent_without_energy", evidence)
                continue
        yield Standstill("stopped", low_ms, high_ms, "stood_while_silent", evidence)


def _had_no_mains(case: Case, start_ms: int, end_ms: int) -> bool:
    """Whether not even the standby load was counted, in a time without any sample."""
    power, standby_kwh = case.known.ledger.power, case.usual.standby_kwh
    if (
        standby_kwh is None
        or end_ms - start_ms > LONGEST_CUT_MS
        or power.levels(start_ms, end_ms - power.step_ms)
    ):
        return False
    expected_kwh = standby_kwh * (end_ms - start_ms) / (24 * HOUR_MS)
    counted = power.usage(start_ms, end_ms).amount
    return expected_kwh >= STANDBY_SEEN_KWH and counted < STANDBY_SHARE * expected_kwh


def _without_effluent(case: Case, start_ms: int, end_ms: int) -> Iterator[Standstill]:
    flow = case.known.ledger.flow
    for begins_ms, ends_ms in flow.quiet_runs(start_ms, end_ms, 2 * case.dry_m3_in(flow.step_ms)):
        length_ms = ends_ms - begins_ms
        let_out = flow.usage(begins_ms, ends_ms)
        low_ms, high_ms = max(begins_ms, start_ms), min(ends_ms, end_ms)
        if (
            length_ms < case.dry_window_ms
            or let_out.amount > case.dry_m3_in(length_ms)
            or high_ms - low_ms < SHORTEST_MS
        ):
            continue
        evidence: dict[str, float | str] = {
            "window_s": length_ms // 1000,
            "volume_m3": let_out.amount,
            "coverage": let_out.coverage,
            "volume_floor_m3": case.dry_m3_in(length_ms),
        }
        yield Standstill("stopped", low_ms, high_ms, "stood_while_silent", evidence)
