"""A fleet in a thread of the test."""

import threading
import time
from collections.abc import Sequence
from typing import Any, Self

from service.mqtt import Mqtt
from simulator.fleet import Fleet
from simulator.fleet_delivery import Pacing
from simulator.fleet_link import address_of
from simulator.fleet_plan import Plan
from simulator.fleet_station import fleet_stations, station_ids
from simulator.fleet_tally import Progress

IDS = station_ids("410882-F", 6)


class Playing:
    """A fleet in a thread; its progress, and where it stood at the end."""

    def __init__(
        self,
        port: int,
        *,
        ids: Sequence[str] = IDS,
        interval_ms: int = 100,
        haste: int = 1,
        **options: Any,
    ) -> None:
        plan = Plan(interval_ms, Pacing(2 * interval_ms, 400, 600), 3_600_000, 300)
        mqtt = Mqtt(host="127.0.0.1", port=port, tls=False, **options)
        stations = list(fleet_stations(list(ids), now_s=time.time(), pace=60))
        self.fleet = Fleet(
            mqtt, address_of(mqtt), stations, plan, steady_ms=lambda: time.monotonic_ns() * haste // 1_000_000
        )
        self.told: list[Progress] = []
        self.end: Progress | None = None
        self.stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        self.end = self.fleet.run(self.stop, self.told.append)

    def ended(self) -> Progress:
        self.stop.set()
        self._thread.join(10)
        assert self.end is not None
        return self.end

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.ended()
