"""The units: systemd reads them without complaint, they shut the service in, and it works shut in."""

import ctypes.util
import json
import os
import re
import shlex
import socket
import subprocess
import sys
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from chain import AGENT, STATION
from servers import free_port, listens, wait_until
from unit_cage import UNITS, allowed_calls, in_cage, unit

from qingliu.cli import main
from simulator.meters import SimulatedStation

CENTRE = ["collector", "alerting", "report", "console", "serve", "backup"]
NAMES = sorted(
    path.name for path in UNITS.glob("qingliu*") if path.suffix in (".service", ".target", ".timer")
)
OURS = ["qingliu-agent.service", *(f"qingliu-{each}.service" for each in CENTRE)]
PROGRAM = "/opt/qingliu/bin/qingliu"
MOST_EXPOSED = {"qingliu-agent.service": 2.0}
"""By `systemd-analyze security`, 0 to 10; the centre's units stay below MOST_EXPOSED_CENTRE."""
MOST_EXPOSED_CENTRE = 1.3


@pytest.fixture(scope="module")
def copies(systemd_analyze, tmp_path_factory):
    """The units with programs that are on this machine, as systemd looks whether they are there."""
    folder = tmp_path_factory.mktemp("units")
    for name in NAMES:
        text = (UNITS / name).read_text()
        for program in (PROGRAM, "/usr/bin/nmcli"):
            text = text.replace(program, "/bin/true")
        (folder / name).write_text(text)
    return folder


def analyzed(*words):
    return subprocess.run(
        ["systemd-analyze", *words], capture_output=True, text=True, check=False, timeout=60
    )


def test_systemd_reads_them_without_a_complaint(copies):
    done = analyzed("verify", "--man=no", *(str(copies / name) for name in NAMES))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_mistake_in_a_unit_would_be_seen(copies, tmp_path):
    bad = (copies / OURS[0]).read_text().replace("ProtectHome=yes", "ProtectHome=perhaps")
    (tmp_path / OURS[0]).write_text(bad)
    assert "perhaps" in analyzed("verify", "--man=no", str(tmp_path / OURS[0])).stderr


@pytest.mark.parametrize("name", OURS)
def test_what_a_broken_service_could_still_do_is_little(copies, name):
    done = analyzed("security", "--offline=true", "--no-pager", str(copies / name))
    score = float(re.search(r"exposure level for \S+: ([0-9.]+)", done.stdout)[1])
    assert score <= MOST_EXPOSED.get(name, MOST_EXPOSED_CENTRE)


def test_the_agent_keeps_its_serial_lines(systemd_analyze):
    service = unit("qingliu-agent.service")["Service"]
    assert service["SupplementaryGroups"] == ["dialout"]
    assert service["DevicePolicy"] == ["closed"]
    assert {f"char-{name} rw" for name in ("ttyS", "ttyAMA", "ttyUSB", "ttyACM", 166, 188, 204)} <= set(
        service["DeviceAllow"]
    )
    assert "PrivateDevices" not in service
    assert "ProtectClock" not in service
    assert "clock_adjtime" in allowed_calls(service["SystemCallFilter"])
    assert "clock_settime" not in allowed_calls(service["SystemCallFilter"])


def test_the_centre_s_units_are_shut_in_alike():
    def shut(name):
        service = unit(f"qingliu-{name}.service")["Service"]
        keys = [
            key
            for key in service
            if re.match("Protect|Private|Restrict|System|Lock|No|Cap|Remove|Proc|U", key)
        ]
        return {key: service[key] for key in keys if key not in ("Restart", "RestartSec")}

    first = shut("collector")
    assert len(first) >= 20
    assert {name: shut(name) == first for name in CENTRE} == dict.fromkeys(CENTRE, True)


@pytest.mark.parametrize("name", OURS)
def test_nothing_runs_as_root_and_every_command_exists(name, capsys):
    service = unit(name)["Service"]
    assert service["User"] == ["qingliu"]
    assert service["CapabilityBoundingSet"] == [""]
    (command,) = service["ExecStart"]
    program, *words = shlex.split(command)
    assert program == PROGRAM
    rooms = [word for word in words[:2] if not word.startswith("-")]
    with pytest.raises(SystemExit) as end:
        main([*rooms, "--help"])
    assert end.value.code == 0
    shown = capsys.readouterr().out
    assert [word for word in words if word.startswith("--") and word not in shown] == []


