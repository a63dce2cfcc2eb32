"""install.sh for a station, in a clean root without a network: first, again, upgrade, rollback, removal."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from bundles import bundle_of
from clean_root import CleanRoot, clean_root
from two_meters import TWO_METERS

WAIT_S = 30
BROKEN_RUN = {"edge_agent/run.py": "raise SystemExit('broken on purpose')\n"}
AGENT = (
    """
[station]
id = "410882-0001"
name = "北寨村污水处理站"
[bus.main]
port = "/dev/serial/by-id/none"
"""
    + TWO_METERS
    + """\
[sampling]
interval_s = 1
[mqtt]
host = "127.0.0.1"
tls = false
"""
)


@pytest.fixture
def root(tmp_path: Path) -> Iterator[CleanRoot]:
    with clean_root(tmp_path) as made:
        yield made


def status(root: CleanRoot) -> dict[str, object]:
    """What the running agent says of itself."""
    return json.loads(root.run("qingliu", "agent", "status", "--json").stdout)


def waiting(root: CleanRoot) -> int:
    """How many readings wait in the outbox; at least one, since the meters are silent and that is told."""
    end = time.monotonic() + WAIT_S
    while not (backlog := status(root)["outbox"]["backlog"]):
        assert time.monotonic() < end
        time.sleep(0.1)
    return backlog


def folders(root: CleanRoot) -> list[str]:
    return sorted(name.split("-")[0] for name in root.said("ls", "/opt/qingliu/versions").split())


def test_a_bare_system_gets_the_program_its_account_and_its_folders(root: CleanRoot) -> None:
    bundle = bundle_of("agent", root.given / "first", through_archive=True)
    said = root.install(bundle)
    assert "Version 0.1.0 is installed in /opt/qingliu." in said
    assert "qingliu agent enrol" in said
    # it runs as the user of the service, and there is no network in here
    assert [line.split(":")[0].strip() for line in root.said("cat", "/proc/net/dev").splitlines()[2:]] == [
        "lo"
    ]
    assert "chint-dtsu666" in root.said("qingliu", "agent", "profiles", user="qingliu")
    assert root.said("id", "-nG", "qingliu").split() == ["qingliu", "dialout"]
    assert root.said("getent", "passwd", "qingliu").endswith(":/usr/sbin/nologin")
    seen = root.said("stat", "-c", "%n %U %G %a", "/etc/qingliu", "/var/lib/qingliu-agent").splitlines()
    assert seen == ["/etc/qingliu qingliu qingliu 750", "/var/lib/qingliu-agent qingliu qingliu 750"]
    assert root.said("ls", "/etc/qingliu") == "agent.toml.example"
    assert root.run("test", "-e", "/run/stub/qingliu-agent.service.enabled").returncode == 0
    calls = root.said("cat", "/run/stub/calls")
    assert "start qingliu-agent.service" not in calls  # not before it is enrolled
    unit = root.said("cat", "/etc/systemd/system/qingliu-agent.service")
    assert "ExecStart=/opt/qingliu/bin/qingliu agent run" in unit
    assert root.said("find", "/opt/qingliu", "-perm", "/022", "!", "-type", "l") == ""

    # again: nothing to do
    assert "已经安装" in root.install(bundle, language="zh-CN")
    assert folders(root) == ["0.1.0"]
    root.write("/etc/qingliu/agent.toml", AGENT)
    root.write("/var/lib/qingliu-agent/outbox.db", "kept")

    # off again, by the script that was installed
    own = "/opt/qingliu/current/release/install.sh"
    assert "is removed" in root.said("sh", own, "--uninstall")
    assert root.run("qingliu").returncode == 127
    for gone in ("/opt/qingliu/versions", "/etc/systemd/system/qingliu-agent.service"):
        assert root.run("test", "-e", gone).returncode == 1, gone
    assert root.said("cat", "/var/lib/qingliu-agent/outbox.db") == "kept"
    assert root.said("cat", "/etc/qingliu/agent.toml").startswith("[station]")

    # and everything
    assert "--purge --yes" in root.install(bundle, "--uninstall", "--purge", code=1)
    assert root.run("test", "-e", "/etc/qingliu/agent.toml").returncode == 0
    root.install(bundle, "--uninstall", "--purge", "--yes")
    for gone in ("/etc/qingliu", "/var/lib/qingliu-agent"):
        assert root.run("test", "-e", gone).returncode == 1
    assert root.run("getent", "passwd", "qingliu").returncode == 2


def test_an_upgrade_keeps_outbox_and_settings_and_one_that_fails_is_undone(root: CleanRoot) -> None:
    first = bundle_of("agent", root.given / "first")
    second = bundle_of("agent", root.given / "second", named="0.2.0")
    broken = bundle_of("agent", root.given / "broken", named="0.3.0", instead=BROKEN_RUN)
    root.said("mkdir", "-p", "/etc/qingliu")
    root.write("/etc/qingliu/agent.toml", AGENT)
    assert "It runs." in root.install(first, "--wait", "200")
    waited = waiting(root)
    assert status(root)["version"] == "0.1.0"

    assert "Upgraded from 0.1.0 to 0.2.0" in root.install(second, "--wait", "200")
    assert status(root)["version"] == "0.2.0"
    assert waiting(root) >= waited
    assert root.said("cat", "/etc/qingliu/agent.toml") == AGENT.strip()

    pid = status(root)["pid"]
    said = root.install(broken, "--wait", "10", code=1)
    assert said.splitlines()[-1] == (
        "Version 0.3.0 did not come up within 10 s; version 0.2.0 was put back and runs. "
        "See why: journalctl -u qingliu-agent -n 30; qingliu agent check"
    )
    assert status(root)["version"] == "0.2.0"
    assert status(root)["pid"] != pid
    assert waiting(root) >= waited
    assert "0.3.0" not in root.said("readlink", "/opt/qingliu/current", "/opt/qingliu/former")

    assert "--downgrade" in root.install(first, code=1)  # the older one is refused …
    assert "Back at version 0.1.0" in root.said("sh", "/opt/qingliu/current/release/install.sh", "--rollback")
    assert status(root)["version"] == "0.1.0"  # … and the former one is a switch away
    assert waiting(root) >= waited


def test_a_service_that_was_stopped_stays_so_and_one_that_cannot_start_is_told(root: CleanRoot) -> None:
    bundle = bundle_of("agent", root.given / "first")
    root.said("mkdir", "-p", "/etc/qingliu")
    root.write("/etc/qingliu/agent.toml", AGENT)
    root.write("/run/stub/dead", "qingliu-agent.service\n")
    said = root.install(bundle, "--wait", "2", code=1)
    assert "is installed but did not come up within 2 s. See why: journalctl" in said
    root.write("/etc/qingliu/agent.toml", "[station]\nid = 1\n")
    again = bundle_of("agent", root.given / "again", named="0.1.1")
    assert "it was stopped before and is so still" in root.install(again)
    assert folders(root) == ["0.1.0", "0.1.1"]
