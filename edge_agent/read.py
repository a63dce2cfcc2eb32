"""`qingliu agent read`: one poll of every meter, for people and for machines."""

import json
from typing import TextIO

import msgspec

from edge_agent.bus import Bus
from edge_agent.clock import Clock
from edge_agent.config import Agent
from edge_agent.meter import Meter, Poll
from telemetry.quantities import BY_NAME
from telemetry.reading import Reading


def poll_once(agent: Agent, progress: TextIO | None = None) -> list[Poll]:
    """Poll every configured meter once, line by line."""
    polls: list[Poll] = []
    for name, settings in agent.settings.bus.items():
        bus = Bus(settings)
        try:
            for device in agent.devices:
                if device.settings.bus != name:
                    continue
                if progress:
                    progress.write(f"\r{device.settings.id} …\x1b[K")
                    progress.flush()
                polls.append(Meter(device, bus).poll())
        finally:
            bus.close()
    if progress:
        progress.write("\r\x1b[K")
    return polls


def to_json(agent: Agent, polls: list[Poll]) -> str:
    """`{"station":…,"readings":[…]}` with readings as in a batch."""
    clock = Clock()
    offset_ms = clock.offset_ms()
    if offset_ms is None:  # not trusted, but the best there is for a look at the meters
        offset_ms = clock.now_ms() - max((poll.at_ms for poll in polls), default=0)
    readings = [
        Reading(
            t=poll.at_ms + offset_ms,
            d=poll.device,
            k=poll.kind,
            q=poll.quality,
            why=poll.why,
            x=poll.values,
        )
        for poll in polls
    ]
    return json.dumps(
        {"station": agent.settings.station.id, "readings": msgspec.to_builtins(readings)}, ensure_ascii=False
    )


def table(agent: Agent, polls: list[Poll]) -> str:
    """One line a value, aligned."""
    lines = [f"{agent.settings.station.id}  {agent.settings.station.name}".rstrip()]
    for poll in polls:
        why = f" ({poll.why})" if poll.why else ""
        lines.append(f"{poll.device}: {poll.quality}{why}")
        lines += [
            f"  {name:<18} {value:>14,.3f} {BY_NAME[name].unit}".rstrip()
            for name, value in poll.values.items()
        ]
    return "\n".join(lines)
