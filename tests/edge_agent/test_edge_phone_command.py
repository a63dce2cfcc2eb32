"""`qingliu agent web` as one starts it: what the console says, and that it ends by itself."""

import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager

from edge_phone import PIN, config_in
from servers import free_port, listens, wait_until

from edge_agent.phone.addresses import addresses_of


@contextmanager
def web(*words, **environment):
    command = [sys.executable, "-m", "qingliu", "agent", "web", "--host", "127.0.0.1", *map(str, words)]
    env = os.environ | {"LANG": "C", "LC_ALL": "C.UTF-8", "QINGLIU_LANGUAGE": "en"} | environment
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env, encoding="utf-8"
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_it_says_where_and_with_which_pin_and_ends_on_a_signal(tmp_path):
    port = free_port()
    with web("--config", config_in(tmp_path), "--port", port) as process:
        said = [process.stdout.readline().strip() for _ in range(4)]
        assert said[1] == f"http://127.0.0.1:{port}/"
        assert re.fullmatch(r"PIN: \d{6}", said[2])
        assert said[3] == "Closes by itself after 30 min; Ctrl-C ends it."
        wait_until(lambda: listens(port), "the site listens")
        process.send_signal(signal.SIGTERM)
        rest, complaint = process.communicate(timeout=20)
    assert (process.returncode, rest, complaint) == (0, "", "closed\n")


def test_it_ends_when_its_time_is_over(tmp_path):
    words = ("--config", config_in(tmp_path), "--port", free_port(), "--minutes", "0.01")
    with web(*words, "--pin-file", tmp_path / "none") as process:  # no label: a fresh PIN is shown
        said, complaint = process.communicate(timeout=20)
    assert process.returncode == 0
    assert complaint == "closed: the time is over\n"
    assert re.search(r"^PIN: \d{6}$", said, re.MULTILINE)


def test_the_pin_of_the_label_is_not_repeated(tmp_path):
    (tmp_path / "pin").write_text(f"{PIN}\n")
    words = ("--config", config_in(tmp_path), "--port", free_port(), "--minutes", "0.01")
    with web(*words, "--pin-file", tmp_path / "pin", QINGLIU_LANGUAGE="zh-CN") as process:
        said, _ = process.communicate(timeout=20)
    assert PIN not in said
    assert f"PIN 码：见 {tmp_path / 'pin'}" in said


def test_what_cannot_be_is_said_in_one_line(tmp_path):
    (tmp_path / "pin").write_text("12345\n")
    for words, code, part in (
        (("--pin-file", tmp_path / "pin"), 2, "must hold 6 digits"),
        (("--pin-file", tmp_path), 2, "cannot be read"),
        (("--host", "192.0.2.7"), 1, "192.0.2.7:8080: cannot listen"),
        (("--port", "99999999"), 1, "cannot listen"),
    ):
        with web("--config", config_in(tmp_path), *words) as process:
            said, complaint = process.communicate(timeout=20)
        assert (process.returncode, said) == (code, "")
        assert part in complaint
        assert complaint.count("\n") == 1


def test_the_addresses_are_those_a_phone_can_open():
    assert addresses_of("127.0.0.1", 80) == ["http://127.0.0.1/"]
    assert addresses_of("fe80::1", 8080) == ["http://[fe80::1]:8080/"]
    assert addresses_of("0.0.0.0", 8080)
    assert all(re.fullmatch(r"http://[\d.]+:8080/", each) for each in addresses_of("0.0.0.0", 8080))
