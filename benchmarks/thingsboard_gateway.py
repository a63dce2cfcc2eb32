"""ThingsBoard's gateway beside the agent: the same two meters, a plain broker, its own Python environment.

It is configured as its documents and samples show: a tag for each value, the queue in memory. What would
reach beyond this machine or cost it without use here is switched off: statistics, remote shell, remote
configuration, the look for updates. Of the platform only one answer is played, that about session limits,
without which it sends nothing.
"""

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from types import TracebackType
from typing import Self

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from servers import wait_until

from service.broker import Connection, Message
from service.mqtt import Mqtt

VERSION = "3.8.5"
PACKAGES = (f"thingsboard-gateway=={VERSION}", "pymodbus==3.9.2", "pyserial", "pyserial-asyncio")
"""With the exact pymodbus that it would else install for itself when it starts."""
INSTALL_WITHIN_S = 600.0
START_WITHIN_S = 60.0
STOP_WITHIN_S = 20.0
CONTIGUOUS = range(0x2006, 0x201A, 2)
"""Ten floats side by side in the power meter: voltages, currents, the power and that of each phase."""
FLOATS = {1: CONTIGUOUS, 2: range(0, 4, 4)}
"""Which floats of each unit it reads: ten of the power meter, the flow of the other."""
WORDS = {2: (0x02, 0x03, 0x07, 0x1A)}
"""With the flow meter's units and parts of its total, which the agent asks for too."""
TELEMETRY = "v1/gateway/telemetry"
_LIMITS = {"maxPayloadSize": 65_536, "maxInflightMessages": 100, "rateLimits": {}}
_NOWHERE = "http://127.0.0.1:9"


class GatewayError(RuntimeError):
    """The gateway could not be installed or did not start; one line says why."""


def install() -> Path:
    """Have the exact version in the cache folder, in an environment of its own, by pip if it is not there.

    Returns:
        The environment's Python.

    Raises:
        GatewayError: pip failed, or took longer than ten minutes.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "qingliu-bench" / "thingsboard-gateway"
    python, done = folder / "bin" / "python", folder / "installed.txt"
    wanted = "\n".join((sys.version, *PACKAGES))
    if done.exists() and done.read_text() == wanted:
        return python
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=True)
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES]
    try:
        result = subprocess.run(
            command, capture_output=True, text=True, timeout=INSTALL_WITHIN_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise GatewayError(
            f"pip install of {PACKAGES[0]}: not done after {INSTALL_WITHIN_S:.0f} s"
        ) from error
    if result.returncode:
        said = [line for line in result.stderr.splitlines() if line.startswith("ERROR")]
        reason = (said or ["pip said nothing"])[-1][:200]
        raise GatewayError(
            f"pip install of {PACKAGES[0]}: failed ({reason}). Check the network, then try again."
        )
    done.write_text(wanted)
    return python


class ThingsBoardGateway:
    """A running gateway; when the context is entered, a reading of each meter has come out of it."""

    def __init__(self, folder: Path, *, line: str, mqtt_port: int, interval_s: int) -> None:
        """Prepare; `folder` becomes its own."""
        self._folder = folder
        self._line = line
        self._mqtt_port = mqtt_port
        self._interval_s = interval_s
        self._process: subprocess.Popen[bytes] | None = None
        self._ear: Connection | None = None
        self.sent: list[bytes] = []

    @property
    def pid(self) -> int:
        """The process, for its CPU and memory."""
        assert self._process is not None
        return self._process.pid

    def listen(self, seconds: float) -> None:
        """Hear what it sends, and answer what it asks the platform."""
        assert self._ear is not None
        self._ear.step(seconds)

    def __enter__(self) -> Self:
        """Install if needed, start, wait until it has sent.

        Raises:
            GatewayError: it could not be installed, or ended at once.
            BrokerError: there is no broker.
            AssertionError: it has sent nothing within a minute.
        """
        python = install()
        self._configure()
        broker = Mqtt(host="127.0.0.1", port=self._mqtt_port, tls=False)
        asked = [(TELEMETRY, 0), ("v1/devices/me/rpc/request/+", 0)]
        self._ear = Connection(broker, "platform", subscriptions=asked, on_message=self._hear)
        proxies = {
            name: _NOWHERE
            for each in ("http", "https")
            for name in (f"{each}_proxy", f"{each.upper()}_PROXY")
        }
        environment = os.environ | proxies | {"TB_GW_CONFIG_DIR": str(self._folder / "config")}
        command = [str(python), "-m", "thingsboard_gateway.tb_gateway"]
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                command, cwd=self._folder, stdout=log, stderr=log, env=environment
            )
        try:
            wait_until(self._has_sent_of_each, "ThingsBoard's gateway sends", START_WITHIN_S, 0)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        self._stop()

    def _has_sent_of_each(self) -> bool:
        self.listen(0.2)
        if self._process is not None and self._process.poll() is not None:
            text = (self._folder / "log").read_text(errors="replace").strip()
            last = (text.splitlines() or ["nothing"])[-1]
            raise GatewayError(f"it ended with code {self._process.returncode}; it said last: {last[:200]}")
        return all(any(name in each for each in self.sent) for name in (b"unit-1", b"unit-2"))

    def _hear(self, message: Message) -> None:
        if message.topic == TELEMETRY:
            self.sent.append(message.payload)
        elif json.loads(message.payload).get("method") == "getSessionLimits" and self._ear is not None:
            number = message.topic.rpartition("/")[2]
            answer = json.dumps(_LIMITS).encode()
            self._ear.publish(f"v1/devices/me/rpc/response/{number}", answer, qos=0)

    def _stop(self) -> None:
        if self._ear is not None:
            self._ear.close()
            self._ear = None
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _configure(self) -> None:
        config = self._folder / "config"
        config.mkdir(parents=True)
        (self._folder / "logs").mkdir()
        main = {
            "thingsboard": {
                "host": "127.0.0.1",
                "port": self._mqtt_port,
                "remoteShell": False,
                "remoteConfiguration": False,
                "statistics": {"enable": False},
                "security": {"type": "accessToken", "accessToken": "bench"},
                "qos": 1,
            },
            "storage": {"type": "memory", "read_records_count": 100, "max_records_count": 100_000},
            "grpc": {"enabled": False},
            "connectors": [{"type": "modbus", "name": "meters", "configuration": "modbus.json"}],
        }
        slaves = [self._slave(unit) for unit in FLOATS]
        for name, content in (
            ("tb_gateway", main),
            ("modbus", {"master": {"slaves": slaves}}),
            ("logs", _LOGS),
        ):
            (config / f"{name}.json").write_text(json.dumps(content, indent=1))

    def _slave(self, unit: int) -> dict[str, object]:
        floats = [_tag(address, "32float", 2) for address in FLOATS[unit]]
        return {
            "type": "serial",
            "method": "rtu",
            "port": self._line,
            "baudrate": 9600,
            "timeout": 1,
            "byteOrder": "BIG",
            "wordOrder": "BIG",
            "unitId": unit,
            "deviceName": f"unit-{unit}",
            "pollPeriod": 1000 * self._interval_s,
            "timeseries": floats + [_tag(address, "16uint", 1) for address in WORDS.get(unit, ())],
        }


def _tag(address: int, kind: str, registers: int) -> dict[str, object]:
    return {
        "tag": f"at-{address}",
        "type": kind,
        "functionCode": 3,
        "objectsCount": registers,
        "address": address,
    }


_LOGS = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"level": "ERROR", "handlers": ["console"]},
}
