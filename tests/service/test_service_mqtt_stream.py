"""The short way through the stream: every message arrives whole and in order, however it is cut."""

from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers import Mosquitto, wait_until

from service.broker import Connection, Message
from service.mqtt import Mqtt
from service.mqtt_stream import READ_AHEAD_BYTES, MqttStream

SIZES = st.one_of(
    st.integers(0, 300), st.sampled_from([121, 122, 123, 16_377, 16_378, READ_AHEAD_BYTES, 400_000])
)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory):
    server = Mosquitto("/usr/sbin/mosquitto", Path(tmp_path_factory.mktemp("stream")) / "mosquitto",
                       extra=["max_queued_messages 0"])  # fmt: skip
    server.start()
    yield Mqtt(host="127.0.0.1", port=server.port, tls=False)
    server.kill()


@given(sizes=st.lists(st.tuples(SIZES, st.integers(0, 1), st.booleans()), min_size=1, max_size=40))
def test_every_message_arrives_whole_and_in_order(broker, sizes):
    """Plain ones go the short way, confirmed and very long ones go paho's; both ways may alternate."""
    heard: list[Message] = []
    names = ["a", "文" * 50]
    with (
        closing(Connection(broker, "ear", subscriptions=[("t/#", 1)], on_message=heard.append)) as ear,
        closing(Connection(broker, "mouth", subscriptions=[("none", 0)], on_message=heard.append)) as mouth,
    ):
        sent = [
            (f"t/{names[is_long]}", bytes([number]) * size, qos)
            for number, (size, qos, is_long) in enumerate(sizes)
        ]
        for topic, payload, qos in sent:
            if qos:
                mouth.publish(topic, payload, qos=1)
            else:
                mouth.publish_all([(topic, payload)])
        wait_until(lambda: mouth.step(0) or ear.step(0.02) or len(heard) >= len(sent), "all came", every_s=0)
    assert [(topic, payload) for topic, payload, _ in heard] == [
        (topic, payload) for topic, payload, _ in sent
    ]


def test_many_messages_leave_in_one_go_and_retained_ones_are_marked(broker):
    heard: list[Message] = []
    messages = [(f"t/{number}", b"%d" % number) for number in range(3_000)]
    with closing(Connection(broker, "mouth", subscriptions=[("t/#", 0)], on_message=heard.append)) as both:
        both.publish_all(messages)
        both.publish_all([])
        wait_until(lambda: both.step(0.02) or len(heard) == 3_000, "all came", every_s=0)
        both.publish("t/kept", b"x", qos=1, retain=True)
        wait_until(lambda: both.step(0.02) or len(heard) == 3_001, "that one too", every_s=0)
    assert heard == [*(Message(*each) for each in messages), Message("t/kept", b"x")]
    heard.clear()
    with closing(Connection(broker, "late", subscriptions=[("t/#", 0)], on_message=heard.append)) as late:
        wait_until(lambda: late.step(0.02) or heard, "it was kept", every_s=0)
        late.publish("t/kept", b"", qos=0, retain=True)
    assert heard == [Message("t/kept", b"x", retained=True)]


class Fed(MqttStream):
    """A stream that receives what the test says, in pieces."""

    def __init__(self, pieces: list[bytes]) -> None:
        super().__init__("fed", timeout_s=1)
        self._pieces = pieces
        self._sock = object()
        self.heard: list[tuple[str, bytes, bool]] = []
        self.on_plain = lambda *message: self.heard.append(message)
        self.on_message = lambda _c, _u, m: self.heard.append((m.topic, m.payload, m.retain))

    def _received(self, _bufsize: int) -> bytes:
        if not self._pieces:
            raise BlockingIOError
        return self._pieces.pop(0)

    def loop(self, _timeout_s: float = 1.0):
        return self.loop_read()

    def free(self) -> None:
        self._sock = None
        super().free()


def packet(topic: bytes, payload: bytes, *, retained: bool) -> bytes:
    body = len(topic).to_bytes(2) + topic + payload
    size, length = len(body), b""
    while True:
        size, low = divmod(size, 128)
        length += bytes([low | (128 if size else 0)])
        if not size:
            return bytes([0x30 | retained]) + length + body


@given(
    messages=st.lists(st.tuples(st.text(st.characters(codec="utf-8", exclude_characters="\0+#"), min_size=1,
                                        max_size=40), st.binary(max_size=300), st.booleans()), max_size=12),
    cuts=st.lists(st.integers(1, 700), max_size=20),
)  # fmt: skip
def test_however_the_stream_is_cut_the_messages_are_the_same(messages, cuts):
    stream = b"".join(packet(topic.encode(), payload, retained=kept) for topic, payload, kept in messages)
    pieces = []
    for cut in cuts:
        pieces.append(stream[:cut])
        stream = stream[cut:]
    fed = Fed([piece for piece in [*pieces, stream] if piece])
    try:
        while fed._pieces or fed._place < len(fed._ahead):
            assert fed.step(0) == 0
        assert fed.heard == [(topic, payload, kept) for topic, payload, kept in messages]
    finally:
        fed.free()
