"""The fleet with the real collector, through the death of the broker between them."""

import time
from datetime import date

from chain import Chain
from fleet_playing import Playing
from servers import wait_until

from service.process import now_ms
from simulator.fleet_register import stations_csv
from simulator.fleet_station import fleet_stations, station_ids

HASTE = 20
"""The fleet's steady clock runs so much faster: 15 s are 0.75 s."""


def test_fifty_stations_deliver_everything_exactly_once_through_a_brokers_restart(mosquitto, tmp_path):
    ids = station_ids("410882-F", 50)
    listed = stations_csv(fleet_stations(ids, now_s=time.time(), pace=1), date(2026, 1, 1))
    (tmp_path / "fleet.csv").write_text(listed, encoding="utf-8")
    haste = Playing(mosquitto.port, ids=ids, interval_ms=500 * HASTE, haste=HASTE)
    heard = "SELECT COUNT(DISTINCT station) FROM power WHERE t > {}"
    with Chain(tmp_path, line="", broker_port=mosquitto.port) as chain:
        chain.run("stations", "import", str(tmp_path / "fleet.csv"))
        chain.start("collector")
        with haste as playing:
            wait_until(lambda: chain.rows("history", heard.format(0)) == [(50,)], "all deliver")
            mosquitto.kill()
            wait_until(lambda: playing.fleet.progress().connected == 0, "all have noticed")
            mosquitto.start()
            since = now_ms()
            wait_until(lambda: chain.rows("history", heard.format(since)) == [(50,)], "all deliver again")
            end = playing.ended()
        assert (end.connected, end.held, end.connects) == (50, 0, 100)
        assert (end.tally.lost, end.tally.refused, end.tally.waiting) == (0, 0, 0)
        assert end.tally.acknowledged == end.tally.made > 200
        count = "SELECT COUNT(*), COUNT(DISTINCT station || t) FROM {}"
        for table in ("power", "flow"):
            assert chain.rows("history", count.format(table)) == [(end.tally.made // 2,) * 2]
