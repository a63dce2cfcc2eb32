"""The channels as they are configured, how deliveries went, who is on duty, and a message to test one."""

from typing import Any, NamedTuple

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from console import admin_words
from console.access import Route
from console.admin_deliveries import (
    BETWEEN_TESTS_MS,
    TESTED,
    last_tries,
    standings,
    subject_of,
    tested_since,
)
from console.desk import Desk
from console.form import form_of
from console.person import Person, client_address, person_of
from console.queries import active_alarm_count, counties
from console.said import said
from console.words import N_
from notify.address import scheme_of
from notify.delivery_error import DeliveryError
from notify.post import Post, post_of
from notify.roster import Roster, Shift
from notify.trial import tried
from registry.audit import note_change
from registry.notify_settings import Channel
from service.settings import SettingsError

NO_CHANNEL = "no_channel"
"""Why nothing can be sent to what looks like a channel."""
ROSTER_DAYS = 14
MOST_SHIFTS = 60
_DAY_MS = 86_400_000


class ChannelRow(NamedTuple):
    """A channel with what may be shown of its address: the kind, or why it cannot be read."""

    channel: Channel
    kind: str
    trouble: str


def admin_channel_routes(desk: Desk) -> list[Route]:
    """The page of this room, and its test."""
    own = _ChannelPages(desk)
    return [
        Route("/admin/channels", own.page, "channels.edit"),
        Route("/admin/channels/test", own.test, "channels.edit", ("POST",)),
    ]


class _ChannelPages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def page(self, request: Request) -> Response:
        """All of it; subjects of messages name stations, and are for those who see all of these."""
        person, now = person_of(request), self._desk.clock_ms()
        post, fault = self._post()
        rows = [_row(each) for each in _seen(person, post)]
        names = [each.channel.name for each in rows]
        with self._desk.reading() as session:
            values: dict[str, Any] = {
                "alarm_count": active_alarm_count(session, person),
                "county_names": {each.code: each.name for each in counties(session, person)},
                "standings": standings(session, names, now),
                "tries": last_tries(session, names),
            }
        values |= {
            "rows": rows,
            "language_of": post.language_of,
            "roster_fault": fault,
            "has_roster": bool(self._desk.settings.notify.roster_file),
            "shifts": _shifts(person, post, now),
            "on_duty": post.roster.on_duty(now),
            "roster_days": ROSTER_DAYS,
            "now_ms": now,
            "notify": self._desk.settings.notify,
            "admin_words": admin_words,
        }
        return self._desk.page(request, "admin_channels.html", values)

    def test(self, request: Request) -> Response:
        """Send a message over one channel at once, and note in the audit trail how it went.

        Raises:
            HTTPException: 404, there is no such channel.
        """
        person, name = person_of(request), form_of(request).field("channel", 64)
        post, _ = self._post()
        channel = next((each for each in _seen(person, post) if each.name == name), None)
        if channel is None:
            raise HTTPException(404, NO_CHANNEL)
        answer = RedirectResponse("/admin/channels", 303)
        now = self._desk.clock_ms()
        with self._desk.reading() as session:
            is_soon = tested_since(session, name, now - BETWEEN_TESTS_MS)
        if is_soon:
            said(
                request, N_("%(channel)s was tested less than a minute ago. Wait a little."),
                channel=name, is_wrong=True,
            )  # fmt: skip
            return answer
        outcome = tried(post, channel, now)
        with self._desk.writing() as session:
            note_change(
                session, at_ms=now, actor=person.name, action=TESTED, subject=subject_of(name),
                after={"sent": not outcome.error} | ({"error": outcome.error} if outcome.error else {}),
                address=client_address(request),
            )  # fmt: skip
        if outcome.error:
            said(
                request, N_("%(channel)s: not sent: %(why)s"), channel=name, why=outcome.error, is_wrong=True
            )
        else:
            seconds = self._desk.reader(request).number(outcome.seconds, 1)
            said(request, N_("%(channel)s: sent in %(seconds)s s"), channel=name, seconds=seconds)
        return answer

    def _post(self) -> tuple[Post, str]:
        """The channels with the roster of this moment, and what is wrong with its file."""
        settings = self._desk.settings
        args = settings.zone, settings.centre.language
        try:
            return post_of(settings.notify, *args), ""
        except SettingsError as error:
            return Post(settings.notify.named(), Roster(), *args, settings.notify.link), error.lines()[0]


def _seen(person: Person, post: Post) -> list[Channel]:
    """The channels that hear of a person's counties."""
    own = person.scope.counties
    return [each for each in post.channels if own is None or not each.counties or own & set(each.counties)]


def _row(channel: Channel) -> ChannelRow:
    try:
        return ChannelRow(channel, scheme_of(channel.url), "")
    except DeliveryError as error:
        return ChannelRow(channel, "", str(error))


def _shifts(person: Person, post: Post, now_ms: int) -> list[Shift]:
    """Who is on duty now and in the next days, for the person's counties."""
    own = person.scope.counties
    near = [
        each
        for each in post.roster.shifts
        if each.to_ms > now_ms and each.from_ms < now_ms + ROSTER_DAYS * _DAY_MS
        and (own is None or not each.counties or own & set(each.counties))
    ]  # fmt: skip
    return sorted(near)[:MOST_SHIFTS]
