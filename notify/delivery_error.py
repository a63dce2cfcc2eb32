"""Why a message could not be delivered, said without any part of the channel's address."""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import parse_qsl, quote, unquote, urlsplit

_MOST = 200
_SHORTEST = 4
"""Shorter parts cannot be blotted out without garbling everything; a text that holds one is withheld."""
_KNOWN = (
    (r"connection refused", "connection refused"),
    (r"timed out|timeout", "timed out"),
    (r"name or service not known|name resolution|getaddrinfo|resolve", "host name not found"),
    (r"certificate", "the server's certificate is not trusted"),
    (r"unreachable|no route", "network unreachable"),
    (r"connection (reset|aborted|broken)|remotedisconnected|broken pipe|unexpectedly closed",
     "the server broke the connection off"),
)  # fmt: skip
_SMTP = re.compile(r"\((\d{3}), b['\"](.*?)['\"](?:\)|, )")
_HTTP = re.compile(r"\berror=(\d{3})\b")


class DeliveryError(Exception):
    """A message was not delivered; the text says why in one line and holds no secret."""


def reason(lines: Iterable[str], address: str) -> str:
    """The most telling of what a library said of a failure.

    Args:
        lines: what it logged, or an exception's text.
        address: the channel's, of which no part is told.
    """
    said = " | ".join(lines)
    if found := _SMTP.search(said):
        return redacted(f"SMTP {found[1]} {found[2]}", address)
    if found := _HTTP.search(said):
        return f"HTTP {found[1]}"
    for pattern, words in _KNOWN:
        if re.search(pattern, said, re.IGNORECASE):
            return words
    return redacted(said, address) or "not accepted"


def redacted(text: str, address: str) -> str:
    """A text of one line without any part of an address; at most 200 letters."""
    parts = sorted(set(_parts(address)), key=len, reverse=True)
    for part in parts:
        if len(part) >= _SHORTEST:
            text = re.sub(re.escape(part), "***", text, flags=re.IGNORECASE)
    words = set(re.findall(r"\w+", text.casefold()))
    if any(part.casefold() in words for part in parts if len(part) < _SHORTEST and not part.isdigit()):
        return "not accepted (the reason is withheld, it holds a part of the address)"
    flat = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return flat if len(flat) <= _MOST else f"{flat[: _MOST - 1]}…"


def _parts(address: str) -> Iterator[str]:
    """Everything of an address that may be secret, as it stands there, decoded and encoded."""
    try:
        split = urlsplit(address)
    except ValueError:
        yield from filter(None, re.split(r"[^\w-]+", address))
        return
    user, _, host = split.netloc.rpartition("@")
    values = [value for _, value in parse_qsl(split.query)]
    pieces = [address, host, host.partition(":")[0], split.path, split.query, user, *user.split(":")]
    for piece in [*pieces, *split.path.split("/"), *values, *re.split(r"[,;\s]+", " ".join(values))]:
        for form in (piece, unquote(piece), quote(piece, safe=""), quote(unquote(piece), safe="")):
            if form.strip("/ "):
                yield form
