"""What a back-test says at its end: how much there was, and what came of it. Pure."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from service.civil import clock_of
from service.columns import aligned

MOST_NAMED = 3
MONTH_DAYS = 30
Shown = str | int | float | None | Sequence[str] | Mapping[str, int]


class Extent(NamedTuple):
    """How much there was.

    Attributes:
        stations: how many of the station list.
        readings: rows of the file.
        strangers: stations with readings that are not on the list, with how many rows; left out.
        behind: stations most of whose rows stand far behind the clock.
        first_ms, last_ms: first and last clock; None without any reading.
        took_s: how long it took.
    """

    stations: int
    readings: int
    strangers: Mapping[str, int]
    behind: Sequence[str]
    first_ms: int | None
    last_ms: int | None
    took_s: float


def summary(extent: Extent, counts: Mapping[str, Mapping[str, int]], zone: ZoneInfo) -> dict[str, Shown]:
    """All figures, by name; a share without anything to share is None.

    Args:
        extent: how much there was.
        counts: states, days and alarms, each by its word.
        zone: of the civil days.
    """
    days = sum(counts["days"].values())
    months = days / MONTH_DAYS
    return {
        "stations": extent.stations,
        "readings": extent.readings,
        "first": _instant(extent.first_ms, zone),
        "last": _instant(extent.last_ms, zone),
        "strangers": dict(extent.strangers),
        "behind": list(extent.behind),
        "states": dict(counts["states"]),
        "days": dict(counts["days"]),
        "alarms": dict(counts["alarms"]),
        "running_share": counts["days"].get("running", 0) / days if days else None,
        "stopped_alarms_per_station_month": counts["alarms"].get("stopped", 0) / months if days else None,
        "took_s": round(extent.took_s, 3),
        "readings_per_minute": round(60 * extent.readings / extent.took_s) if extent.took_s else None,
    }


def lines(extent: Extent, counts: Mapping[str, Mapping[str, int]], zone: ZoneInfo) -> list[str]:
    """The same as an aligned table."""
    figures = summary(extent, counts, zone)
    rows = [
        ("stations", f"{extent.stations:,}"),
        ("readings", f"{extent.readings:,}"),
        ("span", f"{figures['first']} to {figures['last']}" if extent.readings else "-"),
    ]
    if extent.strangers:
        left_out = sum(extent.strangers.values())
        rows.append(("left out", f"{left_out:,} readings of unknown stations: {_named([*extent.strangers])}"))
    for name in ("states", "days", "alarms"):
        words = sorted(counts[name].items(), key=lambda item: (-item[1], item[0]))
        rows.append((name, ", ".join(f"{count:,} {word}" for word, count in words) or "none"))
    running, stopped = figures["running_share"], figures["stopped_alarms_per_station_month"]
    rows += [
        ("running days", f"{running:.1%}" if isinstance(running, float) else "-"),
        ("stopped alarms", f"{stopped:.2f} a station-month" if isinstance(stopped, float) else "-"),
        ("took", f"{extent.took_s:.1f} s, {figures['readings_per_minute'] or 0:,} readings a minute"),
    ]
    return list(aligned(rows))


def warnings(extent: Extent, readings: str) -> list[str]:
    """What is odd about the readings, and what to do."""
    if not extent.behind:
        return []
    fact = (
        f"most rows of {_named(extent.behind)} stand more than a day behind the clock, as if they came late"
    )
    return [f"{readings}: {fact}. If it is sorted by station, sort it by time, or add a column arrived."]


def _named(stations: Sequence[str]) -> str:
    more = len(stations) - MOST_NAMED
    return ", ".join(stations[:MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def _instant(ms: int | None, zone: ZoneInfo) -> str | None:
    return None if ms is None else clock_of(ms, zone).isoformat(timespec="seconds")
