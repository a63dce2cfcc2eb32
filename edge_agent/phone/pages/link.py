"""The link: what the running agent says of its connection, in big words."""

from edge_agent.phone.asked import Answer
from edge_agent.phone.frame import WATCHING_S, badge, live, page
from edge_agent.phone.html import tag
from edge_agent.phone.page_words import WORDS, Words
from edge_agent.phone.visit import Visit
from edge_agent.status_document import StatusDocument
from edge_agent.status_page import NoStatusError, ask_agent
from edge_agent.status_troubles import connection, troubles
from edge_agent.status_words import WORDS as STATUS_WORDS
from edge_agent.status_words import Words as StatusWords
from edge_agent.status_words import span_in


def page_of(visit: Visit) -> Answer:
    """Ask the agent, and say what is wrong first."""
    language = visit.asked.language
    words, status_words = WORDS[language], STATUS_WORDS[language]
    try:
        _, status = ask_agent(visit.cabinet.control, status_words)
    except NoStatusError as error:
        shown: list[object] = [tag("p", words.link_none, class_="big"), tag("p", str(error), class_="note")]
    else:
        shown = _told(status, words, status_words)
    return page(visit, words.link_title, live("link", *shown), renew_s=WATCHING_S)


def _told(status: StatusDocument, words: Words, status_words: StatusWords) -> list[object]:
    found = troubles(status, status_words)
    ill = words.link_ill.format(number=len(found))
    link, outbox = status.link, status.outbox
    ack_s = link.last_ack_s
    ack = status_words.no_ack if ack_s is None else status_words.ago.format(span=span_in(status_words, ack_s))
    waiting = (
        status_words.waiting.format(number=f"{outbox.backlog:,}")
        if outbox.backlog
        else status_words.nothing_waits
    )
    trust = status.clock.trust
    running = status_words.running.format(
        version=status.version, pid=status.pid, span=span_in(status_words, status.uptime_s)
    )
    facts = [
        (words.connection, connection(link, status_words)),
        (words.ack, ack),
        (words.backlog, waiting),
        (words.clock, status_words.trust[trust] if trust else status_words.no_trust),
        (words.agent, running),
    ]
    return [
        tag("p", badge("fail" if found else "ok", ill if found else words.link_well), class_="big"),
        tag(
            "ul",
            *(tag("li", tag("p", tag("b", place)), tag("p", text), class_="fail") for place, text in found),
            class_="lines",
        ),
        tag(
            "dl", *((tag("dt", name), tag("dd", text, class_="big")) for name, text in facts), class_="facts"
        ),
    ]
