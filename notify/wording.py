"""What a channel is told: one message as it is, several consolidated, never longer than robots take. Pure."""

from collections.abc import Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from notify.message import Message, in_language
from registry.notify_settings import SEVERITIES
from service.civil import clock_of
from service.columns import visible

MOST_BYTES = 2_000
"""Of subject and body as UTF-8: WeCom refuses texts of more than 2,048 bytes."""
MOST_GROUPS = 12
_MOST_SUBJECT, _MOST_LINE, _MOST_NAMES, _MOST_LINK, _MOST_KEY = 180, 220, 200, 400, 100
_BETWEEN = 2
"""Bytes that may come between subject and body."""

_WORDS = {
    "zh-CN": {
        "mark": "【清流】",
        "several": "{count} 条告警",
        "stations": "{place} {count} 站{title}",
        "messages": "{place} {title} {count} 条",
        "one": "{place} {subject}{title}",
        "longest": "，最久：{subject}",
        "since": "（自 {since} 起）",
        "more": "…及其他 {count} 条",
        "duty": "值班：{names}",
        "between": "、",
        "key": "编号 {key}",
        "keys": "编号 {key} 等 {count} 条",
    },
    "en": {
        "mark": "[Qingliu] ",
        "several": "{count} alarms",
        "stations": "{count} stations in {place} {title}",
        "stations nowhere": "{count} stations {title}",
        "messages": "{place}: {title}, {count} times",
        "one": "{place}: {subject} {title}",
        "longest": ", longest: {subject}",
        "since": " (since {since})",
        "more": "and {count} more",
        "duty": "on duty: {names}",
        "between": ", ",
        "key": "ref {key}",
        "keys": "ref {key} and {count} in all",
    },
}


class Line(NamedTuple):
    """A line that stands for some of the messages."""

    messages: int
    text: str


class Told(NamedTuple):
    """Messages that are told together; `more` of them have no line of their own."""

    lines: list[Line]
    more: int


def render(
    messages: Sequence[Message], language: str, zone: ZoneInfo, link: str = "", names: Sequence[str] = ()
) -> tuple[str, str]:
    """Word messages of one matter as subject and body, together at most MOST_BYTES of UTF-8.

    Args:
        messages: at least one, the first being the one by which the whole is known again.
        language: `zh-CN` or `en`.
        zone: of the times in it.
        link: put below; one too long to fit is left out.
        names: of those on duty.
    """
    words = _WORDS.get(language, _WORDS["en"])
    foot = _foot(messages, words, link, names)
    if len(messages) == 1:
        subject = _cut(words["mark"] + _flat(_one(messages[0], language, words)), _MOST_SUBJECT)
        room = MOST_BYTES - _size(subject) - _BETWEEN - _size(foot) - 1
        whole = "\n".join(visible(line) for line in in_language(messages[0].text, language).splitlines())
        return subject, "\n".join(filter(None, [_cut(whole.strip() or subject, room), foot]))
    subject = words["mark"] + words["several"].format(count=len(messages))
    told = consolidated(messages, language, zone, MOST_BYTES - _size(subject) - _BETWEEN - _size(foot) - 1)
    lines = [line.text for line in told.lines]
    if told.more:
        lines.append(words["more"].format(count=told.more))
    return subject, "\n".join(filter(None, [*lines, foot]))


def consolidated(messages: Sequence[Message], language: str, zone: ZoneInfo, room: int) -> Told:
    """Group messages by what happened and where, worst first, in lines of at most `room` bytes in all."""
    words = _WORDS.get(language, _WORDS["en"])
    groups: dict[tuple[str, str], list[Message]] = {}
    for each in messages:
        groups.setdefault((in_language(each.title, language), each.place), []).append(each)
    ordered = sorted(groups.items(), key=lambda item: (-_severity(item[1]), -len(item[1]), item[0]))
    spare = _size(words["more"].format(count=len(messages))) + 1
    lines: list[Line] = []
    for number, (_, members) in enumerate(ordered, 1):
        line = _cut(_line(members, language, zone, words), _MOST_LINE)
        needed = _size(line) + 1
        if len(lines) == MOST_GROUPS or needed + (spare if number < len(ordered) else 0) > room:
            break
        lines.append(Line(len(members), line))
        room -= needed
    return Told(lines, len(messages) - sum(line.messages for line in lines))


def _line(members: Sequence[Message], language: str, zone: ZoneInfo, words: dict[str, str]) -> str:
    worst = min(members, key=_worst_first)
    since = ""
    if worst.since_ms is not None:
        at = clock_of(worst.since_ms, zone)
        since = words["since"].format(since=f"{at:%m-%d %H:%M}")
    if len(members) == 1:
        return _flat(_one(worst, language, words) + since)
    subjects = {each.subject for each in members if each.subject}
    form = "stations" if len(subjects) == len(members) else "messages"
    if form == "stations" and not worst.place:
        form = "stations nowhere" if "stations nowhere" in words else form
    title = in_language(worst.title, language)
    head = words[form].format(place=worst.place, count=len(members), title=title).lstrip(": ")
    tail = words["longest"].format(subject=worst.subject) + since if worst.subject else ""
    return _flat(head + tail)


def _one(message: Message, language: str, words: dict[str, str]) -> str:
    title = in_language(message.title, language)
    text = words["one"].format(place=message.place, subject=message.subject, title=title)
    return text.strip(": ")


def _foot(messages: Sequence[Message], words: dict[str, str], link: str, names: Sequence[str]) -> str:
    duty = words["duty"].format(names=words["between"].join(names)) if names else ""
    form = "key" if len(messages) == 1 else "keys"
    key = words[form].format(key=_cut(_flat(messages[0].key), _MOST_KEY), count=len(messages))
    lines = [_cut(_flat(duty), _MOST_NAMES), link if _size(link) <= _MOST_LINK else "", key]
    return "\n".join(filter(None, lines))


def _severity(members: Sequence[Message]) -> int:
    return max(SEVERITIES.index(each.severity) for each in members)


def _worst_first(message: Message) -> tuple[int, bool, int, str]:
    """Sorts the longest of the highest severity to the front."""
    since_ms = message.since_ms
    return (-SEVERITIES.index(message.severity), since_ms is None, since_ms or 0, message.key)


def _flat(text: str) -> str:
    """A text of one line."""
    return " ".join(visible(text).split())


def _size(text: str) -> int:
    return len(text.encode())


def _cut(text: str, most_bytes: int) -> str:
    """A text of at most so many bytes, with … where it was cut."""
    if _size(text) <= most_bytes:
        return text
    return text.encode()[: most_bytes - _size("…")].decode(errors="ignore") + "…"
