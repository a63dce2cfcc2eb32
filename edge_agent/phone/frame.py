"""What all pages share: head, language switch, time left, messages, and forms that carry their token."""

import math
from collections.abc import Mapping

from edge_agent.phone.asked import EMPTY, HTML, Answer
from edge_agent.phone.html import Html, document, joined, tag
from edge_agent.phone.visit import Visit
from edge_agent.phone.words import WORDS

WORKING_S, WATCHING_S = 1, 3
"""How often a page renews itself: where a job is under way, and where something may change meanwhile."""


def page(
    visit: Visit, title: str, *content: object, renew_s: int = 0, is_inside: bool = True, status: int = 200
) -> Answer:
    """A whole page.

    Args:
        visit: the request.
        title: its heading.
        content: what stands below; what changes by itself is made with `live`.
        renew_s: how often it renews itself, in seconds; 0 if it does not.
        is_inside: whether the visitor has passed the gate.
        status: of HTTP.
    """
    words = WORDS[visit.asked.language]
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"{title} · {words.product}"),
        tag("link", rel="stylesheet", href="/static/phone.css"),
        tag("link", rel="icon", href="/static/phone.svg", type="image/svg+xml"),
        tag("noscript", tag("meta", http_equiv="refresh", content="5")) if renew_s else None,
    )
    message = tag("p", visit.message, class_="message bad" if visit.is_bad else "message good", role="alert")
    body = tag(
        "body",
        tag("a", words.skip, href="#main", class_="skip"),
        _header(visit, is_inside=is_inside),
        tag("p", words.lost, id="lost", class_="message bad", role="status", hidden=True),
        tag(
            "main",
            tag("p", tag("a", "‹ ", words.back, href="/", class_="back"))
            if is_inside and visit.asked.path != "/"
            else None,
            tag("h1", title),
            message if visit.message else None,
            *content,
            _onward(visit) if is_inside else None,
            id="main",
            tabindex="-1",
        ),
        _footer(visit) if is_inside else None,
        tag("script", src="/static/phone.js", defer=True),
        data_renew=renew_s or None,
        data_page=_here(visit),
    )
    return Answer(status, document(visit.asked.language, head, body), HTML)


def live(name: str, *content: object, says: bool = False) -> Html:
    """A part of a page that renews itself; `says` if a screen reader shall tell its changes."""
    return tag("div", *content, id=name, data_live=True, aria_live="polite" if says else None)


def form(visit: Visit, action: str, *content: object, is_upload: bool = False) -> Html:
    """A form that changes something."""
    token = tag("input", type="hidden", name="token", value=visit.asked.token)
    kind = "multipart/form-data" if is_upload else None
    return tag("form", token, *content, method="post", action=action, enctype=kind)


def button(text: str, *, is_main: bool = True, name: str | None = None, value: str | None = None) -> Html:
    """A big button."""
    return tag("button", text, class_="main" if is_main else "side", type="submit", name=name, value=value)


def field(name: str, label: str, value: str = "", *, help_: str = "", **attributes: object) -> Html:
    """A line to fill in, with its label above and help below."""
    help_id = f"{name}-help" if help_ else None
    return tag(
        "p",
        tag("label", label, for_=name),
        tag("input", id=name, name=name, value=value, aria_describedby=help_id, **attributes),
        tag("span", help_, id=help_id, class_="help") if help_ else None,
        class_="field",
    )


def tick(name: str, value: str, label: object, *, is_ticked: bool = False) -> Html:
    """A box to tick, as big as its label."""
    box = tag("input", type="checkbox", name=name, value=value, checked=is_ticked)
    return tag("label", box, tag("span", label), class_="tick")


def choice(name: str, label: str, groups: Mapping[str, Mapping[str, str]], chosen: str) -> Html:
    """One of many, in groups: group by name, then label by value."""
    options = [
        tag("optgroup", *(_option(value, text, chosen) for value, text in group.items()), label=title)
        if title
        else joined(*(_option(value, text, chosen) for value, text in group.items()))
        for title, group in groups.items()
    ]
    return tag(
        "p", tag("label", label, for_=name), tag("select", *options, id=name, name=name), class_="field"
    )


def badge(state: str, text: str) -> Html:
    """A state as a mark and a word."""
    marks = {"done": "✓", "ok": "✓", "wrong": "✕", "fail": "✕", "warn": "!", "running": "…"}
    mark = tag("span", marks.get(state, "○"), class_="mark", aria_hidden="true")
    return tag("span", mark, " ", text, class_=f"badge {state}")


def busy(visit: Visit) -> str:
    """What to say where a job under way is in the way of what was asked."""
    words = WORDS[visit.asked.language]
    job = visit.cabinet.jobs.running()
    return words.stale if job is None else words.busy.format(what=words.jobs[job.name])


def _option(value: str, text: str, chosen: str) -> Html:
    return tag("option", text, value=value, selected=value == chosen)


def _header(visit: Visit, *, is_inside: bool) -> Html:
    words = WORDS[visit.asked.language]
    other = "en" if visit.asked.language == "zh-CN" else "zh-CN"
    switch = tag(
        "a",
        words.other_language,
        href=f"{_here(visit)}?language={other}",
        lang=other,
        hreflang=other,
        class_="language",
    )
    if not is_inside:  # who the station is, is nobody's business yet
        return tag("header", tag("p", words.product, class_="who"), switch)
    station = visit.cabinet.station()
    name = station.name or (words.nameless if station.id else words.no_station)
    return tag("header", tag("p", tag("b", name), " ", tag("span", station.id), class_="who"), switch)


def _onward(visit: Visit) -> Html | None:
    """The way to the next step, below a step's own page."""
    words = WORDS[visit.asked.language]
    steps = list(words.step_names)
    place = _here(visit).removeprefix("/")
    if place not in steps[:-1]:
        return None
    name = steps[steps.index(place) + 1]
    text = words.onward.format(step=words.step_names[name])
    return tag("p", tag("a", text, " ›", href=f"/{name}", class_="back"), class_="onward")


def _here(visit: Visit) -> str:
    """The page's own path, also where it is the answer to a form."""
    path = visit.asked.path
    return path if visit.asked.form is EMPTY else "/" + path.split("/")[1]


def _footer(visit: Visit) -> Html:
    words = WORDS[visit.asked.language]
    left = words.left.format(minutes=math.ceil(visit.left_s / 60))
    longer = words.longer.format(minutes=round(visit.open_s / 60))
    return tag(
        "footer",
        live("left", tag("p", left)),
        form(
            visit,
            "/longer",
            tag("input", type="hidden", name="back", value=_here(visit)),
            button(longer, is_main=False),
        ),
    )
