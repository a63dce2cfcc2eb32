"""What a running station can be told in words, and the state it answers with."""

import json
from collections.abc import Sequence

from simulator.errors import ParameterError
from simulator.fault_words import order
from simulator.meters import SimulatedStation

SAID = ("stop", "start", "status", "unplug", "plug", "fault WORDS")
"""All a station can be told."""


def obey(station: SimulatedStation, said: str) -> str:
    """Do as one line of `SAID` says; returns the station's state after it, as one line of JSON.

    `stop` and `start` switch the treatment, `unplug` and `plug` the adapter, `fault WORDS [unit N] [times N]`
    spoils answers, and `status` changes nothing.

    Raises:
        ParameterError: these words mean nothing.
        PathError: the adapter's link cannot be placed again.
    """
    match said.split():
        case ["status"]:
            pass
        case ["stop" | "start" as word]:
            station.set_running(word == "start")
        case ["unplug"]:
            station.close()
        case ["plug"]:
            station.start()
        case ["fault", *words]:
            wanted = order(" ".join(words))
            station.faults.set(wanted.fault, unit_id=wanted.unit_id, requests=wanted.requests)
        case _:
            raise ParameterError("words", "such as a station knows", said, f"Say {sentence(SAID)}.")
    return json.dumps(_state(station))


def sentence(several: Sequence[str]) -> str:
    """List them as a sentence does: a, b or c."""
    return f"{', '.join(several[:-1])} or {several[-1]}"


def _state(station: SimulatedStation) -> dict[str, object]:
    now = station.snapshot()
    return {
        "running": now.running,
        "mains": now.mains,
        "blower_on": now.blower_on,
        "pump_on": now.pump_on,
        "active_power_kw": round(now.electricity.active_power_kw, 4),
        "energy_kwh": round(now.energy_kwh, 3),
        "flow_m3h": round(now.flow_m3h, 3),
        "volume_m3": round(now.volume_m3, 3),
        "plugged": bool(station.terminal),
        "port": station.port,
        "fault": station.faults.words,
    }
