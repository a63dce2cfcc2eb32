"""Targets of what comes over a wire: the contract's messages, the serial line, the broker's stream."""

import contextlib
import json
import math
import socket
from random import Random

from hostile_archives import framed
from hostile_target import Target, is_one_line
from paho.mqtt.enums import MQTTErrorCode

from collector.payload_view import LONGEST_VIEW, view
from edge_agent.commissioning.dlt645 import READ_ADDRESS, Frame, addresses_in, frames_in
from edge_agent.commissioning.ear import Ear
from edge_agent.delivery import Delivery
from edge_agent.listener import BusError, Listener
from edge_agent.rtu import Question, first_frame, is_intact, registers_of, shape_of
from edge_agent.status_document import understood
from edge_agent.unanswered import Unanswered
from service.mqtt_stream import MqttStream
from telemetry.ack import Ack, UnreadableAckError, decode_ack, encode_ack
from telemetry.batch import (
    MAX_PLAIN_BYTES,
    UnreadableBatchError,
    compress,
    decode_batch,
    encode_batch,
    ranges,
)
from telemetry.quantities import NAMES_BY_KIND
from telemetry.reading import NumberedReading, fault_of
from telemetry.renewal import LONGEST_PEM, Asked, decode_answer, decode_asked, encode_asked
from telemetry.status import DeviceStatus, Status, UnreadableStatusError, decode_status, encode_status

SAFE = 2**53
CODES = {"too_large", "bad_zlib", "not_json", "wrong_version", "malformed"}
QUESTION = Question(1, 3, 0, 10)
SENT = range(1_040, 1_060)


def _readings() -> list[NumberedReading]:
    power = {"active_power_kw": 1.84, "energy_kwh": 20411.2, "voltage_l1_v": 229.0}
    return [
        NumberedReading(seq=1041, t=1763740800210, d="power-1", k="power", x=power),
        NumberedReading(seq=1042, t=1763740800388, d="flow-1", k="flow", q="missing", why="no_response"),
        NumberedReading(seq=1043, t=1763740800500, d="flow-1", k="flow", q="suspect", why="implausible",
                        x={"volume_m3": 3.0}),
    ]  # fmt: skip


def assert_told(text: str) -> None:
    """What a refusal says is short, and something."""
    assert 0 < len(text) <= 200


def assert_code(code: str) -> None:
    assert code in CODES


def batch_seeds() -> tuple[bytes, ...]:
    plain = encode_batch("9f3c21ab", 1763740805123, _readings())
    many = encode_batch("9f3c21ab", 1763740805123, _readings() * 60)
    return plain, encode_batch("9f3c21ab", 1, []), compress(many)


def check_batch(data: bytes) -> None:
    try:
        received = decode_batch(data)
    except UnreadableBatchError as error:
        assert_told(error.text)
        assert_code(error.code)
        return
    assert len(received.outbox) == 8
    assert set(received.outbox) <= set("0123456789abcdef")
    assert abs(received.sent) < SAFE
    for reading in received.readings:
        assert fault_of(reading) is None
        assert 0 <= reading.seq < SAFE
        assert set(reading.x) <= set(NAMES_BY_KIND[reading.k])
        assert all(type(value) is float and math.isfinite(value) for value in reading.x.values())
    for seq, fault in received.refused:
        assert 0 <= seq < SAFE
        assert 0 < len(fault.text) <= 200
    again = encode_batch(received.outbox, received.sent, received.readings)
    if len(again) <= 3 * MAX_PLAIN_BYTES:
        assert decode_batch(again).readings == received.readings


def ack_seeds() -> tuple[bytes, ...]:
    full = Ack(now=1763740805201, outbox="9f3c21ab", stored=[(1041, 1041), (1043, 1050)],
               refused=[(1042, 1042, "unknown_quantity", "unknown quantity 'foo'")])  # fmt: skip
    hello = Ack(now=1763740805201, outbox="9f3c21ab", sent=1763740805123)
    hold = Ack(now=1763740805201, outbox="9f3c21ab", hold="unknown_station")
    return encode_ack(full), encode_ack(hello), encode_ack(hold), encode_ack(Ack(now=1, error="not_json"))


