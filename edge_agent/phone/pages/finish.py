"""Finish: what only a person can say, the counters compared with the displays, and the signature."""

import math
from pathlib import Path
from typing import get_args

from edge_agent.phone.asked import JSON, Answer, see
from edge_agent.phone.checklist import ChecklistError, Item, SignedFile, opened, signed_before, when_of
from edge_agent.phone.checklist_words import WORDS, Words
from edge_agent.phone.faults import said
from edge_agent.phone.frame import badge, button, field, form, page, tick
from edge_agent.phone.html import Html, tag
from edge_agent.phone.pages.figures import with_unit
from edge_agent.phone.pages.paper import paper
from edge_agent.phone.pages.start import steps_of
from edge_agent.phone.protocol import Said, checklist_of, put_down
from edge_agent.phone.signature import SignatureError
from edge_agent.phone.visit import Visit
from edge_agent.phone.words import WORDS as FRAME_WORDS
from service.process import UnavailableError
from service.settings import SettingsError
from telemetry.quantities import TOTAL_BY_KIND

ITEMS: tuple[Item, ...] = get_args(Item)
LONGEST_TEXT = 200


def page_of(visit: Visit) -> Answer:
    """The list to tick, what was measured, and the button."""
    words = WORDS[visit.asked.language]
    filled = visit.asked.form
    try:
        visit.cabinet.agent()
    except SettingsError as error:
        visit = visit._replace(message=f"{words.not_ready}\n{said(error, visit.asked.language)}", is_bad=True)
        return page(visit, words.title)
    before = _last(visit)
    ticks = [tick("item", item, words.items[item], is_ticked=item in filled.all("item")) for item in ITEMS]
    return page(
        visit,
        words.title,
        _signed_before(before, words) if before else None,
        form(
            visit,
            "/finish/sign",
            tag("h2", words.tick_title),
            *ticks,
            tag("h2", words.compare),
            *_displays(visit, words),
            tag("h2", words.measured),
            _measured(visit),
            field(
                "installer",
                words.name,
                filled.text("installer"),
                autocomplete="name",
                maxlength=60,
                required=True,
            ),
            field("note", words.note, filled.text("note"), help_=words.note_help, maxlength=LONGEST_TEXT),
            tag("p", words.open_items, class_="note"),
            button(words.sign),
        ),
    )


def sign(visit: Visit) -> Answer:
    """Write it down and sign it, or say why not."""
    words = WORDS[visit.asked.language]
    cabinet, filled = visit.cabinet, visit.asked.form
    installer = " ".join(filled.text("installer").split())
    if not installer or len(installer) > LONGEST_TEXT or not installer.isprintable():
        return _again(visit, words.name_missing)
    displays: dict[str, float] = {}
    try:
        agent = cabinet.agent()
        for device in agent.devices:
            text = filled.text(f"display-{device.settings.id}")
            if text:
                displays[device.settings.id] = _number(text, device.settings.id, words)
        spoken = Said(
            installer,
            " ".join(filled.text("note").split())[:LONGEST_TEXT],
            {item: item in filled.all("item") for item in ITEMS},
            displays,
        )
        checklist = checklist_of(cabinet, agent, spoken)
        cabinet.signed = put_down(cabinet, agent, checklist)
    except (SettingsError, UnavailableError) as error:
        return _again(visit, said(error, visit.asked.language))
    except SignatureError as error:
        return _again(visit, words.errors[error.code].format(detail=error.detail))
    except OSError as error:
        reason = error.strerror or str(error)
        return _again(visit, words.cannot_write.format(path=cabinet.data, reason=reason))
    return see("/finish/paper")


def paper_page(visit: Visit) -> Answer:
    """The signed list as it goes on paper."""
    words = WORDS[visit.asked.language]
    path = _last(visit)
    file = _read(path) if path else None
    if file is None or path is None:
        return page(visit, words.paper_title, tag("p", words.none_signed))
    return page(
        visit,
        words.paper_title,
        paper(file, words, visit.asked.language),
        tag("button", words.print, type="button", class_="main", data_print=True, hidden=True),
        tag("a", words.file, href="/finish/file", class_="button side", download=path.name),
        tag("a", words.again, href="/finish", class_="button side"),
    )


def file_answer(visit: Visit) -> Answer:
    """The file itself."""
    path = _last(visit)
    octets = _octets(path) if path else None
    if octets is None or path is None:
        return see("/finish")
    return Answer(200, octets, JSON, (("Content-Disposition", f'attachment; filename="{path.name}"'),))


def _displays(visit: Visit, words: Words) -> list[Html]:
    look = visit.cabinet.last_look
    seen = {poll.device: poll for poll in look.polls} if look else {}
    fields = []
    for device in visit.cabinet.agent().devices:
        poll = seen.get(device.settings.id)
        total = TOTAL_BY_KIND[device.profile.kind]
        value = poll.values.get(total) if poll else None
        ours = words.not_seen if value is None else words.compare_help.format(value=with_unit(total, value))
        name = f"display-{device.settings.id}"
        label = f"{device.settings.id} · {device.profile.maker} {device.profile.model}"
        fields.append(
            field(
                name, label, visit.asked.form.text(name), help_=ours, inputmode="decimal", autocomplete="off"
            )
        )
    return fields


def _measured(visit: Visit) -> Html:
    language = visit.asked.language
    words = FRAME_WORDS[language]
    steps = steps_of(visit.cabinet, language)
    items = [
        tag(
            "li", tag("p", badge(each.state, words.step_names[each.name])), tag("p", each.note, class_="note")
        )
        for each in steps
        if each.name != "finish"
    ]
    return tag("ul", *items, class_="lines")


def _signed_before(path: Path, words: Words) -> Html:
    link = tag("a", words.before.format(when=when_of(path)), href="/finish/paper", class_="button side")
    return tag("div", link)


def _number(text: str, name: str, words: Words) -> float:
    try:
        number = float(text.replace(",", "").replace(" ", ""))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise UnavailableError(words.wrong_number.format(name=name, value=text))
    return number


def _last(visit: Visit) -> Path | None:
    cabinet = visit.cabinet
    return cabinet.signed or signed_before(cabinet.data, cabinet.station().id)


def _read(path: Path) -> SignedFile | None:
    octets = _octets(path)
    try:
        return None if octets is None else opened(octets)
    except ChecklistError:
        return None


def _octets(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _again(visit: Visit, fault: str) -> Answer:
    return page_of(visit._replace(message=fault, is_bad=True))
