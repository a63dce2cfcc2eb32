"""Live values: one card a meter, with figures that can be read from an arm's length."""

import time

from edge_agent.config import ConfiguredDevice
from edge_agent.meter import Poll
from edge_agent.phone.asked import Answer
from edge_agent.phone.faults import said
from edge_agent.phone.frame import badge, live, page
from edge_agent.phone.html import Html, tag
from edge_agent.phone.page_words import WORDS, Words
from edge_agent.phone.pages.figures import figure
from edge_agent.phone.visit import Visit
from edge_agent.status_words import WORDS as STATUS_WORDS
from service.settings import SettingsError
from telemetry.quantities import BY_NAME, LEVEL_BY_KIND, NAMES_BY_KIND

POLL_S = 2
"""How often the meters are polled while somebody looks."""
_STATES = {"good": "ok", "suspect": "warn", "missing": "fail"}


def page_of(visit: Visit) -> Answer:
    """Poll all meters and show them."""
    words = WORDS[visit.asked.language]
    cabinet = visit.cabinet
    if not cabinet.station().meters:
        link = tag("a", words.to_meters, href="/meters", class_="button main")
        return page(visit, words.live_title, tag("p", words.no_meters), link)
    try:
        agent = cabinet.agent()
        look = cabinet.look()
    except SettingsError as error:
        return page(visit._replace(message=said(error, visit.asked.language), is_bad=True), words.live_title)
    is_busy = cabinet.jobs.running() is not None
    shown: list[object] = [tag("p", words.line_busy, class_="message")] if is_busy else []
    if look is None:
        shown.append(tag("p", words.waiting))
    else:
        age_s = max(0, round(time.monotonic() - look.at_s))
        shown += (
            [tag("p", said(look.trouble, visit.asked.language), class_="message bad")] if look.trouble else []
        )
        devices = {each.settings.id: each for each in agent.devices}
        shown += [
            _meter(poll, devices[poll.device], visit, words)
            for poll in look.polls
            if poll.device in devices  # agent.toml may have changed since that look
        ]
        shown.append(tag("p", words.seen.format(seconds=age_s), class_="note"))
    return page(visit, words.live_title, live("values", *shown), renew_s=POLL_S)


def _meter(poll: Poll, device: ConfiguredDevice, visit: Visit, words: Words) -> Html:
    why = STATUS_WORDS[visit.asked.language].why.get(poll.why or "", poll.why or "")
    left_out = [words.quantities[name] for name in device.profile.quantity if name not in poll.values]
    is_half = poll.quality == "suspect" and left_out
    model = f"{device.profile.maker} {device.profile.model}"
    return tag(
        "section",
        tag("h2", tag("span", poll.device), badge(_STATES[poll.quality], words.quality[poll.quality])),
        tag("p", model, class_="note"),
        tag("p", tag("b", why)) if why else None,
        tag("p", poll.text, class_="note") if poll.text else None,
        tag("p", words.left_out.format(list=", ".join(left_out))) if is_half else None,
        *(tag("p", words.reports.format(list=alarm)) for alarm in poll.alarms),
        _figures(poll, words) if poll.values else None,
        class_="card",
    )


def _figures(poll: Poll, words: Words) -> Html:
    main = LEVEL_BY_KIND[poll.kind]
    cells = []
    for name in NAMES_BY_KIND[poll.kind]:
        if name in poll.values:
            value = tag("dd", figure(name, poll.values[name]), " ", tag("small", BY_NAME[name].unit))
            is_wide = name == main or BY_NAME[name].is_total
            cells.append(
                tag("div", tag("dt", words.quantities[name]), value, class_="wide" if is_wide else None)
            )
    return tag("dl", *cells, class_="figures")
