"""`qingliu agent run`: the wiring of the agent, from the meters to the centre."""

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from edge_agent.clock import Clock, boot_id
from edge_agent.config import Agent
from edge_agent.control import answer
from edge_agent.health import Health
from edge_agent.meter import boot_ms
from edge_agent.outbox import OutboxDamagedError, open_outbox
from edge_agent.sampler import LineSampler, line_samplers
from edge_agent.status_page import control_path
from edge_agent.uplink import Uplink
from service import systemd
from service.conditions import Conditions
from service.control_socket import ControlSocket
from service.process import stop_signals

logger = logging.getLogger("agent")

STOP_WITHIN_S = 4.0


def run_agent(agent: Agent) -> int:
    """Run until SIGTERM or SIGINT; readings are durable at each commit, so stopping loses nothing.

    Raises:
        OutboxError: the outbox cannot be opened.
        OutboxDamagedError: it was damaged meanwhile; the next start sets it aside.
        ControlSocketError: another agent runs on this outbox.
    """
    settings = agent.settings
    conditions, clock, boot = Conditions(logger), Clock(), boot_id()
    outbox, damage = open_outbox(
        Path(settings.outbox.path), boot=boot, max_mb=settings.outbox.max_mb, now_ms=clock.now_ms()
    )
    with closing(outbox), stop_signals() as stop, _event_fd() as stop_fd, ExitStack() as stack:
        if damage is not None:
            conditions.begin("outbox file", damage)
        fatal: list[str] = []

        def give_up(text: str) -> None:
            fatal.append(text)
            stop.set()

        samplers: list[LineSampler] = []
        health = Health(agent, boot, boot_ms(), clock, outbox, conditions, samplers)
        uplink = Uplink(settings, outbox, clock, conditions, health.status, fatal=give_up)
        samplers += line_samplers(agent, outbox, clock, conditions, hurry=uplink.hurry, fatal=give_up)
        logger.info("station %s, outbox %s, %d meters", settings.station.id, outbox.id, len(agent.devices))
        control = ControlSocket(
            control_path(settings), lambda said: answer(said, lambda: health.document(uplink), samplers)
        )
        stack.enter_context(control)
        threads = [threading.Thread(target=sampler.run, args=(stop_fd,), daemon=True) for sampler in samplers]
        threads.append(threading.Thread(target=uplink.run, args=(stop,), daemon=True))
        for thread in threads:
            thread.start()
        _watch(stop, health, uplink)
        os.eventfd_write(stop_fd, 1)
        _join(threads)
    if fatal:
        raise OutboxDamagedError(fatal[0])
    logger.info("stopped")
    return 0


def _watch(stop: threading.Event, health: Health, uplink: Uplink) -> None:
    """Tell the service manager that all is ready, and then that it works, as long as it does."""
    systemd.notify(systemd.READY)
    period_s = systemd.watchdog_period_s()
    while not stop.wait(period_s):
        if health.is_working(uplink):
            systemd.notify(systemd.ALIVE)
        else:
            logger.error("no progress: the service manager is not told that we live")
    systemd.notify(systemd.STOPPING)


def _join(threads: list[threading.Thread]) -> None:
    end_s = time.monotonic() + STOP_WITHIN_S
    for thread in threads:
        thread.join(max(0.0, end_s - time.monotonic()))


@contextmanager
def _event_fd() -> Iterator[int]:
    fd = os.eventfd(0)
    try:
        yield fd
    finally:
        os.close(fd)
