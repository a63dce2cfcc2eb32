"""The `[mqtt]` table: what joins its keys, and files that we may not look at."""

import os
import subprocess
import sys
from pathlib import Path

from service.mqtt import Mqtt

SCRIPT = """
import os, sys
from service.mqtt import Mqtt
if os.geteuid() == 0:
    os.setuid(65534)
for fault in Mqtt(host="centre", ca_file=sys.argv[1]).faults():
    print(fault.line("agent.toml"))
"""


def test_a_file_in_a_folder_that_we_may_not_enter_is_a_fault_in_one_line(tmp_path: Path):
    reachable = [tmp_path, *tmp_path.parents]
    closed = tmp_path / "closed"
    closed.mkdir()
    (closed / "ca.crt").touch()
    closed.chmod(0o000)
    opened = {each: each.stat().st_mode for each in reachable if each.stat().st_uid == os.getuid()}
    for folder, mode in opened.items():
        folder.chmod(mode | 0o011)
    try:
        command = [sys.executable, "-c", SCRIPT, str(closed / "ca.crt")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    finally:
        for folder, mode in opened.items():
            folder.chmod(mode)
        closed.chmod(0o700)
    assert done.stderr == ""
    assert done.stdout.startswith("agent.toml: mqtt.ca_file: cannot be looked at, Permission denied (got ")
    assert done.stdout.endswith("Run this with sudo, or as its owner.\n")


def test_a_key_needs_its_certificate():
    [fault, *_] = Mqtt(host="centre", key_file="/none").faults()
    assert fault.rule == "cert_file and key_file go together"
