"""Reads with InfluxQL on `/query`, the one language that 1.8, 2.x, 3 Core and Clustered share."""

import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

import msgspec
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError

from history.influx_errors import failed_query, refused, unreachable
from history.influx_place import InfluxPlace, connections, disconnect
from history.influx_rows import Series
from history.port import HistoryError

T = TypeVar("T")

EARLIEST_NS, LATEST_NS = -(2**63) + 2, 2**63 - 2
"""The instants that InfluxDB can hold."""
_STRING = str.maketrans({"\\": r"\\", "'": r"\'"})
_BUFFER_BYTES = 1 << 16


class _Result(msgspec.Struct):
    series: list[Series] = []
    error: str = ""
    partial: bool = False


class _Answer(msgspec.Struct):
    results: list[_Result] = []
    error: str = ""


_decoder = msgspec.json.Decoder(_Answer)


_PATIENCE = 4
"""A query may take so many times longer than a write: the first look at the whole past takes seconds."""


class Querier:
    """Asks one server; safe to use from several threads."""

    def __init__(self, place: InfluxPlace) -> None:
        place = replace(place, timeout_s=_PATIENCE * place.timeout_s)
        self._place = place
        self._pool = connections(place)

    def series(self, query: str) -> Iterator[Series]:
        """Stream the answer to one InfluxQL statement; read it to its end.

        Raises:
            HistoryError: there is no answer, or no whole one.
        """
        fields = {**self._place.database, "q": query, "epoch": "ms", "chunked": "true"}
        url = f"{self._place.base}/query"
        try:
            response = self._pool.request(
                "POST", url, fields=fields, encode_multipart=False, preload_content=False
            )
            try:
                yield from self._parts(response)
                response.release_conn()
            finally:
                response.close()
        except (HTTPError, OSError) as error:
            raise unreachable(self._place.name, error, self._place.timeout_s) from error

    def _parts(self, response: BaseHTTPResponse) -> Iterator[Series]:
        place = self._place.name
        if response.status != 200:
            raise refused(place, response.status, response.headers, response.read())
        response.auto_close = False  # type: ignore[attr-defined]  # else the buffer trips over the end
        is_whole = False
        for line in io.BufferedReader(response, _BUFFER_BYTES):
            try:
                answer = _decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise HistoryError(f"{place}: the answer is cut or not InfluxDB's") from error
            for said in (answer.error, *(result.error for result in answer.results)):
                if said:
                    raise failed_query(place, said)
            for result in answer.results:
                yield from result.series
                is_whole = not result.partial
        if not is_whole:
            raise HistoryError(f"{place}: the answer is cut short")

    def rows(self, query: str, read: Callable[[Series], Iterable[T]]) -> Iterator[T]:
        """Stream the answer's rows as `read` makes them of its series.

        Raises:
            HistoryError: there is no answer, no whole one, or one that `read` cannot use.
        """
        for series in self.series(query):
            try:
                yield from read(series)
            except (KeyError, IndexError, TypeError, ValueError) as error:
                raise HistoryError(f"{self._place.name}: the answer is not InfluxDB's") from error

    def version(self) -> str:
        """What the server says on `/ping` of its version; empty if nothing.

        Raises:
            HistoryError: it does not answer, or not as an InfluxDB does.
        """
        try:
            response = self._pool.request("GET", f"{self._place.base}/ping")
        except (HTTPError, OSError) as error:
            raise unreachable(self._place.name, error, self._place.timeout_s) from error
        if response.status not in (200, 204):
            raise refused(self._place.name, response.status, response.headers, response.data)
        return response.headers.get("X-Influxdb-Version", "")

    def close(self) -> None:
        """Give the connections back."""
        disconnect(self._pool)


def text(value: str) -> str:
    """A string of InfluxQL; what cannot be a tag's value becomes one that nothing has."""
    if not value or not value.isprintable():
        value = "\\"
    return f"'{value.translate(_STRING)}'"


def one_of(tag: str, values: Iterable[str]) -> str:
    """The condition that a tag has one of some values."""
    return f"({' OR '.join(f'{tag} = {text(value)}' for value in sorted(values))})"


def where(conditions: Iterable[str]) -> str:
    """All conditions as a clause, or nothing."""
    joined = " AND ".join(conditions)
    return f" WHERE {joined}" if joined else ""


def instant(t_ms: int) -> str:
    """An instant of InfluxQL, as near to the asked one as InfluxDB can hold."""
    return str(min(max(t_ms * 1_000_000, EARLIEST_NS), LATEST_NS))
