"""`[notify]` of `centre.toml`: to which channels alarms, digests and reports go."""

import re
from collections.abc import Iterable
from typing import Annotated, Literal

import msgspec

from service.settings import Fault, file_faults

Severity = Literal["low", "medium", "high"]
SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high")
Matter = Literal["alarms", "digest", "reports"]
MATTERS: tuple[Matter, ...] = ("alarms", "digest", "reports")
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}\Z")
_TIME = r"([01]\d|2[0-3]):[0-5]\d"
_HOURS = rf"^({_TIME}-({_TIME}|24:00))?\Z"


class Channel(msgspec.Struct, kw_only=True, frozen=True):
    """Where messages go, and which ones.

    A text instead of a table is a channel with its address alone.
    """

    url: Annotated[
        str,
        msgspec.Meta(
            min_length=1,
            description="apprise URL, or the path of a file that holds it",
            extra={"secret": True},
            examples=["/etc/qingliu/wecom.url"],
        ),
    ]
    name: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^([a-z0-9][a-z0-9-]{0,31})?\Z",
            description="by which logs, roster and commands call it; empty: channel-1, channel-2, …",
            extra={"rule": "must be small letters, digits or -, at most 32"},
            examples=["duty-desk"],
        ),
    ] = ""
    severity: Annotated[Severity, msgspec.Meta(description="the least that is told here")] = "medium"
    counties: Annotated[list[str], msgspec.Meta(description="codes; empty: all")] = []
    hours: Annotated[
        str,
        msgspec.Meta(
            pattern=_HOURS,
            description="local time of day in which it is told anything below high; empty: always",
            extra={"rule": "must be a span of the day such as 07:30-22:00"},
            examples=["07:30-22:00"],
        ),
    ] = ""
    level: Annotated[
        int,
        msgspec.Meta(ge=1, le=3, description="1 hears all; 2 only what was escalated; 3 only the last step"),
    ] = 1
    tells: Annotated[list[Matter], msgspec.Meta(description="what goes there")] = msgspec.field(
        default_factory=lambda: list(MATTERS)
    )
    language: Annotated[
        Literal["", "zh-CN", "en"], msgspec.Meta(description="empty: the centre's language")
    ] = ""


class NotifySettings(msgspec.Struct, kw_only=True, frozen=True):
    """Where alarms, digests and reports are told."""

    channels: Annotated[
        list[str | Channel], msgspec.Meta(description="apprise URLs or files that hold them, or tables")
    ] = []
    roster_file: Annotated[
        str, msgspec.Meta(description="duty roster, CSV: from,to,name,channel; empty: none")
    ] = ""
    digest_at: Annotated[
        str,
        msgspec.Meta(
            pattern=rf"^({_TIME})?\Z",
            description="local time of the morning digest; empty: none",
            extra={"rule": "must be a time of day such as 07:30"},
            examples=["07:30"],
        ),
    ] = "07:30"
    link: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^(https?://[^\s]+)?\Z",
            description="address of the console, put below messages; empty: none",
            extra={"rule": "must be an http or https address"},
            examples=["https://qingliu.example.cn"],
        ),
    ] = ""

    def named(self) -> list[Channel]:
        """The channels, each with its name."""
        given = [Channel(url=each) if isinstance(each, str) else each for each in self.channels]
        return [
            each if each.name else msgspec.structs.replace(each, name=f"channel-{number}")
            for number, each in enumerate(given, 1)
        ]

    def faults(self) -> Iterable[Fault]:
        """Name files that are not there and names that are given twice; addresses are never shown."""
        seen = set[str]()
        for place, channel in enumerate(self.named()):
            path = f"notify.channels[{place}]"
            if channel.name in seen:
                yield Fault(f"{path}.name", "is given twice", channel.name, "Choose another name.")
            seen.add(channel.name)
            if "://" not in channel.url:
                rule = "is neither an apprise URL nor the path of a file"
                remedy = 'Write for example "/etc/qingliu/wecom.url", a file with wecombot://KEY in it.'
                yield from file_faults(path, channel.url, Fault(path, rule, remedy=remedy))
        yield from file_faults("notify.roster_file", self.roster_file)
