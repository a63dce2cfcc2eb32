"""The signed checklist as one A4 page."""

from collections.abc import Sequence
from datetime import datetime

from edge_agent.language import Language
from edge_agent.phone.checklist import Checklist, Meter, SignedFile
from edge_agent.phone.checklist_words import Words
from edge_agent.phone.html import Html, tag
from edge_agent.phone.page_words import WORDS as PAGE_WORDS
from edge_agent.phone.pages.figures import figure, with_unit
from telemetry.quantities import BY_NAME, NAMES_BY_KIND, TOTAL_BY_KIND

FAR_APART, FAR_SHARE = 1.0, 0.01
"""A counter and its display may differ by 1 (kWh, m³), or by one per cent."""


def paper(file: SignedFile, words: Words, language: Language) -> Html:
    """All of a file for people."""
    checklist = file.content.checklist
    unsure = "" if checklist.clock_is_set else f" {words.clock_unsure}"
    head = [
        (words.station, f"{checklist.station} {checklist.name}"),
        (words.when, local(checklist.signed_at) + unsure),
        (words.by, checklist.installer),
        *([(words.note, checklist.note)] if checklist.note else []),
    ]
    items = [
        (text, words.yes if checklist.items.get(item) else words.no) for item, text in words.items.items()
    ]
    if file.content.algorithm:
        signature = words.signed_by.format(station=checklist.station, algorithm=file.content.algorithm)
    else:
        signature = words.unsigned
    return tag(
        "div",
        _table(words.station, head),
        _table(words.item, items),
        _table(words.meter, [(_name(each), _reading(each, words, language)) for each in checklist.meters]),
        _table(
            words.measured,
            [
                (words.scan, _scan(checklist, words)),
                (words.checks, _checks(checklist, words)),
                (words.link, _link(checklist, words)),
            ],
        ),
        tag("h2", words.signature),
        tag("p", signature),
        tag("p", words.hash, " ", file.sha256, class_="mono"),
        tag("p", tag("span", words.hand), tag("span", words.date), class_="line"),
        class_="paper",
    )


def local(instant: str) -> str:
    """An instant of a file as the box's own time."""
    try:
        return f"{datetime.fromisoformat(instant).astimezone():%Y-%m-%d %H:%M %z}"
    except (ValueError, OverflowError):
        return instant


def _table(title: str, rows: Sequence[tuple[object, object]]) -> Html:
    lines = (tag("tr", tag("th", name, scope="row"), tag("td", text)) for name, text in rows)
    return tag("table", tag("caption", title), tag("tbody", *lines))


def _name(meter: Meter) -> Html:
    line = f"{meter.unit_id} · {meter.line}"
    return tag("span", tag("b", meter.id), tag("br"), meter.profile, tag("br"), line)


def _reading(meter: Meter, words: Words, language: Language) -> Html:
    quantities = PAGE_WORDS[language].quantities
    values = words.semicolon.join(
        f"{quantities[name]} {with_unit(name, meter.values[name])}"
        for name in NAMES_BY_KIND[meter.kind]
        if name in meter.values
    )
    lines: list[object] = [values or words.not_seen]
    if meter.parameters:
        answers = words.comma.join(f"{key} = {value}" for key, value in meter.parameters.items())
        lines += [tag("br"), words.parameters.format(list=answers)]
    total = TOTAL_BY_KIND[meter.kind]
    ours = meter.values.get(total)
    if meter.display is not None:
        lines += [tag("br"), f"{words.display} {meter.display:,g} {BY_NAME[total].unit}"]
        if ours is not None:
            apart = f"{words.difference} {figure(total, ours - meter.display)}"
            lines += [words.comma, tag("b", "✕ ", apart) if _is_far(ours, meter.display) else apart]
    return tag("span", *lines)


def _is_far(ours: float, display: float) -> bool:
    """Whether two readings of a counter cannot be the same, also if some time lies between them."""
    return abs(ours - display) > max(FAR_APART, FAR_SHARE * abs(display))


def _scan(checklist: Checklist, words: Words) -> str:
    ports = [
        f"{each.port}{words.colon}{words.comma.join(each.units + each.remarks) or '–'}"
        for each in checklist.scan
    ]
    return words.semicolon.join(ports) or words.no_scan


def _checks(checklist: Checklist, words: Words) -> Html:
    """What is not fine line by line, then the rest in one."""
    if not checklist.checks:
        return tag("span", words.no_checks)
    parts: list[object] = []
    for state, said in words.check_states.items():
        lines = [each for each in checklist.checks if each.state == state]
        if state in ("fail", "warn"):
            texts = [f"{said}{words.colon}{each.label}{words.comma}{each.text}" for each in lines]
        else:
            texts = [f"{said}{words.colon}{words.comma.join(each.label for each in lines)}"] if lines else []
        parts += [(text, tag("br")) for text in texts]
    return tag("span", *parts)


def _link(checklist: Checklist, words: Words) -> str:
    link = checklist.link
    if link is None:
        return words.link_none
    if not link.connected or link.last_ack_s is None:
        return words.link_down.format(number=link.backlog)
    return words.link_up.format(seconds=link.last_ack_s, number=link.backlog)
