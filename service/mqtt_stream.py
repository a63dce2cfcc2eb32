"""A paho client that remembers how its stream ended, which paho swallows, and pings only when idle."""

import errno
import os
import ssl
import time

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion


class MqttStream(paho.Client):
    """The client behind one connection: MQTT 3.1.1, clean session, never connecting anew by itself.

    Attributes:
        trouble: the first error of the network, or the broker's last word in TLS.
        has_ended: the other side closed the stream in good order.
        first: the first byte that came.
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

    def free(self) -> None:
        """Close every socket; paho leaves its wake-up pair to the garbage collector."""
        for stream in (self._sock, self._sockpairR, self._sockpairW):
            if stream is not None:
                stream.close()
        self._sock = self._sockpairR = self._sockpairW = None

    def _sock_recv(self, bufsize: int) -> bytes:
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


def _plainly(error: OSError) -> OSError:
    """What a reset looks like where Python's ssl forgets the system's word for it."""
    if isinstance(error, ssl.SSLEOFError):
        return ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))
    return error
