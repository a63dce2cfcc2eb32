"""The narrow port through which a message leaves the house."""

import functools
import threading
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from notify.address import address_of
from notify.delivery_error import DeliveryError, reason
from notify.library_log import heard
from notify.robots import SERVERS, TIMEOUTS_S, post, robot_of
from service.process import now_ms

if TYPE_CHECKING:
    from apprise import NotifyBase

__all__ = ["AppriseTransport", "DeliveryError", "Transport"]
_LOADING = threading.Lock()
_MAIL_TIMEOUT_S = 10.0
"""For each step of the talk with a mail server."""


class Transport(Protocol):
    """Takes a message to an address."""

    def send(self, url: str, subject: str, body: str, attachments: Sequence[str]) -> None:
        """Deliver, or say why not.

        Raises:
            DeliveryError: it was not taken; the text holds no part of the address.
        """


class AppriseTransport:
    """Everything that apprise reaches, and the group robots, whose answers are read here.

    Servers are given 5 s to connect and 10 s to answer; redirections are not followed, because a portal that
    wants a login would pass for the receiver.
    """

    def __init__(self, servers: Mapping[str, str] = SERVERS, clock_ms: Callable[[], int] = now_ms) -> None:
        """Keep the robots' servers, by the kind of robot."""
        self._servers = servers
        self._clock_ms = clock_ms

    def send(self, url: str, subject: str, body: str, attachments: Sequence[str]) -> None:
        """Deliver, or say why not; attachments go where the channel takes files.

        Raises:
            DeliveryError: it was not taken; the text holds no part of the address.
        """
        address = address_of(url)
        for path in attachments:
            if not Path(path).is_file():
                raise DeliveryError(f"the file {Path(path).name} is not there")
        with heard() as lines:
            robot = robot_of(address)
            if robot is not None:
                post(robot, f"{subject}\n{body}", address, self._clock_ms(), self._servers)
                return
            try:
                is_sent = _notify(address, subject, body, attachments)
            except DeliveryError:
                raise
            except Exception as error:  # noqa: BLE001 - a plugin may fail in any way, and its text may hold the address
                raise DeliveryError(f"{type(error).__name__} in apprise") from None
            if not is_sent:
                raise DeliveryError(reason(lines, address))


def _notify(address: str, subject: str, body: str, attachments: Sequence[str]) -> bool:
    with _LOADING:
        _load()
    import apprise  # noqa: PLC0415 - loaded on use
    from apprise.attachment.file import AttachFile  # noqa: PLC0415 - likewise

    asset = apprise.AppriseAsset(app_id="Qingliu", app_desc="Qingliu", http_redirects=False)
    plugin = apprise.Apprise.instantiate(_as_text(address), asset=asset)
    if plugin is None:
        raise DeliveryError("its address is none that apprise knows")
    _limit(plugin, is_mail=_is_mail(address))
    files = None
    if attachments and plugin.attachment_support:
        files = apprise.AppriseAttachment(asset=asset)
        for path in attachments:
            files.add(AttachFile(path, asset=asset))  # type: ignore[no-untyped-call]
    is_sent = plugin.notify(body=body, title=subject, body_format=apprise.NotifyFormat.TEXT, attach=files)
    return bool(is_sent)


@functools.cache
def _load() -> None:
    """Load apprise with its plugins, once."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of what its plugins import
        import apprise  # noqa: PLC0415 - loaded on use

        apprise.Apprise.instantiate("json://127.0.0.1")  # the first address loads the plugins


def _as_text(address: str) -> str:
    """A mail is plain text unless its address asks for something else."""
    if not _is_mail(address) or "format=" in address:
        return address
    return f"{address}{'&' if '?' in address else '?'}format=text"


def _is_mail(address: str) -> bool:
    return address.lower().startswith("mailto")


def _limit(plugin: "NotifyBase", *, is_mail: bool) -> None:
    """Let no server hold the channel for minutes, whatever its address says."""
    connect_s, read_s = TIMEOUTS_S
    if is_mail:
        plugin.socket_connect_timeout = _MAIL_TIMEOUT_S
        return
    default_s = type(plugin).socket_read_timeout
    wanted_s = plugin.socket_read_timeout
    plugin.socket_read_timeout = read_s if wanted_s == default_s else min(wanted_s, read_s)
    plugin.socket_connect_timeout = min(plugin.socket_connect_timeout, connect_s)
