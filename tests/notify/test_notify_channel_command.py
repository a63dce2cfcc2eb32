"""`qingliu alerting test-channel`: what it sends, says and never shows."""

import argparse
import json

import pytest

from alerting import test_channel_command as command

SECRET = "tok3n-of-the-gateway"


@pytest.fixture
def run(tmp_path, capsys):
    """Runs the command with the channels given as TOML; gives code, output and complaints."""

    def with_channels(channels, *words, language="zh-CN"):
        config = tmp_path / "centre.toml"
        config.write_text(
            f'[centre]\nlanguage = "{language}"\n[registry]\nurl = "sqlite:///{tmp_path}/r.db"\n'
            f'[mqtt]\nhost = "127.0.0.1"\n[notify]\nchannels = [{channels}]\n'
        )
        parser = argparse.ArgumentParser("qingliu alerting test-channel")
        command.register(parser)
        arguments = parser.parse_args([*words, "--config", str(config)])
        code = arguments.run(arguments)
        said = capsys.readouterr()
        return code, said.out, said.err

    return with_channels


def test_one_channel_or_all_get_a_message_at_once(run, web, mail):
    channels = (
        f'{{name="desk", url="{web.url}", hours="03:00-03:01", level=3}}, {{name="mail", url="{mail.url}"}}'
    )
    code, out, err = run(channels, "desk")
    assert (code, err, len(web.got), mail.got) == (0, "", 1, [])
    assert out.startswith("desk：已发出，用时 ")
    assert web.got[0]["title"] == "【清流】试发消息"
    code, out, _ = run(channels, "--json", language="en")
    assert code == 0
    assert [(each["channel"], each["sent"], each["error"]) for each in json.loads(out)] == [
        ("desk", True, None), ("mail", True, None),
    ]  # fmt: skip
    assert mail.got[0]["Subject"] == "[Qingliu] test message"


def test_a_channel_that_fails_is_said_without_its_address(run, web, tmp_path):
    web.status = 500
    file = tmp_path / "desk.url"
    file.write_text(web.url)
    for words in ((), ("--json",)):
        code, out, err = run(f'{{name="desk", url="{file}"}}', *words, language="en")
        assert (code, err) == (1, "")
        assert "HTTP 500" in out
        assert SECRET not in out
        assert str(web.port) not in out
    assert run(f'"{web.url}"')[1] == "channel-1：未发出：HTTP 500\n"


def test_the_list_shows_routes_and_the_kind_of_the_address_alone(run, web):
    channels = f'{{name="desk", url="{web.url}", counties=["410882", "410823"], tells=["alarms"]}}'
    code, out, _ = run(channels, "--list")
    assert (code, web.got) == (0, [])
    assert out.splitlines() == [
        "渠道  类型  最低级别  时段  层级  内容    县区           语言",
        "desk  json  medium    -     1     alarms  410882 410823  zh-CN",
    ]
    (listed,) = json.loads(run(channels, "--list", "--json")[1])
    assert (listed["channel"], listed["kind"], listed["tells"]) == ("desk", "json", ["alarms"])
    assert SECRET not in out + json.dumps(listed)


def test_an_unknown_name_and_no_channels_are_said_in_one_line(run, web):
    code, out, err = run(f'{{name="desk", url="{web.url}"}}', "dsek")
    assert (code, out) == (2, "")
    assert err == (
        "qingliu alerting test-channel: NAME: must be a channel of [notify] (got 'dsek'). Known: desk.\n"
    )
    assert run("")[:2] == (0, "[notify] 中没有配置渠道\n")
    assert run("", "--json")[:2] == (0, "[]\n")
    assert run("", "desk")[0] == 2
