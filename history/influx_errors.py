"""What an InfluxDB, or a proxy before it, says when it refuses: one kind of error for each kind of remedy.

HistoryError                    429, 5xx, 408, time-out, refused, cut: waiting helps
└── HistoryMisconfiguredError   401, 403, 404, other 4xx, redirects, a bad certificate: somebody has to act
"""

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

import msgspec
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)

from history.port import HistoryError, HistoryMisconfiguredError

LONGEST_WORDS = 300
_REMEDIES = {
    401: "Check token_file, or username and password_file, under [history].",
    403: "Give the token or user the right to read and to write this bucket.",
    404: "Check url, org and bucket under [history]; make the bucket; InfluxDB has to be 1.8 or newer.",
}
_UNKNOWN_PLACE = re.compile(
    r"(database|bucket|retention policy|dbrp mapping)\b.*\b(not found|does not exist)", re.IGNORECASE
)


class _Said(msgspec.Struct):
    """The body of a refusal: 1.x and 3 say `error`, 2.x says `message`."""

    error: str = ""
    message: str = ""
    data: object = None


def words(body: str | bytes | None) -> str:
    """What a body says to people, in one line; empty if it says nothing."""
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body or ""
    try:
        said = msgspec.json.decode(text, type=_Said)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        title = re.search(r"<title>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
        text = title[1] if title else re.sub(r"<[^>]*>", " ", text)
    else:
        text = said.error or said.message or text
        if said.data:
            text += f": {msgspec.json.encode(said.data).decode()}"
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    line = " ".join(line.split())
    return line if len(line) <= LONGEST_WORDS else line[: LONGEST_WORDS - 1] + "…"


def refused(place: str, status: int, headers: Mapping[str, str], body: str | bytes | None) -> HistoryError:
    """The error that an answer other than success means."""
    said = words(body)
    text = f"{place}: HTTP {status}{': ' if said else ''}{said}"
    if _UNKNOWN_PLACE.search(said):  # 1.x says 500 to an unknown retention policy
        return HistoryMisconfiguredError(f"{text}. {_REMEDIES[404]}")
    if status in (408, 429) or status >= 500:
        return HistoryError(text, retry_after_s(headers))
    remedy = _REMEDIES.get(status, "Is there an InfluxDB at this url, and does it speak HTTP or HTTPS?")
    return HistoryMisconfiguredError(f"{text}. {remedy}")


def failed_query(place: str, said: str) -> HistoryError:
    """The error that an answer of 200 with an error inside means."""
    text = f"{place}: {words(said)}"
    if _UNKNOWN_PLACE.search(said):
        return HistoryMisconfiguredError(f"{text}. {_REMEDIES[404]}")
    return HistoryError(text)


def unreachable(place: str, error: HTTPError | OSError, timeout_s: float) -> HistoryError:
    """The error that no answer at all means."""
    if isinstance(error, SSLError):
        reason = words(str(error.args[0] if error.args else error))
        return HistoryMisconfiguredError(
            f"{place}: TLS fails: {reason}. Check url and the server's certificate."
        )
    if isinstance(error, NameResolutionError):
        return HistoryError(f"{place}: the host's name cannot be resolved")
    if isinstance(error, NewConnectionError):
        reason = str(error).rpartition("] ")[2].rpartition(": ")[2]
        return HistoryError(f"{place}: cannot connect: {words(reason)}")
    if isinstance(error, ReadTimeoutError | ConnectTimeoutError):
        return HistoryError(f"{place}: no answer within {timeout_s:g} s")
    return HistoryError(f"{place}: the connection broke: {words(str(error))}")


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """How long an answer asks us to wait, in seconds; a date is read against the answer's own."""
    said = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", said):
        return float(said)
    try:
        until, now = parsedate_to_datetime(said), parsedate_to_datetime(headers.get("Date", ""))
        return max(0.0, (until - now).total_seconds())
    except (TypeError, ValueError):
        return None
