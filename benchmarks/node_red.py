"""A Node-RED batch flow as a competent user would build it, to compare the collector's throughput with.

MQTT in, JSON, a function that gathers points, the `influxdb batch` node. It takes plain JSON only, keeps and
refuses nothing, answers no station, and writes neither quality of a good reading nor a mask of what is known:
it promises less and does less than the collector. Its one thread is what limits it.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from servers import wait_until

from service.broker import Connection
from service.mqtt import Mqtt
from telemetry.topics import every_station, topic

PARTS = Path(__file__).with_name("node_red")
INSTALL_WITHIN_S = 600.0
START_WITHIN_S = 60.0
STOP_WITHIN_S = 20.0
"""It gives its own nodes 15 s to close."""
QOS = 0
"""Costs it some 6 % less CPU per reading than 1, at which it would acknowledge on receipt all the same."""
BATCH = 5_000
"""Points to a write; at 1,000 influxd needs some 10 % more CPU. Whether by the shim makes no difference."""
_CONNECTED = "Connected to broker"
_HEARD = "an empty batch came"
_NOTHING = b'{"v":1,"outbox":"00000000","sent":0,"readings":[]}'


class NodeRedError(RuntimeError):
    """Node-RED could not be installed or did not start; one line says why."""


def available() -> str | None:
    """None where node and npm are there, else one line that says what to install."""
    missing = [
        package for package, name in (("nodejs", "node"), ("npm", "npm")) if shutil.which(name) is None
    ]
    if not missing:
        return None
    packages = " ".join(missing)
    return (
        f"Node-RED is not compared, for want of {packages}; to enable it run: sudo apt-get install {packages}"
    )


def install() -> Path:
    """Have the exact versions of `package.json` in the cache folder, by npm if they are not yet there.

    Returns:
        The folder that holds `node_modules`.

    Raises:
        NodeRedError: npm failed, or took longer than ten minutes.
    """
    package = (PARTS / "package.json").read_text()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "qingliu-bench" / "node-red"
    done = folder / "installed.json"
    if done.exists() and done.read_text() == package:
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text(package)
    words = ["--no-audit", "--no-fund", "--no-package-lock", "--omit=dev", "--ignore-scripts"]
    command = ["npm", "install", *words, "--no-update-notifier", "--loglevel=error"]
    try:
        result = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_WITHIN_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise NodeRedError(f"npm install in {folder}: not done after {INSTALL_WITHIN_S:.0f} s") from error
    if result.returncode:
        reason = " ".join(result.stderr.split())[:300]
        raise NodeRedError(f"npm install in {folder}: failed ({reason}). Check the network, then try again.")
    done.write_text(package)
    return folder


class NodeRed:
    """A running Node-RED that subscribes to every station's readings and writes them to InfluxDB.

    It is ready when the context is entered: a probe has come through the broker to its function node.
    """

    def __init__(
        self,
        folder: Path,
        *,
        mqtt_port: int,
        influx_url: str,
        database: str,
        qos: int = QOS,
        batch: int = BATCH,
    ) -> None:
        """Prepare; `folder` becomes its userDir, `batch` is in points."""
        influx = urlsplit(influx_url)
        self._folder = folder
        self._mqtt_port = mqtt_port
        self._environment = {
            "QINGLIU_TOPIC": every_station("readings"),
            "QINGLIU_MQTT_PORT": str(mqtt_port),
            "QINGLIU_INFLUX_HOST": str(influx.hostname),
            "QINGLIU_INFLUX_PORT": str(influx.port),
            "QINGLIU_DATABASE": database,
            "QINGLIU_QOS": str(qos),
            "QINGLIU_BATCH": str(batch),
            "NODE_RED_DISABLE_TELEMETRY": "1",
        }
        self._log = folder / "log"
        self._said_at_start = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process, for its CPU and memory."""
        assert self._process is not None
        return self._process.pid

    def complaints(self) -> list[str]:
        """Its warnings and errors since it was ready; the points of a write that failed are lost."""
        lines = self._log.read_text(errors="replace").splitlines()[self._said_at_start :]
        return [line for line in lines if "[error]" in line or "[warn]" in line]

    def __enter__(self) -> Self:
        """Install if needed, start, wait until it hears.

        Raises:
            NodeRedError: it could not be installed, or ended at once.
            BrokerError: there is no broker for the probe.
            AssertionError: it does not hear within a minute.
        """
        modules = install() / "node_modules"
        self._folder.mkdir(parents=True)
        (self._folder / "flow.json").write_text(_flow())
        shutil.copy(PARTS / "settings.js", self._folder / "settings.js")
        words = ["--userDir", str(self._folder), "--settings", str(self._folder / "settings.js"), "flow.json"]
        command = ["node", str(modules / "node-red" / "red.js"), *words]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command, cwd=self._folder, stdout=log, stderr=log, env=os.environ | self._environment
            )
        try:
            wait_until(lambda: self._has_logged(_CONNECTED), "Node-RED is connected", START_WITHIN_S)
            self._probe()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        self._stop()

    def _probe(self) -> None:
        """Say what an agent says first, until the flow's function has heard it: it is subscribed then."""
        broker = Mqtt(host="127.0.0.1", port=self._mqtt_port, tls=False)
        connection = Connection(broker, "node-red-probe", subscriptions=[], on_message=lambda _: None)

        def hears() -> bool:
            connection.publish(topic("probe", "readings"), _NOTHING, qos=0)
            connection.step(0)
            return self._has_logged(_HEARD)

        try:
            wait_until(hears, "Node-RED hears a probe", START_WITHIN_S, every_s=0.2)
        finally:
            connection.close()
        self._said_at_start = len(self._log.read_text(errors="replace").splitlines())

    def _has_logged(self, words: str) -> bool:
        text = self._log.read_text(errors="replace")
        if self._process is not None and self._process.poll() is not None:
            last = (text.strip().splitlines() or ["nothing"])[-1]
            raise NodeRedError(f"Node-RED ended with code {self._process.returncode}; it said last: {last}")
        return words in text

    def _stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


def _flow() -> str:
    """The flow with the code of its function node, which is kept as a file of its own to be readable."""
    nodes = json.loads((PARTS / "flow.json").read_text())
    (gather,) = (node for node in nodes if node["id"] == "gather")
    gather["func"] = (PARTS / "gather.js").read_text()
    return json.dumps(nodes, indent=2)
