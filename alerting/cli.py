"""`qingliu alerting …`: the worker that judges."""

import argparse
import os
import socket
import threading
from contextlib import closing
from pathlib import Path

from alerting import (
    backtest_command,
    desk_command,
    findings_command,
    list_command,
    out_of_service_command,
    performance_command,
    show_command,
    test_channel_command,
    verdicts_command,
)
from registry.config import load_centre
from registry.database import open_registry
from service.process import now_ms, start_log, stop_signals
from service.systemd import Heart


def register(parser: argparse.ArgumentParser) -> None:
    """Add the sub-commands of `qingliu alerting`."""
    parser.epilog = "example:\n  qingliu alerting run --config centre.toml"
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    running = commands.add_parser("run", help="judge until stopped")
    running.add_argument("--config", type=Path, help="centre.toml")
    running.add_argument("--verbose", action="store_true", help="log more")
    running.set_defaults(run=_run)
    list_command.register(commands.add_parser("list", help=list_command.HELP))
    show_command.register(commands.add_parser("show", help=show_command.HELP))
    desk_command.register(commands)
    out_of_service_command.register(commands.add_parser("out-of-service", help=out_of_service_command.HELP))
    backtest_command.register(commands.add_parser("backtest", help=backtest_command.HELP))
    findings_command.register(commands.add_parser("findings", help=findings_command.HELP))
    performance_command.register(commands.add_parser("performance", help=performance_command.HELP))
    test_channel_command.register(commands.add_parser("test-channel", help=test_channel_command.HELP))
    verdicts_command.register(commands.add_parser("verdicts", help=verdicts_command.HELP))


def _run(arguments: argparse.Namespace) -> int:
    from alerting.alarm_round import AlarmRound  # noqa: PLC0415 - the libraries are loaded on use
    from alerting.digest import DigestOf  # noqa: PLC0415
    from alerting.holidays import holidays_from  # noqa: PLC0415
    from alerting.judging import Rules  # noqa: PLC0415
    from alerting.worker import Worker  # noqa: PLC0415
    from history.opening import open_history  # noqa: PLC0415
    from notify.post import post_of  # noqa: PLC0415
    from notify.sender import Sender  # noqa: PLC0415
    from notify.sending import NAME, Sending  # noqa: PLC0415
    from notify.transport import AppriseTransport  # noqa: PLC0415
    from registry.services import forget_service  # noqa: PLC0415

    start_log(verbose=arguments.verbose)
    settings = load_centre(arguments.config)
    holidays = holidays_from(settings.alerting.holidays_file)
    rules = Rules(settings.alerting, settings.zone, holidays, settings.alarms)
    post = post_of(settings.notify, settings.zone, settings.centre.language)
    holder = f"{socket.gethostname()}-{os.getpid()}"
    with (
        closing(open_registry(settings.registry.url)) as registry,
        closing(open_history(settings.history)) as history,
        stop_signals() as stop,
    ):
        worker = Worker(
            rules,
            registry,
            history,
            now_ms,
            holder,
            raw_days=settings.history.raw_days,
            desk=AlarmRound(rules, post, DigestOf(settings.centre.name, settings.notify.digest_at)),
        )
        sending = None
        if post.channels:
            sender = Sender(registry, post, now_ms, AppriseTransport())
            loop = Sending(sender, registry, now_ms, holder)
            sending = threading.Thread(target=loop.run, args=(stop,), name="notify")
            sending.start()
        else:
            with registry.writing() as session:
                forget_service(session, NAME)  # of a time when there were channels
        worker.run(stop, Heart().beat)
        if sending is not None:
            sending.join()
    return 0
