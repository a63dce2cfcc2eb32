"""`qingliu alerting …`: the worker that judges."""

import argparse
import os
import socket
from contextlib import closing
from pathlib import Path

from alerting import backtest_command, findings_command, verdicts_command
from registry.config import load_centre
from registry.database import open_registry
from service.process import now_ms, start_log, stop_signals


def register(parser: argparse.ArgumentParser) -> None:
    """Add the sub-commands of `qingliu alerting`."""
    parser.epilog = "example:\n  qingliu alerting run --config centre.toml"
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    running = commands.add_parser("run", help="judge until stopped")
    running.add_argument("--config", type=Path, help="centre.toml")
    running.add_argument("--verbose", action="store_true", help="log more")
    running.set_defaults(run=_run)
    backtest_command.register(commands.add_parser("backtest", help=backtest_command.HELP))
    findings_command.register(commands.add_parser("findings", help=findings_command.HELP))
    verdicts_command.register(commands.add_parser("verdicts", help=verdicts_command.HELP))


def _run(arguments: argparse.Namespace) -> int:
    from alerting.holidays import holidays_from  # noqa: PLC0415
    from alerting.judging import Rules  # noqa: PLC0415
    from alerting.worker import Worker  # noqa: PLC0415 - the libraries are loaded on use
    from history.opening import open_history  # noqa: PLC0415

    start_log(verbose=arguments.verbose)
    settings = load_centre(arguments.config)
    holidays = holidays_from(settings.alerting.holidays_file)
    holder = f"{socket.gethostname()}-{os.getpid()}"
    with (
        closing(open_registry(settings.registry.url)) as registry,
        closing(open_history(settings.history)) as history,
        stop_signals() as stop,
    ):
        worker = Worker(
            Rules(settings.alerting, settings.zone, holidays),
            registry,
            history,
            now_ms,
            holder,
            raw_days=settings.history.raw_days,
        )
        worker.run(stop)
    return 0
