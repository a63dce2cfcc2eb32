"""Meter profiles: one TOML file per meter model, read into structs and checked as a whole."""

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from service.settings import Fault, SettingsError, load
from telemetry.quantities import NAMES_BY_KIND, Kind

SHIPPED = Path(__file__).parent / "profiles"

ADDRESSES = 0x10000

CellType = Literal["u16", "i16", "u32", "i32", "u64", "i64", "f32", "f64"]
ByteOrder = Literal["ABCD", "CDAB", "BADC", "DCBA"]
REGISTERS: dict[CellType, int] = {
    "u16": 1, "i16": 1, "u32": 2, "i32": 2, "f32": 2, "u64": 4, "i64": 4, "f64": 4,
}  # fmt: skip


class Cell(msgspec.Struct, kw_only=True, frozen=True):
    """One number in the registers; addresses are those on the wire, counted from 0."""

    address: Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)]
    type: CellType
    order: ByteOrder = "ABCD"

    @property
    def end(self) -> int:
        """The address behind its last register."""
        return self.address + REGISTERS[self.type]


class UnitRegister(Cell, kw_only=True, frozen=True):
    """A register whose code says the unit; the table turns codes into factors to our unit."""

    table: dict[str, float]


class Part(Cell, kw_only=True, frozen=True):
    """One of several cells that are added up, each times its factor."""

    factor: float = 1.0


class Value(msgspec.Struct, kw_only=True, frozen=True):
    """How one quantity is found: the sum of its parts x scale x unit x parameters.

    A quantity with one cell gives `address`, `type` and `order` itself; a composed one lists `part`s.
    """

    address: Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)] | None = None
    type: CellType = "u16"
    order: ByteOrder = "ABCD"
    scale: float = 1.0
    times: list[str] = []
    unit: UnitRegister | None = None
    part: list[Part] = []
    plausible: tuple[float, float]

    @property
    def parts(self) -> list[Part]:
        """Its cells, whether one or several."""
        if self.address is None:
            return self.part
        return [Part(address=self.address, type=self.type, order=self.order)]

    @property
    def cells(self) -> list[Cell]:
        """All cells that must come from one answer."""
        return [*self.parts, *([self.unit] if self.unit else [])]


class Parameter(msgspec.Struct, kw_only=True, frozen=True):
    """Something only the installer knows: a number, or one of a few words that stand for factors."""

    help: str
    default: float | str | None = None
    choices: dict[str, float] = {}

    def factor(self, given: float | str | None) -> float | None:
        """The factor for what the installer gave, or None if that is no answer."""
        answer = self.default if given is None else given
        if self.choices:
            return self.choices.get(str(answer))
        if isinstance(answer, int | float) and not isinstance(answer, bool) and 0 < answer < math.inf:
            return float(answer)
        return None


class Line(msgspec.Struct, kw_only=True, frozen=True):
    """How the meter leaves the factory."""

    baudrate: int = 9600
    parity: Literal["N", "E", "O"] = "N"
    stopbits: Literal[1, 2] = 1
    unit_id: int = 1


class Request(msgspec.Struct, kw_only=True, frozen=True):
    """How the meter likes to be asked."""

    function: Literal[3, 4] = 3
    max_registers: Annotated[int, msgspec.Meta(ge=1, le=125)] = 125
    max_gap: Annotated[int, msgspec.Meta(ge=0, le=124)] = 16


class Profile(msgspec.Struct, kw_only=True, frozen=True):
    """One meter model."""

    name: str
    kind: Kind
    maker: str
    model: str
    source: str
    confidence: Literal["A", "B", "C"]
    notes: str = ""
    line: Line = Line()
    request: Request = Request()
    parameters: dict[str, Parameter] = {}
    quantity: dict[str, Value]


def load_profile(name: str, folder: Path | None = None) -> Profile:
    """Read a profile by name, the installer's own folder before the shipped one.

    Raises:
        SettingsError: there is none of that name, or it is wrong.
    """
    for place in (folder, SHIPPED):
        path = place / f"{name}.toml" if place else None
        if path is not None and path.parent == place and path.is_file():
            return load(path, Profile, lambda profile: _faults(profile, name))
    fault = Fault(name, "there is no such profile", remedy=f"Known are {', '.join(profile_names(folder))}.")
    raise SettingsError("profiles", [fault])


def profile_names(folder: Path | None = None) -> list[str]:
    """The names of all profiles there are."""
    places = [place for place in (folder, SHIPPED) if place is not None and place.is_dir()]
    return sorted({path.stem for place in places for path in place.glob("*.toml")})


def factors(profile: Profile, given: Mapping[str, float | str], path: str) -> dict[str, float]:
    """Turn an installer's answers into factors.

    Raises:
        SettingsError: an answer is missing, unknown or of the wrong kind; `path` says where.
    """
    faults = [
        Fault(f"{path}.{key}", f"profile {profile.name} has no such parameter", remedy=_known(profile))
        for key in given
        if key not in profile.parameters
    ]
    found: dict[str, float] = {}
    for key, parameter in profile.parameters.items():
        factor = parameter.factor(given.get(key))
        if factor is not None:
            found[key] = factor
            continue
        rule = (
            f"must be one of {', '.join(parameter.choices)}"
            if parameter.choices
            else "must be a number above 0"
        )
        faults.append(Fault(f"{path}.{key}", rule, given.get(key), f"It is {parameter.help}."))
    if faults:
        raise SettingsError("", faults)
    return found


def _known(profile: Profile) -> str:
    return f"It knows {', '.join(profile.parameters)}." if profile.parameters else "It asks for none."


def _faults(profile: Profile, name: str) -> Iterable[Fault]:
    if profile.name != name:
        yield Fault("name", "must be the file's name", profile.name, f'Write name = "{name}".')
    if not profile.quantity:
        yield Fault("quantity", "needs at least one", remedy="Add a [quantity.…] table.")
    for key, value in profile.quantity.items():
        path = f"quantity.{key}"
        if key not in NAMES_BY_KIND[profile.kind]:
            known = ", ".join(NAMES_BY_KIND[profile.kind])
            yield Fault(path, f"no quantity of a {profile.kind} meter", remedy=f"Known are {known}.")
        if (value.address is None) == (not value.part):
            yield Fault(path, "needs either an address or parts", remedy="Give one of the two.")
            continue
        low, high = value.plausible
        if not low < high:
            yield Fault(f"{path}.plausible", "must be [low, high]", list(value.plausible))
        for word in value.times:
            if word not in profile.parameters:
                yield Fault(f"{path}.times", "names a parameter that is not there", word)
        yield from _place_faults(value, path, profile.request.max_registers)


def _place_faults(value: Value, path: str, max_registers: int) -> Iterable[Fault]:
    end = max(cell.end for cell in value.cells)
    if end > ADDRESSES:
        yield Fault(path, f"must end at address {ADDRESSES - 1}", end - 1)
    span = end - min(cell.address for cell in value.cells)
    if span > max_registers:
        yield Fault(path, f"must fit into one request of {max_registers} registers", span)
