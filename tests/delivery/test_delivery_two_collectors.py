"""Two collectors share the stations, over one registry and one store; one of them dies and comes back."""

import time
from random import Random

from delivery_centre import DeliveryCentre
from delivery_run import Load, endure
from outside_fleet import OutsideFleet
from readings_made import DEVICES, good_ones
from servers import wait_until

PRESENCE = "SELECT station_id, online, last_reading_ms, last_seen_ms, clock_offset_ms, version FROM presence"
DEVICE_ROWS = "SELECT station_id, device, kind FROM devices"


def test_two_collectors_store_everything_once_and_agree_on_who_is_there(shared_centre: DeliveryCentre):
    started_ms = time.time_ns() // 1_000_000
    fleets: list[OutsideFleet] = []

    def half_of_them_leave(fleet: OutsideFleet) -> None:
        """Each collector hears some last readings, and both a goodbye; then they write what they know."""
        fleets.append(fleet)
        shared_centre.await_links()
        now_ms = time.time_ns() // 1_000_000 + 10_000  # newer than all before
        fleet.take({each.name: good_ones(Random(1), 3, now_ms, 10**9, 0) for each in fleet.stations})
        wait_until(fleet.is_done, "the last readings are answered")
        left = {
            station.name: max(made.t for made in station.made.values()) for station in fleet.stations[::2]
        }
        fleet.say_goodbye(left)
        wait_until(
            lambda: {row[0]: row[2] for row in shared_centre.rows(PRESENCE) if not row[1]} == left,
            "half of them are known to be away, and when they were last read",
        )

    plan = ["second_collector_dies", "nothing_but_a_look"]
    endure(shared_centre, Load(10_000, with_poison=False), plan, 13, at_end=half_of_them_leave)

    stations = fleets[0].stations
    assert not any(station.errors for station in stations)
    rows = {row[0]: row[1:] for row in shared_centre.rows(PRESENCE)}
    assert rows.keys() == {station.name for station in stations}
    for station in stations:
        is_online, reading_ms, seen_ms, clock_offset_ms, version = rows[station.name]
        assert version == "outside"
        assert reading_ms is None or reading_ms in {made.t for made in station.made.values()}
        if not is_online:  # a change is written at once, all else by the minute
            assert started_ms <= seen_ms <= time.time_ns() // 1_000_000
            assert abs(clock_offset_ms) < 60_000
    devices = {(station.name, device, kind) for station in stations for device, kind in DEVICES}
    assert set(shared_centre.rows(DEVICE_ROWS)) == devices
