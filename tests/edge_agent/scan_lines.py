"""Lines to scan: short waits, any parity, and no recognising where it does not matter."""

from collections.abc import Callable, Iterable

import msgspec
from known_bytes import CASES, registers_of

from edge_agent.commissioning.findings import LineSettings, Scan
from edge_agent.commissioning.scan import scan
from edge_agent.commissioning.sweep import Step, Waits, Wanted
from edge_agent.config import BusSettings
from edge_agent.port import Port
from simulator.tuned import TunedLine

WAITS = Waits(
    quick_s=0.04, late_s=0.1, patient_s=0.3, confirm_s=0.8, linger_s=0.03, settle_s=0.01, dlt645_s=0.08
)
N1 = LineSettings(9600)
E1 = LineSettings(9600, "E")
SLOW_E1 = LineSettings(2400, "E")


def image_of(profile: str) -> dict[int, int]:
    """The registers of a profile's first known case, of all its functions."""
    case = next(case for name, case in CASES if name == profile)
    return {address: word for words in registers_of(case).values() for address, word in words.items()}


def telling(line: TunedLine) -> Callable[[BusSettings], Port]:
    """Opens a port and tells the line the parity, which a pseudo-terminal does not know."""

    def open_port(settings: BusSettings) -> Port:
        line.parity = settings.parity
        return Port(msgspec.structs.replace(settings, parity="N"))

    return open_port


def scanned(
    port: str,
    lines: Iterable[LineSettings] = (N1,),
    ids: Iterable[int] = range(1, 5),
    *,
    dlt645: bool = False,
    waits: Waits = WAITS,
    steps: list[Step] | None = None,
    stop: Callable[[], bool] = lambda: False,
    **more,
) -> Scan:
    """Scan without recognising, unless profiles are given."""
    wanted = Wanted(tuple(lines), tuple(ids), waits, dlt645)
    on_step = steps.append if steps is not None else lambda _: None
    more = {"profiles": (), "recognise": lambda *_, **__: (), **more}
    return scan(port, wanted, more.pop("profiles"), on_step=on_step, stop=stop, **more)


def told(outcome: Scan) -> list[tuple]:
    """Code, line and unit of all remarks."""
    return [(each.code, each.line, each.unit_id) for each in outcome.remarks]


def ids(outcome: Scan) -> list[tuple[int, LineSettings]]:
    """Who was found where."""
    return [(unit.unit_id, unit.line) for unit in outcome.units]
