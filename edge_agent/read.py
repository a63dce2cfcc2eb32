"""`qingliu agent read`: a look at every meter, for people and for machines."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import TextIO

import msgspec

from edge_agent.bus import Bus
from edge_agent.clock import Clock
from edge_agent.config import Agent
from edge_agent.language import Language
from edge_agent.loan import borrowed
from edge_agent.meter import Meter, Poll
from edge_agent.read_words import WORDS
from edge_agent.status_page import control_path
from edge_agent.status_words import WORDS as CAUSES
from edge_agent.terminal import width
from telemetry.quantities import BY_NAME
from telemetry.reading import Reading


@contextmanager
def meters_of(agent: Agent) -> Iterator[list[Meter]]:
    """All meters of a station on their lines; the ports are given back at the end."""
    with ExitStack() as stack:
        buses = {
            name: stack.enter_context(closing(Bus(settings))) for name, settings in agent.settings.bus.items()
        }
        yield [Meter(device, buses[device.settings.bus]) for device in agent.devices]


@contextmanager
def lines_of(agent: Agent, name: str, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
    """Have all lines of a station to oneself; a running agent lends them, see `edge_agent.loan`.

    Raises:
        LineNotLentError: it does not.
    """
    control = control_path(agent.settings)
    with ExitStack() as stack:
        for port in sorted({settings.port for settings in agent.settings.bus.values()}):
            stack.enter_context(borrowed(control, port, name, on_wait))
        yield


def poll_all(meters: list[Meter], progress: TextIO | None = None) -> list[Poll]:
    """Poll every meter once, one after the other; says which one meanwhile."""
    polls = []
    for meter in meters:
        if progress:
            progress.write(f"\r{meter.id} …\x1b[K")
            progress.flush()
        polls.append(meter.poll())
    if progress:
        progress.write("\r\x1b[K")
        progress.flush()
    return polls


def to_json(agent: Agent, polls: list[Poll]) -> str:
    """`{"station":…,"readings":[…]}` with readings as in a batch, in one line."""
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


def table(agent: Agent, polls: list[Poll], language: Language = "en") -> str:
    """One line a value, aligned; under each meter what it says of itself."""
    station, words = agent.settings.station, WORDS[language]
    lines = [f"{station.id}  {station.name}".rstrip() + time.strftime("  %Y-%m-%d %H:%M:%S")]
    columns = max(map(width, words.quantities.values()))
    for poll, device in zip(polls, agent.devices, strict=True):
        lines.append(
            words.head.format(
                device=poll.device,
                quality=words.quality[poll.quality],
                why=words.why.format(why=_cause(poll, language)) if poll.why else "",
                profile=device.profile.name,
                unit=device.settings.unit_id,
                bus=device.settings.bus,
            )
        )
        left_out = [name for name in device.profile.quantity if name not in poll.values]
        for name in [*poll.values, *(left_out if poll.quality == "suspect" else ())]:
            label = words.quantities[name]
            place = f"  {label}{' ' * (columns - width(label))}"
            if name in poll.values:
                lines.append(f"{place} {poll.values[name]:>16,.3f} {BY_NAME[name].unit}".rstrip())
            else:
                lines.append(f"{place}{' ' * (17 - width(words.left_out))}{words.left_out}")
        lines += [words.reports.format(alarm=alarm) for alarm in poll.alarms]
    return "\n".join(lines)


def failures(polls: list[Poll], language: Language = "en") -> Iterator[str]:
    """One line for each meter that gave nothing, with the cause."""
    for poll in polls:
        if poll.quality == "missing":
            cause = _cause(poll, language)
            yield WORDS[language].failed.format(device=poll.device, why=cause, text=poll.text)


def _cause(poll: Poll, language: Language) -> str:
    """The contract's word in English, its meaning in Chinese."""
    why = poll.why or ""
    return why if language == "en" else CAUSES[language].why.get(why, why)
