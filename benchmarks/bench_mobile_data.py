"""Mobile data of a station in a month: what a real agent sends and gets over TLS, through a counting proxy.

Real are the agent, its client certificate, mosquitto and the collector; the two meters are simulated, and
live 60 times as fast as the clock, so that a poll each second and a batch each five seconds have the shape
and the changes of a poll each minute and a batch each five minutes. A month is then 8,640 such cycles, 720
hourly statuses and 30 connections (one a day).

The proxy counts what TLS puts on the wire. The rest is reckoned, with 40 bytes for the IPv4 and TCP headers
of each segment: every chunk that the proxy read is one segment (more above 1,400 bytes); a segment that the
other side answers with data within 40 ms is acknowledged by that, every other one by an empty segment of its
own; a connection takes 7 empty segments to come and go. Most systems also put 12 bytes of timestamps into
each TCP header; they are printed apart. Not counted: name look-ups, and what TCP has to send twice.
"""

import re
import sys
import tempfile
import time
import zlib
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from certificates import Authority
from chain import STATION, Chain
from counting_proxy import Chunk, CountingProxy
from figures import show
from servers import Mosquitto, Tls, wait_until

from service.broker import Connection, Message
from service.mqtt import Mqtt
from simulator.meters import SimulatedStation
from simulator.parameters import StationParameters
from telemetry.batch import compress, encode_batch
from telemetry.topics import topic

CYCLES = 10
CYCLE_S = 5.0
DAYS = 30
CYCLES_PER_MONTH = DAYS * 24 * 12
STATUSES_PER_MONTH = DAYS * 24
READINGS_PER_CYCLE = 10
SEQ_OF_MID_MONTH = 43_200
HEADERS = 40
TIMESTAMPS = 12
SEGMENT = 1_400
ANSWERED_WITHIN_S = 0.04
EMPTY_SEGMENTS_PER_CONNECTION = 7
TLS_PER_RECORD = 22  # 5 of header, 1 of type, 16 of seal
PUBACK = 4


class Wire(NamedTuple):
    """What passed: bytes of TLS each way, and segments with the empty ones."""

    up: float
    down: float
    segments: float

    @property
    def size(self) -> float:
        """Bytes with all headers."""
        return self.up + self.down + HEADERS * self.segments

    def per(self, count: int) -> "Wire":
        """The mean of so many."""
        return Wire(*(each / count for each in self))

    def without(self, other: "Wire") -> "Wire":
        """The rest."""
        return Wire(*(mine - theirs for mine, theirs in zip(self, other, strict=True)))


class Heard(NamedTuple):
    """A message as a listener beside the collector heard it."""

    at_s: float
    message: Message

    @property
    def is_data(self) -> bool:
        """Whether it is a batch with readings."""
        return self.message.topic.endswith("/readings") and len(plain(self.message.payload)) > 150

    @property
    def size(self) -> int:
        """Bytes of its PUBLISH, with the number that QoS 1 takes."""
        length = 2 + len(self.message.topic) + len(self.message.payload)
        length += 0 if self.message.topic.endswith("/ack") else 2
        return length + (2 if length < 128 else 3)


