"""`qingliu alerting findings`: the list for people in both languages and for machines."""

import argparse
import json
import re
from contextlib import closing
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from fresh_registry import fresh_registry

from alerting import findings_command
from alerting.finding_book import note_findings
from alerting.finding_past import Found
from alerting.finding_rules import CODES
from alerting.findings_command import HELP, register
from registry.finding_words import HEADS, NOTHING, WORDS, hint
from registry.tables import County, Station
from service.civil import day_of
from service.columns import width
from service.process import now_ms
from telemetry.quantities import TOTAL_BY_KIND

ZONE = ZoneInfo("Asia/Shanghai")
A, B = "410882-0001", "410822-0002"
EXCHANGE = {"device": "power-1", "at_ms": 1_790_000_000_000.0, "before": 4321.5, "after": 0.25, "count": 1.0}
HEATER = {"power_factor": 0.991, "cycling": 0.02, "running_kw": 1.1}


@pytest.fixture
def centre(tmp_path):
    """Settings of a centre with three findings of two stations, the language to be named."""
    url = f"sqlite:///{tmp_path}/registry.db"
    today = day_of(now_ms(), ZONE)
    with closing(fresh_registry(url)) as registry, registry.writing() as session:
        session.add_all([County(code="410882", name="沁阳市"), County(code="410822", name="博爱县")])
        session.flush()
        session.add_all(
            [Station(id=A, name="甲村站", county_code="410882"), Station(id=B, name="", county_code="410822")]
        )
        session.flush()
        old, new = today - timedelta(days=40), today - timedelta(days=2)
        note_findings(
            session, B, old, [Found("repeated_sequence", old, {"kind": "flow", "like": "2026-01-02"})], 5
        )
        note_findings(session, B, new, [Found("unannounced_exchange", new, EXCHANGE)], 5)
        found = [Found("heater_like_load", new, HEATER), Found("constant_volume", new, {"days": 10.0})]
        note_findings(session, A, new, found, 7)

    def config(language="zh-CN"):
        path = tmp_path / f"{language}.toml"
        path.write_text(
            f'[centre]\nlanguage = "{language}"\n[registry]\nurl = "{url}"\n[mqtt]\nhost = "127.0.0.1"\n'
        )
        return path

    return config


def run(*words):
    parser = argparse.ArgumentParser(prog="qingliu alerting findings")
    register(parser)
    arguments = parser.parse_args([str(word) for word in words])
    return arguments.run(arguments)


def test_the_table_in_chinese(centre, capsys):
    assert run("--config", centre()) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == list(HEADS["zh-CN"])
    assert [line.split()[0] for line in lines] == [A, A, B]
    assert "沁阳市" in lines[0]
    assert "甲村站" in lines[0]
    assert "疑似电热负载：功率因数 0.991" in lines[1]
    assert "未登记换表" in lines[2]
    assert " -  " in lines[2]
    places = {width(line[: line.index(hint_)]) for line, hint_ in zip(
        [head, *lines], ["线索", "日出水量", "疑似", "表计"], strict=True)}  # fmt: skip
    assert len(places) == 1


def test_the_table_in_english(centre, capsys):
    assert run("--config", centre("en"), "--county", "410882") == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert re.split(r"  +", head) == list(HEADS["en"])
    assert [line.split()[0] for line in lines] == [A, A]
    assert "heater-like load: power factor 0.991, a steady 1.1 kW" in lines[1]


def test_for_machines(centre, capsys):
    assert run("--config", centre("en"), "--json", "--since", "2020-01-01") == 0
    found = json.loads(capsys.readouterr().out)
    assert [(each["station"], each["code"]) for each in found] == [
        (B, "unannounced_exchange"),
        (B, "repeated_sequence"),
        (A, "constant_volume"),
        (A, "heater_like_load"),
    ]
    heater = next(each for each in found if each["code"] == "heater_like_load")
    assert heater["evidence"] == HEATER
    assert heater["county"] == "沁阳市"
    assert date.fromisoformat(heater["last_day"]) == day_of(now_ms(), ZONE) - timedelta(days=2)
    assert heater["hint"].startswith("heater-like load")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_no_findings_are_said(centre, capsys, language):
    assert run("--config", centre(language), "--since", "2999-01-01") == 0
    assert capsys.readouterr().out == f"{NOTHING[language].format(since='2999-01-01')}\n"
    assert run("--config", centre(language), "--since", "2999-01-01", "--json") == 0
    assert json.loads(capsys.readouterr().out) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["--since", "yesterday"],
            r"--since: must be a day such as \d{4}-\d\d-\d\d \(got 'yesterday'\)\. ",
        ),
        (
            ["--county", "999999"],
            r"--county: must be a known county's code \(got '999999'\)\. Choose of: 410822, 4",
        ),
    ],
)
def test_a_mistake_is_one_line_and_2(centre, capsys, words, said):
    assert run("--config", centre(), *words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert re.match(f"qingliu alerting findings: {said}", err)
    assert err.count("\n") == 1


def test_help_has_an_example(capsys):
    with pytest.raises(SystemExit) as ended:
        run("--help")
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert "qingliu alerting findings --since" in text
    assert HELP[1:] in text
    assert findings_command.EXAMPLES in text


def test_every_code_has_words_in_both_languages():
    assert set(CODES) <= set(WORDS)
    for code, texts in WORDS.items():
        assert set(texts) == {"zh-CN", "en"}, code
        assert len({frozenset(re.findall(r"\{(\w+)\}", text)) for text in texts.values()}) == 1, code


def test_words_are_filled_in():
    assert hint("unannounced_exchange", EXCHANGE, "en", ZONE) == (
        "power-1 went from 4321.5 to 0.25 at 2026-09-21 22:13 and no exchange is on record; "
        "check the serial number and enter the exchange"
    )
    scaled = {"what": "running_kw", "before": 1.3, "now": 2.6}
    assert "运行功率（千瓦）由 1.3 变为 2.6" in hint("load_signature_changed", scaled, "zh-CN", ZONE)
    assert "current transformers" in hint("load_signature_changed", scaled | {"scaled_by": 2.0}, "en", ZONE)
    for kind in TOTAL_BY_KIND:
        assert f"{kind} figures" not in hint("repeated_sequence", {"kind": kind}, "zh-CN", ZONE)
    assert "within 1.8%" in hint("constant_volume", {"variation": 0.0176}, "en", ZONE)
    assert "{" not in hint("under_powered", {}, "en", ZONE)
    assert hint("of_a_newer_version", {}, "en", ZONE) == "of_a_newer_version"
