"""Runs a command under the same filter of system calls as its systemd unit, without a systemd that runs."""

import configparser
import ctypes
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

UNITS = Path(__file__).parent.parent / "systemd"
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050001  # SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(EPERM)
_SET_MDWE, _REFUSE_EXEC_GAIN = 65, 1  # PR_SET_MDWE of Linux 6.3; older ones say EINVAL
Unit = dict[str, dict[str, list[str]]]


class _Repeated(dict):
    """Keeps every line of a key, as systemd does."""

    def __setitem__(self, key, value):
        if isinstance(value, list) and key in self:
            value = [*self[key], *value]
        super().__setitem__(key, value)


def unit(name: str) -> Unit:
    """Section to key to the values of a unit file, in their order."""
    parser = configparser.RawConfigParser(
        delimiters=("=",), comment_prefixes=("#",), strict=False, dict_type=_Repeated, interpolation=None
    )
    parser.optionxform = str  # keys as they are written
    parser.read(UNITS / name, encoding="utf-8")
    return {
        section: {key: value.split("\n") for key, value in parser.items(section)}
        for section in parser.sections()
    }


@cache
def call_sets() -> dict[str, list[str]]:
    """The sets of calls as this machine's systemd knows them."""
    told = subprocess.run(
        ["systemd-analyze", "syscall-filter", "--no-pager"], capture_output=True, text=True, check=True
    )
    sets: dict[str, list[str]] = {}
    for line in told.stdout.splitlines():
        if line.startswith("@"):
            name = line.strip()
            sets[name] = []
        elif not line.strip():
            name = ""
        elif line.startswith(" ") and name and not line.strip().startswith("#"):
            sets[name].append(line.strip())
    return sets


def allowed_calls(lines: list[str]) -> set[str]:
    """What `SystemCallFilter=` lines let through; the first says that it is a list of what is allowed."""
    allowed = _calls(["@default"])
    for line in lines:
        if line.startswith("~"):
            allowed -= _calls(line.removeprefix("~").split())
        else:
            allowed |= _calls(line.split())
    return allowed


def _calls(names: list[str]) -> set[str]:
    return {
        call for name in names for call in (_calls(call_sets()[name]) if name.startswith("@") else {name})
    }


def in_cage(name: str, words: list[str]) -> list[str]:
    """The command that runs words under the filter of a unit."""
    service = unit(name)["Service"]
    given = {
        "calls": sorted(allowed_calls(service["SystemCallFilter"])),
        "no_code": service.get("MemoryDenyWriteExecute") == ["yes"],
    }
    return [sys.executable, __file__, json.dumps(given), *words]


def _close(calls: list[str], *, no_code: bool) -> None:
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    cage = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(_REFUSE)))
    for call in calls:
        number = library.seccomp_syscall_resolve_name(call.encode())
        if number >= 0:
            library.seccomp_rule_add(cage, ctypes.c_uint32(_ALLOW), ctypes.c_int(number), ctypes.c_uint(0))
    if library.seccomp_load(cage):
        raise SystemExit("the kernel does not take the filter")
    if no_code:
        ctypes.CDLL(None).prctl(_SET_MDWE, _REFUSE_EXEC_GAIN, 0, 0, 0)


if __name__ == "__main__":
    said = json.loads(sys.argv[1])
    _close(said["calls"], no_code=said["no_code"])
    os.execv(sys.argv[2], sys.argv[2:])
