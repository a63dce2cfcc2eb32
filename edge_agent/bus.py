"""One serial line: asks one question at a time, and checks every answer itself.

The library accepts answers of the wrong length or function, and cannot tell silence from noise; so the
shape is checked here, and failures are told apart by the bytes that were seen. After a failure the line is
left to fall silent and is drained before the next question, so that a late answer is never taken for it.
"""

import os
import termios
import time
from typing import TYPE_CHECKING

from pymodbus import FramerType, ModbusException
from pymodbus.client import ModbusSerialClient
from pymodbus.framer import FramerRTU

from edge_agent.config import BusSettings

if TYPE_CHECKING:
    from pymodbus.pdu import ModbusPDU

    from telemetry.reading import Why

ILLEGAL_ADDRESS = 2
LATE_TIMEOUTS = 3
"""So many time-outs after its own, a silent device may still answer; nobody is asked before."""
QUIET_S = 0.02


class BusError(Exception):
    """A question got no usable answer.

    Attributes:
        why: the contract's cause.
        exception_code: what the device said, if it answered with a Modbus exception.
    """

    def __init__(self, why: "Why", text: str, exception_code: int | None = None) -> None:
        super().__init__(text)
        self.why = why
        self.exception_code = exception_code


class Bus:
    """A line of meters; opened at the first question, closed and reopened when the port is gone."""

    def __init__(self, settings: BusSettings) -> None:
        self._settings = settings
        self._sent = b""
        self._seen = b""
        self._client = ModbusSerialClient(
            settings.port,
            framer=FramerType.RTU,
            baudrate=settings.baudrate,
            parity=settings.parity,
            stopbits=settings.stopbits,
            timeout=settings.timeout_s,
            retries=0,
            handle_local_echo=settings.echo,
            trace_packet=self._trace,
        )

    def read(self, unit_id: int, function: int, address: int, count: int) -> list[int]:
        """Read `count` 16-bit registers from `address` on.

        Raises:
            BusError: nothing usable came; nothing of it may be believed.
        """
        time.sleep(self._settings.pause_s)
        self._sent = self._seen = b""
        ask = self._client.read_holding_registers if function == 3 else self._client.read_input_registers
        try:
            answer = ask(address, count=count, device_id=unit_id)
        except (ModbusException, OSError) as error:
            raise self._failure(unit_id) from error
        self._check(answer, unit_id, function, count)
        return list(answer.registers)

    def close(self) -> None:
        """Free the port."""
        self._client.close()  # type: ignore[no-untyped-call]

    def _check(self, answer: "ModbusPDU", unit_id: int, function: int, count: int) -> None:
        """Refuse what the library let through; from 0x0300 on even our own echo looks like an answer."""
        if self._is_echo():
            raise self._failure(unit_id)
        if answer.isError() and answer.function_code & 0x7F == function:
            code = int(answer.exception_code)
            raise BusError("device_exception", f"the device refuses: exception {code}", code)
        head = bytes((unit_id, function, 2 * count))
        if len(answer.registers) != count or not self._seen.startswith(head):
            self._drain()
            got = f"function {answer.function_code}, {len(answer.registers)} registers"
            raise BusError("wrong_shape", f"asked for function {function}, {count} registers, got {got}")

    def _failure(self, unit_id: int) -> BusError:
        """Say why nothing usable came, from the port and the bytes seen."""
        seen = self._seen
        if self._client.connected:
            self._drain(timeouts=1 if seen else LATE_TIMEOUTS)
        if not self._client.connected:
            return BusError("port_gone", self._why_closed())
        if not seen:
            return BusError(
                "no_response", f"unit {unit_id} is silent: check power, wiring, unit_id, line settings"
            )
        if self._is_echo():
            return BusError("echo", "the adapter echoes what it sends: set echo = true")
        if len(seen) < 4 or not FramerRTU.check_CRC(seen[:-2], int.from_bytes(seen[-2:], "big")):
            return BusError(
                "garbled", f"{len(seen)} bytes but no valid frame: check A/B, termination, line settings"
            )
        if seen[0] == unit_id:
            return BusError("wrong_shape", f"unit {unit_id} answers with function {seen[1]}, not with ours")
        return BusError(
            "other_unit", f"asked unit {unit_id}, unit {seen[0]} answered: duplicate or wrong unit_id"
        )

    def _is_echo(self) -> bool:
        return bool(self._sent) and self._seen.startswith(self._sent)

    def _why_closed(self) -> str:
        port = self._settings.port
        if not os.path.exists(port):  # noqa: PTH110 - a device file, not a path to build on
            return f"port {port}: there is no such device: is the adapter plugged in?"
        if not os.access(port, os.R_OK | os.W_OK):
            return f"port {port}: no permission: add the user to the group dialout"
        return f"port {port}: cannot be opened: another program uses it, or it is no serial port"

    def _drain(self, *, timeouts: int = 1) -> None:
        """Wait until a late answer has come and gone, and throw it away."""
        time.sleep(self._settings.timeout_s)
        last_s = time.monotonic() + (timeouts - 1) * self._settings.timeout_s
        serial = self._client.socket
        if serial is None:
            return
        try:
            while not serial.in_waiting and time.monotonic() < last_s:
                time.sleep(QUIET_S)
            waiting = 0
            while serial.in_waiting > waiting:  # it is still coming
                waiting = serial.in_waiting
                time.sleep(QUIET_S)
            serial.reset_input_buffer()
        except (OSError, termios.error):  # pyserial lets the latter through
            self._client.close()  # type: ignore[no-untyped-call]

    def _trace(self, sending: bool, data: bytes) -> bytes:  # noqa: FBT001 - the library's signature
        if sending:
            self._sent = data
        else:
            self._seen = data
        return data
