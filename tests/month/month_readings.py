"""Readings made against readings stored, one by one: the boxes' journals against the database itself."""

import json
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from influx_server import InfluxServer

QUALITIES = ("good", "suspect", "missing")
_QUANTITIES = {
    "power": (
        "active_power_kw", "voltage_l1_v", "voltage_l2_v", "voltage_l3_v", "current_l1_a", "current_l2_a",
        "current_l3_a", "power_factor", "frequency_hz", "energy_kwh",
    ),
    "flow": ("flow_m3h", "level_m", "volume_m3"),
}  # fmt: skip
DATE_MOVES_MS = 180_000
"""A box that has its time from the centre may be so far off: the collector's clock creeps through a step,
which takes a minute where boxes were killed on a busy machine."""


class Made(NamedTuple):
    """A reading as the script has it; `t` is None where it was never dated."""

    seq: int
    t: int | None
    true_ms: int
    device: str
    quality: str
    why: str | None
    values: dict[str, float]


class Compared(NamedTuple):
    """What came of a station's readings."""

    made: int
    stored: int
    doubled: int
    lost: int
    invented: int
    altered: int
    misdated: int


def journal(folder: Path) -> list[Made]:
    """All that a station's outbox accepted, in order."""
    made: dict[int, Made] = {}
    for line in (folder / "made.jsonl").read_bytes().splitlines():
        row = json.loads(line)
        if len(row) == 2:
            made[row[0]] = made[row[0]]._replace(t=row[1])
        else:
            made[row[0]] = Made(*row)
    return list(made.values())


def compared(made: list[Made], server: InfluxServer, database: str, station: str) -> Compared:
    """Hold a station's journal against what lies in the database."""
    wanted = {(each.device, each.t): each for each in made if each.t is not None}
    undated = len(made) - len(wanted)
    found: Counter[tuple[str, int]] = Counter()
    altered = 0
    for measurement, names in _QUANTITIES.items():
        query = f"SELECT * FROM {measurement} WHERE station = '{station}' GROUP BY device"
        for series in server.query(query, database).get("series", []):
            device = series["tags"]["device"]
            for values in series["values"]:
                row = dict(zip(series["columns"], values, strict=True))
                found[device, row["time"]] += 1
                each = wanted.get((device, row["time"]))
                told = {name: row[name] for name in names if row.get(name) is not None}
                if each is not None and (
                    told != each.values or QUALITIES[row["q"]] != each.quality or row.get("why") != each.why
                ):
                    altered += 1
    return Compared(
        made=len(made),
        stored=sum(found.values()),
        doubled=sum(count - 1 for count in found.values()),
        lost=len(wanted.keys() - found.keys()) + undated,
        invented=len(found.keys() - wanted.keys()),
        altered=altered,
        misdated=sum(abs(each.t - each.true_ms) > DATE_MOVES_MS for each in made if each.t is not None),
    )
