"""From a bundle and two unknown meters to acknowledged readings, by nothing but the commands."""

import json
import tomllib
from pathlib import Path

from chain import STATION
from commissioning import centre, commission

from simulator.meters import SimulatedStation


def test_a_station_is_commissioned_by_the_commands_alone(tmp_path: Path, mosquitto_program: str):
    config = tmp_path / "etc" / "agent.toml"
    with (
        SimulatedStation(power_unit=3, flow_unit=7) as station,
        centre(mosquitto_program, tmp_path / "centre", station.port) as (chain, bundle),
    ):
        steps = {
            step.name: step.output
            for step in commission(
                bundle, config, station.port, chain, "--ids", "1-8", "--baudrate", "9600", "--parity", "N"
            )
        }
    assert list(steps) == ["enrol", "scan", "read", "check", "run to first ack", "status"]
    written = tomllib.loads(config.read_text())
    assert written["station"] == {"id": STATION, "name": "示例村污水处理站"}
    assert [(each["id"], each["profile"], each["unit_id"]) for each in written["device"]] == [
        ("power-1", "chint-dtsu666", 3),
        ("flow-1", "microsensor-mfe600", 7),
    ]
    assert {each.get("q", "good") for each in json.loads(steps["read"])["readings"]} == {"good"}
    assert steps["status"].splitlines()[0] == "well"
