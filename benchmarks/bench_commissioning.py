"""The stopwatch of a commissioning: from the bundle and two unknown meters to the centre's first ack."""

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from commissioning import centre, commission
from figures import show

from simulator.meters import SimulatedStation


def main() -> None:
    """Run and print; the meters answer as slowly as at 9600 baud, the scan asks for ids 1 to 32."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (
            SimulatedStation(power_unit=3, flow_unit=7, baudrate=9600, answer_delay_s=0.03) as station,
            centre("/usr/sbin/mosquitto", folder / "centre", station.port) as (chain, bundle),
        ):
            began_s = time.monotonic()
            for step in commission(
                bundle, folder / "etc" / "agent.toml", station.port, chain, "--ids", "1-32"
            ):
                show(f"commissioning: {step.name}", f"{step.took_s:.1f} s", "-")
            took_s = time.monotonic() - began_s
            show(
                "commissioning: all commands together",
                f"{took_s:.1f} s",
                "20 min with the wires",
                within=took_s <= 1_200,
            )


if __name__ == "__main__":
    main()
