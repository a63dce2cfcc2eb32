"""A serial port, held exclusively: bytes out, bytes in until an instant, and the news that it is gone."""

import errno
import os
import select
import termios
import time
from contextlib import suppress
from pathlib import Path

import serial

from edge_agent.config import BusSettings
from edge_agent.language import Language
from edge_agent.port_words import PORT_WORDS, PortFault
from edge_agent.profile import Parity

_PSEUDO_TERMINALS = range(136, 144)
"""The device numbers that Linux gives to the /dev/pts/N."""
_READ_BYTES = 512
_WRITE_TIMEOUT_S = 2.0


class PortGone(Exception):  # noqa: N818 - a state of the line, which the bus turns into its error
    """The port cannot be opened or used; the text says why and what to do.

    Attributes:
        code: why.
    """

    def __init__(self, code: PortFault, port: str, found: object = "") -> None:
        self.code = code
        self._figures = {"port": port, "found": found}
        super().__init__(self.said("en"))

    def said(self, language: Language) -> str:
        """The text in a language."""
        return PORT_WORDS[language][self.code].format(**self._figures)


class Port:
    """An open serial port; instants are of the monotonic clock, in seconds."""

    def __init__(self, settings: BusSettings) -> None:
        """Open it by its name, so that an adapter that came back under another number is found.

        Raises:
            PortGone: it is not there, not ours, or in use.
        """
        self._name = settings.port
        try:
            self._serial = _opened(settings)
        except (OSError, ValueError, termios.error) as error:
            raise _closed(settings, error) from error
        self.fd: int = self._serial.fileno()

    def send(self, octets: bytes) -> None:
        """Write all bytes.

        Raises:
            PortGone: the adapter is gone, or takes nothing any more.
        """
        try:
            self._serial.write(octets)
        except (OSError, termios.error) as error:
            raise PortGone("gone", self._name, error) from error

    def receive(self, until_s: float) -> bytes:
        """Wait for bytes until an instant; nothing if none came. What is already there comes at once.

        Raises:
            PortGone: the adapter is gone.
        """
        try:
            while True:
                wait_s = max(0.0, until_s - time.monotonic())
                if not select.select([self.fd], [], [], wait_s)[0]:
                    return b""
                try:
                    octets = os.read(self.fd, _READ_BYTES)
                except BlockingIOError:  # another wake-up than ours
                    continue
                if octets:
                    return octets
                raise PortGone("gone", self._name, "it hung up")
        except (OSError, ValueError) as error:
            raise PortGone("gone", self._name, error) from error

    def close(self) -> None:
        """Give the port back."""
        with suppress(OSError, termios.error):  # it may be gone already
            self._serial.close()


def _opened(settings: BusSettings) -> serial.Serial:
    """Open and lock the port.

    A pseudo-terminal, behind which the serial line of another machine may lie, knows no parity: asking it for
    nothing but that fails (EINVAL). Whoever stands behind it sets the parity itself.
    """
    try:
        return _serial(settings, settings.parity)
    except termios.error as error:
        if error.args[:1] != (errno.EINVAL,) or settings.parity == "N" or not _is_pseudo(settings.port):
            raise
        return _serial(settings, "N")


def _serial(settings: BusSettings, parity: Parity) -> serial.Serial:
    return serial.Serial(
        settings.port,
        baudrate=settings.baudrate,
        parity=parity,
        stopbits=settings.stopbits,
        write_timeout=_WRITE_TIMEOUT_S,
        exclusive=True,
    )


def _is_pseudo(port: str) -> bool:
    return os.major(Path(port).stat().st_rdev) in _PSEUDO_TERMINALS


def _closed(settings: BusSettings, error: Exception) -> PortGone:
    """Why a port could not be opened."""
    name, port = settings.port, Path(settings.port)
    if not port.exists():
        return PortGone("missing", name)
    if not port.is_char_device():
        return PortGone("no_serial", name)
    if not os.access(port, os.R_OK | os.W_OK):
        return PortGone("forbidden", name)
    number = error.args[0] if isinstance(error, OSError | termios.error) and error.args else None
    if number in (errno.EAGAIN, errno.EWOULDBLOCK, errno.EBUSY):
        return PortGone("in_use", name)
    if isinstance(error, ValueError) or number == errno.EINVAL:
        return PortGone("settings", name, f"{settings.baudrate} 8{settings.parity}{settings.stopbits}")
    return PortGone("unusable", name, error)
