"""What is wrong with an agent, judged from its status document and said in the reader's language; pure."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from edge_agent.status_document import DevicePart, LinkPart, OutboxPart, StatusDocument
from edge_agent.status_words import Words, span_in

NEARLY_FULL = 0.9
DISK_NEARLY_FULL_MB = 50
UNACKNOWLEDGED_S = 900
"""The longest wait for an ack is 5 minutes; after so long with something outstanding none comes."""
FIRST_POLLS = 3
ROUNDS_WITHOUT_GOOD = 10


class Trouble(NamedTuple):
    """One thing wrong: where, and what."""

    place: str
    text: str


def troubles(status: StatusDocument, words: Words) -> list[Trouble]:
    """Everything that is wrong, what endangers the readings first; empty if all is well.

    A condition of the log that another trouble already tells is not said again.
    """
    conditions = status.conditions
    found = [Trouble(words.outbox, text) for text in _of_outbox(status.outbox, conditions, words)]
    found += [Trouble(words.link, text) for text in _of_link(status.link, conditions, words)]
    if status.clock.trust is None:
        found.append(Trouble(words.clock, words.no_trust))
    for name, device in status.devices.items():
        said = _of_device(device, conditions.get(name, ""), status.uptime_s, words)
        found += [Trouble(name, text) for text in said]
    told = _told(status)
    return found + [Trouble(name, text) for name, text in conditions.items() if name not in told]


def _told(status: StatusDocument) -> set[str]:
    """The conditions that have been told in other words."""
    told = {"outbox"}
    told |= {name for name, text in status.conditions.items() if text == status.link.trouble}
    told |= {"uplink"} if not status.link.connected else set()
    told |= {"hold"} if status.link.hold else set()
    told |= {"centre"} if not status.link.connected or _wait_s(status.link) is not None else set()
    for name, device in status.devices.items():
        told |= {name} if _is_silent(device) else set()
        told |= {f"{name} alarm"} if device.alarms else set()
    return told


def _of_outbox(outbox: OutboxPart, conditions: Mapping[str, str], words: Words) -> Iterator[str]:
    if "outbox" in conditions:
        yield conditions["outbox"]
    if outbox.size_mb >= NEARLY_FULL * outbox.max_mb:
        yield words.nearly_full.format(size=f"{outbox.size_mb:,.1f}", most=f"{outbox.max_mb:,.0f}")
    if outbox.disk_free_mb < DISK_NEARLY_FULL_MB:
        yield words.disk_nearly_full.format(free=f"{outbox.disk_free_mb:,.0f}")


def _of_link(link: LinkPart, conditions: Mapping[str, str], words: Words) -> Iterator[str]:
    if not link.connected:
        trouble = link.trouble or conditions.get("uplink")
        yield words.colon.join(filter(None, [connection(link, words), trouble]))
    elif link.trouble:
        yield link.trouble
    if link.hold:
        yield words.held + words.colon + words.holds.get(link.hold, link.hold)
    elif link.connected:
        wait_s = _wait_s(link)
        is_silent = "centre" in conditions or (link.outstanding and (wait_s or 0) > UNACKNOWLEDGED_S)
        if is_silent and wait_s is not None:
            yield words.unacknowledged.format(span=span_in(words, wait_s))


def _wait_s(link: LinkPart) -> int | None:
    """For how long the centre has not acknowledged anything over this connection."""
    return min((each for each in (link.since_s, link.last_ack_s) if each is not None), default=None)


def connection(link: LinkPart, words: Words) -> str:
    """Whether there is a connection, and for how long it has been so."""
    if link.since_s is None:
        return (words.connected if link.connected else words.not_connected).format(broker=link.broker)
    said = words.connected_since if link.connected else words.not_connected_since
    return said.format(broker=link.broker, span=span_in(words, link.since_s))


def _of_device(device: DevicePart, condition: str, uptime_s: int, words: Words) -> Iterator[str]:
    if _is_silent(device):
        why = device.silent or "backing_off"
        parts = [words.why.get(why, why)]
        if device.last_good_s is not None:
            ago = words.ago.format(span=span_in(words, device.last_good_s))
            parts.append(words.last_good.format(ago=ago))
        parts += [words.backing_off] if device.silent and device.backing_off else []
        parts += _detail(condition, words)
        yield words.semicolon.join(parts)
    elif device.last_good_s is None:
        if device.polls >= FIRST_POLLS:
            yield words.none_good
    elif device.last_good_s * device.polls > ROUNDS_WITHOUT_GOOD * uptime_s:  # uptime over polls is a round
        yield words.not_lately.format(span=span_in(words, device.last_good_s))
    if device.alarms:
        yield words.reports.format(list=words.comma.join(device.alarms))


def _is_silent(device: DevicePart) -> bool:
    return device.silent is not None or device.backing_off


def _detail(condition: str, words: Words) -> list[str]:
    """What the log says of a silent meter, without the cause that stands there already."""
    why, _, text = condition.partition(": ")
    return [each for each in [text if why in words.why else condition] if each]
