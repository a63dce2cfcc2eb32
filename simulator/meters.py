"""A whole simulated station: the life, the two meters that watch it, and the line they answer on."""

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from simulator import registers
from simulator.life import Snapshot, Station
from simulator.line import PtyLine
from simulator.parameters import StationParameters
from simulator.slave import Line, Served, Slave
from simulator.switchable import Switchable
from simulator.wire import Fault

POWER_FUNCTIONS = frozenset({3})
FLOW_FUNCTIONS = frozenset({3, 4})


class SimulatedStation:
    """A DTSU666 and an MFE600 on one pseudo-terminal, from `start` to `close`.

    Every request advances the life to now, so an unattended station costs nothing. All methods may be called
    from any thread.

    Attributes:
        power_unit: Modbus address of the power meter.
        flow_unit: Modbus address of the flow meter.
        faults: spoils the meters' answers, as it is told; at first by `fault`.

    Raises:
        ParameterError: an address or the baud rate cannot be.
    """

    def __init__(  # noqa: PLR0913 - a station is put together from parts the caller may replace one by one
        self,
        parameters: StationParameters | None = None,
        *,
        seed: int = 0,
        clock: Callable[[], float] = time.time,
        power_unit: int = 1,
        flow_unit: int = 2,
        link: Path | None = None,
        answer_delay_s: float = 0.0,
        baudrate: int | None = None,
        fault: Fault | None = None,
        served: Served | None = None,
    ) -> None:
        self.power_unit = power_unit
        self.flow_unit = flow_unit
        self._clock = clock
        self._lock = threading.Lock()
        self._life = Station(parameters, seed=seed, start_s=clock())
        meters = (
            Slave(power_unit, self._power_image, functions=POWER_FUNCTIONS, served=served),
            Slave(flow_unit, self._flow_image, functions=FLOW_FUNCTIONS, served=served),
        )
        self.faults = Switchable(fault, units=(power_unit, flow_unit))
        self._pty = PtyLine(
            Line(meters), link=link, answer_delay_s=answer_delay_s, baudrate=baudrate, fault=self.faults
        )

    @property
    def port(self) -> str:
        """What an agent opens: the link if there is one, else the terminal; known once started."""
        return self._pty.port

    @property
    def terminal(self) -> str:
        """The pseudo-terminal's own name; empty while closed."""
        return self._pty.terminal

    def start(self) -> None:
        """Open the line and answer on it; after `close`, as when the adapter is plugged in again.

        Raises:
            PathError: the link cannot be placed.
        """
        self._pty.start()

    def close(self) -> None:
        """Leave the line, as when the adapter is unplugged; the life goes on and can be looked at."""
        self._pty.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def set_running(self, running: bool) -> None:  # noqa: FBT001 - the one thing to say
        """Switch the treatment on or off, from now on; standby goes on."""
        with self._lock:
            self._life.advance(self._clock())
            self._life.running = running

    def set_mains(self, mains: bool) -> None:  # noqa: FBT001 - the one thing to say
        """Cut the power or give it back, from now on; without it both meters are mute."""
        with self._lock:
            self._life.advance(self._clock())
            self._life.mains = mains

    def snapshot(self) -> Snapshot:
        """The station now."""
        with self._lock:
            self._life.advance(self._clock())
            return self._life.snapshot()

    def _power_image(self) -> Mapping[int, int] | None:
        now = self.snapshot()
        return registers.dtsu666(now, unit_id=self.power_unit) if now.mains else None

    def _flow_image(self) -> Mapping[int, int] | None:
        now = self.snapshot()
        return registers.mfe600(now) if now.mains else None
