"""The one page that everybody sees: it asks for the PIN."""

import math

from edge_agent.phone.asked import Answer
from edge_agent.phone.frame import button, page
from edge_agent.phone.html import tag
from edge_agent.phone.visit import Visit
from edge_agent.phone.words import WORDS


def pin_page(visit: Visit) -> Answer:
    """Ask for the PIN; say how long to wait after too many wrong ones."""
    words = WORDS[visit.asked.language]
    wait = words.pin_wait.format(seconds=math.ceil(visit.wait_s))
    entry = tag(
        "form",
        tag("label", words.pin_label, for_="pin"),
        tag(
            "input",
            id="pin",
            name="pin",
            inputmode="numeric",
            pattern="[0-9]{6}",
            maxlength=6,
            autocomplete="one-time-code",
            required=True,
            autofocus=True,
            class_="pin",
        ),
        button(words.pin_open),
        method="post",
        action="/pin",
    )
    return page(
        visit,
        words.pin_title,
        tag("p", wait, class_="message bad", role="alert") if visit.wait_s else None,
        entry,
        tag("p", words.pin_hint, class_="note"),
        is_inside=False,
        status=403 if visit.is_bad or visit.wait_s else 200,
    )
