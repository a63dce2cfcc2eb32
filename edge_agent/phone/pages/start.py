"""The start: all steps with their state."""

from collections.abc import Iterator
from typing import NamedTuple

from edge_agent.config import is_there
from edge_agent.language import Language
from edge_agent.phone.asked import Answer
from edge_agent.phone.cabinet import Cabinet, faults_of
from edge_agent.phone.checklist import signed_before, when_of
from edge_agent.phone.faults import said
from edge_agent.phone.frame import WATCHING_S, badge, live, page
from edge_agent.phone.html import tag
from edge_agent.phone.visit import Visit
from edge_agent.phone.words import WORDS, Words
from edge_agent.status_document import StatusDocument
from edge_agent.status_page import NoStatusError, ask_agent
from edge_agent.status_words import WORDS as STATUS_WORDS
from edge_agent.status_words import Words as StatusWords
from edge_agent.status_words import span_in


class Step(NamedTuple):
    """One step: its page, its state and what is to say about it."""

    name: str
    state: str
    note: str


def page_of(visit: Visit) -> Answer:
    """All steps, and why agent.toml cannot be used if it cannot."""
    words = WORDS[visit.asked.language]
    steps = [
        tag(
            "li",
            tag(
                "a",
                tag(
                    "span",
                    tag("b", words.step_names[each.name]),
                    tag("span", each.note, class_="note"),
                    class_="what",
                ),
                badge(each.state, words.states[each.state]),
                href=f"/{each.name}",
            ),
        )
        for each in steps_of(visit.cabinet, visit.asked.language)
    ]
    faults = faults_of(visit.cabinet) if is_there(visit.cabinet.config) else []
    trouble = tag(
        "div", tag("p", words.config_faults), *(tag("p", each) for each in faults), class_="message bad"
    )
    content = tag("nav", tag("ol", *steps, class_="steps"), aria_label=words.steps)
    return page(
        visit, words.start_title, live("steps", trouble if faults else None, content), renew_s=WATCHING_S
    )


def steps_of(cabinet: Cabinet, language: Language) -> Iterator[Step]:
    """The steps in the order of the work."""
    words, status_words = WORDS[language], STATUS_WORDS[language]
    station = cabinet.station()
    if station.is_enrolled:
        yield Step("station", "done", words.enrolled.format(host=station.broker))
    else:
        yield Step(
            "station", "open", words.no_password if station.id and station.broker else words.not_enrolled
        )
    job = cabinet.jobs.running()
    if job is not None and job.name == "scan":
        yield Step("meters", "running", job.now)
    else:
        some = words.meters.format(number=station.meters)
        yield Step("meters", *(("done", some) if station.meters else ("open", words.no_meters)))
    look = cabinet.last_look
    if look is None:
        yield Step("live", "open", words.values_unseen)
    elif look.bad or look.trouble:
        trouble = said(look.trouble, language) if look.trouble else ""
        yield Step("live", "wrong", trouble or words.values_bad.format(list=", ".join(look.bad)))
    else:
        yield Step("live", "done", words.values_good)
    yield _checks(cabinet, words)
    status = status_of(cabinet, status_words)
    if status is not None and status.link.connected and status.link.last_ack_s is not None:
        ago = status_words.ago.format(span=span_in(status_words, status.link.last_ack_s))
        yield Step("link", "done", words.link_up.format(ago=ago))
    else:
        yield Step("link", "open", words.link_down)
    signed = cabinet.signed or signed_before(cabinet.data, station.id)
    yield Step(
        "finish",
        *(("done", words.signed.format(when=when_of(signed))) if signed else ("open", words.unsigned)),
    )


def _checks(cabinet: Cabinet, words: Words) -> Step:
    job = cabinet.jobs.running()
    if job is not None and job.name == "checks":
        return Step("checks", "running", words.checks_running)
    states = [each.state for each in cabinet.checks]
    if not states:
        return Step("checks", "open", words.checks_unseen)
    if "fail" in states:
        return Step("checks", "wrong", words.checks_red.format(number=states.count("fail")))
    if "warn" in states:
        return Step("checks", "warn", words.checks_yellow.format(number=states.count("warn")))
    return Step("checks", "done", words.checks_green)


def status_of(cabinet: Cabinet, words: StatusWords) -> StatusDocument | None:
    """What the running agent says of itself; None if none says anything."""
    try:
        return ask_agent(cabinet.control, words)[1]
    except NoStatusError:
        return None
