"""Where a request comes from and by which name it calls us: other sites may not speak through a browser."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_PORTS = {"http": 80, "https": 443}
_LOCAL_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
_OWN_SITES = frozenset({"same-origin", "none"})
_Origin = tuple[str, str, int]


def is_foreign(headers: Mapping[str, str], scheme: str) -> bool:
    """Whether a change was asked for by a page of another site.

    Args:
        headers: of the request, by small letters.
        scheme: by which the browser speaks, http or https.
    """
    site = headers.get("sec-fetch-site")
    if site is not None and site not in _OWN_SITES:
        return True
    origin = headers.get("origin")
    if origin is None:
        return False
    asked = _origin(f"{scheme}://{headers.get('host', '')}")
    return asked is None or _origin(origin) != asked


def is_local_name(host: str) -> bool:
    """Whether a Host header is a name of the loopback interface, so that no other name was bent to it."""
    origin = _origin(f"http://{host}")
    return origin is not None and origin[1] in _LOCAL_NAMES


def _origin(text: str) -> _Origin | None:
    """Scheme, host and port; None for what is no origin, such as `null`."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname or parts.username is not None:
        return None
    if parts.path or parts.query or parts.fragment:
        return None
    return parts.scheme, parts.hostname, port or _PORTS[parts.scheme]


class LocalNamesOnly:
    """Answer only who calls us by a name of the loopback interface: the demo has no login to protect it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "http":
            hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
            if len(hosts) != 1 or not is_local_name(hosts[0]):
                refusal = PlainTextResponse(
                    "演示只应答 127.0.0.1 或 localhost。\n"
                    "The demo answers to 127.0.0.1 and localhost only.\n", 421
                )  # fmt: skip
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)
