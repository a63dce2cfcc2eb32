"""Topics: the only place that knows how they are spelt."""

import re
from typing import Literal, NamedTuple

Leaf = Literal["readings", "status", "reply", "ack", "command"]

_TOPIC = re.compile(r"qingliu/v1/([A-Za-z0-9_-]{1,32})/(readings|status|reply|ack|command)", re.ASCII)


class Address(NamedTuple):
    """Whose topic, and which of its five."""

    station: str
    leaf: Leaf


def topic(station: str, leaf: Leaf) -> str:
    """Spell a station's topic."""
    return f"qingliu/v1/{station}/{leaf}"


def parse(name: str) -> Address | None:
    """Read a topic's name; None if it is none of ours."""
    match = _TOPIC.fullmatch(name)
    return Address(match[1], match[2]) if match else None  # type: ignore[arg-type]  # the pattern is the Leaf


def every_station(leaf: Leaf, shared_group: str = "") -> str:
    """Spell the filter that matches one leaf of all stations, shared among a group if one is named."""
    pattern = f"qingliu/v1/+/{leaf}"
    return f"$share/{shared_group}/{pattern}" if shared_group else pattern
