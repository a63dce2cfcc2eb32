"""`qingliu agent status`: asks the running agent how it is, and shows its answer as a page.

The agent listens at `control_path`; what it answers stands in `edge_agent.status_document`.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

from edge_agent.config import AgentSettings
from edge_agent.status_document import ASKED, OutboxPart, StatusDocument, instant, understood
from edge_agent.status_troubles import Trouble, connection, troubles
from edge_agent.status_words import Words, span_in
from edge_agent.terminal import BOLD_RED, GREEN, PLAIN, RED, printable, table
from service.control_socket import NoAnswerError, ask
from service.process import UnavailableError

TIMEOUT_S = 10.0
"""A box with a slow card may be writing just now."""


class NoStatusError(UnavailableError):
    """The agent cannot be asked, or its answer is not understood; one line in the reader's language."""


def control_path(settings: AgentSettings) -> Path:
    """Where the agent of these settings listens: beside its outbox."""
    return Path(settings.outbox.path).with_suffix(".sock")


def ask_agent(path: Path, words: Words) -> tuple[str, StatusDocument]:
    """Ask the agent that listens at this path; its answer as one line of JSON, and read.

    Raises:
        NoStatusError: none runs, it may not be asked by us, or it says something else.
    """
    try:
        line = ask(path, ASKED, timeout_s=TIMEOUT_S)
    except NoAnswerError as error:
        is_forbidden = isinstance(error.__cause__, PermissionError)
        said = words.forbidden if is_forbidden else words.not_running
        raise NoStatusError(said.format(path=path, found=error.found)) from error
    try:
        return line, understood(line)
    except ValueError as error:
        raise NoStatusError(words.not_understood.format(path=path, found=printable(str(error)))) from error


def page(status: StatusDocument, words: Words, *, colours: bool, zone: tzinfo | None = None) -> str:
    """Everything of the document for a terminal, what is wrong first.

    Args:
        status: the agent's answer.
        words: the reader's language.
        colours: whether the terminal shows them.
        zone: of the times shown; None for the box's own.
    """
    found = troubles(status, words)
    headline = _headline(found, words)
    lines = [f"{GREEN if not found else BOLD_RED}{headline}{PLAIN}" if colours else headline]
    lines += _coloured(table(found, indent="  "), range(len(found)), colours=colours)
    lines += ["", *table(_facts(status, words, zone))]
    meters = [words.heads, *_meters(status, words)]
    places = {trouble.place for trouble in found}
    ill = [row for row, (name, *_) in enumerate(meters) if name in places]
    lines += ["", *_coloured(table(meters, right=(4,)), ill, colours=colours)]
    return "\n".join(lines)


def _headline(found: Sequence[Trouble], words: Words) -> str:
    if not found:
        return words.well
    return words.one_trouble if len(found) == 1 else words.troubles.format(number=len(found))


def _facts(status: StatusDocument, words: Words, zone: tzinfo | None) -> Iterator[tuple[str, ...]]:
    yield words.station, f"{status.station}  {status.name}"
    uptime = span_in(words, status.uptime_s)
    yield words.agent, words.running.format(version=status.version, pid=status.pid, span=uptime)
    now, trust = status.clock.now, status.clock.trust
    yield words.clock, _time(now, zone) + words.semicolon + (words.trust[trust] if trust else words.no_trust)
    link = [connection(status.link, words)]
    ack_s = status.link.last_ack_s
    link.append(words.no_ack if ack_s is None else words.last_ack.format(ago=_ago(ack_s, words)))
    if status.link.outstanding:
        link.append(words.outstanding.format(number=f"{status.link.outstanding:,}"))
    yield words.link, words.semicolon.join(link)
    age = now - status.outbox.oldest if trust and status.outbox.oldest else None
    yield words.outbox, words.semicolon.join(_outbox(status.outbox, age, words))
    for each in status.outbox.last_refused:
        at = instant(each.t)
        when = _time(at, zone) if at else words.undated
        yield "", f"  {each.device}  {when}  {each.code}{words.colon}{each.text}"


def _outbox(outbox: OutboxPart, oldest: timedelta | None, words: Words) -> Iterator[str]:
    if not outbox.backlog:
        yield words.nothing_waits
    else:
        waiting = words.waiting.format(number=f"{outbox.backlog:,}")
        ago = None if oldest is None else _ago(max(0, int(oldest.total_seconds())), words)
        yield waiting + (words.comma + words.oldest.format(ago=ago) if ago else "")
    yield words.room.format(
        size=f"{outbox.size_mb:,.1f}", most=f"{outbox.max_mb:,.0f}", free=f"{outbox.disk_free_mb:,.0f}"
    )
    if outbox.thinned:
        yield words.thinned.format(number=f"{outbox.thinned:,}")
    if outbox.refused:
        yield words.refused.format(number=f"{outbox.refused:,}")


def _meters(status: StatusDocument, words: Words) -> Iterator[tuple[str, ...]]:
    for name, device in status.devices.items():
        unit = words.unit.format(bus=device.bus, unit=device.unit_id)
        last = words.never if device.last_good_s is None else _ago(device.last_good_s, words)
        failures = sorted(device.failures.items(), key=lambda each: -each[1])
        causes = words.comma.join(f"{words.why.get(why, why)} {number:,}" for why, number in failures)
        total = f"{sum(device.failures.values()):,}"
        failed = words.failed.format(number=total, list=causes) if failures else total
        yield name, device.profile, unit, last, f"{device.polls:,}", failed


def _ago(seconds: int, words: Words) -> str:
    return words.ago.format(span=span_in(words, seconds))


def _time(at: datetime, zone: tzinfo | None) -> str:
    with suppress(OverflowError, ValueError):  # at the end of all years
        at = at.astimezone(zone)
    return f"{at:%Y-%m-%d %H:%M:%S %z}"


def _coloured(lines: Sequence[str], chosen: Iterable[int], *, colours: bool) -> list[str]:
    red = set(chosen) if colours else set()
    return [f"{RED}{line}{PLAIN}" if row in red else line for row, line in enumerate(lines)]
