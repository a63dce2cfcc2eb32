"""A load of stations: all payloads are made before the clock starts, raw sockets send them.

Run as a process of its own: `load.py PORT READINGS STATIONS OUTSTANDING`. It says "ready", begins when a line
comes in, and ends with a line of JSON: when every reading was acknowledged by the collector, or, with
OUTSTANDING 0, as soon as the broker has confirmed every message.
"""

import json
import selectors
import socket
import sys
import time
from collections import deque
from collections.abc import Iterator

BATCH = 10
CONNECTIONS = 8
RESEND_S = 15.0
QUANTITIES = ("active_power_kw", "voltage_l1_v", "current_l1_a", "power_factor", "energy_kwh")
_SUBACK, _PUBLISH, _PUBACK = 0x90, 0x30, 0x40


def station_name(number: int) -> str:
    """The id of one station of the load."""
    return f"410882-L{number:04}"


class Station:
    """What one station has still to send, and what is on its way."""

    def __init__(self, name: str, packets: list[bytes]) -> None:
        self.name = name
        self.packets = packets
        self.waiting = deque(range(len(packets)))
        self.sent_s: dict[int, float] = {}

    def settle(self, first: int, last: int) -> int:
        """Let the batches go that an acknowledged range covers; returns how many were still on their way."""
        batches = range((first - 1) // BATCH, (last - 1) // BATCH + 1)
        return sum(self.sent_s.pop(batch, None) is not None for batch in batches)

    def take_back(self, before_s: float) -> int:
        """Send again what was sent before an instant; returns how many batches."""
        late = [batch for batch, sent_s in self.sent_s.items() if sent_s < before_s]
        for batch in late:
            del self.sent_s[batch]
        self.waiting.extendleft(late)
        return len(late)

    def next_packets(self, outstanding: int, now_s: float) -> Iterator[bytes]:
        """What may go now: so many batches wait for their acknowledgement; 0 stands for any number."""
        while self.waiting and (not outstanding or len(self.sent_s) < outstanding):
            batch = self.waiting.popleft()
            self.sent_s[batch] = now_s
            yield self.packets[batch]


class Link:
    """One connection and the stations behind it."""

    def __init__(self, port: int, name: str, stations: list[Station]) -> None:
        self.stations = {station.name: station for station in stations}
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.sendall(packet(0x10, string("MQTT") + b"\x04\x02\x00\x00" + string(name)))
        self.unsent = bytearray()
        self._heard = bytearray()
        for station in stations:
            topic = string(f"qingliu/v1/{station.name}/ack")
            self.socket.sendall(packet(0x82, b"\x00\x01" + topic + b"\x00"))
        granted = 0
        while granted < len(stations):
            granted += sum(kind == _SUBACK for kind, _ in self.packets())
        self.socket.settimeout(0)

    def packets(self) -> list[tuple[int, bytes]]:
        """Receive once, and split what is whole."""
        self._heard += self.socket.recv(262_144)
        found, place, heard = [], 0, self._heard
        while (ends := _ends(heard, place)) is not None and ends[1] <= len(heard):
            found.append((heard[place] & 0xF0, bytes(heard[ends[0] : ends[1]])))
            place = ends[1]
        del heard[:place]
        return found

    def flush(self) -> None:
        """Send what the socket takes."""
        try:
            while self.unsent:
                sent = self.socket.send(memoryview(self.unsent)[:262_144])
                del self.unsent[:sent]
        except BlockingIOError:
            pass


class Load:
    """The running load: `run` is its whole life."""

    def __init__(self, port: int, readings: int, stations: int, outstanding: int) -> None:
        self._outstanding = outstanding
        batches = readings // BATCH // stations
        now_ms = time.time_ns() // 1_000_000
        names = [station_name(number) for number in range(stations)]
        everybody = [Station(name, made(name, batches, now_ms)) for name in names]
        links = range(min(CONNECTIONS, stations))
        self._links = [Link(port, f"load-{n}", everybody[n::CONNECTIONS]) for n in links]
        self._left = batches * stations
        self.readings = self._left * BATCH
        self.resent = 0

    def run(self) -> None:
        """Send all, and wait until all is acknowledged, or confirmed."""
        selector = selectors.DefaultSelector()
        look_s = time.monotonic() + 1
        for link in self._links:
            self._top_up(link, link.stations.values())
            selector.register(link.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, link)
        while self._left:
            for key, events in selector.select(0.05):
                if events & selectors.EVENT_READ:
                    self._hear(key.data)
                key.data.flush()
                wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if key.data.unsent else 0)
                if wanted != key.events:
                    selector.modify(key.data.socket, wanted, key.data)
            if self._outstanding and time.monotonic() > look_s:
                look_s += 1
                self._send_again(look_s)

    def _hear(self, link: Link) -> None:
        for kind, body in link.packets():
            if kind == _PUBLISH and self._outstanding:
                size = int.from_bytes(body[:2])
                station = link.stations[body[2 : 2 + size].decode().split("/")[2]]
                for first, last in json.loads(body[2 + size :]).get("stored", []):
                    self._left -= station.settle(first, last)
                self._top_up(link, [station])
            elif kind == _PUBACK and not self._outstanding:
                self._left -= 1

    def _send_again(self, now_s: float) -> None:
        for link in self._links:
            self.resent += sum(each.take_back(now_s - RESEND_S) for each in link.stations.values())
            self._top_up(link, link.stations.values())

    def _top_up(self, link: Link, stations: Iterator[Station] | list[Station]) -> None:
        for station in stations:
            for each in station.next_packets(self._outstanding, time.monotonic()):
                link.unsent += each
        link.flush()


