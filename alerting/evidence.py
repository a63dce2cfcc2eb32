"""The figures a judgement rests on: consumption in a window, from quarter hours or straight from raw."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from alerting.baseline import Baseline
from alerting.detect import Known, Thresholds, stop_window_start_ms
from alerting.files import StationFile
from alerting.fleet_view import FleetView
from alerting.ledger import NOTHING_KNOWN, Usage, Window
from history.port import QUARTER_HOUR_MS
from history.quarter_hours import Consumption, consumption
from telemetry.reading import Reading

VOLTAGES = frozenset({"voltage_l1_v", "voltage_l2_v", "voltage_l3_v"})
LEAST_VOLTAGE_V = 50.0
"""No phase of a mains that is there shows less."""
SHORT_WINDOW_MS = 4 * QUARTER_HOUR_MS
"""Shorter windows are summed from raw readings, because a quarter hour is too coarse for them."""


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
    return file.known(usual, zone, now_ms)._replace(
        last_heard_ms=max(signs, default=None),
        stop_window=gather(view, file.id, stop_window_start_ms(limits, file.mains_since_ms, now_ms), now_ms),
        idle_window=gather(view, file.id, now_ms - limits.idle_window_s * 1000, now_ms),
        mute=_mute(view, file.id, latest, now_ms),
        devices=len(latest),
        has_voltage=_has_voltage(latest),
    )


def _mute(view: FleetView, station: str, latest: Sequence[Reading], now_ms: int) -> dict[str, int]:
    """The devices whose last poll failed, with their last counter reading's time, or this poll's."""
    failed = {reading.d: reading.t for reading in latest if reading.q == "missing"}
    if not failed:
        return {}
    counted = {reading.d: reading.t for reading in view.edges(station, now_ms, now_ms)}
    return {device: min(counted.get(device, t), t) for device, t in failed.items()}


def _has_voltage(latest: Sequence[Reading]) -> bool | None:
    measured = [value for reading in latest for name, value in reading.x.items() if name in VOLTAGES]
    return any(value >= LEAST_VOLTAGE_V for value in measured) if measured else None


def gather(view: FleetView, station: str, start_ms: int, now_ms: int) -> Window:
    """Sum a station's window that ends now.

    Raises:
        HistoryError: the store cannot be read just now.
    """
    if now_ms - start_ms >= SHORT_WINDOW_MS:
        return view.use.window(station, start_ms, now_ms)
    readings = view.edges(station, start_ms, now_ms) + view.raw(station, None, start_ms, now_ms)
    readings.sort(key=lambda reading: reading.t)
    energy = consumption(readings, "power", start_ms, now_ms, view.told_of(station))
    volume = consumption(readings, "flow", start_ms, now_ms, view.told_of(station))
    return Window(start_ms, now_ms, _usage(energy), _usage(volume))


def _usage(used: Consumption) -> Usage:
    return NOTHING_KNOWN if used.amount is None else Usage(used.amount, used.coverage)
