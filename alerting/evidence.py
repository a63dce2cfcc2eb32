"""What a judgement rests on just now: consumption from quarter hours or raw readings, and who was heard."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from alerting.baseline import Baseline
from alerting.case import FINE_BELOW_MS
from alerting.files import StationFile
from alerting.fleet_view import FleetView
from alerting.known import Known, Thresholds
from alerting.last import told_last
from alerting.ledger import Ledger
from history.port import QuarterHour
from history.quarter_hours import consumption
from telemetry.reading import Reading

FINE_STEPS = 16
"""Steps of a window that is too short for quarter hours."""


def known_now(
    view: FleetView,
    file: StationFile,
    latest: Sequence[Reading],
    limits: Thresholds,
    usual: Baseline,
    zone: ZoneInfo,
    now_ms: int,
) -> Known:
    """Gather what is known of a station just now; `latest` is the last reading of each of its devices.

    Raises:
        HistoryError: the store cannot be read just now.
    """
    signs = [reading.t for reading in latest]
    if file.presence is not None and file.presence.last_seen_ms is not None:
        signs.append(file.presence.last_seen_ms)
    ledger = view.use.ledger(file.id, now_ms)
    known = file.known(ledger, usual, zone, now_ms)
    devices = file.in_place(told_last(latest))
    for device, last in devices.items():
        if last.counted_ms is None:
            counted = [each.t for each in view.edges(file.id, now_ms, now_ms) if each.d == device]
            devices[device] = last._replace(counted_ms=max(counted, default=None))
    window_ms = limits.stop_window_s * 1000
    is_short = window_ms < FINE_BELOW_MS
    return known._replace(
        last_heard_ms=max(signs, default=None),
        devices=devices,
        fine=fine_ledger(view, file.id, window_ms, now_ms) if is_short else None,
    )


def fine_ledger(view: FleetView, station: str, window_ms: int, now_ms: int) -> Ledger:
    """A window that is short for quarter hours, and as much before it, in fine steps from raw readings.

    Raises:
        HistoryError: the store cannot be read just now.
    """
    step_ms = max(1_000, window_ms // FINE_STEPS)
    end_ms = -(-now_ms // step_ms) * step_ms
    start_ms = end_ms - 2 * FINE_STEPS * step_ms
    readings = view.edges(station, start_ms, end_ms) + view.raw(station, None, start_ms, end_ms)
    readings.sort(key=lambda reading: reading.t)
    told, ledger = view.told_of(station), Ledger(step_ms=step_ms)
    for at_ms in range(start_ms, end_ms, step_ms):
        power, flow = (
            consumption(readings, kind, at_ms, at_ms + step_ms, told) for kind in ("power", "flow")
        )
        ledger.put(
            QuarterHour(
                station,
                at_ms,
                power.amount,
                flow.amount,
                power_mean_kw=power.mean,
                flow_mean_m3h=flow.mean,
                power_good=power.good,
                power_missing=power.missing,
                flow_good=flow.good,
                flow_missing=flow.missing,
            )
        )
    return ledger
