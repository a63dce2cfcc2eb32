"""The console at 2,000 stations and 90 days: its pages, a long chart, what open tabs cost."""

import statistics
import tempfile
import time
from pathlib import Path

from console_load import NOW_MS, WATCHED, fill, measure, settings_of, stores
from console_process import FLAGS, chromium, running
from fastapi.testclient import TestClient
from figures import lacking, show
from playwright.sync_api import Browser, sync_playwright

from console.app import create_app

TABS, ROUNDS = 20, 15
PAGES = {
    "/": "overview",
    "/?fragment=1": "overview, what renews itself",
    "/map": "map",
    "/stations": "station list",
    "/stations?q=1&state=stopped": "station list, searched",
    "/alarms": "alarms",
    "/reports": "reports",
}
CHARTS = ("24h", "7d", "31d", "90d")
POLLS_S = 13
"""Every tab has asked at least twice by then."""


def main() -> None:
    """Run and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with stores(folder) as (registry, history):
            with registry.writing() as session:
                fill(session)
            measure(history)
            clock = {"now": NOW_MS}
            app = create_app(
                settings_of(folder),
                registry,
                history,
                lambda: clock["now"],
                folder / "vega-none.js",
                open_demo=True,
            )
            with TestClient(app, base_url="http://127.0.0.1") as client:
                for path, what in PAGES.items():
                    _page(client, path, what, clock)
                for code in CHARTS:
                    _chart(client, code)
        _tabs(folder)


def _page(client: TestClient, path: str, what: str, clock: dict[str, int]) -> None:
    """Time a page, every other time with figures that are too old to be kept."""
    times_ms: dict[str, list[tuple[float, float]]] = {"kept figures": [], "fresh figures": []}
    client.get(path)
    for number in range(2 * ROUNDS):
        kind = "fresh figures" if number % 2 else "kept figures"
        clock["now"] += 31_000 if kind == "fresh figures" else 0
        began, worked = time.perf_counter(), time.process_time()
        answer = client.get(path)
        times_ms[kind].append((time.perf_counter() - began, time.process_time() - worked))
        answer.raise_for_status()
    for kind, times in times_ms.items():
        took, worked = (1000 * statistics.median(each) for each in zip(*times, strict=True))
        row = "overview-time" if (path, kind) == ("/", "fresh figures") else ""
        show(f"{what}, {kind}", f"{took:.0f} ms, CPU {worked:.0f} ms", "<= 200 ms", row=row)
    row = "overview-size" if path == "/" else ""
    show(f"{what}, size", f"{len(answer.content) / 1000:.0f} kB", "<= 300 kB", row=row)


def _chart(client: TestClient, code: str) -> None:
    times_ms = []
    for _ in range(5):
        began = time.perf_counter()
        answer = client.get(f"/stations/{WATCHED}/chart.json?range={code}")
        times_ms.append(1000 * (time.perf_counter() - began))
        answer.raise_for_status()
    show(f"chart of {code}, a reading a minute", f"{statistics.median(times_ms):.0f} ms", "<= 500 ms")
    show(f"chart of {code}, size", f"{len(answer.content) / 1000:.0f} kB", "-")


def _tabs(folder: Path) -> None:
    """Memory of a server of its own before and while real tabs ask it again and again."""
    program = chromium()
    if program is None:
        lacking(f"{TABS} open tabs on the overview, server memory", "no chromium here")
        return
    with running(folder) as console, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        _open_tabs(browser, console.address, 1)
        before = _memory_mb(console.pid)
        _open_tabs(browser, console.address, TABS)
        after = _memory_mb(console.pid)
        browser.close()
    show(f"{TABS} open tabs on the overview, server memory", f"{after - before:+.1f} MB", "<= 30 MB")
    show("server memory with them", f"{after:.0f} MB", "-")


def _open_tabs(browser: Browser, address: str, count: int) -> None:
    context = browser.new_context()
    pages = [context.new_page() for _ in range(count)]
    for page in pages:
        page.goto(address)
    pages[-1].wait_for_timeout(1000 * POLLS_S)
    if not all(page.locator("#renewed").inner_text() for page in pages):
        raise SystemExit("a tab has not renewed itself")


def _memory_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 / 1e6


if __name__ == "__main__":
    main()
