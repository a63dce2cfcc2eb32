"""The delivery promise from outside: everything once, and nothing acknowledged before it was there."""

from random import Random

import pytest
from delivery_centre import DeliveryCentre
from delivery_run import Load, endure

EACH_KIND = (
    *("collector_dies", "broker_dies", "influxd_dies", "influxd_freezes", "influxd_freezes_and_dies"),
    *("influxd_refuses", "nothing_but_a_look"),
)


def test_whatever_dies_each_reading_is_there_once_and_was_acknowledged_after(centre: DeliveryCentre):
    seed = 20261122
    plan = [*EACH_KIND, "collector_and_broker_die", "collector_and_influxd_die"]
    Random(seed).shuffle(plan)
    endure(centre, Load(25_000), plan, seed)


def test_the_embedded_store_keeps_the_promise_too(embedded_centre: DeliveryCentre):
    plan = ["collector_freezes_and_dies", "collector_and_broker_die", "collector_freezes_and_dies"]
    endure(embedded_centre, Load(10_000), plan, 7)


@pytest.mark.parametrize(
    "load",
    [
        Load(40_000, batch_size=380, late_share=0, with_poison=False, strikes_at_once=True),
        Load(4_000, late_share=0, with_poison=False, heavy=8, strikes_at_once=True),
    ],
    ids=["large batches", "10 MB of nonsense"],
)
def test_memory_is_bounded_while_the_store_stands_still(centre: DeliveryCentre, load: Load):
    """Stations go on sending what nobody answers."""
    endure(centre, load, ["influxd_freezes_for_a_while"], 11)
