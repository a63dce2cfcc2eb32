"""How the running agent is: the status it sends, the document it shows, and whether it makes progress."""

import os
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import NamedTuple

from edge_agent.clock import Clock
from edge_agent.config import Agent
from edge_agent.meter import boot_ms
from edge_agent.outbox import Outbox
from edge_agent.sampler import LineSampler
from edge_agent.status_document import (
    LinkState,
    MeterState,
    Moment,
    OutboxState,
    Process,
    Refused,
    StatusDocument,
    document,
)
from edge_agent.uplink import Uplink
from edge_agent.watched import Watched
from service.conditions import Conditions
from telemetry.status import Status

UPLINK_STUCK_MS = 300_000
"""The uplink may be so long in one step: resolving a name and a handshake on a bad line take their time."""
REFUSED_SHOWN = 10


class Health(NamedTuple):
    """The living parts, looked at from any thread.

    Attributes:
        started_ms: of the process, on the monotonic clock.
        samplers: one a line; filled when they exist.
    """

    agent: Agent
    boot: str
    started_ms: int
    clock: Clock
    outbox: Outbox
    conditions: Conditions
    samplers: Sequence[LineSampler]

    def status(self) -> Status:
        """What the station's status says at the centre."""
        offset_ms = self.clock.offset_ms()
        return Status(
            online=True,
            version=version("qingliu"),
            boot=self.boot,
            clock="untrusted" if offset_ms is None else "trusted",
            uptime_s=(boot_ms() - self.started_ms) // 1000,
            backlog=self.outbox.backlog(),
            oldest_unsent=self.outbox.oldest_t(),
            thinned=self.outbox.thinned_count(),
            refused=self.outbox.refused_count(),
            disk_free_mb=self.outbox.disk_free_mb(),
            devices={name: each.status(offset_ms) for name, each in self._watched().items()},
        )

    def document(self, uplink: Uplink) -> StatusDocument:
        """What `qingliu agent status` shows."""
        station = self.agent.settings.station
        clock, mqtt, link = self.clock, self.agent.settings.mqtt, uplink.link
        conditions = self.conditions.current()
        process = Process(station.id, station.name, version("qingliu"), os.getpid(), self.started_ms)
        now = Moment(boot_ms(), clock.now_ms(), clock.offset_ms(), clock.trust)
        return document(
            process,
            now,
            link=LinkState(
                broker=f"{mqtt.host}:{mqtt.actual_port}",
                connected=link.connected_ms is not None,
                since_ms=link.lost_ms if link.connected_ms is None else link.connected_ms,
                trouble=conditions.get("uplink") or conditions.get("centre"),
                hold=uplink.delivery.hold_reason,
                last_ack_ms=link.acked_ms,
                outstanding=uplink.delivery.outstanding,
            ),
            outbox=self._outbox_state(),
            meters=self._meter_states(),
            conditions=conditions,
        )

    def is_working(self, uplink: Uplink) -> bool:
        """Whether lines do their rounds, nothing is lost that a new start may save, and the uplink lives."""
        now_ms = boot_ms()
        lines = all(sampler.is_working(now_ms) for sampler in self.samplers)
        return lines and now_ms - uplink.step_ms <= UPLINK_STUCK_MS

    def _watched(self) -> Mapping[str, Watched]:
        return {each.meter.id: each for sampler in self.samplers for each in sampler.watched}

    def _outbox_state(self) -> OutboxState:
        outbox = self.outbox
        refused = [
            Refused(device=each.device, t=each.t, code=each.code, text=each.text)
            for each in outbox.refused(REFUSED_SHOWN)
        ]
        return OutboxState(
            id=outbox.id,
            backlog=outbox.backlog(),
            oldest_t=outbox.oldest_t(),
            size_mb=outbox.size_mb(),
            max_mb=self.agent.settings.outbox.max_mb,
            disk_free_mb=outbox.disk_free_mb(),
            thinned=outbox.thinned_count(),
            refused=outbox.refused_count(),
            last_refused=refused,
        )

    def _meter_states(self) -> list[MeterState]:
        watched = self._watched()
        states = []
        for device in self.agent.devices:
            each, settings = watched[device.settings.id], device.settings
            last = each.last
            is_silent = last is not None and last.quality == "missing"
            states.append(
                MeterState(
                    id=settings.id,
                    profile=settings.profile,
                    bus=settings.bus,
                    unit_id=settings.unit_id,
                    last_good_ms=each.last_good_ms,
                    polls=each.polls,
                    failures=dict(each.failures),
                    silent=last.why if last and is_silent else None,
                    backing_off=each.silence.backing_off,
                    alarms=last.alarms if last else (),
                )
            )
        return states
