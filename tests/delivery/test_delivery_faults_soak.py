"""The same with more of everything: ten runs, each with other readings and other misfortunes."""

from random import Random

import misfortunes
import pytest
from delivery_centre import DeliveryCentre
from delivery_run import Load, endure
from test_delivery_faults import EACH_KIND

TOGETHER = ("collector_and_broker_die", "collector_and_influxd_die")


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1, 11))
def test_a_hundred_thousand_readings_through_three_dozen_misfortunes(centre: DeliveryCentre, seed: int):
    chance = Random(seed)
    plan = [
        *EACH_KIND * 3,
        *TOGETHER * 2,
        *chance.choices(EACH_KIND, k=10),
        "influxd_freezes_beyond_patience",
    ]
    chance.shuffle(plan)
    endure(centre, Load(100_000), plan, seed)


@pytest.mark.soak
def test_memory_is_bounded_while_a_backlog_of_many_stations_meets_a_dead_store(
    centre: DeliveryCentre, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(misfortunes, "LONG_FREEZE_S", 14.0)
    load = Load(240_000, stations=120, batch_size=380, late_share=0, with_poison=False, strikes_at_once=True)
    endure(centre, load, ["influxd_freezes_for_a_while"], 11)
