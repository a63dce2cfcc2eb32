"""`qingliu agent run`: the wiring of the agent, from the meters to the centre."""

import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from edge_agent.clock import Clock, boot_id
from edge_agent.config import Agent
from edge_agent.meter import boot_ms
from edge_agent.outbox import Outbox
from edge_agent.sampler import LineSampler, line_samplers
from edge_agent.uplink import Uplink
from service.conditions import Conditions
from service.process import stop_signals
from telemetry.status import Status

logger = logging.getLogger("agent")

STOP_WITHIN_S = 4.0


def run_agent(agent: Agent) -> int:
    """Run until SIGTERM or SIGINT; readings are durable at each commit, so stopping loses nothing.

    Raises:
        OutboxError: the outbox cannot be opened.
    """
    settings = agent.settings
    boot = boot_id()
    conditions = Conditions(logger)
    clock = Clock()
    outbox = Outbox(Path(settings.outbox.path), boot=boot, max_mb=settings.outbox.max_mb)
    samplers: list[LineSampler] = []
    uplink = Uplink(settings, outbox, clock, conditions, _status_of(samplers, outbox, clock, boot))
    samplers += line_samplers(agent, outbox, clock, conditions, uplink.hurry)
    logger.info("station %s, outbox %s, %d meters", settings.station.id, outbox.id, len(agent.devices))
    with stop_signals() as stop, _event_fd() as stop_fd:
        threads = [threading.Thread(target=sampler.run, args=(stop_fd,), daemon=True) for sampler in samplers]
        threads.append(threading.Thread(target=uplink.run, args=(stop,), daemon=True))
        for thread in threads:
            thread.start()
        stop.wait()
        os.eventfd_write(stop_fd, 1)
        for thread in threads:
            thread.join(STOP_WITHIN_S)
    outbox.close()
    logger.info("stopped")
    return 0


@contextmanager
def _event_fd() -> Iterator[int]:
    fd = os.eventfd(0)
    try:
        yield fd
    finally:
        os.close(fd)


def _status_of(samplers: list[LineSampler], outbox: Outbox, clock: Clock, boot: str) -> Callable[[], Status]:
    started_ms = boot_ms()
    agent_version = version("qingliu")

    def status() -> Status:
        offset_ms = clock.offset_ms()
        return Status(
            online=True,
            version=agent_version,
            boot=boot,
            clock="untrusted" if offset_ms is None else "trusted",
            uptime_s=(boot_ms() - started_ms) // 1000,
            backlog=outbox.backlog(),
            oldest_unsent=outbox.oldest_t(),
            thinned=0,
            refused=outbox.refused_count(),
            disk_free_mb=outbox.disk_free_mb(),
            devices={
                each.meter.id: each.status(offset_ms) for sampler in samplers for each in sampler.watched
            },
        )

    return status
