"""The marks of the states on a map: one shape each, so that they are told apart without colour. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

from console.words import UNKNOWN

SIDE = 8
"""Width and height of a mark in the drawing's units."""
_RING = "m0 4a4 4 0 1 0 8 0a4 4 0 1 0-8 0"
SHAPES = {
    "running": _RING,
    "planned_stop": "m.5 0h2.5v8h-2.5zm4.5 0h2.5v8h-2.5z",
    UNKNOWN: "m0 3h8v2h-8z",
    "offline": "m3.4 0a4 4 0 0 0 0 8v-1.4a2.6 2.6 0 0 1 0-5.2zm1.2 0a4 4 0 0 1 0 8v-1.4a2.6 2.6 0 0 0 0-5.2z",
    "low_load": f"{_RING}m1.4 0a2.6 2.6 0 0 1 5.2 0z",
    "idling": f"{_RING}m2 0a2 2 0 1 0 4 0a2 2 0 1 0-4 0",
    "meter_fault": (
        "m1.2 0l2.8 2.8l2.8-2.8l1.2 1.2l-2.8 2.8l2.8 2.8l-1.2 1.2"
        "l-2.8-2.8l-2.8 2.8l-1.2-1.2l2.8-2.8l-2.8-2.8z"
    ),
    "power_cut": "m4.75 0l-3.25 4.6h2l-.7 3.4l3.7-4.8h-2.2z",
    "flow_without_power": "m4 0l2.7 4.2a3.2 3.2 0 1 1-5.4 0z",
    "stopped": "h8v8h-8z",
}
"""Paths from the upper left corner on, as in `marks.svg`; in the order of drawing, the worst on top."""


class Spot(NamedTuple):
    """A station on a drawing: where the middle of its mark is."""

    id: str
    name: str
    state: str
    x: int
    y: int

    @property
    def path(self) -> str:
        """Its mark alone."""
        corner = SIDE // 2
        return f"M{self.x - corner} {self.y - corner}{SHAPES.get(self.state, SHAPES[UNKNOWN])}"


class Layer(NamedTuple):
    """All marks of one state: those that lead to their station, and one path of the rest."""

    state: str
    links: list[Spot]
    path: str


def layers(spots: Iterable[Spot], most_links: int) -> list[Layer]:
    """The marks by state, the worst last and so on top.

    Args:
        spots: in any order.
        most_links: so many marks are links, the worst first; the rest only shows.
    """
    by_state: dict[str, list[Spot]] = {state: [] for state in SHAPES}
    for spot in spots:
        by_state[spot.state if spot.state in by_state else UNKNOWN].append(spot)
    drawn = []
    for state, own in reversed(by_state.items()):
        links, rest = own[:most_links], own[most_links:]
        most_links -= len(links)
        if own:
            drawn.append(Layer(state, links, "".join(spot.path for spot in rest)))
    return drawn[::-1]
