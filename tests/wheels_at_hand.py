"""Wheels of what is installed here, packed anew without a network: the tests' archives are made of them."""

import re
import sys
import tomllib
import zipfile
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, distribution, version
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent


def needed_by(extra: str) -> list[str]:
    """The packages that qingliu[extra] needs on this machine, all the way down, without itself."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    waiting = [
        Requirement(text) for text in [*project["dependencies"], *project["optional-dependencies"][extra]]
    ]
    found: dict[str, str] = {}
    while waiting:
        requirement = waiting.pop()
        own = distribution(requirement.name)
        wanted = {"", *requirement.extras}
        if found.get(own.name) == str(requirement.extras):
            continue
        found[own.name] = str(requirement.extras)
        for text in own.requires or []:
            below = Requirement(text)
            if below.marker is None or any(below.marker.evaluate({"extra": each}) for each in wanted):
                waiting.append(below)
    return sorted(found)


def pack_installed(name: str, folder: Path) -> Path:
    """Pack an installed distribution as the wheel that it came from."""
    own = distribution(name)
    tags = re.findall(r"^Tag: (\S+)-(\S+)-(\S+)$", own.read_text("WHEEL") or "", re.MULTILINE)
    pythons, abis, platforms = (".".join(dict.fromkeys(parts)) for parts in zip(*tags, strict=True))
    stem = f"{re.sub(r'[-_.]+', '_', own.name)}-{own.version}"
    path = folder / f"{stem}-{pythons}-{abis}-{platforms}.whl"
    _pack(path, _files_of(own))
    return path


def pack_own(folder: Path, *, named: str | None = None, instead: dict[str, str] | None = None) -> Path:
    """Pack the tree as qingliu's wheel: as version `named`, with some files' texts replaced."""
    number = named or version("qingliu")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    names = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    files = {
        str(path.relative_to(ROOT)): path.read_bytes()
        for name in names
        for path in sorted((ROOT / name).rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    files |= {name: text.encode() for name, text in (instead or {}).items()}
    info = f"qingliu-{number}.dist-info"
    files[f"{info}/METADATA"] = "\n".join(_metadata(project["project"], number)).encode()
    files[f"{info}/WHEEL"] = (
        b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    files[f"{info}/entry_points.txt"] = b"[console_scripts]\nqingliu = qingliu.cli:main\n"
    path = folder / f"qingliu-{number}-py3-none-any.whl"
    _pack(path, [*files.items(), (f"{info}/RECORD", "".join(f"{name},,\n" for name in files).encode())])
    return path


def pack_all(extra: str, folder: Path) -> Path:
    """Pack everything that qingliu[extra] needs, pip among it, but not qingliu itself."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in [*needed_by(extra), "pip"]:
        pack_installed(name, folder)
    return folder


def this_python() -> str:
    """Such as 3.11: what the wheels are for."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _metadata(project: dict[str, object], number: str) -> Iterator[str]:
    yield from ("Metadata-Version: 2.1", "Name: qingliu", f"Version: {number}")
    own, extras = project["dependencies"], project["optional-dependencies"]
    assert isinstance(own, list)
    assert isinstance(extras, dict)
    yield from (f"Requires-Dist: {text}" for text in own)
    for extra, texts in extras.items():
        yield f"Provides-Extra: {extra}"
        for text in texts:
            name, _, marker = text.partition(";")
            condition = f"({marker.strip()}) and extra == '{extra}'" if marker else f"extra == '{extra}'"
            yield f"Requires-Dist: {name}; {condition}"
    yield ""


def _files_of(own: Distribution) -> Iterator[tuple[str, bytes]]:
    for file in own.files or []:
        if ".." not in file.parts and "__pycache__" not in file.parts and not file.name.endswith(".pyc"):
            yield str(file), Path(str(file.locate())).read_bytes()


def _pack(path: Path, files: Iterable[tuple[str, bytes]]) -> None:
    with zipfile.ZipFile(path, "w") as archive:  # not compressed: the archive around it is
        for name, content in files:
            archive.writestr(name, content)
