"""How long an installer waits for a scan: ids 1 to 32 at two line settings, and all usual ones."""

import time

from figures import show

from edge_agent.commissioning.findings import LineSettings, Scan
from edge_agent.commissioning.scan import scan
from edge_agent.commissioning.sweep import Step, Wanted, usual_lines
from edge_agent.profile_file import load_profile, profile_names
from simulator.line import PtyLine
from simulator.meters import SimulatedStation
from simulator.slave import Line

IDS = tuple(range(1, 33))
TWO = (LineSettings(9600), LineSettings(9600, "E"))
PROFILES = [load_profile(name) for name in profile_names()]


def main() -> None:
    """Measure and print."""
    with PtyLine(Line([])) as line:
        tell("silent line, ids 1-32, two settings", line.port, Wanted(TWO, IDS, dlt645=False), "<= 10 s")
        tell("  the same, with DL/T 645", line.port, Wanted(TWO, IDS), "<= 15 s")
    with SimulatedStation(seed=5) as station:
        tell("two meters, ids 1-32, two settings", station.port, Wanted(TWO, IDS, dlt645=False), "<= 15 s")
    with SimulatedStation(seed=5, baudrate=9600) as station:
        tell("  the same at the pace of 9600", station.port, Wanted(TWO, IDS, dlt645=False), "<= 15 s")
        everything = Wanted(usual_lines(PROFILES))
        tell(f"  all {len(everything.lines)} usual settings and ids", station.port, everything, "<= 120 s")


def tell(what: str, port: str, wanted: Wanted, budget: str) -> None:
    """Scan, and print how long it took until the last unit was told, and in all."""
    told: list[float] = []
    began_s = time.monotonic()

    def note(step: Step) -> None:
        if step.found:
            told.append(time.monotonic() - began_s)

    outcome: Scan = scan(port, wanted, PROFILES, on_step=note, stop=lambda: False)
    found = f", {len(told)} found in {told[-1]:.1f} s" if told else ""
    show(f"{what}: {outcome.asked} questions{found}", f"{outcome.took_s:.1f} s", budget)


if __name__ == "__main__":
    main()
