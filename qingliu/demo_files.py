"""The demo's files: a centre with shortened windows, and two live stations. All names are invented."""

import json
from pathlib import Path
from typing import NamedTuple

from registry.database import open_registry
from registry.stations import import_csv


class LiveStation(NamedTuple):
    """A simulated station; `pace` compresses its village's day, never the physics of its counters."""

    id: str
    name: str
    town: str
    process: str
    design_m3_per_day: float
    population: int
    pace: float


COUNTY = ("410882", "沁阳市")
LIVE_STATIONS = (
    LiveStation("410882-demo1", "演示站一（虚构）", "演示镇", "A2O", 20, 250, 60),
    LiveStation("410882-demo2", "演示站二（虚构）", "演示镇", "contact_oxidation", 30, 380, 60),
)

YOUNG_COUNTERS = {"energy_kwh": 42.0, "volume_m3": 60.0}
"""A meter's float32 counts in steps of 0.001 kWh from 8,192 kWh on, too coarse for windows of a minute."""

_CENTRE = """# Written anew at every start of the demo.
[centre]
name = "农村生活污水处理设施监管中心（演示）"
[mqtt]
host = "127.0.0.1"
port = {broker_port}
tls = false
[registry]
url = {registry}
[history]
path = {history}
[console]
port = {console_port}
[alerting]                # windows shortened, so that a stop is seen within minutes
round_s = 5
learn_s = 60
stop_window_s = 60
idle_window_s = 600
small_idle_window_s = 600
offline_after_s = 60
clear_after_s = 15
"""

_AGENT = """# Written anew at every start of the demo.
[station]
id = {id}
name = {name}
[bus.main]
port = {port}
[[device]]
id = "power-1"
profile = "chint-dtsu666"
bus = "main"
unit_id = 1
[[device]]
id = "flow-1"
profile = "microsensor-mfe600"
bus = "main"
unit_id = 2
[sampling]
interval_s = 5
send_every_s = 5
[mqtt]
host = "127.0.0.1"
port = {broker_port}
tls = false
[outbox]
path = {outbox}
"""


def write_files(data: Path, *, broker_port: int, console_port: int) -> None:
    """Write the settings and register the stations; what the folder has gathered stays."""
    registry_url = f"sqlite:///{data / 'registry.db'}"
    centre = _CENTRE.format(
        broker_port=broker_port,
        console_port=console_port,
        registry=_toml(registry_url),
        history=_toml(str(data / "history.db")),
    )
    (data / "centre.toml").write_text(centre, encoding="utf-8")
    rows = ["station,name,county,county_name,town,process,design_m3_per_day"]
    for station in LIVE_STATIONS:
        folder = data / station.id
        folder.mkdir(exist_ok=True)
        agent = _AGENT.format(
            id=_toml(station.id),
            name=_toml(station.name),
            port=_toml(str(folder / "rs485")),
            broker_port=broker_port,
            outbox=_toml(str(folder / "outbox.db")),
        )
        (folder / "agent.toml").write_text(agent, encoding="utf-8")
        counters = folder / "counters.json"
        if not counters.exists():
            counters.write_text(json.dumps(YOUNG_COUNTERS), encoding="utf-8")
        county = ",".join(COUNTY)
        rows.append(
            f"{station.id},{station.name},{county},{station.town},{station.process},{station.design_m3_per_day:g}"
        )
    stations = data / "stations.csv"
    stations.write_text("\n".join(rows) + "\n", encoding="utf-8")
    registry = open_registry(registry_url)
    try:
        with registry.writing() as session:
            import_csv(session, stations)
    finally:
        registry.close()


def _toml(text: str) -> str:
    """A TOML string; JSON's escapes are TOML's too."""
    return json.dumps(text, ensure_ascii=False)
