"""What a scan of a serial line finds; pure data, which commands, pages and files show in their own way."""

from typing import Literal, NamedTuple

from edge_agent.profile import Parity, StopBits
from telemetry.quantities import Kind

Evidence = Literal["identity", "mains", "power_agrees", "counter_steady", "unit_known", "in_range"]
"""Why a profile fits: the maker's identity register; mains voltage or frequency; power agrees with volts,
amperes and power factor; a counter that is above zero and did not fall; a unit code of its table; all values
possible."""

RemarkCode = Literal[
    "echo",
    "no_frames",
    "noise",
    "duplicate",
    "dlt645",
    "refused_settings",
    "foreign_master",
    "slow",
    "silence",
    "stopped",
]
"""What is wrong or worth knowing.

- echo: the adapter repeats what it sends.
- no_frames: bytes, but never a valid frame (A/B, termination, speed).
- noise: bytes now and then beside good answers.
- duplicate: several meters share a unit id.
- dlt645: a meter speaks DL/T 645 (detail: its address).
- refused_settings: the port cannot do a setting.
- foreign_master: somebody else asks on this line.
- slow: a unit answers too late for the usual time-out.
- silence: not one byte.
- stopped: ended before all was asked.
"""


class LineSettings(NamedTuple):
    """Speed (baud), parity and stop bits of a line; eight data bits always."""

    baudrate: int
    parity: Parity = "N"
    stopbits: StopBits = 1

    def __str__(self) -> str:
        return f"{self.baudrate} 8{self.parity}{self.stopbits}"


class Candidate(NamedTuple):
    """A profile that fits what a unit shows.

    Attributes:
        profile: its name.
        title: maker and model, for people.
        points: how much speaks for it; compares candidates of one unit only.
        evidence: what speaks for it.
        values: what the unit shows if it is that model, by quantity, with the default parameters.
    """

    profile: str
    title: str
    kind: Kind
    points: int
    evidence: tuple[Evidence, ...]
    values: dict[str, float]


class FoundUnit(NamedTuple):
    """A unit that answers, and what it may be; the likeliest first, nothing if no profile fits.

    Attributes:
        delay_s: from the end of the question to the end of its slowest answer.
    """

    unit_id: int
    line: LineSettings
    delay_s: float
    candidates: tuple[Candidate, ...] = ()

    @property
    def is_clear(self) -> bool:
        """Whether one candidate stands above all others."""
        points = [each.points for each in self.candidates]
        return bool(points) and points[0] not in points[1:]

    def title_of(self, candidate: Candidate) -> str:
        """A candidate's maker and model; with the profile where two of them share both."""
        is_shared = sum(each.title == candidate.title for each in self.candidates) > 1
        return f"{candidate.title} ({candidate.profile})" if is_shared else candidate.title


class Remark(NamedTuple):
    """Something the installer should know: where, how often, and a detail that is no word of ours."""

    code: RemarkCode
    line: LineSettings | None = None
    unit_id: int | None = None
    times: int = 0
    detail: str = ""


class Scan(NamedTuple):
    """The outcome of a scan.

    Attributes:
        echo: the adapter echoes; `agent.toml` must say so.
        lines: the settings that were tried.
        asked: how many questions went out.
        took_s: how long it took, in seconds.
    """

    port: str
    units: tuple[FoundUnit, ...]
    remarks: tuple[Remark, ...]
    echo: bool
    lines: tuple[LineSettings, ...]
    asked: int
    took_s: float
