"""`qingliu console add-user` and its kin: what they do, what they refuse, and that no password is shown."""

import io
import json
from contextlib import closing

import pytest
from fresh_registry import fresh_registry

from qingliu.cli import main
from registry.database import Registry
from registry.passwords import Passwords
from registry.tables import Audit, Company, County, User

PASSWORD = "静水流深 flows deep"


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "centre.toml"
    path.write_text(
        f'[registry]\nurl = "sqlite:///{tmp_path}/registry.db"\n[mqtt]\nhost = "127.0.0.1"\ntls = false\n',
        encoding="utf-8",
    )
    with (
        closing(fresh_registry(f"sqlite:///{tmp_path}/registry.db")) as registry,
        registry.writing() as session,
    ):
        session.add_all([County(code="410823", name="武陟县"), County(code="410882", name="沁阳市")])
        session.add(Company(id=1, name="甲运维（虚构）"))
    return path


@pytest.fixture
def password_file(tmp_path):
    path = tmp_path / "password"
    path.write_text(f"{PASSWORD}\r\nanother line\n", encoding="utf-8")
    return path


@pytest.fixture
def run(config, password_file):
    def command(name, *words, password=True):
        given = ["--password-file", str(password_file)] if password else []
        return main(["console", name, *words, *given, "--config", str(config)])

    return command


def kept(tmp_path):
    with (
        closing(Registry(f"sqlite:///{tmp_path}/registry.db")) as registry,
        registry.reading() as session,
    ):
        return session.query(User).all(), session.query(Audit).all()


def test_accounts_are_made_listed_shut_and_opened(run, tmp_path, capfd):
    assert run("add-user", "王工", "--role", "admin") == 0
    assert run("add-user", "li", "--role", "operator", "--counties", "410882, 410823") == 0
    assert run("add-user", "jia", "--role", "contractor", "--company", "甲运维（虚构）") == 0
    assert run("disable-user", "li", password=False) == 0
    capfd.readouterr()
    assert run("users", password=False) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[0] == "jia  contractor  甲运维（虚构）"
    assert lines[1].startswith("li  operator  410823,410882  disabled 20")
    assert lines[2] == "王工  admin  all counties"
    assert run("enable-user", "li", password=False) == 0
    capfd.readouterr()
    assert run("users", "--json", password=False) == 0
    (listed,) = [each for each in json.loads(capfd.readouterr().out) if each["name"] == "li"]
    assert (listed["role"], listed["counties"], listed["disabled_ms"]) == (
        "operator",
        ["410823", "410882"],
        None,
    )
    users, trail = kept(tmp_path)
    assert all(Passwords().check(user.password_hash, PASSWORD).is_right for user in users)
    assert {row.actor[:4] for row in trail} == {"cli:"}
    assert PASSWORD not in str([(row.before, row.after) for row in trail])


def test_a_password_is_asked_for_twice_or_read_from_stdin(run, config, tmp_path, capfd, monkeypatch):
    asked = []
    answers = iter([PASSWORD, PASSWORD, PASSWORD, "something else"])
    monkeypatch.setattr("getpass.getpass", lambda prompt: asked.append(prompt) or next(answers))
    assert run("add-user", "wang", "--role", "viewer", password=False) == 0
    assert asked == ["password: ", "once more: "]
    assert run("set-password", "wang", password=False) == 2
    assert capfd.readouterr().err == "qingliu console set-password: the two passwords differ\n"
    monkeypatch.setattr("sys.stdin", io.StringIO("水落石出 月小山高 也\n"))
    assert main(["console", "set-password", "wang", "--password-file", "-", "--config", str(config)]) == 0
    ((user,), _) = kept(tmp_path)
    assert Passwords().check(user.password_hash, "水落石出 月小山高 也").is_right


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["add-user", "li", "--role", "contractor"],
         "a contractor needs the company whose stations it sees (got li)"),
        (["add-user", "li", "--role", "viewer", "--company", "x"], "only a contractor has a company (got x)"),
        (["add-user", "li", "--role", "viewer", "--counties", "410823,1"],
         "there is no such county on the register (got 1)"),
        (["set-password", "nobody"], "there is no such user (got nobody)"),
        (["disable-user", "nobody"], "there is no such user (got nobody)"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_in_one_line(run, capfd, words, said):
    assert run(*words, password=words[0] != "disable-user") == 2
    assert capfd.readouterr().err == f"qingliu console {words[0]}: {said}\n"


def test_the_last_administrator_of_the_whole_centre_is_not_shut(run, tmp_path, capfd):
    assert run("add-user", "王工", "--role", "admin") == 0
    assert run("add-user", "li", "--role", "admin", "--counties", "410882") == 0
    assert run("add-user", "zhao", "--role", "admin") == 0
    assert run("disable-user", "zhao", password=False) == 0
    capfd.readouterr()
    assert run("disable-user", "王工", password=False) == 2
    assert capfd.readouterr().err == (
        "qingliu console disable-user: at least one administrator of the whole centre must be able to log in"
        " (got 王工)\n"
    )
    users, _ = kept(tmp_path)
    assert [user.name for user in users if user.disabled_ms is None] == ["王工", "li"]
    assert run("enable-user", "zhao", password=False) == 0
    assert run("disable-user", "王工", password=False) == 0


def test_a_weak_password_and_a_missing_file_are_said(run, password_file, tmp_path, capfd):
    password_file.write_text("1234567890\n")
    assert run("add-user", "li", "--role", "viewer") == 2
    assert capfd.readouterr().err.endswith("the password is one of those that are guessed first\n")
    password_file.unlink()
    assert run("add-user", "li", "--role", "viewer") == 2
    assert capfd.readouterr().err == (
        f"qingliu console add-user: --password-file {password_file}: No such file or directory\n"
    )
    assert kept(tmp_path) == ([], [])
    with pytest.raises(SystemExit):
        run("add-user", "li")  # no role is the usual one
