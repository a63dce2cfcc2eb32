"""What the doctor finds of one part."""

from typing import Literal, NamedTuple

State = Literal["ok", "warn", "fail", "skipped"]


class Finding(NamedTuple):
    """One part of the centre.

    Attributes:
        part: which.
        state: `warn` will be trouble one day, `fail` is.
        text: what was found.
        remedy: what to do; empty where nothing is to be done, or the text says it.
    """

    part: str
    state: State
    text: str
    remedy: str = ""


def judged(part: str, text: str, *, is_well: bool, remedy: str, otherwise: State = "fail") -> Finding:
    """A finding that has a remedy only where it needs one."""
    return Finding(part, "ok", text) if is_well else Finding(part, otherwise, text, remedy)
