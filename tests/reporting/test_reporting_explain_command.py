"""`qingliu report explain` from outside."""

import argparse
import json

import pytest
from reporting_centre import OCTOBER

from reporting import explain_command

A = "410882-0002"


@pytest.fixture
def ask(city, capsys):
    config = city.folder.parent / "centre.toml"
    url = f"sqlite:///{city.folder.parent}/registry.db"
    config.write_text(f'[mqtt]\nhost = "127.0.0.1"\ntls = false\n[registry]\nurl = "{url}"\n')

    def asked(*words):
        parser = argparse.ArgumentParser(prog="qingliu report explain")
        explain_command.register(parser)
        arguments = parser.parse_args([*words, "--config", str(config)])
        code = arguments.run(arguments)
        said = capsys.readouterr()
        return code, said.out, said.err

    return asked


def test_a_month_is_printed_without_colour_where_no_terminal_is(ask):
    code, out, err = ask(A, str(OCTOBER))
    assert (code, err) == (0, "")
    assert "判定  非正常" in out
    assert "25 / 31 = 80.65 %" in out
    assert "\x1b" not in out
    assert "25 / 31 = 80.65 %" in ask(A, str(OCTOBER), "--language", "en")[1]
    assert "Judgement  not normal" in ask(A, str(OCTOBER), "--language", "en")[1]


def test_for_machines(ask):
    data = json.loads(ask(A, str(OCTOBER), "--json")[1])
    assert (data["station"], data["K"], data["R"], data["judgement"]) == (A, 31, 25, "not_normal")
    assert {each["code"] for each in data["conditions"] if each["decides"]} == {
        "running_share", "longest_stop",
    }  # fmt: skip
    assert len(data["days"]) == 31


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ((A, "2026-13"), "MONTH: must be a month such as 2026-10 (got '2026-13'). Write year and month."),
        ((A, "9999-12"), "MONTH: must lie in the years 2000 to 2999 (got '9999-12'). Write year and month."),
        (("nobody", "2026-10"),
         "STATION: is not on the register (got 'nobody'). See qingliu stations list."),
        (("410823-0006", "2026-10"),
         "STATION: is to be checked and does not count yet (got '410823-0006'). Import it first."),
    ],
)  # fmt: skip
def test_what_cannot_be_explained(ask, words, line):
    assert ask(*words) == (2, "", f"qingliu report explain: {line}\n")
