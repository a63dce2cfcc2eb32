"""The collector under load: mosquitto, a store, one collector and the stations on this machine's cores.

Batches of ten readings of five quantities. First each station keeps at most four batches outstanding, as an
agent does, and the figure is what was stored and acknowledged. In a flood all stations publish at once, and
the figure is how fast the database fills; a Node-RED flow, which acknowledges nothing, is measured alike.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from figures import lacking, show
from load import BATCH, station_name
from node_red import NodeRed, NodeRedError, available

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from influx_server import InfluxServer, programs
from servers import Mosquitto, wait_until

from history.embedded import EmbeddedHistory
from registry.database import open_registry
from registry.tables import Station
from service.broker import Connection, Message
from service.mqtt import Mqtt
from telemetry.batch import encode_batch
from telemetry.topics import topic

STATIONS, READINGS, FLOOD = 400, 400_000, 600_000
OUTSTANDING = 4
ROUNDS = 2
QINGLIU = str(Path(sys.executable).with_name("qingliu"))
LOAD = str(Path(__file__).with_name("load.py"))
BROKER = ("max_queued_messages 0", "max_inflight_messages 1000")
"""As docs/history.md advises; Node-RED gains more by it than the collector does."""


@dataclass
class Place:
    """A folder, a broker, and a count of how much is in the store."""

    folder: Path
    broker: Mosquitto
    history: str
    stored: Callable[[], int]
    database: str = ""
    written: Callable[[], int] = lambda: 0
    """Points written since the server's start: a counter, whose asking costs the server nothing."""


@dataclass
class Run:
    """What one load came to."""

    readings: int
    per_s: float
    peak_mb: float
    resent: int
    stored: int


def main() -> None:
    """Run and print."""
    print(f"{STATIONS} stations, {BATCH} readings a batch, mosquitto and stations on the same cores")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        broker = Mosquitto("/usr/sbin/mosquitto", folder / "mosquitto", extra=BROKER)
        broker.start()
        stack.callback(broker.kill)
        _closed("embedded", ">= 40,000 readings/s", _embedded(folder / "embedded", broker))
        influx = InfluxServer(*programs(), folder / "influx")
        influx.start()
        stack.callback(influx.stop)
        run = _closed("influxd", ">= 60,000 readings/s", _in_influx(folder / "closed", broker, influx))
        show(
            "  lost, or doubled",
            f"{run.readings - run.stored} of {run.readings:,} at {run.per_s:,.0f} /s",
            "0 at >= 20,000 /s",
            row="collector-correct",
            within=run.stored == run.readings and run.per_s >= 20_000,
        )
        _side_by_side(folder, broker, influx)


def _closed(store: str, budget: str, place: Place) -> Run:
    run = _collected(place, READINGS, OUTSTANDING)
    show(
        f"collector, {store}, stored and acknowledged",
        f"{run.per_s:,.0f} /s",
        budget,
        row=f"collector-{store}",
    )
    show(f"  its memory at most, batches sent again: {run.resent}", f"{run.peak_mb:.0f} MB", "<= 200 MB")
    show(
        "  readings sent, and in the store",
        f"{run.readings:,} {run.stored:,}",
        "equal",
        within=run.readings == run.stored,
    )
    return run


def _side_by_side(folder: Path, broker: Mosquitto, influx: InfluxServer) -> None:
    """The same flood for both, in turns, so that a slow minute of the machine falls on both."""
    why = available()
    ours: list[float] = []
    theirs: list[float] = []
    peak_mb = 0.0
    for number in range(ROUNDS):
        if why is None:
            try:
                theirs.append(_node_red(_in_influx(folder / f"red-{number}", broker, influx), influx))
            except (NodeRedError, AssertionError) as error:  # it did not start, or has not stored all
                why = str(error)
        run = _collected(_in_influx(folder / f"flood-{number}", broker, influx), FLOOD, 0)
        ours.append(run.per_s)
        peak_mb = max(peak_mb, run.peak_mb)
    show(
        "collector, influxd, flood, acknowledged when stored",
        f"{max(ours):,.0f} /s",
        ">= 60,000 readings/s",
        row="collector-flood",
    )
    show("  its memory at most", f"{peak_mb:.0f} MB", "<= 200 MB")
    flow = "Node-RED batch flow, the same flood, no acknowledgement"
    if why is not None or not theirs:
        lacking(flow, why or "no round of it came to its end", beside="collector-flood")
        lacking("  collector against Node-RED", "Node-RED was not measured", row="collector-node-red")
        return
    show(flow, f"{max(theirs):,.0f} /s", "-", beside="collector-flood")
    show(
        "  collector against Node-RED, best of each",
        f"{max(ours) / max(theirs):.2f} x",
        ">= 1.2 x",
        row="collector-node-red",
    )


