"""Everything that decides to whom a message goes and how it is worded, made once from the settings."""

from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from notify.message import Message
from notify.roster import Roster
from notify.roster_file import RosterFile
from registry.notify_settings import Channel, NotifySettings


class Post(NamedTuple):
    """The channels and what goes with them; without channels nothing is ever told.

    Attributes:
        channels: each with its name.
        roster: who is on duty.
        zone: the clock of hours, roster and texts.
        language: of channels that name none.
        link: the console's address, put below messages; empty: none.
    """

    channels: list[Channel]
    roster: Roster
    zone: ZoneInfo
    language: str
    link: str

    def language_of(self, channel: Channel) -> str:
        """In which language a channel is told."""
        return channel.language or self.language

    def is_on_duty(self, channel: Channel, message: Message, at_ms: int) -> bool:
        """Whether the roster lets a channel hear a message then."""
        return self.roster.lets_hear(channel.name, message.severity, message.county, at_ms)


def post_of(settings: NotifySettings, zone: ZoneInfo, language: str) -> Post:
    """Make the post, reading the roster's file if there is one.

    Raises:
        SettingsError: the roster cannot be used; with a line for each fault.
    """
    channels = settings.named()
    roster = Roster()
    if settings.roster_file:
        roster = RosterFile(Path(settings.roster_file), zone, [each.name for each in channels])
    return Post(channels, roster, zone, language, settings.link)
