"""The checks: each line appears as it is known, with what to do when it is red."""

from collections.abc import Sequence

from edge_agent.language import Language
from edge_agent.phone.asked import Answer, see
from edge_agent.phone.cabinet import Cabinet
from edge_agent.phone.faults import said
from edge_agent.phone.frame import WORKING_S, badge, busy, button, form, live, page
from edge_agent.phone.html import Html, tag
from edge_agent.phone.jobs import Job
from edge_agent.phone.page_words import WORDS, Words
from edge_agent.phone.tools import CheckLine
from edge_agent.phone.visit import Visit


def page_of(visit: Visit) -> Answer:
    """What was found, and what is looked at just now."""
    words = WORDS[visit.asked.language]
    jobs = visit.cabinet.jobs
    job = jobs.running()
    if job is not None and job.name == "checks":
        lines: list[CheckLine] = list(job.found)  # type: ignore[arg-type]  # only the checks put something in
        now = tag("p", words.looking_at.format(what=job.now), class_="note")
        stopping = form(visit, "/checks/stop", button(words.checks_stop, is_main=False))
        return page(
            visit,
            words.checks_title,
            live("lines", _list(lines, words), now, says=True),
            stopping,
            renew_s=WORKING_S,
        )
    last = jobs.last("checks")
    if last is not None and last.failure and not visit.message:
        visit = visit._replace(message=said(last.failure, visit.asked.language), is_bad=True)
    done = visit.cabinet.checks
    return page(
        visit,
        words.checks_title,
        _verdict(done, words) if done else None,
        _list(done, words) if done else None,
        form(visit, "/checks/run", button(words.checks_again if done else words.checks_run)),
    )


def run(visit: Visit) -> Answer:
    """Begin."""
    cabinet, language = visit.cabinet, visit.asked.language
    if not cabinet.jobs.start("checks", lambda job: _run(job, cabinet, language)):
        return page_of(visit._replace(message=busy(visit), is_bad=True))
    return see("/checks")


def stop(visit: Visit) -> Answer:
    """End them after the line that is looked at."""
    job = visit.cabinet.jobs.running()
    if job is not None and job.name == "checks":
        job.stop()
        job.wait()
    return see("/checks")


def _run(job: Job, cabinet: Cabinet, language: Language) -> None:
    lines: list[CheckLine] = []
    cabinet.checks = lines

    def on_begin(label: str) -> None:
        job.now = label

    for line in cabinet.tools.checks(cabinet.config, language, on_begin):
        lines.append(line)
        job.found.append(line)
        if job.is_stopped():
            return
    cabinet.checks = lines


def _verdict(lines: Sequence[CheckLine], words: Words) -> Html:
    red = sum(line.state == "fail" for line in lines)
    yellow = sum(line.state == "warn" for line in lines)
    if red:
        return tag("p", words.some_red.format(number=red), class_="big message bad", role="status")
    text = words.no_red.format(number=yellow) if yellow else words.all_green
    return tag("p", text, class_="big message good", role="status")


def _list(lines: Sequence[CheckLine], words: Words) -> Html:
    return tag("ul", *(_line(line, words) for line in lines), class_="lines")


def _line(line: CheckLine, words: Words) -> Html:
    advice = [tag("p", each, class_="remedy") for each in line.remedy.splitlines() if each.strip()]
    return tag(
        "li",
        tag("p", badge(line.state, words.check_states[line.state]), " ", tag("b", line.label)),
        tag("p", line.text),
        *advice,
        class_=line.state,
    )
