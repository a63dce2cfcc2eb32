"""What a page is given, and what a page is."""

from collections.abc import Callable
from typing import NamedTuple

from edge_agent.phone.asked import Answer, Asked
from edge_agent.phone.cabinet import Cabinet


class Visit(NamedTuple):
    """One request of somebody who may: what is asked, and of which cabinet.

    Attributes:
        left_s: how long the site stays open.
        open_s: how long it would with the button "stay open".
        wait_s: how long no PIN is taken.
        message: what to say above the page, of what was just done or refused.
    """

    asked: Asked
    cabinet: Cabinet
    left_s: float
    open_s: float
    wait_s: float = 0.0
    message: str = ""
    is_bad: bool = False


Page = Callable[[Visit], Answer]
