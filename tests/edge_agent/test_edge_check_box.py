"""Ports, clock and disk of the box."""

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers import wait_until

from edge_agent.commissioning import check_box
from edge_agent.commissioning.check_box import clock, disk, port
from edge_agent.commissioning.port_users import Holder, holders, lasting_name
from edge_agent.config import BusSettings, OutboxSettings
from service.account import User, may
from simulator.line import PtyLine
from simulator.slave import Line


class Volume(NamedTuple):
    """Of blocks of a megabyte."""

    f_bavail: int
    f_flag: int = 0
    f_frsize: int = 1_000_000


STRANGER = User("nobody", 65_534, frozenset({65_534}))


def nobody() -> None:
    return None


def at(path: object, user=nobody):
    return port("main", BusSettings(port=str(path)), user)


def test_a_port_that_is_fine():
    with PtyLine(Line([])) as line:
        assert at(line.port)[:4] == ("port", "ok", "port_fine", "main")


def test_a_port_that_is_not_there_or_none(tmp_path: Path):
    assert at(tmp_path / "none").code == "port_missing"
    assert at(tmp_path).code == "port_no_serial"
    (tmp_path / "file").touch()
    assert at(tmp_path / "file").code == "port_no_serial"


def test_a_port_that_the_service_may_not_use(monkeypatch):
    with PtyLine(Line([])) as line:
        Path(line.terminal).chmod(0o660)
        monkeypatch.setattr(check_box, "group_name", lambda _gid: "dialout")
        found = at(line.port, lambda: STRANGER)
        assert (found.state, found.code, found.figures["user"]) == (
            "fail",
            "port_forbidden_to_service",
            "nobody",
        )
        monkeypatch.setattr(check_box, "group_name", lambda _gid: "tty")
        console = at(line.port, lambda: STRANGER)
        assert (console.code, console.figures["tty"]) == ("port_console", Path(line.terminal).name)
        gid = Path(line.terminal).stat().st_gid
        assert at(line.port, lambda: STRANGER._replace(gids=frozenset({gid}))).code == "port_fine"


def test_a_port_that_another_program_holds(tmp_path: Path):
    with PtyLine(Line([])) as line:
        words = f"import sys; held = open({line.terminal!r}, 'rb', buffering=0); print('held', flush=True); sys.stdin.read()"  # noqa: E501
        command = [sys.executable, "-c", words]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
            assert program.stdout is not None
            assert program.stdout.readline() == "held\n"
            found = at(line.port)
            assert (found.state, found.code) == ("fail", "port_in_use")
            assert found.figures["pid"] == program.pid
            program.communicate()
        wait_until(lambda: at(line.port).code == "port_fine", "the port is free")


def test_a_running_agent_may_hold_it():
    agent = ("/usr/bin/python3", "/usr/bin/qingliu", "agent", "run", "--config", "/etc/qingliu/agent.toml")
    assert Holder(1, "qingliu", agent).is_agent
    assert Holder(1, "python3", ("python3", "-m", "qingliu", "agent", "run")).is_agent
    assert not Holder(1, "mbpoll", ("mbpoll", "/dev/ttyUSB0")).is_agent


def test_who_holds_a_port_in_a_foreign_proc(tmp_path: Path):
    for pid, more in (("12", []), ("13", ["/dev/ptmx"]), ("self", [])):
        (tmp_path / pid / "fd").mkdir(parents=True)
        for number, target in enumerate(["/dev/ttyNONE", *more]):
            (tmp_path / pid / "fd" / str(number)).symlink_to(target)
        (tmp_path / pid / "cmdline").write_bytes(b"mbpoll\0/dev/ttyNONE\0")
        (tmp_path / pid / "comm").write_text("mbpoll\n")
    found = list(holders(Path("/dev/ttyNONE"), tmp_path))
    assert [(each.pid, each.name) for each in found] == [(12, "mbpoll")]


