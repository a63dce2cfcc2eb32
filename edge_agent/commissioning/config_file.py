"""`agent.toml` written by program: the meters, the station's name, the centre's address; the rest stays."""

import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from edge_agent.commissioning.config_edit import NotEditableError, Plain, with_tables
from edge_agent.commissioning.findings import FoundUnit, LineSettings, Scan
from edge_agent.commissioning.owner import usual_owner
from edge_agent.commissioning.setup_error import SetupError
from edge_agent.commissioning.setup_words import WORDS, Words
from edge_agent.config import AgentSettings, load_agent
from service.process import UnavailableError
from service.settings import Fault, SettingsError, load
from service.whole_file import Owner, part_of, sync_folder, write_part, write_whole

CONFIG_MODE = 0o640
"""Readable by the agent and its group; it holds no secret."""


class BusChoice(NamedTuple):
    """A serial line as it shall be.

    Attributes:
        timeout_s: how long to wait for an answer, in seconds; None leaves it as it is.
    """

    name: str
    port: str
    line: LineSettings
    echo: bool = False
    timeout_s: float | None = None


class DeviceChoice(NamedTuple):
    """A meter as it shall be; parameters as its profile asks for them, without those left at the default."""

    id: str
    profile: str
    bus: str
    unit_id: int
    parameters: Mapping[str, float | str] = {}


class StationChoice(NamedTuple):
    """What a first file needs to know beside the meters."""

    id: str
    name: str = ""
    host: str = ""


def load_skeleton(path: Path) -> AgentSettings:
    """Read an `agent.toml` that may still lack its meters; with meters it is checked like any other.

    Raises:
        SettingsError: with every fault of the file.
    """
    skeleton = load(path, AgentSettings, lambda settings: settings.mqtt.faults())
    if skeleton.device:
        load_agent(path)
    return skeleton


def write_meters(
    path: Path,
    buses: Mapping[str, BusChoice],
    devices: Sequence[DeviceChoice],
    *,
    first: StationChoice | None = None,
    words: Words = WORDS["en"],
) -> None:
    """Replace the lines and meters of an `agent.toml`, or make a first one for the station `first`.

    Comments and other tables stay; of a line that keeps its name so do `pause_s` and a `timeout_s` that is
    not given. The former file stays as `agent.toml.bak`.

    Raises:
        SettingsError: the result would not load, with every reason, or there is neither a file nor a station;
            nothing is replaced.
        UnavailableError: it cannot be written.
    """
    text = _text(path, first, words)
    former = _tables(text, path)
    lines = former.get("bus") if isinstance(former.get("bus"), dict) else {}
    wanted: dict[str, Any] = {
        "bus": {name: _bus_table(choice, (lines or {}).get(name)) for name, choice in buses.items()},
        "device": [_device_table(choice) for choice in devices],
    }
    _replace(path, text, wanted, words)


def set_station(
    path: Path,
    *,
    id: str | None = None,  # noqa: A002 - as the key is called
    name: str | None = None,
    words: Words = WORDS["en"],
) -> None:
    """Change which station this is, or what it is called.

    Raises:
        SettingsError: there is no such file, or the result would not load.
        UnavailableError: it cannot be written.
    """
    text = _text(path, None, words)
    table = _table(text, path, "station")
    table |= {key: value for key, value in (("id", id), ("name", name)) if value is not None}
    _replace(path, text, {"station": table}, words)


def conflict(scan: Scan, words: Words, taken: Sequence[FoundUnit] | None = None) -> str | None:
    """Why the meters found cannot share their line: a line has one setting for all; None if they can.

    Args:
        scan: what was found.
        words: of the reader's language.
        taken: the units that shall be read; all that were found if None.
    """
    units = scan.units if taken is None else taken
    lines = [unit.line for unit in units]
    if len(set(lines)) < 2:
        return None
    best = max(lines, key=lambda line: (lines.count(line), line == LineSettings(9600)))
    odd = [str(unit.unit_id) for unit in units if unit.line != best]
    spoken = [words.conflict_unit.format(unit=unit.unit_id, line=unit.line) for unit in units]
    return words.conflict.format(
        port=scan.port, units=words.comma.join(spoken), odd=words.comma.join(odd), line=best
    )


def _text(path: Path, first: StationChoice | None, words: Words) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        if first is None:
            raise SetupError(str(path), words.no_station.format(path=path), "no_station") from error
    except (OSError, UnicodeDecodeError):
        load(path, AgentSettings)  # says why
        raise
    station = {"id": first.id, "name": first.name}
    return with_tables(words.first_file, {"station": station, "mqtt": {"host": first.host}})


def _tables(text: str, path: Path) -> Plain:
    """The text's tables, which may be wrong in other ways.

    Raises:
        SettingsError: it is no TOML.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(
            str(path), [Fault("", f"not valid TOML: {error}", remedy="Mend that line.")]
        ) from error


def _table(text: str, path: Path, name: str) -> Plain:
    table = _tables(text, path).get(name, {})
    if not isinstance(table, dict):
        raise SettingsError(str(path), [Fault(name, "must be a table", table)])
    return dict(table)


def _bus_table(choice: BusChoice, former: object) -> Plain:
    table: Plain = dict(former) if isinstance(former, dict) else {}
    line = choice.line
    table |= {"port": choice.port, "baudrate": line.baudrate}
    for key, value, default in (
        ("parity", line.parity, "N"),
        ("stopbits", line.stopbits, 1),
        ("echo", choice.echo, False),
    ):
        table.pop(key, None)
        if value != default:
            table[key] = value
    if choice.timeout_s is not None:
        table["timeout_s"] = choice.timeout_s
    return table


def _device_table(choice: DeviceChoice) -> Plain:
    table: Plain = {
        "id": choice.id,
        "profile": choice.profile,
        "bus": choice.bus,
        "unit_id": choice.unit_id,
    }
    return table | ({"parameters": dict(choice.parameters)} if choice.parameters else {})


def _replace(path: Path, text: str, wanted: dict[str, Any], words: Words) -> None:
    """Write the changed text, if the agent would take it, and keep the former file beside it."""
    place = path.resolve()
    try:
        changed = with_tables(text, wanted)
    except NotEditableError as error:
        raise SetupError(str(path), words.not_editable.format(path=path), "not_editable") from error
    try:
        place.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        mode, owner = _mode_and_owner(place)
        part = part_of(place)
        write_part(part, changed.encode(), mode=mode, owner=owner)
        try:
            load_skeleton(part)
            if place.exists():
                write_whole(backup_of(place), place.read_bytes(), mode=mode, owner=owner)
            part.replace(place)
        finally:
            part.unlink(missing_ok=True)
        sync_folder(place.parent)
    except SettingsError as error:
        raise SettingsError(str(path), error.faults) from error
    except OSError as error:
        raise unwritable(path, error, words) from error


def backup_of(path: Path) -> Path:
    """Where the former file is kept: beside the file itself, also where `path` is a link to it."""
    place = path.resolve()
    return place.with_name(f"{place.name}.bak")


def unwritable(path: Path, error: OSError, words: Words) -> UnavailableError:
    """The error that says so, with the remedy."""
    pattern = words.unwritable if isinstance(error, PermissionError) else words.read_only
    return UnavailableError(pattern.format(path=path, reason=error.strerror or error))


def _mode_and_owner(path: Path) -> tuple[int, Owner | None]:
    """As the former file has it, else as a new one gets it."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return CONFIG_MODE, usual_owner()
    return status.st_mode & 0o777, Owner(status.st_uid, status.st_gid) if os.geteuid() == 0 else None
