"""Meter profiles: one TOML file per meter model, as structs; addresses are those on the wire, from 0."""

import math
from typing import Annotated, Literal

import msgspec

from telemetry.quantities import Kind

CellType = Literal["u16", "i16", "u32", "i32", "u64", "i64", "f32", "f64", "bcd16", "bcd32", "bcd48", "bcd64"]
ByteOrder = Literal["ABCD", "CDAB", "BADC", "DCBA"]
Function = Literal[3, 4]
Bounds = tuple[float, float]
Address = Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)]
Parity = Literal["N", "E", "O"]
StopBits = Literal[1, 2]

REGISTERS: dict[CellType, int] = {
    "u16": 1, "i16": 1, "u32": 2, "i32": 2, "f32": 2, "u64": 4, "i64": 4, "f64": 4,
    "bcd16": 1, "bcd32": 2, "bcd48": 3, "bcd64": 4,
}  # fmt: skip


class Cell(msgspec.Struct, kw_only=True, frozen=True):
    """One number in the registers.

    Attributes:
        order: A is the most significant byte; CDAB is low word first. The profile's own if None.
    """

    address: Address
    type: CellType = "u16"
    order: ByteOrder | None = None

    @property
    def end(self) -> int:
        """The address behind its last register."""
        return self.address + REGISTERS[self.type]


class UnitRegister(Cell, kw_only=True, frozen=True):
    """A register whose code says the unit; the table turns codes into factors to our unit."""

    table: dict[str, float]


class Part(Cell, kw_only=True, frozen=True):
    """One of several cells that are added up, each times its factor.

    Attributes:
        absent: raw numbers by which the meter says that it has none.
    """

    factor: float = 1.0
    absent: list[int | float] = []


class Value(msgspec.Struct, kw_only=True, frozen=True):
    """How one quantity is found: the sum of its parts x scale x unit x parameters.

    A quantity with one cell gives `address`, `type` and `order` itself; a composed one lists `part`s, which
    are always read in one request.

    Attributes:
        function: Modbus function that reads it; the profile's own if None.
        times: parameters that multiply it.
        plausible: lowest and highest that the meter itself can show, in our unit, before `times`.
    """

    address: Address | None = None
    type: CellType = "u16"
    order: ByteOrder | None = None
    absent: list[int | float] = []
    function: Function | None = None
    scale: float = 1.0
    times: list[str] = []
    unit: UnitRegister | None = None
    part: list[Part] = []
    plausible: Bounds

    @property
    def parts(self) -> list[Part]:
        """Its cells, whether one or several."""
        if self.address is None:
            return self.part
        return [Part(address=self.address, type=self.type, order=self.order, absent=self.absent)]

    @property
    def cells(self) -> list[Cell]:
        """All cells it needs."""
        return [*self.parts, *([self.unit] if self.unit else [])]


class Alarm(Cell, kw_only=True, frozen=True):
    """What the meter says of itself: set if a bit of `bits` is, or by one of `values`, or by none of `ok`.

    Attributes:
        spoils: quantities that are not to be believed while it lasts.
    """

    function: Function | None = None
    bits: int | None = None
    values: list[int] = []
    ok: list[int] = []
    text: str
    spoils: list[str] = []

    def is_set(self, raw: int) -> bool:
        """Whether a register's content means the alarm."""
        if self.bits is not None:
            return bool(raw & self.bits)
        return raw in self.values if self.values else raw not in self.ok


class Identity(Cell, kw_only=True, frozen=True):
    """A register that tells the model."""

    equals: int


class Parameter(msgspec.Struct, kw_only=True, frozen=True):
    """Something only the installer knows: a number, or one of a few words that stand for factors.

    Attributes:
        help: what it is, for people; `help_zh` the same in Chinese.
    """

    help: str
    help_zh: str = ""
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


class Alternative(msgspec.Struct, kw_only=True, frozen=True):
    """Other settings of the line; what is not given is as the meter leaves the factory."""

    baudrate: int | None = None
    parity: Parity | None = None
    stopbits: StopBits | None = None
    unit_id: int | None = None


class Line(msgspec.Struct, kw_only=True, frozen=True):
    """How the meter leaves the factory, and what else is worth trying, likeliest first."""

    baudrate: int = 9600
    parity: Parity = "N"
    stopbits: StopBits = 1
    unit_id: int = 1
    alternative: list[Alternative] = []

    def tries(self) -> "list[Line]":
        """All settings to try, the factory's first."""
        lines = [msgspec.structs.replace(self, alternative=[])]
        for other in self.alternative:
            given = {key: each for key, each in msgspec.structs.asdict(other).items() if each is not None}
            lines.append(msgspec.structs.replace(lines[0], **given))
        return lines

    def __str__(self) -> str:
        return f"{self.baudrate} 8{self.parity}{self.stopbits}, unit {self.unit_id}"


class Request(msgspec.Struct, kw_only=True, frozen=True):
    """How the meter likes to be asked."""

    function: Function = 3
    order: ByteOrder = "ABCD"
    max_registers: Annotated[int, msgspec.Meta(ge=1, le=125)] = 125
    max_gap: Annotated[int, msgspec.Meta(ge=0, le=124)] = 16


class Profile(msgspec.Struct, kw_only=True, frozen=True):
    """One meter model.

    Attributes:
        confidence: A maker's document and independent code agree, B one good source, C partial or inferred.
        probe: what a living meter of this model shows, narrower than what is plausible; recognises it.
        identity: registers that tell the model, where the maker has them.
        alarm: by name.
    """

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
    probe: dict[str, Bounds] = {}
    identity: list[Identity] = []
    quantity: dict[str, Value]
    alarm: dict[str, Alarm] = {}