def test_services_come_back_and_are_watched():
    for name in OURS:
        known = unit(name)
        if name == "qingliu-backup.service":
            assert known["Service"]["Type"] == ["oneshot"]
            continue
        assert known["Service"]["Type"] == ["notify"], name
        assert known["Service"]["Restart"] == ["always"], name
        assert known["Unit"]["StartLimitIntervalSec"] == ["0"], name
        assert "WatchdogSec" in known["Service"], name


def test_the_four_or_the_one():
    four = [f"qingliu-{each}.service" for each in ("collector", "alerting", "report", "console")]
    serve = unit("qingliu-serve.service")["Unit"]
    assert sorted(serve["Conflicts"][0].split()) == sorted(four)
    for name in [*four, "qingliu-serve.service"]:
        known = unit(name)
        assert known["Unit"]["PartOf"] == known["Install"]["WantedBy"] == ["qingliu.target"]
        assert not {"Requires", "BindsTo"} & known["Unit"].keys()


def started(stack, folder, name, words):
    """Start a command in its unit's cage; the socket at which its manager would listen."""
    manager = stack.enter_context(closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)))
    address = folder / f"{name}.notify"
    manager.bind(str(address))
    manager.settimeout(60)
    environment = {"NOTIFY_SOCKET": str(address), "WATCHDOG_USEC": "400000"}
    command = in_cage(name, [sys.executable, "-m", "qingliu", *words])
    log = stack.enter_context((folder / f"{name}.log").open("wb"))
    process = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | environment)
    stack.callback(process.wait, 20)
    stack.callback(process.terminate)
    return manager


@pytest.mark.skipif(not ctypes.util.find_library("seccomp"), reason="libseccomp2 is not installed")
def test_services_work_shut_in_and_tell_their_manager(tmp_path, systemd_analyze, mosquitto):
    """Under the very filter of system calls, and where no memory may become code."""
    metrics = free_port()
    centre = tmp_path / "centre.toml"
    centre.write_text(
        f'[mqtt]\nhost = "127.0.0.1"\nport = {mosquitto.port}\ntls = false\n'
        f'[registry]\nurl = "sqlite:///{tmp_path}/registry.db"\n[history]\npath = "{tmp_path}/history.db"\n'
        f"[collector]\nmetrics_port = {metrics}\n"
    )
    with ExitStack() as stack, SimulatedStation() as station:
        agent = tmp_path / "agent.toml"
        agent.write_text(
            AGENT.format(station=STATION, port=station.port, broker_port=mosquitto.port, folder=tmp_path)
        )
        managers = [
            started(
                stack, tmp_path, "qingliu-collector.service", ["collector", "run", "--config", str(centre)]
            ),
            started(
                stack, tmp_path, "qingliu-alerting.service", ["alerting", "run", "--config", str(centre)]
            ),
            started(stack, tmp_path, "qingliu-agent.service", ["agent", "run", "--config", str(agent)]),
        ]
        told = [[manager.recv(99) for _ in range(2)] for manager in managers]
        assert told == [[b"READY=1", b"WATCHDOG=1"]] * 3
        wait_until(lambda: listens(metrics), "the collector serves its numbers")
        wait_until(lambda: _reads(agent), "the agent reads its meters")
    logs = {path.name: path.read_text() for path in tmp_path.glob("*.log")}
    assert [name for name, text in logs.items() if re.search("Traceback|Operation not permitted", text)] == []


def _reads(agent: Path) -> bool:
    words = [sys.executable, "-m", "qingliu", "agent", "status", "--json", "--config", str(agent)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=20)
    devices = json.loads(done.stdout)["devices"] if done.stdout else {"none": {"last_good_s": None}}
    return all(device["last_good_s"] is not None for device in devices.values())
