"""The question or two between a scan and `agent.toml`: which model each unit is, what only people know."""

import errno
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from edge_agent.commissioning.answers import bad_set, given_answers, host_fault, station_fault
from edge_agent.commissioning.config_file import (
    BusChoice,
    DeviceChoice,
    StationChoice,
    backup_of,
    conflict,
    unwritable,
    write_meters,
)
from edge_agent.commissioning.findings import Scan
from edge_agent.commissioning.interview import Ask, Interview, Say
from edge_agent.commissioning.layout import former_of, lines_and_meters, named
from edge_agent.commissioning.owner import is_writable
from edge_agent.commissioning.setup_error import SetupError
from edge_agent.commissioning.setup_words import Words
from edge_agent.config import DEFAULT_PATH
from edge_agent.terminal import table

__all__ = ["Ask", "Say", "given_answers", "ready_to_write", "write_answers"]

_STATION_KEYS = ("station.id", "station.name", "mqtt.host")


def ready_to_write(config: Path, words: Words, *, yes: bool, given: Mapping[str, str]) -> None:
    """Find out before a long scan, not after it, that its outcome could not be written.

    Raises:
        SettingsError: the present file is wrong, or there is none and nobody says for which station.
        UnavailableError: it cannot be written.
    """
    former_of(config)
    if yes and not config.exists():
        _first_station(config, None, print, words, given)
    if not is_writable(config):
        raise unwritable(config, PermissionError(errno.EACCES, os.strerror(errno.EACCES)), words)


def write_answers(
    scans: Sequence[Scan],
    config: Path,
    *,
    ask: Ask,
    say: Say,
    words: Words,
    yes: bool = False,
    given: Mapping[str, str] | None = None,
) -> int:
    """Ask what only people know, and write the meters into `agent.toml`.

    Args:
        scans: what was found, one of each line.
        config: the file to write; one is made if it is not there.
        ask: shows a prompt and returns what was typed; EOFError ends it all.
        say: shows a line.
        words: of the reader's language.
        yes: ask nothing: take the likeliest and the defaults.
        given: answers beforehand, as `power-1.ct` or `unit-3.profile`.

    Returns:
        The exit code: 0 written, 1 nothing was written.

    Raises:
        SettingsError: an answer given beforehand, or the file, is wrong; with `yes` also what is not clear.
        UnavailableError: the file cannot be written.
    """
    if not any(scan.units for scan in scans):
        say(words.nothing_found)
        return 1
    try:
        return _written(scans, config, None if yes else ask, say, words, dict(given or {}))
    except EOFError:
        say("")
        say(words.given_up)
        return 1


def _written(
    scans: Sequence[Scan], config: Path, ask: Ask | None, say: Say, words: Words, given: dict[str, str]
) -> int:
    former, is_new = former_of(config), not config.exists()
    interview = Interview(former, ask, say, words, given)
    chosen = interview.choose(scans)
    if not chosen:
        say(words.nothing_chosen)
        return 1
    for scan in scans:
        clash = conflict(scan, words, [each.unit for each in chosen if each.scan is scan])
        if clash:
            say(clash)
            say(words.given_up)
            return 1
    kept = [each for scan in scans for each in former.silent(scan) if interview.stays(each)]
    kept += former.elsewhere(scans)
    meters = named(chosen, kept, former)
    interview.refuse_unknown(meters, _STATION_KEYS if is_new else ())
    parameters = {each.id: interview.parameters(each) for each in meters}
    first = _first_station(config, ask, say, words, given) if is_new else None
    buses, devices = lines_and_meters(meters, parameters, kept, former)
    write_meters(config, buses, devices, first=first, words=words)
    for line in _report(config, buses, devices, words, is_new=is_new):
        say(line)
    return 0


def _report(
    config: Path,
    buses: Mapping[str, BusChoice],
    devices: Sequence[DeviceChoice],
    words: Words,
    *,
    is_new: bool,
) -> list[str]:
    rows = []
    for device in devices:
        where = words.meter_line.format(unit=device.unit_id, line=buses[device.bus].line)
        answers = ", ".join(f"{key}={value}" for key, value in device.parameters.items())
        rows.append((device.id, device.profile, where, answers))
    lines = ["", words.written.format(path=config), *table(rows, indent="  ")]
    if not is_new:
        lines += [words.kept_backup.format(path=backup_of(config)), words.restart]
    options = "" if config == DEFAULT_PATH else f" --config {config}"
    return [*lines, words.next.format(options=options)]


def _first_station(
    config: Path, ask: Ask | None, say: Say, words: Words, given: Mapping[str, str]
) -> StationChoice:
    """For which station a first file is.

    Raises:
        SetupError: nobody is asked and it was not given, or what was given is wrong.
    """
    faults: dict[str, Callable[[str, Words], str | None]] = {
        "station.id": station_fault,
        "station.name": lambda _text, _words: None,
        "mqtt.host": host_fault,
    }
    prompts = {"station.id": words.ask_station, "station.name": words.ask_name, "mqtt.host": words.ask_host}
    if ask is None and not {"station.id", "mqtt.host"} <= set(given):
        raise SetupError(str(config), words.no_station.format(path=config), "no_station")
    if ask is not None and not set(_STATION_KEYS) <= set(given):
        say("")
        say(words.first_station.format(path=config))
    answers = dict.fromkeys(_STATION_KEYS, "")
    for key, fault_of in faults.items():
        if key in given:
            answers[key] = given[key]
            fault = fault_of(given[key], words)
            if fault:
                raise bad_set(key, given[key], fault, words)
        elif ask is not None:
            while True:
                answers[key] = ask(prompts[key]).strip()
                fault = fault_of(answers[key], words)
                if fault is None:
                    break
                say(f"  {fault}")
    return StationChoice(*answers.values())
