"""install.sh for the supervision centre, in a clean root without a network but loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from bundles import bundle_of
from clean_root import CleanRoot, clean_root

FOUR = ["qingliu-alerting", "qingliu-collector", "qingliu-console", "qingliu-report"]
BROKEN_CONSOLE = {"console/server.py": "raise SystemExit('broken on purpose')\n"}
LISTENER = """
python3 -c "
import socket, time
listener = socket.create_server(('127.0.0.1', 8080))
print('ready', flush=True)
time.sleep(600)" >/tmp/ready 2>/tmp/fault &
while [ ! -s /tmp/ready ]; do sleep 1; done
"""


@pytest.fixture
def root(tmp_path: Path) -> Iterator[CleanRoot]:
    with clean_root(tmp_path) as made:
        yield made


def enabled(root: CleanRoot) -> list[str]:
    return sorted(root.said("sh", "-c", "cd /run/stub && ls *.enabled").replace(".enabled", "").split())


def test_a_port_that_another_program_has_is_told(root: CleanRoot) -> None:
    bundle = bundle_of("centre", root.given / "centre", is_hollow=True)
    root.said("sh", "-c", LISTENER)
    assert root.install(bundle, code=1) == (
        "Another program listens on port 8080, which the console needs. Stop it (ss -ltnp shows which), "
        "or set [console] port in /etc/qingliu/centre.toml.\n"
    )
    root.said("mkdir", "/etc/qingliu")
    root.write("/etc/qingliu/centre.toml", "[console]\nport = 8081\n")
    assert "packages could not be installed" in root.install(bundle, code=1)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_the_centre_is_installed_started_upgraded_and_rolled_back(root: CleanRoot) -> None:
    bundle = bundle_of("centre", root.given / "first")
    said = root.install(bundle)
    assert "look through /etc/qingliu/centre.toml" in said
    assert "systemctl start qingliu.target" in said
    services = [f"{name}.service" for name in FOUR]
    assert enabled(root) == sorted([*services, "qingliu-backup.timer", "qingliu.target"])
    seen = root.said("stat", "-c", "%U %G %a", "/etc/qingliu", "/etc/qingliu/centre.toml", "/var/lib/qingliu")
    assert seen.splitlines() == ["root qingliu 750", "root qingliu 640", "qingliu qingliu 750"]

    for unit in services:
        root.said("systemctl", "start", unit)
    root.said("sh", "-c", "until curl -s -o /dev/null http://127.0.0.1:8080/health; do sleep 1; done")
    second = bundle_of("centre", root.given / "second", named="0.2.0")
    upgraded = root.install(second, "--wait", "400")
    assert "Upgraded from 0.1.0 to 0.2.0" in upgraded
    revision = root.said("ls", "/var/lib/qingliu/registry.before-upgrade")
    assert "registry.db" in revision

    broken = bundle_of("centre", root.given / "broken", named="0.3.0", instead=BROKEN_CONSOLE)
    assert "version 0.2.0 was put back and runs" in root.install(broken, "--wait", "40", code=1)
    root.said("curl", "-sS", "-o", "/dev/null", "http://127.0.0.1:8080/health")

    serving = root.install(second, "--serve", "--wait", "400")
    assert "It runs." in serving
    root.said("curl", "-sS", "-o", "/dev/null", "http://127.0.0.1:8080/health")
    assert enabled(root) == ["qingliu-backup.timer", "qingliu-serve.service", "qingliu.target"]
    root.said("sh", "/opt/qingliu/current/release/install.sh", "--uninstall", "--purge", "--yes")
    assert root.run("test", "-e", "/var/lib/qingliu").returncode == 1
    assert root.said("sh", "-c", "ls /etc/systemd/system | grep qingliu || true") == ""