def main() -> None:
    """Run and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        centre = Authority(folder / "centre")
        broker_identity, station = centre.server("127.0.0.1"), centre.client(STATION)
        tls = Tls(
            centre.ca_file,
            broker_identity.cert_file,
            broker_identity.key_file,
            require_certificate=True,
            use_identity_as_username=True,
        )
        broker = Mosquitto("/usr/sbin/mosquitto", folder / "mosquitto", tls=tls)
        broker.start()
        heard: list[Heard] = []
        try:
            with (
                SimulatedStation(StationParameters(pace=60)) as meters,
                CountingProxy(broker.tls_port) as proxy,
                Chain(folder, line=meters.port, broker_port=broker.port) as chain,
                closing(listener(broker.port, heard)) as ear,
            ):
                configure(
                    chain,
                    proxy.port,
                    {"ca_file": centre.ca_file, "cert_file": station.cert_file, "key_file": station.key_file},
                )
                chain.start("collector")
                wait_until(lambda: greets(ear, heard), "the collector answers")
                heard.clear()
                chain.start("agent")
                print(f"listening for {(CYCLES + 2) * CYCLE_S:.0f} s", flush=True)
                wait_until(
                    lambda: ear.step(0.5) or len(batches(heard)) > CYCLES + 1,
                    f"{CYCLES} cycles have passed",
                    (CYCLES + 8) * CYCLE_S,
                    0,
                )
                trace = proxy.trace
                chain.stop("agent")
        finally:
            broker.kill()
    tell(trace, heard)


def listener(port: int, heard: list[Heard]) -> Connection:
    """A client that hears all."""
    return Connection(
        Mqtt(host="127.0.0.1", port=port, tls=False),
        "ear",
        subscriptions=[("qingliu/#", 0)],
        on_message=lambda message: heard.append(Heard(time.monotonic(), message)),
    )


def greets(ear: Connection, heard: Sequence[Heard]) -> bool:
    """Say hello for the station; whether the collector has answered one."""
    ear.publish(topic(STATION, "readings"), encode_batch("00000000", 0, []), qos=1)
    ear.step(0.5)
    return any(each.message.topic.endswith("/ack") for each in heard)


def configure(chain: Chain, port: int, files: dict[str, Path]) -> None:
    """Send the agent through the proxy, with TLS."""
    config = chain.folder / "agent.toml"
    lines = "".join(f'{key} = "{path}"\n' for key, path in files.items())
    text, changed = re.subn(r"port = \d+\ntls = false\n", f"port = {port}\n{lines}", config.read_text())
    text, paced = re.subn(r"send_every_s = 1\n", f"send_every_s = {CYCLE_S:.0f}\n", text)
    if (changed, paced) != (1, 1):
        raise SystemExit("tests/chain.py writes another agent.toml than this expects")
    config.write_text(text)


def batches(heard: Iterable[Heard]) -> list[Heard]:
    """The batches with readings."""
    return [each for each in heard if each.is_data]


def tell(trace: Sequence[Chunk], heard: Sequence[Heard]) -> None:
    """Print the figures, cycle by cycle first."""
    starts = [each.at_s - CYCLE_S / 2 for each in batches(heard)[1:]]
    first, last = starts[0], starts[CYCLES]
    cycle = wire(chunk for chunk in trace if first <= chunk.at_s < last).per(CYCLES)
    said = [each for each in heard if first <= each.at_s < last]
    data, acks = batches(said), [each for each in said if each.message.topic.endswith("/ack")]
    counts = {plain(each.message.payload).count(b'"seq"') for each in data}
    if (len(data), len(acks), len(said)) != (CYCLES, CYCLES, 2 * CYCLES) or counts != {READINGS_PER_CYCLE}:
        raise SystemExit(
            f"no quiet run: {len(data)} batches, {len(acks)} acks, {len(said)} messages, {counts}"
        )
    connecting = wire(chunk for chunk in trace if chunk.at_s < first).without(cycle)
    connecting = connecting._replace(segments=connecting.segments + EMPTY_SEGMENTS_PER_CONNECTION)
    status = max((each.size for each in heard if each.message.topic.endswith("/status")), default=0)
    hourly = Wire(status + TLS_PER_RECORD, PUBACK + TLS_PER_RECORD, 3)
    later = mean(len(compress(aged(each.message.payload))) - len(each.message.payload) for each in data)
    cycle = cycle._replace(up=cycle.up + later)

    payload, ack = mean(len(each.message.payload) for each in data) + later, mean(each.size for each in acks)
    packets = mean(each.size for each in data) + later
    sealed = cycle.up + cycle.down - packets - PUBACK - ack
    for what, size in {
        "payload, compressed": payload,
        "topic and header of its PUBLISH": packets - payload,
        "PUBACK": PUBACK,
        "the centre's ack": ack,
        "TLS records": sealed,
        f"IPv4 and TCP headers, {cycle.segments:.1f} segments": HEADERS * cycle.segments,
    }.items():
        show(f"mobile data, a cycle: {what}", f"{size:,.0f} B", "-")
    show("mobile data, a cycle: up, without IPv4 and TCP", f"{cycle.up:,.0f} B", "-")
    show("mobile data, a cycle: down, without IPv4 and TCP", f"{cycle.down:,.0f} B", "-")
    show("mobile data, a cycle: all", f"{cycle.size:,.0f} B", "<= 1,150 B")
    show("mobile data, an hourly status", f"{hourly.size:,.0f} B", "-")
    show("mobile data, a connection", f"{connecting.size:,.0f} B", "-")
    parts = ((CYCLES_PER_MONTH, cycle), (STATUSES_PER_MONTH, hourly), (DAYS, connecting))
    month = sum(count * part.size for count, part in parts)
    stamps = sum(count * part.segments * TIMESTAMPS for count, part in parts)
    show("mobile data, a month (two meters, 60 s, TLS)", f"{month / 1e6:.1f} MB", "<= 10 MB")
    show(
        "mobile data, a month, with TCP timestamps",
        f"{(month + stamps) / 1e6:.1f} MB",
        "<= 10 MB",
        row="mobile-data",
    )


def wire(chunks: Iterable[Chunk]) -> Wire:
    """Reckon segments and their acknowledgements, as the page above says."""
    passed = list(chunks)
    segments = 0
    for index, chunk in enumerate(passed):
        count = -(-chunk.size // SEGMENT)
        is_answered = any(
            later.is_up != chunk.is_up and later.at_s - chunk.at_s <= ANSWERED_WITHIN_S
            for later in passed[index + 1 :]
        )
        segments += 2 * count - is_answered
    up = sum(chunk.size for chunk in passed if chunk.is_up)
    return Wire(up, sum(chunk.size for chunk in passed) - up, segments)


def plain(payload: bytes) -> bytes:
    """The JSON of a payload."""
    return payload if payload.startswith(b"{") else zlib.decompress(payload)


def aged(payload: bytes) -> bytes:
    """The same batch with the longer numbers of a station that has run for half a month."""
    return re.sub(
        rb'"seq":(\d+)', lambda found: b'"seq":%d' % (int(found[1]) + SEQ_OF_MID_MONTH), plain(payload)
    )


def mean(sizes: Iterable[float]) -> float:
    """The mean."""
    listed = list(sizes)
    return sum(listed) / len(listed)


if __name__ == "__main__":
    main()
