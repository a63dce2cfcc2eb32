"""Everything that decides to whom a message goes and how it is worded, made once from the settings."""

from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from notify.message import Message
from notify.roster import Roster
from notify.roster_file import RosterFile
from notify.routes import hears, told_from
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

    def told_from(self, channel: Channel, message: Message, now_ms: int) -> int | None:
        """From when on a channel is told a message, by its hours and the roster; None if it is not."""
        if not hears(channel, message):
            return None
        at_ms = told_from(channel.hours, message.severity, now_ms, self.zone)
        if message.matter == "reports":  # no matter of duty
            return at_ms
        from_ms = self.roster.told_from(channel.name, message.severity, message.county, at_ms)
        return None if from_ms is None else told_from(channel.hours, message.severity, from_ms, self.zone)


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
