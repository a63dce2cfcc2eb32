"""Everything that the installer's site says exists in both languages, with the same fields to fill in."""

import string
from typing import get_args

import pytest

from edge_agent.commissioning.check_result import State
from edge_agent.phone import checklist_words, meters_words, page_words, web_words, words
from edge_agent.phone.checklist import Item
from telemetry.quantities import BY_NAME
from telemetry.reading import Quality

ROOMS = (words, meters_words, page_words, checklist_words, web_words)


def braces(value):
    if isinstance(value, dict):
        return {key: braces(each) for key, each in value.items()}
    return sorted(name for _, name, _, _ in string.Formatter().parse(value) if name is not None)


def texts(value):
    return list(value.values()) if isinstance(value, dict) else [value]


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.__name__.rpartition(".")[2])
def test_both_languages_say_the_same(room):
    english, chinese = room.WORDS["en"], room.WORDS["zh-CN"]
    for name in english._fields:
        assert braces(getattr(english, name)) == braces(getattr(chinese, name)), name
        assert all(
            texts(getattr(each, name)) and all(texts(getattr(each, name))) for each in (english, chinese)
        ), name


def test_every_code_has_its_word():
    for language in ("en", "zh-CN"):
        page = page_words.WORDS[language]
        assert page.quantities.keys() == BY_NAME.keys()
        assert page.quality.keys() == set(get_args(Quality))
        assert page.check_states.keys() == set(get_args(State))
        paper = checklist_words.WORDS[language]
        assert paper.items.keys() == set(get_args(Item))
        assert paper.check_states.keys() == set(get_args(State))
