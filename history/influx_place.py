"""Where an InfluxDB is, how it knows us, and the pool of connections to it."""

import base64
import ssl
from dataclasses import dataclass, field

import urllib3


@dataclass(frozen=True)
class InfluxPlace:
    """One bucket of one server.

    Attributes:
        url: of the server, without the path of an endpoint.
        bucket: `bucket` for 2.x and 3, `database/retention` or `database` for 1.8.
        org: 2.x only.
        token: of 2.x and 3; for 1.8 `user:password` does.
        username: instead of a token, with password: 1.8, or a proxy that asks for a password.
        password: of that user.
        timeout_s: longest wait for an answer, seconds.
    """

    url: str
    bucket: str
    org: str = ""
    token: str = field(default="", repr=False)
    username: str = ""
    password: str = field(default="", repr=False)
    timeout_s: float = 15.0

    @property
    def name(self) -> str:
        """How messages call it."""
        return f"history {self.base}"

    @property
    def base(self) -> str:
        """The url without a slash at the end."""
        return self.url.rstrip("/")

    @property
    def database(self) -> dict[str, str]:
        """The bucket as the parameters of `/query`."""
        db, _, rp = self.bucket.partition("/")
        return {"db": db, "rp": rp} if rp else {"db": db}

    @property
    def authorization(self) -> dict[str, str]:
        """The header that says who we are; none where nothing is set."""
        if self.username:
            both = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
            return {"Authorization": f"Basic {both}"}
        return {"Authorization": f"Token {self.token}"} if self.token else {}

    def ssl_context(self) -> ssl.SSLContext | None:
        """The system's own certificates, so that an authority of the house can be trusted."""
        return ssl.create_default_context() if self.url.startswith("https:") else None


def disconnect(pool: urllib3.PoolManager) -> None:
    """Close the connections now; clearing the pool alone leaves that to the garbage collector."""
    for key in pool.pools.keys():  # noqa: SIM118 - this container cannot be iterated itself
        each = pool.pools.get(key)
        if each is not None:
            each.close()
    pool.clear()


def connections(place: InfluxPlace) -> urllib3.PoolManager:
    """A pool of kept-alive connections; nothing is tried twice behind our back."""
    return urllib3.PoolManager(
        maxsize=10,
        retries=False,
        timeout=urllib3.Timeout(total=place.timeout_s),
        headers=place.authorization,
        ssl_context=place.ssl_context(),
    )
