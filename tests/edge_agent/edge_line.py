"""A serial line whose registers are known cell by cell, and a bus on it that is quick to give up."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from edge_agent.bus import Bus
from edge_agent.config import BusSettings
from edge_agent.listener import BusError
from simulator.line import Fault, PtyLine
from simulator.slave import Line, Slave

TIMEOUT_S = 0.1


def word(address: int) -> int:
    """What stands at an address: never the same as at another."""
    return (address * 7919 + 13) & 0xFFFF


IMAGE = {address: word(address) for address in range(0x1000)}


class Spoiler:
    """A fault that is switched while the line lives; it counts the questions."""

    def __init__(self) -> None:
        self.fault: Fault = lambda _request, answer: answer
        self.asked = 0

    def __call__(self, request: bytes, answer: bytes) -> bytes | None:
        self.asked += 1
        return self.fault(request, answer)


@contextmanager
def line(fault: Fault | None = None, *, pace: int | None = None, **settings) -> Iterator[tuple[Bus, PtyLine]]:
    """Two slaves as units 1 and 2, and a bus that asks them."""
    slaves = Line([Slave(1, lambda: IMAGE), Slave(2, lambda: IMAGE)])
    with PtyLine(slaves, fault=fault, baudrate=pace) as pty:
        bus = Bus(BusSettings(port=pty.port, **{"timeout_s": TIMEOUT_S, "pause_s": 0.0, **settings}))
        try:
            yield bus, pty
        finally:
            bus.close()


def asked(question: Callable[[], list[int]]) -> list[int] | str:
    """The registers, or the cause."""
    try:
        return question()
    except BusError as error:
        return error.why if len(str(error).splitlines()) == 1 else f"{error.why} in several lines"


def told(question: Callable[[], list[int]], wanted: list[int] | str) -> list[int] | str:
    """The same; a meter that seems silent and should not, because the machine is busy, is asked again."""
    said = asked(question)
    for _ in range(4):
        if said != "no_response" or wanted == "no_response":
            break
        said = asked(question)
    return said
