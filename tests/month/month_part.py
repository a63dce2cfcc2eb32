"""A part of the centre by the simulated clock: `python month_part.py NAME FOLDER`.

The classes and loops are the real ones; the clock is an argument of theirs. Alerting and reporting take a
step for each line on stdin, so that a round falls on each quarter of an hour, and answer with a JSON line.
"""
# ruff: noqa: PLC0415 - each part loads its own libraries alone, because its memory is measured

import json
import os
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from month_clock import CreepingClock, MonthClock
from sqlalchemy.exc import SQLAlchemyError

from history import influx_latest
from history.opening import open_history
from history.port import HistoryError
from registry.config import CentreSettings, load_centre
from registry.database import open_registry
from service.process import UnavailableError, start_log, stop_signals

_RECENT_MS = 2 * 86_400_000
_ALL_SCANNED_EVERY_S = 15.0
"""Real seconds: some hours of the month, as half an hour is in life."""


def _collector(settings: CentreSettings, clock: MonthClock) -> None:
    from collector.collector import Collector

    with (
        closing(open_registry(settings.registry.url)) as registry,
        closing(open_history(settings.history)) as history,
        stop_signals() as stop,
    ):
        now_ms = CreepingClock(clock).now_ms
        _say({})
        Collector(settings, registry, history, now_ms, f"collector-{os.getpid()}").run(stop)


def _alerting(settings: CentreSettings, clock: MonthClock) -> None:
    from alerting.alarm_round import AlarmRound
    from alerting.digest import DigestOf
    from alerting.holidays import holidays_from
    from alerting.judging import Rules
    from alerting.worker import Worker
    from notify.post import post_of

    rules = Rules(settings.alerting, settings.zone, holidays_from(""), settings.alarms)
    post = post_of(settings.notify, settings.zone, settings.centre.language)
    desk = AlarmRound(rules, post, DigestOf(settings.centre.name, settings.notify.digest_at))
    with (
        closing(open_registry(settings.registry.url)) as registry,
        closing(open_history(settings.history)) as history,
    ):
        worker = Worker(rules, registry, history, clock.now_ms, "month", desk=desk)

        def step() -> None:
            influx_latest._RECENT = f"time > {clock.now_ms() - _RECENT_MS}ms"
            while worker.tick(clock.now_ms()):
                pass

        _steps(step)


def _reporting(settings: CentreSettings, clock: MonthClock) -> None:
    from reporting.worker import Worker

    with closing(open_registry(settings.registry.url)) as registry:
        worker = Worker(settings, registry, clock.now_ms, "month")
        _steps(lambda: worker.tick(clock.now_ms()))


def _console(settings: CentreSettings, clock: MonthClock) -> None:
    import logging

    from console import chart_bundle
    from console.app import create_app
    from console.server import listen, reporting_health, serve
    from service.conditions import Conditions

    conditions = Conditions(logging.getLogger("console"))
    bundle = chart_bundle.bundle_path()
    chart_bundle.ensure(bundle)
    with (
        closing(open_registry(settings.registry.url)) as registry,
        closing(open_history(settings.history)) as history,
        reporting_health(registry, clock.now_ms, conditions, every_s=0.2),  # real seconds
        stop_signals() as stop,
        listen("127.0.0.1", 0) as taken,
    ):
        app = create_app(settings, registry, history, clock.now_ms, bundle, conditions, open_demo=True)
        _say({"port": taken.getsockname()[1]})
        serve(app, taken, stop, settings.console)


def _steps(step: Callable[[], None]) -> None:
    """A step for each line; a store that is away is said, anything else is a fault and ends the process."""
    _say({})
    for _ in sys.stdin:
        failure = ""
        try:
            step()
        except (SQLAlchemyError, HistoryError, UnavailableError) as error:
            failure = str(error).splitlines()[0]
        _say({"failure": failure})


def _say(answer: dict) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def main() -> int:
    """Be that part until told to end."""
    name, folder = sys.argv[1], Path(sys.argv[2])
    start_log()
    # `now()` of influxd is the machine's: alerting says it in figures, the console looks through all of it
    influx_latest.SCAN_EVERY_S = _ALL_SCANNED_EVERY_S if name == "alerting" else -1.0
    threading.current_thread().name = name
    parts = {"collector": _collector, "alerting": _alerting, "reporting": _reporting, "console": _console}
    parts[name](load_centre(folder / "centre.toml"), MonthClock(folder / "clock"))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
