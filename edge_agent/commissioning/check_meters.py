"""Each meter, asked once (and a second time if that fails), on a line that a running agent lends."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, closing
from pathlib import Path

from edge_agent.bus import Bus
from edge_agent.commissioning.check_result import Figure, Finding, Name, skipped
from edge_agent.commissioning.findings import LineSettings
from edge_agent.commissioning.port_users import is_locked
from edge_agent.commissioning.scan_page import figures as figures_of
from edge_agent.config import Agent, BusSettings, ConfiguredDevice
from edge_agent.language import Language
from edge_agent.loan import LineNotLentError, borrowed
from edge_agent.meter import Meter, Poll

Lend = Callable[[BusSettings], AbstractContextManager[object]]
"""Gives a line for as long as it is polled; raises `LineNotLentError` where it cannot be had."""
WHO = "qingliu agent check"
_VOLTAGES = ("voltage_l1_v", "voltage_l2_v", "voltage_l3_v")


def on_loan(control: Path) -> Lend:
    """Lines that are borrowed from the agent that listens at `control`, if one runs."""
    return lambda bus: borrowed(control, bus.port, WHO)


def meters(
    agent: Agent,
    unusable: Collection[str],
    lend: Lend,
    begin: Callable[[Name, str], None],
    language: Language,
) -> Iterator[Finding]:
    """What each meter says, in the order of the file, one line after the other.

    Args:
        agent: the configuration.
        unusable: names of the lines whose port failed.
        lend: gives a line.
        begin: told which meter is asked.
        language: of what the lender says.
    """
    for name, bus in agent.settings.bus.items():
        devices = [each for each in agent.devices if each.settings.bus == name]
        if name in unusable:
            yield from (skipped("meter", "port", each.settings.id) for each in devices)
        elif devices:
            begin("meter", devices[0].settings.id)
            try:
                with lend(bus), closing(Bus(bus)) as line:
                    yield from _on_a_line(devices, bus, line, begin)
            except LineNotLentError as error:
                text, figures = error.said(language), {"loan": error.code}
                for each in devices:
                    yield Finding("meter", "fail", "meter_unlent", each.settings.id, figures, text)


def in_short(values: Mapping[str, float]) -> str:
    """A meter's values for one line, all phases: `231/230/229 V  50.0 Hz  1.84 kW  8,412.6 kWh`."""
    volts = [values[name] for name in _VOLTAGES if name in values]
    if len(volts) < 2:
        return figures_of(values)
    phases = "/".join(f"{each:.0f}" for each in volts) + " V"
    rest = figures_of({name: value for name, value in values.items() if name not in _VOLTAGES})
    return f"{phases}  {rest}".rstrip()


def _on_a_line(
    devices: list[ConfiguredDevice], settings: BusSettings, line: Bus, begin: Callable[[Name, str], None]
) -> Iterator[Finding]:
    for device in devices:
        begin("meter", device.settings.id)
        meter = Meter(device, line)
        first = meter.poll()
        if first.quality != "missing":
            yield _found(first, device, settings)
            continue
        second = meter.poll()
        found = _found(second, device, settings)
        if second.quality == "good":
            figures = {**found.figures, "why": str(first.why)}
            found = found._replace(state="warn", code="meter_second_try", figures=figures)
        yield found


def _found(poll: Poll, device: ConfiguredDevice, bus: BusSettings) -> Finding:
    line = LineSettings(bus.baudrate, bus.parity, bus.stopbits)
    figures: dict[str, Figure] = {
        "profile": device.profile.name,
        "unit_id": device.settings.unit_id,
        "line": str(line),
        **poll.values,
    }
    if poll.why == "port_gone" and is_locked(Path(bus.port)):
        return Finding("meter", "fail", "meter_port_busy", poll.device, {**figures, "port": bus.port})
    if poll.quality == "missing":
        figures["detail"] = poll.text
        return Finding("meter", "fail", str(poll.why), poll.device, figures)
    if poll.quality == "suspect":
        return Finding("meter", "warn", str(poll.why), poll.device, figures)
    if poll.alarms:
        figures["alarms"] = ", ".join(poll.alarms)
        return Finding("meter", "warn", "meter_alarm", poll.device, figures)
    return Finding("meter", "ok", "meter_good", poll.device, figures)
