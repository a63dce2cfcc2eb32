"""A paho client that remembers how its stream ended, which paho swallows, and pings only when idle.

It also takes the short way where thousands of messages come and go in each second: it reads ahead, hands over
messages that ask for no answer (QoS 0) without paho's detours, and sends many such in one go. All other
packets are paho's.
"""

import contextlib
import errno
import os
import ssl
import time
from collections.abc import Callable, Iterable

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

READ_AHEAD_BYTES = 131_072
MOST_IN_A_STEP = 100
"""Packets; then others get their turn."""
_PLAIN = 0x30
"""First byte of a PUBLISH with QoS 0."""
_RETAINED = 0x01


class MqttStream(paho.Client):
    """The client behind one connection: MQTT 3.1.1, clean session, never connecting anew by itself.

    Attributes:
        trouble: the first error of the network, or the broker's last word in TLS.
        has_ended: the other side closed the stream in good order.
        first: the first byte that came.
        answer: of the broker to our login; None before it came.
        lost: how paho saw the connection end; None while it stands.
        on_plain: is given topic, payload and the mark "retained" of each message that asks for no answer.
    """

    def __init__(self, client_id: str, *, timeout_s: float) -> None:
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=True,
            protocol=MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
        )
        self.connect_timeout = timeout_s
        self.trouble: OSError | None = None
        self.has_ended = False
        self.first = b""
        self.answer: ReasonCode | None = None
        self.lost: ReasonCode | None = None
        self.on_connect = self._on_answer
        self.on_disconnect = self._on_loss
        self.on_plain: Callable[[str, bytes, bool], None] = lambda _topic, _payload, _retained: None
        self._ahead = b""
        self._place = 0

    def step(self, timeout_s: float) -> MQTTErrorCode:
        """Send and receive for at most so long, and handle what came; under a flood, some of it."""
        code = self.loop(0 if self._place < len(self._ahead) else timeout_s)
        for _ in range(MOST_IN_A_STEP):
            if self._place >= len(self._ahead) or code != MQTTErrorCode.MQTT_ERR_SUCCESS:
                break
            if self._in_packet["command"] or not self._hand_over():
                code = self.loop_read()
        return code

    def is_over(self, code: MQTTErrorCode) -> bool:
        """Whether the connection is lost, by what a step of the loop said or by what was seen before."""
        return code != MQTTErrorCode.MQTT_ERR_SUCCESS or self.lost is not None

    def publish_all(self, messages: Iterable[tuple[str, bytes]]) -> None:
        """Send messages (topic, payload) with QoS 0, all in one go."""
        packets = bytearray()
        for topic, payload in messages:
            name = topic.encode()
            packets.append(_PLAIN)
            packets += _length(2 + len(name) + len(payload))
            packets += len(name).to_bytes(2)
            packets += name
            packets += payload
        if packets:  # as if with QoS 1, for which paho calls nobody back when it has left
            self._packet_queue(paho.PUBLISH, bytes(packets), 0, 1)

    def wake(self) -> None:
        """End the wait of a loop that another thread runs; does nothing to a client that is closed."""
        stream = self._sockpairW
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.send(b"\0")

    def free(self) -> None:
        """Close every socket; paho leaves its wake-up pair to the garbage collector."""
        for stream in (self._sock, self._sockpairR, self._sockpairW):
            if stream is not None:
                stream.close()
        self._sock = self._sockpairR = self._sockpairW = None

    def _on_answer(
        self, _client: paho.Client, _user: object, _flags: object, code: ReasonCode, _properties: object
    ) -> None:
        self.answer = code

    def _on_loss(
        self, _client: paho.Client, _user: object, _flags: object, code: ReasonCode, _properties: object
    ) -> None:
        self.lost = code

    def _hand_over(self) -> bool:
        """Hand a message over if all of it was read ahead and it asks for no answer; else it is paho's."""
        ahead, place = self._ahead, self._place
        if ahead[place] & ~_RETAINED != _PLAIN:
            return False
        size = shift = 0
        for at in range(place + 1, min(place + 5, len(ahead))):
            size |= (ahead[at] & 127) << shift
            shift += 7
            if ahead[at] < 128:
                break
        else:
            return False
        first, end = at + 1, at + 1 + size
        payload = first + 2 + int.from_bytes(ahead[first : first + 2])
        if not first + 2 < payload <= end <= len(ahead):
            return False
        try:
            topic = ahead[first + 2 : payload].decode()
        except UnicodeDecodeError:
            return False
        self._place = end
        self.on_plain(topic, ahead[payload:end], bool(ahead[place] & _RETAINED))
        return True

    def _sock_recv(self, bufsize: int) -> bytes:
        if self._place >= len(self._ahead):
            self._ahead, self._place = self._received(max(bufsize, READ_AHEAD_BYTES)), 0
            with self._msgtime_mutex:
                self._last_bytes_received = time.monotonic()
        data = self._ahead[self._place : self._place + bufsize]
        self._place += len(data)
        return data

    def _received(self, bufsize: int) -> bytes:
        try:
            data = super()._sock_recv(bufsize)
        except BlockingIOError:
            raise
        except OSError as error:
            if isinstance(error, ssl.SSLEOFError) and error.reason:  # an end, though not in TLS's own words
                self.has_ended = True
            else:
                self.trouble = self.trouble or _plainly(error)
            raise
        self.has_ended = self.has_ended or not data
        self.first = self.first or data[:1]
        return data

    def _sock_send(self, buf: bytes | bytearray) -> int:
        try:
            sent = super()._sock_send(buf)
        except BlockingIOError:
            raise
        except OSError as error:
            if self.trouble is None and not self.has_ended:
                self.trouble = self._last_word(error)
                self.has_ended = self.trouble is None
            raise
        with self._msgtime_mutex:  # paho 2.2.0 forgets it, and pings however busy the link is
            self._last_msg_out = time.monotonic()
        return sent

    def _last_word(self, error: OSError) -> OSError | None:
        """Why nothing can be sent any more, by what still lies unread; None if the other side said goodbye.

        A broken stream reads as an ended one, once its error was told. So only two things are proof of an end
        in good order: TLS's own goodbye, and "broken pipe" without TLS, which means closed first, then reset.
        """
        try:
            while super()._sock_recv(4096):
                pass
        except ssl.SSLEOFError:
            pass
        except ssl.SSLError as word:
            return word
        except OSError:
            pass
        else:
            if isinstance(self._sock, ssl.SSLSocket) or isinstance(error, BrokenPipeError):
                return None
        return _plainly(error)


def _length(size: int) -> bytes:
    """The remaining length as MQTT writes it: seven bits a byte, the lowest first."""
    length = bytearray()
    while True:
        size, low = divmod(size, 128)
        length.append(low | (128 if size else 0))
        if not size:
            return bytes(length)


def _plainly(error: OSError) -> OSError:
    """What a reset looks like where Python's ssl forgets the system's word for it."""
    if isinstance(error, ssl.SSLEOFError):
        return ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))
    return error
