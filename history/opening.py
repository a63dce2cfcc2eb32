"""Opens the back end that the settings name."""

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from history.embedded import EmbeddedHistory
from history.port import History, HistoryMisconfiguredError

if TYPE_CHECKING:
    from history.influx_place import InfluxPlace


class HistoryKeys(Protocol):
    """The `[history]` table of `centre.toml`, as far as it says which store is meant."""

    @property
    def backend(self) -> str:
        """Which back end."""

    @property
    def path(self) -> str:
        """Of the embedded file."""

    @property
    def url(self) -> str:
        """Of the InfluxDB server."""

    @property
    def org(self) -> str:
        """Of InfluxDB 2."""

    @property
    def bucket(self) -> str:
        """Bucket, or database and retention policy."""

    @property
    def token_file(self) -> str:
        """File that holds the token."""

    @property
    def username(self) -> str:
        """Instead of a token."""

    @property
    def password_file(self) -> str:
        """File that holds the password."""


def open_history(keys: HistoryKeys) -> History:
    """Open the history that the settings name.

    Raises:
        HistoryError: it cannot be opened; an InfluxDB that is down is found out at its first use only.
    """
    if keys.backend == "embedded":
        return EmbeddedHistory(Path(keys.path))
    from history.influxdb import InfluxHistory  # noqa: PLC0415 - its library is loaded on use

    return InfluxHistory(influx_place(keys))


def influx_place(keys: HistoryKeys) -> "InfluxPlace":
    """Where the settings say that the InfluxDB is, with the secrets out of their files.

    Raises:
        HistoryMisconfiguredError: a file cannot be read, or is empty.
    """
    from history.influx_place import InfluxPlace  # noqa: PLC0415 - its library is loaded on use

    return InfluxPlace(
        url=keys.url,
        bucket=keys.bucket,
        org=keys.org,
        token=_secret("token_file", keys.token_file),
        username=keys.username,
        password=_secret("password_file", keys.password_file),
    )


def _secret(key: str, name: str) -> str:
    if not name:
        return ""
    try:
        secret = Path(name).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise HistoryMisconfiguredError(
            f"history.{key} {name}: cannot be read: {reason}. Let this user read it."
        ) from error
    if not secret or not secret.isprintable() or not secret.isascii():
        raise HistoryMisconfiguredError(
            f"history.{key} {name}: must hold one line of ASCII. Write the secret there and nothing else."
        )
    return secret
