"""Everything that may die, each with a look at whether what was acknowledged until then is really there."""

import signal
import time
from random import Random

from delivery_centre import DeliveryCentre
from judge import acknowledged_but_absent
from outside_fleet import OutsideFleet
from outside_station import OutsideStation

ACKS_ARRIVE_S = 0.2
"""So long the acks under way may come in before a look; the more of them, the stricter it is."""

LONG_FREEZE_S = 5.0
MOST_PATIENT_S = 15.0
"""So long the collector waits for an answer of its store."""


class Misfortunes:
    """What may befall a centre. `befallen` tells what did, `absent` what was acknowledged too early."""

    def __init__(self, centre: DeliveryCentre, fleet: OutsideFleet, chance: Random) -> None:
        self.befallen: list[str] = []
        self.absent: list[str] = []
        self._centre, self._fleet, self._chance = centre, fleet, chance

    def strike(self, name: str) -> None:
        """Let one of the methods below happen."""
        self.befallen.append(f"{name} after {self._fleet.answered()} answers")
        getattr(self, name)()

    def collector_dies(self) -> None:
        self._centre.kill()
        self._centre.start()

    def broker_dies(self) -> None:
        """Restarted at once, and empty."""
        self._centre.mosquitto.kill()
        self._centre.mosquitto.start()

    def influxd_dies(self) -> None:
        """What was acknowledged before its end must be there when it comes back, before anybody can write."""
        assert self._centre.influx
        self._centre.influx.kill()
        self._look_inside_reborn()

    def influxd_freezes(self) -> None:
        assert self._centre.influx
        self._centre.influx.freeze()
        time.sleep(self._chance.uniform(0.3, 1.2))
        self._centre.influx.thaw()

    def influxd_freezes_for_a_while(self) -> None:
        """Long enough for the stations to say everything several times over."""
        assert self._centre.influx
        self._centre.influx.freeze()
        time.sleep(LONG_FREEZE_S)
        self._centre.influx.thaw()

    def influxd_freezes_and_dies(self) -> None:
        """As a host that hangs and is switched off: what it never read is lost with it."""
        assert self._centre.influx
        self._centre.influx.freeze()
        time.sleep(self._chance.uniform(0.3, 1.2))
        self._look_inside_reborn()

    def influxd_freezes_beyond_patience(self) -> None:
        """Longer than the collector waits for an answer."""
        assert self._centre.influx
        self._centre.influx.freeze()
        time.sleep(MOST_PATIENT_S + self._chance.uniform(1, 5))
        self._centre.influx.thaw()

    def influxd_refuses(self) -> None:
        """503 for a while."""
        assert self._centre.influx
        with self._centre.influx.away():
            time.sleep(self._chance.uniform(0.1, 0.5))

    def collector_and_broker_die(self) -> None:
        self._centre.kill()
        self.broker_dies()
        self._centre.start()

    def collector_and_influxd_die(self) -> None:
        assert self._centre.influx
        self._centre.kill()
        self._centre.influx.kill()
        self._look_inside_reborn()
        self._centre.start()

    def second_collector_dies(self) -> None:
        """Of two; for some time the other one is alone."""
        self._centre.kill(1)
        time.sleep(self._chance.uniform(0.5, 1.0))
        self._centre.start(1)

    def collector_freezes_and_dies(self) -> None:
        """For a store within the collector: while it stands still, nothing can be written after the look."""
        self._centre.signal(0, signal.SIGSTOP)
        self.look()
        self._centre.kill()
        self._centre.start()

    def nothing_but_a_look(self) -> None:
        self.look()

    def look(self) -> None:
        """Ask the store at once for everything acknowledged up to now."""
        time.sleep(ACKS_ARRIVE_S)
        self._compare(self._fleet.acknowledged())

    def _look_inside_reborn(self) -> None:
        """No write can have been done between the death and the look; so the order of things is proven."""
        assert self._centre.influx
        time.sleep(ACKS_ARRIVE_S)
        acknowledged = self._fleet.acknowledged()
        with self._centre.influx.reborn_unseen():
            self._compare(acknowledged)

    def _compare(self, acknowledged: list[tuple[OutsideStation, list[int]]]) -> None:
        absent = acknowledged_but_absent(acknowledged, self._centre.store.keys())
        self.absent += [f"{self.befallen[-1]}: {each}" for each in absent]
