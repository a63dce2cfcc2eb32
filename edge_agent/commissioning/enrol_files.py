"""The files of an identity, exchanged so that a power cut at any moment leaves no mixture.

One station's certificate must never stand beside another's settings. So all new files are first written and
synced under other names; then the present `agent.toml` is put aside as `agent.toml.enrolling`, and from that
moment until the end there is none: the agent does not start, and says why. The certificates are renamed into
place, and last of all the new `agent.toml`, at one stroke. Whoever enrols again after a cut finds the
settings that were put aside, and loses nothing.
"""

import tomllib
from pathlib import Path

from edge_agent.commissioning.answers import is_station
from edge_agent.commissioning.bundle import AUTHORITY, CERTIFICATE, CONFIG, KEY, MEMBERS, PASSWORD, Bundle
from edge_agent.commissioning.config_file import CONFIG_MODE, backup_of
from edge_agent.config import ENROLLING
from service.whole_file import Owner, sync_folder, write_part

MODES = {AUTHORITY: 0o644, CERTIFICATE: 0o644, KEY: 0o600, PASSWORD: 0o600, CONFIG: CONFIG_MODE}


def aside_of(place: Path) -> Path:
    """Where the present settings wait while the files are exchanged."""
    return place.with_name(place.name + ENROLLING)


def _waiting(path: Path) -> Path:
    """Where a new file waits; always the same name, so that what a cut has left is found."""
    return path.with_name(f".{path.name}.new")


def _contents(bundle: Bundle, text: str) -> dict[str, bytes]:
    return {name: bundle.files[name] for name in MEMBERS if name in bundle.files} | {CONFIG: text.encode()}


def _at(place: Path, name: str) -> Path:
    return place if name == CONFIG else place.parent / name


def is_in_place(place: Path, bundle: Bundle, text: str, owner: Owner | None) -> bool:
    """Whether all files are there already, with their rights.

    Raises:
        OSError: one cannot be read.
    """
    for name, content in _contents(bundle, text).items():
        path = _at(place, name)
        if not path.is_file() or path.read_bytes().removeprefix(b"\xef\xbb\xbf") != content:
            return False
        status = path.stat()
        if status.st_mode & 0o777 != MODES[name]:
            return False
        if owner is not None and (status.st_uid, status.st_gid) != owner:
            return False
    return True


def put_in_place(place: Path, bundle: Bundle, text: str, owner: Owner | None, other: str) -> Path | None:
    """Put all in place; returns where the former `agent.toml` is, if it was another.

    Args:
        place: of `agent.toml`.
        bundle: with the other files.
        text: of the new `agent.toml`.
        owner: whose the files shall be.
        other: the station that the box was before, if another.

    Raises:
        OSError: it cannot be written.
    """
    folder = place.parent
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    aside = aside_of(place)
    former_files = _named_by(place, aside) - {str(folder / name) for name in bundle.files}
    staged: dict[str, Path] = {}
    for name in MEMBERS:  # what a cut has left
        _waiting(_at(place, name)).unlink(missing_ok=True)
    try:
        for name, content in _contents(bundle, text).items():
            staged[name] = _waiting(_at(place, name))
            write_part(staged[name], content, mode=MODES[name], owner=owner)
        sync_folder(folder)
        if place.exists():
            place.replace(aside)
            sync_folder(folder)
        for name in (AUTHORITY, CERTIFICATE, KEY, PASSWORD):
            if name in staged:
                staged[name].replace(folder / name)
            elif str(folder / name) in former_files:  # of the former identity, and secret
                (folder / name).unlink(missing_ok=True)
        sync_folder(folder)
        staged[CONFIG].replace(place)
        sync_folder(folder)
    finally:
        for path in staged.values():
            path.unlink(missing_ok=True)
    return _kept(place, text, other)


def _kept(place: Path, text: str, other: str) -> Path | None:
    """Give the settings that were put aside their lasting name; None if there is nothing to keep."""
    aside = aside_of(place)
    if not aside.exists():
        return None
    if aside.read_bytes() == text.encode():  # only certificates are new
        aside.unlink()
        return None
    kept = backup_of(place)
    if other:
        former = other if is_station(other) else "unknown"
        kept = place.with_name(f"{place.name}.before-{former}")
    aside.replace(kept)
    sync_folder(place.parent)
    return kept


def _named_by(*configs: Path) -> set[str]:
    """The files that the first of these configurations names in `[mqtt]`."""
    for config in configs:
        if config.exists():
            mqtt = tomllib.loads(config.read_bytes().decode("utf-8-sig")).get("mqtt")
            return {str(each) for each in mqtt.values()} if isinstance(mqtt, dict) else set()
    return set()