def _collected(place: Place, readings: int, outstanding: int) -> Run:
    """Let one collector take in a load."""
    url = f"sqlite:///{place.folder / 'registry.db'}"
    with closing(open_registry(url)) as registry, registry.writing() as session:
        session.add_all(Station(id=station_name(number)) for number in range(STATIONS))
    config = place.folder / "centre.toml"
    config.write_text(
        f'[mqtt]\nhost = "127.0.0.1"\nport = {place.broker.port}\ntls = false\n'
        f'[registry]\nurl = "{url}"\n[history]\n{place.history}\n'
    )
    command = [QINGLIU, "collector", "run", "--config", str(config)]
    with (place.folder / "log").open("wb") as log, subprocess.Popen(command, stderr=log) as collector:
        try:
            _await_answer(place.broker.port)
            run = _loaded(place, readings, outstanding)
            run.peak_mb = _peak_mb(collector.pid)
        finally:
            collector.terminate()
    return run


def _await_answer(port: int) -> None:
    """Greet the collector as an agent does, until it answers: it is subscribed then."""
    station = station_name(0)
    heard: list[Message] = []
    broker = Mqtt(host="127.0.0.1", port=port, tls=False)
    asked = [(topic(station, "ack"), 0)]
    ear = Connection(broker, "greeting", subscriptions=asked, on_message=heard.append)

    def is_heard() -> bool:
        ear.publish(topic(station, "readings"), encode_batch("00000000", 0, []), qos=1)
        ear.step(0.2)
        return bool(heard)

    with closing(ear):
        wait_until(is_heard, "the collector answers", 60)


def _node_red(place: Place, influx: InfluxServer) -> float:
    flow = NodeRed(
        place.folder / "node-red", mqtt_port=place.broker.port, influx_url=influx.url, database=place.database
    )
    with flow:
        run = _loaded(place, FLOOD, 0)
    if run.stored != run.readings:
        print(f"Node-RED lost {run.readings - run.stored} of {run.readings} readings")
    return run.per_s


def _loaded(place: Place, readings: int, outstanding: int) -> Run:
    """Send a load, and see when the store has it; with nothing outstanding the load itself ends with acks."""
    with _load(place.broker.port, readings, outstanding) as load:
        _say(load)
        began_s, before = time.monotonic(), place.written()
        if not outstanding:
            wait_until(lambda: place.written() - before >= readings, "all is stored", 120, every_s=0.1)
        took_s = time.monotonic() - began_s
        assert load.stdout is not None
        said = json.loads(load.stdout.readline())
        _say(load)
    per_s = readings / (said["took_s"] if outstanding else took_s)
    return Run(said["readings"], per_s, 0.0, said["resent"], place.stored())


@contextmanager
def _load(port: int, readings: int, outstanding: int) -> Iterator["subprocess.Popen[str]"]:
    """The stations, in a process of their own, ready to send."""
    words = [str(value) for value in (port, readings, STATIONS, outstanding)]
    with subprocess.Popen(
        [sys.executable, LOAD, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as load:
        try:
            assert load.stdout is not None
            load.stdout.readline()
            yield load
        finally:
            load.kill()


def _say(load: "subprocess.Popen[str]") -> None:
    assert load.stdin is not None
    load.stdin.write("\n")
    load.stdin.flush()


def _embedded(folder: Path, broker: Mosquitto) -> Place:
    folder.mkdir()
    path = folder / "history.db"

    def stored() -> int:
        with closing(EmbeddedHistory(path)) as history:
            return sum(len(history.raw(station_name(n), None, 0, 2**60)) for n in range(STATIONS))

    return Place(folder, broker, f'path = "{path}"', stored)


def _in_influx(folder: Path, broker: Mosquitto, influx: InfluxServer) -> Place:
    folder.mkdir()
    database = influx.new_database()

    def stored() -> int:
        found = influx.query("SELECT count(energy_kwh) FROM power", database)
        return int(found["series"][0]["values"][0][1]) if "series" in found else 0

    history = f'backend = "influxdb"\nurl = "{influx.url}"\nbucket = "{database}"'

    def written() -> int:
        (found,) = influx.query("SHOW STATS FOR 'httpd'")["series"]
        return int(dict(zip(found["columns"], found["values"][0], strict=True))["pointsWrittenOK"])

    return Place(folder, broker, history, stored, database, written)


def _peak_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


if __name__ == "__main__":
    main()
