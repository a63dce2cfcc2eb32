"""Which meter is which: take the choice, ask what the profiles want to know, write agent.toml."""

from collections.abc import Sequence

from edge_agent.commissioning.answers import answer_rule, answer_to, help_of, shown
from edge_agent.commissioning.config_file import backup_of
from edge_agent.commissioning.setup_words import WORDS as SETUP_WORDS
from edge_agent.config import Agent
from edge_agent.phone.asked import Answer, see
from edge_agent.phone.cabinet import Cabinet, Selected
from edge_agent.phone.faults import EXPECTED, said
from edge_agent.phone.frame import busy, button, choice, field, form, page
from edge_agent.phone.html import Html, tag
from edge_agent.phone.meters_words import WORDS, Words
from edge_agent.phone.pages.meters import again, mark
from edge_agent.phone.tools import Answered
from edge_agent.phone.visit import Visit
from edge_agent.phone.words import WORDS as FRAME_WORDS
from edge_agent.profile import Parameter, Profile
from edge_agent.profile_file import load_profile, profile_names
from edge_agent.status_page import NoStatusError, ask_agent
from edge_agent.status_words import WORDS as STATUS_WORDS
from service.settings import SettingsError


def choose(visit: Visit) -> Answer:
    """Take the choice of profiles."""
    cabinet, words = visit.cabinet, WORDS[visit.asked.language]
    chosen = []
    known = set(profile_names(cabinet.profiles))
    for index, (each, unit) in enumerate(cabinet.units()):
        profile = visit.asked.form.text(f"unit-{index}")
        if profile in known:
            chosen.append(Selected(each, unit, profile))
    if visit.asked.form.text("scan") != mark(cabinet):
        return again(visit, FRAME_WORDS[visit.asked.language].stale)
    if not chosen:
        return again(visit, words.none_chosen)
    for each in cabinet.scans:
        units = [one.unit for one in chosen if one.scan is each]
        fault = cabinet.tools.conflict(each, units, visit.asked.language)
        if fault:
            return again(visit, fault)
    cabinet.selected = tuple(chosen)
    cabinet.kept = tuple(visit.asked.form.all("keep"))
    return see("/meters/answers")


def answers_page(visit: Visit) -> Answer:
    """Ask what the chosen profiles want to know."""
    words = WORDS[visit.asked.language]
    if not visit.cabinet.selected:
        return see("/meters")
    selected = visit.cabinet.selected
    chosen = tag("input", type="hidden", name="chosen", value=_mark(selected))
    cards = [_questions(visit, index, each, words) for index, each in enumerate(selected)]
    return page(visit, words.answers_title, form(visit, "/meters/save", chosen, *cards, button(words.save)))


def save(visit: Visit) -> Answer:
    """Write agent.toml, or say what is wrong with an answer."""
    cabinet, language = visit.cabinet, visit.asked.language
    setup_words = SETUP_WORDS[language]
    if not cabinet.selected or visit.asked.form.text("chosen") != _mark(cabinet.selected):
        return again(visit, FRAME_WORDS[language].stale)
    answered = []
    for index, each in enumerate(cabinet.selected):
        given: dict[str, float | str] = {}
        profile = _profile(cabinet, each.profile)
        for key, parameter in profile.parameters.items():
            text = visit.asked.form.text(f"{index}-{key}")
            answer = answer_to(parameter, text) if text else parameter.default
            if answer is None:
                fault = answer_rule(key, parameter, text, setup_words)
                return answers_page(visit._replace(message=fault, is_bad=True))
            if answer != parameter.default:
                given[key] = answer
        answered.append(Answered(each.scan, each.unit, profile, given))
    if cabinet.jobs.running():
        return again(visit, busy(visit))
    try:
        cabinet.tools.write_meters(cabinet.config, cabinet.scans, answered, cabinet.kept, language)
    except EXPECTED as error:
        return answers_page(visit._replace(message=said(error, language), is_bad=True))
    cabinet.meters_changed()
    return see("/meters/saved")


def saved_page(visit: Visit) -> Answer:
    """Say what stands in agent.toml now, and what the running agent needs."""
    words = WORDS[visit.asked.language]
    try:
        agent = visit.cabinet.agent()
    except SettingsError as error:
        return again(visit, said(error, visit.asked.language))
    backup = backup_of(visit.cabinet.config)
    return page(
        visit,
        words.saved_title,
        tag("p", words.saved),
        tag("ul", *(tag("li", each) for each in _named(agent, words)), class_="plain"),
        tag("p", words.backup.format(path=backup), class_="note") if backup.exists() else None,
        _restart(visit, words),
        tag("a", words.to_live, href="/live", class_="button main"),
    )


def _restart(visit: Visit, words: Words) -> Html:
    try:
        ask_agent(visit.cabinet.control, STATUS_WORDS[visit.asked.language])
    except NoStatusError:
        return tag("p", words.not_running, class_="note")
    return tag(
        "div",
        tag("p", words.restart),
        tag("p", words.restart_how, tag("br"), tag("code", "sudo systemctl try-restart qingliu-agent")),
        class_="message",
    )


def _named(agent: Agent, words: Words) -> list[str]:
    return [
        f"{each.settings.id} · {each.profile.maker} {each.profile.model} · "
        + words.unit.format(unit=each.settings.unit_id, line=each.settings.bus)
        for each in agent.devices
    ]


def _questions(visit: Visit, index: int, each: Selected, words: Words) -> Html:
    profile = _profile(visit.cabinet, each.profile)
    asked = [
        _question(visit, f"{index}-{key}", key, parameter, words)
        for key, parameter in profile.parameters.items()
    ]
    return tag(
        "div",
        tag("h2", f"{profile.maker} {profile.model}"),
        tag("p", words.unit.format(unit=each.unit.unit_id, line=each.unit.line), class_="note"),
        *(asked or [tag("p", words.answers_none)]),
        class_="card",
    )


def _question(visit: Visit, name: str, key: str, parameter: Parameter, words: Words) -> Html:
    usual = "" if parameter.default is None else shown(parameter.default)
    value = visit.asked.form.text(name) or usual
    told = help_of(parameter, SETUP_WORDS[visit.asked.language])
    if parameter.choices:
        options = {each: each for each in parameter.choices}
        if not usual:
            options = {"": "–"} | options
        return tag("div", choice(name, key, {"": options}, value), tag("span", told, class_="help"))
    if usual:
        told = f"{told} ({words.default.format(value=usual)})"
    return field(name, key, value, help_=told, inputmode="decimal", autocomplete="off")


def _mark(selected: Sequence[Selected]) -> str:
    """Which choice the answers are about: another phone may have made another one meanwhile."""
    return "/".join(
        f"{each.scan.port} {each.unit.unit_id} {each.unit.line} {each.profile}" for each in selected
    )


def _profile(cabinet: Cabinet, name: str) -> Profile:
    return load_profile(name, cabinet.profiles)
