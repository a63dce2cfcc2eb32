"""The addresses under which a phone finds this box."""

import contextlib
import fcntl
import socket
import struct

_SIOCGIFADDR = 0x8915


def addresses_of(host: str, port: int) -> list[str]:
    """What to type into the phone, the box's own networks first; for one address just that."""
    if host not in ("0.0.0.0", "::", ""):  # noqa: S104 - compared, not listened on
        return [_address(host, port)]
    own = [address for address in _own() if not address.startswith("127.")]
    return [_address(address, port) for address in own or ["127.0.0.1"]]


def _address(host: str, port: int) -> str:
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}/" if port == 80 else f"http://{name}:{port}/"


def _own() -> list[str]:
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        for _, name in socket.if_nameindex():
            request = struct.pack("256s", name.encode()[:15])
            with contextlib.suppress(OSError):  # an interface without an address
                answer = fcntl.ioctl(asked.fileno(), _SIOCGIFADDR, request)
                found.append(socket.inet_ntoa(answer[20:24]))
    return found
