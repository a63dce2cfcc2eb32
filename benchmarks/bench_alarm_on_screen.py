"""How long an alarm takes from the commit that raises it to a browser's screen, at 2,000 stations.

The alarm desk is open in a real Chromium before a console of its own; twelve alarms are put into the registry
as the alerting does it, at instants spread over the pages' period of renewing themselves.
"""

import statistics
import tempfile
import time
from pathlib import Path

from console_load import NOW_MS, fill, stores
from console_process import FLAGS, chromium, running
from figures import lacking, show
from playwright.sync_api import Page, sync_playwright
from sqlalchemy import select

from registry.database import Registry
from registry.tables import Alarm, Station

RAISED = 12
SPREAD_S = 0.3
"""Each is raised so much later after the last one was seen: the renewing is met at all its phases."""
FIRST_ID = 900_001
WITHIN_MS = 30_000
MOST_S = 5.0


def main() -> None:
    """Run and print."""
    what = "alarm on screen after it is raised"
    program = chromium()
    if program is None:
        lacking(what, "no chromium here", row="alarm-on-screen")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with stores(folder) as (registry, _):
            with registry.writing() as session:
                fill(session)
            with running(folder) as console, sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
                page = browser.new_page()
                page.goto(f"{console.address}alarms")
                took_s = [_seen(page, registry, number) for number in range(RAISED)]
                browser.close()
    show(
        f"{what}, the slowest of {RAISED}",
        f"{max(took_s):.1f} s",
        f"<= {MOST_S:.0f} s",
        row="alarm-on-screen",
    )
    show("  the median", f"{statistics.median(took_s):.1f} s", "-")


def _seen(page: Page, registry: Registry, number: int) -> float:
    """Raise one, and wait until its row is drawn; seconds between."""
    page.wait_for_timeout(1000 * SPREAD_S * number)
    with registry.writing() as session:
        station = session.scalars(
            select(Station.id).order_by(Station.id.desc()).offset(number).limit(1)
        ).one()
        session.add(
            Alarm(id=FIRST_ID + number, type="stopped", subject=station, station_id=station,
                  severity="medium", start_ms=NOW_MS - 10**6, raised_ms=NOW_MS, rang_ms=NOW_MS,
                  reason="no_energy", evidence={})
        )  # fmt: skip
    began = time.monotonic()
    page.locator(f"#alarm-{FIRST_ID + number}").wait_for(state="visible", timeout=WITHIN_MS)
    return time.monotonic() - began


if __name__ == "__main__":
    main()