def test_the_name_that_survives_replugging(tmp_path: Path):
    port = tmp_path / "ttyUSB0"
    port.touch()
    by_id = tmp_path / "by-id"
    assert lasting_name(port, by_id) is None
    by_id.mkdir()
    (by_id / "usb-other").symlink_to(tmp_path / "ttyUSB1")
    (by_id / "usb-ours").symlink_to(port)
    assert lasting_name(port, by_id) == by_id / "usb-ours"


def test_an_unstable_name_is_told(tmp_path: Path, monkeypatch):
    by_id = tmp_path / "by-id"
    by_id.mkdir()
    with PtyLine(Line([])) as line:
        (by_id / "usb-ours").symlink_to(line.terminal)
        monkeypatch.setattr(check_box, "_UNSTABLE", ("/dev/pts/",))
        monkeypatch.setattr(check_box, "lasting_name", lambda path: lasting_name(path, by_id))
        found = at(line.port)
    assert (found.state, found.code, found.figures["by_id"]) == (
        "warn",
        "port_by_id",
        str(by_id / "usb-ours"),
    )


def test_the_clock():
    assert clock(1_763_740_805, lambda: True)[:3] == ("clock", "ok", "clock_ntp")
    assert clock(1_763_740_805, lambda: False)[:3] == ("clock", "warn", "clock_free")
    found = clock(12.0, lambda: True)
    assert (found.state, found.code, found.figures["now"]) == ("warn", "clock_absurd", "1970-01-01T00:00:12Z")


def test_the_disk(tmp_path: Path):
    path = str(tmp_path / "deeper" / "outbox.db")
    found = disk(OutboxSettings(path=path, max_mb=1), nobody)
    assert (found.state, found.code, found.figures["needed_mb"]) == ("ok", "disk_fine", 1)
    assert disk(OutboxSettings(path="/proc/outbox.db", max_mb=1), nobody).state == "fail"
    (tmp_path / "file").touch()
    assert disk(OutboxSettings(path=str(tmp_path / "file" / "outbox.db")), nobody).state == "fail"


@pytest.mark.parametrize(
    ("free_mb", "state", "code"),
    [(300, "ok", "disk_fine"), (200, "warn", "disk_small"), (40, "fail", "disk_full")],
)
def test_a_small_disk(free_mb: int, state, code, tmp_path: Path):
    outbox = OutboxSettings(path=str(tmp_path / "outbox.db"), max_mb=256)
    found = disk(outbox, nobody, lambda _path: Volume(free_mb))
    assert (found.state, found.code, found.figures["free_mb"]) == (state, code, free_mb)


def test_a_card_that_went_read_only(tmp_path: Path):
    outbox = OutboxSettings(path=str(tmp_path / "outbox.db"), max_mb=1)
    found = disk(outbox, nobody, lambda _path: Volume(300, os.ST_RDONLY | os.ST_NOATIME))
    assert (found.state, found.code) == ("fail", "disk_read_only")


def test_a_folder_that_is_not_the_services(tmp_path: Path):
    tmp_path.chmod(0o755)
    outbox = OutboxSettings(path=str(tmp_path / "outbox.db"), max_mb=1)
    found = disk(outbox, lambda: STRANGER)
    assert (found.code, found.figures["user"]) == ("disk_forbidden_to_service", "nobody")
    tmp_path.chmod(0o777)
    assert disk(outbox, lambda: STRANGER).code == "disk_fine"
    later = OutboxSettings(path="/var/lib/qingliu-none/outbox.db", max_mb=1)
    assert disk(later, lambda: STRANGER)[1:3] == ("warn", "disk_no_folder")


@given(st.integers(0, 0o777), st.booleans(), st.booleans())
def test_what_a_user_may_is_as_the_mode_says(mode: int, is_owner, is_member):
    stat = os.stat_result((mode, 0, 0, 0, 7 if is_owner else 8, 7 if is_member else 8, 0, 0, 0, 0))
    user = User("u", 7, frozenset({7}))
    digit = f"{mode:03o}"[0 if is_owner else 1 if is_member else 2]
    assert may(user, stat, "rw") == (int(digit) & 6 == 6)
    assert may(user, stat, "wx") == (int(digit) & 3 == 3)
    assert may(User("root", 0, frozenset()), stat, "rwx")
