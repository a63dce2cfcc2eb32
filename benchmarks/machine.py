"""What the figures were measured on; no name of a host, no path."""

import os
import platform
import re
import shutil
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
SERVERS = {
    "mosquitto": ("mosquitto -h", r"version ([\d.]+)"),
    "influxd": ("influxd version", r"v([\w.~]+)"),
    "PostgreSQL": ("psql --version", r"([\d.]+)"),
    "Node.js": ("node --version", r"v([\d.]+)"),
    "Chromium": ("chromium --version", r"([\d.]+)"),
}
"""How each says its version. PostgreSQL is named for completeness: no benchmark uses it yet."""
HARDWARE = ("Processor", "Cores", "Memory")
"""What makes a figure of another day comparable."""


def machine() -> dict[str, str]:
    """Processor, cores, memory, kernel, Python, the servers' versions and the program's own state."""
    return {
        "Processor": _processor(),
        "Cores": str(os.cpu_count()),
        "Memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "Kernel": f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}",
        "Python": platform.python_version(),
        **{name: _version(*how) for name, how in SERVERS.items()},
    }


def commit() -> str:
    """The checked-out commit, with a `+` where files other than the page and its data differ from it."""
    head = _run("git rev-parse --short HEAD").strip()
    differs = _run("git diff --stat HEAD -- . :!docs/figures.md :!docs/figures.json").strip()
    return f"{head or 'unknown'}{'+' if differs else ''}"


def busy_percent(seconds: float) -> float:
    """Watch so long how much of all cores is used, by whomever; what a host takes away counts too.

    Raises:
        OSError: there is no /proc/stat here.
    """
    used, passed = _ticks()
    time.sleep(seconds)
    used_then, passed_then = _ticks()
    return 100 * (used_then - used) / max(passed_then - passed, 1)


def _ticks() -> tuple[int, int]:
    """Ticks of all cores since the start: used, and passed."""
    user, nice, system, idle, waiting, *rest = map(
        int, Path("/proc/stat").read_text().split("\n")[0].split()[1:9]
    )
    used = user + nice + system + sum(rest)
    return used, used + idle + waiting


def _processor() -> str:
    try:
        found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found[1] if found else platform.machine()


def _version(command: str, pattern: str) -> str:
    found = re.search(pattern, _run(command))
    return found[1] if found else "not here"


def _run(command: str) -> str:
    """What a command says; empty where it is not installed or fails to answer."""
    words = command.split()
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin"
    program = shutil.which(words[0], path=path)
    if program is None:
        return ""
    try:
        done = subprocess.run(
            [program, *words[1:]], capture_output=True, text=True, timeout=20, check=False, cwd=ROOT
        )
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout + done.stderr if words[0] != "git" else done.stdout
