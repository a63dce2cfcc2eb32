"""Where the console listens, how it is reached safely, and how long a login holds."""

from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from service.settings import Fault, file_faults

PLAIN_HTTP = "must be a loopback address, because passwords would cross the network in clear text"
PLAIN_HTTP_REMEDY = (
    "Write 127.0.0.1 with a reverse proxy in front, or give console.tls_cert_file and console.tls_key_file,"
    " or say console.behind_proxy = true if a proxy ends TLS."
)


class ConsoleSettings(msgspec.Struct, kw_only=True, frozen=True):
    """Where the web pages are served."""

    host: str = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=1, le=65535, examples=[8080])] = 8080
    tls_cert_file: Annotated[str, msgspec.Meta(description="certificate and chain, PEM, to serve https")] = ""
    tls_key_file: Annotated[str, msgspec.Meta(description="its private key, PEM")] = ""
    behind_proxy: Annotated[
        bool, msgspec.Meta(description="a reverse proxy ends TLS; needed only if host is not loopback")
    ] = False
    proxy_addresses: Annotated[
        list[str], msgspec.Meta(description="whose X-Forwarded-Proto and X-Forwarded-For are believed")
    ] = msgspec.field(default_factory=lambda: ["127.0.0.1", "::1"])
    idle_min: Annotated[
        int, msgspec.Meta(ge=1, le=1440, description="a login without a request ends after so many minutes")
    ] = 30
    session_hours: Annotated[
        int, msgspec.Meta(ge=1, le=720, description="and any login after so many hours")
    ] = 12
    uploads_path: Annotated[
        str, msgspec.Meta(min_length=1, description="folder of the files that people hand in")
    ] = "/var/lib/qingliu/uploads"
    counties_geojson: Annotated[
        str, msgspec.Meta(description="GeoJSON file of the counties' outlines, WGS84, for the map")
    ] = ""
    tile_url: Annotated[
        str, msgspec.Meta(description="tiles beneath the map, Web Mercator, with {z}, {x} and {y}")
    ] = ""

    @property
    def is_tls(self) -> bool:
        """Whether the console itself serves https."""
        return bool(self.tls_cert_file and self.tls_key_file)

    def faults(self) -> Iterable[Fault]:
        """Name what joins several keys and does not fit."""
        if bool(self.tls_cert_file) != bool(self.tls_key_file):
            missing = "tls_key_file" if self.tls_cert_file else "tls_cert_file"
            yield Fault(f"console.{missing}", "is required with the other of the two", remedy="Name both.")
        for key in ("tls_cert_file", "tls_key_file", "counties_geojson"):
            yield from file_faults(f"console.{key}", getattr(self, key))
        if self.tile_url and not is_tile_url(self.tile_url):
            yield Fault(
                "console.tile_url", "must be an http or https address or a path, with {z}, {x} and {y}",
                self.tile_url, 'Write for example "/tiles/{z}/{x}/{y}.png".',
            )  # fmt: skip
        for address in self.proxy_addresses:
            if not _is_network(address):
                yield Fault(
                    "console.proxy_addresses", "must be addresses or networks", address,
                    'Write for example ["127.0.0.1"].',
                )  # fmt: skip
        if not self.may_listen_on(self.host):
            yield Fault("console.host", PLAIN_HTTP, self.host, PLAIN_HTTP_REMEDY)

    def may_listen_on(self, host: str) -> bool:
        """Whether no password would cross the network in clear text."""
        return is_loopback(host) or self.is_tls or self.behind_proxy


def is_tile_url(text: str) -> bool:
    """Whether it says where map tiles are: in words that may stand in a page and in its security header."""
    if any(part not in text for part in ("{z}", "{x}", "{y}")):
        return False
    try:
        address = urlsplit(text)
        is_host = bool(address.hostname) and "{" not in address.netloc and address.port != 0
    except ValueError:
        return False
    is_own = text.startswith("/") and not text.startswith("//")
    is_plain = text.isascii() and not set(text) & set(" \\\"'<>;,") and text.isprintable()
    return is_plain and (is_own or (address.scheme in ("http", "https") and is_host))


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a host."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_network(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True