def check_ack(data: bytes) -> None:
    """An ack settles what was sent and nothing else."""
    try:
        ack = decode_ack(data)
    except UnreadableAckError as error:
        assert_told(str(error))
        return
    assert len(ack.hold or "") <= 64
    assert len(ack.error or "") <= 64
    delivery = Delivery(Random(0))
    delivery.sent(SENT, 0)
    settled = delivery.settle(ack)
    gone = [*settled.stored, *(each for named, _, _ in settled.refused for each in named)]
    named = [(first, last) for first, last, *_ in [*ack.stored, *ack.refused]]
    assert {seq for first, last in gone for seq in range(first, last + 1)} == {
        seq for seq in SENT if any(first <= seq <= last for first, last in named)
    }
    assert ranges(delivery.on_their_way()) == ranges(set(SENT) - {
        seq for first, last in gone for seq in range(first, last + 1)
    })  # fmt: skip


def status_seeds() -> tuple[bytes, ...]:
    devices = {"power-1": DeviceStatus(last_good=1763740805201, polls=9, failures={"echo": 2})}
    full = Status(online=True, version="0.1.0", boot="3f1c9a52", clock="trusted", uptime_s=9, backlog=3,
                  oldest_unsent=1763740805201, thinned=0, refused=0, disk_free_mb=9_000,
                  devices=devices)  # fmt: skip
    return encode_status(full), encode_status(Status(online=False))


def check_status(data: bytes) -> None:
    try:
        status = decode_status(data)
    except UnreadableStatusError as error:
        assert_told(str(error))
        return
    assert decode_status(encode_status(status)) == status
    counts = [status.uptime_s, status.backlog, status.thinned, status.refused, status.disk_free_mb]
    assert all(count is None or 0 <= count < SAFE for count in counts)
    words = [status.version, status.boot, *(why for each in status.devices.values() for why in each.failures)]
    assert all(word is None or (word.isascii() and is_one_line(word)) for word in words)


def renewal_seeds() -> tuple[bytes, ...]:
    answer = b'{"v":1,"certificate":{"crt":"-----BEGIN CERTIFICATE-----\\nMIIB\\n"}}'
    return (
        encode_asked(Asked("-----BEGIN CERTIFICATE REQUEST-----\n")),
        answer,
        b'{"v":1,"certificate":{"refused":"not_due"}}',
    )


def check_renewal(data: bytes) -> None:
    asked, answer = decode_asked(data), decode_answer(data)
    assert asked is None or len(asked.csr) <= LONGEST_PEM
    assert answer is None or len(answer.crt or "") <= LONGEST_PEM
    assert answer is None or len(answer.refused or "") <= 64


def view_seeds() -> tuple[bytes, ...]:
    return (*batch_seeds(), *status_seeds(), b"\x00\x9c\xff" + "清\u202e".encode())


def check_view(data: bytes) -> None:
    seen = view(data, len(data))
    assert len(seen.text) <= 2 * LONGEST_VIEW
    assert all(letter.isprintable() or letter == "\n" for letter in seen.text)


def document_seeds() -> tuple[bytes, ...]:
    part = {"id": "9f3c21ab", "backlog": 3, "oldest": None, "size_mb": 0.1, "max_mb": 256.0,
            "disk_free_mb": 9_000, "thinned": 0, "refused": 1,
            "last_refused": [{"device": "p", "t": 1, "code": "c", "text": "t"}]}  # fmt: skip
    link = {"broker": "b", "connected": True, "since_s": 3, "trouble": None, "hold": None, "last_ack_s": 1,
            "outstanding": 0}  # fmt: skip
    device = {"profile": "p", "bus": "b", "unit_id": 1, "last_good": None, "last_good_s": 3, "polls": 9,
              "failures": {"echo": 1}, "silent": None, "backing_off": False, "alarms": []}  # fmt: skip
    whole = {"station": "s", "name": "n", "version": "0.1.0", "pid": 1, "uptime_s": 3, "link": link,
             "clock": {"trust": "ntp", "now": "2026-11-22T08:00:00Z"}, "outbox": part,
             "devices": {"power-1": device}, "conditions": {"ack": "text"}}  # fmt: skip
    return (json.dumps(whole).encode(),)


