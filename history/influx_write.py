"""Writes ready-made lines through `/api/v2/write`; a line counts as stored only when the server said 204.

The server names at most one offending line, and some keep the good ones of a refused request while others
keep none. So a refused request is halved until the offending lines stand alone, which is safe because writing
a line again changes nothing.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.rest import ApiException
from influxdb_client.service.write_service import WriteService
from urllib3.exceptions import HTTPError

from history.influx_errors import refused, unreachable, words
from history.influx_place import InfluxPlace, disconnect
from history.port import HistoryError, HistoryMisconfiguredError

MOST_BYTES = 2_000_000
"""Of one request; more brings nothing (measured)."""
LEAST_BYTES = 64_000
"""A server that takes no request of this size is not set up for us."""
PROBE = b"qingliu_probe value=1i"
_FULL = re.compile(r"\blimit exceeded\b|\bexceeds?\b.*\blimit\b", re.IGNORECASE)
_DROPPED = re.compile(r"\bdropped=(\d+)\b")


@dataclass
class _Round:
    """One call of `write`: what was found out so far."""

    lines: Sequence[bytes]
    refused: list[tuple[int, str]] = field(default_factory=list)
    has_stored: bool = False


class _BadLinesError(Exception):
    """The server refuses something in a request for good; the text says what."""


class _TooLargeError(Exception):
    """The server, or a proxy before it, takes only smaller requests."""


class LineWriter:
    """Writes to one bucket; safe to use from several threads."""

    def __init__(self, place: InfluxPlace) -> None:
        self._place = place
        token = f"{place.username}:{place.password}" if place.username else place.token
        self._client = InfluxDBClient(
            place.base,
            token or None,  # type: ignore[arg-type]  # declared too narrowly: None is no token
            timeout=int(place.timeout_s * 1000),
            auth_basic=bool(place.username),
            ssl_context=place.ssl_context(),
        )
        self._service = WriteService(self._client.api_client)
        self._most_bytes = MOST_BYTES

    def write(self, lines: Sequence[bytes]) -> list[tuple[int, str]]:
        """Store lines whose times are in milliseconds.

        Returns:
            Which lines can never be stored, by their place, and why in the server's words.

        Raises:
            HistoryError: some of it may not be stored; write all of it again.
        """
        this = _Round(lines)
        for first, last in self._requests(lines):
            self._write(this, first, last)
        if this.refused and not this.has_stored:
            self.probe()  # a proxy that answers 400 to everything must not cost the readings
        return this.refused

    def probe(self) -> None:
        """Write one point beside the data.

        Raises:
            HistoryError: it could not be written.
        """
        try:
            self._post(PROBE)
        except _BadLinesError as error:
            raise HistoryMisconfiguredError(
                f"{self._place.name}: refuses even a trial line: {error}."
                " Check url, org and bucket under [history]."
            ) from error
        except _TooLargeError as error:
            raise self._too_small() from error

    def close(self) -> None:
        """Give the connections back."""
        disconnect(self._service.api_client.rest_client.pool_manager)
        self._client.close()

    def _requests(self, lines: Sequence[bytes]) -> Iterator[tuple[int, int]]:
        first, size = 0, 0
        for place, line in enumerate(lines):
            if size and size + len(line) >= self._most_bytes:
                yield first, place
                first, size = place, 0
            size += len(line) + 1
        if size:
            yield first, len(lines)

    def _write(self, this: _Round, first: int, last: int) -> None:
        body = b"\n".join(this.lines[first:last])
        try:
            self._post(body)
        except _BadLinesError as error:
            text = str(error)
            if _FULL.search(text):
                raise HistoryMisconfiguredError(
                    f"{self._place.name}: {text}."
                    " Raise that limit on the server; the readings are not at fault."
                ) from error
            dropped = _DROPPED.search(text)
            if dropped and int(dropped[1]) == last - first:
                this.has_stored = True  # so exact a word comes from a server that read the lines
            elif last - first > 1:
                self._write_halves(this, first, last)
                return
            this.refused.extend((place, text) for place in range(first, last))
        except _TooLargeError as error:
            self._most_bytes = max(LEAST_BYTES, min(self._most_bytes, len(body) // 2))
            if last - first == 1 or len(body) <= LEAST_BYTES:
                raise self._too_small() from error
            self._write_halves(this, first, last)
        else:
            this.has_stored = True

    def _write_halves(self, this: _Round, first: int, last: int) -> None:
        middle = (first + last) // 2
        self._write(this, first, middle)
        self._write(this, middle, last)

    def _post(self, body: bytes) -> None:
        place = self._place
        try:
            _, status, _ = self._service.post_write_with_http_info(
                org=place.org,
                bucket=place.bucket,
                body=body,
                precision="ms",
                content_type="text/plain; charset=utf-8",
            )
        except ApiException as error:
            if error.status == 0:  # the client's word for a failure of TLS
                raise HistoryMisconfiguredError(f"{place.name}: {words(error.reason)}. Check url.") from error
            if error.status in (400, 422):
                raise _BadLinesError(words(error.body) or f"HTTP {error.status}") from error
            if error.status == 413:
                raise _TooLargeError from error
            raise refused(place.name, error.status, error.headers or {}, error.body) from error
        except (HTTPError, OSError) as error:
            raise unreachable(place.name, error, place.timeout_s) from error
        except UnicodeDecodeError as error:
            raise HistoryError(f"{place.name}: the answer is not InfluxDB's") from error
        if status != 204:
            raise HistoryMisconfiguredError(
                f"{place.name}: answered {status} where InfluxDB says 204."
                " Check url under [history]: something else answers there."
            )

    def _too_small(self) -> HistoryMisconfiguredError:
        return HistoryMisconfiguredError(
            f"{self._place.name}: HTTP 413 to a request of less than {LEAST_BYTES} bytes."
            " Let the proxy before InfluxDB take more, such as client_max_body_size 25m in nginx."
        )