def made(name: str, batches: int, now_ms: int) -> list[bytes]:
    """A station's batches as PUBLISH packets with QoS 1; its readings lie a millisecond apart."""
    topic = string(f"qingliu/v1/{name}/readings")
    first_ms = now_ms - batches * BATCH
    packets = []
    for batch in range(batches):
        rows = []
        for seq in range(batch * BATCH + 1, (batch + 1) * BATCH + 1):
            values = ",".join(f'"{key}":{place + seq / 100:.2f}' for place, key in enumerate(QUANTITIES))
            rows.append(f'{{"seq":{seq},"t":{first_ms + seq},"d":"power-1","k":"power","x":{{{values}}}}}')
        payload = f'{{"v":1,"outbox":"9f3c21ab","sent":{now_ms},"readings":[{",".join(rows)}]}}'
        packets.append(packet(0x32, topic + (batch % 65_535 + 1).to_bytes(2) + payload.encode()))
    return packets


def string(text: str) -> bytes:
    """MQTT's way to write a string."""
    encoded = text.encode()
    return len(encoded).to_bytes(2) + encoded


def packet(head: int, body: bytes) -> bytes:
    """One packet of MQTT 3.1.1."""
    size, length = len(body), bytearray()
    while True:
        size, low = divmod(size, 128)
        length.append(low | (128 if size else 0))
        if not size:
            return bytes([head]) + bytes(length) + body


def _ends(heard: bytearray, place: int) -> tuple[int, int] | None:
    """Where the body of the packet at a place begins and ends; None while its head is not whole."""
    size = shift = 0
    for at in range(place + 1, len(heard)):
        size |= (heard[at] & 127) << shift
        shift += 7
        if heard[at] < 128:
            return at + 1, at + 1 + size
    return None


def main() -> None:
    """Make, wait for the word, send, and print."""
    load = Load(*map(int, sys.argv[1:]))
    print("ready", flush=True)
    sys.stdin.readline()
    began_s = time.monotonic()
    load.run()
    took_s = time.monotonic() - began_s
    print(json.dumps({"readings": load.readings, "took_s": took_s, "resent": load.resent}), flush=True)
    sys.stdin.readline()


if __name__ == "__main__":
    main()