def check_document(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        understood(data.decode(errors="replace"))


def line_seeds() -> tuple[bytes, ...]:
    answer = framed(bytes((1, 3, 20)) + bytes(range(20)))
    meter = Frame("000011112222", 0x91, b"\x33\x44").octets
    return (
        answer,
        QUESTION.frame + answer,
        framed(b"\x01\x83\x02"),
        framed(bytes((2, 3, 2, 0, 7))) + answer,
        READ_ADDRESS + meter,
    )


def check_line(data: bytes) -> None:
    """Registers are believed only from an intact answer of the unit asked, of the size asked for."""
    frame = first_frame(data)
    if frame:
        assert is_intact(frame)
        assert data.startswith(frame)
        if shape_of(frame) is not None:
            assert len(registers_of(frame)) == frame[2] // 2
    for echo in (False, True):
        listener = Listener(QUESTION, Unanswered(), echo=echo)
        try:
            registers = next((got for octet in data[:600] if (got := listener.take(bytes((octet,))))), None)
        except BusError as error:
            assert_told(str(error))
            continue
        if registers is None:
            assert is_one_line(str(listener.silence()))
        else:
            assert len(registers) == QUESTION.size
            assert framed(bytes((1, 3, 20)) + b"".join(word.to_bytes(2) for word in registers)) in data
    for meter in frames_in(data):
        assert meter.octets in data
    assert all(address.isdecimal() and len(address) == 12 for address in addresses_in(data))


def check_ear(data: bytes) -> None:
    """Every octet that is heard is a frame's or junk."""
    hearing = Ear()
    for number, start in enumerate(range(0, min(len(data), 2_000), 7)):
        hearing.take(data[start : start + 7], number * 0.001)
    hearing.close()


def stream_seeds() -> tuple[bytes, ...]:
    name = b"qingliu/v1/410882-0001/ack"
    plain = bytes((0x30, 2 + len(name) + 2, 0, len(name))) + name + b"{}"
    sure = bytes((0x32, 4 + len(name) + 2, 0, len(name))) + name + b"\x00\x07{}"
    return (
        b"\x20\x02\x00\x00\x90\x03\x00\x01\x00" + plain,
        plain * 3 + sure,
        plain + b"\xd0\x00\x40\x02\x00\x01" + plain,
    )


def check_stream(data: bytes) -> None:
    """A broker's bytes are messages, a lost connection or not yet whole; nothing of them is thrown."""
    heard: list[bytes] = []
    ours, theirs = socket.socketpair()
    with contextlib.closing(theirs):
        client = MqttStream("410882-0001", timeout_s=1)
        client.on_plain = lambda _topic, payload, _retained: heard.append(payload)
        client.on_message = lambda _client, _user, message: heard.append(message.payload)
        ours.settimeout(0)
        client._sock = ours
        try:
            theirs.sendall(data[:60_000])
            theirs.shutdown(socket.SHUT_WR)
            for _ in range(200):
                if client.step(0) != MQTTErrorCode.MQTT_ERR_SUCCESS:
                    break
        finally:
            client.free()
            ours.close()
    assert sum(map(len, heard)) <= len(data)


TARGETS = (
    Target("batch", batch_seeds, check_batch, 150),
    Target("ack", ack_seeds, check_ack, 100),
    Target("status", status_seeds, check_status, 100),
    Target("renewal", renewal_seeds, check_renewal, 40),
    Target("payload-view", view_seeds, check_view, 20),
    Target("status-document", document_seeds, check_document, 40),
    Target("line", line_seeds, check_line, 60),
    Target("ear", line_seeds, check_ear, 20),
    Target("mqtt-stream", stream_seeds, check_stream, 60),
)
