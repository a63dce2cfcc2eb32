"""A station introduced to its centre: what the bundle says joined with the `agent.toml` that is there."""

import tempfile
import tomllib
from pathlib import Path
from typing import Literal, NamedTuple

from edge_agent.commissioning.bundle import (
    AUTHORITY,
    CERTIFICATE,
    CONFIG,
    KEY,
    PASSWORD,
    Bundle,
)
from edge_agent.commissioning.config_edit import NotEditableError, Plain, with_tables
from edge_agent.commissioning.config_file import load_skeleton
from edge_agent.commissioning.enrol_files import aside_of, is_in_place, put_in_place
from edge_agent.commissioning.enrol_words import Words
from edge_agent.commissioning.identity import BoxClock, Identity, judge
from edge_agent.commissioning.owner import owner_named, usual_owner
from edge_agent.commissioning.setup_error import SetupError
from service.process import UnavailableError
from service.settings import SettingsError
from service.whole_file import Owner

State = Literal["enrolled", "renewed", "replaced", "unchanged"]
_KEYS = {AUTHORITY: "ca_file", CERTIFICATE: "cert_file", KEY: "key_file", PASSWORD: "password_file"}
"""Under which key of `[mqtt]` each file is named."""


class Enrolment(NamedTuple):
    """What was done.

    Attributes:
        state: whether and how the box changed.
        broker: the centre's name and port.
        user: with which the station logs in; empty with a certificate.
        former: which station the box was before, if another.
        kept: where the former `agent.toml` is.
        has_meters: whether it needs no scan any more.
    """

    state: State
    station: str
    name: str
    broker: str
    user: str
    identity: Identity
    config: Path
    former: str = ""
    kept: Path | None = None
    has_meters: bool = False


class _Present(NamedTuple):
    """The `agent.toml` that is there, or was put aside by an enrolment that was cut off."""

    text: str
    tables: Plain
    station: str


def enrol(
    bundle: Bundle,
    config: Path,
    *,
    clock: BoxClock,
    words: Words,
    owner: str | None = None,
    replace: bool = False,
) -> Enrolment:
    """Put a bundle's files beside `config`, and join its settings with those that are there.

    A file of the same station keeps its lines, meters, comments and all but `[mqtt]` and the name.

    Args:
        bundle: what the centre gave.
        config: where `agent.toml` is, or shall be.
        clock: the box's, to judge the certificates.
        words: of the reader's language.
        owner: user who shall own the files; the agent's own if None and we are root.
        replace: become another station.

    Raises:
        SettingsError: the identity will not do, the box is another station, or the outcome would not load.
        UnavailableError: it cannot be written.
    """
    identity = judge(bundle, clock, words)
    owned = _owner(owner, words)
    place = config.resolve()
    try:
        present = _present(place, config, words)
        station = bundle.settings.station.id
        is_other = present is not None and present.station not in ("", station)
        if present is not None and is_other and not replace:
            line = words.other_station.format(config=config, present=present.station, station=station)
            raise SetupError(str(config), line, "other_station")
        text = _joined(bundle, None if is_other else present, place.parent)
        _check(text, bundle, config, words)
        state: State = "replaced" if is_other else "enrolled" if present is None else "renewed"
        kept = None
        if is_in_place(place, bundle, text, owned):
            state = "unchanged"
        else:
            kept = put_in_place(place, bundle, text, owned, present.station if is_other and present else "")
    except NotEditableError as error:
        raise SetupError(str(config), words.not_editable.format(config=config), "not_editable") from error
    except OSError as error:
        pattern = words.forbidden if isinstance(error, PermissionError) else words.unwritable
        line = pattern.format(path=config, reason=error.strerror or error, bundle=bundle.path)
        raise UnavailableError(line) from error
    tables = tomllib.loads(text)
    mqtt = bundle.settings.mqtt
    return Enrolment(
        state,
        station,
        str(tables["station"].get("name", "")),
        f"{mqtt.host}:{mqtt.actual_port}",
        str(tables["mqtt"].get("username", "")),
        identity,
        config,
        present.station if present is not None and is_other else "",
        kept,
        bool(tables.get("device")),
    )


def _owner(name: str | None, words: Words) -> Owner | None:
    if name is None:
        return usual_owner()
    try:
        return owner_named(name)
    except KeyError as error:
        raise SetupError("", words.unknown_owner.format(owner=name), "unknown_owner") from error


def _present(place: Path, config: Path, words: Words) -> _Present | None:
    source = place if place.exists() else aside_of(place)
    try:
        text = source.read_bytes().decode("utf-8-sig")
        tables = tomllib.loads(text)
    except FileNotFoundError:
        return None
    except ValueError as error:  # no UTF-8, no TOML
        raise SetupError(
            str(config), words.bad_config.format(config=config, fault=error), "bad_config"
        ) from error
    station = tables.get("station")
    return _Present(text, tables, str(station.get("id", "")) if isinstance(station, dict) else "")


def _joined(bundle: Bundle, present: _Present | None, folder: Path) -> str:
    """The text of the new `agent.toml`."""
    given = tomllib.loads(bundle.text)
    mqtt = _with_paths(bundle, given["mqtt"], folder)
    if present is None:
        return with_tables(bundle.text, {"mqtt": mqtt})
    former = present.tables.get("station")
    station = dict(former) if isinstance(former, dict) else {}
    station |= {key: each for key, each in given["station"].items() if each}
    wanted = {"station": station, "mqtt": mqtt}
    has_meters = "bus" in present.tables or "device" in present.tables
    wanted |= {
        name: each
        for name, each in given.items()
        if name not in present.tables and not (has_meters and name in ("bus", "device"))
    }
    return with_tables(present.text, wanted)


def _with_paths(bundle: Bundle, mqtt: Plain, folder: Path) -> Plain:
    """The table with the files named where they lie."""
    table = {key: each for key, each in mqtt.items() if key not in _KEYS.values()}
    if PASSWORD in bundle.files:
        table.setdefault("username", bundle.settings.station.id)
    return table | {key: str(folder / name) for name, key in _KEYS.items() if name in bundle.files}


def _check(text: str, bundle: Bundle, config: Path, words: Words) -> None:
    """Refuse an outcome that the agent would not take; the secrets are not needed for that."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for member in bundle.files:
            (folder / member).touch()
        mqtt = _with_paths(bundle, tomllib.loads(text)["mqtt"], folder)
        tried = folder / CONFIG
        tried.write_text(with_tables(text, {"mqtt": mqtt}), encoding="utf-8")
        try:
            load_skeleton(tried)
        except SettingsError as error:
            lines = [line.removeprefix(f"{tried}: ") for line in error.lines()]
            fault = "\n".join(words.bad_config.format(config=config, fault=line) for line in lines)
            raise SetupError(str(config), fault, "bad_config") from error
