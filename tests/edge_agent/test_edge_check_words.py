"""Every finding has its words in both languages, with the same figures; and every fault of the broker too."""

import string
from typing import get_args

import pytest
from broker_faults import MQTT, every_fault

from edge_agent.commissioning.broker_fault_words import BROKER_FAULTS
from edge_agent.commissioning.check_result import NAMES, Code, Finding, State
from edge_agent.commissioning.check_round_trip import refused
from edge_agent.commissioning.check_wording import worded
from edge_agent.commissioning.check_words import WORDS
from edge_agent.language import LANGUAGES
from service.broker_words import CODES
from telemetry.reading import WHYS


def braces(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)


def test_each_fault_of_the_broker_can_be_said_in_both_languages():
    faults = list(every_fault())
    assert {fault.code for fault in faults} == CODES
    for fault in faults:
        said = [
            worded(refused("login", fault, MQTT.host), WORDS[language], language) for language in LANGUAGES
        ]
        assert all(each.text and each.remedy for each in said)
        assert said[0].text != said[1].text


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_are_complete(language):
    words = WORDS[language]
    assert set(words.states) == set(get_args(State))
    assert set(words.labels) == set(NAMES)
    assert set(words.said) == set(get_args(Code))
    assert set(words.meter_said) == WHYS
    assert set(BROKER_FAULTS[language]) == CODES
    assert not CODES & set(words.said)
    assert not CODES & WHYS


def test_both_languages_have_the_same_fields_and_braces():
    english, chinese = WORDS["en"], WORDS["zh-CN"]
    for code, said in english.said.items():
        assert [braces(each) for each in said] == [braces(each) for each in chinese.said[code]], code
    for code, said in BROKER_FAULTS["en"].items():
        assert [braces(each) for each in said] == [braces(each) for each in BROKER_FAULTS["zh-CN"][code]], (
            code
        )
    for name in ("labels", "meter_said"):
        first, second = getattr(english, name), getattr(chinese, name)
        assert {key: braces(text) for key, text in first.items()} == {
            key: braces(text) for key, text in second.items()
        }
    for name in ("some_wrong", "some_to_see"):
        assert braces(getattr(english, name)) == braces(getattr(chinese, name)) == ["number"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_lines_are_short(language):
    words = WORDS[language]
    for said in (*words.said.values(), *BROKER_FAULTS[language].values()):
        assert all(len(each) <= 100 for each in said), said


def test_instants_at_the_end_of_all_years():
    figures = {"station": "s", "name": "n", "cert_file": "f", "ends": "9999-12-31T23:59:59Z"}
    result = worded(Finding("tls", "warn", "ours_ends_soon", figures=figures), WORDS["en"], "en")
    assert result.text.startswith("our certificate ends ")
